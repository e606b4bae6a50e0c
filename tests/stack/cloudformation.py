"""Templates of stacks/ as CloudFormation would resolve them, for given parameters.

ministack decides conditions by the parameters' defaults alone and knows no Rules.
"""

import re

import yaml

PSEUDO = {
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-1",
    "AWS::AccountId": "123456789012",
    "AWS::StackName": "stack",
}
GONE = object()


class Loader(yaml.SafeLoader):
    """YAML with the short forms of CloudFormation's functions."""


def _function(loader, suffix, node):
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        return {name: value.split(".", 1) if suffix == "GetAtt" else value}
    deep = loader.construct_sequence if isinstance(node, yaml.SequenceNode) else loader.construct_mapping
    return {name: deep(node, deep=True)}


Loader.add_multi_constructor("!", _function)


def load(path):
    """The template as it is written, its functions in their long form."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader)  # noqa: S506 - it is a SafeLoader


class Resolved:
    """One template with values for its parameters."""

    def __init__(self, path, **values):
        self.template = load(path)
        self.parameters = self.template["Parameters"]
        unknown = set(values) - set(self.parameters)
        assert not unknown, f"no such parameters: {unknown}"
        defaults = {name: spec["Default"] for name, spec in self.parameters.items() if "Default" in spec}
        self.values = PSEUDO | defaults | values

    def resources(self, kind):
        """Properties of the resources of one type whose condition holds, by logical id."""
        found = {name: r for name, r in self.template["Resources"].items() if r["Type"] == kind}
        return {
            name: self.value(resource["Properties"])
            for name, resource in found.items()
            if "Condition" not in resource or self.holds(resource["Condition"])
        }

    def refused(self):
        """What CloudFormation says to these values instead of making the stack."""
        says = []
        for name, spec in self.parameters.items():
            value = self.values.get(name)
            if value is None:
                says.append(f"{name} has no value")
            elif not re.search(spec.get("AllowedPattern", ""), value) or len(value) > spec.get("MaxLength", 4096):
                says.append(f"{name} {spec['ConstraintDescription']}")
            elif value not in spec.get("AllowedValues", [value]):
                says.append(f"{name} is none of {spec['AllowedValues']}")
        for rule in self.template.get("Rules", {}).values():
            says += [one["AssertDescription"] for one in rule["Assertions"] if not self.value(one["Assert"])]
        return says

    def holds(self, condition):
        """Whether a condition of the template is true."""
        return self.value(self.template["Conditions"][condition])

    def value(self, node):
        """A part of the template without functions."""
        if isinstance(node, list):
            return [value for value in map(self.value, node) if value is not GONE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((name, argument),) = node.items()
            if name == "Ref" or name == "Condition" or name.startswith("Fn::"):
                return self._call(name.removeprefix("Fn::"), argument)
        pairs = {key: self.value(value) for key, value in node.items()}
        return {key: value for key, value in pairs.items() if value is not GONE}

    def _call(self, name, argument):
        match name:
            case "Ref" if argument == "AWS::NoValue":
                return GONE
            case "Ref":
                return self.values.get(argument, f"<{argument}>")
            case "Condition":
                return self.holds(argument)
            case "If":
                condition, yes, no = argument
                return self.value(yes if self.holds(condition) else no)
            case "Equals":
                first, second = map(self.value, argument)
                return first == second
            case "Not":
                return not self.value(argument[0])
            case "And":
                return all(map(self.value, argument))
            case "Or":
                return any(map(self.value, argument))
            case "GetAtt":
                return f"<{'.'.join(argument)}>"
            case "Sub":
                return self._sub(*(argument if isinstance(argument, list) else (argument, {})))
        raise AssertionError(f"nobody resolves {name}")

    def _sub(self, text, own):
        values = self.values | {key: self.value(value) for key, value in own.items()}
        return re.sub(r"\$\{([^}]+)\}", lambda found: values[found[1]], text)
