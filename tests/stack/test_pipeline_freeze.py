"""Freezes of deploys, as deploy-service.yml reads them from Nightshift's own policy."""

import datetime
import io
import re
import zipfile

import pytest
from account import Ministack
from pipeline import GOOD, Pipeline
from processes import ROOT
from workflow import scripts

WEEKEND = """
[[freeze]]
name = "weekend"
stops = "deploys"
days = ["fri"]
from = "22:00:00"
to = "06:00:00"
zone = "Europe/Berlin"
"""


ALWAYS = """
[[freeze]]
name = "quiet nights"
stops = "remedies"
from = "00:00"
to = "24:00"
"""


def zipped(name, text):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, text)
    return buffer.getvalue()


class FrozenPipeline(Pipeline):
    """A pipeline beside a stack of Nightshift's, of which it needs function and layer."""

    def __init__(self, folder):
        super().__init__(folder)
        try:
            self.ministack = Ministack(folder)
        except BaseException:
            self.simulator.stop()
            raise
        self.at = "2026-11-20T12:00:00+00:00"

    def policy(self, text):
        """Publishes a policy as the stack does, and lets the function read that."""
        functions = self.ministack.client("lambda")
        layer = functions.publish_layer_version(
            LayerName="nightshift-policy", Content={"ZipFile": zipped("nightshift.toml", text)}
        )
        functions.create_function(
            FunctionName="nightshift-deployment-guard",
            Runtime="provided.al2023",
            Role="arn:aws:iam::000000000000:role/guard",
            Handler="bootstrap",
            Code={"ZipFile": zipped("bootstrap", "")},
            Layers=[layer["LayerVersionArn"]],
            Publish=True,
        )
        functions.create_alias(FunctionName="nightshift-deployment-guard", Name="live", FunctionVersion="1")

    def extra(self):
        return {"AWS_ENDPOINT_URL_LAMBDA": self.ministack.url, "FREEZE_AT": self.at}

    def stop(self):
        self.ministack.stop()
        self.simulator.stop()


@pytest.fixture
def pipeline(tmp_path):
    running = FrozenPipeline(tmp_path)
    yield running
    running.stop()


def test_a_freeze_stops_before_anything_is_changed_and_an_override_is_recorded(pipeline):
    pipeline.policy((ROOT / "config/nightshift.toml").read_text(encoding="utf-8") + WEEKEND)
    pipeline.at = "2026-11-20T21:30:00+00:00"
    frozen = pipeline.run(GOOD, nightshift_stack="nightshift")
    assert frozen.outcome["freeze"] == "failure", frozen.log
    assert '❌ Deploys are frozen: "weekend" (until 06:00:00 Europe/Berlin). Nothing was changed.' in frozen.summary
    assert "run this again with override-freeze and the reason" in frozen.summary
    assert frozen.outcome["service"] == frozen.outcome["deploy"] == frozen.outcome["back"] == "skipped"
    assert pipeline.writes() == []

    meant = pipeline.run(GOOD, nightshift_stack="nightshift", override_freeze="INC-7: checkout is down!")
    assert not meant.failed, meant.log
    assert "⚠️ Freezes are overridden: INC-7: checkout is down!" in meant.summary
    described = pipeline.ecs("describe-task-definition", "--task-definition", "checkout:44", "--include", "TAGS")
    assert {"key": "freeze-override", "value": "INC-7: checkout is down-"} in described["tags"]


def test_a_freeze_of_remedies_stops_no_deployment_nor_does_one_outside_its_hours(pipeline):
    pipeline.policy(ALWAYS + WEEKEND)
    run = pipeline.run(GOOD, nightshift_stack="nightshift")
    assert run.outcome["freeze"] == "success" and not run.failed, run.log


def test_a_policy_that_cannot_be_read_counts_as_a_freeze(pipeline):
    run = pipeline.run(GOOD, nightshift_stack="nightshift")
    assert run.outcome["freeze"] == "failure", run.log
    assert "❌ The freezes in the policy of stack nightshift cannot be read, and so nothing is deployed." in run.summary
    assert pipeline.writes() == []


def test_a_policy_that_is_no_toml_counts_as_a_freeze(pipeline):
    pipeline.policy("[[freeze]\n")
    run = pipeline.run(GOOD, nightshift_stack="nightshift")
    assert "cannot be read, and so nothing is deployed" in run.summary, run.log
    assert pipeline.writes() == []


def holds(freeze, at):
    """The workflow's own rule."""
    script = scripts("deploy-service")["deploy", "freeze"]
    python = re.search(r"<<'PY'\n(.*?)\ntext = ", script, re.DOTALL)[1]
    names = {}
    exec(python, names)  # noqa: S102 - of our own file
    return names["holds"](freeze, datetime.datetime.fromisoformat(at))


BERLIN = {"days": ["fri"], "from": "22:00:00", "to": "06:00:00", "zone": "Europe/Berlin"}
WHOLE_DAY = {"days": ["sat", "sun"], "from": "00:00", "to": "24:00", "zone": "Europe/Berlin"}
LUNCH = {"from": "12:00", "to": "13:00"}


# The first four are those of shared/core/src/policy/freeze.rs.
@pytest.mark.parametrize(
    ("freeze", "at", "expected"),
    [
        (BERLIN, "2026-11-20T21:30:00+00:00", True),  # Friday 22:30 in Berlin
        (BERLIN, "2026-11-21T04:30:00+00:00", True),  # Saturday 05:30
        (BERLIN, "2026-11-21T05:30:00+00:00", False),
        (BERLIN, "2026-11-21T21:30:00+00:00", False),
        (BERLIN, "2026-11-20T20:59:59+00:00", False),
        (BERLIN, "2026-11-20T21:00:00+00:00", True),
        (BERLIN, "2026-11-21T05:00:00+00:00", False),
        (WHOLE_DAY, "2026-11-20T22:59:59+00:00", False),
        (WHOLE_DAY, "2026-11-20T23:00:00+00:00", True),
        (WHOLE_DAY, "2026-11-22T22:59:59+00:00", True),
        (WHOLE_DAY, "2026-11-22T23:00:00+00:00", False),
        (LUNCH, "2026-11-18T11:59:59+00:00", False),
        (LUNCH, "2026-11-18T12:00:00+00:00", True),
        (LUNCH, "2026-11-18T12:59:59+00:00", True),
        (LUNCH, "2026-11-18T13:00:00+00:00", False),
        (LUNCH | {"from": datetime.time(12), "to": datetime.time(13)}, "2026-11-18T12:30:00+00:00", True),
        # The day of a freeze over midnight is the one on which it begins, in its zone.
        (BERLIN | {"days": ["sun"]}, "2026-11-23T04:00:00+00:00", True),
        (BERLIN | {"days": ["mon"]}, "2026-11-23T04:00:00+00:00", False),
    ],
)
def test_a_freeze_holds_when_the_functions_say_so(freeze, at, expected):
    assert holds(freeze, at) is expected
