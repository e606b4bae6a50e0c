"""stacks/pipeline.yaml: who may deploy, and what the deploying role may do."""

import fnmatch
import json
import re
import subprocess

import pytest
from cloudformation import Resolved
from processes import REGION, ROOT, credentials, tool
from workflow import scripts

TEMPLATE = ROOT / "stacks" / "pipeline.yaml"
ROLES = "arn:aws:iam::123456789012:role/checkout"
GIVEN = {
    "Repository": "shop/checkout",
    "Branch": "main",
    "Cluster": "prod",
    "Service": "checkout",
    "EcrRepository": "shop/checkout",
    "TaskRoleArn": f"{ROLES}-task",
    "ExecutionRoleArn": f"{ROLES}-execution",
}


def stack(**values):
    return Resolved(TEMPLATE, **(GIVEN | values))


def run(*command):
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, env=credentials(), check=False
    )


# ---- the linters ----


def test_cfn_lint_finds_nothing():
    done = run(tool("lint", "cfn-lint"), "--regions", REGION, "--template", TEMPLATE)
    assert done.returncode == 0, done.stdout + done.stderr


def test_checkov_finds_nothing_and_skips_nothing():
    done = run(
        tool("checkov", "checkov"), "--file", TEMPLATE, "--framework", "cloudformation",
        "--output", "json", "--quiet", "--skip-download",
    )  # fmt: skip
    found = json.loads(done.stdout)
    summary = found["summary"]
    assert (summary["failed"], summary["skipped"], summary["parsing_errors"]) == (0, 0, 0), found["results"]
    assert summary["passed"] > 10


# ---- who may deploy ----


def admitted(template, **claims):
    """Whether the role's trust policy lets a token of GitHub in, by IAM's rules."""
    (role,) = template.resources("AWS::IAM::Role").values()
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Allow", "sts:AssumeRoleWithWebIdentity")
    compare = {"StringEquals": str.__eq__, "StringLike": fnmatch.fnmatchcase}
    return all(
        # A claim that the token lacks fails any comparison.
        key.startswith("token.actions.githubusercontent.com:")
        and (name := key.split(":")[1]) in claims
        and compare[operator](claims[name], wanted)
        for operator, wants in statement["Condition"].items()
        for key, wanted in wants.items()
    )


def token(sub, **more):
    return {"aud": "sts.amazonaws.com", "sub": sub} | more


@pytest.mark.parametrize(
    ("values", "sub"),
    [
        ({}, "repo:shop/checkout:ref:refs/heads/main"),
        ({"Branch": "release/2"}, "repo:shop/checkout:ref:refs/heads/release/2"),
        ({"Branch": "", "Environment": "production"}, "repo:shop/checkout:environment:production"),
        ({"Repository": "shop@12/checkout@34"}, "repo:shop@12/checkout@34:ref:refs/heads/main"),
    ],
)
def test_the_role_lets_in_the_one_branch_or_environment(values, sub):
    assert stack(**values).refused() == []
    assert admitted(stack(**values), **token(sub))
    assert not admitted(stack(**values), **token(sub) | {"aud": "https://github.com/shop"})


@pytest.mark.parametrize(
    "sub",
    [
        "repo:shop/checkout:ref:refs/heads/main2",
        "repo:shop/checkout:ref:refs/heads/feature/main",
        "repo:shop/checkout:ref:refs/tags/main",
        "repo:shop/checkout:pull_request",
        "repo:shop/checkout:environment:main",
        "repo:shop/checkout-fork:ref:refs/heads/main",
        "repo:evil/checkout:ref:refs/heads/main",
        "repo:shop@12/checkout@34:ref:refs/heads/main",
        "repo:shop/checkout:ref:refs/heads/MAIN",
    ],
)
@pytest.mark.parametrize("workflow", ["", "shop/nightshift/.github/workflows/deploy-service.yml@*"])
def test_the_role_lets_in_no_other_branch_repository_or_kind_of_run(sub, workflow):
    of = "shop/nightshift/.github/workflows/deploy-service.yml@refs/tags/v1"
    assert not admitted(stack(Workflow=workflow), **token(sub, job_workflow_ref=of))


def test_the_role_lets_in_no_other_workflow_if_it_is_of_one():
    template = stack(Workflow="shop/nightshift/.github/workflows/deploy-service.yml@*")
    sub = "repo:shop/checkout:ref:refs/heads/main"
    folder = "shop/nightshift/.github/workflows"
    assert template.refused() == []
    assert admitted(template, **token(sub, job_workflow_ref=f"{folder}/deploy-service.yml@refs/tags/v1"))
    assert not admitted(template, **token(sub, job_workflow_ref=f"{folder}/other.yml@refs/tags/v1"))
    assert not admitted(template, **token(sub))


def test_there_is_no_user_and_no_key_and_one_provider_at_most():
    kinds = {resource["Type"] for resource in stack().template["Resources"].values()}
    assert kinds == {"AWS::IAM::OIDCProvider", "AWS::IAM::Role", "AWS::IAM::Policy"}
    (provider,) = stack().resources("AWS::IAM::OIDCProvider").values()
    assert provider["ClientIdList"] == ["sts.amazonaws.com"]
    assert stack(OidcProvider="exists").resources("AWS::IAM::OIDCProvider") == {}
    (role,) = stack(OidcProvider="exists").resources("AWS::IAM::Role").values()
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {
        "Federated": "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
    }


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"Branch": ""}, "Neither Branch nor Environment"),
        ({"Environment": "production"}, "both set"),
        ({"ExecutionRoleArn": GIVEN["TaskRoleArn"]}, "are one role"),
        ({"Repository": "https://github.com/shop/checkout"}, "OWNER/NAME"),
        ({"Repository": "shop/*"}, "OWNER/NAME"),
        ({"Repository": "shop"}, "OWNER/NAME"),
        ({"Branch": "refs/heads/*"}, "one branch"),
        ({"Branch": "", "Environment": "*"}, "one GitHub environment"),
        ({"Workflow": "shop/nightshift/*"}, "deploy-service.yml@"),
        ({"Cluster": "arn:aws:ecs:eu-west-1:123456789012:cluster/prod"}, "not its ARN"),
        ({"Service": "*"}, "not its ARN"),
        ({"TaskFamily": "checkout:42"}, "without a revision"),
        ({"EcrRepository": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/Checkout"}, "not its address"),
        ({"TaskRoleArn": "arn:aws:iam::123456789012:role/*"}, "without wildcards"),
        ({"OidcProvider": "yes"}, "none of"),
    ],
)
def test_impossible_parameters_are_refused_with_a_sentence(values, says):
    refused = stack(**values).refused()
    assert any(says in one for one in refused), refused


def test_every_parameter_is_described_and_what_has_a_pattern_says_it_in_words():
    for name, spec in stack().parameters.items():
        assert spec["Description"], name
        assert "AllowedPattern" not in spec or spec["ConstraintDescription"].endswith("."), name


# ---- what the role may do ----


def statements(**values):
    template = stack(**values)
    policies = [
        policy
        for role in template.resources("AWS::IAM::Role").values()
        for policy in role["Policies"]
    ] + list(template.resources("AWS::IAM::Policy").values())
    return [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]


def listed(value):
    return value if isinstance(value, list) else [value]


def test_a_statement_names_its_actions_and_has_a_resource_or_a_condition():
    # What AWS authorises on no resource at all.
    of_no_resource = {"ecr:GetAuthorizationToken", "ecs:DescribeTaskDefinition", "inspector2:ListFindings"}
    for statement in statements():
        assert statement["Effect"] == "Allow" and not {"NotAction", "NotResource"} & set(statement)
        actions = listed(statement["Action"])
        assert not any("*" in action for action in actions), statement["Sid"]
        if "*" in listed(statement["Resource"]):
            assert set(actions) <= of_no_resource and statement["Condition"], statement["Sid"]


def test_what_the_role_may_touch_is_this_service_and_nothing_else():
    resources = {one for statement in statements() for one in listed(statement["Resource"])} - {"*"}
    here = "arn:aws:{}:eu-west-1:123456789012:"
    ecs, ecr, functions = here.format("ecs"), here.format("ecr"), here.format("lambda")
    assert resources == {
        f"{ecs}task-definition/checkout:*",
        f"{ecs}service/prod/checkout",
        f"{ecs}service-deployment/prod/checkout/*",
        f"{ecs}service-revision/prod/checkout/*",
        f"{ecr}repository/shop/checkout",
        f"{ROLES}-task",
        f"{ROLES}-execution",
        f"{functions}function:nightshift-deployment-guard",
        f"{functions}function:nightshift-deployment-guard:live",
        f"{functions}layer:nightshift-policy:*",
    }


def test_roles_are_passed_to_tasks_and_tags_put_on_what_is_registered_alone():
    conditions = {action: s.get("Condition") for s in statements() for action in listed(s["Action"])}
    assert conditions["iam:PassRole"] == {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    assert conditions["ecs:TagResource"] == {"StringEquals": {"ecs:CreateAction": "RegisterTaskDefinition"}}
    family = "arn:aws:ecs:eu-west-1:123456789012:task-definition/checkout:*"
    assert conditions["ecs:UpdateService"] == {"ArnLike": {"ecs:task-definition": family}}


def test_a_family_of_another_name_is_the_one_that_is_registered_and_deployed():
    text = json.dumps(statements(TaskFamily="checkout-web"))
    assert text.count("task-definition/checkout-web:*") == 3 and "task-definition/checkout:" not in text


# What a call of the AWS CLI needs of another name; what docker and tags need, and ECR where
# Inspector scans.
OTHERWISE = {
    "ecr:GetLoginPassword": "ecr:GetAuthorizationToken",
    "lambda:GetLayerVersionByArn": "lambda:GetLayerVersion",
}
BESIDE = {
    "ecr:BatchCheckLayerAvailability",
    "ecr:CompleteLayerUpload",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
    "ecs:TagResource",
    "iam:PassRole",
    "inspector2:ListFindings",
}


def test_the_role_may_do_what_the_workflow_calls_and_no_more():
    called = set()
    for script in scripts("deploy-service").values():
        for service, command in re.findall(r"\baws (ecs|ecr|lambda|iam|sts|ssm) ([a-z-]+)", script):
            action = f"{service}:{''.join(word.capitalize() for word in command.split('-'))}"
            called.add(OTHERWISE.get(action, action))
    assert len(called) > 10
    granted = {action for statement in statements() for action in listed(statement["Action"])}
    assert granted == called | BESIDE
    without = {action for statement in statements(NightshiftStack="") for action in listed(statement["Action"])}
    assert granted - without == {"lambda:GetFunctionConfiguration", "lambda:GetLayerVersion"}
