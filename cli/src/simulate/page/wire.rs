//! What became of each disturbance on real wire, by story and by kind.

use maud::{Markup, html};

use super::document::{Point, Wire};
use super::shapes::{count, counted, tiles};
use super::verdict::{EQUAL, TOLD};
use crate::paint::harmless;

/// So many disturbances that did neither are told whole.
const SHOWN: usize = 30;
/// Characters of a difference; wire.json has all of it.
const LONGEST: usize = 400;

/// What came of some disturbances.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    equal: u64,
    told: u64,
    other: u64,
}

impl Counts {
    fn of<'a>(points: impl Iterator<Item = &'a Point>) -> Self {
        points.fold(Self::default(), |mut counts, point| {
            match point.worth.as_str() {
                EQUAL => counts.equal += 1,
                TOLD => counts.told += 1,
                _ => counts.other += 1,
            }
            counts
        })
    }
}

pub(super) fn wire(it: &Wire) -> Markup {
    let all = Counts::of(it.points.iter());
    let calls: u64 = it.rows.iter().map(|row| row.calls).sum();
    html! {
        p.note {
            "Each function's own binary with the real AWS SDK, disturbed once at every call that it makes to AWS, Slack and \
            PagerDuty, and its end compared with an undisturbed one."
        }
        (tiles([
            (count(it.points.len() as u64), "disturbances"),
            (count(all.equal), "ended equal"),
            (count(all.told), "otherwise, and told"),
            (count(all.other), "neither"),
            (count(calls), "calls"),
            (format!("{:.1} min", it.seconds / 60.0), "it took"),
        ]))
        (matrix(it))
        p.note {
            b { "equal" } ": the account, the ledger and the messages end as if nothing had been. "
            b { "told" } ": they end otherwise, and what failed is named where people read it. "
            b { "✕ other" } ": neither. A cell is a story and a kind; an empty one was not tried."
        }
        (others(it, all.other))
    }
}

fn matrix(it: &Wire) -> Markup {
    let mut stories: Vec<&str> = Vec::new();
    let named = it.rows.iter().map(|row| row.story.as_str()).chain(it.points.iter().map(|point| point.story.as_str()));
    for story in named {
        if !stories.contains(&story) {
            stories.push(story);
        }
    }
    let cell = |story: Option<&str>, kind: &str| {
        let points = it.points.iter().filter(|point| point.kind == kind);
        cell(Counts::of(points.filter(|point| story.is_none_or(|story| point.story == story))))
    };
    html! {
        div.scroll { table.wire {
            tr { th { "story" } @for kind in &it.kinds { th { (harmless(kind)) } } }
            @for story in &stories {
                tr {
                    th scope="row" { (harmless(story)) small { (functions(it, story)) } }
                    @for kind in &it.kinds { (cell(Some(*story), kind)) }
                }
            }
            tr.all { th scope="row" { "all" } @for kind in &it.kinds { (cell(None, kind)) } }
        } }
    }
}

/// The functions of a story with their calls.
fn functions(it: &Wire, story: &str) -> String {
    let rows = it.rows.iter().filter(|row| row.story == story);
    let each: Vec<String> =
        rows.map(|row| format!("{}, {}", harmless(&row.function), counted(row.calls, "call", "calls"))).collect();
    each.join("; ")
}

fn cell(counts: Counts) -> Markup {
    let class = match counts {
        Counts { equal: 0, told: 0, other: 0 } => "none",
        Counts { other: 1.., .. } => "other",
        Counts { told: 1.., .. } => "told",
        Counts { .. } => "equal",
    };
    html! {
        td class=(class) {
            @if counts == Counts::default() { "–" }
            @if counts.other > 0 { strong { "✕ " (count(counts.other)) " other" } }
            @if counts.equal > 0 { span { (count(counts.equal)) " equal" } }
            @if counts.told > 0 { span { (count(counts.told)) " told" } }
        }
    }
}

fn others(it: &Wire, all: u64) -> Markup {
    let bad = it.points.iter().filter(|point| ![EQUAL, TOLD].contains(&point.worth.as_str()));
    let cut = |says: &str| harmless(says).chars().take(LONGEST).collect::<String>();
    html! {
        @if all > 0 {
            h3 { "What did neither" }
            div.scroll { table.text {
                tr { th { "where" } th { "kind" } th { "what it is" } th { "the difference" } }
                @for point in bad.take(SHOWN) {
                    tr {
                        th scope="row" {
                            (harmless(&point.story)) " " (harmless(&point.function)) " "
                            code { (harmless(&point.call)) "#" (point.number) }
                        }
                        td { (harmless(&point.kind)) }
                        td { (harmless(&point.worth)) }
                        td { (cut(&point.says)) }
                    }
                }
            } }
            @if all > SHOWN as u64 { p.note { (count(all - SHOWN as u64)) " more are in wire.json." } }
        }
    }
}
