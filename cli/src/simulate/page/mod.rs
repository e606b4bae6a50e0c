//! The proof as one page that stands by itself: no script, no font, no image and
//! no style from anywhere else. It is made from the documents that each part
//! writes ([`document`]), whichever of them are there ([`parts`]).

pub mod document;
pub mod parts;
pub mod verdict;

mod incidents;

mod deliveries;
mod storm;
mod wire;

mod shapes;

use jiff::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use parts::{Parts, Source};
use verdict::{Verdict, verdicts};

const STYLE: &str = include_str!("page.css");

/// The whole page.
pub fn page(parts: &Parts) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "What Nightshift was put through" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { "What Nightshift was put through" }
                    p { "Simulated nights, and its functions' own binaries on an emulated account on one machine. No real "
                        "account is in it." }
                }
                main {
                    @for verdict in verdicts(parts) { (card(&verdict)) }
                    section id="incidents" {
                        h2 { "How often is it wrong?" }
                        @match &parts.incidents {
                            Some(part) => (incidents::incidents(&part.says)),
                            None => (missing(parts::INCIDENTS)),
                        }
                    }
                    section id="deliveries" {
                        h2 { "Broken halfway: deliveries" }
                        @match &parts.deliveries {
                            Some(part) => (deliveries::deliveries(&part.says)),
                            None => (missing(parts::DELIVERIES)),
                        }
                    }
                    section id="storm" {
                        h2 { "Broken halfway: a storm" }
                        @match &parts.storm {
                            Some(part) => (storm::storm(&part.says)),
                            None => (missing(parts::STORM)),
                        }
                    }
                    section id="wire" {
                        h2 { "Broken halfway: on the wire" }
                        @match &parts.wire {
                            Some(part) => (wire::wire(&part.says)),
                            None => (missing(parts::WIRE)),
                        }
                    }
                    section id="made" {
                        h2 { "How this was made" }
                        (made(parts))
                    }
                }
            }
        }
    };
    page.into_string() + "\n"
}

fn card(verdict: &Verdict) -> Markup {
    let (class, mark) = match verdict.holds {
        Some(true) => ("held", "✓ "),
        Some(false) => ("broken", "✕ "),
        None => ("open", ""),
    };
    html! {
        article class={ "verdict " (class) } {
            p.question { (verdict.question) }
            p.answer { span.mark aria-hidden="true" { (mark) } (verdict.answer) }
        }
    }
}

fn missing(source: Source) -> Markup {
    html! {
        p.missing { "Missing: there is no " code { (source.file) } ". " code { (source.made_by) } " writes it." }
    }
}

/// The command and the day of each part.
fn made(parts: &Parts) -> Markup {
    let day = |at: Timestamp| at.strftime("%-d %b %Y, %H:%M UTC").to_string();
    html! {
        div.scroll { table.text {
            tr { th { "part" } th { "document" } th { "written" } th { "made by" } th { "by itself" } }
            @for (source, written) in parts.there() {
                tr {
                    th scope="row" { (source.name) }
                    td { code { (source.file) } }
                    td { @match written { Some(at) => (day(at)), None => "missing" } }
                    td { code { (source.made_by) } }
                    td { code { (source.command) } }
                }
            }
        } }
        p.note {
            code { "make prove" } " makes all of them, in an hour on two cores, and this page from them: "
            code { "nightshift simulate page" } ". Parts may be of different days and of different builds. "
            code { "docs/simulate.md" } " says how the nights, the schedules and the storm are made up and what is counted, "
            code { "docs/prove.md" } " the same of the wire. The nights are simulated and so is the storm; on the wire the "
            "functions run as they are, with the AWS SDK, before an account that is emulated on the same machine."
        }
    }
}
