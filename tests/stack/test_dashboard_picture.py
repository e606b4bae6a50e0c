"""The picture of the dashboard: drawn from the definition as it is, all of it, and readable."""

import copy
import os
import subprocess
import sys
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
from companion import Stack
from dashboard import Unknown, alarms, answers, expressions, page, path, queries, service
from processes import ROOT

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def stack():
    return Stack("service", page.SHOWN)


@pytest.fixture(scope="module")
def states(stack):
    """The states of all alarms, minute by minute."""
    return list(alarms.history(stack))


@pytest.fixture(scope="module")
def sheet(stack, states):
    """The page as it is drawn, and its height."""
    return page.drawn(*page.definition(stack), states[-1][1])


@pytest.fixture(scope="module")
def drawn(sheet):
    """The groups of the page, one for each widget, in the definition's order."""
    canvas, high = sheet
    return list(ElementTree.fromstring(canvas.svg(page.WIDTH, high, "")).iterfind(f"{SVG}g[@data-widget]"))


def inside(group, name):
    return [one for one in group.iter(f"{SVG}g") if f"data-{name}" in one.attrib]


def words(group):
    return ["".join(text.itertext()) for text in group.iter(f"{SVG}text")]


def clock(time):
    return datetime.fromtimestamp(time, UTC).strftime("%H:%M")


# ---- all of the definition, and nothing blank ----


def test_every_widget_is_on_the_page_with_its_title_and_its_data(stack, drawn):
    _, body = page.definition(stack)
    assert len(drawn) == len(body["widgets"]) > 12
    for group, widget in zip(drawn, body["widgets"], strict=True):
        properties = widget["properties"]
        if widget["type"] == "text":
            assert "errors" in " ".join(words(group)) and "HaltCommand" in " ".join(words(group))
            continue
        assert words(group)[0] == properties["title"]
        if widget["type"] == "alarm":
            assert {tile.get("data-alarm") for tile in inside(group, "alarm")} == {a.rsplit(":", 1)[1] for a in properties["alarms"]}
        elif widget["type"] == "log":
            assert int(inside(group, "rows")[0].get("data-rows")) > 0, properties["title"]
        else:
            labels = [m[-1]["label"] for m in properties["metrics"] if m[-1].get("visible", True)]
            assert sorted(line.get("data-series") for line in inside(group, "series")) == sorted(labels), properties["title"]
            assert all(int(line.get("data-points")) for line in inside(group, "series")), properties["title"]


def test_every_threshold_of_the_definition_is_drawn_and_every_alarms_is_among_them(stack, drawn):
    _, body = page.definition(stack)
    everywhere = set()
    for group, widget in zip(drawn, body["widgets"], strict=True):
        lines = widget["properties"].get("annotations", {}).get("horizontal", [])
        seen = [float(line.get("data-threshold")) for line in inside(group, "threshold")]
        assert seen == pytest.approx([line["value"] for line in lines], rel=1e-5)
        assert {line["label"] for line in lines} <= set(words(group))
        everywhere.update(seen)
    assert any(line.get("data-series") == "usual" for group in drawn for line in inside(group, "series"))
    for name, alarm in stack.of_type("AWS::CloudWatch::Alarm").items():
        threshold = float(alarm.get("Threshold", 0))
        # Of none the line is the floor; how quiet is quiet is judged over three hours, and is no line;
        # nor is that no task says what it uses.
        if threshold and name not in ("TrafficQuiet", "TrafficNoTasks"):
            # A burn rate is drawn in multiples of the budget of 99.9 %.
            drawn_as = threshold / 0.001 if "Burn" in name else threshold
            assert any(drawn_as == pytest.approx(line, rel=1e-5) for line in everywhere), (name, drawn_as)


def test_what_the_definition_asks_and_nobody_can_answer_is_an_error(stack):
    for text in ("RATE(a)", "1 +", "a ? b", "IF(a, 1)", "FILL(a, REPEAT)", "(a", "a b"):
        with pytest.raises(Unknown):
            expressions.evaluated(text, lambda _: [1.0, 2.0], 2)
    for metric, statistic in ((("AWS/ECS", "CPUUtilisation", answers.SERVICE), "Sum"), (("AWS/ECS", "CPUUtilization", answers.SERVICE), "p90")):
        with pytest.raises(Unknown):
            answers.values(metric, statistic, 60, [service.NIGHT])
    for query in ("SOURCE '/ecs/checkout' | dedup @message", "SOURCE '/ecs/other' | fields @message", "SOURCE '/ecs/checkout' | stats count() as n by x"):
        with pytest.raises(Unknown):
            queries.result(query, service.RELEASE, service.NOW)


@pytest.mark.parametrize("change", [{"type": "explorer"}, {"liveData": True}, {"start": "-PT90M"}])
def test_a_widget_that_the_generator_does_not_know_is_an_error(stack, states, change):
    name, body = page.definition(stack)
    widget = next(one for one in copy.deepcopy(body)["widgets"] if one["type"] == "metric")
    page.drawn(name, body | {"widgets": [widget]}, states[-1][1])
    changed = widget | change if "type" in change else widget | {"properties": widget["properties"] | change}
    with pytest.raises(Unknown):
        page.drawn(name, body | {"widgets": [changed]}, states[-1][1])


# ---- that a person can read it ----


def readable(canvas, wide, high):
    for place, word in enumerate(canvas.words):
        assert 0 <= word.left and word.right <= wide and 0 <= word.top and word.bottom <= high, word
        assert not [other.text for other in canvas.words[place + 1 :] if word.meets(other)], word
    return len(canvas.words)


def test_no_text_meets_another_and_none_leaves_the_picture(sheet):
    canvas, high = sheet
    assert readable(canvas, page.WIDTH, high) > 150
    assert readable(path.drawn(), path.WIDE, path.HIGH) > 40


def test_a_title_fits_its_widget_and_the_four_signals_the_first_screen(stack, sheet):
    _, body = page.definition(stack)
    canvas, _ = sheet
    by_text = {word.text: word for word in canvas.words}
    for widget in body["widgets"]:
        if title := widget["properties"].get("title"):
            right = page.LEFT + (widget["x"] + widget["width"]) * page.COLUMN
            assert by_text[title].right < right - 14, title
    for signal in ("Latency", "Traffic", "Errors", "Saturation"):
        [widget] = [w for w in body["widgets"] if w["properties"].get("title", "").startswith(signal)]
        assert page.TOP + (widget["y"] + widget["height"]) * page.ROW < 800, signal


def test_the_page_is_the_same_in_another_process(tmp_path):
    file = tmp_path / "page.svg"
    subprocess.run(
        [sys.executable, "-m", "dashboard", "page", file],
        cwd=ROOT / "tests/stack", env=os.environ | {"PYTHONHASHSEED": "7"}, check=True,
    )  # fmt: skip
    assert file.read_text(encoding="utf-8") == page.svg()


def test_the_pictures_in_the_readme_are_of_these_pages(sheet):
    assert (ROOT / "docs/images/path.svg").read_text(encoding="utf-8") == path.svg(), "cure: make pictures"
    # The browser that takes this picture is not here: only that it is of a page of this size.
    content = (ROOT / "docs/images/dashboard.png").read_bytes()
    assert content.startswith(b"\x89PNG\r\n")
    _, high = sheet
    assert (int.from_bytes(content[16:20]), int.from_bytes(content[20:24])) == (page.WIDTH, high)


# ---- the night that it shows ----


def test_the_alarms_own_definitions_make_the_story_that_is_told(states):
    rung = {}
    for (_, before), (time, now) in zip(states, states[1:], strict=False):
        for name in now:
            if before[name] != now[name]:
                rung.setdefault(name.removeprefix("prod-checkout-"), []).append((clock(time), now[name]))
    assert rung["unwell"] == [("02:14", "ALARM"), ("02:18", "OK")]
    assert rung["errors-ratio"] == rung["latency-p95"] == rung["unwell"]
    assert "strained" not in rung and not [name for name in rung if "dependency" in name or "traffic" in name]
    assert set(states[-1][1].values()) == {"OK"}
    assert (clock(service.ROLLBACK), clock(service.HEALED)) == ("02:14", "02:18")


@pytest.mark.parametrize(
    ("text", "comes_to"),
    [
        ("a + 2 * b", [21.0, None, 63.0]),
        ("IF(a > 1 AND FILL(b, 0) == 0, 1, 0)", [0.0, 1.0, 0.0]),
        ("100 * (1 - a / b / 2)", [95.0, None, 95.0]),
        ("DIFF(a)", [None, 1.0, 1.0]),
        ("a >= 3 OR a < 2", [True, False, True]),
        ("1 / (a - 1)", [None, 1.0, 0.5]),
    ],
)
def test_metric_math_is_evaluated_value_by_value(text, comes_to):
    named = {"a": [1.0, 2.0, 3.0], "b": [10.0, None, 30.0]}
    assert expressions.evaluated(text, named.__getitem__, 3) == comes_to
