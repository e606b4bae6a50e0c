"""The widgets of a dashboard, each drawn into its box from the definition's properties."""

import re

from . import Unknown, answers, expressions, queries
from . import service as of
from .canvas import DIM, FAINT, INK, LINE, fitted, width, wrapped
from .plot import PALETTE, Mark, Series, draw, short

STATES = {"OK": ("#037f0c", "#f2fcf3"), "ALARM": ("#d13212", "#fdf3f1"), "INSUFFICIENT_DATA": (DIM, "#f9f9fa")}
KNOWN = {
    "metric": {"title", "region", "stat", "period", "yAxis", "annotations", "metrics", "view", "setPeriodToTimeRange", "start", "end"},
    "alarm": {"title", "alarms"},
    "log": {"title", "region", "view", "query"},
    "text": {"markdown"},
}
TITLE, TOP = 14, 40


def span(properties, start):
    """The times that a widget shows: its own if it has any, else the dashboard's."""
    text = properties.get("start", start)
    match = re.fullmatch(r"-P(?:(\d+)D|T(\d+)H)", text)
    if not match or properties.get("end", "P0D") != "P0D":
        raise Unknown(f"no such times: {text}")
    return of.NOW - int(match[1] or 0) * of.DAY - int(match[2] or 0) * 3600, of.NOW


def series(properties, times):
    """The visible series of a widget, and every other that these are made of, evaluated."""
    entries = []
    for metric in properties["metrics"]:
        *path, options = metric if isinstance(metric[-1], dict) else [*metric, {}]
        entries.append((path, properties | {"annotations": None} | options))
    by_id = {options["id"]: (path, options) for path, options in entries if "id" in options}
    whole = properties.get("setPeriodToTimeRange", False)

    def begins(period):
        if whole:
            return [times[0]]
        return list(range(times[0] // period * period, times[1] - answers.ARRIVES_AFTER + of.MINUTE, period))

    def evaluated(path, options):
        period = options["period"]
        at = begins(period)
        text = options.get("expression")
        if text is None:
            key = (*path[:2], tuple(zip(path[2::2], path[3::2], strict=True)))
            return answers.values(key, options["stat"], times[1] - times[0] if whole else period, at)
        if text.startswith("SEARCH"):
            return answers.found(text, at)
        return expressions.evaluated(text, lambda name: evaluated(*by_id[name]), len(at))

    shown = [(path, options) for path, options in entries if options.get("visible", True)]
    drawn = []
    for place, (path, options) in enumerate(shown):
        at = begins(options["period"])
        color = options.get("color", PALETTE[place % len(PALETTE)])
        axis = "right" if options["yAxis"] == "right" else "left"
        drawn.append(Series(options["label"], color, axis, tuple(at), tuple(evaluated(path, options))))
    return drawn


def metric(canvas, box, properties, start):
    """A graph over time, or one number."""
    left, top, wide, high = box
    times = span(properties, start)
    lines = series({"yAxis": {}} | properties, times)
    if not all(any(True for _ in line.numbers()) for line in lines):
        raise Unknown(f"no data: {properties['title']}")
    if properties.get("view") == "singleValue":
        [line] = lines
        canvas.open(series=line.label, points=len(line.values))
        middle = top + TOP + (high - TOP) / 2
        canvas.text(left + wide / 2, middle + 8, short(line.values[-1]), 44, INK, anchor="middle")
        canvas.text(left + wide / 2, middle + 30, line.label, 12, DIM, anchor="middle")
        canvas.close()
        return
    marks = [
        Mark(line["label"], line.get("color", PALETTE[(len(lines) + place) % len(PALETTE)]), line.get("yAxis", "left"), line["value"])
        for place, line in enumerate(properties.get("annotations", {}).get("horizontal", []))
    ]
    draw(canvas, (left, top + TOP, wide, high - TOP), lines, marks, properties.get("yAxis", {}), times)


def alarm(canvas, box, properties, states):
    """The alarms as tiles, in the order of their names."""
    left, top, wide, high = box
    names = sorted(arn.rsplit(":", 1)[1] for arn in properties["alarms"])
    columns = min(len(names), max(1, int((wide - 24) // 150)))
    rows = -(-len(names) // columns)
    across, down = (wide - 24) / columns, (high - TOP - 4) / rows
    for place, name in enumerate(names):
        x, y = left + 12 + place % columns * across, top + TOP - 6 + place // columns * down
        ink, paper = STATES[states[name]]
        canvas.open(alarm=name, state=states[name])
        canvas.rect(x + 2, y + 1.5, across - 4, down - 3, ink if states[name] == "ALARM" else paper, ink, 4)
        ink = "#ffffff" if states[name] == "ALARM" else INK
        dot = "#ffffff" if states[name] == "ALARM" else STATES[states[name]][0]
        canvas.shapes.append(f'<circle cx="{x + 13:.1f}" cy="{y + down / 2:.1f}" r="4" fill="{dot}"/>')
        size = 12 if rows == 1 else 9
        lines = wrapped(name, size, across - 28)
        for row, line in enumerate(lines):
            canvas.text(x + 22, y + down / 2 + 0.36 * size + 9.6 * (row - (len(lines) - 1) / 2), line, size, ink)
        canvas.close()


def log(canvas, box, properties, start):
    """The rows that a query finds, as many as fit; CloudWatch scrolls to the others."""
    left, top, wide, high = box
    if properties["view"] != "table":
        raise Unknown(f"no such view of logs: {properties['view']}")
    columns, rows = queries.result(properties["query"], *span({}, start))
    if not rows:
        raise Unknown(f"no data: {properties['title']}")
    first = 146
    each = (wide - 28 - first) / (len(columns) - 1)
    room = int((high - TOP - 30) // 22)
    canvas.open(rows=len(rows))
    for place, cells in enumerate([columns, *rows[:room]]):
        y = top + TOP + 14 + 22 * place
        canvas.line([(left + 14, y + 7), (left + wide - 14, y + 7)], FAINT if place else LINE)
        for column, cell in enumerate(cells):
            x, space = left + 14 + (first + each * (column - 1) if column else 0), first if not column else each
            canvas.text(x, y, fitted(cell, 10.5, space - 8), 10.5, INK if place else DIM)
    canvas.close()


def text(canvas, box, properties):
    """A text of Markdown, as far as ours goes: bold words, links and words of code."""
    left, top, wide, high = box
    rows, used = [[]], 0.0
    for bold, link, code, plain in re.findall(r"\*\*(.+?)\*\*|\[(.+?)\]\(.+?\)|`(.+?)`|([^*\[`]+)", properties["markdown"]):
        color = "#0972d3" if link else "#8d1f1f" if code else INK
        for word in re.findall(r"\s*\S+|\s+$", bold or link or code or plain):
            if used + width(word, 13, bool(bold)) > wide - 28:
                rows.append([])
                used, word = 0.0, word.lstrip()
            rows[-1].append((word, color, bool(bold)))
            used += width(word, 13, bool(bold))
    if TOP + 18 * (len(rows) - 1) > high:
        raise Unknown(f"a text that is longer than its widget: {properties['markdown']}")
    for place, row in enumerate(rows):
        canvas.runs(left + 14, top + 25 + 18 * place, row, 13)
