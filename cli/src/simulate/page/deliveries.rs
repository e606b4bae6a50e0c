//! Schedules of deliveries, and what they broke.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::document::{Deliveries, Failed};
use super::shapes::{Line, bars, count, counted, invariants, tiles};
use crate::paint::harmless;

/// So many schedules that broke something are told whole.
const TOLD: usize = 20;

pub(super) fn deliveries(it: &Deliveries) -> Markup {
    let most = it.nights.values().copied().max().unwrap_or(1).max(1);
    let line = |(night, times): (&String, &u32)| Line {
        name: harmless(night),
        share: f64::from(*times) / f64::from(most),
        figure: counted(*times, "schedule", "schedules"),
        says: String::new(),
        class: "plain",
    };
    let nights: Vec<Line> = it.nights.iter().map(line).collect();
    html! {
        p.note {
            "Every event up to ten times, by two doors, up to a day late, several answered at once call by call, with processes \
            that die in the middle. Seeds from " (it.first_seed) " on."
        }
        (tiles([
            (count(it.schedules), "schedules"),
            (count(it.failed.len() as u64), "broke an invariant"),
            (count(it.deliveries), "deliveries answered"),
            (count(it.killed), "killed in the middle"),
            (count(it.incidents), "incidents"),
            (count(it.remedies), "remedies"),
        ]))
        div.beside {
            (invariants(&broken(&it.failed), "schedule", "schedules"))
            (bars("Schedules by what went wrong in the night", &nights))
        }
        @if !it.failed.is_empty() { (failed(&it.failed)) }
    }
}

/// Schedules by the invariant that they broke.
fn broken(failed: &[Failed]) -> BTreeMap<String, u64> {
    let mut times = BTreeMap::new();
    for schedule in failed {
        let names: BTreeSet<&str> = schedule.broken.iter().filter_map(|says| says.split(':').next()).collect();
        names.into_iter().for_each(|name| *times.entry(name.to_owned()).or_default() += 1);
    }
    times
}

fn failed(failed: &[Failed]) -> Markup {
    html! {
        h3 { "What broke" }
        div.scroll { table.text {
            tr { th { "seed" } th { "night" } th { "broken" } th { "again" } }
            @for one in failed.iter().take(TOLD) {
                tr {
                    th scope="row" { (one.seed) }
                    td { (harmless(&one.night)) }
                    td { @for says in &one.broken { p { (harmless(says)) } } }
                    td { code { "nightshift simulate deliveries --seeds 1 --first-seed " (one.seed) } }
                }
            }
        } }
        @if failed.len() > TOLD {
            p.note { (count((failed.len() - TOLD) as u64)) " more are in deliveries.json." }
        }
    }
}
