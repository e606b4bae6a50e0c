"""A service's pipeline on this machine: deploy-service.yml, its own shell run against the
simulated ECS and ECR with AWS's CLI.

What needs docker (build, push) and GitHub (checkout, the role) is passed over: the images
that it would build are in the registry already, under their commits.
"""

import json
import os
import shutil
import subprocess

from account import Simulator
from processes import ROOT, Child, binary, credentials, tool, until
from workflow import Run

GOOD, NEXT, CRASHES, STUCK, FLAWED = "1" * 40, "2" * 40, "c" * 40, "d" * 40, "f" * 40
# Four minutes for each second: a rollout takes one.
FACTOR = 240


class FastSimulator(Simulator):
    """The simulator, FACTOR times as fast."""

    def __init__(self, folder):
        self._child = Child(
            [
                binary("nightshift-sim"), "serve", "--scenario", ROOT / "tests/stack/pipeline.toml",
                "--port", "0", "--at-now", "--factor", str(FACTOR),
            ],
            folder / "simulator.log",
            credentials(),
        )  # fmt: skip
        self.url = until("line `listening on` of nightshift-sim", self._listening)


class Pipeline:
    """A repository with the workflow, and the account that it deploys to."""

    def __init__(self, folder):
        self.folder, self.runs = folder, 0
        self.simulator = FastSimulator(folder)
        self.workspace = folder / "workspace"
        self.workspace.mkdir()
        shutil.copy(ROOT / "stacks" / "task-definition.example.json", self.workspace / "task-definition.json")
        self.git("init", "--quiet")
        self.commit("2026-11-20T09:00:00+01:00")

    def git(self, *arguments, **env):
        subprocess.run(["git", "-c", "commit.gpgsign=false", *arguments], cwd=self.workspace, env=credentials() | env, check=True)

    def commit(self, at):
        who = {f"GIT_{role}_{what}": "test" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        self.git("add", ".")
        self.git("commit", "--quiet", "--allow-empty", "--message", at, GIT_COMMITTER_DATE=at, **who)

    def rename(self, family):
        """Lets the repository's task definition be of another family."""
        path = self.workspace / "task-definition.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"family": family}))

    def run(self, commit, **inputs):
        """One run of the job `deploy`; the service is `checkout` unless said otherwise."""
        self.runs += 1
        service = inputs.pop("service", "checkout")
        given = {
            "role-arn": "arn:aws:iam::123456789012:role/deploy",
            "region": "eu-west-1",
            "cluster": "prod",
            "service": service,
            "repository": service,
            "nightshift-stack": "",
        } | {name.replace("_", "-"): value for name, value in inputs.items()}
        aws = tool("aws", "aws").parent
        environment = credentials() | {
            "PATH": f"{aws}{os.pathsep}{os.environ['PATH']}",
            "AWS_ENDPOINT_URL_ECS": self.simulator.url,
            "AWS_ENDPOINT_URL_ECR": self.simulator.url,
            "POLL_SECONDS": "0.2",
            "MINUTE_SECONDS": "1",
            "GITHUB_SHA": commit,
            "GITHUB_ACTOR": "renovate[bot]",
            "GITHUB_REPOSITORY": "shop/checkout",
            "GITHUB_RUN_ID": "77",
            "GITHUB_SERVER_URL": "https://github.com",
        }
        folder = self.folder / f"run{self.runs}"
        return Run("deploy-service", "deploy", given, environment | self.extra(), self.workspace, folder)

    def extra(self):
        return {}

    def ecs(self, *arguments):
        done = subprocess.run(
            [str(tool("aws", "aws")), "ecs", *arguments, "--output", "json"],
            env=credentials() | {"AWS_ENDPOINT_URL_ECS": self.simulator.url},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return json.loads(done.stdout)

    def runs_now(self, service="checkout"):
        (found,) = self.ecs("describe-services", "--cluster", "prod", "--services", service)["services"]
        return found["taskDefinition"].rsplit("/", 1)[1]

    def writes(self):
        calls = self.simulator.get("/_sim/calls")
        return [call["operation"] for call in calls if call["write"]]
