//! What is told, by tables.

use std::collections::BTreeMap;

use nightshift_core::cost::{CostGroup, CostPeriod, GroupBy, Money};
use nightshift_core::service::Launch;
use nightshift_core::waste::LogGroup;
use nightshift_cost::waste::{
    BalancerUse, MOST_ENTRIES, Prices, Seen, ServiceUse, StoredImages, WasteKind, by_usage_type, last_month, waste,
};
use rust_decimal::Decimal;

use super::{DAYS, GB, decimal, of, service};

/// Kind, name and saving of each entry.
#[track_caller]
fn check(seen: &Seen, expect: &[(WasteKind, &str, &str)]) {
    let found = waste(seen, &Prices::default());
    let shown: Vec<_> = found.iter().map(|it| (it.kind, it.what.as_str(), it.saving.to_string())).collect();
    let expect: Vec<_> = expect.iter().map(|(kind, what, saving)| (*kind, *what, (*saving).to_owned())).collect();
    assert_eq!(shown, expect, "{found:#?}");
}

#[test]
fn what_is_stored_for_ever_costs_at_most_what_is_stored() {
    let group = |name: &str, retention_days, gb| LogGroup { name: name.into(), retention_days, stored_bytes: gb * GB };
    let stored =
        |name: &str, has_lifecycle, gb| StoredImages { name: name.into(), stored_bytes: gb * GB, has_lifecycle };
    let seen = Seen {
        log_groups: vec![
            group("/ecs/web", None, 400),
            group("/ecs/kept", Some(30), 400),
            group("/ecs/small", None, 33),
        ],
        repositories: vec![stored("web", false, 200), stored("kept", true, 200), stored("small", false, 9)],
        ..Seen::default()
    };
    check(
        &seen,
        &[(WasteKind::ImagesKeptForEver, "web", "20.00 USD"), (WasteKind::LogsKeptForEver, "/ecs/web", "12.00 USD")],
    );
    let how = waste(&seen, &Prices::default()).remove(1).how;
    assert!(how.contains("400.0 GB") && how.contains("list price") && how.contains("up to"), "{how}");
}

#[test]
fn a_service_that_is_used_as_it_should_be_is_no_waste() {
    check(&of(service("web")), &[]);
}

#[test]
fn an_idle_service_is_told_once_with_all_it_costs() {
    // Small and asleep at night it would cost less, but it need not be there.
    let idle =
        ServiceUse { requests: Some(0), cpu: Some(decimal("0.3")), environment: Some("dev".into()), ..service("web") };
    check(&of(idle.clone()), &[(WasteKind::IdleService, "prod/web", "216.24 USD")]);
    let how = waste(&of(idle), &Prices::default()).remove(0).how;
    let expect = "Its load balancer sent it no request in 14 days; its CPU reached 0.3 % (p99). Its 3 tasks of 2 vCPU \
                  and 4 GB: 216.24 USD a month (list price of us-east-1).";
    assert_eq!(how, expect);
}

#[test]
fn tasks_that_are_too_large_are_told_the_size_that_is_enough() {
    let large = ServiceUse { cpu: Some(decimal("12")), memory: Some(decimal("20.5")), ..service("web") };
    check(&of(large.clone()), &[(WasteKind::OversizedTasks, "prod/web", "152.44 USD")]);
    let how = waste(&of(large), &Prices::default()).remove(0).how;
    let expect = "Its 3 tasks of 2 vCPU and 4 GB: 12 % of the CPU and 20.5 % of the memory in the busiest hour of 14 \
                  days (p99). 0.5 vCPU and 2 GB each would be at most 80 % full, for 63.79 USD instead of 216.24 USD a \
                  month (list price of us-east-1).";
    assert_eq!(how, expect);
}

#[test]
fn beside_production_the_nights_are_counted_of_what_is_left() {
    let dev = ServiceUse { environment: Some("dev".into()), ..service("web") };
    check(&of(dev.clone()), &[(WasteKind::AwakeAtNight, "prod/web", "139.01 USD")]);
    let large = ServiceUse { cpu: Some(decimal("12")), memory: Some(decimal("20.5")), ..dev };
    let found = waste(&of(large), &Prices::default());
    let sum: Decimal = found.iter().map(|waste| waste.saving.amount).sum();
    assert!(found.len() == 2 && sum < decimal("216.24"), "{found:#?}");
}

#[test]
fn what_is_unknown_gives_no_entry() {
    let dev = || ServiceUse {
        environment: Some("dev".into()),
        cpu: Some(decimal("5")),
        memory: Some(decimal("5")),
        requests: Some(0),
        ..service("web")
    };
    let unknown = [
        // It has no requests and is busy.
        ServiceUse { environment: None, cpu: Some(decimal("70")), memory: Some(decimal("70")), ..dev() },
        ServiceUse { size: None, ..dev() },
        ServiceUse { launch: None, ..dev() },
        ServiceUse { launch: Some(Launch::FargateSpot), ..dev() },
        // It was not there all the time, or sleeps at night already.
        ServiceUse { hours: DAYS * 24 * 9 / 10 - 1, ..dev() },
        ServiceUse { desired: 0, ..dev() },
        ServiceUse { environment: None, cpu: None, requests: None, ..dev() },
        ServiceUse { environment: Some("prod".into()), memory: None, requests: None, ..dev() },
    ];
    for service in unknown {
        check(&of(service), &[]);
    }
    check(&Seen { days: 0, ..of(dev()) }, &[]);
    let balancer = |there_all_along, requests| BalancerUse { name: "app/a/1".into(), there_all_along, requests };
    for unknown in [balancer(false, Some(0)), balancer(true, None), balancer(true, Some(1))] {
        check(&Seen { days: DAYS, balancers: vec![unknown], ..Seen::default() }, &[]);
    }
}

#[test]
fn idle_addresses_are_what_the_bill_says_and_idle_load_balancers_what_the_list_says() {
    let spent = |amount: &str| Money::new(decimal(amount), "EUR");
    let costs = [
        ("EU-PublicIPv4:IdleAddress", spent("7.2")),
        ("ElasticIP:IdleAddress", spent("1.75")),
        ("EUC1-PublicIPv4:IdleAddress", spent("0.5")),
        ("EU-PublicIPv4:InUseAddress", spent("70")),
        ("USW2-ElasticIP:IdleAddress", spent("-3")),
    ];
    let seen = Seen {
        days: DAYS,
        costs: costs.into_iter().map(|(usage, spent)| (usage.to_owned(), spent)).collect(),
        balancers: vec![BalancerUse { name: "app/a/1".into(), there_all_along: true, requests: Some(0) }],
        ..Seen::default()
    };
    check(
        &seen,
        &[
            (WasteKind::IdleLoadBalancer, "app/a/1", "16.42 USD"),
            (WasteKind::IdleAddress, "EU-PublicIPv4:IdleAddress", "7.20 EUR"),
            (WasteKind::IdleAddress, "ElasticIP:IdleAddress", "1.75 EUR"),
        ],
    );
}

#[test]
fn what_is_beyond_what_people_read_is_summed_up() {
    let group = |number: u64| LogGroup { name: format!("{number:02}"), retention_days: None, stored_bytes: 100 * GB };
    let seen = Seen { log_groups: (0..53).map(group).collect(), ..Seen::default() };
    let found = waste(&seen, &Prices::default());
    assert_eq!(found.len(), MOST_ENTRIES + 1);
    let last = found.last().unwrap();
    let shown = (last.kind, last.what.as_str(), last.saving.to_string());
    assert_eq!(shown, (WasteKind::Rest, "3 more", "9.00 USD".to_owned()));
}

#[test]
fn costs_are_summed_by_usage_type_and_never_over_currencies() {
    let group = |usage: &str, amount: &str, currency: &str| CostGroup {
        keys: vec!["EC2".into(), usage.into()],
        spent: Money::new(decimal(amount), currency),
    };
    let period = |groups| CostPeriod { from: jiff::civil::date(2026, 10, 1), estimated: false, groups };
    let periods = [
        period(vec![group("a", "1", "USD"), group("b", "1", "USD")]),
        period(vec![group("a", "2.5", "USD"), group("b", "1", "EUR")]),
    ];
    let by = [GroupBy::Service, GroupBy::UsageType];
    assert_eq!(by_usage_type(&by, &periods), BTreeMap::from([("a".into(), Money::new(decimal("3.5"), "USD"))]));
    assert_eq!(by_usage_type(&by[..1], &periods), BTreeMap::new());
}

#[test]
fn the_last_month_is_a_whole_one() {
    let asked = |month, day| {
        let query = last_month(jiff::civil::date(2026, month, day));
        format!("{} to {}", query.from, query.to)
    };
    assert_eq!(asked(11, 20), "2026-10-01 to 2026-11-01");
    assert_eq!(asked(3, 1), "2026-02-01 to 2026-03-01");
    assert_eq!(asked(1, 31), "2025-12-01 to 2026-01-01");
}
