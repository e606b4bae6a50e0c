"""Who may do what: the template's roles and policies."""

import json
import re

from template import listed, named, of_type, policies_of, statements


def roles():
    """The role of each function, by the function's name."""
    functions = of_type("AWS::Lambda::Function").values()
    return {named(function): function["Role"]["Fn::GetAtt"][0] for function in functions}


def test_every_role_that_takes_remedies_may_pass_the_task_roles():
    taking = {role for role in roles().values() if "RemedyPolicy" in policies_of(role)}
    passing = {role for role in roles().values() if "PassTaskRolesPolicy" in policies_of(role)}
    assert taking == passing and len(taking) == 3


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
