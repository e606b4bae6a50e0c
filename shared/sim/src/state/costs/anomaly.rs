//! GetAnomalies: the jumps that AWS notices, from the day after they began.

use jiff::civil::Date;
use nightshift_core::cost::{CostAnomaly, RootCause};
use nightshift_core::ids::fingerprint;

use super::day::next;
use super::question::days;
use super::{Bill, amount};
use crate::scenario::CostJump;

/// A jump as AWS sees it by now.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Anomaly {
    pub(crate) seen: CostAnomaly,
    /// The worst day's impact, in millionths.
    pub(crate) worst: i64,
    /// It still goes on.
    pub(crate) going_on: bool,
}

impl Bill<'_> {
    /// Those that touch these days, `to` not among them, oldest first.
    pub(crate) fn anomalies(&self, from: Date, to: Date) -> Vec<Anomaly> {
        let jumps = self.setup.jumps.iter().enumerate().filter(|(_, jump)| jump.anomaly && self.setup.monitored);
        let mut found: Vec<Anomaly> = jumps.filter_map(|(place, jump)| self.anomaly(place, jump)).collect();
        found.retain(|one| {
            one.seen.from.is_some_and(|first| first < to) && one.seen.to.is_some_and(|last| last >= from)
        });
        found.sort_by(|a, b| (a.seen.from, &a.seen.id).cmp(&(b.seen.from, &b.seen.id)));
        found
    }

    /// What is known of a jump by now: whole days.
    fn anomaly(&self, place: usize, jump: &CostJump) -> Option<Anomaly> {
        let first = self.day(jump.from?).max(self.since);
        let end = jump.until.map_or(self.today, |until| self.day(until).min(self.today));
        let each: Vec<(i64, i64)> = days(first, end).map(|day| self.impact(jump, day)).collect();
        let (impact, actual) = each.iter().fold((0, 0), |sum, day| (sum.0 + day.0, sum.1 + day.1));
        // AWS tells of what costs more.
        if impact <= 0 {
            return None;
        }
        let seed = self.seed.to_string();
        let unique = fingerprint(&["anomaly", &seed, &place.to_string(), &jump.service, &self.scenario.account]);
        Some(Anomaly {
            seen: CostAnomaly {
                id: uuid(&unique),
                from: Some(first),
                to: end.yesterday().ok(),
                about: Some(jump.service.clone()),
                impact: amount(impact),
                actual: Some(amount(actual)),
                expected: Some(amount(actual - impact)),
                causes: if jump.root_causes { vec![self.cause(jump, impact)] } else { Vec::new() },
                link: None,
                monitor: Some(self.monitor()),
            },
            worst: each.iter().map(|day| day.0).max().unwrap_or(0),
            going_on: jump.until.is_none_or(|until| next(self.today) <= self.day(until)),
        })
    }

    fn cause(&self, jump: &CostJump, impact: i64) -> RootCause {
        let known = &self.setup.accounts;
        let largest = known.iter().max_by_key(|account| account.share);
        let account = match &jump.account {
            Some(id) => known.iter().find(|account| account.id == *id),
            None => largest,
        };
        let service = self.setup.services.iter().find(|service| service.name == jump.service);
        let usual = service.and_then(|service| service.usage.iter().max_by_key(|(_, share)| **share));
        RootCause {
            service: Some(jump.service.clone()),
            region: Some(self.scenario.region.clone()),
            account: Some(account.map_or(&self.scenario.account, |account| &account.id).clone()),
            account_name: account.map(|account| account.name.clone()).filter(|name| !name.is_empty()),
            usage_type: jump.usage_type.clone().or_else(|| usual.map(|(usage_type, _)| usage_type.clone())),
            contribution: Some(amount(impact)),
        }
    }

    fn monitor(&self) -> String {
        let account = &self.scenario.account;
        format!("arn:aws:ce::{account}:anomalymonitor/{}", uuid(&fingerprint(&["monitor", account])))
    }
}

/// A fingerprint in the shape of AWS's ids.
fn uuid(unique: &str) -> String {
    let digits: String = unique.chars().chain(unique.chars().rev()).cycle().take(32).collect();
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}
