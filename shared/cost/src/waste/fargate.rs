//! What tasks on Fargate cost, and which sizes there are.

use nightshift_core::service::Launch;
use nightshift_core::waste::{Platform, TaskSize};
use rust_decimal::Decimal;

use super::Prices;
use super::prices::HOURS;

/// Sizes of Fargate: CPU units; memory from, to, and in steps of so many MiB. As
/// in ECS's documentation, `fargate-tasks-services.html`, "Task CPU and memory".
const SIZES: [(u32, u32, u32, u32); 8] = [
    (256, 512, 512, 1),
    (256, 1024, 2048, 1024),
    (512, 1024, 4096, 1024),
    (1024, 2048, 8192, 1024),
    (2048, 4096, 16_384, 1024),
    (4096, 8192, 30_720, 1024),
    (8192, 16_384, 61_440, 4096),
    (16_384, 32_768, 122_880, 8192),
];
/// A size is enough if the busiest hour takes at most so many per cent of it.
const FULL_PERCENT: u32 = 80;
/// CPU may burst above its reservation; beyond this nobody means what is said.
const MOST_PERCENT: u32 = 10_000;
const UNITS: Decimal = Decimal::from_parts(1024, 0, 0, false, 0);

/// One task for a month; `None`: it has no list price, or an unknown one.
pub(super) fn month(size: TaskSize, launch: Option<Launch>, prices: &Prices) -> Option<Decimal> {
    let (cpu, memory) = match (launch?, size.platform) {
        (Launch::Fargate, Platform::LinuxX86) => (prices.fargate_vcpu_hour, prices.fargate_gb_hour),
        (Launch::Fargate, Platform::LinuxArm) => (prices.fargate_arm_vcpu_hour, prices.fargate_arm_gb_hour),
        (Launch::Fargate, Platform::Other) | (Launch::FargateSpot | Launch::Instances, _) => return None,
    };
    let of = |units: u32, price: Decimal| Decimal::from(units) / UNITS * price;
    Some((of(size.cpu_units, cpu) + of(size.memory_mib, memory)) * HOURS)
}

/// The cheapest size of which `cpu` and `memory` per cent of `size` are at most
/// [`FULL_PERCENT`]; `None`: it would be no cheaper.
pub(super) fn enough(
    size: TaskSize,
    (cpu, memory): (Decimal, Decimal),
    launch: Option<Launch>,
    prices: &Prices,
) -> Option<TaskSize> {
    let fits = |has: u32, percent: Decimal, of: u32| {
        let percent = percent.clamp(Decimal::ZERO, Decimal::from(MOST_PERCENT));
        Decimal::from(of) * percent <= Decimal::from(has) * Decimal::from(FULL_PERCENT)
    };
    let sizes = SIZES.iter().flat_map(|(cpu_units, least, most, step)| {
        let step = usize::try_from(*step).unwrap_or(usize::MAX);
        (*least..=*most).step_by(step).map(|memory_mib| (*cpu_units, memory_mib))
    });
    let fitting = sizes
        .filter(|(units, mib)| fits(*units, cpu, size.cpu_units) && fits(*mib, memory, size.memory_mib))
        .map(|(cpu_units, memory_mib)| TaskSize { cpu_units, memory_mib, ..size });
    let priced = fitting.filter_map(|size| Some((month(size, launch, prices)?, size)));
    let (cheapest, found) = priced.min()?;
    (cheapest < month(size, launch, prices)?).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(cpu_units: u32, memory_mib: u32) -> TaskSize {
        TaskSize { cpu_units, memory_mib, platform: Platform::LinuxX86 }
    }

    fn month_of(size: TaskSize, launch: Launch) -> Option<String> {
        Some(month(size, Some(launch), &Prices::default())?.round_dp(2).to_string())
    }

    #[test]
    fn a_task_has_a_price_on_fargate_on_linux_alone() {
        // 0.25 × 730 × 0.04048 + 0.5 × 730 × 0.004445.
        assert_eq!(month_of(size(256, 512), Launch::Fargate).as_deref(), Some("9.01"));
        assert_eq!(month_of(size(4096, 8192), Launch::Fargate).as_deref(), Some("144.16"));
        let arm = TaskSize { platform: Platform::LinuxArm, ..size(1024, 2048) };
        assert_eq!(month_of(arm, Launch::Fargate).as_deref(), Some("28.84"));
        let windows = TaskSize { platform: Platform::Other, ..size(1024, 2048) };
        assert_eq!(month_of(windows, Launch::Fargate), None);
        assert_eq!(month_of(size(1024, 2048), Launch::FargateSpot), None);
        assert_eq!(month_of(size(1024, 2048), Launch::Instances), None);
        assert_eq!(month(size(1024, 2048), None, &Prices::default()), None);
    }

    #[track_caller]
    fn check(now: TaskSize, cpu: u32, memory: u32, expect: Option<(u32, u32)>) {
        let percent = (Decimal::from(cpu), Decimal::from(memory));
        let found = enough(now, percent, Some(Launch::Fargate), &Prices::default());
        assert_eq!(found.map(|size| (size.cpu_units, size.memory_mib)), expect, "{now} at {cpu} and {memory} %");
    }

    #[test]
    fn the_next_size_keeps_a_fifth_free() {
        check(size(1024, 2048), 40, 40, Some((512, 1024)));
        // One per cent more of either, and half of it would be too full.
        check(size(1024, 2048), 41, 40, None);
        check(size(1024, 2048), 40, 41, Some((512, 2048)));
        check(size(1024, 8192), 90, 10, None);
        check(size(1024, 8192), 80, 10, Some((1024, 2048)));
        check(size(256, 512), 0, 0, None);
        check(size(256, 2048), 1, 1, Some((256, 512)));
        check(size(16_384, 122_880), 1, 50, Some((16_384, 81_920)));
        check(size(16_384, 122_880), 1, 1, Some((256, 2048)));
        // It bursts above what is reserved.
        check(size(1024, 2048), 250, 10, None);
    }
}
