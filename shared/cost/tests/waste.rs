//! What is wasted, by tables and by what holds for whatever is seen.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::collections::BTreeMap;

use nightshift_core::cost::{CostGroup, CostPeriod, GroupBy, Money};
use nightshift_core::ids::ServiceRef;
use nightshift_core::service::Launch;
use nightshift_core::waste::{LogGroup, Platform, TaskSize};
use nightshift_cost::waste::{
    BalancerUse, LEAST_SAVING, MOST_ENTRIES, Peak, Prices, Seen, ServiceUse, StoredImages, Waste, WasteKind,
    by_usage_type, waste,
};
use proptest::prelude::*;
use rust_decimal::Decimal;

const DAYS: u32 = 14;
const GB: u64 = 1 << 30;

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn service(name: &str) -> ServiceUse {
    let part = |part: &str| part.to_owned();
    ServiceUse {
        service: ServiceRef {
            account: part("1"),
            region: part("eu-west-1"),
            cluster: part("prod"),
            service: part(name),
        },
        environment: Some("prod".into()),
        desired: 3,
        launch: Some(Launch::Fargate),
        size: Some(TaskSize { cpu_units: 2048, memory_mib: 4096, platform: Platform::LinuxX86 }),
        cpu: Some(decimal("70")),
        memory: Some(decimal("70")),
        peak: Peak::P99,
        hours: DAYS * 24,
        requests: Some(5_000),
    }
}

fn of(service: ServiceUse) -> Seen {
    Seen { days: DAYS, services: vec![service], ..Seen::default() }
}

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

prop_compose! {
    fn some_service()(
        name in "[a-e]",
        environment in prop::option::of(prop::sample::select(vec!["prod", "dev", "staging", "prod-eu"])),
        desired in 0_u32..20,
        launch in prop::option::of(prop::sample::select(vec![Launch::Fargate, Launch::FargateSpot, Launch::Instances])),
        size in prop::option::of((any::<u32>(), any::<u32>(), prop::sample::select(vec![
            Platform::LinuxX86, Platform::LinuxArm, Platform::Other,
        ]))),
        usual in any::<bool>(),
        cpu in prop::option::of(0_i64..4000),
        memory in prop::option::of(0_i64..1000),
        hours in prop::sample::select(vec![0, 100, 336]),
        requests in prop::option::of(0_u64..2),
    ) -> ServiceUse {
        let size = size.map(|(cpu, memory, platform)| TaskSize {
            cpu_units: if usual { 256 << (cpu % 7) } else { cpu },
            memory_mib: if usual { 512 << (memory % 9) } else { memory },
            platform,
        });
        let environment = environment.map(ToOwned::to_owned);
        let (cpu, memory) = (cpu.map(|it| Decimal::new(it, 1)), memory.map(|it| Decimal::new(it, 1)));
        ServiceUse { environment, desired, launch, size, cpu, memory, hours, requests, ..service(&name) }
    }
}

prop_compose! {
    fn some_account()(
        services in prop::collection::vec(some_service(), 0..8),
        logs in prop::collection::vec(("[a-z]{3}", prop::option::of(1_u32..90), any::<u64>()), 0..40),
        stored in prop::collection::vec(("[a-z]{3}", any::<u64>(), any::<bool>()), 0..40),
        costs in prop::collection::btree_map("(EU-)?(PublicIPv4:IdleAddress|BoxUsage)", -500_i64..5000, 0..4),
        balancers in prop::collection::vec(("app/[a-z]/1", any::<bool>(), prop::option::of(0_u64..2)), 0..4),
    ) -> Seen {
        let log = |(name, retention_days, stored_bytes)| LogGroup { name, retention_days, stored_bytes };
        let images = |(name, stored_bytes, has_lifecycle)| StoredImages { name, stored_bytes, has_lifecycle };
        let balancer = |(name, there_all_along, requests)| BalancerUse { name, there_all_along, requests };
        Seen {
            days: DAYS,
            log_groups: logs.into_iter().map(log).collect(),
            repositories: stored.into_iter().map(images).collect(),
            services,
            balancers: balancers.into_iter().map(balancer).collect(),
            costs: costs.into_iter().map(|(usage, it)| (usage, Money::new(Decimal::new(it, 2), "USD"))).collect(),
            unseen: Vec::new(),
        }
    }
}

/// What a service costs in a month, worked out another way than by the rules.
fn cost(service: &ServiceUse) -> Decimal {
    let Some(size) = service.size else { return Decimal::ZERO };
    let prices = Prices::default();
    let (cpu, memory) = match size.platform {
        Platform::LinuxX86 => (prices.fargate_vcpu_hour, prices.fargate_gb_hour),
        Platform::LinuxArm => (prices.fargate_arm_vcpu_hour, prices.fargate_arm_gb_hour),
        Platform::Other => return Decimal::ZERO,
    };
    let hours = Decimal::from(730 * service.desired);
    hours * (cpu * Decimal::from(size.cpu_units) + memory * Decimal::from(size.memory_mib)) / Decimal::from(1024)
}

fn sum(all: &[Waste]) -> Decimal {
    all.iter().map(|waste| waste.saving.amount).sum()
}

proptest! {
    #[test]
    fn what_a_service_would_save_is_never_more_than_it_costs(service in some_service()) {
        let found = waste(&of(service.clone()), &Prices::default());
        prop_assert!(sum(&found) <= cost(&service).round_dp(9), "{found:#?}");
    }

    #[test]
    fn a_saving_is_never_negative_nor_below_the_floor_and_the_dearest_comes_first(seen in some_account()) {
        let found = waste(&seen, &Prices::default());
        prop_assert!(found.iter().all(|waste| waste.saving.amount >= LEAST_SAVING));
        let told: Vec<_> = found.iter().filter(|waste| waste.kind != WasteKind::Rest).collect();
        prop_assert!(told.len() <= MOST_ENTRIES && found.len() <= MOST_ENTRIES + 1);
        prop_assert!(told.is_sorted_by(|a, b| a.saving.amount >= b.saving.amount));
        for waste in told {
            prop_assert!(waste.how.contains("list price") == (waste.kind != WasteKind::IdleAddress), "{}", waste.how);
        }
    }

    #[test]
    fn no_order_of_what_is_seen_changes_what_is_told(seen in some_account(), turn in 0_usize..40) {
        let mut other = seen.clone();
        let turned = |length: usize| if length == 0 { 0 } else { turn % length };
        other.services.rotate_left(turned(seen.services.len()));
        other.log_groups.rotate_left(turned(seen.log_groups.len()));
        other.repositories.reverse();
        other.balancers.reverse();
        prop_assert_eq!(waste(&seen, &Prices::default()), waste(&other, &Prices::default()));
    }

    #[test]
    fn the_list_survives_being_stored(seen in some_account()) {
        let text = serde_json::to_string(&seen).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Seen>(&text).unwrap(), &seen);
        let found = waste(&seen, &Prices::default());
        let text = serde_json::to_string(&found).unwrap();
        prop_assert_eq!(serde_json::from_str::<Vec<Waste>>(&text).unwrap(), found);
    }
}
