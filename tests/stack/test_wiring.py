"""The template, deployed: who is woken by what, and what becomes of what fails.

The functions are the recorder (recorder.py), so that what is tested is the template
and nothing else. One account serves the whole file.
"""

import json
from datetime import UTC, datetime
from types import SimpleNamespace

import account
import pytest
from processes import ROOT, until


@pytest.fixture(scope="module")
def wired(tmp_path_factory):
    """A deployed stack whose functions record what wakes them."""
    folder = tmp_path_factory.mktemp("wired")
    record = folder / "events.jsonl"
    record.touch()
    policy = folder / "policy"
    policy.mkdir()
    (policy / "nightshift.toml").write_text("# first\n")
    ministack = account.Ministack(folder, variables={"RECORDER_FILE": str(record)})
    try:
        code = {name: ROOT / "tests/stack/recorder.py" for name in account.FUNCTIONS}
        outputs = account.deploy(ministack, account.packaged(folder / "package", code, policy))
        yield SimpleNamespace(
            folder=folder, record=record, policy=policy, code=code, ministack=ministack, outputs=outputs
        )
    finally:
        ministack.stop()


def woken(wired, function, marker):
    """The record of the first event of a function that holds the marker."""

    def found():
        for line in wired.record.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            if record["function"] == f"{account.STACK}-{function}" and marker in line:
                return record
        return None

    return until(f"{marker!r} at {function}", found)


def redeploy(wired, name, parameters=None):
    template = account.packaged(wired.folder / name, wired.code, wired.policy)
    account.deploy(wired.ministack, template, parameters)


def at_alias(wired, function):
    name = f"{account.STACK}-{function}"
    return wired.ministack.client("lambda").get_function_configuration(FunctionName=name, Qualifier="live")


def test_everything_is_deployed_but_the_canary(wired):
    missing = account.left_out(account.resources(wired.ministack))
    print("left out:", ", ".join(missing))
    kinds = {account.expanded("Canary=true")["Resources"][name]["Type"] for name in missing}
    assert {kind for kind in kinds if not kind.startswith("AWS::CodeDeploy::")} <= {"AWS::IAM::Role"}
    assert "CodeDeployServiceRole" in missing and len(missing) == 2 + len(account.FUNCTIONS)


def test_an_alarm_wakes_the_responder_by_the_topic(wired):
    cloudwatch = wired.ministack.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="web-5xx", Namespace="AWS/ApplicationELB", MetricName="HTTPCode_Target_5XX_Count",
        Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1,
        ComparisonOperator="GreaterThanThreshold", AlarmActions=[wired.outputs["AlarmTopicArn"]],
    )  # fmt: skip
    cloudwatch.set_alarm_state(AlarmName="web-5xx", StateValue="ALARM", StateReason="by hand")
    event = woken(wired, "alarm-responder", "web-5xx")["event"]
    assert json.loads(event["Records"][0]["Sns"]["Message"])["NewStateValue"] == "ALARM"


@pytest.mark.parametrize("state", ["ALARM", "OK"])
def test_a_drill_wakes_the_responder_by_the_rule_in_every_state(wired, state):
    answer = wired.ministack.client("events").put_events(
        Entries=[{
            "Source": "nightshift.drill",
            "DetailType": "CloudWatch Alarm State Change",
            "Detail": json.dumps({"alarmName": f"drill-{state}", "state": {"value": state}}),
        }]
    )  # fmt: skip
    assert answer["FailedEntryCount"] == 0
    assert woken(wired, "alarm-responder", f"drill-{state}")["event"]["source"] == "nightshift.drill"


def wakes(wired, function, event, rules):
    """Whether one of the deployed rules that wake the function takes the event."""
    events = wired.ministack.client("events")
    patterns = [
        rule["EventPattern"]
        for page in events.get_paginator("list_rules").paginate()
        for rule in page["Rules"]
        if any(
            f":function:{account.STACK}-{function}:" in target["Arn"]
            for target in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
        )
    ]
    assert len(patterns) == rules, patterns
    # An event as AWS sends it, which nobody can put on a bus.
    return any(
        events.test_event_pattern(EventPattern=pattern, Event=json.dumps(event))["Result"] for pattern in patterns
    )


def wakes_the_responder(wired, event):
    return wakes(wired, "alarm-responder", event, rules=2)


def test_a_call_wakes_the_guard_if_it_begins_a_deployment_and_is_not_our_own(wired):
    def taken(name, change=None):
        path = ROOT / f"events/deployment-guard/{name}.json"
        text = path.read_text(encoding="utf-8").replace("nightshift-", f"{account.STACK}-")
        event = json.loads(text)
        event["detail"] |= change or {}
        return wakes(wired, "deployment-guard", event, rules=5)

    for name in ("call-update", "call-update-by-cloudformation", "call-create", "call-without-answer"):
        assert taken(name), name
    for name in ("call-scales", "call-failed", "call-of-nightshift"):
        assert not taken(name), name
    nobody = {"userIdentity": {"type": "AWSService", "invokedBy": "codepipeline.amazonaws.com"}}
    assert taken("call-update", nobody)
    by = {"service": "web", "cluster": "prod"}
    network = {"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}}
    for starts in ({"forceNewDeployment": True}, {"platformVersion": "LATEST"}, network):
        assert taken("call-update", {"requestParameters": by | starts}), starts
    assert not taken("call-update", {"requestParameters": by | {"forceNewDeployment": False}})
    assert not taken("call-update", {"eventName": "DeleteService"})


def test_the_stacks_own_alarms_do_not_wake_the_responder_and_all_others_do(wired):
    sample = json.loads((ROOT / "events/alarm-responder/single-metric-alarm.json").read_text(encoding="utf-8"))

    def wakes(name, source="aws.cloudwatch"):
        return wakes_the_responder(wired, sample | {"source": source, "detail": sample["detail"] | {"alarmName": name}})

    pages = wired.ministack.client("cloudwatch").get_paginator("describe_alarms").paginate()
    deployed = {alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"]}
    own = {name for name in deployed if name.startswith(f"{account.STACK}-self-")}
    kinds = [resource["Type"] for resource in account.expanded()["Resources"].values()]
    # The test alarm of the self-drill is heard like any other.
    assert len(own) == kinds.count("AWS::CloudWatch::Alarm") - 1
    assert f"{account.STACK}-drill" in deployed and wakes(f"{account.STACK}-drill")
    assert not [name for name in own if wakes(name)]
    for name in ("prod-checkout-5xx", "nightshift-checkout-5xx", "a-nightshift-self-alarm", ""):
        assert wakes(name), name
    # A drill may be called as it likes.
    assert wakes(f"{account.STACK}-drill", "nightshift.drill")


def test_an_alarm_on_the_bill_wakes_the_cost_reporter_and_no_other_alarm_does(wired):
    event = json.loads((ROOT / "events/cost-reporter/billing-alarm.json").read_text(encoding="utf-8"))
    assert wakes(wired, "cost-reporter", event, rules=2)
    [metric] = event["detail"]["configuration"]["metrics"]
    metric["metricStat"]["metric"]["namespace"] = "AWS/ECS"
    assert not wakes(wired, "cost-reporter", event, rules=2)


def test_a_notice_wakes_the_notifier_with_its_typed_form(wired):
    wired.ministack.client("sns").publish(
        TopicArn=wired.outputs["NoticeTopicArn"],
        Message=json.dumps({"default": "for people", "lambda": json.dumps({"kind": "notice-typed"})}),
        MessageStructure="json",
    )
    event = woken(wired, "notifier", "notice-typed")["event"]
    assert json.loads(event["Records"][0]["Sns"]["Message"]) == {"kind": "notice-typed"}


def test_a_timer_set_as_the_functions_set_it_wakes_the_verifier(wired):
    variables = at_alias(wired, "alarm-responder")["Environment"]["Variables"]
    verifier = at_alias(wired, "remedy-verifier")["Environment"]["Variables"]
    assert variables["NIGHTSHIFT_TIMER_TARGET"] == verifier["NIGHTSHIFT_TIMER_TARGET"]
    wired.ministack.client("scheduler").create_schedule(
        Name="verify-wiring",
        GroupName=variables["NIGHTSHIFT_TIMER_GROUP"],
        ScheduleExpression=f"at({datetime.now(UTC):%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow={"Mode": "OFF"},
        ActionAfterCompletion="DELETE",
        Target={
            "Arn": variables["NIGHTSHIFT_TIMER_TARGET"],
            "RoleArn": variables["NIGHTSHIFT_TIMER_ROLE"],
            "DeadLetterConfig": {"Arn": variables["NIGHTSHIFT_TIMER_DLQ"]},
            "Input": json.dumps({"check": "timer-wiring"}),
        },
    )
    assert woken(wired, "remedy-verifier", "timer-wiring")["event"] == {"check": "timer-wiring"}


def test_the_ledger_takes_and_finds_an_open_incident(wired):
    dynamodb = wired.ministack.client("dynamodb")
    table = wired.outputs["LedgerTable"]
    item = {
        "pk": {"S": "a"},
        "sk": {"S": "b"},
        "open": {"S": "open"},
        "opened_at": {"S": "2026-11-20T21:00:00Z"},
    }
    dynamodb.put_item(TableName=table, Item=item)
    dynamodb.put_item(TableName=table, Item={"pk": {"S": "a"}, "sk": {"S": "closed"}})
    found = dynamodb.query(
        TableName=table,
        IndexName="open-incidents",
        KeyConditionExpression="#open = :open",
        ExpressionAttributeNames={"#open": "open"},
        ExpressionAttributeValues={":open": {"S": "open"}},
    )
    assert found["Items"] == [item]


def test_a_changed_mode_and_a_changed_policy_reach_the_alias_and_a_halt_outlives_both(wired):
    ssm = wired.ministack.client("ssm")
    halt = at_alias(wired, "alarm-responder")["Environment"]["Variables"]["NIGHTSHIFT_HALT_PARAMETER"]
    # The stack does not own it: CloudFormation sets what it owns back, be it for a changed tag.
    with pytest.raises(ssm.exceptions.ParameterNotFound):
        ssm.get_parameter(Name=halt)
    ssm.put_parameter(Name=halt, Value="halted", Type="String", Overwrite=True)
    first = at_alias(wired, "remedy-verifier")

    redeploy(wired, "asking", {"DefaultMode": "approve"})
    asking = at_alias(wired, "remedy-verifier")
    assert asking["Environment"]["Variables"]["NIGHTSHIFT_DEFAULT_MODE"] == "approve"
    assert asking["Version"] != first["Version"]
    assert asking["Layers"][0]["Arn"] == first["Layers"][0]["Arn"]

    (wired.policy / "nightshift.toml").write_text("# second\n")
    redeploy(wired, "edited", {"DefaultMode": "approve"})
    edited = at_alias(wired, "remedy-verifier")
    assert edited["Layers"][0]["Arn"] != asking["Layers"][0]["Arn"]
    assert edited["Version"] != asking["Version"]

    assert ssm.get_parameter(Name=halt)["Parameter"]["Value"] == "halted"
