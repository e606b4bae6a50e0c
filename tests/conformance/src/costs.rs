//! What was spent, what is expected, and what is strange.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan as _};
use nightshift_core::cost::{
    CostGroup, CostMetric, CostPeriod, CostQuery, Costs, Forecast, Granularity, GroupBy, Money,
};
use nightshift_core::fault::FaultKind;
use nightshift_core::ports::CostReads;
use rust_decimal::Decimal;

use crate::{Gap, Place, Verdict, fails, got, holds, same};

const CONFIG: &str = "AWS Config";
const WATCH: &str = "AmazonCloudWatch";

/// Runs the suite. The first two questions are those that moto is given answers
/// for.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn costs<W: CostReads>(world: &W, place: &Place) -> Verdict {
    let today = place.now.to_zoned(TimeZone::UTC).date();
    settled(world, today).await?;
    if !place.has(Gap::CostExplorer) {
        return Ok(());
    }
    small_and_gone(world, today).await?;
    adds_up(world, today).await?;
    charges(world, today).await?;
    tags(world, today).await?;
    forecast(world, today).await?;
    anomalies(world, today).await?;
    let empty = CostQuery { to: days_before(today, 10), ..days(today, 10, 9, &[]) };
    fails("an empty span", world.costs(&empty).await, FaultKind::Permanent)
}

fn days_before(today: Date, days: i64) -> Date {
    today.checked_sub(Span::new().days(days)).unwrap_or(today)
}

/// Days from so many before today to so many before it, that one not among them.
fn days(today: Date, from: i64, to: i64, by: &[GroupBy]) -> CostQuery {
    CostQuery {
        from: days_before(today, from),
        to: days_before(today, to),
        granularity: Granularity::Daily,
        metric: CostMetric::Unblended,
        by: by.to_vec(),
        services: Vec::new(),
        without: Vec::new(),
    }
}

fn of(service: &str, query: CostQuery) -> CostQuery {
    CostQuery { services: vec![service.to_owned()], ..query }
}

fn group(keys: &[&str], micro: i64) -> CostGroup {
    let keys = keys.iter().map(|key| (*key).to_owned()).collect();
    CostGroup { keys, spent: Money::new(Decimal::new(micro, 6), "USD") }
}

/// Days that no longer change, to the last digit.
async fn settled<W: CostReads>(world: &W, today: Date) -> Verdict {
    let two = |groups: &[CostGroup]| {
        let day = |back| CostPeriod { from: days_before(today, back), estimated: false, groups: groups.to_vec() };
        vec![day(10), day(9)]
    };
    let found = got("two days", world.costs(&of(CONFIG, days(today, 10, 8, &[]))).await)?;
    same("two days", &found, &Costs { periods: two(&[group(&[], 1_234_567)]), requests: 1 })?;
    let by = of(CONFIG, days(today, 10, 8, &[GroupBy::UsageType]));
    let found = got("their usage types", world.costs(&by).await)?;
    let parts = [group(&["EU-ConfigRuleEvaluations"], 411_522), group(&["EU-ConfigurationItemRecorded"], 823_045)];
    same("their usage types", &sorted(found).periods, &two(&parts))
}

fn sorted(mut costs: Costs) -> Costs {
    costs.periods.iter_mut().for_each(|period| period.groups.sort());
    costs
}

/// The groups of the first period.
fn first(what: &str, costs: Costs) -> Result<Vec<CostGroup>, String> {
    let first = costs.periods.into_iter().next();
    first.map(|period| period.groups).ok_or_else(|| format!("{what}: found no period"))
}

async fn small_and_gone<W: CostReads>(world: &W, today: Date) -> Verdict {
    let keys = of("AWS Key Management Service", days(today, 10, 9, &[GroupBy::Service]));
    let found = got("a very small amount", world.costs(&keys).await)?;
    same(
        "a very small amount",
        &first("a very small amount", found)?,
        &vec![group(&["AWS Key Management Service"], 12)],
    )?;
    let gone = got(
        "a service that is gone",
        world.costs(&of("Amazon Polly", days(today, 21, 14, &[GroupBy::Service]))).await,
    )?;
    let there: Vec<bool> = gone.periods.iter().map(|period| !period.groups.is_empty()).collect();
    same("the days it was there", &there, &vec![false, true, true, true, true, true, false])?;
    let nothing = got("what never was", world.costs(&of("Amazon Nothing", days(today, 3, 2, &[]))).await)?;
    same("what never was", &sums(&nothing), &vec![Decimal::ZERO])
}

/// What each period cost in all.
fn sums(costs: &Costs) -> Vec<Decimal> {
    let sum = |period: &CostPeriod| period.groups.iter().map(|group| group.spent.amount).sum();
    costs.periods.iter().map(sum).collect()
}

async fn adds_up<W: CostReads>(world: &W, today: Date) -> Verdict {
    let whole = got("a month of days", world.costs(&days(today, 30, 0, &[])).await)?;
    same("its days", &whole.periods.len(), &30)?;
    let estimated: Vec<bool> = whole.periods.iter().map(|period| period.estimated).collect();
    same("what is estimated", &estimated[25..].to_vec(), &vec![false, false, false, true, true])?;
    let team = || GroupBy::Tag("team".into());
    for by in [
        vec![GroupBy::Service],
        vec![GroupBy::Service, GroupBy::UsageType],
        vec![GroupBy::LinkedAccount, team()],
        vec![GroupBy::RecordType, GroupBy::Service],
    ] {
        let parts = got("its parts", world.costs(&days(today, 30, 0, &by)).await)?;
        // Their pages are cut wherever they are full.
        holds("several pages", &parts.requests, parts.requests > 1)?;
        same(&format!("what parts by {by:?} sum to"), &sums(&parts), &sums(&whole))?;
        let keyed = parts.periods.iter().flat_map(|period| &period.groups).all(|group| group.keys.len() == by.len());
        holds("a key for each grouping", &by, keyed)?;
    }
    let monthly = CostQuery { granularity: Granularity::Monthly, ..days(today, 30, 0, &[]) };
    let months = got("its months", world.costs(&monthly).await)?;
    let total = |costs: &Costs| sums(costs).into_iter().sum::<Decimal>();
    same("what months sum to", &total(&months), &total(&whole))
}

async fn charges<W: CostReads>(world: &W, today: Date) -> Verdict {
    let day = |metric| CostQuery { metric, ..days(today, 12, 11, &[GroupBy::RecordType]) };
    let types = async |metric| {
        let found = got("record types", world.costs(&day(metric)).await)?;
        let of = |group: &CostGroup| (group.keys[0].clone(), group.spent.amount);
        Ok::<_, String>(first("record types", found)?.iter().map(of).collect::<BTreeMap<_, _>>())
    };
    let unblended = types(CostMetric::Unblended).await?;
    same("record types", &unblended.keys().map(String::as_str).collect(), &vec!["Credit", "Refund", "Usage"])?;
    same("a refund", &unblended["Refund"], &Decimal::from(-500))?;
    holds("a credit", &unblended, unblended["Credit"] < Decimal::ZERO)?;
    let amortized = types(CostMetric::Amortized).await?;
    same("what is spread over its days", &amortized.get("SavingsPlanRecurringFee"), &Some(&Decimal::new(325, 2)))?;
    same("usage by both metrics", &amortized.get("Usage"), &unblended.get("Usage"))?;
    // Credits and refunds hide no usage from whoever leaves them out.
    let all = got("a day with a refund", world.costs(&of(WATCH, days(today, 12, 11, &[]))).await)?;
    let without = vec!["Credit".to_owned(), "Refund".to_owned()];
    let usage = CostQuery { without, ..of(WATCH, days(today, 12, 11, &[])) };
    let usage = got("its usage", world.costs(&usage).await)?;
    let total = |costs: &Costs| sums(costs).into_iter().sum::<Decimal>();
    same("usage without its refund", &total(&usage), &(total(&all) + Decimal::from(500)))
}

async fn tags<W: CostReads>(world: &W, today: Date) -> Verdict {
    let found = got("values of a tag", world.tag_values("team", days_before(today, 10), today).await)?;
    same("values of a tag", &found, &["a$b", "platform", "shop"].map(ToOwned::to_owned).to_vec())?;
    let none = world.tag_values("nobody-has-it", days_before(today, 10), today).await;
    same("values of a tag that nothing has", &none, &Ok(Vec::new()))?;
    let by = of(CONFIG, days(today, 10, 9, &[GroupBy::Tag("team".into())]));
    let found = first("costs by a tag", sorted(got("costs by a tag", world.costs(&by).await)?))?;
    let parts = [("", 123_457), ("a$b", 123_457), ("platform", 370_370), ("shop", 617_283)];
    let parts: Vec<CostGroup> = parts.iter().map(|(value, micro)| group(&[value], *micro)).collect();
    holds("values without the tag's name", &found, keys(&found) == keys(&parts))?;
    let near = found.iter().zip(&parts).all(|(found, part)| {
        // Each account's parts are rounded by themselves.
        (found.spent.amount - part.spent.amount).abs() <= Decimal::new(2, 6)
    });
    holds("each with its share", &found, near)
}

fn keys(groups: &[CostGroup]) -> Vec<&[String]> {
    groups.iter().map(|group| group.keys.as_slice()).collect()
}

async fn forecast<W: CostReads>(world: &W, today: Date) -> Verdict {
    for metric in [CostMetric::Unblended, CostMetric::Amortized] {
        let found = got("a forecast", world.forecast(metric, today).await)?;
        let Forecast::Expected { mean, low, high } = &found else {
            return Err(format!("a forecast: found {found:?}"));
        };
        holds("an interval around its mean", &found, low < mean && mean < high)?;
        same("its currency", &mean.currency, &"USD".to_owned())?;
    }
    let past = world.forecast(CostMetric::Unblended, days_before(today, 1)).await;
    fails("a forecast of the past", past, FaultKind::Permanent)
}

async fn anomalies<W: CostReads>(world: &W, today: Date) -> Verdict {
    let tomorrow = today.checked_add(1.day()).unwrap_or(today);
    let find = async |from, to| got("anomalies", world.anomalies(days_before(today, from), to).await);
    let found = find(30, tomorrow).await?;
    let [watch, ecs] = &found[..] else { return Err(format!("anomalies: expected two, found {found:?}")) };
    same(
        "its first day and its last",
        &(watch.from, watch.to),
        &(Some(days_before(today, 9)), Some(days_before(today, 6))),
    )?;
    same("what it is about", &watch.about.as_deref(), &Some(WATCH))?;
    same("its impact", &watch.impact, &Decimal::from(120))?;
    holds("actual beyond expected", watch, watch.actual > watch.expected)?;
    let cause = watch.causes.first().ok_or_else(|| format!("a cause: found none of {watch:?}"))?;
    same("the usage type of its cause", &cause.usage_type.as_deref(), &Some("EU-DataProcessing-Bytes"))?;
    same("one without root causes", &ecs.causes, &Vec::new())?;
    same("ids that stay", &find(30, tomorrow).await?, &found)?;
    same("those of the last days", &find(3, tomorrow).await?, &vec![ecs.clone()])?;
    same("those before them", &find(30, days_before(today, 9)).await?, &Vec::new())
}
