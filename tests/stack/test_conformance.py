"""The conformance suites of the ports, on AWS as emulators answer for it.

`cargo test` runs the same suites on the simulated account. Here ministack answers, and for
ECS, ECR, CodeDeploy, Application Auto Scaling and Cost Explorer, which it lacks or has without
their life, the simulator's HTTP face; of the latter four moto has an idea of its own, and is
asked too.
"""

import json
import subprocess
import urllib.request
from datetime import UTC, datetime, timedelta

import conform
import conform_moto
import pytest
from botocore.exceptions import ClientError
from processes import binary

# The last three change services and images: after all that look at them.
SUITES = (
    "ages", "alarm-listing", "alarm-map", "alarms", "all-services", "balancers", "chat", "code-deployments",
    "cost-ledger", "costs", "history", "image-ledger", "image-runs", "images", "labels", "ledger", "log-groups",
    "logs", "metrics",
    "number-of-services", "past", "permissions", "registry", "running", "scaling", "scaling-policies", "scans",
    "secrets", "services", "set-by-hand", "setup", "stacks",
    "switch", "targets", "task-sets", "task-sizes",
    "changes", "hooks", "marks",
)  # fmt: skip
# They have tests of their own, which look at what came of them.
APART = ("code-rollbacks", "code-stops", "drill-events", "notices", "pictures", "timers")

# What is not asserted of an emulator, by suite, with what the suite says once it is asserted.
# Gap in tests/conformance has the reasons.
OF_MINISTACK = {
    "alarms": {
        "extended-statistics": "the statistic of an alarm on a percentile",
        "metric-math": "the metrics of a ratio",
    },
}
OF_MOTO = {
    "ages": {},
    "code-deployments": {"code-deploy-ends": "how it ended"},
    "costs": {"cost-explorer": "a very small amount"},
    "images": {"foreign-registry": "999999999999"},
    "registry": {},
    "labels": {"layer-urls": "checkout:42"},
    "scaling": {"scaling-bounds": "above the maximum"},
    "scans": {},
    # After all that look at images.
    "marks": {"image-archive": "ecr:UpdateImageStorageClass", "scanning-switch": "when it scans"},
}


def pairs(gaps):
    """Each suite with each of its gaps."""
    return [(suite, gap) for suite, of_suite in gaps.items() for gap in of_suite]


@pytest.fixture(scope="module")
def emulated(tmp_path_factory):
    """ministack and the simulator's face, with the account that the suites look at."""
    running = conform.Emulated(tmp_path_factory.mktemp("conformance"))
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def moto(tmp_path_factory):
    """moto, with the images and the scalable target of that account."""
    running = conform_moto.Moto(tmp_path_factory.mktemp("moto"))
    try:
        yield running
    finally:
        running.stop()


def test_every_suite_is_run():
    listed = subprocess.run([binary("nightshift-conform")], capture_output=True, text=True, check=True)
    assert sorted(listed.stdout.split()) == sorted(SUITES + APART)


@pytest.mark.parametrize("suite", SUITES)
def test_a_port_on_aws_is_as_it_must_be(emulated, suite):
    assert conform.run(suite, emulated.env, OF_MINISTACK.get(suite, ())) == []


def test_a_stop_at_codedeploy_leads_to_a_rollback_of_its_own(emulated):
    assert conform.run("code-stops", emulated.env) == []
    # The rollback begins some seconds after the stop.
    emulated.simulator.advance(30)
    assert conform.run("code-rollbacks", emulated.env) == []


def test_timers_on_scheduler_are_as_they_must_be(emulated):
    (timers,) = conform.run("timers", emulated.env)
    scheduler = emulated.client("scheduler")
    listed = scheduler.list_schedules(GroupName="conform")["Schedules"]
    assert sorted(one["Name"] for one in listed) == sorted(timer["name"] for timer in timers)
    for timer in timers:
        found = scheduler.get_schedule(GroupName="conform", Name=timer["name"])
        # To the whole second, and never before its time.
        wanted = datetime.fromisoformat(timer["at"])
        fires = datetime.strptime(found["ScheduleExpression"], "at(%Y-%m-%dT%H:%M:%S)").replace(tzinfo=UTC)
        assert timedelta() <= fires - wanted < timedelta(seconds=1)
        assert found["ScheduleExpressionTimezone"] == "UTC"
        assert found["ActionAfterCompletion"] == "DELETE"
        assert found["FlexibleTimeWindow"] == {"Mode": "OFF"}
        assert json.loads(found["Target"]["Input"]) == timer


def test_the_event_of_a_drill_is_on_the_bus_and_says_that_it_is_one(emulated):
    (put,) = conform.run("drill-events", emulated.env)
    (event,) = emulated.on_the_bus(1)
    assert (event["source"], event["detail-type"]) == ("nightshift.drill", put["detail_type"])
    assert (event["resources"], event["detail"]) == (put["resources"], put["detail"])


def test_notices_on_sns_are_as_they_must_be(emulated):
    notices, pages = conform.run("notices", emulated.env)
    # Neither a function nor a queue gets them in order.
    typed = sorted(emulated.typed(len(notices)), key=lambda notice: notice["sequence"])
    assert typed == notices
    heard = emulated.heard(len(notices) + len(pages))
    told = [one for one in heard if one["TopicArn"] == emulated.env["NIGHTSHIFT_NOTICE_TOPIC"]]
    begins = sorted(one["Subject"][:4] for one in told)
    assert begins == sorted(notice["headline"][:4] for notice in notices)
    for message in told:
        attributes = {name: value["Value"] for name, value in message["MessageAttributes"].items()}
        assert attributes == {
            "kind": "opened",
            "phase": "awaiting-approval",
            "service": "prod/checkout",
            "severity": "P2",
            "team": "shop",
        }
        # People get words, and a subject that SNS takes of anybody.
        assert "The alarm says so." in message["Message"] and not message["Message"].startswith("{")
        subject = message["Subject"]
        assert 0 < len(subject) <= 100 and subject.isascii() and subject.isprintable()
    paged = [[one["Subject"], one["Message"]] for one in heard if one not in told]
    assert paged == pages


def test_pictures_on_s3_are_as_they_must_be(emulated):
    kept = conform.run("pictures", emulated.env)
    bucket = emulated.env["NIGHTSHIFT_PICTURE_BUCKET"]
    there = emulated.client("s3").list_objects_v2(Bucket=bucket)["Contents"]
    assert sorted(one["Key"] for one in there) == sorted(name for name, _, _ in kept)
    for name, link, png in kept:
        # Whoever has the link needs nothing else.
        with urllib.request.urlopen(link) as answer:
            assert answer.read() == bytes(png), name
            assert answer.headers["Content-Type"] == "image/png", name


@pytest.mark.parametrize("suite", OF_MOTO)
def test_a_port_on_moto_is_as_it_must_be(moto, suite):
    assert conform.run(suite, moto.env, OF_MOTO[suite]) == []


def test_moto_still_stops_no_deployment(moto):
    # Once it does, `code-stops` is to be asked there too.
    with pytest.raises(ClientError) as refused:
        moto.client("codedeploy").stop_deployment(deploymentId=moto.env["CONFORM_CODE_DEPLOYING"])
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] >= 500


@pytest.mark.parametrize(("suite", "gap"), pairs(OF_MINISTACK))
def test_a_gap_of_ministack_or_of_a_port_is_still_there(emulated, suite, gap):
    others = OF_MINISTACK[suite].keys() - {gap}
    assert OF_MINISTACK[suite][gap] in conform.refusal(suite, emulated.env, others)


@pytest.mark.parametrize(("suite", "gap"), pairs(OF_MOTO))
def test_a_gap_of_moto_is_still_there(moto, suite, gap):
    others = OF_MOTO[suite].keys() - {gap}
    assert OF_MOTO[suite][gap] in conform.refusal(suite, moto.env, others)
