"""Every workflow of .github/workflows, read without the network."""

import re
import subprocess

import pytest
import yaml
from processes import ROOT, credentials, tool
from workflow import WORKFLOWS, read, scripts

NAMES = sorted(path.stem for path in WORKFLOWS.glob("*.yml"))


def run(*command):
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, env=credentials(), check=False
    )


def test_there_are_three_workflows():
    assert NAMES == ["ci", "deploy-service", "release"]
    assert len(list(WORKFLOWS.iterdir())) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_github_would_accept_the_workflow(name):
    # The schema travels with the tool; `--builtin-schema` asks nobody.
    done = run(
        tool("workflows", "check-jsonschema"), "--builtin-schema", "vendor.github-workflows",
        WORKFLOWS / f"{name}.yml",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_zizmor_finds_nothing():
    done = run(tool("workflows", "zizmor"), "--offline", "--no-progress", "--strict-collection", WORKFLOWS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr.count("completed") == len(NAMES), done.stderr


def test_what_zizmor_is_told_to_ignore_has_its_reason_on_the_line_before():
    for name in NAMES:
        lines = (WORKFLOWS / f"{name}.yml").read_text(encoding="utf-8").splitlines()
        for before, line in zip(lines, lines[1:], strict=False):
            assert "zizmor: ignore" not in line or before.strip().startswith("# "), f"{name}: {line}"


@pytest.mark.parametrize("name", NAMES)
def test_an_action_is_pinned_by_its_commit_and_named_by_its_version(name):
    text = (WORKFLOWS / f"{name}.yml").read_text(encoding="utf-8")
    for used in re.findall(r"uses: (.+)", text):
        assert used.startswith("./") or re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", used), used


@pytest.mark.parametrize("name", NAMES)
def test_no_expression_stands_in_a_script(name):
    assert [where for where, script in scripts(name).items() if "${{" in script] == []


@pytest.mark.parametrize(("job", "step"), scripts("deploy-service"))
def test_a_script_is_shell_and_stops_at_the_first_failure(job, step, tmp_path):
    script = scripts("deploy-service")[job, step]
    assert script.startswith("set -euo pipefail\n")
    path = tmp_path / "script"
    path.write_text(script, encoding="utf-8")
    done = run("bash", "-n", path)
    assert done.returncode == 0 and not done.stderr, done.stderr


def test_what_a_caller_sets_is_described_and_needs_no_secret():
    called = read("deploy-service")["on"]["workflow_call"]
    for name, spec in called["inputs"].items():
        assert spec["description"].endswith("."), name
        assert spec["type"] in ("string", "number", "boolean"), name
        assert spec.get("required") or "default" in spec, name
    assert "secrets" not in called


def test_a_job_may_read_the_code_and_only_the_deploying_one_gets_a_token():
    workflow = read("deploy-service")
    assert workflow["permissions"] == {}
    permissions = {name: job["permissions"] for name, job in workflow["jobs"].items()}
    assert permissions == {
        "test": {"contents": "read"},
        "deploy": {"contents": "read", "id-token": "write"},
    }


def test_deployments_of_one_service_wait_for_each_other_and_are_never_cut_off():
    concurrency = read("deploy-service")["jobs"]["deploy"]["concurrency"]
    assert concurrency["cancel-in-progress"] is False
    named = set(re.findall(r"inputs\.([\w-]+)", concurrency["group"]))
    # Not the commit and not the branch: two of them are one service.
    assert named == {"region", "cluster", "service"}


def test_a_deployment_changes_the_task_definition_and_nothing_else():
    # desiredCount above all: it would undo what scaling has set.
    commands = " ".join(scripts("deploy-service").values()).replace("\\\n", " ")
    updates = re.findall(r"^ *aws ecs update-service (.+?)$", commands, re.MULTILINE)
    assert len(updates) == 1
    assert set(re.findall(r"--([a-z-]+)", updates[0])) == {"cluster", "service", "task-definition", "query", "output"}


def test_the_caller_that_people_copy_is_accepted_and_sets_what_there_is(tmp_path):
    text = (ROOT / "docs/pipeline.md").read_text(encoding="utf-8")
    (caller,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    path = tmp_path / "caller.yml"
    path.write_text(caller.replace("OWNER", "shop").replace("COMMIT", "a" * 40), encoding="utf-8")
    schema = run(tool("workflows", "check-jsonschema"), "--builtin-schema", "vendor.github-workflows", path)
    assert schema.returncode == 0, schema.stdout + schema.stderr
    audit = run(tool("workflows", "zizmor"), "--offline", "--no-progress", path)
    assert audit.returncode == 0, audit.stdout
    (job,) = yaml.safe_load(path.read_text())["jobs"].values()
    inputs = read("deploy-service")["on"]["workflow_call"]["inputs"]
    needed = {name for name, spec in inputs.items() if spec.get("required")}
    assert needed <= set(job["with"]) <= set(inputs)
    assert job["permissions"] == {"contents": "read", "id-token": "write"}
