//! Reading a policy: which keys there are, and what may stand at each.

use std::ops::RangeInclusive;

use toml::de::DeTable;

use super::broken::{Broken, broken};
use super::costs;
use super::mistake::{MOST, Mistake, PolicyError, place};
use super::section::{Section, Sheet};
use super::typed::FOR_EVER;
use super::{
    Alarms, Confidence, Deployments, FAILURES_COUNTED, Guardrails, Paging, Policy, Rollback, Scaling, Verify, lists,
    scans, windows,
};
use crate::span::Span;

/// The functions' timeout in `template.yaml`. Within it whoever claimed a
/// remedy may still be at work, and a second one must not take it up.
const TIMEOUT: Span = Span::seconds(60);
/// Longer than any function of Lambda can be at work.
const LONGEST_LEASE: Span = Span::minutes(15);

/// Characters of a field's path, and of what is wrong there.
const LONGEST: usize = 300;

/// Failures of one release, as far as they are counted.
const COUNTED: RangeInclusive<u32> = 1..=FAILURES_COUNTED;
pub(super) const SOME_TIME: RangeInclusive<Span> = Span::seconds(1)..=FOR_EVER;

impl Policy {
    /// Reads and checks a policy.
    ///
    /// # Errors
    /// All that is wrong, each with line, column and field.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let (document, errors) = DeTable::parse_recoverable(text);
        let mut sheet = Sheet { text, mistakes: Vec::new(), unknown: Vec::new(), known: Vec::new() };
        let policy = policy(Section::root(&mut sheet, document.get_ref()));
        sheet.note_unknown();
        let mistakes = merged(sheet.mistakes, broken(text, &errors));
        if mistakes.is_empty() { Ok(policy) } else { Err(PolicyError { mistakes }) }
    }

    /// Reads and checks the bytes of a file.
    ///
    /// # Errors
    /// As [`Policy::parse`], and if it is no UTF-8.
    pub fn read(file: &[u8]) -> Result<Self, PolicyError> {
        let text = std::str::from_utf8(file).map_err(|error| {
            let before = String::from_utf8_lossy(&file[..error.valid_up_to()]);
            let (line, column) = place(&before, before.len());
            let says =
                format!("byte 0x{:02x} is no UTF-8; expected text; write the file as UTF-8", file[error.valid_up_to()]);
            PolicyError { mistakes: vec![Mistake { line, column, field: "the file".into(), says }] }
        })?;
        Self::parse(text)
    }
}

/// Both kinds of mistakes in the order of the text, without what is only there
/// because the text is broken.
fn merged(mistakes: Vec<Mistake>, mut broken: Vec<Broken>) -> Vec<Mistake> {
    broken.retain(|one| !one.unquoted || mistakes.iter().all(|mistake| mistake.line != one.mistake.line));
    let hidden =
        |mistake: &Mistake| broken.iter().any(|one| one.header == mistake.line || one.lines.contains(&mistake.line));
    let mut all: Vec<Mistake> = mistakes.into_iter().filter(|mistake| !hidden(mistake)).collect();
    all.extend(broken.into_iter().map(|one| one.mistake));
    all.sort();
    shortened(all)
}

/// No more than a person reads: a file that is none of ours is wrong in every line.
fn shortened(mut all: Vec<Mistake>) -> Vec<Mistake> {
    if let Some(next) = all.get_mut(MOST) {
        (next.field, next.says) = ("the file".into(), "more mistakes from here on; mend these first".into());
    }
    all.truncate(MOST + 1);
    for Mistake { field, says, .. } in &mut all {
        for text in [field, says] {
            if let Some((end, _)) = text.char_indices().nth(LONGEST) {
                text.replace_range(end.., "…");
            }
        }
    }
    all
}

fn policy(mut root: Section<'_, '_, '_>) -> Policy {
    let policy = Policy {
        confidence: confidence(root.table("confidence")),
        alarms: alarms(root.table("alarms")),
        rollback: rollback(root.table("rollback")),
        deployments: deployments(root.table("deployments")),
        scaling: scaling(root.table("scaling")),
        guardrails: guardrails(root.table("guardrails")),
        verify: verify(root.table("verify")),
        paging: paging(root.table("paging")),
        images: scans::images(root.table("images")),
        costs: costs::costs(root.table("costs")),
        freeze: windows::freezes(&mut root),
        services: lists::services(root.table("services")),
        teams: lists::teams(root.table("teams")),
    };
    root.close();
    policy
}

fn confidence(mut section: Section<'_, '_, '_>) -> Confidence {
    let usual = Confidence::default();
    let confidence = Confidence {
        act_at: section.number("act_at", usual.act_at, 1..=100),
        ask_at: section.number("ask_at", usual.ask_at, 0..=100),
        scale_out_at: section.number("scale_out_at", usual.scale_out_at, 1..=100),
    };
    let Confidence { act_at, ask_at, .. } = confidence;
    section.rule(&["ask_at", "act_at"], ask_at <= act_at, || {
        format!(
            "{ask_at} is more than act_at; expected at most {act_at}; write ask_at = {act_at} or less, or raise act_at"
        )
    });
    section.close();
    confidence
}

fn alarms(mut section: Section<'_, '_, '_>) -> Alarms {
    let usual = Alarms::default();
    let alarms = Alarms {
        stale: section.span("stale", usual.stale, SOME_TIME),
        // Without any time no alarm is newborn, for whoever wants that.
        newborn: section.span("newborn", usual.newborn, Span::seconds(0)..=FOR_EVER),
        // At one, every alarm would be flapping from the start.
        flapping_flips: section.number("flapping_flips", usual.flapping_flips, 2..=u32::MAX),
        flapping_window: section.span("flapping_window", usual.flapping_window, SOME_TIME),
        chronic_after: section.span("chronic_after", usual.chronic_after, SOME_TIME),
    };
    section.close();
    alarms
}

fn rollback(mut section: Section<'_, '_, '_>) -> Rollback {
    let usual = Rollback::default();
    let rollback = Rollback {
        blame_window: section.span("blame_window", usual.blame_window, SOME_TIME),
        soak: section.span("soak", usual.soak, SOME_TIME),
        deny_for: section.span("deny_for", usual.deny_for, SOME_TIME),
    };
    section.close();
    rollback
}

fn deployments(mut section: Section<'_, '_, '_>) -> Deployments {
    let usual = Deployments::default();
    let deployments = Deployments {
        failures: section.number("failures", usual.failures, COUNTED),
        small_failures: section.number("small_failures", usual.small_failures, COUNTED),
        breaker_grace: section.span("breaker_grace", usual.breaker_grace, SOME_TIME),
        stuck_percent: section.number("stuck_percent", usual.stuck_percent, 101..=10_000),
        stuck_least: section.span("stuck_least", usual.stuck_least, SOME_TIME),
        stuck_most: section.span("stuck_most", usual.stuck_most, SOME_TIME),
        warnings: section.flag("warnings", usual.warnings),
    };
    let Deployments { stuck_least, stuck_most, .. } = deployments;
    section.rule(&["stuck_most", "stuck_least"], stuck_least <= stuck_most, || {
        format!("{stuck_most} is less than stuck_least; expected at least {stuck_least}; write stuck_most = \"{stuck_least}\" or more")
    });
    section.close();
    deployments
}

fn scaling(mut section: Section<'_, '_, '_>) -> Scaling {
    let usual = Scaling::default();
    let step_percent = section.number("step_percent", usual.step_percent, 101..=1000);
    // Who takes larger steps has not to say so twice.
    let most_percent = section.number("most_percent", usual.most_percent.max(step_percent), 101..=1000);
    let scaling = Scaling { step_percent, most_percent };
    section.rule(&["most_percent", "step_percent"], step_percent <= most_percent, || {
        format!("{most_percent} is less than step_percent; expected at least {step_percent}; write most_percent = {step_percent} or more")
    });
    section.close();
    scaling
}

fn guardrails(mut section: Section<'_, '_, '_>) -> Guardrails {
    let usual = Guardrails::default();
    let guardrails = Guardrails {
        cooldown: section.span("cooldown", usual.cooldown, SOME_TIME),
        // None at all is what the mode `observe` and a freeze are for; a zero
        // is too often meant as "no limit".
        remedies_per_day: section.number("remedies_per_day", usual.remedies_per_day, 1..=u32::MAX),
        fleet_remedies: section.number("fleet_remedies", usual.fleet_remedies, 1..=u32::MAX),
        fleet_remedies_window: section.span("fleet_remedies_window", usual.fleet_remedies_window, SOME_TIME),
        // One service is no fleet.
        fleet_services: section.number("fleet_services", usual.fleet_services, 2..=u32::MAX),
        fleet_share_percent: section.number("fleet_share_percent", usual.fleet_share_percent, 0..=100),
        fleet_window: section.span("fleet_window", usual.fleet_window, SOME_TIME),
        lease: section.span("lease", usual.lease, TIMEOUT..=LONGEST_LEASE),
    };
    section.close();
    guardrails
}

fn verify(mut section: Section<'_, '_, '_>) -> Verify {
    let usual = Verify::default();
    let verify = Verify {
        hold_down: section.span("hold_down", usual.hold_down, SOME_TIME),
        every: section.span("every", usual.every, SOME_TIME),
        rollout: section.span("rollout", usual.rollout, SOME_TIME),
        escalated_every: section.span("escalated_every", usual.escalated_every, SOME_TIME),
        most_checks: section.number("most_checks", usual.most_checks, 1..=u32::MAX),
    };
    section.close();
    verify
}

fn paging(mut section: Section<'_, '_, '_>) -> Paging {
    let usual = Paging::default();
    let paging = Paging { observed_services: section.flag("observed_services", usual.observed_services) };
    section.close();
    paging
}
