"""Who may do what: the template's roles and policies."""

import json
import re

import ports
import pytest
from account import FUNCTIONS
from template import granted, listed, named, of_type, policies_of, statements

# What an action needs beside or instead of itself.
NEEDED = {
    # Of a transaction that only puts.
    "dynamodb:TransactWriteItems": {"dynamodb:PutItem"},
    # A schedule is lent the role that it wakes its function with.
    "scheduler:CreateSchedule": {"scheduler:CreateSchedule", "iam:PassRole"},
}

# What reaches further than the services that opted in, or keeps what people see, and who
# alone may.
RESERVED = {
    "codedeploy:StopDeployment": {"alarm-responder", "deployment-guard", "remedy-verifier"},
    "ecr:BatchDeleteImage": {"image-guard"},
    "ecr:PutImage": {"image-guard"},
    "ecr:PutImageScanningConfiguration": {"image-guard"},
    "ecr:PutImageTagMutability": {"image-guard"},
    "ecr:UpdateImageStorageClass": {"image-guard"},
    "ecr:GetDownloadUrlForLayer": {"deployment-guard"},
    "logs:GetLogEvents": {"deployment-guard"},
    "s3:GetObject": {"notifier"},
    "s3:PutObject": {"notifier"},
    "secretsmanager:GetSecretValue": {"notifier"},
    # Only a person at the command line sets the kill switch.
    "ssm:PutParameter": set(),
}


def roles():
    """The role of each function, by the function's name."""
    functions = of_type("AWS::Lambda::Function").values()
    return {named(function): function["Role"]["Fn::GetAtt"][0] for function in functions}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_role_holds_every_action_that_the_ports_of_its_function_name(function):
    actions = {action for port in ports.of_function(function) for action in ports.actions(port)}
    needed = set().union(*(NEEDED.get(action, {action}) for action in actions))
    # Without task roles, as by default: to pass those is not to pass the timers' role.
    assert needed - granted(roles()[function], without="HasTaskRoles") == set()


def test_the_ports_name_exactly_the_actions_that_the_aws_crate_calls():
    for module, (implemented, called) in ports.calls().items():
        named_by_ports = {action for port in implemented for action in ports.actions(port)}
        assert called == named_by_ports, module
    assert len({action for _, called in ports.calls().values() for action in called}) >= 30


def test_every_method_of_a_port_names_an_action():
    silent = {method for port in ports.all_ports() for method, named_by in ports.methods(port) if not named_by}
    # Outside AWS.
    assert silent == {"Https.post", "Https.wait"}


def test_what_reaches_beyond_the_services_that_opted_in_is_held_by_no_other_role():
    functions = {role: function for function, role in roles().items()}
    holders = {
        action: {functions.get(role, role) for role in of_type("AWS::IAM::Role") if action in granted(role)}
        for action in RESERVED
    }
    assert holders == RESERVED


def test_every_role_that_takes_remedies_may_pass_the_task_roles():
    taking = {role for role in roles().values() if "RemedyPolicy" in policies_of(role)}
    passing = {role for role in roles().values() if "PassTaskRolesPolicy" in policies_of(role)}
    assert taking == passing and len(taking) == 3


def test_a_statement_allows_and_names_what_it_allows():
    # The tests here add up actions: a denial, or all but some, would pass them by.
    for name, statement in statements():
        assert statement["Effect"] == "Allow" and "NotAction" not in statement, name


def test_no_identity_policy_writes_to_everything():
    # CodeDeploy's StopDeployment knows no resource and no condition.
    reading = re.compile(r"^[\w-]+:(Describe|List|Get)\w+$|^xray:Put\w+$|^codedeploy:StopDeployment$")
    for name, statement in statements():
        for action in listed(statement["Action"]):
            assert "*" not in action, (name, action)
            assert "*" not in listed(statement["Resource"]) or reading.match(action), (name, action)


def test_iam_lets_nobody_change_a_service_that_has_not_opted_in():
    changing = ("ecs:UpdateService", "ecs:StopServiceDeployment", "ecs:ContinueServiceDeployment")
    found = 0
    for name, statement in statements():
        actions = set(listed(statement["Action"]))
        if not actions & set(changing):
            continue
        found += 1
        resource = json.dumps(statement["Resource"])
        # On a deployment itself no tag can be asked for; its service asks.
        if ":service-deployment/" in resource:
            assert actions == {"ecs:StopServiceDeployment", "ecs:ContinueServiceDeployment"}, name
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
