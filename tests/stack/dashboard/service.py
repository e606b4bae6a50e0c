"""The sample night: one small service, minute by minute, from which every graph is computed.

At 02:05 a bad release goes out; at 02:14 the alarm rings, and sixteen seconds later it is rolled
back; at 02:18 the alarm ends. The noise comes from the minute's own number, so that every run
draws the same.
"""

import math
from datetime import UTC, datetime
from zlib import crc32

MINUTE, DAY = 60, 86400
NIGHT = int(datetime(2026, 11, 20, tzinfo=UTC).timestamp())


def at(hour, minute, second=0):
    """A time of the night, in seconds of Unix time."""
    return NIGHT + hour * 3600 + minute * MINUTE + second


NOW = at(2, 51)
RELEASE, ROLLBACK, HEALED = at(2, 5), at(2, 14, 16), at(2, 18)
INCIDENT = "20261120-0214-497105e4"
# Share of requests that meet the bad release, from the minute on: tasks are replaced one by one.
BAD = {at(2, 8): 0.25, at(2, 9): 0.5, at(2, 10): 0.75, at(2, 11): 1.0, at(2, 15): 0.5, at(2, 16): 0.15, at(2, 17): 0.0}
# How many tasks are wanted, and how many run: a deployment starts the new before it stops the old.
WANTED = {0: 4, at(0, 40): 3}
RUNNING = {
    0: 4, at(0, 40): 3,
    at(2, 7): 4, at(2, 9): 5, at(2, 10): 4, at(2, 11): 3,
    at(2, 15): 5, at(2, 16): 4, at(2, 17): 3,
}  # fmt: skip
DEPLOYING = {0: 1, RELEASE: 2, at(2, 11): 1, at(2, 14): 2, at(2, 17): 1}
# Days on which more than one release went out, and those on which one failed, counted back from tonight.
BUSY, FAILED = {1: 2, 4: 3, 9: 2, 16: 2, 22: 4, 27: 2}, {0: 1, 9: 1, 22: 1}
QUIET_DAYS = (6, 13, 20, 27)


def step(steps, time):
    """The value that holds at a time, of values each from a time on."""
    return steps[max((since for since in steps if since <= time), default=min(steps))]


def chance(name, time):
    """A number from 0 to 1 that looks drawn, and is the same for the same name and minute."""
    return crc32(f"{name} {time}".encode()) / 2**32


def noise(name, time):
    """From -1 to 1, and mostly near 0."""
    return chance(name, time) + chance(name + "'", time) - 1


def bad(time):
    """Share of requests that meet the bad release."""
    return step({0: 0.0} | BAD, time)


def requests(time):
    """Requests in the minute: few at night, six times as many in the afternoon."""
    hours = (time % DAY) / 3600 - 2.5
    usual = 420 + 2200 * ((1 - math.cos(hours * math.pi / 12)) / 2) ** 1.4
    return round(usual * (1 + 0.07 * noise("requests", time)))


def errors(time):
    """Requests in the minute that fail: three in ten thousand, and nine in a hundred of a bad release."""
    asked = requests(time)
    ordinary = asked * 0.0003
    failed = math.floor(ordinary) + (chance("errors", time) < ordinary % 1)
    return failed + round(asked * bad(time) * (0.09 + 0.006 * noise("failing", time)))


def latency(time, percentile):
    """Seconds within which this many of 100 answers come."""
    base, worse, wide = {75: (0.11, 0.6, 0.01), 90: (0.14, 0.85, 0.02), 95: (0.17, 1.05, 0.02), 99: (0.34, 2.0, 0.05)}[percentile]
    return base + worse * bad(time) + wide * noise(f"p{percentile}", time) * (1 + 2 * bad(time))


def tasks(time):
    """Tasks that run."""
    return step(RUNNING, time)


def wanted(time):
    """Tasks that are wanted."""
    return step(WANTED, time)


def deployments(time):
    """Deployments that Container Insights counts: two while one is under way."""
    return step(DEPLOYING, time)


def processor(time):
    """Per cent of the reserved processor; what fails is tried again and costs more."""
    return requests(time) / tasks(time) * 0.19 * (1 + 0.6 * bad(time)) + 2 * noise("processor", time)


def memory(time):
    """Per cent of the reserved memory: tasks grow warm, and new ones begin anew."""
    fresh = max((since for since in (at(2, 11), at(2, 17)) if since <= time), default=None)
    warm = 1 if fresh is None else 1 - math.exp(-(time - fresh) / 1500)
    return 46 + 7 * warm + 0.5 * noise("memory", time)


def releases(day):
    """Releases and failed ones of the day that begins at this time, of which there is none at weekends."""
    back = (NIGHT - day) // DAY
    if datetime.fromtimestamp(day, UTC).weekday() >= 5:
        return 0, 0
    return BUSY.get(back, 0 if back in QUIET_DAYS else 1), FAILED.get(back, 0)


def lines():
    """What the service logs, newest last: time and text."""
    said = []
    for time in range(at(0, 0), NOW, MINUTE):
        said.append((time + 11, f"INFO  served {requests(time)} requests"))
        for count in range(min(errors(time), 3) if bad(time) else 0):
            said.append((time + 17 + 13 * count, "ERROR POST /checkout 500: no column tax_region"))
    return said


def counters():
    """The lines in which Nightshift's functions counted what they did: function, time, fields."""
    about = {"Service": "prod/checkout", "Incident": INCIDENT}
    return [
        ("alarm-responder", ROLLBACK - 1, about | {"Decision.Remedy": 1, "Notice.Opened": 1}),
        ("alarm-responder", ROLLBACK, about | {"RemedyTaken.RollBack": 1, "Notice.Acting": 1}),
        ("deployment-guard", at(2, 17, 4), {"Service": "prod/checkout", "Decision.Judged": 1}),
        ("remedy-verifier", HEALED + 15, about | {"Decision.Resolved": 1, "Notice.Resolved": 1}),
    ]
