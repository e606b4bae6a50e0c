"""The page: every widget of the definition on CloudWatch's grid of 24 columns."""

import json

from companion import EVERYTHING, Stack

from . import Unknown, alarms, widgets
from .canvas import DIM, INK, LINE, Canvas, width

WIDTH, LEFT, TOP, GAP = 1440, 16, 78, 8
COLUMN, ROW = (WIDTH - 2 * LEFT) / 24, 50
# One service behind a load balancer, with all that one can have besides: no second target group, no queue.
LEFT_OUT = ("SecondTargetGroup", "QueueName", "DeadLetterQueueName")
SHOWN = {key: value for key, value in EVERYTHING.items() if key not in LEFT_OUT} | {"DatabaseConnections": "200"}


def definition(stack):
    """The dashboard's name and body."""
    [dashboard] = stack.of_type("AWS::CloudWatch::Dashboard").values()
    return dashboard["DashboardName"], json.loads(dashboard["DashboardBody"])


def drawn(name, body, states):
    """The page of a dashboard: the sheet and its height. `states` are those of the alarms by name."""
    canvas = Canvas()
    high = TOP + max(widget["y"] + widget["height"] for widget in body["widgets"]) * ROW + LEFT
    canvas.rect(0, 0, WIDTH, high, "#ffffff")
    _header(canvas, name, body["start"])
    for widget in body["widgets"]:
        _widget(canvas, widget, body["start"], states)
    return canvas, high


def svg():
    """The page as one file."""
    stack = Stack("service", SHOWN)
    *_, (_, states) = alarms.history(stack)
    canvas, high = drawn(*definition(stack), states)
    return canvas.svg(WIDTH, high, "The dashboard of stacks/service.yaml, drawn from its definition with sample data")


def _header(canvas, name, start):
    canvas.rect(0, 0, WIDTH, 36, "#232f3e")
    canvas.text(LEFT + 4, 23, "CloudWatch", 13, "#ffffff", bold=True)
    canvas.text(LEFT + 100, 23, "Dashboards", 12, "#d1d5db")
    canvas.text(WIDTH - LEFT - 4, 23, "drawn from stacks/service.yaml with sample data: a bad release at 02:05, rolled back at 02:14", 12, "#d1d5db", anchor="end")
    canvas.text(LEFT + 4, 64, name, 20, INK, bold=True)
    shown, right = start.removeprefix("-PT").lower(), WIDTH - LEFT - 4
    for choice in ("UTC", "1w", "3d", "1d", "12h", "3h", "1h"):
        wide = width(choice, 12) + 22
        right -= wide
        on = choice == shown
        canvas.rect(right, 46, wide, 26, "#f0f6ff" if on else "#ffffff", "#0972d3" if on else LINE, 4)
        canvas.text(right + wide / 2, 63.5, choice, 12, "#0972d3" if on else DIM, anchor="middle")
        right -= 6 if choice == "UTC" else 0


def _widget(canvas, widget, start, states):
    kind, properties = widget["type"], widget["properties"]
    strange = set(properties) - widgets.KNOWN.get(kind, set())
    if kind not in widgets.KNOWN or strange:
        raise Unknown(f"cannot draw {kind}: {sorted(strange)}")
    box = (
        LEFT + widget["x"] * COLUMN + GAP / 2, TOP + widget["y"] * ROW + GAP / 2,
        widget["width"] * COLUMN - GAP, widget["height"] * ROW - GAP,
    )  # fmt: skip
    canvas.open(widget=properties.get("title", ""), kind=kind)
    canvas.rect(*box, "#ffffff", LINE, 8)
    if "title" in properties:
        canvas.text(box[0] + 14, box[1] + 23, properties["title"], widgets.TITLE, INK, bold=True)
    match kind:
        case "alarm":
            widgets.alarm(canvas, box, properties, states)
        case "text":
            widgets.text(canvas, box, properties)
        case "log":
            widgets.log(canvas, box, properties, start)
        case "metric":
            widgets.metric(canvas, box, properties, start)
    canvas.close()
