"""The stories: what happens to an account, and what Lambda is woken with."""

import json
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from processes import REGION, ROOT

from . import state
from .story import Run
from .wire import Disturbance
from .world import SECRET

SCENARIOS = Path(__file__).resolve().parent / "scenarios"
ALARM = "prod-checkout-5xx"


def sample(function, name):
    """One of the sample events."""
    return json.loads((ROOT / "events" / function / f"{name}.json").read_text(encoding="utf-8"))


class Story(Run):
    """A run with a beginning of its own; subclasses say which."""

    name = ""
    scenario = "bad-release"
    policy = "nightshift"
    # Services that something may be done to.
    services = ("checkout",)
    # Functions whose calls are worth disturbing in this story.
    functions = ()

    @staticmethod
    def secret(_url):
        """What the secret holds; `url` is where the wire is."""
        return SECRET

    def play(self):
        """Wakes whoever is to be woken, until nothing is pending."""
        raise NotImplementedError

    @contextmanager
    def undisturbed(self):
        """What is not this story's matter: nothing goes wrong in it, and its calls do not count."""
        wire = self.world.wire
        fault, self.disturbance = self.disturbance, None
        wire.disturbance, wire.counts = None, False
        yield
        wire.disturbance, wire.counts = fault, True
        self.disturbance = fault

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


class LookedAgain(Rollback):
    """What was released AWS does not say when the alarm rings; the verifier asks again."""

    name = "looked-again"
    # Its metrics are of the moment when the alarm rang, and get old.
    policy = "early"
    functions = ("remedy-verifier",)

    def play(self):
        with self.undisturbed():
            refused = Disturbance("malformed", "alarm-responder", "ecs:ListServiceDeployments", 1)
            self.world.wire.disturbance = refused
            self.wake("alarm-responder", self.world.ring(ALARM))
            self.next_timer()
        # The second check looks at everything again; what follows is a rollback's.
        self.next_timer()
        with self.undisturbed():
            self.timers(self.heals)


class ScaledOut(Rollback):
    """More load than the tasks can bear: more of them, and as many as before once it is quiet."""

    name = "scaled-out"
    scenario = "load-spike"
    policy = "bold"

    def play(self):
        super().play()
        # By then target tracking has taken back what the minimum no longer holds.
        self.world.simulator.advance(3600)


class Restarted(Rollback):
    """Tasks that leak memory: new ones of the same release."""

    name = "restarted"
    # The verifier finds what it finds in a rollback.
    functions = ("alarm-responder",)
    scenario = "leak"
    policy = "bold"


class Many(Story):
    """Three services on one database: with the third an incident opens that tells of all."""

    name = "many"
    scenario = "database-down"
    services = ("checkout", "search", "payments")
    functions = ("alarm-responder", "remedy-verifier")

    def play(self):
        *first, last = (f"prod-{service}-5xx" for service in self.services)
        with self.undisturbed():
            for alarm in first:
                self.wake("alarm-responder", self.world.ring(alarm))
        self.wake("alarm-responder", self.world.ring(last))
        # The check of all that is ill: as ever, and once nobody is.
        self.next_timer("-fleet-")
        with self.undisturbed():
            for alarm in (*first, last):
                self.wake("alarm-responder", self.world.ring(alarm, "OK"))
            # Until each was seen well twice.
            for _ in range(8):
                if self.closed() < len(self.services):
                    self.next_timer("-verify-")
            # Whoever falls ill within five minutes would belong to it.
            self.world.pass_by(300)
        self.next_timer("-fleet-")
        self.timers()

    def heard(self):
        """Of whom the incident of many tells, the record says the rest."""
        return [item["document"]["S"] for item in self.world.items() if item["pk"]["S"].startswith("service#")]

    def closed(self):
        """How many incidents are over."""
        return sum(item["sk"]["S"].startswith("incident#") for item in self.world.items())


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


class Hooked(Told):
    """The same through two web hooks; what Slack's shows of a picture is kept in a bucket."""

    name = "hooked"

    @staticmethod
    def secret(url):
        return {"slack_webhook_url": f"{url}/slack", "webhook_url": f"{url}/anywhere", "webhook_key": "prove"}

    def end(self):
        chat = self.world.chat
        return {
            "production": [],
            # Nothing at a hook tells what it has got already: what is repeated is the same.
            "slack": sorted({(body["text"], self.shows_a_picture(body)) for body in chat.of("/slack")}),
            "anywhere": sorted({(body["incident"], body["sequence"]) for body in chat.of("/anywhere")}),
            "pages": sorted({subject for subject, _ in state.pages(self)}),
        }

    @staticmethod
    def shows_a_picture(body):
        return any(block["type"] == "image" for block in body["blocks"])


STORIES = {
    story.name: story
    for story in (
        Rollback, LookedAgain, ScaledOut, Restarted, Many, Cleared, Refused, Stopped, Quarantine, Swept, Costs,
        Weekly, Told, Hooked,
    )
}  # fmt: skip
