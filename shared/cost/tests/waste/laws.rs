//! What holds for whatever is seen.

use nightshift_core::cost::Money;
use nightshift_core::service::Launch;
use nightshift_core::waste::{LogGroup, Platform, TaskSize};
use nightshift_cost::waste::{
    BalancerUse, LEAST_SAVING, MOST_ENTRIES, Prices, Seen, ServiceUse, StoredImages, Waste, WasteKind, waste,
};
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::{DAYS, of, service};

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
