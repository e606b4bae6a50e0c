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
