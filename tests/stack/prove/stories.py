"""The stories: what happens to a service, and what Lambda is woken with."""

from pathlib import Path

from .story import Run

SCENARIOS = Path(__file__).resolve().parent / "scenarios"


class Story(Run):
    """A run with a beginning of its own; subclasses say which."""

    scenario = "bad-release"
    # Functions whose calls are worth disturbing in this story.
    functions = ()

    def play(self):
        """Wakes whoever is to be woken, until nothing is pending."""
        raise NotImplementedError

    def more(self):
        """What this story's end has beside that of all."""
        return {}

    def heard(self):
        """What people heard beside notices and pages."""
        return []


class Rollback(Story):
    """An alarm after a bad release: rolled back, healed, told."""

    name = "rollback"
    functions = ("alarm-responder", "remedy-verifier")
    alarm = "prod-checkout-5xx"

    def play(self):
        self.over = False
        self.wake("alarm-responder", self.world.ring(self.alarm))
        self.timers(self.heals)

    def heals(self):
        """Once it is rolled back, the errors end, and all looks well for as long as is asked for."""
        if self.writes() and not self.over:
            self.over = True
            self.world.simulator.advance(300)
            self.world.ring(self.alarm, "OK")
            self.world.pass_by(2)


STORIES = {story.name: story for story in (Rollback,)}
