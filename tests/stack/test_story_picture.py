"""A report with figures, told: its picture is below its message.

The notice is put on the topic as it is published; all after that is the stack's own.
"""

import json

from processes import ROOT, until

CHART = {
    "title": "What production cost, by service",
    "currency": "USD",
    "from": "2026-11-01",
    "settled": 2,
    "layers": [
        {"name": "Amazon Elastic Container Service", "days": ["8.10", "7.95", "3.2"]},
        {"name": "AWS <Lambda> & more", "days": ["1.10", "1.25", "0"]},
    ],
}


def report():
    """The sample's report, with figures."""
    event = json.loads((ROOT / "events/notifier/report.json").read_text(encoding="utf-8"))
    notice = json.loads(event["Records"][0]["Sns"]["Message"])
    return {**notice, "incident": "report-costs-2026-11-23", "chart": CHART}


def test_figures_are_drawn_and_put_below_their_message(night):
    topic = night.stack.outputs["NoticeTopicArn"]
    night.client("sns").publish(TopicArn=topic, Message=json.dumps(report()))
    ours = lambda: [file for file in list(night.chat.files) if file.title == CHART["title"]]  # noqa: E731
    picture = until("picture of the report", ours)[0]
    roots = [sent.answer["ts"] for sent in list(night.chat.sent) if "report-costs-2026-11-23" in json.dumps(sent.body)]
    assert roots == [picture.thread]
    assert (picture.name, picture.title) == ("chart.png", CHART["title"])
    assert "AWS <Lambda> & more $2.35; 2 settled days $18.40" in picture.alt
    assert picture.content.startswith(b"\x89PNG\r\n")
    uploads = [sent for sent in night.chat.sent if sent.path.startswith("/upload/")]
    assert str(len(picture.content)) in {sent.headers["content-length"] for sent in uploads}
    assert not any("authorization" in sent.headers for sent in uploads)
