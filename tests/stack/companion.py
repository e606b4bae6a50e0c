"""The companion stacks (stacks/*.yaml) as CloudFormation would read them.

A small reader of its template language, so that tests can ask what a set of parameters comes
to: which rule refuses it, which resources there are, and what each property is in the end. A
reference to what a condition leaves out is an error here, as it is in an account.
"""

import re
from functools import cache

import yaml
from processes import REGION, ROOT

ACCOUNT = "123456789012"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:nightshift-AlarmTopic"
# What a service must say of itself, whatever it is reached by.
LEAST = {"Cluster": "prod", "Service": "checkout", "Team": "payments", "AlarmTopicArn": TOPIC}
BALANCED = LEAST | {
    "LoadBalancer": "app/web/50dc6c495c0c9188",
    "TargetGroup": "targetgroup/checkout/6d0ecf831eec9f09",
    "LogGroup": "/ecs/checkout",
}
WORKER = LEAST | {"QueueName": "orders", "DeadLetterQueueName": "orders-dead"}
EVERYTHING = BALANCED | WORKER | {
    "SecondTargetGroup": "targetgroup/checkout-green/73e2d6bc24d8a067",
    "ContainerInsights": "true",
    "DatabaseInstance": "orders-db",
    "DatabaseConnections": "400",
    "CacheCluster": "sessions-001",
    "DependencyTopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:databases",
    "CreateLogGroup": "true",
    "CreateRepository": "true",
    "Repository": "shop/checkout",
    "RunbookBase": "https://example.com/runbooks/",
    "Mode": "act",
}
# The kinds of services, each with what it must be told.
SERVICES = {
    "balanced": BALANCED,
    "shared": BALANCED | {"SharedLoadBalancer": "true"},
    "blue-green": BALANCED | {"SecondTargetGroup": EVERYTHING["SecondTargetGroup"]},
    "insights": BALANCED | {"ContainerInsights": "true"},
    "scaled-elsewhere": BALANCED | {"ManageScaling": "false"},
    "worker": WORKER,
    "worker-alone": {key: value for key, value in WORKER.items() if key != "DeadLetterQueueName"},
    "everything": EVERYTHING,
}
NOTHING = object()


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms, each as its long form."""


def _long_form(loader, tag, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if tag == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {tag if tag in ("Ref", "Condition") else f"Fn::{tag}": value}


_Loader.add_multi_constructor("!", _long_form)


@cache
def load(name):
    """The template stacks/NAME.yaml."""
    return yaml.load((ROOT / "stacks" / f"{name}.yaml").read_text(encoding="utf-8"), _Loader)


class Stack:
    """A template with its parameters. What a parameter must not be raises ValueError."""

    def __init__(self, name, parameters, stack="prod-checkout", region=REGION, account=ACCOUNT):
        self.template = load(name)
        self.name = stack
        self.region = region
        self.account = account
        self.values = {key: _checked(key, spec, parameters) for key, spec in self.template["Parameters"].items()}
        assert set(parameters) <= set(self.values), set(parameters) - set(self.values)

    def refused(self):
        """The sentences of the rules that the parameters break."""
        broken = []
        for rule in self.template["Rules"].values():
            if "RuleCondition" in rule and not self._true(rule["RuleCondition"]):
                continue
            broken += [one["AssertDescription"] for one in rule["Assertions"] if not self._true(one["Assert"])]
        return broken

    def resources(self, *kinds):
        """The resources there are, resolved, by logical id; of these kinds, or all."""
        return {
            key: resource | {"Properties": self.resolved(resource.get("Properties", {}))}
            for key, resource in self.template["Resources"].items()
            if self._exists(resource) and (not kinds or resource["Type"] in kinds)
        }

    def of_type(self, kind):
        """The properties of the resources of one type, by logical id."""
        return {key: resource["Properties"] for key, resource in self.resources(kind).items()}

    def alarms(self):
        """The properties of all alarms, those on metrics and the composites."""
        return self.of_type("AWS::CloudWatch::Alarm") | self.of_type("AWS::CloudWatch::CompositeAlarm")

    def plain(self):
        """The template without parameters, conditions and functions, for who reads no such."""
        kept = ("Type", "Properties", "DeletionPolicy", "UpdateReplacePolicy")
        resources = {key: {k: one[k] for k in kept if k in one} for key, one in self.resources().items()}
        return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}

    def without(self, left_out):
        """The template without these resources; what refers to them says their names instead."""
        known = {key: self._ref(key) for key in left_out} | {f"{key}.Arn": self._attribute(key, "Arn") for key in left_out}

        def walk(node):
            if isinstance(node, list):
                return [walk(one) for one in node]
            if not isinstance(node, dict):
                return node
            if set(node) == {"Ref"} and node["Ref"] in known:
                return known[node["Ref"]]
            if set(node) == {"Fn::GetAtt"} and ".".join(node["Fn::GetAtt"]) in known:
                return known[".".join(node["Fn::GetAtt"])]
            if set(node) == {"Fn::Sub"}:
                text, *names = node["Fn::Sub"] if isinstance(node["Fn::Sub"], list) else [node["Fn::Sub"]]
                text = re.sub(r"\$\{([\w.]+)\}", lambda found: known.get(found[1], found[0]), text)
                return {"Fn::Sub": [text, walk(names[0])] if names else text}
            return {key: walk(one) for key, one in node.items()}

        kept = {key: one for key, one in self.template["Resources"].items() if key not in left_out}
        return walk(self.template | {"Resources": kept})

    def outputs(self):
        """The outputs there are."""
        return {k: self.resolved(o["Value"]) for k, o in self.template["Outputs"].items() if self._exists(o)}

    def _exists(self, block):
        return "Condition" not in block or self._true({"Condition": block["Condition"]})

    def _true(self, node):
        [(function, value)] = node.items()
        match function:
            case "Condition":
                return self._true(self.template["Conditions"][value])
            case "Fn::Equals":
                left, right = (str(self.resolved(side)) for side in value)
                return left == right
            case "Fn::Not":
                return not self._true(value[0])
            case "Fn::And":
                return all(self._true(one) for one in value)
            case "Fn::Or":
                return any(self._true(one) for one in value)
        raise AssertionError(f"no condition: {node}")

    def resolved(self, node):
        """A value without functions. What is NoValue is left out of lists and maps."""
        if isinstance(node, list):
            return [value for value in map(self.resolved, node) if value is not NOTHING]
        if not isinstance(node, dict):
            return node
        if len(node) == 1 and next(iter(node)).startswith(("Fn::", "Ref")):
            [(function, value)] = node.items()
            return self._function(function, value)
        pairs = ((key, self.resolved(value)) for key, value in node.items())
        return {key: value for key, value in pairs if value is not NOTHING}

    def _function(self, function, value):
        match function:
            case "Ref":
                return self._ref(value)
            case "Fn::GetAtt":
                return self._attribute(*value)
            case "Fn::If":
                condition, then, otherwise = value
                return self.resolved(then if self._true({"Condition": condition}) else otherwise)
            case "Fn::Join":
                return value[0].join(self.resolved(value[1]))
            case "Fn::FindInMap":
                outer, key, inner = (self.resolved(part) for part in value)
                return self.template["Mappings"][outer][key][inner]
            case "Fn::Sub":
                text, names = (value, {}) if isinstance(value, str) else value
                names = {key: self.resolved(one) for key, one in names.items()}
                return re.sub(r"\$\{([\w:.]+)\}", lambda found: self._named(found[1], names), text)
        raise AssertionError(f"no function: {function}")

    def _named(self, name, names):
        if name in names:
            return names[name]
        return str(self._attribute(*name.split(".", 1)) if "." in name else self._ref(name))

    def _ref(self, name):
        pseudo = {
            "AWS::NoValue": NOTHING, "AWS::StackName": self.name, "AWS::Region": self.region,
            "AWS::AccountId": self.account, "AWS::Partition": "aws",
        }  # fmt: skip
        if name in pseudo:
            return pseudo[name]
        if name in self.values:
            return self.values[name]
        properties = self._present(name)
        return next((self.resolved(properties[k]) for k in ("AlarmName", "DashboardName") if k in properties), name)

    def _attribute(self, name, attribute):
        if "AlarmName" not in self._present(name):
            return f"{name}.{attribute}"
        return f"arn:aws:cloudwatch:{self.region}:{self.account}:alarm:{self._ref(name)}"

    def _present(self, name):
        resource = self.template["Resources"][name]
        assert self._exists(resource), f"{name} is referred to, and is not there"
        return resource.get("Properties", {})


def _checked(name, spec, parameters):
    """A parameter's value, as text, if it may be that."""
    if name not in parameters and "Default" not in spec:
        raise ValueError(f"{name} is missing")
    value = str(parameters.get(name, spec.get("Default")))
    allowed = [str(one) for one in spec.get("AllowedValues", [value])]
    fits = value in allowed and re.fullmatch(spec.get("AllowedPattern", ".*"), value)
    if spec["Type"] == "Number":
        number = float(value)
        fits = fits and spec.get("MinValue", number) <= number <= spec.get("MaxValue", number)
    if not fits:
        raise ValueError(f"{name}: {spec.get('ConstraintDescription', 'is not allowed')}")
    return value
