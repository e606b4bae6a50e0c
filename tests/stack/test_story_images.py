"""The image guard on the emulated account: its binary, the registry, the ledger, the chat."""

import json
import subprocess

import boto3
import pytest
from botocore.config import Config
from night import SWEEPS
from processes import REGION, ROOT, binary, credentials, until


@pytest.fixture(scope="module")
def ecr(night):
    """The registry, as AWS's own client sees it."""
    return boto3.client(
        "ecr", endpoint_url=night.stack.simulator.url, region_name=REGION,
        aws_access_key_id="test", aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )  # fmt: skip


@pytest.fixture(scope="module")
def swept(night):
    """What runs where is known, as it is from the first daily look on."""
    event = json.loads((ROOT / "events/image-guard/sweep-daily.json").read_text())
    failed, report = night.invoke("image-guard", event)
    assert failed is None, report
    return report


def image(ecr, tag):
    """One image of the reports by a tag of it: its digest, and all of its tags."""
    (found,) = ecr.describe_images(repositoryName="reports", imageIds=[{"imageTag": tag}])["imageDetails"]
    return found["imageDigest"], set(found["imageTags"])


def event(night, name, digest):
    """A sample event, about an image of the reports in this account."""
    text = (ROOT / f"events/image-guard/{name}.json").read_text()
    sample = json.loads(text)
    old = sample["detail"].get("image-digest") or sample["resources"][0].rpartition("/")[2]
    number = night.client("sts").get_caller_identity()["Account"]
    text = text.replace(old, digest).replace("team/checkout", "reports").replace('"checkout"', '"reports"')
    return json.loads(text.replace("123456789012", number))


def record(night, digest):
    """What the ledger remembers of an image of the reports."""
    head = night.item(f"image#reports@{digest}", "head")
    return head and json.loads(head["document"]["S"])


def messages(night, digest):
    """The root messages about an image: (ts, text) each."""
    return [
        (sent.answer["ts"], sent.body["text"])
        for sent in list(night.chat.sent)
        if sent.path.endswith("/chat.postMessage")
        and "thread_ts" not in sent.body
        and digest.removeprefix("sha256:")[:12] in json.dumps(sent.body)
    ]


def test_the_daily_look_knows_what_runs_and_lets_a_lifecycle_rule_keep_it(night, ecr, swept):
    digest, tags = image(ecr, "8")
    assert f"nightshift-keep-{digest.removeprefix('sha256:')[:12]}" in tags
    runs = [json.loads(item["document"]["S"]) for item in night.items("repository#reports")]
    assert [(run["image"]["digest"], run["role"]) for run in runs] == [(digest, "runs")]
    ts, text = until("message about what runs", lambda: messages(night, digest))[0]
    assert "1 critical" in text and "prod/reports" in text, text


def test_the_report_on_images_says_what_the_ledger_and_the_registry_know(night, ecr, swept):
    command = [binary("nightshift"), "report", "images", "--json", "--table", night.table]
    own = {f"AWS_ENDPOINT_URL_{service}": night.stack.simulator.url for service in ("ECS", "ECR")}
    env = credentials() | {"AWS_ENDPOINT_URL": night.stack.ministack.url} | own
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["sample"], report["unread"]) == (False, [])
    (row,) = [row for row in report["images"] if row["service"] == "prod/reports" and row["role"] == "runs"]
    digest, _ = image(ecr, "8")
    assert row["image"] == {"repository": "reports", "digest": digest}
    assert row["state"] == "exposed" and row["findings"].get("critical") == 1 and row["due"], row
    wrong = {found["wrong"] for found in report["repositories"] if found["repository"] == "reports"}
    assert wrong, report["repositories"]


def test_a_scan_that_is_done_quarantines_what_nobody_runs_and_says_so_once(night, ecr, swept):
    digest, _ = image(ecr, "9")
    for _ in range(2):
        failed, report = night.invoke("image-guard", event(night, "inspector-scan", digest))
        assert failed is None, report
    held = record(night, digest)["quarantine"]
    assert held["because"] == ["CVE-2026-1001"] and held["marked"] == "tagged"
    assert f"quarantine-{digest.removeprefix('sha256:')[:12]}" in image(ecr, "9")[1]
    ts, text = until("message about the quarantine", lambda: messages(night, digest))[0]
    assert "is quarantined: 1 critical (1 known to be used)" in text, text
    assert len(messages(night, digest)) == 1
    thread = json.loads(night.item(f"image#reports@{digest}", "head")["document"]["S"])["told"]["billing"]
    assert thread["sequence"] == 1 and thread["open"]


def test_findings_that_come_in_set_one_timer_which_looks_once(night, ecr, swept):
    digest, _ = image(ecr, "8")
    reports = [night.invoke("image-guard", event(night, "inspector-finding", digest)) for _ in range(5)]
    assert all(failed is None and report["event"] == "settling" for failed, report in reports), reports
    assert len({report["at"] for _, report in reports}) <= 2, "one for each slot of five seconds"
    until("look that was put off", lambda: record(night, digest)["settles_at"] is None, seconds=SWEEPS)
    assert len(messages(night, digest)) == 1, "nothing was new"


def test_taking_the_marker_off_lets_the_image_go(night, ecr, swept):
    digest, tags = image(ecr, "9")
    marker = f"quarantine-{digest.removeprefix('sha256:')[:12]}"
    if marker not in tags:
        night.invoke("image-guard", event(night, "inspector-scan", digest))
    ecr.batch_delete_image(repositoryName="reports", imageIds=[{"imageTag": marker}])
    failed, report = night.invoke("image-guard", event(night, "inspector-scan", digest))
    assert failed is None, report
    assert record(night, digest)["quarantine"] is None
    assert marker not in image(ecr, "9")[1]
    ts, _ = messages(night, digest)[0]
    edited = until("edit that says it may be deployed", lambda: [
        edit for edit in night.edits(ts) if "may be deployed again" in edit["text"]
    ])  # fmt: skip
    assert edited


def test_an_event_that_cannot_be_read_fails_by_the_path_of_its_field(night):
    broken = event(night, "scan-complete", "latest")
    failed, report = night.invoke("image-guard", broken)
    assert failed and "detail.image-digest" in json.dumps(report), report
