"""stacks/account.yaml: what an account needs once, in us-east-1."""

import json
import subprocess
import tomllib

import account as local
import boto3
import pytest
from companion import ACCOUNT, Stack
from processes import ROOT, credentials, tool, until
from template import of_type

LEAST = {"MainRegion": "eu-west-1", "NotificationEmail": "you@example.com"}
EVERYTHING = LEAST | {"BillAbove": "1000", "MonthlyBudget": "1500", "CostAnomalyMonitor": "true"}
HERE = EVERYTHING | {"MainRegion": "us-east-1"}
MAIN_BUS = f"arn:aws:events:eu-west-1:{ACCOUNT}:event-bus/default"


def account(parameters, region="us-east-1"):
    return Stack("account", parameters, stack="nightshift-account", region=region)


def run(*command):
    parts = [str(part) for part in command]
    return subprocess.run(parts, capture_output=True, text=True, env=credentials(), check=False)


def test_cfn_lint_finds_nothing_in_the_template():
    done = run(tool("lint", "cfn-lint"), "--regions", "us-east-1", "--template", ROOT / "stacks/account.yaml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_checkov_fails_exactly_the_checks_that_are_skipped_with_a_reason(tmp_path):
    path = tmp_path / "plain.json"
    path.write_text(json.dumps(account(EVERYTHING).plain()))
    done = run(
        tool("checkov", "checkov"), "--file", path, "--framework", "cloudformation",
        "--output", "json", "--quiet", "--skip-download",
    )  # fmt: skip
    failed = {check["check_id"] for check in json.loads(done.stdout)["results"]["failed_checks"]}
    skipped = tomllib.loads((ROOT / "tests/stack/stacks.skip.toml").read_text(encoding="utf-8"))["account"]
    assert failed == set(skipped)


def test_another_region_is_refused_with_a_sentence():
    assert account(LEAST).refused() == []
    [sentence] = account(LEAST, region="eu-west-1").refused()
    assert sentence.startswith("Deploy this stack in us-east-1.")


@pytest.mark.parametrize(
    ("name", "value"),
    [("MainRegion", "Ireland"), ("NotificationEmail", ""), ("BillAbove", "0"), ("MonthlyBudget", "1,500")],
)
def test_a_value_of_another_form_is_refused_by_its_parameter(name, value):
    with pytest.raises(ValueError, match=name):
        account(EVERYTHING | {name: value})


def test_every_parameter_is_described_and_grouped():
    template = account(LEAST).template
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    assert sorted(name for group in groups for name in group["Parameters"]) == sorted(template["Parameters"])
    assert all(spec["Description"] for spec in template["Parameters"].values())


def test_what_costs_or_can_be_there_once_is_off_by_default():
    kinds = {one["Type"] for one in account(LEAST).resources().values()}
    assert not kinds & {"AWS::Budgets::Budget", "AWS::CE::AnomalyMonitor", "AWS::CE::AnomalySubscription"}


def test_the_budget_tells_the_main_stack_where_its_topic_is_named():
    topic = f"arn:aws:sns:eu-west-1:{ACCOUNT}:nightshift-CostTopic-1"
    budget = account(EVERYTHING | {"CostTopicArn": topic}).of_type("AWS::Budgets::Budget")["Budget"]
    told = [one["Address"] for n in budget["NotificationsWithSubscribers"] for one in n["Subscribers"]]
    assert told == [topic, topic]
    # It is the main stack's to let budgets in.
    [policy] = [one for one in of_type("AWS::SNS::TopicPolicy").values() if "CostTopic" in json.dumps(one["Topics"])]
    services = [s["Principal"]["Service"] for s in policy["PolicyDocument"]["Statement"] if "Service" in s["Principal"]]
    assert "budgets.amazonaws.com" in services


def test_whoever_watches_costs_may_publish_and_is_held_to_this_account():
    stack = account(EVERYTHING)
    assert stack.of_type("AWS::SNS::Topic") == {"BillTopic": {}}
    [policy] = stack.of_type("AWS::SNS::TopicPolicy").values()
    services = {s["Principal"]["Service"]: s for s in policy["PolicyDocument"]["Statement"] if "Service" in s["Principal"]}
    assert set(services) == {"costalerts.amazonaws.com", "budgets.amazonaws.com", "cloudwatch.amazonaws.com"}
    for service, statement in services.items():
        assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNT}, service
    told = [alarm["AlarmActions"] for alarm in stack.of_type("AWS::CloudWatch::Alarm").values()]
    told += [one["Address"] for n in stack.of_type("AWS::Budgets::Budget")["Budget"]["NotificationsWithSubscribers"] for one in n["Subscribers"]]
    told += [one["Address"] for one in stack.of_type("AWS::CE::AnomalySubscription")["AnomalySubscription"]["Subscribers"]]
    assert all(one in ("BillTopic", ["BillTopic"]) for one in told) and len(told) == 5


def test_the_bill_rings_above_its_bound_and_stays_as_it_is_between_two_estimates():
    alarm = account(EVERYTHING).of_type("AWS::CloudWatch::Alarm")["BillAlarm"]
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Threshold"]) == ("AWS/Billing", "EstimatedCharges", "1000")
    assert alarm["TreatMissingData"] == "ignore" and "1000 USD" in alarm["AlarmDescription"]
    assert "BillAlarm" not in account(LEAST).of_type("AWS::CloudWatch::Alarm")


def test_what_is_known_in_us_east_1_alone_goes_on_to_the_main_bus_and_nowhere_else():
    stack = account(EVERYTHING)
    rules = stack.of_type("AWS::Events::Rule")
    assert {rule["EventPattern"]["source"][0] for rule in rules.values()} == {"aws.ce", "aws.cloudwatch"}
    # Every alarm on the bill, whoever made it, and no other alarm of the Region.
    metric = rules["BillAlarmForward"]["EventPattern"]["detail"]["configuration"]["metrics"]["metricStat"]["metric"]
    assert metric == {"namespace": ["AWS/Billing"]}
    for name, rule in rules.items():
        [target] = rule["Targets"]
        assert (target["Arn"], target["RoleArn"]) == (MAIN_BUS, "ForwardRole.Arn"), name
        assert target["DeadLetterConfig"]["Arn"] == "ForwardDlq.Arn", name
    [role] = stack.of_type("AWS::IAM::Role").values()
    [trust] = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    [policy] = role["Policies"]
    [statement] = policy["PolicyDocument"]["Statement"]
    assert (statement["Action"], statement["Resource"]) == ("events:PutEvents", MAIN_BUS)
    [queue] = stack.of_type("AWS::SQS::QueuePolicy").values()
    [lets_in] = queue["PolicyDocument"]["Statement"]
    assert lets_in["Principal"] == {"Service": "events.amazonaws.com"} and lets_in["Condition"]


def test_a_main_stack_in_us_east_1_hears_all_without_being_forwarded_to():
    # A rule that sends to its own bus would hear itself.
    kinds = {one["Type"] for one in account(HERE).resources().values()}
    assert not kinds & {"AWS::Events::Rule", "AWS::IAM::Role", "AWS::SQS::Queue"}


def test_the_main_stack_takes_what_is_forwarded():
    forwarded = [rule["EventPattern"] for rule in account(LEAST).of_type("AWS::Events::Rule").values()]
    taken = [rule["EventPattern"] for name, rule in of_type("AWS::Events::Rule").items() if name.startswith("CostReporter")]
    assert len(forwarded) == 2 and all(pattern in taken for pattern in forwarded)


def test_every_statement_names_its_actions_and_a_resource_or_a_condition():
    stack = account(EVERYTHING)
    documents = [policy["PolicyDocument"] for kind in ("AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy")
                 for policy in stack.of_type(kind).values()]  # fmt: skip
    documents += [policy["PolicyDocument"] for role in stack.of_type("AWS::IAM::Role").values() for policy in role["Policies"]]
    statements = [statement for document in documents for statement in document["Statement"]]
    assert len(statements) == 6
    for statement in statements:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert statement["Effect"] == "Allow" and not any("*" in action for action in actions), statement
        assert statement["Resource"] != "*" or statement["Condition"], statement


def test_what_no_template_can_set_is_printed_as_the_next_steps():
    outputs = account(EVERYTHING).outputs()
    commands = {name: value for name, value in outputs.items() if name.startswith("Next")}
    assert set(commands) == {
        "NextBillingAlerts", "NextContainerInsights", "NextTagAuthorization", "NextTaskRetirement", "NextCostTag",
    }  # fmt: skip
    settings = [value for value in commands.values() if "put-account-setting-default" in value]
    # In the Region of the services, not in this one.
    assert len(settings) == 3 and all("--region eu-west-1" in value for value in settings)
    assert "NextBillingAlerts" not in account(LEAST).outputs()


# ---- on the emulated account, in us-east-1 ----


@pytest.fixture(scope="module")
def deployed(tmp_path_factory):
    """Clients of us-east-1 by service, with the stack there; ministack lacks budgets and anomaly monitors."""
    ministack = local.Ministack(tmp_path_factory.mktemp("account"))
    try:
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}

        def client(service):
            return boto3.client(service, "us-east-1", endpoint_url=ministack.url, **keys)

        template = Stack("account", EVERYTHING, region="us-east-1").template
        lacking = [name for name, one in template["Resources"].items() if one["Type"].startswith(("AWS::Budgets", "AWS::CE"))]
        print("left out:", ", ".join(lacking))
        # What stands behind parameters that are off is refused all the same.
        body = template | {"Resources": {k: v for k, v in template["Resources"].items() if k not in lacking}}
        wanted = EVERYTHING | {"MonthlyBudget": "", "CostAnomalyMonitor": "false"}
        client("cloudformation").create_stack(
            StackName="nightshift-account", TemplateBody=json.dumps(body), Capabilities=["CAPABILITY_IAM"],
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in wanted.items()],
        )  # fmt: skip

        def status():
            return client("cloudformation").describe_stacks(StackName="nightshift-account")["Stacks"][0]["StackStatus"]

        until("stack of the account", lambda: status() == "CREATE_COMPLETE", seconds=60)
        yield client
    finally:
        ministack.stop()


def test_a_bill_above_its_bound_is_told_and_goes_on_to_the_main_bus(deployed):
    sns, sqs, cloudwatch = deployed("sns"), deployed("sqs"), deployed("cloudwatch")
    [stack] = deployed("cloudformation").describe_stacks(StackName="nightshift-account")["Stacks"]
    topic = next(one["OutputValue"] for one in stack["Outputs"] if one["OutputKey"] == "BillTopicArn")
    endpoints = [one["Endpoint"] for one in sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]]
    assert endpoints == [LEAST["NotificationEmail"]]
    queue = sqs.create_queue(QueueName="heard")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    cloudwatch.set_alarm_state(AlarmName="nightshift-account-bill", StateValue="ALARM", StateReason="a drill")
    heard = until("message about the bill", lambda: sqs.receive_message(QueueUrl=queue).get("Messages"))
    message = json.loads(json.loads(heard[0]["Body"])["Message"])
    assert (message["AlarmName"], message["NewStateValue"]) == ("nightshift-account-bill", "ALARM")

    events = deployed("events")
    event = json.loads((ROOT / "events/cost-reporter/billing-alarm.json").read_text(encoding="utf-8"))
    other = json.loads((ROOT / "events/alarm-responder/alarm-with-tags.json").read_text(encoding="utf-8"))
    anomaly = json.loads((ROOT / "events/cost-reporter/anomaly.json").read_text(encoding="utf-8"))
    rules = events.list_rules()["Rules"]
    targets = {t["Arn"] for rule in rules for t in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]}
    # ministack's account is another.
    assert len(rules) == 2 and {target.split(":")[3] + target.split(":", 5)[5] for target in targets} == {
        MAIN_BUS.split(":")[3] + MAIN_BUS.split(":", 5)[5]
    }

    def taken(one):
        text = json.dumps(one)
        return sum(events.test_event_pattern(EventPattern=rule["EventPattern"], Event=text)["Result"] for rule in rules)

    assert (taken(event), taken(other), taken(anomaly)) == (1, 0, 1)
