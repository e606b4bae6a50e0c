//! Why something moved, as far as Nightshift knows: which usage it was, and what
//! happened at the same time. Hints, not verdicts.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan as _;
use jiff::civil::Date;
use nightshift_core::cost::{Costs, GroupBy};
use nightshift_core::ids::ServiceRef;
use nightshift_core::incident::{Incident, Intent};
use nightshift_core::remedy::RemedyKind;
use nightshift_core::verdict::{DeploymentKind, PastRelease};
use nightshift_cost::{Episode, Series, series};
use rust_decimal::Decimal;
use serde::Serialize;

use crate::ask::day_of;

/// Usage types, and releases, that are named.
const MOST: usize = 3;
/// A usage type is new if nothing was spent on it in as many days before.
const SILENT: usize = 7;

/// What may explain a mover.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "hint", rename_all = "kebab-case")]
pub enum Hint {
    /// This usage type brought so much of it.
    Usage {
        /// Which one.
        usage_type: String,
        /// How much more than its median.
        more: Decimal,
        /// Nothing was spent on it before: something of a new kind runs.
        new: bool,
    },
    /// A release that began on that day or the day before.
    Release {
        /// Of which service.
        service: ServiceRef,
        /// What it brought.
        task_definition: String,
        /// On which day.
        day: Date,
    },
    /// More releases did.
    MoreReleases {
        /// How many.
        number: usize,
    },
    /// So many log groups keep their events for ever.
    LogsKeptForEver {
        /// How many.
        number: usize,
    },
    /// So many repositories have no lifecycle policy.
    ImagesKeptForEver {
        /// How many.
        number: usize,
    },
    /// Nightshift raised the number of tasks.
    ScaledOut {
        /// Of which service.
        service: ServiceRef,
        /// On which day.
        day: Date,
    },
}

/// What happened in the account.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Happened {
    /// Releases.
    pub releases: Vec<PastRelease>,
    /// Incidents, open or over.
    pub incidents: Vec<(ServiceRef, Incident)>,
}

/// What is kept for ever, by number, where it was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Log groups without retention.
    pub log_groups: Option<usize>,
    /// Repositories without a lifecycle policy.
    pub repositories: Option<usize>,
}

/// The mover is the service that keeps logs.
pub fn keeps_logs(service: &str) -> bool {
    service.contains("CloudWatch")
}

/// The mover is the service that keeps images.
pub fn keeps_images(service: &str) -> bool {
    service.contains("(ECR)") || service.contains("Container Registry")
}

/// The hints on one mover, from days by service and usage type.
pub fn hints(mover: &Episode, usage: Option<&Costs>, (happened, kept): (&Happened, &Kept), today: Date) -> Vec<Hint> {
    let days = [
        mover.peak.day.saturating_sub(1.days()),
        mover.peak.day,
        mover.first.day.saturating_sub(1.days()),
        mover.first.day,
    ];
    let mut hints = usage.map_or_else(Vec::new, |usage| by_usage(mover, usage, today));
    let service = mover.first.key.first().map_or("", String::as_str);
    let forever = |number: Option<usize>, it: bool| number.filter(|number| it && *number > 0);
    hints.extend(forever(kept.log_groups, keeps_logs(service)).map(|number| Hint::LogsKeptForEver { number }));
    hints.extend(forever(kept.repositories, keeps_images(service)).map(|number| Hint::ImagesKeptForEver { number }));
    let mut releases: Vec<&PastRelease> = happened
        .releases
        .iter()
        .filter(|past| past.release.kind == DeploymentKind::Release && days.contains(&day_of(past.release.began_at)))
        .collect();
    releases.sort_by(|a, b| b.release.began_at.cmp(&a.release.began_at).then_with(|| a.service.cmp(&b.service)));
    let more = releases.len().saturating_sub(MOST);
    hints.extend(releases.into_iter().take(MOST).map(|past| Hint::Release {
        service: past.service.clone(),
        task_definition: past.release.target.task_definition.short().to_owned(),
        day: day_of(past.release.began_at),
    }));
    hints.extend((more > 0).then_some(Hint::MoreReleases { number: more }));
    let scaled = |(service, incident): &(ServiceRef, Incident)| {
        let out = |intent: &&Intent| {
            intent.remedy.kind() == RemedyKind::ScaleOut && days.contains(&day_of(intent.claimed_at))
        };
        incident.intents.iter().find(out).map(|intent| (service.clone(), day_of(intent.claimed_at)))
    };
    let scaled: BTreeSet<(ServiceRef, Date)> = happened.incidents.iter().filter_map(scaled).collect();
    hints.extend(scaled.into_iter().take(MOST).map(|(service, day)| Hint::ScaledOut { service, day }));
    hints
}

/// The usage types that grew most, on the day that was the dearest.
fn by_usage(mover: &Episode, usage: &Costs, today: Date) -> Vec<Hint> {
    let Some(service) = mover.first.key.first() else { return Vec::new() };
    let all = series(&[GroupBy::Service, GroupBy::UsageType], usage, today);
    let of_it = all.iter().filter(|it| it.key.first() == Some(service) && it.currency == mover.peak.spent.currency);
    let mut grown: BTreeMap<String, (Decimal, bool)> = BTreeMap::new();
    for series in of_it {
        let (Some((more, new)), Some(name)) = (growth(series, mover.peak.day), series.key.get(1)) else { continue };
        // A share of the whole so small explains nothing.
        if more.saturating_mul(Decimal::TEN) >= mover.peak.beyond.amount {
            grown.insert(name.clone(), (more, new));
        }
    }
    let mut grown: Vec<(String, (Decimal, bool))> = grown.into_iter().collect();
    grown.sort_by(|a, b| b.1.0.cmp(&a.1.0).then_with(|| a.0.cmp(&b.0)));
    let hint = |(usage_type, (more, new))| Hint::Usage { usage_type, more, new };
    grown.into_iter().take(MOST).map(hint).collect()
}

/// By how much a day is above the median of the days before it; and if nothing
/// was spent before.
fn growth(series: &Series, day: Date) -> Option<(Decimal, bool)> {
    let index = series.index(day)?;
    let spent = series.days.get(index)?.spent;
    if index < SILENT {
        return None;
    }
    let mut before: Vec<Decimal> = series.days[..index].iter().map(|day| day.spent).collect();
    let new = before.iter().all(Decimal::is_zero);
    before.sort();
    let median = before.get(before.len() / 2).copied().unwrap_or_default();
    let more = spent.saturating_sub(median);
    (more > Decimal::ZERO).then_some((more, new))
}
