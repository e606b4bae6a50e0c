"""The self-drill by wire: the stack's own test alarm goes all the way to the notifier, with
the real binaries and under the template's roles, and nobody is told.

ministack's Scheduler knows no universal target, so the alarm is set here as its schedule
would set it; and it sends no event of aws.cloudwatch, so the bus gets the one of a drill.
"""

import json
from datetime import UTC, datetime

import account
from night import SWEEPS
from processes import REGION, until

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
