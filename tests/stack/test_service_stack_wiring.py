"""stacks/service.yaml beside the main stack: which alarm reaches alarm-responder, and how.

Both are deployed on ministack by the SAM CLI, as people do it; the functions of the main stack
are the recorder. What ministack's CloudFormation refuses (composites, alarms on metric math,
scaling) is taken out of the template and made through the API with the template's own
properties, and the run says what that was.
"""

import json
import subprocess
from types import SimpleNamespace

import boto3
import pytest
from companion import EVERYTHING, LEAST, Stack
from moto import mock_aws
from processes import REGION, ROOT, credentials, tool, until
from test_wiring import wakes_the_responder, wired  # noqa: F401 - a fixture

NAME = "prod-checkout"
SAMPLE = json.loads((ROOT / "events/alarm-responder/single-metric-alarm.json").read_text(encoding="utf-8"))


def refused(resource):
    """Whether ministack's CloudFormation refuses it, measured with each type alone."""
    kind = resource["Type"]
    return kind == "AWS::CloudWatch::CompositeAlarm" or "Metrics" in resource["Properties"] or "AutoScaling" in kind


def sam_deploy(ministack, template, parameters, name=NAME):
    command = [
        tool("sam", "sam"), "deploy", "--template-file", template, "--config-file", ROOT / "samconfig.toml",
        "--stack-name", name, "--region", REGION, "--no-confirm-changeset", "--no-progressbar",
        "--parameter-overrides", *(f"{key}={value}" for key, value in parameters.items()),
    ]  # fmt: skip
    return subprocess.run(
        [str(part) for part in command], cwd=template.parent, capture_output=True, text=True, timeout=300, check=False,
        env=credentials() | {"AWS_ENDPOINT_URL": ministack.url},
    )  # fmt: skip


@pytest.fixture(scope="module")
def service(wired, tmp_path_factory):  # noqa: F811
    """The service's stack, everything on, and what was left to the API."""
    sns = wired.ministack.client("sns")
    sqs = wired.ministack.client("sqs")
    owner = sns.create_topic(Name="databases")["TopicArn"]
    queue = sqs.create_queue(QueueName="heard")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=owner, Protocol="sqs", Endpoint=arn)
    number = wired.ministack.client("sts").get_caller_identity()["Account"]
    parameters = EVERYTHING | {"AlarmTopicArn": wired.outputs["AlarmTopicArn"], "DependencyTopicArn": owner}
    stack = Stack("service", parameters, account=number)
    left_out = {name: one for name, one in stack.resources().items() if refused(one)}
    template = tmp_path_factory.mktemp("service") / "template.json"
    template.write_text(json.dumps(stack.without(left_out)), encoding="utf-8")
    done = sam_deploy(wired.ministack, template, parameters)
    assert done.returncode == 0, done.stdout + done.stderr
    by_api(wired.ministack.client("cloudwatch"), left_out)
    return SimpleNamespace(
        stack=stack, left_out=left_out, template=template, heard=lambda: sqs.receive_message(QueueUrl=queue).get("Messages"),
        cloudwatch=wired.ministack.client("cloudwatch"),
    )  # fmt: skip


def by_api(cloudwatch, left_out):
    """Makes the alarms that CloudFormation refused, composites last: they need their children."""
    alarms = [one for one in left_out.values() if one["Type"].startswith("AWS::CloudWatch::")]
    for alarm in sorted(alarms, key=lambda one: (one["Type"].endswith("CompositeAlarm"), "ActionsSuppressor" in one["Properties"])):
        properties = dict(alarm["Properties"])
        if "Threshold" in properties:
            properties["Threshold"] = float(properties["Threshold"])
            properties["EvaluationPeriods"] = int(properties["EvaluationPeriods"])
        composite = alarm["Type"].endswith("CompositeAlarm")
        (cloudwatch.put_composite_alarm if composite else cloudwatch.put_metric_alarm)(**properties)


def described(service, name):
    found = service.cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    [alarm] = found["MetricAlarms"] + found["CompositeAlarms"]
    return alarm


def sets(service, name, state):
    service.cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="a drill")


def quiet(service):
    """Every alarm OK, as on a good night."""
    alarms = service.stack.alarms().values()
    for alarm in sorted(alarms, key=lambda alarm: "AlarmRule" in alarm):
        sets(service, alarm["AlarmName"], "OK")
    ringing = [f"{NAME}-unwell", f"{NAME}-strained"]
    until("quiet", lambda: all(described(service, name)["StateValue"] == "OK" for name in ringing))


def by_topic(wired, name):  # noqa: F811
    """The SNS message by which alarm-responder heard that an alarm rings."""
    for line in wired.record.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        for one in record["event"].get("Records", []):
            message = json.loads(one["Sns"]["Message"])
            if record["function"].endswith("-alarm-responder") and message.get("AlarmName") == name:
                if message["NewStateValue"] == "ALARM":
                    return message
    return None


def test_the_stack_is_deployed_but_for_what_the_emulator_lacks(service):
    kinds = {one["Type"] for one in service.left_out.values()}
    print("left out of CloudFormation, made through the API or (scaling) by moto:", ", ".join(sorted(service.left_out)))
    assert kinds == {
        "AWS::CloudWatch::CompositeAlarm", "AWS::CloudWatch::Alarm",
        "AWS::ApplicationAutoScaling::ScalableTarget", "AWS::ApplicationAutoScaling::ScalingPolicy",
    }  # fmt: skip
    assert len(service.stack.resources()) - len(service.left_out) >= 16


def test_cloudformation_reads_the_template_as_these_tests_do(service):
    # Two readers of one language: ministack's own, and the tests' (companion.py).
    compared = ("AlarmDescription", "ActionsEnabled", "MetricName", "Dimensions", "Period", "EvaluationPeriods", "AlarmActions")
    made = {k: p for k, p in service.stack.of_type("AWS::CloudWatch::Alarm").items() if k not in service.left_out}
    for name, alarm in made.items():
        found = described(service, alarm["AlarmName"])
        assert {key: found[key] for key in compared} == {key: alarm.get(key, []) for key in compared}, name
        assert found["Threshold"] == float(alarm["Threshold"]), name
    assert len(made) == 14
    [dashboard] = service.stack.of_type("AWS::CloudWatch::Dashboard").values()
    body = service.cloudwatch.get_dashboard(DashboardName=dashboard["DashboardName"])["DashboardBody"]
    assert json.loads(body) == json.loads(dashboard["DashboardBody"])


def test_impossible_parameters_stop_the_deployment_with_the_sentence(wired, service):  # noqa: F811
    done = sam_deploy(wired.ministack, service.template, LEAST, name="impossible")
    assert done.returncode != 0
    assert "Either LoadBalancer with TargetGroup or QueueName is needed." in done.stdout + done.stderr


def test_every_alarm_reaches_the_responder_or_is_taken_by_its_rule_and_says_what_it_is(wired, service):  # noqa: F811
    quiet(service)
    for name, alarm in service.stack.alarms().items():
        said = json.loads(described(service, alarm["AlarmName"])["AlarmDescription"])
        if "dependency_of" in said:
            continue
        assert (said["cluster"], said["service"]) == ("prod", "checkout") and said["signal"], name
        # By EventBridge come all of them, as AWS would send it.
        assert wakes_the_responder(wired, SAMPLE | {"detail": SAMPLE["detail"] | {"alarmName": alarm["AlarmName"]}}), name
    # By the topic come the two that have actions. "Strained" first: it is silent while the other rings.
    for name in (f"{NAME}-strained", f"{NAME}-unwell"):
        sets(service, name, "ALARM")
        message = until(f"{name} at alarm-responder", lambda: by_topic(wired, name))
        assert json.loads(message["AlarmDescription"])["service"] == "checkout"
        quiet(service)


def test_a_dependency_reaches_its_owner(service):
    name = f"{NAME}-dependency-database-storage"
    sets(service, name, "ALARM")

    def told():
        bodies = [json.loads(message["Body"])["Message"] for message in service.heard() or []]
        return [one for one in bodies if f'"{name}"' in one and '"ALARM"' in one]

    until("message about the database", told)
    sets(service, name, "OK")


RINGS = [
    (["errors-ratio"], "unwell"),
    (["errors-burn-1h", "errors-burn-5m"], "unwell"),
    (["errors-burn-6h", "errors-burn-30m"], "unwell"),
    (["latency-p99-second"], "unwell"),
    (["traffic-drop"], "unwell"),
    (["latency-queue-age"], "unwell"),
    (["errors-dead-letters"], "unwell"),
    (["saturation-tasks-missing"], "strained"),
    (["saturation-backlog"], "strained"),
]
# Neither window alone, nor a drop where there was nothing to lose.
SILENT = [["errors-burn-1h"], ["errors-burn-5m"], ["errors-burn-6h", "errors-burn-5m"], ["traffic-quiet", "traffic-drop"]]


@pytest.mark.parametrize(("parts", "whole"), RINGS, ids=["+".join(parts) for parts, _ in RINGS])
def test_what_goes_wrong_rings_as_one_alarm(service, parts, whole):
    quiet(service)
    for part in parts:
        sets(service, f"{NAME}-{part}", "ALARM")
    until(f"{whole} in ALARM", lambda: described(service, f"{NAME}-{whole}")["StateValue"] == "ALARM")
    other = {"unwell": "strained", "strained": "unwell"}[whole]
    assert described(service, f"{NAME}-{other}")["StateValue"] == "OK"


@pytest.mark.parametrize("parts", SILENT, ids=["+".join(parts) for parts in SILENT])
def test_what_proves_nothing_rings_nobody(service, parts):
    quiet(service)
    for part in parts:
        sets(service, f"{NAME}-{part}", "ALARM")
    # The composites are judged when a child changes: one more change, and they have been.
    sets(service, f"{NAME}-saturation-cpu", "ALARM")
    until("strained in ALARM", lambda: described(service, f"{NAME}-strained")["StateValue"] == "ALARM")
    assert described(service, f"{NAME}-unwell")["StateValue"] == "OK"


@mock_aws
def test_scaling_is_taken_as_the_template_says_it():
    stack = Stack("service", EVERYTHING | {"SecondTargetGroup": "", "MemoryTarget": "75", "RequestsPerTarget": "900"})
    ecs = boto3.client("ecs", REGION)
    ecs.create_cluster(clusterName="prod")
    image = {"name": "app", "image": "app", "memory": 512}
    ecs.register_task_definition(family="checkout", containerDefinitions=[image])
    ecs.create_service(cluster="prod", serviceName="checkout", taskDefinition="checkout", desiredCount=2)
    scaling = boto3.client("application-autoscaling", REGION)
    [target] = stack.of_type("AWS::ApplicationAutoScaling::ScalableTarget").values()
    bounds = {key: int(target[key]) for key in ("MinCapacity", "MaxCapacity")}
    scaling.register_scalable_target(**target | bounds)
    of_target = {key: target[key] for key in ("ServiceNamespace", "ScalableDimension", "ResourceId")}
    for policy in stack.of_type("AWS::ApplicationAutoScaling::ScalingPolicy").values():
        configuration = dict(policy["TargetTrackingScalingPolicyConfiguration"])
        configuration["TargetValue"] = float(configuration["TargetValue"])
        scaling.put_scaling_policy(
            **of_target, PolicyName=policy["PolicyName"], PolicyType=policy["PolicyType"],
            TargetTrackingScalingPolicyConfiguration=configuration,
        )  # fmt: skip
    found = scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    assert {policy["PolicyName"] for policy in found} == {f"{NAME}-cpu", f"{NAME}-memory", f"{NAME}-requests"}


def test_the_accounts_stack_is_refused_in_another_region(wired):  # noqa: F811
    with pytest.raises(Exception, match="Deploy this stack in us-east-1"):
        wired.ministack.client("cloudformation").create_stack(
            StackName="account", TemplateBody=(ROOT / "stacks/account.yaml").read_text(encoding="utf-8"),
            Parameters=[
                {"ParameterKey": "MainRegion", "ParameterValue": REGION},
                {"ParameterKey": "NotificationEmail", "ParameterValue": "you@example.com"},
            ],
        )  # fmt: skip
