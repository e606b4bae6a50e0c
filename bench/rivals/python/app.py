"""Answers a CloudWatch alarm: reads all about its service, decides, and goes back to the
release that ran well.

The order is what makes it safe. What is decided is claimed in the ledger before anything
is done; nothing changes production before its check is set and people are told; and the
switches are looked at once more right before.
"""

import hashlib
import json
import os
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent,
)
from aws_lambda_powertools.utilities.typing import LambdaContext

import decide
import ledger
import notices
import observe
from clients import answers, dynamodb, ecs, scheduler, sns, soon
from signals import Signal

FIRST_CHECK = timedelta(minutes=5)
# An event is delivered again for a day at most; a week leaves time for a person who
# sends one again from a dead-letter queue.
KEEP_EVENTS = timedelta(days=7)

logger = Logger(service="alarm-responder")
seen = DynamoDBPersistenceLayer(
    table_name=ledger.TABLE,
    key_attr="pk",
    sort_key_attr="sk",
    expiry_attr="expires_at",
    boto3_client=dynamodb,
)
once = IdempotencyConfig(
    event_key_jmespath="id",
    raise_on_no_idempotency_key=True,
    expires_after_seconds=int(KEEP_EVENTS.total_seconds()),
)

Record = dict[str, Any]


@logger.inject_lambda_context
@idempotent(persistence_store=seen, config=once)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """The same event is answered once, however often it is delivered."""
    report = respond(Signal.of(event), event, datetime.now(UTC))
    logger.info("answered", extra=report)
    return report


def respond(signal: Signal, event: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Reads, decides and carries out."""
    if signal.state != "ALARM":
        return {"decision": "ignored", "because": "it is no ALARM"}
    scene = observe.first(signal, now)
    if not scene["alarm"] or scene["alarm"]["StateValue"] != "ALARM":
        return {"decision": "ignored", "because": "the alarm is over"}
    version, record = scene["record"]
    if incident := record.get("incident"):
        if incident["event"] != signal.event or not record["unpublished"]:
            return {"decision": "joined", "incident": incident["id"]}
        # An earlier delivery of this event did not come to its end.
        return carry_out(signal, version, record, {"event": event, "record": record}, now)
    scene = observe.rest(scene, now)
    objection = decide.objection(scene, now)
    record = opened(signal, scene, objection, now)
    ledger.write(*claim(signal, scene, record, now))
    case = {"event": event, "signal": asdict(signal), "observed": scene, "record": record}
    return carry_out(signal, version + 1, record, case, now)


def opened(signal: Signal, scene: Record, objection: str | None, now: datetime) -> Record:
    """The service's record with a new incident, and in it all that is still to be done:
    whoever finds it after a crash can go on from it."""
    incident_id = f"{now:%Y%m%d-%H%M}-{hashlib.sha256(signal.event.encode()).hexdigest()[:8]}"
    tags = {tag["key"]: tag["value"] for tag in scene["service"]["tags"]}
    record = {"service": signal.key, "remedies": [], **scene["record"][1]}
    incident = {
        "id": incident_id,
        "event": signal.event,
        "alarm": signal.arn,
        "opened_at": now.isoformat(),
        "severity": "P1" if tags.get("environment") == "production" else "P2",
        "team": tags.get("team", ""),
        "phase": "escalated",
        "evidence": notices.evidence(scene),
        "impact": notices.impact(scene),
        "sequence": 0,
        "remedy": None,
        "outcome": objection,
    }
    if objection is None:
        good = decide.last_good(scene["deployments"])
        incident["phase"] = "acting"
        incident["remedy"] = {
            "from": scene["service"]["taskDefinition"],
            "to": good["taskDefinition"],
        }
        record["remedies"] = [*record["remedies"], now.isoformat()][-10:]
    record |= {"incident": incident, "unpublished": []}
    if objection:
        done = f"Nothing was done: {objection}."
        return told(signal, record, "opened", f"{signal.called} needs you", done, now)
    to = short(incident["remedy"]["to"])
    headline = f"{signal.called} is going back to {to}"
    return told(signal, record, "acting", headline, f"The service is rolled back to {to}.", now)


def told(
    signal: Signal, record: Record, kind: str, headline: str, done: str, now: datetime
) -> Record:
    """The record with one more notice that is to be published."""
    incident = record["incident"] | {"sequence": record["incident"]["sequence"] + 1}
    notice = {
        "incident": incident["id"],
        "sequence": incident["sequence"],
        "kind": kind,
        "phase": incident["phase"],
        "severity": incident["severity"],
        "service": signal.called,
        "team": incident["team"],
        "opened_at": incident["opened_at"],
        "at": now.isoformat(),
        "headline": headline,
        "why": [f"Alarm {signal.alarm}: {signal.reason}"],
        "done": [done],
        "evidence": incident["evidence"],
        "impact": incident["impact"],
    }
    return record | {"incident": incident, "unpublished": [*record["unpublished"], notice]}


def claim(signal: Signal, scene: Record, record: Record, now: datetime) -> list[Record]:
    """The writes of a claim: the record, the cap over all services that a remedy counts
    against, the release on trial, and a line of the incident's time line."""
    incident = record["incident"]
    writes = [ledger.head(scene["record"][0], record)]
    if incident["remedy"]:
        version, fleet = scene["fleet"]
        remedies = [*fleet.get("remedies", []), now.isoformat()][-10:]
        writes.append(ledger.following("fleet", version, fleet | {"remedies": remedies}))
        newest = scene["deployments"][0]
        release = {
            "service": signal.key,
            "deployment": newest["serviceDeploymentArn"],
            "task_definition": newest["target"]["taskDefinition"],
            "troubled": incident["id"],
        }
        day = f"releases#{decide.began(newest):%Y-%m-%d}"
        key = f"{signal.key}#{newest['serviceDeploymentArn']}"
        writes.append(ledger.history(day, key, release, now))
    return [*writes, time_line(record["unpublished"][-1], now)]


def time_line(notice: Record, now: datetime) -> Record:
    """The write of a notice's line in the time line of its incident."""
    line = {"at": notice["at"], "says": notice["headline"]}
    sequence = f"timeline#{notice['sequence']:06}"
    return ledger.history(f"incident#{notice['incident']}", sequence, line, now)


def carry_out(
    signal: Signal, version: int, record: Record, case: Record, now: datetime
) -> dict[str, Any]:
    """Does what the record holds: the timer and the notice, then the remedy."""
    incident = record["incident"]
    due = incident["remedy"] and not incident["outcome"]
    steps = {
        "timer": soon(scheduler, set_timer, signal, incident["id"], now),
        "notices": soon(sns, publish, record),
    }
    if due:
        # Once more, right before: somebody may have thrown a switch or deployed a fix.
        steps |= {"service": soon(ecs, observe.service, signal), **observe.switches(now)}
    # It explains the decision, which does not wait for it.
    kept = soon(dynamodb, ledger.keep_case, incident["id"], incident["sequence"], case, now)
    done = answers(**steps)
    outcome = None
    if due:
        forbidden = decide.forbidden(done["halted"], done["openings"])
        outcome = forbidden or roll_back(signal, done["service"], incident["remedy"])
    kept.result()
    if outcome:
        record = note_outcome(signal, version, record, outcome, now)
        publish(record)
    settle(signal, record)
    return {"incident": incident["id"], "outcome": record["incident"]["outcome"]}


def roll_back(signal: Signal, live: Record, remedy: dict[str, str]) -> str:
    """`UpdateService` has no condition of its own."""
    running = live["taskDefinition"]
    if running == remedy["from"]:
        ecs.update_service(
            cluster=signal.cluster, service=signal.service, taskDefinition=remedy["to"]
        )
    elif running != remedy["to"]:
        return "somebody deployed in between"
    return "taken"


def note_outcome(
    signal: Signal, version: int, record: Record, outcome: str, now: datetime
) -> Record:
    """Writes down what came of the remedy, with the notice of it."""
    taken = outcome == "taken"
    phase = "verifying" if taken else "escalated"
    incident = record["incident"] | {"outcome": outcome, "phase": phase}
    record = record | {"incident": incident, "unpublished": []}
    to = short(incident["remedy"]["to"])
    if taken:
        headline, done = f"{signal.called} goes back to {to}", f"ECS is bringing back {to}."
    else:
        headline, done = f"{signal.called} needs you", f"It was not rolled back: {outcome}."
    record = told(signal, record, phase, headline, done, now)
    ledger.write(ledger.head(version, record), time_line(record["unpublished"][-1], now))
    return record


def settle(signal: Signal, record: Record) -> None:
    """Takes the published notices off the record, over what others wrote meanwhile."""
    published = [notice["sequence"] for notice in record["unpublished"]]
    version, current = ledger.read(f"service#{signal.key}")
    left = [one for one in current["unpublished"] if one["sequence"] not in published]
    ledger.write(ledger.head(version, current | {"unpublished": left}))


def publish(record: Record) -> None:
    """Publishes what is not known to be published, in order."""
    for notice in record["unpublished"]:
        notices.publish(notice)


def set_timer(signal: Signal, incident: str, now: datetime) -> None:
    """Sets the check of the incident; the same name is the same timer."""
    name = f"{incident}-verify-1"
    timer = {
        "name": name,
        "service": signal.key,
        "purpose": {"purpose": "verify", "incident": incident, "number": 1},
    }
    try:
        scheduler.create_schedule(
            Name=name,
            GroupName=os.environ["NIGHTSHIFT_TIMER_GROUP"],
            ScheduleExpression=f"at({now + FIRST_CHECK:%Y-%m-%dT%H:%M:%S})",
            ScheduleExpressionTimezone="UTC",
            FlexibleTimeWindow={"Mode": "OFF"},
            # Without it finished schedules pile up against the account's quota.
            ActionAfterCompletion="DELETE",
            Target={
                "Arn": os.environ["NIGHTSHIFT_TIMER_TARGET"],
                "RoleArn": os.environ["NIGHTSHIFT_TIMER_ROLE"],
                "DeadLetterConfig": {"Arn": os.environ["NIGHTSHIFT_TIMER_DLQ"]},
                "RetryPolicy": {"MaximumEventAgeInSeconds": 900, "MaximumRetryAttempts": 10},
                "Input": json.dumps(timer),
            },
        )
    except scheduler.exceptions.ConflictException:
        logger.info("the check was set before", extra={"timer": name})


def short(task_definition: str) -> str:
    """`checkout:42` of a task definition's ARN."""
    return task_definition.rsplit("/", 1)[-1]
