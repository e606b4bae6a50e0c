"""The stories: what happens to an account, and what Lambda is woken with."""

import json
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from processes import REGION, ROOT

from . import state
from .story import Run

SCENARIOS = Path(__file__).resolve().parent / "scenarios"
ALARM = "prod-checkout-5xx"


def sample(function, name):
    """One of the sample events."""
    return json.loads((ROOT / "events" / function / f"{name}.json").read_text(encoding="utf-8"))


class Story(Run):
    """A run with a beginning of its own; subclasses say which."""

    name = ""
    scenario = "bad-release"
    # Services that something may be done to.
    services = ("checkout",)
    # Functions whose calls are worth disturbing in this story.
    functions = ()

    def play(self):
        """Wakes whoever is to be woken, until nothing is pending."""
        raise NotImplementedError

    @contextmanager
    def undisturbed(self):
        """What must have happened before; nothing goes wrong in it, and its calls do not count."""
        fault, self.disturbance = self.disturbance, None
        self.world.wire.disturbance = None
        yield
        self.disturbance = self.world.wire.disturbance = fault
        self.world.wire.forget()

    def end(self):
        """What it came to, in words that every run has alike."""
        return state.final(self)

    def heard(self):
        """What people heard beside notices and pages."""
        return []


class Rollback(Story):
    """An alarm after a bad release: rolled back, healed, told."""

    name = "rollback"
    functions = ("alarm-responder", "remedy-verifier")
    over = False

    def play(self):
        self.wake("alarm-responder", self.world.ring(ALARM))
        self.timers(self.heals)

    def heals(self):
        """Once it is rolled back, the errors end, and all looks well for as long as is asked for."""
        if self.writes() and not self.over:
            self.over = True
            self.world.simulator.advance(300)
            self.world.ring(ALARM, "OK")
            self.world.pass_by(2)


class Cleared(Story):
    """The alarm is over before anybody has done anything, and says so itself."""

    name = "cleared"
    scenario = "observed"
    # The verifier finds what it finds in a rollback.
    functions = ("alarm-responder",)

    def play(self):
        with self.undisturbed():
            self.wake("alarm-responder", self.world.ring(ALARM))
        self.wake("alarm-responder", self.world.ring(ALARM, "OK"))
        self.world.pass_by(2)
        self.timers()


class Refused(Story):
    """A bad release and nothing to go back to: somebody is woken."""

    name = "refused"
    scenario = "image-gone"
    functions = ("alarm-responder",)

    def play(self):
        self.wake("alarm-responder", self.world.ring(ALARM))


class Stopped(Story):
    """A deployment whose tasks crash: stopped by the guard, healed, told."""

    name = "stopped"
    scenario = "failing-deployment"
    functions = ("deployment-guard",)
    over = False

    def play(self):
        event = sample("deployment-guard", "deployment-in-progress")
        event["resources"] = [f"arn:aws:ecs:{REGION}:{self.world.account}:service/prod/checkout"]
        self.wake("deployment-guard", event)
        self.timers(self.heals)

    def heals(self):
        """Once it is stopped, ECS goes back."""
        if self.writes() and not self.over:
            self.over = True
            self.world.simulator.advance(300)
            self.world.pass_by(2)


class Quarantine(Story):
    """A scan finds something in an image that nobody runs: quarantined and told."""

    name = "quarantine"
    scenario = "bad-image"
    services = ("reports",)
    functions = ("image-guard",)

    def play(self):
        with self.undisturbed():
            self.wake("image-guard", sample("image-guard", "sweep-daily"))
        digest = self.world.simulated("ecr").describe_images(repositoryName="reports", imageIds=[{"imageTag": "9"}])
        digest = digest["imageDetails"][0]["imageDigest"]
        event = sample("image-guard", "inspector-scan")
        text = json.dumps(event).replace(event["detail"]["image-digest"], digest).replace("team/checkout", "reports")
        self.wake("image-guard", json.loads(text.replace("123456789012", self.world.account)))
        self.timers()


class Swept(Quarantine):
    """The daily look at all images: what runs is kept, and a flaw in it told."""

    name = "swept"

    def play(self):
        self.wake("image-guard", sample("image-guard", "sweep-daily"))
        self.timers()


class Costs(Story):
    """The morning's report on a day on which something moved."""

    name = "costs"
    scenario = "costs"
    functions = ("cost-reporter",)

    def play(self):
        at = datetime.now(UTC).replace(microsecond=0).isoformat()
        self.wake("cost-reporter", {**sample("cost-reporter", "daily"), "at": at})


class Weekly(Rollback):
    """The week's report, with a rollback in it."""

    name = "weekly"
    functions = ("ops-reviewer",)

    def play(self):
        with self.undisturbed():
            super().play()
        at = datetime.fromtimestamp(self.world.clock.now() + 60, UTC).replace(microsecond=0).isoformat()
        self.world.pass_by(90)
        self.wake("ops-reviewer", {**sample("ops-reviewer", "weekly"), "at": at})


class Told(Story):
    """Three notices of an incident, in the chat and at the pager."""

    name = "told"
    functions = ("notifier",)
    notices = ("opened", "acting", "resolved")

    def play(self):
        for name in self.notices:
            self.wake("notifier", sample("notifier", name))

    def end(self):
        chat = self.world.chat
        threads = [item for item in self.world.items() if item["sk"]["S"] == "chat"]
        documents = [json.loads(item["document"]["S"]) for item in threads]
        return {
            "production": [],
            # One root each, as it stands, and its lines.
            "roots": [[root["text"], chat.lines(root["ts"])] for root in chat.roots()],
            "known": sorted(document["root"] in {root["ts"] for root in chat.roots()} for document in documents),
            "threaded": [[document["threaded"], document["shown"], document.get("missing")] for document in documents],
            # A page has a key, and the same key is the same page.
            "pager": sorted({(body["event_action"], body["dedup_key"]) for body in chat.of("/v2/enqueue")}),
            "pages": sorted({subject for subject, _ in state.pages(self)}),
        }

    def heard(self):
        return [sent.body for sent in self.world.chat.sent]


STORIES = {
    story.name: story
    for story in (Rollback, Cleared, Refused, Stopped, Quarantine, Swept, Costs, Weekly, Told)
}
