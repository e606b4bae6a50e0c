//! Every sentence people read about many services at once.

use std::collections::BTreeMap;

use jiff::Timestamp;
use nightshift_core::fleet::FleetIncident;
use nightshift_core::ids::ServiceRef;
use nightshift_core::span::words;

use super::Seen;
use crate::wording::Words;

/// Services named in a message; the ledger has all.
const NAMED: usize = 12;

/// What is wrong, for the headline and as the first sentence below it.
pub(super) fn trouble(seen: &Seen) -> String {
    format!("{} ill at once: {}", services(seen), named(&seen.ill))
}

/// The figures.
pub(super) fn impact(seen: &Seen) -> BTreeMap<String, String> {
    let of = seen.all.map_or_else(String::new, |all| format!(" of {all}"));
    let mut impact = BTreeMap::from([("services".to_owned(), format!("{} ill{of}", seen.ill.len()))]);
    let mut clusters: BTreeMap<&str, u32> = BTreeMap::new();
    for service in &seen.ill {
        *clusters.entry(&service.cluster).or_default() += 1;
    }
    let mut clusters: Vec<(&str, u32)> = clusters.into_iter().collect();
    clusters.sort_by_key(|(_, ill)| std::cmp::Reverse(*ill));
    let more = clusters.len().saturating_sub(NAMED);
    let mut each: Vec<String> = clusters.iter().take(NAMED).map(|(name, ill)| format!("{name} {ill}")).collect();
    each.extend((more > 0).then(|| format!("{more} more")));
    impact.insert("clusters".to_owned(), each.join(", "));
    impact
}

/// It opened; `pages`: somebody is woken.
pub(super) fn opened(seen: &Seen, pages: bool) -> Words {
    let verb = if pages { "needs you" } else { "observing" };
    let done = vec![
        format!(
            "Did nothing. So many within {} are no release of one of them: look for what they share, a database, a \
             network, a limit of the account, AWS itself.",
            seen.window
        ),
        "No service gets a remedy while they keep falling ill. Each has its incident in the ledger; only P1 pages by \
         itself, and all others are told here until this is over."
            .to_owned(),
    ];
    Words { verb: verb.to_owned(), done, drift: None, timeline: format!("{} ill at once", services(seen)) }
}

/// Twice as many are ill as was told, or half as many.
pub(super) fn changed(seen: &Seen, most: u32) -> Words {
    let says = format!("{} ill now, {most} at most", services(seen));
    Words { verb: says.clone(), done: Vec::new(), drift: None, timeline: says }
}

/// It is over, for all or nearly all.
pub(super) fn over(seen: &Seen, open: &FleetIncident, now: Timestamp) -> Words {
    let took = words(now.duration_since(open.since));
    let verb = format!("over after {took}");
    let left = match seen.ill.is_empty() {
        true => "Every service is well again.".to_owned(),
        false => format!("Still ill, and told by themselves from here on: {}.", named(&seen.ill)),
    };
    Words { timeline: verb.clone(), verb, done: vec![left], drift: None }
}

/// Of one service: the fleet's incident told of it and is over.
pub(crate) fn left_alone(waiting_for: &[String], escalated: bool) -> Words {
    let mut done = vec!["It fell ill with many others, whose incident told of it and is over.".to_owned()];
    if !waiting_for.is_empty() {
        done.push(format!("Still waiting for: {}.", waiting_for.join("; ")));
    }
    let says = "still ill after the others".to_owned();
    let verb = if escalated { "needs you" } else { "observing" };
    Words { verb: verb.to_owned(), done, drift: None, timeline: says }
}

fn services(seen: &Seen) -> String {
    match seen.ill.len() {
        0 => "no service is".to_owned(),
        1 => "1 service is".to_owned(),
        number => format!("{number} services are"),
    }
}

fn named(ill: &[ServiceRef]) -> String {
    let more = ill.len().saturating_sub(NAMED);
    let mut names: Vec<String> = ill.iter().take(NAMED).map(ToString::to_string).collect();
    names.extend((more > 0).then(|| format!("and {more} more")));
    names.join(", ")
}
