//! What is wasted, by tables and by what holds for whatever is seen.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod laws;
mod tables;

use nightshift_core::ids::ServiceRef;
use nightshift_core::service::Launch;
use nightshift_core::waste::{Platform, TaskSize};
use nightshift_cost::waste::{Peak, Seen, ServiceUse};
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
