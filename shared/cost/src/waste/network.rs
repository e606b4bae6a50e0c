//! Addresses and load balancers that nothing uses.

use std::collections::BTreeMap;

use jiff::civil::Date;
use nightshift_core::cost::{CostMetric, CostPeriod, CostQuery, Granularity, GroupBy, Money, Sums};
use rust_decimal::Decimal;

use super::prices::{HOURS, LISTED};
use super::{BalancerUse, Prices, Seen, Waste, WasteKind, entry};

/// Usage types of addresses that are held and not used; before them stands the
/// region, `EU-`, `EUC1-`, or nothing.
const IDLE_ADDRESSES: [&str; 2] = ["PublicIPv4:IdleAddress", "ElasticIP:IdleAddress"];

/// Addresses that nothing uses: they cost what Cost Explorer says.
pub(super) fn addresses(seen: &Seen) -> impl Iterator<Item = Waste> + '_ {
    let idle = |usage: &String| IDLE_ADDRESSES.iter().any(|end| usage.ends_with(end));
    seen.costs.iter().filter(move |(usage, _)| idle(usage)).map(|(usage, spent)| Waste {
        kind: WasteKind::IdleAddress,
        what: usage.clone(),
        saving: Money::new(spent.amount.max(Decimal::ZERO), spent.currency.clone()),
        how: format!("Cost Explorer has {spent} of the last month for public addresses that nothing uses ({usage})."),
    })
}

/// Load balancers that sent no request to a target.
pub(super) fn balancers<'a>(seen: &'a Seen, prices: &'a Prices) -> impl Iterator<Item = Waste> + 'a {
    let idle = |balancer: &&BalancerUse| seen.days > 0 && balancer.there_all_along && balancer.requests == Some(0);
    seen.balancers.iter().filter(idle).map(|balancer| {
        let how = format!(
            "It sent no request to any target in {} days; redirects and fixed answers are not counted. {} USD an hour \
             for {HOURS} hours a month ({LISTED}), without its capacity units.",
            seen.days, prices.balancer_hour
        );
        entry(WasteKind::IdleLoadBalancer, &balancer.name, prices.balancer_hour * HOURS, how)
    })
}

/// The question whose answer is what [`by_usage_type`] sums up: the last whole
/// month before `today`, without what comes back and tax.
pub fn last_month(today: Date) -> CostQuery {
    let to = today.first_of_month();
    let from = to.yesterday().map_or(to, Date::first_of_month);
    CostQuery {
        from,
        to,
        granularity: Granularity::Monthly,
        metric: CostMetric::Unblended,
        by: vec![GroupBy::UsageType],
        services: Vec::new(),
        without: ["Credit", "Refund", "Tax"].map(String::from).into(),
    }
}

/// What was spent by usage type in all of these periods, grouped `by` what was
/// asked; empty if that was not [`GroupBy::UsageType`]. A usage type in two
/// currencies is left out: no two are ever added.
pub fn by_usage_type<'a>(by: &[GroupBy], periods: impl IntoIterator<Item = &'a CostPeriod>) -> BTreeMap<String, Money> {
    let Some(place) = by.iter().position(|by| *by == GroupBy::UsageType) else { return BTreeMap::new() };
    let mut sums: BTreeMap<&str, Sums> = BTreeMap::new();
    for group in periods.into_iter().flat_map(|period| &period.groups) {
        if let Some(usage) = group.keys.get(place) {
            sums.entry(usage).or_default().add(&group.spent);
        }
    }
    sums.into_iter().filter_map(|(usage, sums)| Some((usage.to_owned(), sums.only()?))).collect()
}
