"""The cost reporter on the emulated account: its binary, Cost Explorer's face, the ledger, the chat."""

import json
import subprocess
from datetime import UTC, date, datetime

import pytest
from processes import ROOT, binary, credentials, until

# The simulator's costs are those of today.
AT = datetime.now(UTC).replace(microsecond=0)


def sample(name):
    """A sample event."""
    return json.loads((ROOT / f"events/cost-reporter/{name}.json").read_text(encoding="utf-8"))


def due(kind):
    """What the schedule sends."""
    return {**sample(kind), "at": AT.isoformat()}


def roots(night, word):
    """Texts of the root messages that say it."""
    return [
        sent.body["text"]
        for sent in list(night.chat.sent)
        if sent.path.endswith("/chat.postMessage") and "thread_ts" not in sent.body and word in json.dumps(sent.body)
    ]


@pytest.fixture(scope="module")
def daily(night):
    """The morning's report, on the first settled day of the jump."""
    failed, report = night.invoke("cost-reporter", due("daily"))
    assert failed is None, report
    return report


def test_the_settled_day_is_told_with_what_moved_and_its_picture(night, daily):
    assert daily["published"], daily
    (mover,) = daily["figures"]["movers"]
    assert mover["first"]["key"] == ["AmazonCloudWatch"]
    assert daily["figures"]["month"]["split"]["credits"]["USD"].startswith("-"), daily["figures"]["month"]
    (text,) = until("message about costs", lambda: roots(night, f"report-costs-{daily['day']}"))
    day = date.fromisoformat(daily["day"])
    assert f"Costs for {day:%a} {day.day} {day:%b}, settled" in text and "above usual" in text, text
    drawn = lambda: [file for file in list(night.chat.files) if "Cost by day" in file.title]  # noqa: E731
    picture = until("picture of costs", drawn)[0]
    assert picture.content.startswith(b"\x89PNG\r\n")


def test_asked_again_it_says_nothing_more_and_pays_nothing(night, daily):
    failed, report = night.invoke("cost-reporter", due("daily"))
    assert failed is None and (report["published"], report["requests"]) == (None, 0), report
    assert len(night.items(f"costs#{AT.date()}")) >= 5, "answers are kept for the day"
    assert len(roots(night, f"report-costs-{daily['day']}")) == 1


def test_the_week_lists_what_is_paid_for_and_not_used(night):
    failed, report = night.invoke("cost-reporter", due("weekly"))
    assert failed is None and report["published"], report
    # The emulated account's log groups and load balancers are looked at, its services too.
    assert report["figures"]["waste"] is not None and report["figures"]["waste_unseen"] == [], report["figures"]


def test_an_anomaly_comes_twice_and_is_told_once_and_again_when_it_has_grown(night):
    told = [night.invoke("cost-reporter", sample(name)) for name in ("anomaly", "anomaly", "anomaly-grows")]
    assert all(failed is None for failed, _ in told), told
    assert [len(report["published"]) for _, report in told] == [1, 0, 1]
    found = "cost-anomaly-6de0dd1d-feb4-488a-a55d-ff130a7a285a"
    until("message about the anomaly", lambda: roots(night, found))
    ts = next(sent.answer["ts"] for sent in night.chat.sent if found in json.dumps(sent.body) and "ts" in sent.answer)
    until("edit that says it grows", lambda: [edit for edit in night.edits(ts) if "and grows" in edit["text"]])
    assert len(roots(night, found)) == 1


def test_what_comes_by_the_topic_is_told_readable_or_as_it_came(night):
    topic = night.stack.outputs["CostTopicArn"]
    for name in ("sns-budget-actual", "sns-unread"):
        message = sample(name)["Records"][0]["Sns"]
        said = {"Subject": message["Subject"]} if message["Subject"] else {}
        night.client("sns").publish(TopicArn=topic, Message=message["Message"], **said)
    until("message about the budget", lambda: roots(night, "Budget nightshift-month: $1,204.11 of $1,500.00 spent"))
    until("message that nobody knows", lambda: roots(night, "On costs, unread"))


def test_an_event_that_cannot_be_read_fails_by_the_path_of_its_field(night):
    broken = sample("anomaly")
    broken["detail"]["impact"] = {}
    failed, report = night.invoke("cost-reporter", broken)
    assert failed and "detail.impact" in json.dumps(report), report


def test_the_report_at_the_command_line_asks_the_account(night):
    own = {"AWS_ENDPOINT_URL_COST_EXPLORER": night.stack.simulator.url}
    env = credentials() | {"AWS_ENDPOINT_URL": night.stack.ministack.url} | own
    command = [binary("nightshift"), "report", "cost", "--days", "7", "--by", "tag", "--json"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["sample"], report["by"]) == (False, "tag:team")
    assert [row["name"] for row in report["rows"]][:2] == ["shop", "billing"], report["rows"]
