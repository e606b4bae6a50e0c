//! What came of a simulation, for a terminal.

use nightshift_core::cause::Cause;
use nightshift_core::refusal::Refusal;
use ops_reviewer::table::aligned;

use super::figures::Figures;
use super::{Night, Simulated};
use crate::paint::{Ink, Paint};

/// The figures as tables.
pub fn text(simulated: &Simulated, paint: Paint) -> String {
    let Simulated { nights, silent, rollback, calibration, causes, kinds, baselines } = simulated;
    let mut text = format!(
        "\n  {}\n\n",
        paint.ink(Ink::Bold, &format!("Incidents in {nights} simulated nights, in {silent} of which nothing rang"))
    );
    let mut table = |rows: Vec<Vec<String>>| {
        for (row, line) in aligned(&rows).iter().enumerate() {
            let line = if row == 0 { paint.ink(Ink::Dim, line) } else { line.clone() };
            text.push_str(&format!("  {line}\n"));
        }
        text.push('\n');
    };
    let rivals = [
        ("Nightshift", rollback),
        ("alarm within 60 min of a release", &baselines.alarm_after_release),
        ("while the deployment runs", &baselines.while_deploying),
        ("a person, after 30 min", &baselines.page_a_human),
    ];
    table(std::iter::once(head()).chain(rivals.map(|(name, figures)| row(name, figures))).collect());
    table(std::iter::once(head()).chain(kinds.iter().map(|(kind, figures)| row(kind, figures))).collect());
    let of_causes = causes.iter().map(|(cause, of)| row(&word(*cause), &of.figures));
    table(std::iter::once(head()).chain(of_causes).collect());
    let named: Vec<Cause> = causes.keys().copied().chain([Cause::Unknown]).collect();
    let mut confusion = vec![
        std::iter::once("true cause \\ found".to_owned())
            .chain(named.iter().map(|cause| word(*cause)))
            .chain(["sure and right".to_owned()])
            .collect::<Vec<_>>(),
    ];
    confusion.extend(causes.iter().map(|(cause, of)| {
        let counts = named.iter().map(|found| of.named.get(found).copied().unwrap_or_default().to_string());
        std::iter::once(word(*cause)).chain(counts).chain([percent(of.sure_and_right)]).collect()
    }));
    table(confusion);
    let mut said = vec![["said of the release", "nights", "on average", "came true"].map(String::from).to_vec()];
    said.extend(calibration.iter().map(|ten| {
        let from = format!("{}–{} %", ten.from_percent, ten.from_percent + 9);
        vec![from, ten.n.to_string(), percent(Some(ten.stated)), percent(Some(ten.came_true))]
    }));
    table(said);
    text
}

/// A line for each night that did not come out as it should.
pub fn misses(nights: &[Night]) -> String {
    let mut text = String::new();
    for Night { name, ours, .. } in nights {
        let wrong = ours.taken.iter().any(|taken| !taken.right);
        let missed = ours.due() && ours.rang.is_some() && ours.rollback().is_none();
        if !wrong && !missed {
            continue;
        }
        let what = if wrong { "wrong" } else { "missed" };
        let found = ours.found.as_ref().map_or_else(
            || "nothing".to_owned(),
            |found| {
                let evidence: Vec<String> =
                    found.evidence.iter().map(|one| format!("{} {:+}", one.name, one.weight)).collect();
                let gate = if found.release_gate { "open" } else { "closed" };
                format!("{} {} %, gate {gate}: {}", word(found.cause), found.percent, evidence.join(", "))
            },
        );
        let refusal = ours.refusal.as_ref().map_or_else(|| "-".to_owned(), Refusal::name);
        text.push_str(&format!("{what} {name} {} {refusal} {found}\n", ours.truth.kind));
    }
    text
}

fn head() -> Vec<String> {
    ["", "nights", "due", "by ECS", "rollbacks", "precision", "recall", "healed", "wrong", "min to heal"]
        .map(String::from)
        .to_vec()
}

fn row(name: &str, figures: &Figures) -> Vec<String> {
    vec![
        name.to_owned(),
        figures.n.to_string(),
        figures.due.to_string(),
        figures.by_ecs.to_string(),
        figures.rollbacks.to_string(),
        percent(figures.precision),
        percent(figures.recall),
        percent(figures.healed),
        figures.wrong.to_string(),
        figures.minutes_to_heal.map_or_else(|| "-".to_owned(), |minutes| format!("{minutes:.1}")),
    ]
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{:.1} %", share * 100.0))
}

/// A cause as a file has it.
fn word(cause: Cause) -> String {
    serde_json::to_value(cause).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
