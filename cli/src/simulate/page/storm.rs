//! A storm of alarms: what was used beside what AWS lets, what people heard, and
//! what it would have cost.

use maud::{Markup, html};

use super::document::{Calls, Storm};
use super::shapes::{Line, bar, bars, count, counted, invariants, tiles, whole};
use crate::paint::harmless;
use crate::simulate::storm::limits::{OF_ONE_KEY, PAGER_PER_MINUTE, SLACK_PER_S};

pub(super) fn storm(it: &Storm) -> Markup {
    let told: u64 = it.notices.values().sum();
    let sum: f64 = it.usd.values().sum();
    html! {
        p.note {
            (counted(it.alarms, "alarm", "alarms")) " of " (counted(it.services, "service", "services"))
            " within a minute, for they all call one database that is down, and the recovery. Seed " (it.seed) "."
        }
        (tiles([
            (count(it.incidents), "incidents of services"),
            (count(it.fleet_incidents), "incidents of many at once"),
            (count(it.remedies), "remedies"),
            (count(it.messages), "messages in the channel"),
            (count(told), "notices"),
            (count(it.pages), "pages"),
            (count(it.plain_pages), "plain pages"),
            (count(it.dead), "events given up"),
            (count(it.lambda.invocations), "invocations"),
            (count(it.lambda.most_at_once), "most at once"),
            (format!("{} min", count(it.seconds / 60)), "until the last event"),
            (format!("{sum:.2} USD"), "all of AWS"),
        ]))
        @if it.lambda.throttled + it.lambda.expired > 0 {
            p.note {
                "Lambda had no free place for " (counted(it.lambda.throttled, "try", "tries")) "; "
                (counted(it.lambda.expired, "event", "events")) " grew too old in its queue."
            }
        }
        h3 { "Calls in the worst second, beside what AWS lets" }
        (calls(it))
        div.beside {
            div { (messages(it, told)) }
            div { (usd(it, sum)) }
        }
        div.beside {
            div {
                h3 { "Units of the ledger" }
                (ledger(it))
            }
            div {
                h3 { "What it broke" }
                (invariants(&it.broken, "time", "times"))
            }
        }
        @for example in &it.examples { p.note { (harmless(example)) } }
    }
}

/// Two bars for each operation whose limit is known, what was used and what is let, on a
/// scale of their own; the others in a table.
fn calls(it: &Storm) -> Markup {
    let known = it.calls.iter().filter_map(|(name, calls)| Some((name, calls, calls.per_second?)));
    let mut known: Vec<(&String, &Calls, f64)> = known.collect();
    // The nearest to its limit first, or the farthest beyond.
    known.sort_by(|(_, one, rate), (_, other, limit)| times(other, *limit).total_cmp(&times(one, *rate)));
    html! {
        div.calls {
            @for (name, calls, rate) in known {
                @let most = rate.max(calls.peak as f64).max(1.0);
                @let class = if times(calls, rate) > 1.0 { "over" } else { "ours" };
                div.call {
                    p.name { code { (harmless(name)) } " " (held_back(calls, rate)) }
                    div.line { (bar(calls.peak as f64 / most, class)) b { (count(calls.peak)) " a second" } }
                    div.line { (bar(rate / most, "let")) span { (whole(rate)) " let" } }
                    p.note { (counted(calls.all, "call", "calls")) " in all" }
                }
            }
        }
        p.note {
            "Each pair of bars has its own scale. Of some calls AWS lets a burst beyond the rate: what was held back is said."
        }
        h3 { "Calls without a rate to compare with" }
        div.scroll { table.numbers {
            tr { th { "call" } th { "in the worst second" } th { "in all" } }
            @for (name, calls) in it.calls.iter().filter(|(_, calls)| calls.per_second.is_none()) {
                tr {
                    th scope="row" { code { (harmless(name)) } }
                    td { (count(calls.peak)) }
                    td { (count(calls.all)) }
                }
            }
        } }
    }
}

/// The worst second in terms of the rate.
fn times(calls: &Calls, rate: f64) -> f64 {
    calls.peak as f64 / rate.max(0.001)
}

fn held_back(calls: &Calls, rate: f64) -> Markup {
    let times = times(calls, rate);
    html! {
        @if times > 1.0 { strong.flag { "▲ " (format!("{times:.1}")) " × what is let" } " " }
        @if calls.failed > 0 { strong.flag { "✕ " (count(calls.failed)) " failed" } " " }
        @if calls.waited > 0 { span.flag { (count(calls.waited)) " waited" } }
    }
}

fn messages(it: &Storm, told: u64) -> Markup {
    let most = it.notices.values().copied().max().unwrap_or(1).max(1);
    let lines: Vec<Line> = it
        .notices
        .iter()
        .map(|(kind, times)| Line {
            name: harmless(kind),
            share: *times as f64 / most as f64,
            figure: counted(*times, "notice", "notices"),
            says: String::new(),
            class: "plain",
        })
        .collect();
    html! {
        (bars("Notices by kind", &lines))
        p.note {
            "Slack takes " (SLACK_PER_S) " message a second in a channel: " (counted(told / 60 / SLACK_PER_S, "minute", "minutes"))
            ". PagerDuty takes " (PAGER_PER_MINUTE) " events a minute: "
            (counted(it.pages.div_ceil(PAGER_PER_MINUTE), "minute", "minutes")) "."
        }
    }
}

fn usd(it: &Storm, sum: f64) -> Markup {
    let most = it.usd.values().copied().fold(0.0001, f64::max);
    let lines: Vec<Line> = it
        .usd
        .iter()
        .map(|(service, usd)| Line {
            name: harmless(service),
            share: usd / most,
            figure: if *usd < 0.01 { "< 0.01 USD".to_owned() } else { format!("{usd:.2} USD") },
            says: String::new(),
            class: "plain",
        })
        .collect();
    html! {
        (bars("Cost by service of AWS", &lines))
        p.note { (format!("{sum:.2}")) " USD together, at list prices of a large Region." }
    }
}

fn ledger(it: &Storm) -> Markup {
    let (read, write) = OF_ONE_KEY;
    let hot = |units: f64, limit: f64| if units > limit { "bad" } else { "" };
    html! {
        div.scroll { table.numbers {
            tr {
                th { "item" } th { "read units" } th { "write units" } th { "of one key in a second: read" } th { "written" }
            }
            @for (kind, units) in &it.ledger {
                tr {
                    th scope="row" { (harmless(kind)) }
                    td { (whole(units.read)) }
                    td { (whole(units.write)) }
                    td class=(hot(units.peak_read, read)) { (whole(units.peak_read)) }
                    td class=(hot(units.peak_write, write)) { (whole(units.peak_write)) }
                }
            }
        } }
        p.note {
            "One key is one partition, which gives " (whole(read)) " read and " (whole(write)) " write units a second; what is \
            beyond that is marked."
        }
    }
}
