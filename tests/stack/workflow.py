"""A job of a workflow, its shell run for real.

What GitHub's runner does is done here for the steps that have a `run`: conditions,
expressions, environment, outputs. Steps that use an action are passed over, and so are
those that are named: what has passed one over is in `left_out`.
"""

import re
import subprocess
from pathlib import Path

import yaml
from processes import ROOT

WORKFLOWS = ROOT / ".github" / "workflows"
REFERENCE = re.compile(r"\b(?:inputs|steps|github|jobs)(?:\.[A-Za-z_][\w-]*)+")


def read(name):
    """A workflow as YAML; its key `on` is YAML's word for true."""
    text = (WORKFLOWS / f"{name}.yml").read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    workflow["on"] = workflow.pop(True)
    return workflow


def scripts(name):
    """The shell of every step that has one, by job and the step's id or name."""
    return {
        (job, step.get("id") or step["name"]): step["run"]
        for job, spec in read(name)["jobs"].items()
        for step in spec.get("steps", [])
        if "run" in step and (step.get("id") or step.get("name"))
    }


class Run:
    """What became of one run of a job."""

    def __init__(self, workflow, job, inputs, environment, workspace, folder, without=()):
        self._workflow, self._job = read(workflow), job
        self._inputs = self._with_defaults(inputs)
        self._environment, self._workspace, self._folder = environment, workspace, Path(folder)
        self._folder.mkdir()
        self.outputs, self.outcome, self.left_out, self.log = {}, {}, [], ""
        (self._folder / "summary").touch()
        spec = self._workflow["jobs"][job]
        for step in spec["steps"]:
            name = step.get("id") or step.get("name") or step["uses"]
            if not self._due(step.get("if", "success()")):
                self.outcome[name] = "skipped"
            elif "run" not in step or name in without:
                self.left_out.append(name)
            else:
                self.outcome[name] = self._run(name, step, spec.get("env", {}))
        self.failed = "failure" in self.outcome.values()
        self.summary = (self._folder / "summary").read_text(encoding="utf-8")

    def _with_defaults(self, inputs):
        known = self._workflow["on"]["workflow_call"]["inputs"]
        assert set(inputs) <= set(known), f"no such inputs: {set(inputs) - set(known)}"
        missing = {name for name, spec in known.items() if spec.get("required")} - set(inputs)
        assert not missing, f"inputs without a value: {missing}"
        return {name: spec["default"] for name, spec in known.items() if "default" in spec} | inputs

    def _due(self, condition):
        failed = "failure" in self.outcome.values()
        if not re.search(r"\b(success|failure|always)\(\)", condition):
            condition = f"success() && ({condition})"
        return self._evaluate(condition, {"success": lambda: not failed, "failure": lambda: failed})

    def _evaluate(self, expression, functions=None):
        python = REFERENCE.sub(lambda found: repr(self._look_up(found[0])), expression)
        python = python.replace("&&", " and ").replace("||", " or ")
        return eval(python, {"__builtins__": {}} | (functions or {}))  # noqa: S307 - of our own file

    def _look_up(self, path):
        match path.split("."):
            case ["inputs", name]:
                return self._inputs[name]
            case ["steps", step, "outputs", name]:
                return self.outputs.get(step, {}).get(name, "")
        raise AssertionError(f"nobody knows {path}")

    def _text(self, value):
        def inserted(found):
            value = self._evaluate(found[1])
            return str(value).lower() if isinstance(value, bool) else str(value)

        return re.sub(r"\$\{\{\s*(.+?)\s*\}\}", inserted, str(value))

    def _run(self, name, step, env):
        output = self._folder / f"{name}.output"
        output.touch()
        variables = {key: self._text(value) for key, value in (env | step.get("env", {})).items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self._workspace,
            env=variables
            | self._environment
            | {
                "RUNNER_TEMP": str(self._folder),
                "GITHUB_OUTPUT": str(output),
                "GITHUB_STEP_SUMMARY": str(self._folder / "summary"),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        self.log += f"## {name}\n{done.stdout}\n"
        lines = output.read_text(encoding="utf-8").splitlines()
        self.outputs[name] = dict(line.split("=", 1) for line in lines)
        return "success" if done.returncode == 0 else "failure"
