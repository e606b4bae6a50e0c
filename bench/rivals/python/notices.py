"""What people are told, as a value, and how it is published."""

import json
import os
from typing import Any

from clients import sns

TOPIC = os.environ["NIGHTSHIFT_NOTICE_TOPIC"]
# SNS refuses a longer subject.
SUBJECT = 100

Notice = dict[str, Any]


def publish(notice: Notice) -> None:
    """One text for each kind of subscriber: the notice for functions, plain text for
    everybody else."""
    message = {
        "default": _plain(notice),
        "email": _plain(notice),
        "sms": notice["headline"],
        "lambda": json.dumps(notice),
    }
    # What filter policies choose by.
    attributes = {name: notice[name] for name in ("severity", "kind", "phase", "service", "team")}
    sns.publish(
        TopicArn=TOPIC,
        Subject=notice["headline"].encode("ascii", "replace").decode()[:SUBJECT],
        MessageStructure="json",
        Message=json.dumps(message),
        MessageAttributes={
            name: {"DataType": "String", "StringValue": value}
            for name, value in attributes.items()
            if value
        },
    )


def _plain(notice: Notice) -> str:
    lines = [notice["headline"], "", *notice["why"], *notice["done"], ""]
    lines += [f"- {says}" for says in notice["evidence"]]
    lines += [f"{name}: {figure}" for name, figure in notice["impact"].items()]
    return "\n".join(lines)


def evidence(scene: Notice) -> list[str]:
    """What speaks for and against the release as the cause, in sentences."""
    says = [f"{len(scene['stopped'])} tasks stopped within the last hour"]
    for name, called in (("cpu", "CPU"), ("memory", "Memory")):
        if series := scene["metrics"][name]:
            says.append(f"{called} is at {series[-1][1]:.0f} %")
    for window, when in (("yesterday", "yesterday"), ("last_week", "a week ago")):
        now = sum(value for _, value in scene["metrics"].get("requests", []))
        then = sum(value for _, value in scene[window].get("requests", []))
        if then:
            says.append(f"Requests are {now / then:.0%} of those of {when}")
    others = [name for name in scene["firing"] if name != scene["alarm"]["AlarmName"]]
    says.append(f"{len(others)} other alarms fire")
    says += [f"AWS reports {issue['title']}" for issue in scene["health_issues"]]
    return says


def impact(scene: Notice) -> dict[str, str]:
    """Figures by name."""
    live = scene["service"]
    targets = [target for group in scene["targets"] for target in group["health"]]
    healthy = sum(target["TargetHealth"]["State"] == "healthy" for target in targets)
    figures = {
        "tasks": f"{live['runningCount']} of {live['desiredCount']}",
        "healthy targets": f"{healthy} of {len(targets)}",
    }
    if bounds := scene["scaling"]:
        figures["scales between"] = f"{bounds['MinCapacity']} and {bounds['MaxCapacity']}"
    return figures
