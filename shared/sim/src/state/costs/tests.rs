use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use nightshift_core::cost::{CostMetric, CostQuery, Costs, Forecast, Granularity, GroupBy};
use nightshift_core::fault::FaultKind;
use nightshift_core::ports::{Answer, CostReads as _};
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::scenario::Scenario;
use crate::{Account, poll_once};

const SERVICE: &str = "[[service]]\nname = \"web\"\n[[service.release]]\nrevision = 1\nat = \"-3d\"\n";
const BUSY: &str = r#"
[costs]
[[costs.service]]
name = "ECS"
daily = 40.25
trend_per_day = 0.05
weekdays = [1, 1, 1, 1, 1, 0.6, 0.5]
usage = { vCPU = 7, GB = 3, Transfer = 1 }
[[costs.service]]
name = "Logs"
daily = "7.000001"
usage = { Ingested = 2, Stored = 5 }
monthly_fee = "0.5"
[[costs.service]]
name = "Config"
daily = 1
noise_percent = 0
untagged = true
[[costs.account]]
id = "111111111111"
share = 3
[[costs.account]]
id = "222222222222"
share = 4
[[costs.tag]]
key = "team"
values = { shop = 5, ops = 2 }
untagged = 3
[[costs.tag]]
key = "env"
values = { prod = 5 }
count = 30
[[costs.jump]]
service = "Logs"
from = "-12d"
until = "-8d"
per_day = 20
usage_type = "Debug"
account = "222222222222"
tags = { team = "ops" }
[[costs.jump]]
service = "ECS"
from = "-3d"
factor = 1.4
"#;
const CHARGES: &str = r#"
[[costs.charge]]
record_type = "Credit"
service = "ECS"
percent = -150.0
[[costs.charge]]
record_type = "Tax"
service = "Tax"
percent_of_month = 19.0
[[costs.charge]]
record_type = "Refund"
service = "Logs"
per_day = "-3.000001"
"#;
/// The event of every scenario.
const TODAY: Date = date(2026, 11, 20);

fn account(costs: &str, seed: u64) -> Account {
    let scenario = Scenario::parse(&format!("seed = {seed}\n{SERVICE}{costs}")).unwrap();
    let account = Account::new(scenario.clone());
    account.advance_to(scenario.event);
    account
}

fn ask<T>(future: impl Future<Output = Answer<T>>) -> Answer<T> {
    poll_once(future).expect("the account never waits")
}

fn query(by: &[GroupBy]) -> CostQuery {
    CostQuery {
        from: date(2026, 10, 25),
        to: TODAY,
        granularity: Granularity::Daily,
        metric: CostMetric::Unblended,
        by: by.to_vec(),
        services: Vec::new(),
        without: Vec::new(),
    }
}

/// What each period cost in all.
fn totals(costs: &Costs) -> Vec<(Date, Decimal)> {
    let sum = |groups: &[nightshift_core::cost::CostGroup]| groups.iter().map(|group| group.spent.amount).sum();
    costs.periods.iter().map(|period| (period.from, sum(&period.groups))).collect()
}

fn any_group() -> impl Strategy<Value = GroupBy> {
    let tag = |key: &str| GroupBy::Tag(key.to_owned());
    prop::sample::select(vec![
        GroupBy::Service,
        GroupBy::UsageType,
        GroupBy::LinkedAccount,
        GroupBy::RecordType,
        tag("team"),
        tag("env"),
        tag("unknown"),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn parts_sum_to_the_total_whatever_they_are_told_apart_by(
        seed in any::<u32>(),
        by in prop::collection::vec(any_group(), 1..=2),
    ) {
        let account = account(&format!("{BUSY}{CHARGES}"), seed.into());
        let whole = ask(account.costs(&query(&[]))).unwrap();
        let parts = ask(account.costs(&query(&by))).unwrap();
        prop_assert_eq!(totals(&parts), totals(&whole));
        // Whoever tells apart by two gets the parts of whoever tells apart by one.
        let mut coarse = BTreeMap::new();
        for period in &parts.periods {
            for group in &period.groups {
                *coarse.entry((period.from, group.keys[0].clone())).or_insert(Decimal::ZERO) += group.spent.amount;
            }
        }
        coarse.retain(|_, amount| *amount != Decimal::ZERO);
        let one = ask(account.costs(&query(&by[..1]))).unwrap();
        let one = one.periods.iter().flat_map(|period| {
            period.groups.iter().map(|group| ((period.from, group.keys[0].clone()), group.spent.amount))
        });
        prop_assert_eq!(coarse, one.collect::<BTreeMap<_, _>>());
    }

    #[test]
    fn months_are_the_sums_of_their_days(seed in any::<u32>(), by in any_group()) {
        let account = account(&format!("{BUSY}{CHARGES}"), seed.into());
        let months = CostQuery { granularity: Granularity::Monthly, ..query(&[by]) };
        let sum = |all: &[(Date, Decimal)]| all.iter().map(|(_, amount)| *amount).sum::<Decimal>();
        let (months, days) = (ask(account.costs(&months)).unwrap(), ask(account.costs(&query(&[]))).unwrap());
        prop_assert_eq!(months.periods.len(), 2);
        prop_assert_eq!(sum(&totals(&months)), sum(&totals(&days)));
    }

    #[test]
    fn credits_never_change_usage(seed in any::<u32>(), by in any_group()) {
        let without = vec!["Credit".to_owned(), "Refund".to_owned(), "Tax".to_owned()];
        let usage = CostQuery { without, ..query(&[by]) };
        let with = ask(account(&format!("{BUSY}{CHARGES}"), seed.into()).costs(&usage)).unwrap();
        prop_assert_eq!(with, ask(account(BUSY, seed.into()).costs(&usage)).unwrap());
    }

    #[test]
    fn what_is_settled_never_changes(seed in any::<u32>(), days in 1_i64..60) {
        let account = account(&format!("{BUSY}{CHARGES}"), seed.into());
        let settled = CostQuery { to: date(2026, 11, 18), ..query(&[GroupBy::Service, GroupBy::UsageType]) };
        let before = ask(account.costs(&settled)).unwrap();
        prop_assert!(before.periods.iter().all(|period| !period.estimated));
        account.advance(jiff::SignedDuration::from_hours(24 * days));
        prop_assert_eq!(before, ask(account.costs(&settled)).unwrap());
    }
}

#[test]
fn the_last_days_are_estimated_and_at_first_incomplete() {
    let account = account("[costs]\n[[costs.service]]\nname = \"ECS\"\ndaily = 100\nnoise_percent = 0\n", 0);
    let last = CostQuery { from: date(2026, 11, 16), to: date(2026, 11, 21), ..query(&[]) };
    let shown = |account: &Account| {
        let costs = ask(account.costs(&last)).unwrap();
        let of = |period: &nightshift_core::cost::CostPeriod| {
            (period.estimated, period.groups[0].spent.amount.round_dp(2).to_string())
        };
        costs.periods.iter().map(of).collect::<Vec<_>>()
    };
    let told = |all: &[(bool, &str)]| all.iter().map(|(is, text)| (*is, (*text).to_owned())).collect::<Vec<_>>();
    // At 02:14.
    assert_eq!(shown(&account), told(&[(false, "100"), (false, "100"), (true, "80"), (true, "60"), (true, "5.58")]));
    account.advance(jiff::SignedDuration::from_hours(24));
    assert_eq!(shown(&account), told(&[(false, "100"), (false, "100"), (false, "100"), (true, "80"), (true, "60")]));
}

#[test]
fn a_jump_has_the_usage_type_the_account_and_the_tag_that_it_is_said_to_have() {
    let account = account(BUSY, 7);
    let by = [GroupBy::UsageType, GroupBy::LinkedAccount];
    let day = CostQuery { from: date(2026, 11, 9), to: date(2026, 11, 10), ..query(&by) };
    let found = ask(account.costs(&day)).unwrap();
    let debug: Vec<_> = found.periods[0].groups.iter().filter(|group| group.keys[0] == "Debug").collect();
    assert_eq!((debug.len(), debug[0].keys[1].as_str()), (1, "222222222222"));
    assert_eq!(debug[0].spent.to_string(), "20.00 USD");
}

#[test]
fn aws_tells_of_a_jump_that_it_noticed_and_the_anomaly_grows() {
    let account = account(BUSY, 7);
    let find = |account: &Account| ask(account.anomalies(date(2026, 11, 1), date(2026, 12, 1))).unwrap();
    let [logs, ecs] = &find(&account)[..] else { panic!("{:?}", find(&account)) };
    assert_eq!((logs.from, logs.to), (Some(date(2026, 11, 8)), Some(date(2026, 11, 11))));
    assert_eq!((logs.about.as_deref(), logs.impact), (Some("Logs"), Decimal::from(80)));
    assert_eq!(logs.actual.unwrap() - logs.expected.unwrap(), logs.impact);
    assert_eq!(logs.causes[0].usage_type.as_deref(), Some("Debug"));
    assert_eq!(logs.causes[0].account.as_deref(), Some("222222222222"));
    account.advance(jiff::SignedDuration::from_hours(24));
    let later = &find(&account)[1];
    assert_eq!(later.id, ecs.id);
    assert!(later.impact > ecs.impact, "{later:?}");
    assert_eq!(ask(account.anomalies(date(2026, 11, 1), date(2026, 11, 8))).unwrap(), Vec::new());
}

#[track_caller]
fn mean(account: &Account, today: Date) -> Decimal {
    let Forecast::Expected { mean, low, high } = ask(account.forecast(CostMetric::Unblended, today)).unwrap() else {
        panic!("too little data")
    };
    assert!(low < mean && mean < high, "{low} {mean} {high}");
    mean.amount
}

#[test]
fn a_forecast_is_of_the_rest_of_the_month_and_on_its_last_day_of_the_next_one() {
    let account = account("[costs]\n[[costs.service]]\nname = \"ECS\"\ndaily = 100\nnoise_percent = 9\n", 0);
    assert_eq!(mean(&account, TODAY), Decimal::from(1100));
    let past = ask(account.forecast(CostMetric::Unblended, date(2026, 11, 19))).unwrap_err();
    assert_eq!(past.kind, FaultKind::Permanent);
    account.advance(jiff::SignedDuration::from_hours(240));
    assert_eq!(mean(&account, date(2026, 11, 30)), Decimal::from(3100));
}

#[test]
fn an_account_without_cost_explorer_is_denied_and_a_young_one_has_too_little_data() {
    let refusal = |costs: &str| ask(account(costs, 0).costs(&query(&[]))).unwrap_err();
    let one = "[[costs.service]]\nname = \"ECS\"\ndaily = 1\n";
    assert_eq!(refusal("").kind, FaultKind::Denied);
    assert_eq!(refusal(&format!("[costs]\nenabled = false\n{one}")).kind, FaultKind::Denied);
    let empty = refusal(&format!("[costs]\nsince = \"+1d\"\n{one}"));
    assert!(empty.causes[0].starts_with("DataUnavailableException"), "{empty}");
    let young = account(&format!("[costs]\nsince = \"-9d\"\n{one}"), 0);
    let forecast = ask(young.forecast(CostMetric::Amortized, TODAY)).unwrap();
    assert!(matches!(forecast, Forecast::TooLittleData { says } if says.starts_with("Insufficient amount")));
}

#[test]
fn a_month_may_be_estimated_until_its_bill_is_made() {
    let one = "[costs]\nestimated = \"month\"\n[[costs.service]]\nname = \"ECS\"\ndaily = 1\n";
    let account = account(one, 0);
    let by_month = CostQuery { granularity: Granularity::Monthly, ..query(&[]) };
    let shown = |account: &Account| {
        let found = ask(account.costs(&by_month)).unwrap();
        found.periods.iter().map(|period| period.estimated).collect::<Vec<_>>()
    };
    assert_eq!(shown(&account), [false, true]);
    // To the second of December, and to the third.
    account.advance(jiff::SignedDuration::from_hours(12 * 24));
    assert_eq!(shown(&account), [false, true]);
    account.advance(jiff::SignedDuration::from_hours(24));
    assert_eq!(shown(&account), [false, false]);
}

#[test]
fn what_is_wrong_with_costs_is_named_with_its_field() {
    let check = |more: &str, expect: &str| {
        let one = "[[costs.service]]\nname = \"ECS\"\ndaily = 1\n";
        let text = format!("{SERVICE}[costs]\n{one}{more}");
        assert_eq!(Scenario::parse(&text).unwrap_err().to_string(), expect);
    };
    let jump = "[[costs.jump]]\nservice = \"ECS\"\nfrom = \"-3d\"\n";
    check(&format!("{jump}factor = 2\nper_day = 1\n"), "costs.jump[0]: a jump has one of factor and per_day");
    check(
        &format!("{jump}factor = 2\nusage_type = \"GB\"\n"),
        "costs.jump[0].usage_type: \"GB\" costs nothing that a factor could change",
    );
    check(
        "[[costs.charge]]\nrecord_type = \"Tax\"\nservice = \"Tax\"\n",
        "costs.charge[0]: a charge has one of per_day, per_month, percent and percent_of_month",
    );
    check(
        "[[costs.charge]]\nrecord_type = \"Usage\"\nservice = \"ECS\"\nper_day = 1\n",
        "costs.charge[0].record_type: usage is a [[costs.service]]",
    );
    check("[[costs.tag]]\nkey = \"team\"\nuntagged = 0\n", "costs.tag[0]: nobody has a share");
    check("[[costs.service]]\nname = \"ECS\"\ndaily = 1\n", "costs.service[1].name: \"ECS\" is there twice");
}

#[test]
fn a_tag_may_have_thousands_of_values() {
    let many = BUSY.replace("count = 30", "count = 5000");
    let values = ask(account(&many, 0).tag_values("env", date(2026, 11, 10), date(2026, 11, 11))).unwrap();
    assert_eq!(values.len(), 5001);
    assert!(values.contains(&"value-5000".to_owned()) && !values.contains(&String::new()));
}
