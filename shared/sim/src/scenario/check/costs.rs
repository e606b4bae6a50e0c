//! What is wrong with costs.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::Wrong;
use crate::scenario::{CostCharge, CostJump, CostService, CostSetup};

/// The first thing that is wrong with them.
pub(super) fn wrong(costs: &CostSetup) -> Option<Wrong> {
    if !(0.0..=100.0).contains(&costs.first_percent) {
        let says = format!("{} is no percentage between 0 and 100", costs.first_percent);
        return Some(("costs.first_percent".into(), says));
    }
    if costs.groups_per_page == 0 {
        return Some(("costs.groups_per_page".into(), "a page holds at least one group".into()));
    }
    twins(costs)
        .or_else(|| shares(costs))
        .or_else(|| numbered("service", &costs.services).find_map(|(at, it)| service(&at, it)))
        .or_else(|| numbered("charge", &costs.charges).find_map(|(at, it)| charge(&at, it)))
        .or_else(|| numbered("jump", &costs.jumps).find_map(|(at, it)| jump(costs, &at, it)))
}

fn numbered<'a, T>(kind: &'a str, all: &'a [T]) -> impl Iterator<Item = (String, &'a T)> {
    all.iter().enumerate().map(move |(index, it)| (format!("costs.{kind}[{index}]"), it))
}

fn twins(costs: &CostSetup) -> Option<Wrong> {
    let twice = |kind: &str, field: &str, names: Vec<&String>| {
        let mut seen = BTreeSet::new();
        let again = names.iter().enumerate().find(|(_, name)| !seen.insert(**name));
        again.map(|(index, name)| (format!("costs.{kind}[{index}].{field}"), format!("{name:?} is there twice")))
    };
    twice("service", "name", costs.services.iter().map(|it| &it.name).collect())
        .or_else(|| twice("account", "id", costs.accounts.iter().map(|it| &it.id).collect()))
        .or_else(|| twice("tag", "key", costs.tags.iter().map(|it| &it.key).collect()))
}

/// What is shared out needs somebody to get it.
fn shares(costs: &CostSetup) -> Option<Wrong> {
    let says = "nobody has a share";
    if !costs.accounts.is_empty() && costs.accounts.iter().all(|account| account.share == 0) {
        return Some(("costs.account".into(), says.into()));
    }
    let mut tags = numbered("tag", &costs.tags);
    let alone =
        tags.find(|(_, tag)| tag.untagged == 0 && tag.count == 0 && tag.values.values().all(|share| *share == 0));
    alone.map(|(at, _)| (at, says.into()))
}

fn service(at: &str, service: &CostService) -> Option<Wrong> {
    let field = |name: &str, says: String| Some((format!("{at}.{name}"), says));
    if service.daily < Decimal::ZERO {
        return field("daily", "what is paid back is a [[costs.charge]]".into());
    }
    if let Some(factor) = service.weekdays.iter().find(|factor| !(0.0..=1000.0).contains(*factor)) {
        return field("weekdays", format!("{factor} is no factor between 0 and 1000"));
    }
    if !(0.0..=100.0).contains(&service.noise_percent) {
        return field("noise_percent", format!("{} is no percentage between 0 and 100", service.noise_percent));
    }
    if service.usage.values().all(|share| *share == 0) {
        return field("usage", "nobody has a share".into());
    }
    None
}

fn charge(at: &str, charge: &CostCharge) -> Option<Wrong> {
    let measures = [
        charge.per_day.is_some(),
        charge.per_month.is_some(),
        charge.percent.is_some(),
        charge.percent_of_month.is_some(),
    ];
    if measures.iter().filter(|there| **there).count() != 1 {
        let says = "a charge has one of per_day, per_month, percent and percent_of_month";
        return Some((at.to_owned(), says.into()));
    }
    (charge.record_type == "Usage").then(|| (format!("{at}.record_type"), "usage is a [[costs.service]]".into()))
}

fn jump(costs: &CostSetup, at: &str, jump: &CostJump) -> Option<Wrong> {
    let field = |name: &str, says: String| Some((format!("{at}.{name}"), says));
    let Some(service) = costs.services.iter().find(|service| service.name == jump.service) else {
        return field("service", format!("there is no service {:?} in [costs]", jump.service));
    };
    if jump.from.is_none() {
        return field("from", "a jump needs a first day".into());
    }
    if let Some(account) = &jump.account
        && !costs.accounts.iter().any(|known| known.id == *account)
    {
        return field("account", format!("there is no account {account:?} in [costs]"));
    }
    match (jump.factor, jump.per_day) {
        (Some(factor), None) if !(0.0..=1000.0).contains(&factor) => {
            field("factor", format!("{factor} is no factor between 0 and 1000"))
        }
        (Some(_), None) => {
            let unknown = jump.usage_type.as_ref().filter(|usage| !service.usage.contains_key(*usage));
            unknown.and_then(|usage| field("usage_type", format!("{usage:?} costs nothing that a factor could change")))
        }
        (None, Some(more)) if more <= Decimal::ZERO => field("per_day", "a jump goes up; a factor may go down".into()),
        (None, Some(_)) => None,
        _ => Some((at.to_owned(), "a jump has one of factor and per_day".into())),
    }
}
