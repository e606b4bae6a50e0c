"""What the alarms of stacks/service.yaml make of requests: many, few, and none."""

import re

import pytest
from companion import BALANCED, EVERYTHING, SERVICES, Stack
from dashboard import expressions
from test_service_stack_alarms import children, metrics
from trickle import FAILED, LATE, SLOW, UNANSWERED, WELL, Trickle

SLOS = ("99", "99.5", "99.9", "99.95", "99.99")
LATENCY = {"latency-p95", "latency-p99"}


def comes_to(alarm, **counts):
    """The one value that the alarm's expressions make of one value of each metric."""
    entries = {entry["Id"]: entry for entry in alarm["Metrics"]}

    def named(name):
        text = entries[name].get("Expression")
        return expressions.evaluated(text, named, 1) if text else [counts.get(name)]

    [returned] = [name for name, entry in entries.items() if entry["ReturnData"]]
    return named(returned)[0]


def some(bad, of, rest=WELL):
    """So many of a minute's requests are bad, the others are well."""
    return [*[bad] * of[0], *[rest] * (of[1] - of[0])]


def rang(requests, minutes=30, parameters=BALANCED, **more):
    return Trickle(requests, minutes, **more).rang(Stack("service", parameters))


# ---- errors: what share fails, and how fast the budget burns ----


@pytest.mark.parametrize("slo", SLOS)
def test_a_burn_threshold_is_its_factor_times_the_error_budget(slo):
    alarms = Stack("service", BALANCED | {"Slo": slo}).alarms()
    budget = 1 - float(slo) / 100
    for long, short, factor in (("1h", "5m", 14.4), ("6h", "30m", 6)):
        for window in (long, short):
            assert float(alarms[f"ErrorsBurn{window}"]["Threshold"]) == pytest.approx(factor * budget), window


def test_a_pair_of_burn_rates_is_a_long_window_and_one_a_twelfth_of_it():
    alarms = Stack("service", BALANCED).alarms()
    periods = {name: metrics(alarm)[0][1] for name, alarm in alarms.items() if name.startswith("ErrorsBurn")}
    assert periods == {"ErrorsBurn1h": 3600, "ErrorsBurn5m": 300, "ErrorsBurn6h": 21600, "ErrorsBurn30m": 1800}
    assert children(alarms["ErrorsFastBurn"]) == {"prod-checkout-errors-burn-1h", "prod-checkout-errors-burn-5m"}
    assert children(alarms["ErrorsSlowBurn"]) == {"prod-checkout-errors-burn-6h", "prod-checkout-errors-burn-30m"}
    for pair in ("ErrorsFastBurn", "ErrorsSlowBurn"):
        # The very same as a part of what rings.
        assert f"({alarms[pair]['AlarmRule']})" in alarms["Unwell"]["AlarmRule"]


@pytest.mark.parametrize("name", ["ErrorsRatio", "ErrorsBurn1h", "ErrorsBurn5m", "ErrorsBurn6h", "ErrorsBurn30m"])
def test_errors_are_judged_by_share_and_not_in_a_trickle(name):
    alarm = Stack("service", EVERYTHING).alarms()[name]
    hours = metrics(alarm)[0][1] / 3600
    many = round(6000 * hours)
    assert comes_to(alarm, req=many, t5=many // 10) == pytest.approx(0.1)
    assert comes_to(alarm, req=many // 2, req2=many // 2, t5=many // 20, u5=many // 20) == pytest.approx(0.1)
    # Nothing is reported while it is zero.
    assert comes_to(alarm, req=many) == 0 and comes_to(alarm) == 0
    # No task is left to choose: the load balancer answers, and counts no request.
    assert comes_to(alarm, l5=many) == 1
    # Two of three an hour.
    assert comes_to(alarm, req=3 * hours, t5=2 * hours) == 0


# Failures of the default 5: the hour's, three times as many in six hours, a third where it is to go on.
NEEDED = [("ErrorsBurn1h", 5), ("ErrorsBurn6h", 15), ("ErrorsBurn5m", 2), ("ErrorsBurn30m", 2), ("ErrorsRatio", 2)]


@pytest.mark.parametrize(("name", "least"), NEEDED)
def test_few_failures_never_ring_whatever_their_share(name, least):
    alarm = Stack("service", BALANCED).alarms()[name]
    asked = max(10, round(200 * metrics(alarm)[0][1] / 3600))
    assert comes_to(alarm, req=asked, t5=least - 1) == 0
    assert comes_to(alarm, req=asked, t5=least) == pytest.approx(least / asked)
    more = Stack("service", BALANCED | {"MinFailures": "30"}).alarms()[name]
    assert comes_to(more, req=asked, t5={5: 30, 15: 90, 2: 10}[least] - 1) == 0


SILENT = {
    "one of two a minute fails, once": lambda minute: some(FAILED, (minute == 40, 2)),
    "one an hour": lambda minute: some(FAILED, (minute % 60 == 40, 2)),
    "two within the hour": lambda minute: some(FAILED, (minute in (395, 418), 2)),
    "one broken request, tried four times at once": lambda minute: some(FAILED, (4 * (minute == 410), 2 + 4 * (minute == 410))),
    "and another one five hours before": lambda minute: some(FAILED, (4 * (minute in (110, 410)), 2 + 4 * (minute in (110, 410)))),
    "one every ten minutes, for two hours": lambda minute: some(FAILED, (minute > 300 and minute % 10 == 0, 2)),
    "all of what comes, below the least rate": lambda minute: some(FAILED, (minute % 2, minute % 2)),
}


@pytest.mark.parametrize("requests", SILENT.values(), ids=SILENT)
def test_single_failures_at_two_requests_a_minute_wake_nobody(requests):
    found = Trickle(requests, 420).rang(Stack("service", BALANCED), begin=361)
    assert not found & {"unwell", "errors-ratio", "errors-fast-burn", "errors-slow-burn"}


@pytest.mark.parametrize("bad", [FAILED, UNANSWERED])
def test_an_outage_at_two_requests_a_minute_rings_within_minutes(bad):
    found = rang(lambda minute: some(bad, (2, 2)) if minute >= 120 else [WELL, WELL], minutes=126)
    assert {"unwell", "errors-ratio", "errors-fast-burn"} <= found


def test_a_third_that_fails_at_two_requests_a_minute_rings_within_a_quarter_of_an_hour():
    found = rang(lambda minute: some(FAILED, (minute >= 360 and minute % 3 != 0, 2)), minutes=375)
    assert found & {"unwell", "errors-ratio", "errors-fast-burn", "errors-slow-burn"} == {"unwell", "errors-fast-burn"}


def test_one_in_twenty_that_fails_for_three_hours_rings_at_two_requests_a_minute():
    found = rang(lambda minute: some(FAILED, (minute >= 240 and minute % 10 == 0, 2)), minutes=420)
    assert found & {"unwell", "errors-ratio", "errors-fast-burn", "errors-slow-burn"} == {"unwell", "errors-slow-burn"}


def test_a_shared_load_balancers_own_errors_are_nobodys():
    named = {name for alarm in Stack("service", SERVICES["shared"]).alarms().values() for name, _ in metrics(alarm)}
    assert "HTTPCode_Target_5XX_Count" in named and "HTTPCode_ELB_5XX_Count" not in named


# ---- latency: a percentile, of as many answers as it takes ----


def test_latency_alarms_look_at_their_own_percentile_first_and_at_one_target_group():
    alarms = Stack("service", SERVICES["blue-green"]).alarms()
    found = {name: alarm for name, alarm in alarms.items() if name.startswith("LatencyP")}
    assert len(found) == 4
    for name, alarm in found.items():
        stats = [entry["MetricStat"] for entry in alarm["Metrics"] if "MetricStat" in entry]
        # The diagnosis takes the first that is no count of requests for the symptom.
        first = next(stat for stat in stats if stat["Metric"]["MetricName"] != "RequestCount")
        assert (first["Metric"]["MetricName"], first["Stat"]) == ("TargetResponseTime", name[7:10].lower()), name
        # Math alarms cannot have it, and its "ignore" would never ring in a trickle.
        assert "EvaluateLowSampleCountPercentile" not in alarm, name
        green = [any("green" in dimension["Value"] for dimension in stat["Metric"]["Dimensions"]) for stat in stats]
        assert green == [name.endswith("Second")] * 3, name


RINGS = {
    "a service that many use": (lambda minute: some(SLOW, (10, 100)), {"latency-p95"}),
    "and one in fifty of them waits, for a quarter of an hour": (lambda minute: some(LATE, (2, 100)), {"latency-p99"}),
    "a third at twenty a minute": (lambda minute: some(LATE, (7, 20)), LATENCY),
    "every answer at two a minute": (lambda minute: some(LATE, (2, 2)), LATENCY),
    "one of two a minute": (lambda minute: some(LATE, (1, 2)), LATENCY),
}
QUIET = {
    "nothing is late": lambda minute: [WELL] * 2,
    "nobody asks": lambda minute: [],
    "one in a hundred of twenty a minute": lambda minute: some(LATE, (minute % 5 == 0, 20)),
    # Of twenty, p95 is the slowest but one, of nineteen the slowest.
    "one in nineteen a minute": lambda minute: some(SLOW, (1, 19)),
    "three late answers at two a minute": lambda minute: some(LATE, (minute in (18, 20, 21), 2)),
    "every answer, below the least rate": lambda minute: [LATE] * (minute % 2),
    "fifteen in a burst, and nobody before or after": lambda minute: [LATE] * (5 * (minute in (20, 21, 22))),
}


@pytest.mark.parametrize(("requests", "names"), RINGS.values(), ids=RINGS)
def test_late_answers_ring_at_any_rate(requests, names):
    found = rang(requests)
    assert found & LATENCY == names and "unwell" in found


@pytest.mark.parametrize("requests", QUIET.values(), ids=QUIET)
def test_few_late_answers_wake_nobody(requests):
    assert not rang(requests) & (LATENCY | {"unwell"})


def test_twenty_of_120_answers_an_hour_ring_if_they_come_together_and_not_if_they_are_spread():
    def spread(how, over):
        return rang(lambda minute: some(how, (minute % over == 0, 2)), minutes=120) & LATENCY

    # A sixth: in no four of five minutes, and of ten answers sometimes one.
    assert spread(SLOW, 3) == spread(LATE, 3) == set()
    # A quarter: always two or three of ten, which counts above the bound for one of a hundred.
    assert (spread(SLOW, 2), spread(LATE, 2)) == (set(), {"latency-p99"})
    assert "latency-p95" in rang(lambda minute: some(SLOW, (2 * (60 <= minute < 70), 2)), minutes=120)


def test_blue_and_green_are_judged_apart_and_the_idle_one_is_quiet():
    found = rang(lambda minute: some(LATE, (1, 2)), parameters=SERVICES["blue-green"], group=1)
    assert found & {"latency-p95", "latency-p95-second", "unwell"} == {"latency-p95-second", "unwell"}


# ---- the ceiling, and dead letters ----


def expression(alarm):
    [text] = [entry["Expression"] for entry in alarm["Metrics"] if entry["ReturnData"]]
    return text


def test_the_ceiling_is_watched_where_there_is_one_by_what_is_scaled_by():
    for parameters in ({"MinCapacity": "3", "MaxCapacity": "3"}, {"ManageScaling": "false"}):
        assert "SaturationCeiling" not in Stack("service", BALANCED | parameters).alarms(), parameters
    for parameters, names, said in (
        ({}, ["cpu", "tasks"], "cpu > 60"),
        ({"MemoryTarget": "75"}, ["cpu", "memory", "tasks"], "cpu > 60 OR memory > 75"),
        ({"RequestsPerTarget": "900"}, ["cpu", "each", "tasks"], "cpu > 60 OR each > 900"),
        (
            {"MemoryTarget": "75", "RequestsPerTarget": "900"}, ["cpu", "each", "memory", "tasks"],
            "cpu > 60 OR memory > 75 OR each > 900",
        ),
    ):  # fmt: skip
        alarm = Stack("service", BALANCED | parameters).alarms()["SaturationCeiling"]
        assert expression(alarm) == f"IF(tasks >= 10 AND ({said}), 1, 0)"
        assert sorted(entry["Id"] for entry in alarm["Metrics"] if "MetricStat" in entry) == names
        assert comes_to(alarm, tasks=10, cpu=61, memory=40, each=100) == 1
        assert comes_to(alarm, tasks=9, cpu=99, memory=99, each=999) == comes_to(alarm, tasks=10, cpu=59, memory=40, each=100) == 0
        # Of the newest minutes some samples are still on their way.
        assert alarm["DatapointsToAlarm"] < alarm["EvaluationPeriods"]


@pytest.mark.parametrize("kind", ["balanced", "shared", "worker"])
def test_that_no_task_runs_rings_though_nothing_else_is_measured(kind):
    def found(runs):
        requests = lambda minute: [WELL] if runs(minute) else []  # noqa: E731
        return Trickle(requests, 60, runs=runs).rang(Stack("service", SERVICES[kind]))

    assert {"traffic-no-tasks", "unwell"} <= found(lambda minute: minute < 40)
    assert not found(lambda minute: True) & {"traffic-no-tasks", "unwell"}
    # Tasks that come back within ten minutes are no outage.
    assert "traffic-no-tasks" not in found(lambda minute: not 40 <= minute < 49)
    # Where somebody else scales the service, none at all may be meant.
    assert "TrafficNoTasks" not in Stack("service", SERVICES["scaled-elsewhere"]).alarms()


def test_work_that_takes_longer_than_usual_rings_when_people_say_so():
    parameters = SERVICES["worker"]
    assert Stack("service", parameters).alarms()["TrafficStalled"]["EvaluationPeriods"] == "10"
    longer = Stack("service", parameters | {"StalledMinutes": "30"}).alarms()["TrafficStalled"]
    assert longer["EvaluationPeriods"] == "30"


def test_the_first_dead_letter_after_idle_hours_rings_and_old_ones_do_not():
    alarm = Stack("service", EVERYTHING).alarms()["ErrorsDeadLetters"]
    text = expression(alarm)
    assert re.findall(r"\w+", text) == ["DIFF", "FILL", "dead", "0"]
    grows = lambda *dead: [more for more in expressions.evaluated(text, {"dead": list(dead)}.__getitem__, len(dead)) if more and more > 0]  # noqa: E731
    assert grows(None, None, 1.0) == [1.0] and grows(7.0, 7.0, 9.0) == [2.0]
    assert not grows(7.0, 7.0, 7.0) and not grows(7.0, 7.0, None) and not grows(None, None, None)
