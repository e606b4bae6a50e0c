"""The alarms of stacks/service.yaml: what they say of themselves, and when they ring."""

import json
import re

import pytest
from companion import BALANCED, EVERYTHING, SERVICES, TOPIC, WORKER, Stack

SIGNALS = ("latency", "traffic", "errors", "saturation")
# As long as its parameters may be: names as ECS takes them, a stack's name as CloudFormation does.
LONGEST = EVERYTHING | {
    "Cluster": "c" * 255,
    "Service": "s" * 255,
    "LogGroup": "/" + "l" * 149,
    "RunbookBase": "https://" + "r" * 90 + "/",
    "Team": "t" * 100,
}


def stacks():
    return [(kind, Stack("service", parameters)) for kind, parameters in SERVICES.items()]


def every_alarm():
    return [(f"{kind} {name}", alarm) for kind, stack in stacks() for name, alarm in stack.alarms().items()]


def described(alarm):
    return json.loads(alarm["AlarmDescription"])


def tags(alarm):
    return {tag["Key"]: tag["Value"] for tag in alarm["Tags"]}


def of_a_dependency(alarm):
    return "dependency_of" in described(alarm)


def metrics(alarm):
    """Each metric with its period, of a metric alarm or of a math alarm."""
    if "MetricName" in alarm:
        return [(alarm["MetricName"], alarm["Period"])]
    stats = [entry["MetricStat"] for entry in alarm.get("Metrics", []) if "MetricStat" in entry]
    return [(stat["Metric"]["MetricName"], stat["Period"]) for stat in stats]


def children(alarm):
    return set(re.findall(r'(?:ALARM|OK)\("([^"]+)"\)', alarm.get("AlarmRule", "")))


# ---- what an alarm says of itself ----


def test_an_alarm_says_its_service_and_signal_twice_and_a_dependency_names_no_service():
    for name, alarm in every_alarm():
        said, tagged = described(alarm), tags(alarm)
        if of_a_dependency(alarm):
            assert set(said) == {"dependency_of", "signal", "runbook"}, name
            assert (said["dependency_of"], said["signal"]) == ("prod/checkout", "dependency"), name
            # Either would lead to a service, whose incident it is not.
            assert not {key.split(":")[-1] for key in tagged} & {"cluster", "service"}, name
            continue
        assert (said["cluster"], said["service"]) == ("prod", "checkout"), name
        assert said["signal"] in SIGNALS and said["dashboard"] == "prod-checkout-eu-west-1", name
        assert tagged.items() >= {"cluster": "prod", "service": "checkout", "team": "payments"}.items(), name
        assert tagged["signal"] == said["signal"], name
        # The diagnosis takes an alarm with this word for one of a dependency.
        assert "dependency" not in alarm["AlarmDescription"].lower(), name


def test_an_alarm_is_named_after_the_stack_and_its_signal():
    for name, alarm in every_alarm():
        if alarm["AlarmName"] not in ("prod-checkout-unwell", "prod-checkout-strained"):
            assert alarm["AlarmName"].startswith(f"prod-checkout-{described(alarm)['signal']}-"), name


def test_the_logs_are_named_where_they_are_known_and_only_there():
    assert described(Stack("service", BALANCED).alarms()["Unwell"])["log_group"] == "/ecs/checkout"
    assert "log_group" not in described(Stack("service", WORKER).alarms()["Unwell"])


@pytest.mark.parametrize("base", ["", "https://example.com/runbooks/"])
def test_the_runbook_is_a_page_of_ours_and_a_tag_only_where_it_is_a_link(base):
    for name, alarm in Stack("service", EVERYTHING | {"RunbookBase": base}).alarms().items():
        assert described(alarm)["runbook"].startswith(base), name
        page = tags(alarm).get("runbook")
        assert page in (None, described(alarm)["runbook"]) and (base or page is None), name
        assert not base or not alarm.get("AlarmActions") or of_a_dependency(alarm) or page, name


def test_the_longest_names_fit_the_limits_of_an_alarm():
    stack = Stack("service", LONGEST, stack="n" * 128)
    assert stack.refused() == []
    for name, alarm in stack.alarms().items():
        assert len(alarm["AlarmName"]) <= 255, name
        assert len(alarm["AlarmDescription"]) <= 1024, (name, len(alarm["AlarmDescription"]))
        assert described(alarm), name
        assert len(alarm.get("AlarmRule", "")) <= 10240 and len(children(alarm)) <= 100, name
        assert all(len(tag["Value"]) <= 256 for tag in alarm["Tags"]), name


# ---- who rings ----


@pytest.mark.parametrize("kind", SERVICES)
def test_one_incident_is_one_alarm(kind):
    alarms = Stack("service", SERVICES[kind]).alarms()
    ringing = {name for name, alarm in alarms.items() if TOPIC in alarm.get("AlarmActions", [])}
    assert ringing == {"Unwell", "Strained"}
    for name in ringing:
        assert alarms[name]["AlarmActions"] == alarms[name]["OKActions"] == [TOPIC]
    # What is unwell is strained as well: then one of both is silent.
    assert alarms["Strained"]["ActionsSuppressor"] == alarms["Unwell"]["AlarmName"]
    for name, alarm in alarms.items():
        if name not in ringing and not of_a_dependency(alarm):
            # Nightshift hears it by EventBridge, and opens no incident by what is switched off.
            assert alarm["ActionsEnabled"] is False and "AlarmActions" not in alarm, name


def test_a_dependency_rings_where_its_owner_is_told_and_nowhere_without_one():
    told = Stack("service", EVERYTHING).alarms()
    silent = Stack("service", EVERYTHING | {"DependencyTopicArn": ""}).alarms()
    found = [name for name, alarm in told.items() if of_a_dependency(alarm)]
    assert len(found) == 7
    for name in found:
        assert told[name]["ActionsEnabled"] is True, name
        assert told[name]["AlarmActions"] == [EVERYTHING["DependencyTopicArn"]], name
        assert silent[name]["ActionsEnabled"] is False and "AlarmActions" not in silent[name], name


@pytest.mark.parametrize("kind", SERVICES)
def test_every_alarm_of_a_signal_is_part_of_what_rings(kind):
    alarms = Stack("service", SERVICES[kind]).alarms()
    parts = children(alarms["Unwell"]) | children(alarms["Strained"])
    metric = {alarm["AlarmName"] for alarm in alarms.values() if "AlarmRule" not in alarm and not of_a_dependency(alarm)}
    # Composites are made of metric alarms alone: nightshift finds no metric behind another composite.
    assert parts == metric
    by_name = {alarm["AlarmName"]: alarm for alarm in alarms.values()}
    assert {described(by_name[one])["signal"] for one in children(alarms["Strained"])} == {"saturation"}
    assert "saturation" not in {described(by_name[one])["signal"] for one in children(alarms["Unwell"])}


def test_no_alarm_rings_at_birth_nor_for_want_of_data():
    for name, alarm in every_alarm():
        assert "InsufficientDataActions" not in alarm, name
        if "AlarmRule" not in alarm:
            # That nothing is measured is what says that no task runs.
            others = {"prod-checkout-traffic-quiet": "missing", "prod-checkout-traffic-no-tasks": "breaching"}
            assert alarm["TreatMissingData"] == others.get(alarm["AlarmName"], "notBreaching"), name


def test_a_service_of_either_kind_has_all_four_signals():
    for kind, stack in stacks():
        alarms = stack.of_type("AWS::CloudWatch::Alarm").values()
        # A worker's errors are its dead letters.
        unseen = {"errors"} if kind == "worker-alone" else set()
        assert {described(alarm)["signal"] for alarm in alarms} - {"dependency"} == set(SIGNALS) - unseen, kind


# ---- what CloudWatch takes ----


def test_every_alarm_is_one_that_cloudwatch_takes():
    for name, alarm in every_alarm():
        assert all(len(alarm.get(state, [])) <= 5 for state in ("AlarmActions", "OKActions")), name
        found = metrics(alarm)
        assert len(alarm.get("Metrics", [])) <= 10 and len({period for _, period in found}) <= 1, name
        for _, period in found:
            longest = 86400 if period < 3600 else 7 * 86400
            assert period * int(alarm["EvaluationPeriods"]) <= longest, name
        returned = [entry for entry in alarm.get("Metrics", []) if entry["ReturnData"]]
        assert len(returned) == (0 if "Metrics" not in alarm else 2 if "ThresholdMetricId" in alarm else 1), name


def test_every_expression_names_what_is_there():
    words = {"IF", "FILL", "AND", "OR", "DIFF", "ANOMALY_DETECTION_BAND"}
    for name, alarm in every_alarm():
        ids = {entry["Id"] for entry in alarm.get("Metrics", [])}
        used = set()
        for entry in alarm.get("Metrics", []):
            used |= set(re.findall(r"[A-Za-z]\w*", entry.get("Expression", "")))
        returned = {entry["Id"] for entry in alarm.get("Metrics", []) if entry["ReturnData"]}
        assert used - words <= ids, (name, used - words - ids)
        assert ids <= used | returned, (name, ids - used)


# ---- the others ----


def test_a_drop_of_traffic_is_below_its_own_band_and_silent_in_a_quiet_night():
    alarms = Stack("service", BALANCED).alarms()
    drop = alarms["TrafficDrop"]
    assert drop["ComparisonOperator"] == "LessThanLowerThreshold" and drop["ThresholdMetricId"] == "usual"
    [band] = [entry["Expression"] for entry in drop["Metrics"] if entry["Id"] == "usual"]
    assert band == "ANOMALY_DETECTION_BAND(requests, 3)"
    together = '(ALARM("prod-checkout-traffic-drop") AND OK("prod-checkout-traffic-quiet"))'
    assert together in alarms["Unwell"]["AlarmRule"]
    assert alarms["Unwell"]["AlarmRule"].count("traffic-drop") == 1


def test_missing_tasks_and_deployments_are_watched_where_they_are_measured():
    assert "SaturationTasksMissing" not in Stack("service", BALANCED).alarms()
    alarm = Stack("service", SERVICES["insights"]).alarms()["SaturationTasksMissing"]
    assert {name for name, _ in metrics(alarm)} == {"RunningTaskCount", "DesiredTaskCount", "DeploymentCount"}
    assert alarm["Metrics"][0]["Expression"] == "IF(deployments > 1, 0, wanted - running)"
