"""The path of the sample night as a picture: from one command to a service that is well again."""

from companion import Stack

from . import page
from . import service as of
from .canvas import Canvas, width

WIDE, HIGH = 900, 600
PAPER, PANEL, INK, DIM, LINE, FAINT = "#f6f5f1", "#ffffff", "#22293a", "#6b7385", "#d9d6cc", "#e6e4dc"
RED, BLUE, GREEN, METRIC = "#b83b3b", "#2463b0", "#2b7a45", "#4a5878"
CARD, DEEP, GAP, MARGIN = 260, 206, 30, 30
COLUMNS = [MARGIN + place * (CARD + GAP) for place in range(3)]
UPPER, LOWER = 112, 364


def svg():
    """The picture as one file."""
    return drawn().svg(WIDE, HIGH, "The path: service, signals, alarms, Nightshift, remedy, message")


def drawn():
    """The sheet."""
    canvas = Canvas()
    canvas.rect(0, 0, WIDE, HIGH, PAPER, radius=12)
    _command(canvas)
    stack = Stack("service", page.SHOWN)
    _service(canvas, *_card(canvas, 0, UPPER, "1", "Service", "02:05", "a release goes out"))
    _signals(canvas, *_card(canvas, 1, UPPER, "2", "Signals", "02:08", "latency and errors rise"))
    _alarms(canvas, *_card(canvas, 2, UPPER, "3", "Alarms", "02:14", "one alarm rings"), stack)
    _nightshift(canvas, *_card(canvas, 2, LOWER, "4", "Nightshift", "02:14:15", "knows the cause"))
    _remedy(canvas, *_card(canvas, 1, LOWER, "5", "Remedy", "02:14:16", "rolls back"))
    _message(canvas, *_card(canvas, 0, LOWER, "6", "Message", "02:18:15", "healed, nobody woken"))
    _arrows(canvas)
    return canvas


def _command(canvas):
    canvas.rect(MARGIN, 24, WIDE - 2 * MARGIN, 58, INK, radius=10)
    canvas.text(MARGIN + 20, 59, "$ nightshift adopt prod/checkout", 17, "#f2cf7d", bold=True)
    canvas.text(MARGIN + 360, 48, "shows what the service lacks and changes nothing; writes the", 13, "#dbe2ef")
    canvas.text(MARGIN + 360, 67, "commands that bring it signals, alarms, dashboard and scaling", 13, "#dbe2ef")


def _card(canvas, column, top, number, name, time, what):
    """A card with its number, name and time; gives where its content begins."""
    left = COLUMNS[column]
    canvas.rect(left, top, CARD, DEEP, PANEL, LINE, 10)
    canvas.shapes.append(f'<circle cx="{left + 27}" cy="{top + 27}" r="12.5" fill="none" stroke="{LINE}"/>')
    canvas.text(left + 27, top + 31.5, number, 13, DIM, anchor="middle")
    canvas.text(left + 48, top + 33, name, 18, INK, bold=True)
    canvas.text(left + 18, top + DEEP - 17, time, 13, INK, bold=True)
    canvas.text(left + 26 + width(time, 13, bold=True), top + DEEP - 17, what, 13, DIM)
    return left + 18, top + 58


def _service(canvas, x, y):
    canvas.text(x, y + 14, "Amazon ECS on Fargate, behind a", 13, DIM)
    canvas.text(x, y + 32, "load balancer or on a queue", 13, DIM)
    for place in range(3):
        canvas.rect(x + place * 76, y + 50, 66, 44, f"{RED}17", RED, 6)
        canvas.text(x + place * 76 + 33, y + 69, "checkout", 11, INK, anchor="middle")
        canvas.text(x + place * 76 + 33, y + 84, ":43", 11, RED, bold=True, anchor="middle")


def _signals(canvas, x, y):
    begin, end = of.at(1, 51), of.at(2, 49)
    drawn = {
        "Latency": (lambda t: of.latency(t, 95), 1.4, METRIC),
        "Traffic": (of.requests, 700, METRIC),
        "Errors": (lambda t: of.errors(t) / of.requests(t), 0.1, RED),
        "Saturation": (of.processor, 100, METRIC),
    }
    for row, (name, (measure, most, color)) in enumerate(drawn.items()):
        floor = y + 26 + 27 * row
        canvas.text(x, floor - 5, name, 13, INK)
        times = range(begin, end, of.MINUTE)
        points = [(x + 84 + (t - begin) / (end - begin) * 140, floor - measure(t) / most * 21) for t in times]
        canvas.line([(x + 84, floor), (x + 224, floor)], FAINT)
        canvas.area([(points[0][0], floor), *points, (points[-1][0], floor)], color, 0.12)
        canvas.line(points, color, 1.6)


def _alarms(canvas, x, y, stack):
    silent = [alarm for alarm in stack.alarms().values() if not alarm.get("ActionsEnabled", True)]
    for place, (name, said, color) in enumerate([("unwell", "users feel it", RED), ("strained", "not yet", GREEN)]):
        left = x + place * 116
        canvas.rect(left, y + 2, 108, 46, f"{color}17", color, 6)
        canvas.text(left + 54, y + 22, name, 14, color, bold=True, anchor="middle")
        canvas.text(left + 54, y + 38, said, 11, DIM, anchor="middle")
    canvas.text(x, y + 68, f"{len(silent)} others show what these are", 13, DIM)
    canvas.text(x, y + 86, "made of, and ring nobody:", 13, DIM)
    canvas.text(x, y + 104, "one incident is one alarm", 13, DIM)


def _nightshift(canvas, x, y):
    for row, (cause, sure) in enumerate([("the release", 92), ("a memory leak", 11), ("a dependency", 10)]):
        top = y + 4 + 22 * row
        color = BLUE if sure > 50 else DIM
        canvas.text(x, top + 11, cause, 13, INK if sure > 50 else DIM, bold=sure > 50)
        canvas.rect(x + 94, top + 3, 92, 7, FAINT, radius=3.5)
        canvas.rect(x + 94, top + 3, 92 * sure / 100, 7, color, radius=3.5)
        canvas.text(x + 224, top + 11, f"{sure} %", 13, INK if sure > 50 else DIM, bold=sure > 50, anchor="end")
    canvas.text(x, y + 90, "opted in · within budget · not halted", 13, GREEN)
    canvas.text(x, y + 108, "42 ran well, and can start again", 13, GREEN)


def _remedy(canvas, x, y):
    canvas.rect(x, y + 2, 224, 42, f"{BLUE}14", radius=6)
    canvas.text(x + 112, y + 28, "checkout:43 → checkout:42", 15, BLUE, bold=True, anchor="middle")
    for row, text in enumerate(["all tasks run, all targets healthy", "traffic is as usual", "the alarm is OK, and stays so"]):
        top = y + 64 + 19 * row
        canvas.line([(x + 2, top), (x + 6, top + 4), (x + 13, top - 5)], GREEN, 2)
        canvas.text(x + 22, top + 4, text, 13, DIM)


def _message(canvas, x, y):
    canvas.rect(x, y + 2, 34, 34, "#1d2740", radius=7)
    canvas.shapes.append(f'<path transform="translate({x + 7} {y + 9})" fill="#f2cf7d" d="M14.6 12.6A7.6 7.6 0 1 1 8.2 2.2a6.4 6.4 0 0 0 6.4 10.4z"/>')
    canvas.text(x + 44, y + 16, "Nightshift", 14, INK, bold=True)
    canvas.text(x + 44, y + 33, "one message, edited as it goes on", 11, DIM)
    canvas.shapes.append(f'<circle cx="{x + 6}" cy="{y + 57}" r="6" fill="{GREEN}"/>')
    canvas.text(x + 20, y + 62, "P2 · prod/checkout", 14, INK, bold=True)
    canvas.text(x + 20, y + 82, "healed automatically in 4 m:", 13, INK)
    canvas.text(x + 20, y + 100, "rolled back to checkout:42", 13, INK)


def _arrows(canvas):
    middle, lower = UPPER + DEEP / 2, LOWER + DEEP / 2
    for column in (1, 2):
        _arrow(canvas, [(COLUMNS[column] - GAP + 4, middle), (COLUMNS[column] - 5, middle)], METRIC)
        _arrow(canvas, [(COLUMNS[column] - 4, lower), (COLUMNS[column] - GAP + 5, lower)], METRIC)
    down = COLUMNS[2] + CARD / 2
    _arrow(canvas, [(down, UPPER + DEEP + 4), (down, LOWER - 5)], METRIC)
    # The remedy's way back to the service, between the rows.
    between, up = (UPPER + DEEP + LOWER) / 2 + 4, COLUMNS[0] + CARD / 2
    _arrow(canvas, [(COLUMNS[1] + CARD / 2, LOWER - 4), (COLUMNS[1] + CARD / 2, between), (up, between), (up, UPPER + DEEP + 5)], BLUE)
    canvas.text((COLUMNS[1] + CARD / 2 + up) / 2, between - 7, "the service is well again", 13, BLUE, bold=True, anchor="middle")


def _arrow(canvas, points, color):
    canvas.line(points, color, 2)
    (x0, y0), (x, y) = points[-2:]
    along = ((x > x0) - (x < x0), (y > y0) - (y < y0))
    back = (x - 8 * along[0], y - 8 * along[1])
    side = (5 * along[1], 5 * along[0])
    canvas.line([(back[0] + side[0], back[1] + side[1]), (x, y), (back[0] - side[0], back[1] - side[1])], color, 2)
