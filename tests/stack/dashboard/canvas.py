"""A sheet to draw on that knows where its words stand, so that a test can ask whether they meet."""

from dataclasses import dataclass
from html import escape

# Widths of the printable letters from the space on, in thousandths of the size: those of Arial
# and of all that is metrically like it, and a tenth more where they are bold.
WIDTHS = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556,
    556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
]  # fmt: skip
FONT = "Arial, 'Liberation Sans', Helvetica, sans-serif"
INK, DIM, FAINT, LINE = "#16191f", "#5f6b7a", "#ececf0", "#d1d5db"


def width(text, size, bold=False):
    """How wide a text is, in pixels."""
    thousandths = sum(WIDTHS[ord(c) - 32] if 32 <= ord(c) < 127 else 278 if c == "·" else 1000 for c in text)
    return thousandths * size / 1000 * (1.1 if bold else 1)


def fitted(text, size, room):
    """The text, or as much of it as there is room for and an ellipsis."""
    if width(text, size) <= room:
        return text
    while text and width(text + "…", size) > room:
        text = text[:-1]
    return text + "…"


def wrapped(text, size, room):
    """The text in lines, broken after hyphens."""
    lines = [""]
    for part in text.replace("-", "-\n").split("\n"):
        if lines[-1] and width(lines[-1] + part, size) > room:
            lines.append("")
        lines[-1] += part
    return lines


@dataclass(frozen=True)
class Word:
    """A text and the box that it takes."""

    text: str
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other):
        """Whether the boxes of two texts overlap."""
        apart = self.right <= other.left or other.right <= self.left or self.bottom <= other.top or other.bottom <= self.top
        return not apart


class Canvas:
    """Shapes and words in the order in which they are drawn."""

    def __init__(self):
        self.shapes = []
        self.words = []

    def text(self, x, y, text, size=11, color=INK, bold=False, anchor="start", halo=False):
        """A text whose baseline begins, ends or is centred at a point. A halo dims the lines behind it."""
        long = width(text, size, bold)
        left = x - {"start": 0, "middle": long / 2, "end": long}[anchor]
        self.words.append(Word(text, left, y - 0.75 * size, left + long, y + 0.22 * size))
        if halo:
            self.rect(left - 2, y - 0.8 * size, long + 4, size, "#ffffffcc")
        more = ' font-weight="700"' if bold else ""
        more += f' text-anchor="{anchor}"' if anchor != "start" else ""
        self.shapes.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{color}"{more}>{escape(text, quote=False)}</text>')

    def runs(self, x, y, pieces, size):
        """A line of texts one after the other, each with its colour and whether it is bold."""
        whole = "".join(text for text, _, _ in pieces)
        long = sum(width(text, size, bold) for text, _, bold in pieces)
        self.words.append(Word(whole, x, y - 0.75 * size, x + long, y + 0.22 * size))
        spans = "".join(
            f'<tspan fill="{color}" font-weight="{700 if bold else 400}">{escape(text, quote=False)}</tspan>'
            for text, color, bold in pieces
        )
        self.shapes.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" xml:space="preserve">{spans}</text>')

    def rect(self, x, y, wide, high, fill, stroke="none", radius=0.0):
        """A rectangle."""
        more = f' rx="{radius}"' if radius else ""
        edge = f' stroke="{stroke}"' if stroke != "none" else ""
        self.shapes.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}" fill="{fill}"{edge}{more}/>')

    def line(self, points, color, thick=1.0):
        """A line through points."""
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        self.shapes.append(f'<path d="{path}" fill="none" stroke="{color}" stroke-width="{thick}" stroke-linejoin="round"/>')

    def area(self, points, color, opacity):
        """A filled outline."""
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + "Z"
        self.shapes.append(f'<path d="{path}" fill="{color}" fill-opacity="{opacity}"/>')

    def open(self, **names):
        """Begins a group that carries what a test asks for, as data- attributes."""
        said = "".join(f' data-{name}="{escape(str(value))}"' for name, value in names.items())
        self.shapes.append(f"<g{said}>")

    def close(self):
        """Ends the group."""
        self.shapes.append("</g>")

    def svg(self, wide, high, title):
        """All of it, as one file."""
        return "\n".join([
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}" font-family="{FONT}">',
            f"<title>{escape(title)}</title>", *self.shapes, "</svg>", "",
        ])  # fmt: skip
