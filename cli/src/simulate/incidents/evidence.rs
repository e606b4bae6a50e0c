//! What each piece of evidence is worth on these nights: the material that
//! weights are set by.

use std::collections::{BTreeMap, BTreeSet};

use nightshift_core::cause::Cause;
use ops_reviewer::table::aligned;

use super::Night;

/// A finding about a cause, on nights of that cause and on others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Seen {
    weight: i32,
    with: u32,
    without: u32,
}

/// A table of all evidence: its weight, how often it was found on nights of its
/// cause and on others, and the weight that these counts speak for alone.
pub fn table(nights: &[Night]) -> String {
    let mut seen: BTreeMap<(Cause, String), Seen> = BTreeMap::new();
    let mut of: BTreeMap<bool, BTreeMap<Cause, u32>> = BTreeMap::new();
    let causes: BTreeSet<Cause> = nights.iter().map(|night| night.ours.truth.cause).collect();
    for night in nights {
        let Some(found) = &night.ours.found else { continue };
        for cause in &causes {
            *of.entry(night.ours.truth.cause == *cause).or_default().entry(*cause).or_default() += 1;
        }
        for one in &found.evidence {
            let seen = seen.entry((one.cause, one.name.clone())).or_default();
            seen.weight = if one.weight.abs() > seen.weight.abs() { one.weight } else { seen.weight };
            if night.ours.truth.cause == one.cause { seen.with += 1 } else { seen.without += 1 }
        }
    }
    let nights_of = |cause: Cause, true_ones: bool| of.get(&true_ones).and_then(|of| of.get(&cause)).copied();
    let mut rows = vec![["", "cause", "weight", "nights of it", "others", "speaks for"].map(String::from).to_vec()];
    for ((cause, name), seen) in seen {
        let all = (nights_of(cause, true).unwrap_or_default(), nights_of(cause, false).unwrap_or_default());
        let word = serde_json::to_value(cause).unwrap_or_default();
        rows.push(vec![
            name,
            word.as_str().unwrap_or_default().to_owned(),
            seen.weight.to_string(),
            format!("{} of {}", seen.with, all.0),
            format!("{} of {}", seen.without, all.1),
            format!("{:+.0}", speaks_for(seen, all)),
        ]);
    }
    aligned(&rows).iter().map(|line| format!("  {line}\n")).collect()
}

/// Hundredths of log-odds by which finding it moves the cause, from its counts
/// alone, each one higher so that none is certain.
fn speaks_for(seen: Seen, (of_it, others): (u32, u32)) -> f64 {
    let rate = |found: u32, all: u32| f64::from(found + 1) / f64::from(all + 2);
    100.0 * (rate(seen.with, of_it) / rate(seen.without, others)).ln()
}
