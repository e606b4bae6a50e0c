"""Events in, until nothing is pending: what Lambda and Scheduler do, on one run."""

import hashlib
import json
from dataclasses import dataclass, field

# Seconds that Lambda waits before it delivers an event again.
WAITS = (0, 60, 120)
# A function's deadline, in seconds.
USUALLY = 10.0


@dataclass
class Run:
    """One run of a story in a world: who is woken with what, and what came of it."""

    world: object
    disturbance: object
    seconds: float
    # (function, event, what it said last): events that were given up.
    dead: list = field(default_factory=list)
    # (function, how it ended) of each attempt.
    attempts: list = field(default_factory=list)
    # An undisturbed night takes two; what was not cured is checked until somebody comes.
    most_checks = 5

    def wake(self, function, event):
        """Delivers an event as Lambda does: again when it failed, then to the queue."""
        world, fault = self.world, self.disturbance
        retries = world.blueprint["functions"][function]["retries"]
        request = hashlib.sha256(json.dumps(event, sort_keys=True).encode()).hexdigest()[:32]
        world.wire.function = function
        ended = None
        for wait in WAITS[: 1 + retries]:
            world.pass_by(wait)
            if fault:
                fault.kill = world.functions[function].kill
            # What hangs is not to keep us waiting; whoever makes up for it may take its time.
            seconds = USUALLY if fault and fault.over.is_set() else self.seconds
            ended = world.functions[function].invoke(request, event, seconds)
            if ended.how in ("killed", "timeout"):
                if fault and ended.how == "timeout":
                    # What hangs is let go, once nobody waits for it.
                    fault.over.set()
                world.wire.hung_up(function)
            self.attempts.append((function, ended.how, ended.says if ended.how == "error" else None))
            if fault:
                fault.attempt_ended()
            if ended.how == "answer":
                break
        else:
            self.dead.append((function, event, ended.says))
        if fault:
            fault.event_ended()
        return ended

    def timers(self, between=lambda: None):
        """Fires timers, the first due first, until none is left."""
        for _ in range(self.most_checks):
            between()
            if not self.next_timer():
                return

    def next_timer(self, of=""):
        """Fires the timer that is due first, of those that are named so, if there is one."""
        waiting = {name: when for name, (when, *_) in self.world.timers().items() if of in name}
        if not waiting:
            return False
        self.wake(*self.world.fire(min(waiting, key=waiting.get)))
        return True

    def writes(self):
        """What was changed in production so far."""
        return [call for call in self.world.simulator.get("/_sim/calls") if call["write"]]
