"""The deployment guard on the emulated account, woken by its rule."""

import json

from night import SWEEPS
from processes import until


def releases(night, service):
    """What the ledger's record of the service says of its releases."""
    head = night.item(night.key(service), "head")
    return json.loads(head["document"]["S"]).get("releases", []) if head else []


def says(night, service, state):
    """ECS says on the bus how far a deployment of the service is. What the event
    says of it is not believed: it is a reason to look.
    """
    _, key = night.key(service).split("#")
    number, region, cluster, name = key.split("/")
    answer = night.client("events").put_events(
        Entries=[{
            "Source": "nightshift.drill",
            "DetailType": "ECS Deployment State Change",
            "Resources": [f"arn:aws:ecs:{region}:{number}:service/{cluster}/{name}"],
            "Detail": json.dumps({
                "eventType": "INFO",
                "eventName": f"SERVICE_DEPLOYMENT_{state}",
                "deploymentId": "ecs-svc/1",
                "reason": f"ECS deployment ecs-svc/1 {state}.",
            }),
        }]
    )  # fmt: skip
    assert answer["FailedEntryCount"] == 0, answer
    return name


def test_a_deployment_on_the_bus_becomes_a_release_with_a_verdict(night):
    name = says(night, "profile", "COMPLETED")
    found = until("the profile's releases", lambda: releases(night, "profile"))
    verdicts = [release["verdict"]["verdict"] for release in found]
    assert set(verdicts) <= {"healthy", "in-progress", "rolled-back", "superseded"} and "healthy" in verdicts, found
    assert all(release["target"]["task_definition"] for release in found)
    # History has each under the day it began.
    days = {release["began_at"][:10] for release in found}
    kept = [item for day in days for item in night.items(f"releases#{day}") if f"/{name}#" in item["sk"]["S"]]
    assert len(kept) == len(found)
    night.decided("deployment-guard", "judged")
    assert night.changes("profile") == []


def test_a_failing_deployment_is_stopped_and_one_message_says_so(night):
    says(night, "invoices", "IN_PROGRESS")
    incident = night.opened("invoices")
    until("remedy at ECS", lambda: night.changes("invoices"))
    assert night.changes("invoices") == ["ecs:StopServiceDeployment"]
    ts, text = night.told("invoices")
    assert "invoices:8 fails to deploy" in text and "stop" in text
    (case,) = night.cases(incident)[:1]
    assert case["function"] == "deployment-guard"
    assert case["plan"]["decision"]["remedy"]["kind"] == "stop-deployment"
    until("timer of the incident", lambda: night.timers(incident))
    # The same news again: it is at it.
    says(night, "invoices", "IN_PROGRESS")
    night.stack.simulator.advance(300)
    until("end of the incident", lambda: night.incident("invoices") is None, seconds=SWEEPS)
    edited = until("edit that says healed", lambda: [edit for edit in night.edits(ts) if "healed" in edit["text"]])
    assert "no human" in edited[-1]["text"]
    assert night.changes("invoices") == ["ecs:StopServiceDeployment"]
    assert night.task_definition("invoices") == "invoices:7"
    newest = releases(night, "invoices")[0]
    assert newest["verdict"]["verdict"] == "rolled-back" and newest["failed"] >= 3
    assert {failure["crash"] for failure in newest["failures"]} == {"out-of-memory"}
    assert night.pages(incident) == []
