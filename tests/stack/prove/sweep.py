"""Every call of a story's functions, and each of the things that can go wrong there."""

import multiprocessing
import os
import signal
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from . import faults, state
from .stories import SCENARIOS, STORIES
from .story import USUALLY
from .wire import Disturbance
from .world import World

# A deadline of seconds: an attempt that hangs is over soon. One that is throttled must
# come to the end of the SDK's patience, which has 20 seconds for an operation.
SECONDS = {"hang": 2.0, "throttled": 30.0}
# The call that was to be disturbed did not come, or came in another order: once more.
TRIES = 2


@dataclass(frozen=True)
class Point:
    """One disturbance of one call: the `number`th of that name by that function in that story."""

    story: str
    function: str
    call: str
    number: int
    kind: str

    def __str__(self):
        return f"{self.story}/{self.function}/{self.call}#{self.number}/{self.kind}".replace(" ", "-")


@dataclass(frozen=True)
class Found:
    """What came of a point."""

    point: Point
    worth: str
    says: str
    seconds: float


def run(world, name, disturbance=None):
    """Plays a story once."""
    story = STORIES[name]
    scenario = SCENARIOS / f"{story.scenario}.toml"
    world.begin(scenario, disturbance, story.policy, story.secret(world.wire.url))
    seconds = SECONDS.get(disturbance.kind, USUALLY) if disturbance else USUALLY
    played = story(world, disturbance, seconds)
    played.play()
    return played


def undisturbed(world, name):
    """The end of a story, and each function's calls by name, in order."""
    played = run(world, name)
    assert not played.dead, f"{name}: {played.dead}"
    calls = {function: [] for function in STORIES[name].functions}
    for call in world.wire.calls:
        if call.counts and call.function in calls:
            calls[call.function].append(call.name)
    return played.end(), calls


def points(name, calls, kinds=faults.KINDS):
    """Every point of a story."""
    found = []
    for function, names in calls.items():
        for kind in kinds:
            seen = Counter()
            for call in names:
                seen[call] += 1
                found.append(Point(name, function, call, seen[call], kind))
    return found


def prove(world, point, expect):
    """Disturbs one call, and judges what comes of it."""
    begun = time.monotonic()
    for _ in range(TRIES):
        disturbance = Disturbance(point.kind, point.function, point.call, point.number)
        try:
            verdict = state.judge(run(world, point.story, disturbance), expect)
        except Exception as error:  # noqa: BLE001 - a run that breaks the harness is a finding, not the end
            verdict = state.Verdict("broken", f"{type(error).__name__}: {error}")
        if verdict.worth not in ("missed", "broken"):
            break
    return Found(point, verdict.worth, verdict.says, time.monotonic() - begun)


def _both(one, other):
    """The calls of one that the other has too, in order."""
    left, both = Counter(other), []
    for call in one:
        if left[call]:
            left[call] -= 1
            both.append(call)
    return both


# ---- several at once, each in a process and an account of its own ----

_world = None


def _begin(folder, blueprint):
    global _world  # noqa: PLW0603 - one account for each process of the pool
    # Ctrl-C is the parent's, which then ends its workers; each ends what it has started.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    _world = World(Path(folder) / f"worker-{os.getpid()}", blueprint)
    multiprocessing.util.Finalize(_world, _world.stop, exitpriority=10)


def _undisturbed(name):
    return name, *undisturbed(_world, name)


def _prove(job):
    point, expect = job
    return prove(_world, point, expect)


class Pool:
    """Workers; a context manager."""

    def __init__(self, folder, blueprint, workers):
        context = multiprocessing.get_context("spawn")
        self._pool = context.Pool(workers, _begin, (str(folder), blueprint))

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind:
            self._pool.terminate()
        else:
            self._pool.close()
        self._pool.join()

    def undisturbed(self, names):
        """For each story: its end and its calls.

        Played twice: it must end the same, and what only one of the two called, since the SDK
        asked again on a slow machine, is not there to be disturbed.
        """
        played = {}
        for name, end, calls in self._pool.imap_unordered(_undisturbed, [*names, *names]):
            if name not in played:
                played[name] = end, calls
                continue
            before, others = played[name]
            assert before == end, f"{name} ends in two ways undisturbed:\n{before}\n{end}"
            played[name] = end, {function: _both(others[function], made) for function, made in calls.items()}
        return played

    def prove(self, points, ends):
        """What came of each point, as it comes."""
        yield from self._pool.imap_unordered(_prove, [(point, ends[point.story]) for point in points])


def written(found):
    """As the report has it."""
    came_of = lambda one: {"worth": one.worth, "says": one.says, "seconds": round(one.seconds, 2)}  # noqa: E731
    return [asdict(one.point) | came_of(one) for one in found]
