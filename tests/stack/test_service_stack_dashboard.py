"""The dashboard of stacks/service.yaml: what it shows, and that a laptop holds it."""

import json
import re

import pytest
from companion import BALANCED, EVERYTHING, SERVICES, Stack
from processes import ROOT
from template import expanded

# What of the screen a laptop shows at once: 24 columns, and twelve rows without scrolling.
COLUMNS, ROWS = 24, 12


def widgets(stack):
    [dashboard] = stack.of_type("AWS::CloudWatch::Dashboard").values()
    return json.loads(dashboard["DashboardBody"])["widgets"]


def title(widget):
    return widget["properties"].get("title", "")


def thresholds(widget):
    return {float(line["value"]) for line in widget["properties"].get("annotations", {}).get("horizontal", [])}


@pytest.mark.parametrize("kind", SERVICES)
def test_no_widget_covers_another_nor_leaves_the_screen(kind):
    taken = set()
    for widget in widgets(Stack("service", SERVICES[kind])):
        x, y, width, height = (widget[key] for key in ("x", "y", "width", "height"))
        assert x + width <= COLUMNS, title(widget)
        cells = {(x + i, y + j) for i in range(width) for j in range(height)}
        assert not cells & taken, title(widget)
        taken |= cells


@pytest.mark.parametrize("kind", SERVICES)
def test_alarms_and_the_four_signals_are_seen_without_scrolling(kind):
    # A worker without a dead-letter queue measures no errors, and shows none.
    names = ["Latency", "Traffic", "Errors", "Saturation"]
    wanted = [name for name in names if (kind, name) != ("worker-alone", "Errors")]
    seen = [widget for widget in widgets(Stack("service", SERVICES[kind])) if widget["y"] + widget["height"] <= ROWS]
    assert [widget["type"] for widget in seen[:2]] == ["alarm", "alarm"]
    found = {title(widget).split(":")[0]: widget["x"] for widget in seen if widget["type"] == "metric"}
    assert [name for name in sorted(found, key=found.get) if name in names] == wanted


@pytest.mark.parametrize("kind", SERVICES)
def test_the_dashboard_shows_every_alarm_and_the_ringing_ones_first(kind):
    stack = Stack("service", SERVICES[kind])
    shown = [widget["properties"]["alarms"] for widget in widgets(stack) if widget["type"] == "alarm"]
    names = [[arn.rsplit(":", 1)[1] for arn in arns] for arns in shown]
    assert names[0] == ["prod-checkout-unwell", "prod-checkout-strained"]
    assert sorted(sum(names, [])) == sorted(alarm["AlarmName"] for alarm in stack.alarms().values())


def test_every_threshold_is_a_line_where_its_metric_is_drawn():
    stack = Stack("service", EVERYTHING | {"CpuPercent": "88", "MemoryPercent": "91"})
    drawn = widgets(stack)
    for name, alarm in stack.of_type("AWS::CloudWatch::Alarm").items():
        # How many tasks tell of their processor is no line on what they tell.
        if "MetricName" not in alarm or float(alarm["Threshold"]) == 0 or name == "TrafficNoTasks":
            continue
        [of_metric] = [w for w in drawn if w["type"] == "metric" and f'"{alarm["MetricName"]}"' in json.dumps(w)
                       and "Tasks" not in title(w) and all(d["Value"] in json.dumps(w) for d in alarm["Dimensions"])
                       and "dead letters" not in title(w)]  # fmt: skip
        assert float(alarm["Threshold"]) in thresholds(of_metric), (name, thresholds(of_metric))
    by_title = {title(widget).split(":")[0]: widget for widget in drawn}
    late = {float(alarm["Threshold"]) for name, alarm in stack.alarms().items() if name.startswith("LatencyP")}
    [of_answers] = [widget for widget in drawn if title(widget).startswith("Latency: seconds")]
    assert thresholds(of_answers) == late == {0.5, 2}
    assert thresholds(by_title["Errors"]) <= {0.05} and thresholds(by_title["Burn rate"]) == {14.4, 6}
    assert thresholds(by_title["Tasks"]) == {2, 10}


@pytest.mark.parametrize("kind", SERVICES)
def test_no_line_lies_on_another(kind):
    for widget in widgets(Stack("service", SERVICES[kind])):
        lines = widget["properties"].get("annotations", {}).get("horizontal", [])
        places = [(line.get("yAxis", "left"), float(line["value"])) for line in lines]
        assert len(set(places)) == len(places), title(widget)
        assert all("color" in line for line in lines), title(widget)


@pytest.mark.parametrize("kind", SERVICES)
def test_a_line_of_a_metrics_colour_is_on_its_axis(kind):
    for widget in widgets(Stack("service", SERVICES[kind])):
        entries = [metric[-1] for metric in widget["properties"].get("metrics", []) if isinstance(metric[-1], dict)]
        axes = {entry["color"]: entry.get("yAxis", "left") for entry in entries if "color" in entry}
        for line in widget["properties"].get("annotations", {}).get("horizontal", []):
            assert axes.get(line["color"], "left") == line.get("yAxis", "left"), (title(widget), line)


def test_whoever_is_woken_is_led_to_the_page_of_what_is_red():
    def said(parameters):
        [text] = [w["properties"]["markdown"] for w in widgets(Stack("service", parameters)) if w["type"] == "text"]
        return text

    assert "[errors](https://example.com/runbooks/errors.md)" in said(EVERYTHING)
    assert "[queue](https://example.com/runbooks/queue.md)" in said(EVERYTHING)
    assert "](" not in said(BALANCED) and "runbooks/errors.md" in said(BALANCED)
    assert "errors.md" not in said(SERVICES["worker"]) and "runbooks/queue.md" in said(SERVICES["worker"])
    for name in re.findall(r"[\w-]+\.md", said(EVERYTHING)):
        assert (ROOT / "runbooks" / name).is_file(), name
    assert "`HaltCommand`" in said(BALANCED) and "HaltCommand" in expanded()["Outputs"]


def test_errors_are_drawn_as_they_are_judged():
    stack = Stack("service", SERVICES["blue-green"])
    [alarm] = [a for a in stack.alarms().values() if a["AlarmName"].endswith("errors-ratio")]
    judged = {(s["Metric"]["MetricName"], s["Metric"]["Dimensions"][-1]["Value"]) for s in
              (entry["MetricStat"] for entry in alarm["Metrics"] if "MetricStat" in entry)}  # fmt: skip
    for name in ("Errors", "Error budget", "Burn rate"):
        [widget] = [widget for widget in widgets(stack) if title(widget).startswith(name)]
        named = [m for m in widget["properties"]["metrics"] if m[0] == "AWS/ApplicationELB"]
        assert {(m[1], m[-2]) for m in named} == judged, name
        expressions = {m[0]["id"]: m[0]["expression"] for m in widget["properties"]["metrics"] if len(m) == 1}
        assert expressions["errors"] == "FILL(t, 0) + FILL(u, 0) + FILL(l, 0)", name
        assert expressions["asked"] == "IF(requests > errors, requests, errors)", name


def test_the_error_budget_is_of_the_objective_and_of_thirty_days():
    for slo, budget in (("99", "0.01"), ("99.99", "0.0001")):
        stack = Stack("service", BALANCED | {"Slo": slo})
        [left] = [widget["properties"] for widget in widgets(stack) if title(widget).startswith("Error budget")]
        assert (left["start"], left["view"], left["setPeriodToTimeRange"]) == ("-P30D", "singleValue", True)
        assert left["metrics"][-1][0]["expression"] == f"IF(asked > 0, 100 * (1 - errors / asked / {budget}), 100)"
        assert f"for {slo} %" in left["title"]


def test_deployments_are_drawn_over_each_signal_where_they_are_counted():
    def over(parameters):
        return {title(w).split(":")[0] for w in widgets(Stack("service", parameters)) if "DeploymentCount" in json.dumps(w)}

    assert over(BALANCED) == set()
    assert over(SERVICES["insights"]) == {"Latency", "Traffic", "Errors", "Saturation", "Tasks", "Burn rate"}


def test_an_expression_names_what_its_widget_has():
    words = {"IF", "FILL", "ANOMALY_DETECTION_BAND"}
    for widget in widgets(Stack("service", EVERYTHING)):
        entries = [metric[-1] for metric in widget["properties"].get("metrics", []) if isinstance(metric[-1], dict)]
        ids = {entry["id"] for entry in entries if "id" in entry}
        for entry in entries:
            text = entry.get("expression", "")
            if not text.startswith("SEARCH"):
                assert set(re.findall(r"[A-Za-z]\w*", text)) - words <= ids, (title(widget), text)


def test_what_nightshift_did_is_read_from_counters_that_it_writes(metrics_page):
    stack = Stack("service", BALANCED | {"NightshiftStack": "night"})
    text = json.dumps(widgets(stack))
    counted = set(re.findall(r"sum\(`([\w.]+)`\)", text)) | set(re.findall(r'MetricName=\\+"([\w.]+)', text))
    assert {"RemedyTaken.RollBack", "Decision.Refused", "Notice.Escalated", "Delivery.Releases"} <= counted
    assert counted <= metrics_page, counted - metrics_page
    assert "Service = 'prod/checkout'" in text
    assert set(re.findall(r"/aws/lambda/([\w-]+)", text)) == {
        "night-alarm-responder", "night-deployment-guard", "night-remedy-verifier",
    }  # fmt: skip


@pytest.fixture
def metrics_page():
    """The counters that docs/metrics.md lists; a Rust test holds them against the code."""
    page = (ROOT / "docs/metrics.md").read_text(encoding="utf-8")
    return set(re.findall(r"^\| `([\w.]+)`", page, re.MULTILINE))


def test_a_title_says_what_is_well_and_fits_its_widget():
    for kind, parameters in SERVICES.items():
        for widget in widgets(Stack("service", parameters)):
            if widget["type"] == "text":
                continue
            assert len(title(widget).split()) >= 4, (kind, title(widget))
            # CloudWatch cuts off what is longer: 58 pixels a column on a laptop, a letter is 7 or 8.
            assert len(title(widget)) <= 7.5 * widget["width"], (kind, title(widget))
