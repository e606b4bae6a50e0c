//! A drill in words: what it would do, what arrives, and what did not.

use std::fmt::Write as _;

use nightshift_core::mode::Severity;
use serde_json::{Value, json};

use super::Wanted;
use super::plan::Plan;
use super::progress::{Arrival, Progress};
use crate::paint::{Ink, Paint, harmless};

/// What the drill will do, or would.
pub fn plan(plan: &Plan, wanted: &Wanted, paint: Paint) -> String {
    let mut text = String::new();
    let title = format!("Drill on {}: {}", plan.service, scenario(plan));
    // Writing to a String cannot fail.
    let _ = write!(text, "\n  {}\n\n", paint.ink(Ink::Bold, &title));
    let verb = if wanted.yes { "" } else { "would " };
    let mut line = |label: &str, says: String| {
        let _ = writeln!(text, "  {:<10} {}", label, harmless(&says));
    };
    if let Some(dependency) = &plan.dependency {
        line("Rings", format!("{verb}set {dependency} to ALARM: what the service depends on"));
    }
    line("Rings", format!("{verb}set {} to ALARM, and back to OK in any case", plan.alarm));
    if let Some(event) = &plan.event {
        line("Sends", format!("{verb}put {:?} of source nightshift.drill on the bus", event.detail_type));
    }
    line("Mode", format!("{}", plan.mode));
    line("Severity", format!("{} because {}", plan.severity, plan.severity_because));
    let paged = match (plan.pages, plan.severity) {
        (false, _) => "nobody",
        (true, Severity::P1) => "somebody, at once: by PagerDuty if the secret has its key, else on the page topic",
        (true, _) => "somebody, unless a remedy is on its way: as for P1, by PagerDuty or the page topic",
    };
    line("Paged", format!("{paged} (by the policy of a new stack)"));
    line("Told", plan.told.clone());
    for beware in &plan.beware {
        line("Beware", beware.clone());
    }
    line("CloudWatch", "takes a metric alarm back by itself, often within seconds: that is as it should be".to_owned());
    text.push('\n');
    if !wanted.yes {
        let _ = write!(text, "  {}\n\n", paint.ink(Ink::Amber, "Nothing was changed. Add --yes to do it."));
    }
    text
}

fn scenario(plan: &Plan) -> String {
    serde_json::to_value(plan.scenario).ok().and_then(|word| word.as_str().map(ToOwned::to_owned)).unwrap_or_default()
}

/// One thing that arrived.
pub fn arrival(arrival: &Arrival, paint: Paint) -> String {
    let at = format!("{:>7.1} s", arrival.seconds);
    let says = harmless(&arrival.says);
    let says = if arrival.step.is_some() { says } else { paint.ink(Ink::Dim, &says) };
    format!("  {}  {says}\n", paint.ink(Ink::Dim, &at))
}

/// What did not arrive, and where to look.
pub fn ending(plan: &Plan, progress: &Progress<'_>, paint: Paint) -> String {
    let missing = progress.missing();
    if missing.is_empty() {
        let all = format!("All {} steps arrived.", plan.expected.len());
        return format!("\n  {}\n\n", paint.ink(Ink::Green, &all));
    }
    let title = format!("{} of {} steps did not arrive:", missing.len(), plan.expected.len());
    let mut text = format!("\n  {}\n", paint.ink(Ink::Red, &title));
    for step in missing {
        let _ = writeln!(text, "  {:<28} {}", step.name(), step.cure());
    }
    text.push_str("\n  docs/drill.md follows the way link by link.\n\n");
    text
}

/// The whole drill as a document; `None`: it was not carried out.
pub fn document(plan: &Plan, progress: Option<&Progress<'_>>) -> Value {
    let mut document = json!({ "plan": plan });
    if let Some(progress) = progress {
        document["started_at"] = json!(progress.started());
        document["incident"] = json!(progress.incident().map(|incident| &incident.id));
        document["arrived"] = json!(progress.arrived());
        document["missing"] = json!(progress.missing());
        document["complete"] = json!(progress.missing().is_empty());
    }
    document
}
