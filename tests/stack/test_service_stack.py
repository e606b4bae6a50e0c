"""stacks/service.yaml: what linters say, what its rules refuse, and what it owns."""

import json
import re
import subprocess
import tomllib

import pytest
from companion import BALANCED, EVERYTHING, LEAST, SERVICES, WORKER, Stack
from processes import REGION, ROOT, credentials, tool


def run(*command):
    parts = [str(part) for part in command]
    return subprocess.run(parts, capture_output=True, text=True, env=credentials(), check=False)


# ---- the linters ----


def test_cfn_lint_finds_nothing_in_the_template():
    # W1030: an empty default stands for "none", and a condition leaves out what would use it.
    template = ROOT / "stacks/service.yaml"
    done = run(tool("lint", "cfn-lint"), "--regions", REGION, "--ignore-checks", "W1030", "--template", template)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("kind", SERVICES)
def test_cfn_lint_finds_nothing_in_what_it_comes_to(kind, tmp_path):
    path = tmp_path / "plain.json"
    path.write_text(json.dumps(Stack("service", SERVICES[kind]).plain()))
    done = run(tool("lint", "cfn-lint"), "--regions", REGION, "--template", path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_checkov_fails_exactly_the_checks_that_are_skipped_with_a_reason(tmp_path):
    path = tmp_path / "plain.json"
    path.write_text(json.dumps(Stack("service", EVERYTHING).plain()))
    done = run(
        tool("checkov", "checkov"), "--file", path, "--framework", "cloudformation",
        "--output", "json", "--quiet", "--skip-download",
    )  # fmt: skip
    results = json.loads(done.stdout)["results"]
    failed = {check["check_id"]: check["resource"] for check in results["failed_checks"]}
    skipped = tomllib.loads((ROOT / "tests/stack/stacks.skip.toml").read_text(encoding="utf-8"))["service"]
    assert set(failed) == set(skipped), f"failed: {failed}"


# ---- what it refuses, with a sentence ----


@pytest.mark.parametrize("kind", SERVICES)
def test_a_service_of_any_kind_is_taken(kind):
    assert Stack("service", SERVICES[kind]).refused() == []


IMPOSSIBLE = [
    (LEAST, "Either LoadBalancer with TargetGroup or QueueName is needed."),
    (LEAST | {"LoadBalancer": BALANCED["LoadBalancer"]}, "LoadBalancer needs TargetGroup."),
    (WORKER | {"TargetGroup": BALANCED["TargetGroup"]}, "TargetGroup and SecondTargetGroup need LoadBalancer."),
    (WORKER | {"SecondTargetGroup": BALANCED["TargetGroup"]}, "TargetGroup and SecondTargetGroup need LoadBalancer."),
    (BALANCED | {"SecondTargetGroup": BALANCED["TargetGroup"]}, "SecondTargetGroup must be another one"),
    (WORKER | {"SharedLoadBalancer": "true"}, "SharedLoadBalancer says something of a LoadBalancer"),
    (BALANCED | {"DeadLetterQueueName": "dead"}, "DeadLetterQueueName needs QueueName"),
    (WORKER | {"DeadLetterQueueName": WORKER["QueueName"]}, "DeadLetterQueueName must be another queue"),
    (WORKER | {"CreateLogGroup": "true"}, "CreateLogGroup needs the name"),
    (BALANCED | {"CreateRepository": "true"}, "CreateRepository needs the name"),
    (BALANCED | {"DatabaseConnections": "10"}, "DatabaseConnections needs DatabaseInstance"),
    (BALANCED | {"DependencyTopicArn": EVERYTHING["DependencyTopicArn"]}, "DependencyTopicArn needs DatabaseInstance or"),
]


@pytest.mark.parametrize(("parameters", "sentence"), IMPOSSIBLE, ids=[sentence for _, sentence in IMPOSSIBLE])
def test_what_cannot_be_is_refused_with_a_sentence(parameters, sentence):
    refused = Stack("service", parameters).refused()
    assert any(said.startswith(sentence) for said in refused), refused


def test_every_rule_refuses_something_and_says_it_as_a_sentence():
    said = {one for parameters, _ in IMPOSSIBLE for one in Stack("service", parameters).refused()}
    written = [one for rule in Stack("service", BALANCED).template["Rules"].values() for one in rule["Assertions"]]
    assert said == {one["AssertDescription"] for one in written}
    assert all(re.fullmatch(r"[A-Z].*\.", sentence) for sentence in said)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Cluster", "arn:aws:ecs:eu-west-1:123456789012:cluster/prod"),
        ("Service", 'check"out'),
        ("LoadBalancer", "net/web/50dc6c495c0c9188"),
        ("LoadBalancer", "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/web/50dc6c495c0c9188"),
        ("TargetGroup", "checkout"),
        ("QueueName", "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"),
        ("LogGroup", "/ecs/check out"),
        ("LogGroup", "l" * 151),
        ("RunbookBase", "http://example.com/"),
        ("RunbookBase", "https://example.com/runbooks"),
        ("AlarmTopicArn", "nightshift-AlarmTopic"),
        ("Slo", "99.8"),
        ("Slo", "100"),
        ("MinCapacity", "0"),
        ("ErrorRatio", "5"),
        ("MinFailures", "0"),
        ("MemoryTarget", "91"),
        ("Team", ""),
        ("CacheCluster", "sessions.abc.cache.amazonaws.com"),
    ],
)
def test_a_value_of_another_form_is_refused_by_its_parameter(name, value):
    with pytest.raises(ValueError, match=name):
        Stack("service", EVERYTHING | {name: value})


def test_every_parameter_is_described_grouped_and_says_what_it_must_be():
    template = Stack("service", BALANCED).template
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    assert sorted(name for group in groups for name in group["Parameters"]) == sorted(template["Parameters"])
    for name, spec in template["Parameters"].items():
        assert spec["Description"], name
        assert "AllowedPattern" not in spec or spec["ConstraintDescription"].startswith("must "), name
    missing = {name for name, spec in template["Parameters"].items() if "Default" not in spec}
    assert missing == set(LEAST)


# ---- what it owns, and what it hands over ----


def test_nothing_of_a_service_that_others_own_is_touched_by_default():
    kinds = {one["Type"] for one in Stack("service", SERVICES["scaled-elsewhere"]).resources().values()}
    assert kinds == {f"AWS::CloudWatch::{kind}" for kind in ("Alarm", "CompositeAlarm", "Dashboard")}


def test_a_stack_without_the_roles_needs_no_capability():
    assert not any(one["Type"].startswith("AWS::IAM::") for one in Stack("service", EVERYTHING).resources().values())


MEASURED = {"MemoryTarget": "75", "RequestsPerTarget": "900"}


def scaled_by(stack):
    """The configuration of each scaling policy, by what it measures."""
    policies = stack.of_type("AWS::ApplicationAutoScaling::ScalingPolicy").values()
    found = [policy["TargetTrackingScalingPolicyConfiguration"] for policy in policies]
    return {one["PredefinedMetricSpecification"]["PredefinedMetricType"]: one for one in found}


def test_it_scales_by_processor_alone_until_somebody_has_measured():
    assert set(scaled_by(Stack("service", BALANCED))) == {"ECSServiceAverageCPUUtilization"}
    for name, measure in (("MemoryTarget", "ECSServiceAverageMemoryUtilization"), ("RequestsPerTarget", "ALBRequestCountPerTarget")):
        found = scaled_by(Stack("service", BALANCED | {name: MEASURED[name]}))
        assert set(found) == {"ECSServiceAverageCPUUtilization", measure}
        assert found[measure]["TargetValue"] == MEASURED[name]
    assert scaled_by(Stack("service", BALANCED | MEASURED | {"ManageScaling": "false"})) == {}


def test_the_service_scales_from_two_to_ten_by_three_measures():
    stack = Stack("service", BALANCED | MEASURED)
    [target] = stack.of_type("AWS::ApplicationAutoScaling::ScalableTarget").values()
    assert (target["MinCapacity"], target["MaxCapacity"]) == ("2", "10")
    assert target["ResourceId"] == "service/prod/checkout"
    measures = scaled_by(stack)
    assert set(measures) == {
        "ECSServiceAverageCPUUtilization", "ECSServiceAverageMemoryUtilization", "ALBRequestCountPerTarget",
    }  # fmt: skip
    label = measures["ALBRequestCountPerTarget"]["PredefinedMetricSpecification"]["ResourceLabel"]
    assert label == "app/web/50dc6c495c0c9188/targetgroup/checkout/6d0ecf831eec9f09"
    # Out sooner than in: what is taken away too soon has to start anew.
    assert all(policy["ScaleOutCooldown"] < policy["ScaleInCooldown"] for policy in measures.values())


@pytest.mark.parametrize("kind", ["worker", "blue-green"])
def test_nothing_scales_by_requests_that_aws_does_not_scale_by(kind):
    stack = Stack("service", SERVICES[kind] | MEASURED)
    assert set(scaled_by(stack)) == {"ECSServiceAverageCPUUtilization", "ECSServiceAverageMemoryUtilization"}
    assert "each" not in [entry["Id"] for entry in stack.alarms()["SaturationCeiling"]["Metrics"]]


def test_logs_and_images_outlive_the_stack_and_are_looked_after():
    resources = Stack("service", EVERYTHING).resources("AWS::Logs::LogGroup", "AWS::ECR::Repository")
    assert {one["DeletionPolicy"] for one in resources.values()} == {"RetainExceptOnCreate"}
    assert resources["ServiceLogs"]["Properties"]["RetentionInDays"] == "30"
    images = resources["ServiceImages"]["Properties"]
    assert images["ImageScanningConfiguration"] == {"ScanOnPush": True}
    assert images["ImageTagMutability"] == "IMMUTABLE"
    assert {"Key": "nightshift", "Value": "act"} in images["Tags"]


def test_the_first_lifecycle_rule_is_the_one_that_nightshift_prints():
    images = Stack("service", EVERYTHING).of_type("AWS::ECR::Repository")["ServiceImages"]
    first, *others = json.loads(images["LifecyclePolicy"]["LifecyclePolicyText"])["rules"]
    # As keep-rule writes it; read from its source, which is what people are told to paste.
    source = (ROOT / "shared/lifecycle/src/keep.rs").read_text(encoding="utf-8")
    written = re.search(r"fn first\(tag_prefix: &str\) -> Value \{\s*json!\((\{.*?\})\)\s*\}", source, re.DOTALL)[1]
    never = re.search(r"const NEVER: u32 = (\d+);", source)[1]
    written = written.replace("tag_prefix", '"nightshift-keep-"').replace("NEVER", never)
    assert first == json.loads(re.sub(r",(\s*[}\]])", r"\1", written))
    assert [rule["rulePriority"] for rule in others] == [2, 3]


def test_the_outputs_are_ready_to_use():
    stack = Stack("service", BALANCED | {"Mode": "act", "Tier": "1", "Repository": "shop/checkout"})
    outputs = stack.outputs()
    assert outputs["OptIn"] == (
        "aws ecs tag-resource --region eu-west-1"
        " --resource-arn arn:aws:ecs:eu-west-1:123456789012:service/prod/checkout"
        " --tags key=nightshift,value=act key=nightshift:stack,value=nightshift"
        " key=environment,value=production key=tier,value=1 key=team,value=payments"
    )
    assert outputs["DashboardUrl"].endswith("#dashboards/dashboard/prod-checkout-eu-west-1")
    assert outputs["KeepLogs"].endswith("--log-group-name /ecs/checkout --retention-in-days 30")
    assert outputs["ScanImages"].endswith("--repository-name shop/checkout --image-scanning-configuration scanOnPush=true")
    # A composite that is set by hand stays so until a child changes.
    states = re.findall(r"--alarm-name prod-checkout-unwell --state-value (\w+)", outputs["Drill"])
    assert states == ["ALARM", "OK"]
    configuration = json.loads(outputs["DeploymentConfiguration"])
    assert configuration["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
    names = {alarm["AlarmName"] for alarm in stack.of_type("AWS::CloudWatch::Alarm").values()}
    assert configuration["alarms"]["alarmNames"] == outputs["DeploymentAlarms"].split(",")
    assert set(configuration["alarms"]["alarmNames"]) <= names
