"""What the dashboard's log tables show: Logs Insights, as far as its queries go, on sample lines."""

import re
from datetime import UTC, datetime

from . import Unknown
from . import service as of


def result(query, begin, end):
    """The columns and the rows of a query, all as text."""
    sources, rows, columns = [], None, None
    for command in (part.strip() for part in re.split(r"\s\|\s", query)):
        verb, _, rest = command.partition(" ")
        if verb == "SOURCE":
            sources.append(rest.strip("'"))
            continue
        if rows is None:
            rows = [row for source in sources for row in _lines(source) if begin <= row["@timestamp"] < end]
        match verb:
            case "fields":
                columns = [name.strip() for name in rest.split(",")]
            case "filter":
                keep = _condition(rest)
                rows = [row for row in rows if keep(row)]
            case "stats":
                columns, rows = _stats(rest, rows)
            case "sort":
                field, order = rest.split()
                rows = sorted(rows, key=lambda row: row[field], reverse=order == "desc")
            case "limit":
                rows = rows[: int(rest)]
            case _:
                raise Unknown(f"no such command of Logs Insights: {command}")
    return columns, [[_text(name, row.get(name)) for name in columns] for row in rows]


def _lines(source):
    if source == "/ecs/checkout":
        return [{"@timestamp": time, "@message": text} for time, text in of.lines()]
    found = re.fullmatch(r"/aws/lambda/nightshift-([\w-]+)", source)
    if not found:
        raise Unknown(f"no sample lines of log group {source}")
    return [{"@timestamp": time} | fields for function, time, fields in of.counters() if function == found[1]]


def _condition(text):
    """A filter: comparisons with a text, `ispresent` and `like`, joined by `and`."""
    if match := re.fullmatch(r"(\S+) like /\(\?i\)(.*)/", text):
        pattern = re.compile(match[2], re.IGNORECASE)
        return lambda row: bool(pattern.search(row[match[1]]))
    tests = [_test(part.strip()) for part in text.split(" and ")]
    return lambda row: all(test(row) for test in tests)


def _test(text):
    if match := re.fullmatch(r"(\w+) = '([^']*)'", text):
        return lambda row: row.get(match[1]) == match[2]
    if match := re.fullmatch(r"ispresent\((\w+)\)", text):
        return lambda row: match[1] in row
    raise Unknown(f"no such filter of Logs Insights: {text}")


def _stats(text, rows):
    sums, _, by = text.rpartition(" by ")
    named = re.findall(r"sum\(`([\w.]+)`\) as (\w+)", sums)
    if len(named) != sums.count(" as "):
        raise Unknown(f"not only sums: {sums}")
    groups = {}
    for row in rows:
        groups.setdefault(row[by], []).append(row)
    grouped = [
        {by: key} | {name: sum(row[field] for row in group if field in row) for field, name in named}
        for key, group in groups.items()
    ]
    return [by, *(name for _, name in named)], grouped


def _text(name, value):
    if name == "@timestamp":
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%M:%S.") + f"{value * 37 % 1000:03}"
    return str(value)
