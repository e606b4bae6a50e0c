//! How often the functions are right: beside their rivals, by what happened, by the
//! cause, and by what was said.

use maud::{Markup, PreEscaped, html};

use super::document::{Found, Incidents};
use super::shapes::{Line, bars, count, counted, percent};
use crate::paint::harmless;
use crate::simulate::incidents::figures::Figures;
use crate::simulate::incidents::picture;

/// What is found when nothing explains a night.
const UNKNOWN: &str = "unknown";

pub(super) fn incidents(it: &Incidents) -> Markup {
    let rivals = [
        ("Nightshift", &it.rollback),
        ("an alarm within 60 min of a release: back", &it.baselines.alarm_after_release),
        ("while the deployment runs, as ECS does", &it.baselines.while_deploying),
        ("a person, 30 min after the page", &it.baselines.page_a_human),
    ];
    let mut kinds: Vec<(&str, &Figures)> = it.kinds.iter().map(|(kind, of)| (kind.as_str(), of)).collect();
    kinds.sort_by_key(|(_, of)| std::cmp::Reverse((of.wrong, of.missed)));
    html! {
        p.note {
            (counted(it.nights, "simulated night", "simulated nights")) ", in " (count(it.silent)) " of which nothing rang. \
            A rollback is due where the truth of the night calls for one and ECS did not make it. The person is taken to be \
            never wrong, only later."
        }
        (rival_bars(&rivals))
        div.beside {
            div {
                h3 { "By what happened, the worst first" }
                (figures("kind of night", &kinds))
            }
            div {
                h3 { "All kinds together" }
                (figures("who", &rivals))
                p.note {
                    "right: of the rollbacks, those that were called for. wrong: nights on which anything was done that was \
                    not. missed: rollbacks that were due and not made."
                }
                h3 { "True cause, and the cause that was found" }
                (confusion(it))
            }
        }
        h3 { "What was said of the release, and how often it was so" }
        (calibration(it))
    }
}

fn rival_bars(rivals: &[(&str, &Figures)]) -> Markup {
    let class = |place: usize| if place == 0 { "ours" } else { "theirs" };
    let each = |line: &dyn Fn(&Figures) -> (f64, String, String)| -> Vec<Line> {
        let lines = rivals.iter().enumerate().map(|(place, (name, of))| {
            let (share, figure, says) = line(of);
            Line { name: (*name).to_owned(), share, figure, says, class: class(place) }
        });
        lines.collect()
    };
    let precision = each(&|of| {
        let says = format!("{} of {} right", count(of.right), counted(of.rollbacks, "rollback", "rollbacks"));
        (of.precision.unwrap_or_default(), percent(of.precision), says)
    });
    let recall = each(&|of| {
        let says = format!("{} of {} due", count(of.due.saturating_sub(of.missed)), count(of.due));
        (of.recall.unwrap_or_default(), percent(of.recall), says)
    });
    let longest = rivals.iter().filter_map(|(_, of)| of.minutes_to_heal).fold(1.0, f64::max);
    let minutes = each(&|of| {
        let figure = of.minutes_to_heal.map_or_else(|| "–".to_owned(), |minutes| format!("{minutes:.1} min"));
        (
            of.minutes_to_heal.unwrap_or_default() / longest,
            figure,
            format!("{} healed, nobody woken", percent(of.healed)),
        )
    });
    html! {
        div.charts {
            (bars("Precision: rollbacks that were right", &precision))
            (bars("Recall: due rollbacks that were made", &recall))
            (bars("Median time until all was well", &minutes))
        }
    }
}

fn figures(of: &str, rows: &[(&str, &Figures)]) -> Markup {
    let bad = |number: u32| if number == 0 { "" } else { "bad" };
    html! {
        div.scroll { table.numbers {
            tr { th { (of) } th { "nights" } th { "due" } th { "right" } th { "wrong" } th { "missed" } }
            @for (name, of) in rows {
                tr {
                    th scope="row" { (harmless(name)) }
                    td { (count(of.n)) }
                    td { (count(of.due)) }
                    td { (count(of.right)) }
                    td class=(bad(of.wrong)) { (count(of.wrong)) }
                    td class=(bad(of.missed)) { (count(of.missed)) }
                }
            }
        } }
    }
}

/// Nights by true and by found cause; what was found rightly stands on the diagonal.
fn confusion(it: &Incidents) -> Markup {
    let mut found: Vec<&str> = it.causes.keys().map(String::as_str).collect();
    let named = it.causes.values().flat_map(|of| of.named.keys().map(String::as_str));
    let mut others: Vec<&str> = named.chain([UNKNOWN]).filter(|cause| !it.causes.contains_key(*cause)).collect();
    others.sort_by_key(|cause| (*cause == UNKNOWN, *cause));
    others.dedup();
    found.extend(others);
    html! {
        div.scroll { table.matrix {
            tr {
                th { "true \\ found" }
                @for cause in &found { th.upright { span { (words(cause)) } } }
                th.upright { span { "sure and right" } }
            }
            @for (cause, of) in &it.causes {
                tr {
                    th scope="row" { (words(cause)) }
                    @for other in &found { (cell(of, other, cause == other)) }
                    td { (percent(of.sure_and_right)) }
                }
            }
        } }
        p.note {
            "Nights; framed: found as it was. Darker: more of the nights of that cause. Sure and right: of the nights on which \
            that cause was said with enough confidence to act, the share on which it was true."
        }
    }
}

fn cell(of: &Found, cause: &str, right: bool) -> Markup {
    let nights = of.named.get(cause).copied().unwrap_or_default();
    let all: u32 = of.named.values().sum();
    let depth = format!("--depth:{:.2}", f64::from(nights) / f64::from(all.max(1)));
    let class = match (right, nights) {
        (true, _) => "hit",
        (false, 0) => "none",
        (false, _) => "miss",
    };
    html! {
        td class=(class) style=(depth) { @if nights == 0 && !right { "·" } @else { (count(nights)) } }
    }
}

/// A cause as people write it.
fn words(cause: &str) -> String {
    harmless(&cause.replace('-', " "))
}

fn calibration(it: &Incidents) -> Markup {
    html! {
        div.beside {
            // It is made of figures alone.
            figure.calibration { (PreEscaped(picture::svg(&it.calibration))) }
            div {
                table.numbers {
                    tr { th { "said" } th { "nights" } th { "on average" } th { "it was so" } }
                    @for ten in &it.calibration {
                        tr {
                            th scope="row" { (ten.from_percent) "–" (ten.from_percent.saturating_add(9).min(100)) " %" }
                            td { (count(ten.n)) }
                            td { (percent(Some(ten.stated))) }
                            td { (percent(Some(ten.came_true))) }
                        }
                    }
                }
                p.note {
                    "A dot is the nights of one line; its area and the number beside it say how many. On the dashed line it was \
                    so as often as was said; above it the release was to blame more often, below it less."
                }
            }
        }
    }
}
