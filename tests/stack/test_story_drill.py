"""Drills by wire, with the real binaries and under the template's roles.

`nightshift drill` rings the alarms of a service, and sees its incident arrive and end. The
self-drill's own test alarm goes all the way to the notifier, and nobody is told.

ministack's Scheduler knows no universal target, so the alarm is set here as its schedule
would set it; and it sends no event of aws.cloudwatch, so the bus gets the one of a drill.
"""

import json
import signal
import subprocess
from datetime import UTC, datetime

import account
import pytest
from night import SWEEPS
from processes import REGION, Child, binary, credentials, until

ALARM = f"{account.STACK}-drill"


def counted(night, function):
    """What a function counted so far, by name."""
    return {name for line in night.metrics(function) for name in line}


def as_scheduled(night):
    """Sets the alarm with what the deployed schedule says, and back as CloudWatch would."""
    cloudwatch, scheduler = night.client("cloudwatch"), night.client("scheduler")
    (schedule,) = [
        scheduler.get_schedule(Name=one["Name"])
        for one in scheduler.list_schedules(GroupName="default")["Schedules"]
        if one["Target"]["Arn"].endswith(":aws-sdk:cloudwatch:setAlarmState")
    ]
    said = json.loads(schedule["Target"]["Input"])
    assert said["AlarmName"] == ALARM and schedule["State"] == "ENABLED"
    cloudwatch.set_alarm_state(**said)
    cloudwatch.set_alarm_state(AlarmName=ALARM, StateValue="OK", StateReason="the next evaluation")


def as_the_bus_brings_it(night):
    """The same change of state by the rule."""
    number = night.client("sts").get_caller_identity()["Account"]
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    answer = night.client("events").put_events(
        Entries=[{
            "Source": "nightshift.drill",
            "DetailType": "CloudWatch Alarm State Change",
            "Resources": [f"arn:aws:cloudwatch:{REGION}:{number}:alarm:{ALARM}"],
            "Detail": json.dumps({"alarmName": ALARM, "state": {"value": "ALARM", "timestamp": at}}),
        }]
    )  # fmt: skip
    assert answer["FailedEntryCount"] == 0, answer


def test_a_self_drill_reaches_the_notifier_by_either_door_and_nobody_is_told(night):
    before = list(night.chat.sent)
    as_scheduled(night)
    as_the_bus_brings_it(night)
    night.decided("alarm-responder", "self-drill")
    night.decided("remedy-verifier", "self-drill")
    wanted = {"SelfDrill.Sns", "SelfDrill.EventBridge"}
    until("both drills at the notifier", lambda: wanted <= counted(night, "notifier"), seconds=SWEEPS)
    assert "Event.Malformed" not in counted(night, "notifier")
    # Not a word, to anybody.
    assert [sent for sent in night.chat.sent if sent not in before and "drill" in json.dumps(sent.body)] == []
    chat = night.item("incident#self-drill", "chat")
    assert json.loads(chat["document"]["S"])["newest"]["kind"] == "self-drill"
    number = night.client("sts").get_caller_identity()["Account"]
    head = night.item(f"service#{number}/{REGION}/*/self-drill", "head")
    assert json.loads(head["document"]["S"])["incident"] is None
    assert "open" not in head


# ---- nightshift drill ----

# What it rings, by service and scenario: a service that falls ill thrice in half an hour flaps.
RINGS = {
    ("returns", "bad-release"): ["prod-returns-5xx"],
    ("returns", "load"): ["prod-returns-cpu"],
    ("refunds", "dependency"): ["refunds-db-cpu", "prod-refunds-5xx"],
}


def environment(night):
    """The caller's environment: credentials, and where the account is."""
    return credentials() | {
        "AWS_ENDPOINT_URL": night.stack.ministack.url,
        "AWS_ENDPOINT_URL_ECS": night.stack.simulator.url,
    }


def command(service, *arguments):
    return [str(binary("nightshift")), "drill", f"prod/{service}", *arguments]


def drill(night, service, *arguments):
    """Runs it to its end."""
    return subprocess.run(
        command(service, *arguments), env=environment(night), capture_output=True, text=True, timeout=240, check=False
    )


def states(night):
    """The state of each alarm that a drill may ring, and when it last changed."""
    names = sorted({name for rings in RINGS.values() for name in rings})
    alarms = night.client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"]
    return {alarm["AlarmName"]: (alarm["StateValue"], alarm["StateUpdatedTimestamp"]) for alarm in alarms}


def quiet(night):
    return {state for state, _ in states(night).values()} == {"OK"}


def test_without_yes_a_drill_says_what_it_would_do_and_changes_nothing(night):
    before, records = states(night), night.items(night.key("returns"))
    done = drill(night, "returns", "--scenario", "bad-release")
    assert done.returncode == 0, done.stderr
    assert "would set prod-returns-5xx to ALARM, and back to OK in any case" in done.stdout
    assert "Nothing was changed. Add --yes to do it." in done.stdout
    assert "Slack (channel C0LOCAL" in done.stdout and "Paged      nobody" in done.stdout
    assert states(night) == before and night.items(night.key("returns")) == records


@pytest.mark.parametrize(("service", "scenario"), RINGS)
def test_a_drill_rings_sees_its_incident_and_the_end_of_it(night, service, scenario):
    done = drill(night, service, "--scenario", scenario, "--yes", "--json", "--for", "3m")
    report = json.loads(done.stdout or "{}")
    assert done.returncode == 0, (done.stderr, report.get("missing"), report.get("arrived"))
    plan = report["plan"]
    assert [name for name in (plan["dependency"], plan["alarm"]) if name] == RINGS[service, scenario]
    assert report["complete"] and report["missing"] == []
    steps = [arrival["step"] for arrival in report["arrived"] if arrival["step"]]
    assert set(steps) == set(plan["expected"]) and steps[0] == "alarm-set" and steps[-1] == "ended"
    seconds = [arrival["seconds"] for arrival in report["arrived"]]
    assert seconds == sorted(seconds) and seconds[-1] > 1
    # It is what the ledger and the chat have, too.
    assert night.incident(service) is None
    assert any(report["incident"] in json.dumps(sent.body) for sent in list(night.chat.sent))
    assert quiet(night) and night.changes(service) == []


def test_a_drill_that_is_interrupted_sets_its_alarm_back(night, tmp_path):
    child = Child(command("refunds", "--scenario", "load", "--yes"), tmp_path / "drill.log", environment(night))
    try:
        until("alarm that rings", lambda: "prod-refunds-cpu set to ALARM" in child.text())
        child.signal(signal.SIGINT)
        until("end of the drill", lambda: "did not arrive" in child.text() or not child.runs())
    finally:
        child.stop()
    assert quiet(night)
    assert "steps did not arrive:" in child.text() and "checked by remedy-verifier" in child.text(), child.text()
    # What it began is brought to its end all the same.
    until("end of the incident", lambda: night.incident("refunds") is None, seconds=SWEEPS)


def test_what_cannot_be_drilled_is_told_with_its_cure(night):
    def refused(*arguments):
        done = drill(night, "returns", "--scenario", "load", *arguments)
        assert done.returncode == 1, done.stdout
        return done.stderr

    assert "there is no stack" in refused("--stack", "nobody") and "--stack" in refused("--stack", "nobody")
    assert "there is no alarm" in refused("--alarm", "nobody")


def test_an_event_of_a_drill_acts_on_the_drill_service_alone(night):
    # This stack has none: the guard looks, and believes nothing.
    before = night.changes("returns")
    number = night.client("sts").get_caller_identity()["Account"]
    told = {
        "clusterArn": f"arn:aws:ecs:{REGION}:{number}:cluster/prod",
        "taskDefinitionArn": f"arn:aws:ecs:{REGION}:{number}:task-definition/returns:5",
        "lastStatus": "STOPPED", "group": "service:returns", "stopCode": "EssentialContainerExited",
        "stoppedReason": "Essential container in task exited", "containers": [{"name": "app", "exitCode": 1}],
    }  # fmt: skip
    entries = [
        {
            "Source": "nightshift.drill",
            "DetailType": "ECS Task State Change",
            "Detail": json.dumps(told | {"taskArn": f"arn:aws:ecs:{REGION}:{number}:task/prod/drill{n}"}),
        }
        for n in range(4)
    ]
    judged = len(night.decisions("deployment-guard"))
    assert night.client("events").put_events(Entries=entries)["FailedEntryCount"] == 0
    until("four looks of the guard", lambda: len(night.decisions("deployment-guard")) >= judged + 4)
    head = json.loads(night.item(night.key("returns"), "head")["document"]["S"])
    assert all(release["failed"] == 0 for release in head["releases"]), head["releases"]
    assert night.incident("returns") is None and night.changes("returns") == before
