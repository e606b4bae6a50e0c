"""The stories by wire: the real binaries, the real template, the real SDKs.

One night serves the whole file. IAM is enforced with the template's roles for DynamoDB,
SNS, Scheduler, SSM, Secrets Manager and load balancers (account.py says where it is not).
Each story has a service of its own; its alarm is quiet again when the story ends.
"""

import json

import account
from processes import until


def deliver_again(night, incident):
    """Delivers the very event that opened an incident; returns what was decided."""
    error, report = night.invoke("alarm-responder", night.cases(incident)[0]["event"], Qualifier="live")
    assert error is None, report
    return report["plan"]["decision"]["decision"]


def unseen(observed):
    """Every fault in what was observed, as the operation and what came of it."""
    if isinstance(observed, list):
        return [fault for part in observed for fault in unseen(part)]
    if not isinstance(observed, dict):
        return []
    if set(observed) == {"unseen"}:
        # What nobody asked, because it was not needed, is no fault.
        return [] if observed["unseen"]["operation"] == "none" else [observed["unseen"]]
    return [fault for part in observed.values() for fault in unseen(part)]


def test_an_alarm_rolls_a_bad_release_back_and_one_message_says_so(night, rolled_back):
    assert night.changes("checkout") == ["ecs:UpdateService"]
    assert night.task_definition("checkout") == "checkout:42"
    ((ts, text),) = night.roots("checkout")
    assert "checkout:43 → checkout:42" in text
    # Two deliveries, in any order.
    lines = {line.split(" ", 1)[1] for line in night.thread(ts)}
    assert lines == {"rolled back checkout:43 → checkout:42", "rolling back checkout:43 → checkout:42"}
    tokens = {sent.headers["authorization"] for sent in night.chat.sent if "/chat." in sent.path}
    assert tokens == {"Bearer xoxb-local"}, "the secret's"


def test_the_decision_came_by_the_topic_and_saw_everything_under_the_templates_roles(night, rolled_back):
    case = night.cases(rolled_back)[0]
    assert case["function"] == "alarm-responder"
    assert case["event"]["Records"][0]["Sns"]["TopicArn"] == night.stack.outputs["AlarmTopicArn"]
    assert unseen(case["observed"]) == []


def test_the_same_alarm_delivered_again_changes_nothing(night, rolled_back):
    assert deliver_again(night, rolled_back) == "resumed"
    assert night.incident("checkout")["id"] == rolled_back
    assert night.changes("checkout") == ["ecs:UpdateService"]
    assert len(night.roots("checkout")) == 1


def test_a_timer_finds_it_healed_and_edits_the_one_message(night, rolled_back, healed):
    ((ts, _),) = night.roots("checkout")
    assert healed["ts"] == ts
    assert "healed automatically" in healed["text"] and "no human" in healed["text"]
    until("last line of the thread", lambda: "healed" in night.thread(ts)[-1])
    assert "resolved" in night.decisions("remedy-verifier")
    cases = night.cases(rolled_back)
    assert cases[-1]["function"] == "remedy-verifier"
    assert [unseen(case["observed"]) for case in cases] == [[]] * len(cases)
    assert night.changes("checkout") == ["ecs:UpdateService"]
    assert night.pages(rolled_back) == [], "a healed P2 pages nobody"


def test_each_function_left_lines_that_cloudwatch_makes_metrics_of(night, rolled_back, healed):
    def counted(function, metric):
        lines = [line for line in night.metrics(function) if metric in line]
        for line in lines:
            [directive] = line["_aws"]["CloudWatchMetrics"]
            assert (directive["Namespace"], directive["Dimensions"]) == ("Nightshift", [["Stack", "Function"]])
            assert (line["Stack"], line["Function"]) == (account.STACK, function)
            assert line["InvocationTime"] > 0 and line["Ended"] == "Done"
        return lines

    (line,) = counted("alarm-responder", "RemedyTaken.RollBack")
    assert (line["Decision.Remedy"], line["Notice.Acting"], line["Incident"]) == (1, 1, rolled_back)
    assert sum(line["AwsCallTime"]["Counts"]) > 10, "every call is measured"
    assert counted("remedy-verifier", "Decision.Resolved")
    assert counted("notifier", "AwsCallTime")


def test_the_same_alarm_delivered_after_the_end_opens_nothing(night, rolled_back, healed):
    assert deliver_again(night, rolled_back) == "silent"
    assert night.incident("checkout") is None
    assert night.changes("checkout") == ["ecs:UpdateService"]
    assert len(night.roots("checkout")) == 1


def test_a_service_that_has_not_opted_in_is_told_about_and_left_alone(night):
    with night.ringing("search"):
        incident = night.opened("search")
        _, text = night.told("search")
    assert "observing, would roll back search:8 → search:7" in text
    assert night.changes("search") == []
    assert night.task_definition("search") == "search:8"
    assert night.pages(incident) == []


def test_halted_means_no_remedy_and_somebody_is_woken(night):
    ssm = night.client("ssm")
    ssm.put_parameter(Name=night.stack.outputs["HaltParameterName"], Value="halted", Type="String")
    try:
        with night.ringing("basket"):
            incident = night.opened("basket")
            night.told("basket")
            (page,) = until("page", lambda: night.pages(incident))
            assert night.incident("basket")["refusal"]["refusal"] == "Halted"
    finally:
        ssm.delete_parameter(Name=night.stack.outputs["HaltParameterName"])
    assert page["event_action"] == "trigger"
    assert any("Halted" in line for line in page["payload"]["custom_details"]["done"])
    assert night.changes("basket") == []


def test_a_switch_that_iam_keeps_from_being_read_forbids_the_remedy_by_name(night):
    # It also shows that IAM is enforced here, on the function's own role, and that
    # what it denies would be seen.
    targets = "elasticloadbalancing:DescribeTargetHealth"
    denied = {"Effect": "Deny", "Action": ["ssm:GetParameter", targets], "Resource": "*"}
    which = {"RoleName": night.ids["AlarmResponderRole"], "PolicyName": "blindfold"}
    policy = {"Version": "2012-10-17", "Statement": [denied]}
    night.client("iam").put_role_policy(**which, PolicyDocument=json.dumps(policy))
    try:
        with night.ringing("profile"):
            incident = night.opened("profile")
            night.told("profile")
            refusal = night.incident("profile")["refusal"]
            assert (refusal["refusal"], refusal["action"]) == ("NotPermitted", "ssm:GetParameter")
    finally:
        night.client("iam").delete_role_policy(**which)
    assert night.changes("profile") == []
    faults = unseen(night.cases(incident)[0]["observed"])
    assert [(fault["operation"], fault["kind"]) for fault in faults] == [(targets, "denied")]


def test_an_event_that_cannot_be_read_waits_in_the_queue_with_the_field(night):
    # ministack knows the destination of $LATEST alone, and the stack sets the alias's.
    function, awslambda = "nightshift-alarm-responder", night.client("lambda")
    own = awslambda.get_function_event_invoke_config(FunctionName=function, Qualifier="live")
    awslambda.put_function_event_invoke_config(
        FunctionName=function, MaximumRetryAttempts=0, DestinationConfig=own["DestinationConfig"]
    )
    event = {
        "source": "aws.cloudwatch",
        "detail-type": "CloudWatch Alarm State Change",
        "detail": {"alarmName": 3},
    }
    night.invoke("alarm-responder", event, InvocationType="Event")

    def waiting():
        queue = night.ids["AlarmResponderDlq"]
        return night.client("sqs").receive_message(QueueUrl=queue).get("Messages")

    (message,) = until("message in the dead-letter queue", waiting)
    kept = json.loads(message["Body"])
    assert kept["requestPayload"] == event
    assert "detail.alarmName: invalid type" in kept["responsePayload"]["errorMessage"]
