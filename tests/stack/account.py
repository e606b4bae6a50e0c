"""The local account: ministack, the simulator's face, and the stack in them.

Three processes make it, each a child that is stopped by its own id:

- ministack holds DynamoDB, SNS, SQS, CloudWatch, EventBridge, Scheduler, SSM and
  Secrets Manager, and runs the function binaries as local processes. A function
  inherits ministack's environment; that is how it learns where its policy is and
  where the services are that ministack lacks.
- `nightshift-sim serve` answers for ECS, ECR and Application Auto Scaling.
- the real SAM CLI deploys the real template, with nothing changed but the two
  kinds of paths (CodeUri, ContentUri) that `sam build` would change too.

What differs from AWS, found by trying and worth knowing when a test surprises:

- ministack applies the SAM transform with the parameters' defaults, so the canary
  (CodeDeploy, which it lacks and would refuse the whole template for) is always
  off here. `left_out()` names what that leaves out.
- It does not unpack layers for provided.al2023: the policy comes by the variable
  NIGHTSHIFT_POLICY, and the layer itself is checked on the expanded template.
- No event of an aws.* source arises or can be put: alarms travel by SNS, and
  rules are driven by source nightshift.drill.
- A failed event that came by SNS or EventBridge is neither retried nor sent to the
  on-failure destination: ministack looks for retries at $LATEST, not at the alias.
- An alarm's SNS message has no AlarmArn, and its StateChangeTime ends in Z.
- An alarm is judged when it or a datapoint is put, by the datapoints of all dimensions
  together: fresh ones for one service would ring another's alarm.
- Timers fire at a sweep every ten seconds. A schedule with a universal target (aws-sdk:…)
  is kept and does nothing.
- IAM is not enforced, unless ministack is started with AUTH=true. It then takes every
  schedule for one of the default group, and asks neither for iam:PassRole nor, of
  requests in CBOR such as the Rust SDK's to CloudWatch, for anything. The simulator,
  which has ECS, ECR and Application Auto Scaling, never asks.
- Neither a table's time to live nor a bucket's lifecycle is set.
"""

import json
import platform
import shutil
import subprocess
import urllib.request
from pathlib import Path

import boto3
import seed
from botocore.config import Config
from processes import REGION, ROOT, Child, binary, credentials, free_port, tool, until

FUNCTIONS = ("alarm-responder", "deployment-guard", "remedy-verifier", "image-guard", "notifier", "ops-reviewer", "cost-reporter")
STACK = "nightshift"


class Simulator:
    """`nightshift-sim serve`: the services that ministack lacks, for one scenario.

    The scenario's event is at the moment of the start.
    """

    def __init__(self, scenario, folder, port=0):
        self._child = Child(
            [binary("nightshift-sim"), "serve", "--scenario", scenario, "--port", str(port), "--at-now"],
            Path(folder) / "simulator.log",
            credentials(),
        )
        self.url = until("line `listening on` of nightshift-sim", self._listening)

    def _listening(self):
        self._child.alive()
        for line in self._child.text().splitlines():
            if line.startswith("listening on "):
                return line.removeprefix("listening on ").strip()
        return None

    def get(self, path):
        """The answer of one of its own endpoints, such as `/_sim/calls`."""
        with urllib.request.urlopen(self.url + path) as answer:
            return json.load(answer)

    def advance(self, seconds):
        """Lets so much time pass there, and nowhere else."""
        body = json.dumps({"seconds": seconds}).encode()
        with urllib.request.urlopen(f"{self.url}/_sim/advance", body) as answer:
            return json.load(answer)

    def stop(self):
        """Ends it."""
        self._child.stop()


class Ministack:
    """A ministack of our own, on a free port of 127.0.0.1.

    `variables` come on top of its environment, and so of every function's.
    """

    def __init__(self, folder, simulator_url=None, variables=None):
        folder = Path(folder)
        temporary = folder / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        env = credentials() | {
            # It would listen on every interface.
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "MINISTACK_REGION": REGION,
            "AWS_ENDPOINT_URL": self.url,
            "TMPDIR": str(temporary),
        }
        if simulator_url:
            for service in ("ECS", "ECR", "APPLICATION_AUTO_SCALING", "COST_EXPLORER"):
                env[f"AWS_ENDPOINT_URL_{service}"] = simulator_url
        self._child = Child(
            [tool("ministack", "ministack")], folder / "ministack.log", env | (variables or {})
        )
        until("answer of ministack", self._answers, seconds=60)

    def _answers(self):
        self._child.alive()
        try:
            return self.client("sts").get_caller_identity()
        except Exception:  # noqa: BLE001 - any failure means: not yet
            return None

    def client(self, service):
        """A boto3 client of it that fails fast instead of retrying."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=60),
        )

    def log(self):
        """What ministack printed."""
        return self._child.text()

    def stop(self):
        """Ends it and the functions that it runs."""
        self._child.stop()


def packaged(folder, code, policy):
    """A copy of template.yaml as `sam build` leaves it; returns its path.

    `code` maps a function's name to the executable that becomes its bootstrap.
    """
    folder = Path(folder)
    text = (ROOT / "template.yaml").read_text(encoding="utf-8")
    for name, executable in code.items():
        home = folder / name
        home.mkdir(parents=True)
        shutil.copy2(executable, home / "bootstrap")
        text = _replace_once(text, f"CodeUri: functions/{name}/", f"CodeUri: {home}")
    layer = folder / "config"
    shutil.copytree(policy, layer)
    text = _replace_once(text, "ContentUri: config/", f"ContentUri: {layer}")
    path = folder / "template.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def _replace_once(text, old, new):
    assert text.count(old) == 1, f"template.yaml has {text.count(old)} of {old!r}"
    return text.replace(old, new)


def deploy(ministack, template, parameters=None):
    """Runs `sam deploy` and returns the stack's outputs as a dict."""
    machine = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
    values = {"Architecture": machine[platform.machine()]} | (parameters or {})
    command = [
        tool("sam", "sam"), "deploy",
        "--template-file", template,
        "--config-file", ROOT / "samconfig.toml",
        "--stack-name", STACK,
        "--region", REGION,
        "--no-confirm-changeset",
        "--no-progressbar",
        "--parameter-overrides",
        *(f"{name}={value}" for name, value in values.items()),
    ]  # fmt: skip
    done = subprocess.run(
        [str(part) for part in command],
        cwd=template.parent,
        env=credentials() | {"AWS_ENDPOINT_URL": ministack.url},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"sam deploy failed:\n{done.stdout}\n{done.stderr}"
    stack = until("complete stack", lambda: _complete(ministack), seconds=60)
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def _complete(ministack):
    stack = ministack.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
    assert not stack["StackStatus"].endswith(("FAILED", "ROLLBACK_COMPLETE")), stack
    return stack if stack["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE") else None


def resources(ministack):
    """The deployed resources: logical id to (type, physical id)."""
    pages = ministack.client("cloudformation").get_paginator("list_stack_resources")
    return {
        resource["LogicalResourceId"]: (resource["ResourceType"], resource.get("PhysicalResourceId"))
        for page in pages.paginate(StackName=STACK)
        for resource in page["StackResourceSummaries"]
    }


def expanded(*overrides):
    """What SAM makes of template.yaml, as a dict; `overrides` are Name=value."""
    done = subprocess.run(
        [tool("lint", "python"), ROOT / "tests/stack/expand.py", ROOT / "template.yaml", *overrides],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def left_out(deployed):
    """Logical ids that a real account would get with the canary on, and this one has not.

    Versions and the layer carry a digest of their content in their names; their
    digests differ with the packaging, so they are compared without it.
    """
    wanted = expanded("Canary=true")["Resources"]
    conditional = {name for name, resource in wanted.items() if "Condition" in resource}

    def plain(name):
        return name[:-10] if "Version" in name or name.startswith("PolicyLayer") else name

    have = {plain(name) for name in deployed}
    return sorted(name for name in wanted if plain(name) not in have and name not in conditional)


class LocalStack:
    """All of it: the simulator, ministack, and the deployed stack.

    `ministack` gives clients, `simulator.url` the face, `outputs` the stack's outputs.
    `chat_url` is where Slack, PagerDuty and webhooks are to be found. The scenario's event
    is now; its metrics and alarms are in CloudWatch, and every alarm is quiet.
    """

    def __init__(self, folder, scenario, chat_url, policy=None, variables=None, parameters=None):
        folder = Path(folder)
        policy = Path(policy or ROOT / "config")
        self._started = []
        try:
            # Functions know the simulator's address from ministack, and the simulator
            # knows the load balancers from there: hence a port chosen before both.
            port = free_port()
            self.ministack = self._own(
                Ministack(
                    folder,
                    f"http://127.0.0.1:{port}",
                    {
                        "NIGHTSHIFT_POLICY": str(policy / "nightshift.toml"),
                        "NIGHTSHIFT_SLACK_URL": chat_url,
                        "NIGHTSHIFT_PAGERDUTY_URL": chat_url,
                    }
                    | (variables or {}),
                )
            )
            scenario = seed.load_balancers(self.ministack, Path(scenario), folder)
            self.simulator = self._own(Simulator(scenario, folder, port))
            secret = self.ministack.client("secretsmanager").create_secret(
                Name="chat",
                SecretString=json.dumps({
                    "slack_bot_token": "xoxb-local",
                    "pagerduty_routing_key": "R" * 32,
                }),
            )  # fmt: skip
            template = packaged(folder / "package", {name: binary(name) for name in FUNCTIONS}, policy)
            values = {"NotifierSecretArn": secret["ARN"], "SlackChannel": "C0LOCAL"}
            self.outputs = deploy(self.ministack, template, values | (parameters or {}))
            seed.metrics_and_alarms(self.ministack, self.simulator, self.outputs["AlarmTopicArn"], ahead=30)
        except BaseException:
            self.stop()
            raise

    def _own(self, process):
        self._started.append(process)
        return process

    def stop(self):
        """Ends what was started, the last first."""
        while self._started:
            self._started.pop().stop()
