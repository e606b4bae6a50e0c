"""What must hold of template.yaml before anything is deployed.

cfn-lint and checkov read the expanded template (see expand.py): on raw SAM the
first checks shapes only, and the second misses every role and permission.
"""

import json
import re
import subprocess
import tomllib

import pytest
from processes import REGION, ROOT, credentials, tool
from template import expanded, of_type, parameters_in


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


def test_every_region_knows_every_type_of_resource():
    # A type that a Region lacks may fail there even if no resource is made of it, and a stack set always does.
    types = {one["Type"] for one in expanded("Canary=true")["Resources"].values()}
    (schemas,) = (ROOT / ".tools/lint").glob("**/cfnlint/data/schemas/providers")
    known = {path.stem: set(json.loads(path.read_text(encoding="utf-8"))) for path in schemas.glob("*-*-[0-9].json")}
    assert len(known) > 30
    assert {region: types - has for region, has in known.items() if types - has} == {}


def test_a_stack_that_could_not_be_made_leaves_nothing_in_the_way_of_the_next_try():
    for path in ["template.yaml", *(f"stacks/{name}.yaml" for name in ("account", "pipeline", "service"))]:
        policies = re.findall(r"\n    DeletionPolicy: (\w+)", (ROOT / path).read_text(encoding="utf-8"))
        assert set(policies) <= {"RetainExceptOnCreate"}, path


def test_what_outlives_a_stack_is_named_where_it_is_taken_away():
    page = (ROOT / "docs/remove.md").read_text(encoding="utf-8")
    for path in ["template.yaml", *(f"stacks/{name}.yaml" for name in ("account", "pipeline", "service"))]:
        resources = re.split(r"\n  (?=\w+:\n)", (ROOT / path).read_text(encoding="utf-8"))
        left = [text.split(":", 1)[0] for text in resources if "\n    DeletionPolicy:" in text]
        assert [name for name in left if f"`{name}`" not in page] == [], path


def test_every_role_takes_the_boundary_that_an_organisation_demands():
    taken = {"Fn::If": ["HasPermissionsBoundary", {"Ref": "PermissionsBoundaryArn"}, {"Ref": "AWS::NoValue"}]}
    without = [name for name, role in of_type("AWS::IAM::Role").items() if role.get("PermissionsBoundary") != taken]
    assert without == []
    for name in ("account", "pipeline"):
        text = (ROOT / f"stacks/{name}.yaml").read_text(encoding="utf-8")
        assert text.count("Type: AWS::IAM::Role") == text.count("      PermissionsBoundary: !If [HasPermissionsBoundary") == 1


FUNCTIONS = ["AlarmResponder", "DeploymentGuard", "RemedyVerifier", "ImageGuard", "Notifier", "OpsReviewer", "CostReporter"]


@pytest.mark.parametrize("function", FUNCTIONS)
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
        # What the schedules of these two say comes with the event.
        assert bool(read) == (name not in ("OpsReviewer", "ImageGuard")), f"{name} reads {read}: the right place?"
        assert parameters_in(version.get("Description", "")) == read, name


def test_a_version_description_fits_lambdas_256_characters():
    limits = {name: spec.get("MaxLength", 20) for name, spec in expanded()["Parameters"].items()}
    for name, version in of_type("AWS::Lambda::Version").items():
        text = version.get("Description", {}).get("Fn::Sub", "")
        longest = len(re.sub(r"\$\{\w+\}", "", text)) + sum(limits[p] for p in parameters_in(text))
        assert longest <= 256, name


def test_every_rule_drops_an_event_after_minutes_into_a_queue_that_lets_rules_in():
    rules = of_type("AWS::Events::Rule")
    assert len(rules) == 13
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
    assert len(lambdas) == 3
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
    assert len(configs) == len(of_type("AWS::Lambda::Function"))
    for name, config in configs.items():
        assert config["Qualifier"] == "live", name
        assert config["DestinationConfig"]["OnFailure"]["Destination"], name
        if not name.startswith(("Notifier", "OpsReviewer", "CostReporter")):
            assert config["MaximumEventAgeInSeconds"] <= 900, name


def test_every_function_logs_to_a_group_of_its_own_that_forgets():
    groups = of_type("AWS::Logs::LogGroup")
    used = {f["LoggingConfig"]["LogGroup"]["Ref"] for f in of_type("AWS::Lambda::Function").values()}
    assert used == set(groups) and len(used) == len(of_type("AWS::Lambda::Function"))
    assert all(group["RetentionInDays"] for group in groups.values())


# Who wakes whom on a schedule, by the function that the schedule's name begins with.
WAKES = {
    "CostReporter": ("CostReportRole", "CostReporterDlq"),
    "DeploymentGuard": ("SweepRole", "DeploymentGuardDlq"),
    "ImageGuard": ("ImageGuardScheduleRole", "ImageGuardDlq"),
    "OpsReviewer": ("ReportRole", "OpsReviewerDlq"),
    # It wakes no function, but sets an alarm.
    "SelfDrill": ("SelfDrillRole", "TimerDlq"),
}


def test_a_schedule_wakes_its_function_and_leaves_what_failed_in_its_queue():
    schedules = of_type("AWS::Scheduler::Schedule")
    assert len(schedules) == 8
    for name, schedule in schedules.items():
        # A name of its own would be the same in a second stack.
        assert "Name" not in schedule and schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}, name
        role, queue = next(wakes for function, wakes in WAKES.items() if name.startswith(function))
        assert schedule["Target"]["RoleArn"] == {"Fn::GetAtt": [role, "Arn"]}, name
        assert schedule["Target"]["DeadLetterConfig"]["Arn"] == {"Fn::GetAtt": [queue, "Arn"]}, name


# Whose samples are what a schedule sends, by the key that says what is due.
FOLDERS = {"costs": "cost-reporter", "report": "ops-reviewer", "sweep": "image-guard"}


def test_a_report_is_scheduled_where_its_reader_is_and_says_when_it_was_due():
    reports = {}
    for name, schedule in of_type("AWS::Scheduler::Schedule").items():
        if schedule["Target"]["Input"] == '{"sweep": "daily", "at": "<aws.scheduler.scheduled-time>"}':
            continue
        assert schedule["ScheduleExpressionTimezone"] == {"Ref": "ReportZone"}, name
        if name == "SelfDrillSchedule":
            continue
        said = json.loads(schedule["Target"]["Input"]["Fn::Sub"])
        assert said["zone"] == "${ReportZone}" and said["at"] == "<aws.scheduler.scheduled-time>", name
        kind = next(kind for kind in FOLDERS if kind in said)
        reports[kind, said[kind]] = schedule["ScheduleExpression"]
        # A sample is what the schedule sends, with the time in its place.
        paths = (ROOT / "events" / FOLDERS[kind]).glob(f"*{said[kind]}.json")
        assert [set(json.loads(path.read_text())) for path in paths] == [set(said)], name
    assert reports == {
        ("costs", "daily"): {"Ref": "DailyReportAt"},
        ("costs", "weekly"): {"Ref": "WeeklyReportAt"},
        ("report", "daily"): {"Ref": "DailyReportAt"},
        ("report", "weekly"): {"Ref": "WeeklyReportAt"},
        ("sweep", "weekly"): {"Ref": "WeeklyReportAt"},
    }


def test_no_topic_has_a_key_that_alarms_cannot_use():
    topics = of_type("AWS::SNS::Topic")
    assert len(topics) == 4
    assert not any("KmsMasterKeyId" in topic for topic in topics.values())


def test_the_bucket_of_pictures_is_closed_and_forgets():
    (bucket,) = of_type("AWS::S3::Bucket").values()
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    assert rule["Status"] == "Enabled" and rule["ExpirationInDays"] == 90
    # A name of its own would be the same in a second stack.
    assert "BucketName" not in bucket
    (policy,) = of_type("AWS::S3::BucketPolicy").values()
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_every_parameter_is_described_and_has_a_default():
    for name, parameter in expanded()["Parameters"].items():
        assert parameter["Description"] and "Default" in parameter, name
    assert expanded()["Parameters"]["DefaultMode"]["Default"] == "observe"
