"""A service of few requests, request by request, as CloudWatch would measure it.

What an alarm is worth shows in a trickle: there one request is a percentile, and one failure half
of all. `Trickle.rang` is what the stack's own alarms come to on it.
"""

from math import ceil

from companion import BALANCED, EVERYTHING
from dashboard import alarms

MINUTE = 60
GROUPS = {BALANCED["TargetGroup"]: 0, EVERYTHING["SecondTargetGroup"]: 1}
WELL, SLOW, LATE, FAILED, UNANSWERED = "well", "slow", "late", "failed", "unanswered"
# By default 0.5 is too late for five of a hundred, and 2 for one.
SECONDS = {WELL: 0.1, SLOW: 1.0, LATE: 9.0, FAILED: 0.1}
COUNTED = {
    "RequestCount": (WELL, SLOW, LATE, FAILED),
    "HTTPCode_Target_5XX_Count": (FAILED,),
    # No target was there: no request is counted, and only the load balancer answers.
    "HTTPCode_ELB_5XX_Count": (UNANSWERED,),
}


class Trickle:
    """`requests(minute)` is what became of each request of that minute; a task `runs(minute)`."""

    def __init__(self, requests, minutes, group=0, runs=lambda minute: True):
        self.minutes = [list(requests(minute)) for minute in range(minutes)]
        self.group = group
        self.runs = runs

    def rang(self, stack, begin=0):
        """Names, without the stack's, of the alarms that were in ALARM in any minute from `begin` on."""
        found = set()
        for _, states in alarms.history(stack, begin * MINUTE, len(self.minutes) * MINUTE, self.values):
            found |= {name.removeprefix("prod-checkout-") for name, state in states.items() if state == "ALARM"}
        return found

    def values(self, metric, statistic, period, times, known):
        """The metric's values in the periods that begin at these times, None where it has none."""
        return [self._value(metric, statistic, time // MINUTE, (time + period) // MINUTE) for time in times]

    def _value(self, metric, statistic, begin, end):
        _, name, dimensions = metric
        of = dict(dimensions)
        if GROUPS.get(of.get("TargetGroup"), self.group) != self.group:
            return None
        seen = [one for minute in self.minutes[max(0, begin) : max(0, end)] for one in minute]
        if name in COUNTED:
            # A load balancer reports no count while it is zero.
            return sum(one in COUNTED[name] for one in seen) or None
        if (name, statistic) == ("CPUUtilization", "SampleCount"):
            # Of what does not run nothing is measured.
            return sum(self.runs(minute) for minute in range(begin, end)) or None
        if name != "TargetResponseTime":
            return None
        taken = sorted(SECONDS[one] for one in seen if one in SECONDS)
        return taken[ceil(len(taken) * float(statistic[1:]) / 100) - 1] if taken else None
