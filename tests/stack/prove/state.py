"""What a run came to, in words that every run has alike, and what that is worth."""

import json
import re
from dataclasses import dataclass

from .wire import body

# Ids that are made of the moment.
INCIDENT = re.compile(r"\d{8}-\d{4}-[0-9a-f]{8}")
DURATION = re.compile(r"\b(in|after) \d+ (?:d|h|m|min|s)\b(?: \d+ (?:h|m|min|s)\b)*")
# What a fault is called where people read it, if not by the operation that it met.
ALSO = {
    "ssm:GetParameter": "Halted", "chat:enqueue": "pagerduty", "chat:slack": "slack webhook",
    "chat:anywhere": "to webhook",
}  # fmt: skip
# Requests are signed for these, IAM knows them by others.
IAM = {"monitoring": "cloudwatch", "ce": "ce"}
# Found taken is taken: which of the two depends on where a run was killed.
TAKEN = {"found-taken": "taken"}


def final(run):
    """The end of a run: production, ledger, notices, pages, and what is still to be done."""
    items = run.world.items()
    kept = [item for item in items if "document" in item]
    documents = {(item["pk"]["S"], item["sk"]["S"]): json.loads(item["document"]["S"]) for item in kept}
    services = {(pk, sk): value for (pk, sk), value in documents.items() if pk.startswith("service#")}
    closed = [value for (_, sk), value in services.items() if sk.startswith("incident#")]
    records = [value for (_, sk), value in services.items() if sk == "head"]
    images = [value for (pk, sk), value in documents.items() if pk.startswith("image#") and sk == "head"]
    told = notices(run)
    return _plain({
        # One that was made and not answered is made again by the SDK: the same once more. Whether
        # that was one change is seen in what it came to.
        "production": sorted({f"{call['operation']} {call['resource']}" for call in run.writes()}),
        "services": [_service(run.world.simulated("ecs"), name) for name in run.services],
        "records": sorted((_record(record) for record in records), key=json.dumps),
        "closed": sorted((_incident(incident) for incident in closed), key=json.dumps),
        "timeline": sorted(value["says"] for (pk, sk), value in documents.items() if sk.startswith("timeline#")),
        "budget": len(documents.get(("fleet", "head"), {}).get("remedies", [])),
        "notices": {f"{notice['incident']}#{notice['sequence']}": [notice["kind"], notice["phase"]] for notice in told},
        "pages": sorted({subject for subject, _ in pages(run)}),
        "timers": sorted(run.world.timers()),
        "images": sorted((_image(image) for image in images), key=json.dumps),
        "costs": sorted(pk for pk, _ in documents if pk.startswith("costs#")),
    })  # fmt: skip


def _plain(state):
    """The state with every incident's id as a placeholder, and what depends on the moment left out."""
    text = INCIDENT.sub("INCIDENT", json.dumps(state))
    return json.loads(DURATION.sub(r"\1 a while", text))


def _service(ecs, name):
    """What a service is to run, and the deployments that came to that."""
    (found,) = ecs.describe_services(cluster="prod", services=[name])["services"]
    made = ecs.list_service_deployments(cluster="prod", service=name)["serviceDeployments"]
    return [
        found["taskDefinition"].rpartition("/")[2], found["desiredCount"],
        sorted([one["status"], one["targetServiceRevisionArn"].rpartition("/")[0]] for one in made),
    ]  # fmt: skip


def _record(record):
    return {
        "service": record["service"]["service"],
        "incident": record["incident"] and _incident(record["incident"]),
        "remedies": [past["kind"] for past in record["remedies"]],
        "denied": [denied["task_definition"].rpartition("/")[2] for denied in record["denied"]],
        "unpublished": [f"{notice['incident']}#{notice['sequence']}" for notice in record["unpublished"]],
        "releases": sorted(
            [release["target"].get("task_definition", ""), release["verdict"]["verdict"]]
            for release in record.get("releases", [])
        ),
    }


def _incident(incident):
    def came_of(intent):
        outcome = (intent["outcome"] or {}).get("outcome")
        return TAKEN.get(outcome, outcome)

    return {
        "phase": incident["phase"],
        "refusal": (incident.get("refusal") or {}).get("refusal"),
        "intents": [[intent["remedy"].get("kind"), came_of(intent)] for intent in incident["intents"]],
        "alarms": sorted(alarm["state"] for alarm in incident["alarms"].values()),
    }


def _image(record):
    held = record.get("quarantine")
    told = {team: thread["sequence"] for team, thread in record.get("told", {}).items()}
    return [held and [held["because"], held["marked"]], told]


def _published(run, topic):
    """What the topic took, as it was put."""
    for call in list(run.world.wire.calls):
        if call.name == "sns:Publish" and call.status == 200:
            put = body(call)
            if topic in put["TopicArn"]:
                yield put


def notices(run):
    """The notices that were published, each as often as it was."""
    return [json.loads(json.loads(put["Message"])["lambda"]) for put in _published(run, "NoticeTopic")]


def pages(run):
    """The plain pages: subject and text."""
    return [(put.get("Subject", ""), put["Message"]) for put in _published(run, "PageTopic")]


@dataclass(frozen=True)
class Verdict:
    """What a disturbed run is worth: `equal`, `told`, `missed`, or a violation that says what."""

    worth: str
    says: str = ""

    @property
    def good(self):
        """Whether it is one of the two that are allowed."""
        return self.worth in ("equal", "told")


def judge(run, expect):
    """Compares a disturbed run with the undisturbed one's end."""
    fault = run.disturbance
    if not fault.hit:
        return Verdict("missed", "the call never came")
    end = run.end()
    if end == expect and not run.dead:
        return Verdict("equal")
    differs = "; ".join(
        f"{key}: {json.dumps(end[key])} instead of {json.dumps(wanted)}"
        for key, wanted in expect.items()
        if end[key] != wanted
    )
    if set(end["production"]) - set(expect["production"]):
        return Verdict("wrong action", differs)
    # The SDK asks AWS again; nobody asks the chat again within an invocation, and a page that
    # did not get through at once goes the plain way.
    cured = fault.kind in ("error 500", "reset") and not fault.name.startswith("chat:")
    if cured or fault.kind in ("killed before", "killed after", "hang"):
        failed = [f"{function} {how} {says or ''}" for function, how, says in run.attempts if how != "answer"]
        return Verdict("differs", f"{differs}; attempts: {failed}")
    heard = json.dumps([notices(run), pages(run), [says for *_, says in run.dead], run.heard()])
    service, operation = fault.name.split(":")
    names = [f"{IAM.get(service, service)}:{operation}", operation, ALSO.get(fault.name, operation)]
    if not any(name in heard for name in names):
        return Verdict("silence", f"{differs}; nobody heard of {fault.name}")
    return Verdict("told", differs)
