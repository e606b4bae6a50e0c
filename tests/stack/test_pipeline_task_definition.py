"""The task definition that people start from, held against what an audit asks of one."""

import json
import re

import boto3
import pytest
from botocore.validate import validate_parameters
from processes import REGION, ROOT

EXAMPLE = ROOT / "stacks" / "task-definition.example.json"
SECRET_NAME = re.compile(
    r"(?i)(pass(word|wd)?|secret|token|api[_-]?key|private[_-]?key|credential|conn(ection)?[_-]?str)"
)
SECRET_VALUE = re.compile(
    r"A[KS]IA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY-----|xox[abprs]-|gh[pousr]_[A-Za-z0-9]{36,}"
    r"|sk_live_|eyJ[\w-]+\.[\w-]+\.|\w+://[^/\s:]+:[^/\s@]+@"
)


@pytest.fixture
def example():
    return json.loads(EXAMPLE.read_text(encoding="utf-8"))


def every(definition, check):
    """The containers for which a check does not hold."""
    return [container["name"] for container in definition["containerDefinitions"] if not check(container)]


def test_ecs_would_take_it(example):
    operation = boto3.client("ecs", region_name=REGION).meta.service_model.operation_model("RegisterTaskDefinition")
    validate_parameters(example, operation.input_shape)


def test_it_is_for_fargate_and_says_for_which_processor(example):
    assert (example["requiresCompatibilities"], example["networkMode"]) == (["FARGATE"], "awsvpc")
    assert example["runtimePlatform"] == {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}
    assert {"pidMode", "ipcMode", "enableFaultInjection"} & set(example) == set()
    assert not any("host" in volume for volume in example.get("volumes", []))


def test_no_container_runs_as_root(example):
    assert every(example, lambda c: re.fullmatch(r"[1-9]\d*(:[1-9]\d*)?", c.get("user", "root"))) == []


def test_the_root_file_system_is_read_only_and_tmp_is_memory(example):
    assert every(example, lambda c: c.get("readonlyRootFilesystem") is True) == []
    assert every(example, lambda c: "/tmp" in [one["containerPath"] for one in c["linuxParameters"]["tmpfs"]]) == []


def test_no_container_has_a_capability_or_a_privilege(example):
    assert every(example, lambda c: c["linuxParameters"]["capabilities"] == {"drop": ["ALL"]}) == []
    assert every(example, lambda c: not c.get("privileged")) == []


def test_no_secret_stands_in_it(example):
    for container in example["containerDefinitions"]:
        for variable in container.get("environment", []):
            assert not SECRET_NAME.search(variable["name"]), variable["name"]
        for secret in container["secrets"]:
            assert secret["valueFrom"].startswith("arn:aws:secretsmanager:"), secret["name"]
    assert not SECRET_VALUE.search(EXAMPLE.read_text(encoding="utf-8"))


def test_the_application_and_ecs_have_roles_of_their_own(example):
    assert example["taskRoleArn"] != example["executionRoleArn"]


def test_an_image_is_named_by_its_digest_and_nothing_resolves_it_anew(example):
    assert every(example, lambda c: re.search(r"@sha256:[0-9a-f]{64}$", c["image"])) == []
    assert every(example, lambda c: c.get("versionConsistency", "enabled") == "enabled") == []


def test_every_container_logs_where_fargate_can_and_cannot_be_held_up_by_it(example):
    def logs(container):
        options = container["logConfiguration"]["options"]
        needed = {"awslogs-group", "awslogs-region", "awslogs-stream-prefix", "mode", "max-buffer-size"}
        return container["logConfiguration"]["logDriver"] == "awslogs" and needed <= set(options)

    assert every(example, logs) == []
    assert every(example, lambda c: c["logConfiguration"]["options"]["mode"] == "non-blocking") == []


def test_every_container_says_how_its_health_is_asked(example):
    keys = {"command", "interval", "timeout", "retries", "startPeriod"}
    assert every(example, lambda c: set(c["healthCheck"]) == keys) == []
