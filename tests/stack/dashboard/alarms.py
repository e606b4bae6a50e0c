"""The stack's alarms, evaluated by their own definitions minute by minute; if nothing else is said on the sample night."""

import operator

from . import Unknown, answers, expressions
from . import service as of

COMPARE = {
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanLowerThreshold": operator.lt,
}
# A band is learned from the three hours before, not from the few periods that are judged.
LEARNED_FROM = 36


def history(stack, begin=of.at(1, 55), end=of.NOW, measured=answers.values):
    """The states of all alarms by name, at each minute: time and states. `measured` answers as CloudWatch would."""
    alarms = stack.of_type("AWS::CloudWatch::Alarm").values()
    composites = list(stack.of_type("AWS::CloudWatch::CompositeAlarm").values())
    for now in range(begin, end + 1, of.MINUTE):
        states = {alarm["AlarmName"]: _state(alarm, now, measured) for alarm in alarms}
        # Ours are made of metrics' alarms alone, and need no order.
        for composite in composites:
            states[composite["AlarmName"]] = "ALARM" if expressions.holds(composite["AlarmRule"], states) else "OK"
        yield now, states


def _state(alarm, now, measured):
    judged = int(alarm["EvaluationPeriods"])
    points = _points(alarm, now, max(judged, LEARNED_FROM if "ThresholdMetricId" in alarm else 0), measured)[-judged:]
    missing = [point is None for point in points]
    if alarm["TreatMissingData"] == "missing" and all(missing):
        return "INSUFFICIENT_DATA"
    if alarm["TreatMissingData"] not in ("missing", "notBreaching", "breaching"):
        raise Unknown(f"{alarm['AlarmName']}: {alarm['TreatMissingData']}")
    silent = sum(missing) if alarm["TreatMissingData"] == "breaching" else 0
    breaching = silent + sum(point for point in points if point is not None)
    needed = int(alarm.get("DatapointsToAlarm", judged))
    return "ALARM" if breaching >= needed else "OK"


def _points(alarm, now, count, measured):
    """Whether each of the newest periods breaches, oldest first; None without data."""
    compare = COMPARE[alarm["ComparisonOperator"]]
    if "MetricName" in alarm:
        dimensions = alarm["Dimensions"]
        statistic = alarm.get("Statistic") or alarm["ExtendedStatistic"]
        values = _measured(alarm, dimensions, statistic, int(alarm["Period"]), now, count, measured)
        return [None if v is None else compare(v, float(alarm["Threshold"])) for v in values]
    entries = {entry["Id"]: entry for entry in alarm["Metrics"]}

    def named(name):
        entry = entries[name]
        if "Expression" in entry:
            return expressions.evaluated(entry["Expression"], named, count)
        stat = entry["MetricStat"]
        return _measured(stat["Metric"], stat["Metric"]["Dimensions"], stat["Stat"], int(stat["Period"]), now, count, measured)

    if "ThresholdMetricId" in alarm:
        usual = named(alarm["ThresholdMetricId"])
        [watched] = [entry["Id"] for entry in alarm["Metrics"] if entry["ReturnData"] and entry["Id"] != alarm["ThresholdMetricId"]]
        return [None if v is None else compare(v, least) for v, (least, _) in zip(named(watched), usual, strict=True)]
    [watched] = [entry["Id"] for entry in alarm["Metrics"] if entry["ReturnData"]]
    return [None if v is None else compare(v, float(alarm["Threshold"])) for v in named(watched)]


def _measured(metric, dimensions, statistic, period, now, count, measured):
    key = (metric["Namespace"], metric["MetricName"], tuple((d["Name"], d["Value"]) for d in dimensions))
    times = [now - period * back for back in range(count, 0, -1)]
    return measured(key, statistic, period, times, known=now)
