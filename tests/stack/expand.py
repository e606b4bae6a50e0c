"""Prints the CloudFormation template that SAM makes of template.yaml, as JSON.

    .tools/lint/bin/python tests/stack/expand.py template.yaml [Parameter=value ...]

cfn-lint no longer runs the SAM transform, and checkov sees none of the roles,
permissions and aliases that the transform adds; both therefore read this
output. Runs in the `lint` environment, alone in holding samtranslator.
"""

import json
import os
import sys

# The translator derives the ARN partition from the Region; any will do.
os.environ.setdefault("AWS_DEFAULT_REGION", "eu-west-1")

from samtranslator.public.translator import ManagedPolicyLoader  # noqa: E402
from samtranslator.translator.transform import transform  # noqa: E402
from samtranslator.yaml_helper import yaml_parse  # noqa: E402

# Where `sam package` puts what it uploads. Only the shape matters here.
PACKAGED = "s3://packaged/"


class NoManagedPolicies(ManagedPolicyLoader):
    """The template names no managed policy, so none is looked up in IAM."""

    def __init__(self):
        super().__init__(None)

    def load(self):
        return {}


def expand(text, parameters):
    """The expanded template; `parameters` overrides the template's defaults."""
    template = yaml_parse(text)
    for name, resource in template["Resources"].items():
        for key in ("CodeUri", "ContentUri"):
            if key in resource.get("Properties", {}):
                # A digest-like key, as packaging gives: it is what makes a new version.
                local = resource["Properties"][key].strip("/")
                resource["Properties"][key] = parameters.get(f"{name}.{key}", PACKAGED + local)
    return transform(template, parameters, NoManagedPolicies())


if __name__ == "__main__":
    path, *overrides = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        expanded = expand(file.read(), dict(override.split("=", 1) for override in overrides))
    json.dump(expanded, sys.stdout, indent=1)
