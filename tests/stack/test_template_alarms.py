"""Nightshift watches itself: the template's alarms and its dashboard."""

import json
import re

from processes import ROOT
from template import expanded, listed, named, of_type, statements


# It watches nothing: the self-drill rings it.
TEST_ALARM = "SelfDrill"


def watching():
    """The alarms that watch something of the stack."""
    return {name: alarm for name, alarm in of_type("AWS::CloudWatch::Alarm").items() if name != TEST_ALARM}


def test_every_queue_and_every_function_is_watched_and_the_alarm_pages():
    alarms = watching().values()
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
    for name, alarm in watching().items():
        words = re.sub("(?<!^)([A-Z])", r"-\1", name).lower()
        assert alarm["AlarmName"] == {"Fn::Sub": f"${{AWS::StackName}}-self-{words}"}, name


def own_metrics():
    """The names in the tables of docs/metrics.md; a Rust test holds them against the code."""
    docs = (ROOT / "docs/metrics.md").read_text(encoding="utf-8")
    return set(re.findall(r"^\| `([\w.]+)`", docs, re.MULTILINE))


def test_an_alarm_on_a_metric_of_our_own_names_the_stack_and_a_function_of_it():
    functions = {named(function) for function in of_type("AWS::Lambda::Function").values()}
    own = {name: alarm for name, alarm in of_type("AWS::CloudWatch::Alarm").items() if alarm["Namespace"] == "Nightshift"}
    assert {"Decision.Blind", "Undelivered"} <= {alarm["MetricName"] for alarm in own.values()}
    for name, alarm in own.items():
        assert alarm["MetricName"] in own_metrics(), name
        dimensions = {d["Name"]: d["Value"] for d in alarm["Dimensions"]}
        assert dimensions["Stack"] == {"Ref": "AWS::StackName"}, name
        # The line has exactly these two: with one less or more there would be no data, ever.
        assert set(dimensions) == {"Stack", "Function"} and dimensions["Function"] in functions, name
        # A counter that was not hit has no data, and that is well, but for the drill's.
        missing = "breaching" if name == "DrillMissing" else "notBreaching"
        assert alarm["TreatMissingData"] == missing and alarm["Statistic"] == "Sum", name


def dashboard():
    """The dashboard's body as it is with a self-drill, with `${X}` left as X."""
    [(body, values)] = [d["DashboardBody"]["Fn::Sub"] for d in of_type("AWS::CloudWatch::Dashboard").values()]
    for name, value in values.items():
        body = body.replace(f"${{{name}}}", value["Fn::If"][1]["Fn::Sub"])
    return json.loads(re.sub(r"\$\{([\w:.]+)\}", r"\1", body))


def test_the_dashboard_searches_our_own_metrics_by_the_dimensions_they_have():
    text = json.dumps(dashboard())
    searched = re.findall(r"SEARCH\('(.*?)', '(\w+)', (?:300|3600)\)", text.replace('\\"', '"'))
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
    for alarm in watching():
        assert f'"{alarm}.Arn"' in text, alarm


def test_the_self_drill_rings_the_test_alarm_and_its_absence_pages_but_not_at_birth():
    alarms = of_type("AWS::CloudWatch::Alarm")
    drill, missing = alarms[TEST_ALARM], alarms["DrillMissing"]
    assert drill["AlarmName"] == {"Fn::Sub": "${AWS::StackName}-drill"}
    assert drill["AlarmActions"] == [{"Ref": "AlarmTopic"}] and drill["TreatMissingData"] == "notBreaching"
    target = of_type("AWS::Scheduler::Schedule")["SelfDrillSchedule"]["Target"]
    assert target["Arn"]["Fn::Sub"].endswith(":scheduler:::aws-sdk:cloudwatch:setAlarmState")
    said = json.loads(target["Input"]["Fn::Sub"])
    assert (said["AlarmName"], said["StateValue"]) == ("${SelfDrill}", "ALARM")
    # Its role may set this alarm, and no other.
    allowed = [s for name, s in statements() if name == "SelfDrillRole" and s["Action"] == "cloudwatch:SetAlarmState"]
    assert [s["Resource"] for s in allowed] == [{"Fn::GetAtt": [TEST_ALARM, "Arn"]}]
    # A day on which clocks change has 25 hours; no more than two days can be warm-up.
    span = missing["Period"] * missing["EvaluationPeriods"]
    assert 25 * 3600 < span <= 28 * 3600
    warm_up = missing["WarmUpConfiguration"]
    assert span <= warm_up["WarmUpPeriodDurationInMinutes"] * 60 <= 2 * 86_400
    assert warm_up["OnlyStartEvaluatingAfterWarmUpPeriodEnds"]


def test_without_a_self_drill_nothing_of_it_is_left():
    resources = expanded()["Resources"]
    named = {name for name in resources if "Drill" in name}
    assert named == {TEST_ALARM, "SelfDrillSchedule", "SelfDrillRole", "DrillMissing"}
    assert {resources[name]["Condition"] for name in named} == {"DrillsItself"}
    [(_, values)] = [d["DashboardBody"]["Fn::Sub"] for d in of_type("AWS::CloudWatch::Dashboard").values()]
    assert values["DrillAlarm"]["Fn::If"][0] == "DrillsItself" and values["DrillAlarm"]["Fn::If"][2] == ""


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
