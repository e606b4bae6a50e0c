"""template.yaml as SAM expands it, and what tests ask of it."""

import json
import re
from functools import cache

import account

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


def listed(value):
    """A value that stands alone or in a list, as a list."""
    return value if isinstance(value, list) else [value]


def named(function):
    """The name of an expanded function in this repository, such as alarm-responder."""
    return function["FunctionName"]["Fn::Sub"].removeprefix("${AWS::StackName}-")


def statements():
    """Every statement of every identity policy, with the name of its resource."""
    for kind in ("AWS::IAM::Role", "AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"):
        for name, properties in of_type(kind).items():
            policies = properties.get("Policies", [properties])
            for policy in policies:
                for statement in policy["PolicyDocument"]["Statement"]:
                    yield name, statement


def policies_of(role):
    """The names of what grants a role something: itself, and each policy attached to it."""
    attached = {policy["Ref"] for policy in of_type("AWS::IAM::Role")[role].get("ManagedPolicyArns", [])}
    for kind in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
        attached |= {name for name, policy in of_type(kind).items() if {"Ref": role} in policy.get("Roles", [])}
    return {role} | attached


def granted(role, without=None):
    """The actions that a role may take, on whatever they are; `without` a condition of the template."""
    all_resources = expanded()["Resources"]
    names = {name for name in policies_of(role) if not without or all_resources[name].get("Condition") != without}
    return {action for name, statement in statements() if name in names for action in listed(statement["Action"])}
