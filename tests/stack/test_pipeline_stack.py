"""stacks/pipeline.yaml on the emulated account, which must make of it what the tests resolve."""

import pytest
from account import Ministack
from cloudformation import Resolved
from processes import until
from test_pipeline import GIVEN, TEMPLATE

# ministack knows no identity provider, and decides conditions by defaults alone.
DEFAULTS = {
    "Default: create": "Default: exists",
    "Branch:\n    Type: String\n    Default: ''": "Branch:\n    Type: String\n    Default: main",
}


@pytest.fixture
def ministack(tmp_path):
    running = Ministack(tmp_path)
    yield running
    running.stop()


def test_the_role_becomes_what_the_template_resolves_to(ministack, tmp_path):
    text = TEMPLATE.read_text(encoding="utf-8")
    for old, new in DEFAULTS.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    changed = tmp_path / "pipeline.yaml"
    changed.write_text(text, encoding="utf-8")
    cloudformation, iam = ministack.client("cloudformation"), ministack.client("iam")
    cloudformation.create_stack(
        StackName="pipeline",
        TemplateBody=text,
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in GIVEN.items()],
        Capabilities=["CAPABILITY_IAM"],
    )

    def stack():
        (found,) = cloudformation.describe_stacks(StackName="pipeline")["Stacks"]
        return found["StackStatus"] == "CREATE_COMPLETE" and found

    outputs = {one["OutputKey"]: one["OutputValue"] for one in until("complete stack", stack)["Outputs"]}
    assert outputs["Subject"] == "repo:shop/checkout:ref:refs/heads/main"
    name = outputs["RoleArn"].rsplit("/", 1)[1]
    role = iam.get_role(RoleName=name)["Role"]
    resolved = Resolved(changed, **GIVEN)
    resolved.values["AWS::AccountId"] = "000000000000"
    (expected,) = resolved.resources("AWS::IAM::Role").values()
    assert role["AssumeRolePolicyDocument"] == expected["AssumeRolePolicyDocument"]
    assert role["MaxSessionDuration"] == 7200
    (deploy,) = expected["Policies"]
    (freezes,) = resolved.resources("AWS::IAM::Policy").values()
    for policy in (deploy, freezes):
        made = iam.get_role_policy(RoleName=name, PolicyName=policy["PolicyName"])
        assert made["PolicyDocument"] == policy["PolicyDocument"], policy["PolicyName"]
