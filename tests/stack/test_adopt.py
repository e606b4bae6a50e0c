"""`nightshift adopt` as a process, on an account that ministack and the simulator answer for,
and the file that it writes, given to the SAM CLI.
"""

import json
import subprocess
import tomllib
from types import SimpleNamespace

import account
import pytest
import seed
from companion import Stack
from processes import REGION, ROOT, binary, credentials, free_port, tool
from test_service_stack_wiring import by_api, refused

SCENARIO = ROOT / "cli/scenarios/adopt.toml"
SIMULATED = ("ECS", "ECR", "APPLICATION_AUTO_SCALING")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """The demo's account with Nightshift deployed in it."""
    folder = tmp_path_factory.mktemp("adopt")
    port = free_port()
    ministack = account.Ministack(folder, f"http://127.0.0.1:{port}", {"RECORDER_FILE": str(folder / "events.jsonl")})
    simulator = None
    try:
        scenario = seed.load_balancers(ministack, SCENARIO, folder)
        simulator = account.Simulator(scenario, folder, port)
        policy = folder / "policy"
        policy.mkdir()
        (policy / "nightshift.toml").write_text("# as it comes\n")
        code = {name: ROOT / "tests/stack/recorder.py" for name in account.FUNCTIONS}
        outputs = account.deploy(ministack, account.packaged(folder / "package", code, policy))
        seed.beside(ministack, SCENARIO)
        seed.metrics_and_alarms(ministack, simulator, outputs["AlarmTopicArn"], hours=1)
        env = credentials() | {"AWS_ENDPOINT_URL": ministack.url}
        env |= {f"AWS_ENDPOINT_URL_{service}": simulator.url for service in SIMULATED}
        yield SimpleNamespace(folder=folder, ministack=ministack, simulator=simulator, outputs=outputs, env=env)
    finally:
        if simulator:
            simulator.stop()
        ministack.stop()


def nightshift(place, *arguments):
    command = [binary("nightshift"), "adopt", *arguments]
    return subprocess.run(
        [str(part) for part in command],
        cwd=place.folder, env=place.env, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def adopted(place, service, *arguments):
    done = nightshift(place, service, "--json", *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def standing(adoption):
    return {check["id"]: check["standing"] for check in adoption["checks"]}


def given(file):
    """The parameters in a file that adopt wrote."""
    read = tomllib.loads(file.read_text(encoding="utf-8"))["default"]["deploy"]["parameters"]
    return read["stack_name"], dict(one.split("=", 1) for one in read["parameter_overrides"])


def test_what_it_says_is_what_the_account_has(place):
    search = adopted(place, "prod/search")
    assert search["unseen"] == [] and not search["deployed"]
    assert search["account"] == place.ministack.client("sts").get_caller_identity()["Account"]
    found = standing(search)
    assert found["errors-alarm"] == "ready" and found["latency-alarm"] == "missing"
    assert found["main-stack"] == "ready" and found["log-group"] == "missing"
    groups = place.ministack.client("elbv2").describe_target_groups(Names=["search"])["TargetGroups"]
    parameters = search["companion"]["parameters"]
    assert groups[0]["TargetGroupArn"].endswith(parameters["TargetGroup"])
    assert groups[0]["LoadBalancerArns"][0].endswith(parameters["LoadBalancer"])
    assert parameters["SharedLoadBalancer"] == "true"
    assert parameters["AlarmTopicArn"] == place.outputs["AlarmTopicArn"]
    checkout = adopted(place, "prod/checkout")
    assert standing(checkout)["errors-alarm"] == standing(checkout)["lifecycle"] == "ready"


def test_the_roles_of_the_deployed_stack_are_asked_about(place):
    # ministack evaluates the policies but leaves the given context out, so that what asks
    # for a tag is refused; what asks for none is not.
    permissions = adopted(place, "prod/search")["permissions"]
    roles = {one["role"].rsplit("/", 1)[1] for one in permissions}
    assert len(roles) == 3 and len(permissions) == 9
    for one in permissions:
        asks_for_a_tag = ":service-deployment/" not in one["resource"]
        assert one["refused"]["seen"] == (one["asked"] if asks_for_a_tag else []), one


def test_the_file_it_writes_is_deployed_as_it_is_and_then_it_is_adopted(place):
    file = place.folder / "search.toml"
    done = nightshift(place, "prod/search", "--out", file)
    assert done.returncode == 0 and f'--config-file "{file}"' in done.stdout, done.stdout + done.stderr
    name, parameters = given(file)
    stack = Stack("service", parameters, stack=name)
    left_out = {key: one for key, one in stack.resources().items() if refused(one)}
    template = place.folder / "search.json"
    template.write_text(json.dumps(stack.without(left_out)), encoding="utf-8")
    command = [
        tool("sam", "sam"), "deploy", "--template-file", template, "--config-file", file,
        "--region", REGION, "--no-confirm-changeset", "--no-progressbar",
    ]  # fmt: skip
    done = subprocess.run(
        [str(part) for part in command],
        cwd=place.folder, env=place.env, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    [made] = place.ministack.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    taken = {one["ParameterKey"]: one["ParameterValue"] for one in made["Parameters"]}
    assert parameters.items() <= taken.items()
    by_api(place.ministack.client("cloudwatch"), left_out)
    again = adopted(place, "prod/search")
    assert again["deployed"]
    assert {key: value for key, value in standing(again).items() if key.endswith("-alarm")} == {
        "latency-alarm": "ready", "traffic-alarm": "ready", "errors-alarm": "ready", "saturation-alarm": "ready"
    }  # fmt: skip


@pytest.mark.parametrize("service", ["checkout", "search", "gateway", "mailer", "reports"])
def test_the_template_takes_whatever_parameters_it_writes(place, service):
    file = place.folder / f"demo-{service}.toml"
    queue = ["--queue", "mails", "--dead-letters", "mails-dead"] if service == "mailer" else []
    cluster = "stage" if service == "reports" else "prod"
    done = nightshift(place, f"{cluster}/{service}", "--demo", "--out", file, *queue)
    assert done.returncode == 0, done.stderr
    name, parameters = given(file)
    stack = Stack("service", parameters, stack=name)
    assert stack.refused() == [] and len(stack.alarms()) > 5


def test_a_file_that_somebody_changed_is_left_alone(place):
    file = place.folder / "mine.toml"
    assert nightshift(place, "prod/search", "--demo", "--stack", "other", "--out", file).returncode == 0
    assert "AlarmTopicArn=" not in file.read_text()
    # As it was written, it is written anew.
    assert nightshift(place, "prod/search", "--demo", "--out", file).returncode == 0
    mine = file.read_text().replace("Tier=2", "Tier=1")
    assert "AlarmTopicArn=" in mine
    file.write_text(mine)
    done = nightshift(place, "prod/search", "--demo", "--out", file)
    assert done.returncode == 0 and "somebody has changed it: it is left alone" in done.stdout
    assert file.read_text() == mine
    done = nightshift(place, "prod/search", "--demo", "--out", file, "--overwrite")
    assert "Its parameters are in" in done.stdout and "Tier=2" in file.read_text()


def test_all_services_are_one_table(place):
    done = nightshift(place, "--all", "--json")
    assert done.returncode == 0, done.stderr
    rows = {row["service"]: row for row in json.loads(done.stdout)["services"]}
    assert set(rows) == {"prod/checkout", "prod/search", "prod/gateway", "prod/mailer", "stage/reports"}
    assert rows["prod/checkout"]["missing"] == [] and rows["prod/checkout"]["scaling"] == "2-10"
    assert "signals" in rows["prod/mailer"]["missing"]


def test_what_is_wrong_is_said_in_a_sentence(place):
    done = nightshift(place, "prod/nobody")
    assert done.returncode == 1 and "nightshift adopt --all lists those that there are" in done.stderr
    done = nightshift(place, "checkout")
    assert done.returncode == 2 and "expected CLUSTER/SERVICE" in done.stderr


def test_nothing_in_the_account_was_changed(place):
    calls = place.simulator.get("/_sim/calls")
    assert calls and not [call for call in calls if call["write"]]
