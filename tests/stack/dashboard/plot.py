"""A graph of a widget: its series over time, two axes, lines at thresholds, and the legend below."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime

from .canvas import DIM, FAINT, LINE, width

# CloudWatch's colours for what names none.
PALETTE = ["#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf"]
SIZE = 11


@dataclass(frozen=True)
class Series:
    """One line of a graph: its times in seconds, and values of which some may be missing."""

    label: str
    color: str
    axis: str
    times: tuple
    values: tuple

    @property
    def band(self):
        """Whether it is an area between pairs of least and most."""
        return any(isinstance(value, tuple) for value in self.values)

    def numbers(self):
        """All numbers in it."""
        for value in self.values:
            yield from value if isinstance(value, tuple) else () if value is None else (value,)


@dataclass(frozen=True)
class Mark:
    """A horizontal line at a threshold."""

    label: str
    color: str
    axis: str
    value: float


@dataclass(frozen=True)
class Axis:
    """A vertical axis: the values at its ends, and where it stands on the sheet."""

    ticks: tuple
    top: float
    bottom: float

    def y(self, value):
        """Where a value is."""
        least, most = self.ticks[0], self.ticks[-1]
        return self.bottom - (value - least) / (most - least) * (self.bottom - self.top)


def ticks(spec, numbers):
    """The values at an axis' lines: round ones, from the least to the most that is drawn."""
    least = spec.get("min", min(numbers))
    most = spec.get("max", max(numbers))
    if "max" in spec:
        return (least, most)
    span = (most - least) * 1.04 or 1
    rough = span / 4
    unit = 10 ** math.floor(math.log10(rough))
    each = next(unit * factor for factor in (1, 2, 2.5, 5, 10) if unit * factor >= rough)
    return tuple(least + each * count for count in range(math.ceil(span / each) + 1))


def short(value):
    """A number as it stands at an axis."""
    for letter, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if abs(value) >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"


def legend(canvas, x, y, room, series):
    """Writes the legend upwards from its last line, and gives the top of it."""
    rows, used = [[]], 0
    for one in series:
        wide = width(one.label, SIZE) + 28
        if rows[-1] and used + wide > room:
            rows.append([])
            used = 0
        rows[-1].append((x + used, one))
        used += wide
    top = y - 17 * (len(rows) - 1)
    for place, row in enumerate(rows):
        for left, one in row:
            canvas.rect(left, top + 17 * place - 9, 10, 10, one.color, radius=2)
            canvas.text(left + 15, top + 17 * place, one.label, SIZE)
    return top - 14


def draw(canvas, box, series, marks, axes, span):
    """A graph in a box of left, top, width and height. `axes` are the widget's, `span` its times."""
    left, top, wide, high = box
    floor = legend(canvas, left + 14, top + high - 12, wide - 28, series) - 20
    begin, end = left + 46, left + wide - (38 if any(one.axis == "right" for one in series) else 16)
    scales = {}
    for side in ("left", "right"):
        numbers = [n for one in series if one.axis == side for n in one.numbers()] + [m.value for m in marks if m.axis == side]
        if numbers:
            scales[side] = Axis(ticks(axes.get(side, {}), numbers), top, floor)
    for tick in scales["left"].ticks:
        y = scales["left"].y(tick)
        canvas.line([(begin, y), (end, y)], LINE if tick == scales["left"].ticks[0] else FAINT)
        canvas.text(begin - 6, y + 3.5, short(tick), 10, DIM, anchor="end")
    for tick in scales["right"].ticks if "right" in scales else ():
        canvas.text(end + 6, scales["right"].y(tick) + 3.5, short(tick), 10, DIM)

    def x(time):
        return begin + (time - span[0]) / (span[1] - span[0]) * (end - begin)

    _times(canvas, x, floor, span)
    for one in sorted(series, key=lambda s: (not s.band, s.axis != "right")):
        _series(canvas, one, x, scales[one.axis])
    for mark in marks:
        y = scales[mark.axis].y(mark.value)
        canvas.open(threshold=f"{mark.value:g}", axis=mark.axis)
        canvas.line([(begin, y), (end, y)], mark.color, 1.3)
        canvas.close()
    for mark in marks:
        y = scales[mark.axis].y(mark.value)
        side, anchor = (begin + 5, "start") if mark.axis == "left" else (end - 5, "end")
        canvas.text(side, y - 4, mark.label, 10, mark.color, anchor=anchor, halo=True)


def _times(canvas, x, floor, span):
    each = next(unit for unit in (600, 1800, 3600, 86400, 5 * 86400, 7 * 86400) if (span[1] - span[0]) / unit <= 7)
    for time in range(-(-span[0] // each) * each, span[1] + 1, each):
        moment = datetime.fromtimestamp(time, UTC)
        canvas.line([(x(time), floor), (x(time), floor + 4)], LINE)
        canvas.text(x(time), floor + 16, moment.strftime("%H:%M" if each < 86400 else "%d %b"), 10, DIM, anchor="middle")


def _series(canvas, one, x, axis):
    canvas.open(series=one.label, points=sum(value is not None for value in one.values))
    if one.band:
        upper = [(x(t), axis.y(most)) for t, (_, most) in zip(one.times, one.values, strict=True)]
        lower = [(x(t), axis.y(least)) for t, (least, _) in zip(one.times, one.values, strict=True)]
        canvas.area(upper + lower[::-1], one.color, 0.25)
    else:
        # A gap is a gap: the line ends, and begins anew.
        piece = []
        for time, value in [*zip(one.times, one.values, strict=True), (0, None)]:
            if value is not None:
                piece.append((x(time), axis.y(value)))
            elif piece:
                canvas.line(piece if len(piece) > 1 else [piece[0], piece[0]], one.color, 1.7)
                piece = []
    canvas.close()
