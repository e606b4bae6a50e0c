//! Figures at every boundary: what adds up, what is never hidden, and the days
//! on which calendars are difficult.

use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use nightshift_core::cost::{CostGroup, CostPeriod, Costs, Forecast, GroupBy, Money, Sums};
use nightshift_core::policy;
use nightshift_cost::split;
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::event::Kind;
use crate::month::{By, estimate, month};
use crate::moves::{Moves, moves};
use crate::picture::{DAYS, chart, sparkline};
use crate::shares::shares;

fn money(amount: &str, currency: &str) -> Money {
    Money::new(amount.parse().unwrap(), currency)
}

fn group(keys: &[&str], amount: &str, currency: &str) -> CostGroup {
    CostGroup { keys: keys.iter().map(|key| (*key).to_owned()).collect(), spent: money(amount, currency) }
}

/// Days up to `today`, each with what `of` says; the last two are estimated.
fn days(today: Date, length: i64, of: impl Fn(Date) -> Vec<CostGroup>) -> Costs {
    let dates = (0..=length).rev().map(|ago| today.saturating_sub(ago.days()));
    let period = |from: Date| CostPeriod { from, estimated: from >= today.saturating_sub(1.days()), groups: of(from) };
    Costs { periods: dates.map(period).collect(), requests: 1 }
}

fn daily(costs: &Costs, today: Date) -> Option<Moves> {
    moves(costs, Kind::Daily, today, None, &policy::Costs::default())
}

const USAGE: [&str; 2] = ["ECS", "Usage"];

#[test]
fn a_new_level_is_told_once_and_not_each_day() {
    let begins = date(2026, 11, 10);
    let costs = |today| days(today, 90, |day| vec![group(&USAGE, if day < begins { "100" } else { "180" }, "USD")]);
    let policy = policy::Costs::default();
    let mut told = Some(date(2026, 11, 8));
    let mut days_told = Vec::new();
    for ago in 0..40_i64 {
        let today = date(2026, 11, 11).saturating_add(ago.days());
        let Some(moved) = moves(&costs(today), Kind::Daily, today, told, &policy) else { continue };
        if !moved.quiet() {
            days_told.push(moved.day.day());
        }
        told = Some(moved.day);
    }
    assert_eq!(
        days_told,
        [10, 13, 25],
        "on its first day, and once it has cost four times, and sixteen times, as much"
    );
}

#[test]
fn a_fall_is_told_too_and_a_weekend_is_none() {
    let today = date(2026, 11, 20);
    let weekend = |day: Date| matches!(day.weekday(), jiff::civil::Weekday::Saturday | jiff::civil::Weekday::Sunday);
    let usual = |day: Date| vec![group(&USAGE, if weekend(day) { "60" } else { "100" }, "USD")];
    for ago in 0..14_i64 {
        let today = today.saturating_sub(ago.days());
        assert!(daily(&days(today, 90, usual), today).unwrap().quiet(), "{today}");
    }
    let fallen = |day: Date| if day == date(2026, 11, 18) { vec![group(&USAGE, "20", "USD")] } else { usual(day) };
    let moved = daily(&days(today, 90, fallen), today).unwrap();
    assert!(!moved.quiet() && moved.movers.is_empty());
    assert_eq!(
        (moved.totals[0].change.clone(), moved.totals[0].percent),
        (Some(money("-80", "USD")), Some(Decimal::from(-80)))
    );
}

#[test]
fn currencies_are_never_added() {
    let today = date(2026, 11, 20);
    let both = |_| vec![group(&USAGE, "10", "USD"), group(&USAGE, "9", "EUR")];
    let moved = daily(&days(today, 60, both), today).unwrap();
    let spent: Vec<String> = moved.totals.iter().map(|total| total.spent.to_string()).collect();
    assert_eq!(spent, ["10.00 USD", "9.00 EUR"]);
    let charged = days(today, 40, |_| vec![group(&["Usage"], "10", "USD"), group(&["Usage"], "9", "EUR")]);
    let expected = Forecast::Expected { mean: money("100", "USD"), low: money("90", "USD"), high: money("110", "USD") };
    assert_eq!(estimate(&charged, &expected, today, None), None, "in which currency?");
    assert_eq!(estimate(&charged, &Forecast::TooLittleData { says: String::new() }, today, None), None);
}

#[test]
fn an_account_without_costs_has_nothing_to_say() {
    let today = date(2026, 11, 20);
    let moved = daily(&days(today, 60, |_| vec![]), today).unwrap();
    assert!(moved.quiet() && moved.totals.is_empty() && chart(&moved, today, DAYS).is_none());
    assert_eq!(daily(&Costs { periods: vec![], requests: 1 }, today), None);
}

#[test]
fn the_month_is_that_of_the_last_settled_day() {
    let charged = |today| days(today, 92, |_| vec![group(&["Usage"], "10", "USD"), group(&["Credit"], "-4", "USD")]);
    // On the first of a month no day of it is over.
    let first = date(2026, 12, 1);
    let november = month(&charged(first), date(2026, 11, 29), first).unwrap();
    assert_eq!((november.from, november.to, november.provisional), (date(2026, 11, 1), date(2026, 11, 30), 1));
    assert_eq!(november.total.only(), Some(money("180", "USD")));
    let compared = |month: &crate::month::Month| {
        month.compared.as_ref().map(|(to, now, before)| (*to, now.only().unwrap(), before.only().unwrap()))
    };
    // Settled days with settled days.
    assert_eq!(compared(&november), Some((date(2026, 11, 29), money("174", "USD"), money("174", "USD"))));
    let long = date(2027, 4, 2);
    assert_eq!(compared(&month(&charged(long), date(2027, 3, 31), long).unwrap()), None, "February has no 31st");
    // A leap day is a day of its month.
    let leap = date(2028, 3, 2);
    let february = month(&charged(leap), date(2028, 2, 29), leap).unwrap();
    assert_eq!((february.to, february.total.only()), (date(2028, 2, 29), Some(money("174", "USD"))));
}

#[test]
fn a_month_in_the_end_counts_no_day_twice() {
    let charged = |today| days(today, 61, |_| vec![group(&["Usage"], "10", "USD")]);
    let forecast = Forecast::Expected { mean: money("105", "USD"), low: money("95", "USD"), high: money("120", "USD") };
    let at = |today| estimate(&charged(today), &forecast, today, Some(Decimal::from(300))).unwrap();
    let middle = at(date(2026, 11, 20));
    assert_eq!((middle.month, middle.mean.amount), (date(2026, 11, 1), Decimal::from(190 + 105)));
    assert_eq!(middle.percent_of_budget, Some("98.3".parse().unwrap()));
    assert_eq!(
        (at(date(2026, 12, 1)).month, at(date(2026, 12, 1)).mean.amount),
        (date(2026, 12, 1), Decimal::from(105))
    );
    // On the last day AWS speaks of the next month, of which nothing is spent yet.
    let last = at(date(2026, 11, 30));
    assert_eq!((last.month, last.mean.amount), (date(2026, 12, 1), Decimal::from(105)));
    let little = Forecast::TooLittleData { says: "Insufficient amount of historical data".into() };
    let today = date(2026, 11, 20);
    let rate = estimate(&charged(today), &little, today, None).unwrap();
    assert_eq!((rate.by, rate.mean, rate.interval), (By::Rate, money("300", "USD"), None));
    assert_eq!(
        estimate(&charged(date(2026, 12, 1)), &little, date(2026, 12, 1), None),
        None,
        "no day of it is settled"
    );
}

#[test]
fn of_five_thousand_teams_the_dearest_are_named_and_the_others_summed() {
    let mut groups: Vec<CostGroup> =
        (0..5000).map(|team| group(&[&format!("team-{team:04}")], "0.01", "USD")).collect();
    groups.push(group(&[""], "50", "USD"));
    groups.push(group(&["shop"], "100", "USD"));
    let costs = Costs { periods: vec![CostPeriod { from: date(2026, 11, 1), estimated: true, groups }], requests: 3 };
    let shares = shares(&costs, "USD").unwrap();
    assert_eq!((shares.named.len(), shares.named[0].name.as_str()), (8, "shop"));
    assert_eq!(shares.others, Some((money("49.93", "USD"), 4993)));
    assert_eq!(shares.without.unwrap().percent, Some(Decimal::from(25)));
    assert_eq!(shares.total, money("200.00", "USD"));
}

fn groups() -> impl Strategy<Value = Vec<CostGroup>> {
    let kind = prop::sample::select(vec!["Usage", "Credit", "Refund", "Tax", "SavingsPlanNegation", "Support", "New"]);
    let service = prop::sample::select(vec!["ECS", "EC2", "S3", "<b>\u{202e}"]);
    let one = (service, kind, -1_000_000_i64..100_000_000, 0_u32..8);
    prop::collection::vec(one, 0..12).prop_map(|all| {
        let spent = |amount, scale| Money::new(Decimal::new(amount, scale), "USD");
        let signed = |kind: &str, amount: i64| if matches!(kind, "Credit" | "Refund") { -amount.abs() } else { amount };
        all.into_iter()
            .map(|(service, kind, amount, scale)| CostGroup {
                keys: vec![service.to_owned(), kind.to_owned()],
                spent: spent(signed(kind, amount), scale),
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn the_split_is_complete_and_credits_never_reduce_usage(all in prop::collection::vec(groups(), 1..40)) {
        let today = date(2026, 11, 20);
        let costs = days(today, i64::try_from(all.len()).unwrap() - 1, |day| {
            let ago = usize::try_from(day.until(today).unwrap().get_days()).unwrap();
            all[ago].clone()
        });
        let whole = |costs: &Costs| costs.periods.iter().flat_map(|it| &it.groups).map(|it| it.spent.clone()).collect::<Vec<_>>();
        let split = split(&[GroupBy::Service, GroupBy::RecordType], &costs.periods).unwrap();
        prop_assert_eq!(split.total(), Sums::from_iter(&whole(&costs)));
        let parts: Decimal = split.parts().iter().flat_map(|(_, sums)| sums.0.values()).sum();
        prop_assert_eq!(parts, split.total().0.values().sum::<Decimal>());
        // Without what is given back, what was spent is the same.
        let mut given = costs.clone();
        given.periods.iter_mut().for_each(|it| it.groups.retain(|it| !matches!(it.keys[1].as_str(), "Credit" | "Refund" | "Tax")));
        let (with, without) = (daily(&costs, today), daily(&given, today));
        let spent = |moves: &Option<Moves>| moves.as_ref().map(|it| it.totals.iter().map(|it| it.spent.clone()).filter(|it| !it.amount.is_zero()).collect::<Vec<_>>());
        prop_assert_eq!(spent(&with), spent(&without));
        if let Some(moves) = with {
            let services: Decimal = moves.services.iter().filter_map(|it| it.on(moves.day)).map(|it| it.spent).sum();
            prop_assert_eq!(services, moves.totals.iter().map(|it| it.spent.amount).sum::<Decimal>(), "by service");
            if let Some(chart) = chart(&moves, today, DAYS) {
                prop_assert!(chart.layers.iter().all(|it| it.days.iter().all(|day| !day.is_sign_negative() || day.is_zero())));
                prop_assert!(!sparkline(&chart).is_empty());
            }
        }
    }
}

#[test]
fn a_fall_after_a_rise_and_a_day_that_was_skipped_are_news() {
    let usual = |day: Date| match (day.month(), day.day()) {
        (11, 16) => "120",
        (11, 17) => "20",
        _ => "100",
    };
    let of = |today| days(today, 90, |day| vec![group(&USAGE, usual(day), "USD")]);
    let told =
        |today, told: i8| moves(&of(today), Kind::Daily, today, Some(date(2026, 11, told)), &policy::Costs::default());
    assert!(!told(date(2026, 11, 18), 15).unwrap().quiet(), "a rise");
    assert!(!told(date(2026, 11, 19), 16).unwrap().quiet(), "a fall after it");
    assert!(!told(date(2026, 11, 20), 16).unwrap().quiet(), "the fall was settled together with the day after it");
    let both = told(date(2026, 11, 20), 16).unwrap();
    assert_eq!(both.also.iter().map(|(day, all)| (day.day(), all[0].moved)).collect::<Vec<_>>(), [(17, true)]);
    assert!(told(date(2026, 11, 20), 17).unwrap().quiet(), "a day as usual");
}

#[test]
fn the_turn_of_a_month_is_usual_after_a_month() {
    let today = date(2026, 12, 3);
    let costs = days(today, 120, |day| vec![group(&USAGE, if day.day() == 1 { "400" } else { "300" }, "USD")]);
    assert!(daily(&costs, today).unwrap().quiet());
}

#[test]
fn the_largest_amounts_end_no_report() {
    let today = date(2026, 11, 20);
    let most = Decimal::MAX.to_string();
    let costs = days(today, 60, |_| vec![group(&USAGE, &most, "USD"), group(&["EC2", "Usage"], &most, "USD")]);
    for kind in [Kind::Daily, Kind::Weekly] {
        let moved = moves(&costs, kind, today, None, &policy::Costs::default()).unwrap();
        assert!(chart(&moved, today, DAYS).is_some());
    }
}
