//! Services that nobody uses, that are too large, or that run at night for
//! nobody.
//!
//! What a service would save by being switched off counts alone; what it would
//! save at night is counted of what is left once its tasks are as large as they
//! need to be. So its entries never sum to more than it costs.

use nightshift_core::service::production;
use rust_decimal::Decimal;

use super::prices::{LISTED, dollars};
use super::{Prices, Seen, ServiceUse, Waste, WasteKind, entry, fargate};

/// A service ran all the time if it ran in so many per cent of the hours:
/// CloudWatch now and then lacks one, and deployments make gaps.
const ALL_THE_TIME_PERCENT: u64 = 90;
/// What takes more of its CPU, per cent, works for somebody who does not come
/// through its load balancer.
const BUSY_PERCENT: u32 = 20;
/// Twelve hours of five days are when people work, …
const WORKING_HOURS: u32 = 60;
/// … of as many of a week.
const HOURS_OF_A_WEEK: u32 = 168;

/// All entries of all services.
pub(super) fn of<'a>(seen: &'a Seen, prices: &'a Prices) -> impl Iterator<Item = Waste> + 'a {
    let long = |service: &&ServiceUse| ran_all_the_time(service, seen.days);
    seen.services.iter().filter(long).flat_map(|service| of_one(service, seen.days, prices))
}

fn ran_all_the_time(service: &ServiceUse, days: u32) -> bool {
    let hours = u64::from(days) * 24;
    hours > 0 && service.desired > 0 && u64::from(service.hours) * 100 >= hours * ALL_THE_TIME_PERCENT
}

fn of_one(service: &ServiceUse, days: u32, prices: &Prices) -> Vec<Waste> {
    let Some(size) = service.size else { return Vec::new() };
    let Some(one) = fargate::month(size, service.launch, prices) else { return Vec::new() };
    let costs = one * Decimal::from(service.desired);
    if service.requests == Some(0) && service.cpu.is_some_and(|cpu| cpu <= Decimal::from(BUSY_PERCENT)) {
        return vec![idle(service, days, costs)];
    }
    let used = service.cpu.zip(service.memory);
    let smaller = used.and_then(|used| {
        let to = fargate::enough(size, used, service.launch, prices)?;
        let then = fargate::month(to, service.launch, prices)? * Decimal::from(service.desired);
        Some((to, used, then))
    });
    let left = smaller.map_or(costs, |(_, _, then)| then);
    let oversized = smaller.map(|(to, (cpu, memory), then)| {
        let how = format!(
            "{}: {cpu} % of the CPU and {memory} % of the memory in the busiest hour of {days} days ({}). {to} each \
             would be at most 80 % full, for {} instead of {} a month ({LISTED}).",
            tasks(service),
            service.peak.word(),
            dollars(then),
            dollars(costs),
        );
        entry(WasteKind::OversizedTasks, service.service.to_string(), costs - then, how)
    });
    oversized.into_iter().chain(at_night(service, days, left, smaller.is_some())).collect()
}

fn idle(service: &ServiceUse, days: u32, costs: Decimal) -> Waste {
    let cpu = service.cpu.map_or(String::new(), |cpu| format!("; its CPU reached {cpu} % ({})", service.peak.word()));
    let how = format!(
        "Its load balancer sent it no request in {days} days{cpu}. {}: {} a month ({LISTED}).",
        tasks(service),
        dollars(costs),
    );
    entry(WasteKind::IdleService, service.service.to_string(), costs, how)
}

fn at_night(service: &ServiceUse, days: u32, left: Decimal, smaller: bool) -> Option<Waste> {
    let environment = service.environment.as_deref().filter(|name| is_beside_production(name))?;
    let off = Decimal::from(HOURS_OF_A_WEEK - WORKING_HOURS);
    let saving = left * off / Decimal::from(HOURS_OF_A_WEEK);
    let then = if smaller { " once it is as small as it may be" } else { "" };
    let how = format!(
        "It is in environment {environment} and ran in {} of the {} hours of {days} days. {}: {} a \
         month{then} ({LISTED}). Twelve hours on five days would be {WORKING_HOURS} of the {HOURS_OF_A_WEEK} hours of \
         a week.",
        service.hours,
        u64::from(days) * 24,
        tasks(service),
        dollars(left),
    );
    Some(entry(WasteKind::AwakeAtNight, service.service.to_string(), saving, how))
}

/// `prod-eu` is no name of production, and still may be it: whatever has a word
/// of production in it is left alone.
fn is_beside_production(environment: &str) -> bool {
    let mut words = environment.split(|letter: char| !letter.is_ascii_alphanumeric());
    !environment.trim().is_empty() && !words.any(production)
}

fn tasks(service: &ServiceUse) -> String {
    let size = service.size.map_or_else(String::new, |size| format!(" of {size}"));
    match service.desired {
        1 => format!("Its one task{size}"),
        more => format!("Its {more} tasks{size}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_production_is_left_alone() {
        for name in ["prod", "Production", "LIVE", "prod-eu", "eu.prod", "pre-prod", " ", ""] {
            assert!(!is_beside_production(name), "{name:?}");
        }
        for name in ["staging", "dev", "test-2", "nonprod", "liverpool"] {
            assert!(is_beside_production(name), "{name:?}");
        }
    }
}
