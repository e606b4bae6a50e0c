"""The deployment guard on the emulated account, woken by its rule."""

import json

from processes import until


def releases(night, service):
    """What the ledger's record of the service says of its releases."""
    head = night.item(night.key(service), "head")
    return json.loads(head["document"]["S"]).get("releases", []) if head else []


def test_a_deployment_on_the_bus_becomes_a_release_with_a_verdict(night):
    _, key = night.key("profile").split("#")
    number, region, cluster, name = key.split("/")
    answer = night.client("events").put_events(
        Entries=[{
            "Source": "nightshift.drill",
            "DetailType": "ECS Deployment State Change",
            "Resources": [f"arn:aws:ecs:{region}:{number}:service/{cluster}/{name}"],
            "Detail": json.dumps({
                "eventType": "INFO",
                "eventName": "SERVICE_DEPLOYMENT_COMPLETED",
                "deploymentId": "ecs-svc/1",
                "reason": "ECS deployment ecs-svc/1 completed.",
            }),
        }]
    )  # fmt: skip
    assert answer["FailedEntryCount"] == 0, answer
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
