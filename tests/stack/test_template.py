"""What must hold of template.yaml before anything is deployed.

cfn-lint and checkov read the expanded template (see expand.py): on raw SAM the
first checks shapes only, and the second misses every role and permission.
"""

import json
import re
import subprocess
import tomllib
from functools import cache

import account
import pytest
from processes import REGION, ROOT, credentials, tool

expanded = cache(account.expanded)


def of_type(kind, *overrides):
    """The expanded resources of one type, by logical id."""
    return {
        name: resource.get("Properties", {})
        for name, resource in expanded(*overrides)["Resources"].items()
        if resource["Type"] == kind
    }


def parameters_in(value):
    """The template parameters that a value refers to, by Ref or Fn::Sub."""
    named = set(re.findall(r'"Ref": "(\w+)"', json.dumps(value)))
    named |= set(re.findall(r"\$\{(\w+)\}", json.dumps(value)))
    return named & set(expanded()["Parameters"])


def statements():
    """Every statement of every identity policy, with the name of its resource."""
    for kind in ("AWS::IAM::Role", "AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"):
        for name, properties in of_type(kind).items():
            policies = properties.get("Policies", [properties])
            for policy in policies:
                for statement in policy["PolicyDocument"]["Statement"]:
                    yield name, statement


def listed(value):
    return value if isinstance(value, list) else [value]


def run(*command, **kwargs):
    return subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        env=credentials(),
        check=False,
        **kwargs,
    )


# ---- the linters ----


def test_the_sam_cli_accepts_the_template():
    done = run(tool("sam", "sam"), "validate", "--lint", cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("canary", ["false", "true"])
def test_cfn_lint_finds_nothing_in_the_expanded_template(canary, tmp_path):
    path = tmp_path / "expanded.json"
    path.write_text(json.dumps(expanded(f"Canary={canary}")))
    # W2001: parameter Canary is used by the transform, and so no more after it.
    done = run(
        tool("lint", "cfn-lint"), "--regions", REGION, "--ignore-checks", "W2001",
        "--template", path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_checkov_fails_exactly_the_checks_that_are_skipped_with_a_reason(tmp_path):
    path = tmp_path / "expanded.json"
    path.write_text(json.dumps(expanded()))
    done = run(
        tool("checkov", "checkov"), "--file", path, "--framework", "cloudformation",
        "--output", "json", "--quiet", "--skip-download",
    )  # fmt: skip
    results = json.loads(done.stdout)["results"]
    failed = {check["check_id"]: check["resource"] for check in results["failed_checks"]}
    skip_list = ROOT / "tests/stack/checkov.skip.toml"
    skipped = tomllib.loads(skip_list.read_text(encoding="utf-8"))["skip"]
    assert set(failed) == set(skipped), f"failed: {failed}"


# ---- what no linter knows ----


@pytest.mark.parametrize("function", ["AlarmResponder", "RemedyVerifier", "Notifier"])
@pytest.mark.parametrize(
    "change",
    ["PolicyLayer.ContentUri=s3://packaged/other-policy", "{}.CodeUri=s3://packaged/other-code"],
)
def test_a_changed_policy_and_changed_code_each_make_a_new_version(function, change):
    def version(*overrides):
        names = of_type("AWS::Lambda::Version", *overrides)
        return next(name for name in names if name.startswith(function))

    assert version() != version(change.format(function))


def test_a_changed_parameter_makes_a_new_version_of_the_functions_that_read_it():
    # SAM hashes the Ref, not its value; the version's description, which CloudFormation
    # replaces a version for, must therefore name each such parameter.
    versions = of_type("AWS::Lambda::Version")
    for name, function in of_type("AWS::Lambda::Function").items():
        read = parameters_in(function["Environment"])
        version = next(properties for key, properties in versions.items() if key.startswith(name))
        assert read, f"{name} reads no parameter; is the test looking at the right place?"
        assert parameters_in(version["Description"]) == read, name


def test_a_version_description_fits_lambdas_256_characters():
    limits = {name: spec.get("MaxLength", 20) for name, spec in expanded()["Parameters"].items()}
    for name, version in of_type("AWS::Lambda::Version").items():
        text = version["Description"]["Fn::Sub"]
        longest = len(re.sub(r"\$\{\w+\}", "", text)) + sum(limits[p] for p in parameters_in(text))
        assert longest <= 256, name


def test_every_rule_drops_an_event_after_minutes_into_a_queue_that_lets_rules_in():
    rules = of_type("AWS::Events::Rule")
    assert len(rules) == 2
    welcoming = {
        queue["Ref"]
        for policy in of_type("AWS::SQS::QueuePolicy").values()
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Principal"] == {"Service": "events.amazonaws.com"}
        for queue in policy["Queues"]
    }
    for name, rule in rules.items():
        for target in rule["Targets"]:
            assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] <= 900, name
            assert target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0] in welcoming, name


def test_every_subscription_of_a_function_has_a_queue_that_lets_its_topic_in():
    policies = of_type("AWS::SQS::QueuePolicy").values()
    lambdas = [s for s in of_type("AWS::SNS::Subscription").values() if s["Protocol"] == "lambda"]
    assert len(lambdas) == 2
    for subscription in lambdas:
        queue = subscription["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
        topics = [
            statement["Condition"]["ArnEquals"]["aws:SourceArn"]
            for policy in policies
            if {"Ref": queue} in policy["Queues"]
            for statement in policy["PolicyDocument"]["Statement"]
            if statement["Principal"] == {"Service": "sns.amazonaws.com"}
        ]
        assert subscription["TopicArn"] in topics, queue


def test_what_remedies_retries_for_minutes_and_what_fails_is_kept():
    configs = of_type("AWS::Lambda::EventInvokeConfig")
    assert len(configs) == 3
    for name, config in configs.items():
        assert config["Qualifier"] == "live", name
        assert config["DestinationConfig"]["OnFailure"]["Destination"], name
        if not name.startswith("Notifier"):
            assert config["MaximumEventAgeInSeconds"] <= 900, name


def test_every_function_logs_to_a_group_of_its_own_that_forgets():
    groups = of_type("AWS::Logs::LogGroup")
    used = {f["LoggingConfig"]["LogGroup"]["Ref"] for f in of_type("AWS::Lambda::Function").values()}
    assert used == set(groups) and len(used) == 3
    assert all(group["RetentionInDays"] for group in groups.values())


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


def test_no_identity_policy_writes_to_everything():
    reading = re.compile(r"^[\w-]+:(Describe|List|Get)\w+$|^xray:Put\w+$")
    for name, statement in statements():
        for action in listed(statement["Action"]):
            assert "*" not in action, (name, action)
            assert "*" not in listed(statement["Resource"]) or reading.match(action), (name, action)


def test_iam_lets_nobody_change_a_service_that_has_not_opted_in():
    changing = ("ecs:UpdateService", "ecs:StopServiceDeployment")
    found = 0
    for name, statement in statements():
        actions = set(listed(statement["Action"]))
        if not actions & set(changing):
            continue
        found += 1
        resource = json.dumps(statement["Resource"])
        # On a deployment itself no tag can be asked for; its service asks.
        if ":service-deployment/" in resource:
            assert actions == {"ecs:StopServiceDeployment"}, name
            continue
        assert statement["Condition"]["StringEquals"] == {"aws:ResourceTag/nightshift": ["act", "approve"]}
        assert resource.endswith(':service/*"}'), resource
    assert found == 2


def test_a_service_principal_is_held_to_this_account():
    for kind in ("AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy"):
        for name, policy in of_type(kind).items():
            for statement in policy["PolicyDocument"]["Statement"]:
                if "Service" in statement["Principal"]:
                    assert "aws:Source" in json.dumps(statement["Condition"]), (name, statement["Sid"])
    for name, permission in of_type("AWS::Lambda::Permission").items():
        assert permission["SourceArn"], name
        assert permission["FunctionName"]["Ref"].endswith("Aliaslive"), name


def test_no_topic_has_a_key_that_alarms_cannot_use():
    topics = of_type("AWS::SNS::Topic")
    assert len(topics) == 3
    assert not any("KmsMasterKeyId" in topic for topic in topics.values())


def test_every_parameter_is_described_and_has_a_default():
    for name, parameter in expanded()["Parameters"].items():
        assert parameter["Description"] and "Default" in parameter, name
    assert expanded()["Parameters"]["DefaultMode"]["Default"] == "observe"
