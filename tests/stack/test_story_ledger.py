"""What the binaries wrote into DynamoDB, against docs/ledger.md.

The document's own table of items is what they are held to.
"""

import json
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

import account
import pytest
from processes import ROOT

DAY = 86_400
# From the event to the write, and from the write to this test.
TOLERANCE = 1800
# What a placeholder of the table stands for; any other one is any text.
PATTERNS = {"SEQUENCE": r"\d{6}", "YYYY-MM-DD": r"\d{4}-\d\d-\d\d"}
PLACEHOLDER = re.compile(r"YYYY-MM-DD|[A-Z]{2,}")


@dataclass(frozen=True)
class Row:
    """One row of the table: what an item of this kind looks like."""

    name: str
    pk: re.Pattern
    sk: re.Pattern
    always: dict
    sometimes: set
    days: int | None
    from_beginning: bool
    # Its day is in its key.
    from_its_day: bool
    # It does not expire as long as something about it is not over, or nothing is known of it.
    while_open: bool

    def fits(self, item):
        """Whether the keys are those of this row."""
        return self.pk.fullmatch(item["pk"]["S"]) and self.sk.fullmatch(item["sk"]["S"])


def pattern(cell):
    """The keys that a cell like `incident#ID` describes."""
    quoted = re.search(r"`([^`]+)`", cell)
    if not quoted:
        return re.compile(".+")
    parts = re.split(f"({PLACEHOLDER.pattern})", quoted[1])
    return re.compile("".join(
        PATTERNS.get(part, "[^#]+") if PLACEHOLDER.fullmatch(part) else re.escape(part) for part in parts
    ))  # fmt: skip


@cache
def rows():
    """The document's table of items."""
    text = (ROOT / "docs" / "ledger.md").read_text(encoding="utf-8")
    found = []
    for line in text.split("## Items")[1].split("\n## ")[0].splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) != 5 or cells[0] in ("item", "---"):
            continue
        name, pk, sk, attributes, kept = cells
        always, _, sometimes = attributes.partition(";")
        days = re.match(r"(\d+) days", kept)
        assert days or kept.startswith("ever"), line
        found.append(Row(
            name, pattern(pk), pattern(sk),
            dict(re.findall(r"`(\w+)` (BOOL|[NSB])\b", always)),
            set(re.findall(r"`([a-z_]+)`", sometimes)),
            int(days[1]) if days else None,
            "from its beginning" in kept,
            "from the start of its day" in kept,
            "while it is open" in kept,
        ))  # fmt: skip
    return found


def deployment_of(night, service):
    """ECS says that a deployment of the service is done."""
    path = ROOT / "events/deployment-guard/deployment-completed.json"
    event = json.loads(path.read_text(encoding="utf-8"))
    _, key = night.key(service).split("#")
    number, region, cluster, name = key.split("/")
    event["resources"] = [f"arn:aws:ecs:{region}:{number}:service/{cluster}/{name}"]
    return event


@pytest.fixture(scope="module")
def items(night, healed):
    """All that the night left, and news of AWS, of an alarm of nobody's and of a deployment."""
    for sample in ("health-closed", "target-tracking-alarm"):
        event = json.loads((ROOT / f"events/alarm-responder/{sample}.json").read_text(encoding="utf-8"))
        error, report = night.invoke("alarm-responder", event, Qualifier="live")
        assert error is None, report
    sweep = json.loads((ROOT / "events/image-guard/sweep-daily.json").read_text(encoding="utf-8"))
    error, report = night.invoke("image-guard", sweep, Qualifier="live")
    assert error is None, report
    daily = json.loads((ROOT / "events/cost-reporter/daily.json").read_text(encoding="utf-8"))
    daily["at"] = datetime.now(UTC).replace(microsecond=0).isoformat()
    anomaly = json.loads((ROOT / "events/cost-reporter/anomaly.json").read_text(encoding="utf-8"))
    for event in (daily, anomaly):
        error, report = night.invoke("cost-reporter", event, Qualifier="live")
        assert error is None, report
    error, report = night.invoke("deployment-guard", deployment_of(night, "checkout"), Qualifier="live")
    assert error is None, report
    with night.ringing("search"):
        night.opened("search")
        pages = night.client("dynamodb").get_paginator("scan").paginate(TableName=night.table)
        return [item for page in pages for item in page["Items"]]


def row_of(item):
    (row,) = [row for row in rows() if row.fits(item)]
    return row


def test_the_document_describes_every_item_and_every_item_occurs(items):
    assert len(rows()) == 20
    assert {row_of(item).name for item in items} == {row.name for row in rows()}


def test_every_item_has_the_attributes_that_the_document_says(items):
    for item in items:
        row = row_of(item)
        own = {key: next(iter(value)) for key, value in item.items() if key not in ("pk", "sk", "expires_at")}
        assert {key: own.get(key) for key in row.always} == row.always, (row.name, own)
        assert set(own) - set(row.always) <= row.sometimes, (row.name, own)
        if "document" in item:
            # That of a finding lists the services that run it.
            shape = {"spread of a finding": list, "all runs are known": str}.get(row.name, dict)
            assert isinstance(json.loads(item["document"]["S"]), shape), row.name


def test_every_item_expires_when_the_document_says(items):
    # ministack leaves this out when it makes a table from a template.
    ledger = account.expanded()["Resources"]["Ledger"]["Properties"]
    assert ledger["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    for item in items:
        row = row_of(item)
        if row.while_open:
            assert "open" not in item or "expires_at" not in item, row.name
            continue
        assert ("expires_at" in item) == (row.days is not None), row.name
        if row.days is None:
            continue
        since = time.time()
        if row.from_beginning:
            since = datetime.fromisoformat(json.loads(item["document"]["S"])["since"]).timestamp()
        elif row.from_its_day:
            day = item["pk"]["S"].rpartition("#")[2]
            since = datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()
        assert abs(int(item["expires_at"]["N"]) - since - row.days * DAY) < TOLERANCE, row.name


def test_the_index_shows_open_incidents_and_nothing_else(night, items):
    for item in items:
        if item["sk"]["S"] == "head" and item["pk"]["S"].startswith("service#"):
            incident = json.loads(item["document"]["S"])["incident"]
            assert ("open" in item) == ("opened_at" in item) == (incident is not None), item["pk"]
    with night.ringing("search"):
        night.opened("search")
        found = night.client("dynamodb").query(
            TableName=night.table,
            IndexName="open-incidents",
            KeyConditionExpression="#open = :yes",
            ExpressionAttributeNames={"#open": "open"},
            ExpressionAttributeValues={":yes": {"S": "1"}},
        )["Items"]
    keys = {item["pk"]["S"] for item in found}
    assert night.key("search") in keys
    assert night.key("checkout") not in keys
    assert all(key.startswith("service#") for key in keys), "images are open under a word of their own"
    for item in found:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", item["opened_at"]["S"])
