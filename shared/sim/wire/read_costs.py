"""Cost Explorer of the simulator, as boto3 reads it."""

import datetime
import re
from decimal import Decimal

from reading import ROOT, Sim, client, fails


def costs(binary):
    """The account of the conformance suites has costs."""
    with Sim(binary, ROOT / "tests/conformance/account.toml") as sim:
        ce = client("ce", sim.url)
        today = datetime.datetime.now(datetime.UTC).date()

        def day(back):
            return f"{today - datetime.timedelta(days=back)}"

        def span(start, end=0):
            return {"TimePeriod": {"Start": day(start), "End": day(end)}}

        usage(ce, span)
        filters(ce, span)
        forecast(ce, span, today)
        anomalies(ce, day)
        tags(ce, span)
        refusals(ce, span)


def every_page(ce, **question):
    """Periods of all pages, those that two pages share as one, and the number of pages."""
    periods, token, pages = {}, {}, 0
    while True:
        page = ce.get_cost_and_usage(**question, **token)
        pages += 1
        for found in page["ResultsByTime"]:
            periods.setdefault(found["TimePeriod"]["Start"], found | {"Groups": []})["Groups"] += found["Groups"]
        if "NextPageToken" not in page:
            return list(periods.values()), pages
        token = {"NextPageToken": page["NextPageToken"]}


def amount(metrics, name="UnblendedCost"):
    assert metrics[name]["Unit"] == "USD", metrics
    return Decimal(metrics[name]["Amount"])


def usage(ce, span):
    daily = {"Granularity": "DAILY", "Metrics": ["UnblendedCost", "AmortizedCost"], **span(12)}
    whole, _ = every_page(ce, **daily)
    assert len(whole) == 12 and not whole[0]["Groups"], whole
    assert [found["Estimated"] for found in whole[-4:]] == [False, False, True, True], whole
    by = [{"Type": "DIMENSION", "Key": "SERVICE"}, {"Type": "TAG", "Key": "team"}]
    parts, pages = every_page(ce, **daily, GroupBy=by)
    assert pages > 1 and all(found["Total"] == {} for found in parts), (pages, parts)
    for total, found in zip(whole, parts, strict=True):
        for name in daily["Metrics"]:
            assert sum(amount(group["Metrics"], name) for group in found["Groups"]) == amount(total["Total"], name)
    keys = {tuple(group["Keys"]) for found in parts for group in found["Groups"]}
    assert ("AWS Config", "team$") in keys and ("AWS Config", "team$a$b") in keys, keys
    small = [group for group in parts[0]["Groups"] if group["Keys"][0] == "AWS Key Management Service"]
    assert any(re.fullmatch(r"[\d.]+E-\d+", group["Metrics"]["UnblendedCost"]["Amount"]) for group in small), small


def filters(ce, span):
    daily = {"Granularity": "DAILY", "Metrics": ["UnblendedCost"], **span(12, 11)}

    def spent(**expression):
        return amount(ce.get_cost_and_usage(**daily, Filter=expression)["ResultsByTime"][0]["Total"])

    def dimension(key, *values):
        return {"Dimensions": {"Key": key, "Values": list(values)}}

    watch, refund = dimension("SERVICE", "AmazonCloudWatch"), dimension("RECORD_TYPE", "Refund")
    all_of_it, paid_back = spent(**watch), spent(And=[watch, refund])
    assert paid_back == -500 and spent(And=[watch, {"Not": refund}]) == all_of_it - paid_back
    either = spent(Or=[watch, dimension("SERVICE", "AWS Config")])
    assert either == all_of_it + spent(**dimension("SERVICE", "AWS Config"))
    untagged = {"Tags": {"Key": "team", "MatchOptions": ["ABSENT"]}}
    assert spent(**untagged) + spent(Not=untagged) == spent(Not=dimension("SERVICE", "Nothing"))
    fails("ValidationException", spent, And=[watch])
    fails("ValidationException", spent, **watch, Not=refund)


def forecast(ce, span, today):
    end = (today.replace(day=28) + datetime.timedelta(days=35)).replace(day=1)
    question = {"TimePeriod": {"Start": f"{today}", "End": f"{end}"}, "Granularity": "MONTHLY",
                "Metric": "UNBLENDED_COST"}
    found = ce.get_cost_forecast(**question, PredictionIntervalLevel=80)
    results = found["ForecastResultsByTime"]
    assert sum(Decimal(one["MeanValue"]) for one in results) == Decimal(found["Total"]["Amount"]), found
    for one in results:
        low, high = one["PredictionIntervalLowerBound"], one["PredictionIntervalUpperBound"]
        assert Decimal(low) < Decimal(one["MeanValue"]) < Decimal(high), one
    fails("ValidationException", ce.get_cost_forecast, **question | span(1, -1))
    fails("ValidationException", ce.get_cost_forecast, **question | span(0, 0))
    fails("ValidationException", ce.get_cost_forecast, **question | span(0, -600))


def anomalies(ce, day):
    question = {"DateInterval": {"StartDate": day(30), "EndDate": day(0)}}
    watch, ecs = ce.get_anomalies(**question)["Anomalies"]
    assert watch["AnomalyStartDate"].startswith(day(9)) and watch["AnomalyEndDate"].startswith(day(6)), watch
    assert watch["RootCauses"][0]["UsageType"] == "EU-DataProcessing-Bytes" and ecs["RootCauses"] == [], watch
    assert watch["Impact"]["TotalImpact"] == 120.0, watch
    page = ce.get_anomalies(**question, MaxResults=1)
    again = ce.get_anomalies(**question, MaxResults=1, NextPageToken=page["NextPageToken"])
    assert [page["Anomalies"][0]["AnomalyId"], again["Anomalies"][0]["AnomalyId"]] == [
        watch["AnomalyId"], ecs["AnomalyId"]], (page, again)
    assert "NextPageToken" not in again


def tags(ce, span):
    found = ce.get_tags(**span(10), TagKey="team")
    assert found["Tags"] == ["", "a$b", "platform", "shop"] and found["TotalSize"] == 4, found
    assert ce.get_tags(**span(10))["Tags"] == ["team"]


def refusals(ce, span):
    daily = {"Granularity": "DAILY", "Metrics": ["UnblendedCost"]}
    fails("ValidationException", ce.get_cost_and_usage, **daily, **span(3, 3))
    fails("ValidationException", ce.get_cost_and_usage, **daily, **span(500))
    three = [{"Type": "DIMENSION", "Key": key} for key in ("SERVICE", "USAGE_TYPE", "RECORD_TYPE")]
    fails("ValidationException", ce.get_cost_and_usage, **daily, **span(3), GroupBy=three)
    fails("InvalidNextTokenException", ce.get_cost_and_usage, **daily, **span(3), NextPageToken="7")
    fails("RequestChangedException", ce.get_cost_and_usage, **daily, **span(3), NextPageToken="2020-01-01+7")
    fails("UnknownOperationException", ce.get_dimension_values, **span(3), Dimension="SERVICE")


def never_enabled(binary):
    """An account without `[costs]`: nobody switched Cost Explorer on."""
    with Sim(binary, "bad-release") as sim:
        ce = client("ce", sim.url)
        period = {"Start": "2026-11-01", "End": "2026-11-02"}
        fails("AccessDeniedException", ce.get_cost_and_usage, TimePeriod=period, Granularity="DAILY",
              Metrics=["UnblendedCost"])
