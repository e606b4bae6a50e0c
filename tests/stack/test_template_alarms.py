"""Nightshift watches itself: the template's alarms and its dashboard."""

import json
import re

from processes import ROOT
from template import listed, named, of_type, statements


def test_every_queue_and_every_function_is_watched_and_the_alarm_pages():
    alarms = of_type("AWS::CloudWatch::Alarm").values()
    assert all(alarm["AlarmActions"] == [{"Ref": "PageTopic"}] for alarm in alarms)
    watched = {(a["MetricName"], json.dumps(a["Dimensions"][0]["Value"])) for a in alarms}
    for queue in of_type("AWS::SQS::Queue"):
        name = json.dumps({"Fn::GetAtt": [queue, "QueueName"]})
        assert ("ApproximateNumberOfMessagesVisible", name) in watched, queue
    for function, properties in of_type("AWS::Lambda::Function").items():
        for metric in ("Errors", "Throttles"):
            assert (metric, json.dumps(properties["FunctionName"])) in watched, (function, metric)


def test_every_alarm_is_named_after_the_stack_and_after_itself():
    # alarm-responder's rule leaves these names out; test_wiring.py asks it with each.
    for name, alarm in of_type("AWS::CloudWatch::Alarm").items():
        words = re.sub("(?<!^)([A-Z])", r"-\1", name).lower()
        assert alarm["AlarmName"] == {"Fn::Sub": f"${{AWS::StackName}}-self-{words}"}, name


def own_metrics():
    """The names in the tables of docs/metrics.md; a Rust test holds them against the code."""
    docs = (ROOT / "docs/metrics.md").read_text(encoding="utf-8")
    return set(re.findall(r"^\| `([\w.]+)`", docs, re.MULTILINE))


def test_an_alarm_on_a_metric_of_our_own_names_the_stack_and_a_function_of_it():
    functions = {named(function) for function in of_type("AWS::Lambda::Function").values()}
    alarms = of_type("AWS::CloudWatch::Alarm")
    own = {name: alarm for name, alarm in alarms.items() if alarm["Namespace"] == "Nightshift"}
    assert {"Decision.Blind", "Undelivered"} <= {alarm["MetricName"] for alarm in own.values()}
    for name, alarm in own.items():
        assert alarm["MetricName"] in own_metrics(), name
        dimensions = {d["Name"]: d["Value"] for d in alarm["Dimensions"]}
        assert dimensions["Stack"] == {"Ref": "AWS::StackName"}, name
        # The line has exactly these two: with one less or more there would be no data, ever.
        assert set(dimensions) == {"Stack", "Function"} and dimensions["Function"] in functions, name
        # A counter that was not hit has no data, and that is well.
        assert alarm["TreatMissingData"] == "notBreaching" and alarm["Statistic"] == "Sum", name


def dashboard():
    """The dashboard's body, with `${X}` left as X."""
    [body] = [d["DashboardBody"]["Fn::Sub"] for d in of_type("AWS::CloudWatch::Dashboard").values()]
    return json.loads(re.sub(r"\$\{([\w:.]+)\}", r"\1", body))


def test_the_dashboard_searches_our_own_metrics_by_the_dimensions_they_have():
    text = json.dumps(dashboard())
    searched = re.findall(r"SEARCH\('(.*?)', '(\w+)', 300\)", text.replace('\\"', '"'))
    assert len(searched) == text.count("SEARCH")
    found = set()
    for query, _ in searched:
        prefix = '{Nightshift,Stack,Function} Stack="AWS::StackName" MetricName='
        assert query.startswith(prefix), query
        found.add(query.removeprefix(prefix).strip('"'))
    assert {"Decision", "Refusal", "RemedyTaken", "RemedyFailed", "Page", "Undelivered"} <= found
    first_parts = {name.split(".")[0] for name in own_metrics()}
    assert found <= first_parts, found - first_parts


def test_the_dashboard_shows_every_queue_and_every_alarm():
    text = json.dumps(dashboard())
    for queue in of_type("AWS::SQS::Queue"):
        assert f'"{queue}.QueueName"' in text, queue
    for alarm in of_type("AWS::CloudWatch::Alarm"):
        assert f'"{alarm}.Arn"' in text, alarm


def test_no_graph_of_the_dashboard_covers_another():
    taken = set()
    for widget in dashboard()["widgets"]:
        x, y, width, height = (widget[key] for key in ("x", "y", "width", "height"))
        assert x + width <= 24, widget["properties"]["title"]
        cells = {(x + i, y + j) for i in range(width) for j in range(height)}
        assert not cells & taken, widget["properties"]["title"]
        taken |= cells


def test_metrics_of_our_own_need_no_permission():
    assert not any("cloudwatch:PutMetricData" in listed(s["Action"]) for _, s in statements())
