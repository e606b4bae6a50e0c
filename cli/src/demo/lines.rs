//! What happened, told line by line.

use jiff::{SignedDuration, Timestamp};
use nightshift_core::alarm::AlarmState;
use nightshift_core::cause::Diagnosis;
use nightshift_core::incident::Phase;
use nightshift_core::notice::{Notice, NoticeKind, Pager};
use nightshift_core::ports::ServiceReads;
use nightshift_core::refusal::Refusal;
use nightshift_core::release::{DeploymentStatus, ServiceDeployment};
use nightshift_core::remedy::Outcome;
use nightshift_incident::plan::{Decision, Plan};
use nightshift_incident::refusals::sentence;
use nightshift_sim::{Account, Scenario, poll_once};
use serde_json::Value;

use super::image_lines::Found;
use super::shoot::ByHand;
use super::{Line, Mark};
use crate::night::{Happened, What};

/// Evidence shown in a time line; the page has all of it.
const EVIDENCE: usize = 4;
/// Releases older than this at the event are history.
const RECENT: SignedDuration = SignedDuration::from_hours(1);

/// Everything that happened, in order of time.
pub(super) fn lines(
    happened: &[Happened],
    account: &Account,
    scenario: &Scenario,
    by_hand: Option<&ByHand>,
) -> Vec<Line> {
    let mut teller = Teller::default();
    for event in happened {
        teller.tell(event, account);
    }
    let mut lines = teller.end();
    lines.extend(releases(account, scenario));
    lines.extend(by_hand.map(|done| {
        let text =
            format!("somebody rolls {} back to {}:{} by hand", done.service, done.service.service, done.revision);
        line(done.at, Mark::Person, text)
    }));
    // Stable: what happened in the same second stays in its order.
    lines.sort_by_key(|line| line.at);
    causes_first(&mut lines);
    lines
}

/// A release and the trouble with it may be of one second: the release was first.
fn causes_first(lines: &mut [Line]) {
    for index in 1..lines.len() {
        let (before, after) = (&lines[index - 1], &lines[index]);
        let name = after.text.split(' ').next().unwrap_or_default();
        let swapped = after.mark == Mark::Release && before.at == after.at && before.mark != Mark::Release;
        let says =
            |line: &Line| ["comes", "deploys"].iter().any(|verb| line.text.starts_with(&format!("{name} {verb}")));
        let about = lines[..index].iter().any(|line| line.at == after.at && line.mark == Mark::Alarm && says(line));
        if swapped && about {
            let first = lines[..index].iter().position(|line| line.at == lines[index].at).unwrap_or(index);
            lines[first..=index].rotate_right(1);
        }
    }
}

pub(super) fn line(at: Timestamp, mark: Mark, text: impl Into<String>) -> Line {
    Line { at, until: None, mark, text: text.into(), details: Vec::new() }
}

/// Releases of the hour before the event and of the night itself.
fn releases(account: &Account, scenario: &Scenario) -> Vec<Line> {
    let since = scenario.event.checked_sub(RECENT).unwrap_or(scenario.event);
    let mut lines = Vec::new();
    for setup in &scenario.services {
        let Some(service) = account.service_ref(&format!("{}/{}", setup.cluster, setup.name)) else { continue };
        let history = poll_once(account.history(&service)).and_then(Result::ok).unwrap_or_default();
        lines.extend(history.iter().filter(|release| release.created_at >= since).flat_map(release));
    }
    lines
}

fn release(release: &ServiceDeployment) -> Vec<Line> {
    let what = release.target.task_definition.short();
    let mut lines = vec![line(release.created_at, Mark::Release, format!("{what} begins to roll out"))];
    let ended = match release.status {
        DeploymentStatus::Successful => "is rolled out; ECS counts the deployment SUCCESSFUL",
        DeploymentStatus::RollbackSuccessful => "was taken back while it rolled out",
        _ => return lines,
    };
    lines.extend(release.finished_at.map(|at| line(at, Mark::Release, format!("{what} {ended}"))));
    lines
}

#[derive(Default)]
struct Teller {
    lines: Vec<Line>,
    /// The remedy is taken after people are told of it.
    remedies: Vec<Line>,
    found: Found,
}

impl Teller {
    fn end(mut self) -> Vec<Line> {
        self.lines.append(&mut self.remedies);
        self.lines
    }

    fn tell(&mut self, event: &Happened, account: &Account) {
        let at = event.at;
        match &event.what {
            What::Alarm { event, report } => self.alarm(at, event, report),
            What::Deployment { report, .. } => self.guarded(at, report),
            What::Image { event, report } => self.lines.extend(self.found.lines(at, event, report, account)),
            // Costs have a page of their own.
            What::Cost { .. } => {}
            What::Timer { report, .. } => self.checked(at, &report.plan, report.outcome.as_ref()),
            What::Notice { notice } => self.notice(at, notice),
            What::PlainPage { subject, .. } => self.lines.push(line(at, Mark::Paged, format!("plain page: {subject}"))),
            What::Failed { error, again } => {
                let why = error.as_deref().unwrap_or("its process died");
                let then = again.map_or("to the dead-letter queue".to_owned(), |at| format!("again at {}", clock(at)));
                self.lines.push(line(at, Mark::Failed, format!("a delivery fails: {why}; {then}")));
            }
        }
    }

    fn alarm(&mut self, at: Timestamp, event: &Value, report: &alarm_responder::Report) {
        let alarm_responder::Report::Alarm { plan, outcome } = report else { return };
        let by = if event.get("Records").is_some() { " by SNS" } else { "" };
        let Some((name, changed)) = named(event) else { return };
        let late =
            changed.map(|changed| at.duration_since(changed)).filter(|late| *late > SignedDuration::from_mins(1));
        let late = late.map_or_else(String::new, |late| format!(", {} late", nightshift_core::span::words(late)));
        match &plan.decision {
            Decision::Cleared => self.lines.push(line(at, Mark::Clear, format!("{name} is OK again"))),
            Decision::Resumed { .. } | Decision::Settled => {
                let text = format!("{name} arrives once more{by}: the same event, already answered. Nothing to do");
                self.lines.push(line(at, Mark::Nothing, text));
            }
            // What goes back to OK without an incident is not worth a line.
            Decision::Silent { refusal: Refusal::NoNews } => {}
            Decision::Silent { refusal } => {
                let why = sentence(refusal);
                let text = format!("{name} arrives{by}{late}: {} — {why}", refusal.name());
                let counted = vec!["Counted for the digest; no message, no remedy.".to_owned()];
                self.lines.push(Line { details: counted, ..line(at, Mark::Nothing, text) });
            }
            Decision::Joined => self.lines.push(line(at, Mark::Alarm, format!("{name} joins the open incident"))),
            _ => {
                let details = reason(event).into_iter().collect();
                self.lines.push(Line { details, ..line(at, Mark::Alarm, format!("{name} is in ALARM{by}{late}")) });
                self.decided(at, plan, outcome.as_ref());
            }
        }
    }

    fn guarded(&mut self, at: Timestamp, report: &deployment_guard::Report) {
        let deployment_guard::Report::Deployment { plan, outcome } = report else { return };
        let trouble = plan.record().and_then(|record| record.incident.as_ref()?.trouble.clone());
        match (&plan.decision, trouble) {
            (Decision::Remedy { .. } | Decision::Refused { .. }, Some(trouble)) => {
                self.lines.push(line(at, Mark::Alarm, trouble));
                self.decided(at, plan, outcome.as_ref());
            }
            // It is going back already, and the line before said so.
            (Decision::Judged { refusal: Some(Refusal::RollbackUnderWay), .. }, _) => {}
            (Decision::Judged { release, refusal: Some(refusal), .. }, _) => {
                let text = format!("{release} fails: {}", sentence(refusal));
                self.lines.push(line(at, Mark::Nothing, text));
            }
            _ => {}
        }
    }

    fn decided(&mut self, at: Timestamp, plan: &Plan, outcome: Option<&Outcome>) {
        let incident = plan.record().and_then(|record| record.incident.as_ref());
        self.lines.extend(incident.and_then(|incident| incident.diagnosis.as_ref()).map(|found| cause(at, found)));
        match &plan.decision {
            Decision::Remedy { remedy } => {
                let done = match outcome {
                    Some(Outcome::Taken { .. } | Outcome::FoundTaken { .. }) => "",
                    _ => "tried: ",
                };
                let text = format!("{done}{remedy}  ({})", remedy.operation());
                self.remedies.push(line(at, Mark::Remedy, text));
            }
            Decision::Refused { refusal, would } => {
                let text = format!("{} — {}", refusal.name(), sentence(refusal));
                let would = would.as_ref().map(|remedy| format!("It would {remedy} ({}).", remedy.operation()));
                self.lines.push(Line { details: would.into_iter().collect(), ..line(at, Mark::Refused, text) });
            }
            _ => {}
        }
    }

    fn checked(&mut self, at: Timestamp, plan: &Plan, outcome: Option<&Outcome>) {
        match &plan.decision {
            Decision::CheckAgain { waiting_for } => {
                let text = format!("not over yet: {}", waiting_for.join("; "));
                match self.lines.last_mut().filter(|last| last.mark == Mark::Check) {
                    Some(last) => (last.until, last.text) = (Some(at), text),
                    None => self.lines.push(line(at, Mark::Check, text)),
                }
            }
            _ => self.decided_by_check(at, plan, outcome),
        }
    }

    fn decided_by_check(&mut self, at: Timestamp, plan: &Plan, outcome: Option<&Outcome>) {
        if let (Decision::Remedy { remedy }, Some(_)) = (&plan.decision, outcome) {
            self.lines.push(line(at, Mark::Remedy, format!("{remedy}  ({})", remedy.operation())));
        }
    }

    fn notice(&mut self, at: Timestamp, notice: &Notice) {
        let headline = notice.headline.split_once(" — ").map_or(notice.headline.as_str(), |(_, verb)| verb);
        let (how, text) = match notice.sequence {
            1 => ("posts", notice.headline.clone()),
            _ => ("edits", format!("… — {headline}")),
        };
        if notice.kind == NoticeKind::Verifying {
            self.lines.append(&mut self.remedies);
        }
        if notice.kind == NoticeKind::Resolved {
            let details = notice.done.iter().skip(1).cloned().chain(notice.drift.clone()).collect();
            self.lines.push(Line { details, ..line(at, Mark::Healed, headline.to_owned()) });
        }
        if notice.kind == NoticeKind::Image && notice.phase == Phase::Resolved {
            let details = notice.done.iter().skip(1).cloned().collect();
            self.lines.push(Line { details, ..line(at, Mark::Healed, headline.to_owned()) });
        }
        self.lines.push(line(at, Mark::Told, format!("{how} “{text}”")));
        match &notice.pager {
            Some(Pager::Trigger { .. }) => {
                let whom = notice.team.as_ref().map_or("whoever is on call".to_owned(), |team| format!("team {team}"));
                let text = format!("wakes {whom}, {}: {}", notice.severity, notice.severity_because);
                self.lines.push(line(at, Mark::Paged, text));
            }
            Some(Pager::Resolve { .. }) => self.lines.push(line(at, Mark::Paged, "the page is taken back")),
            None => {}
        }
    }
}

fn cause(at: Timestamp, found: &Diagnosis) -> Line {
    let details = found.evidence.iter().take(EVIDENCE);
    let details =
        details.map(|piece| format!("{:+.1}  {} · {}", f64::from(piece.weight) / 100.0, piece.cause, piece.says));
    let text = format!("{}, {} % sure", found.cause, found.percent);
    Line { details: details.collect(), ..line(at, Mark::Cause, text) }
}

/// Name of the alarm and when it changed, by either way the event came.
fn named(event: &Value) -> Option<(String, Option<Timestamp>)> {
    match alarm_responder::event::parse(event).ok()? {
        alarm_responder::event::Incoming::Alarm(signal) => Some((signal.name, Some(signal.at))),
        _ => None,
    }
}

/// CloudWatch's reason without what everybody knows.
fn reason(event: &Value) -> Option<String> {
    let alarm_responder::event::Incoming::Alarm(signal) = alarm_responder::event::parse(event).ok()? else {
        return None;
    };
    if signal.state != AlarmState::Alarm {
        return None;
    }
    let says = signal.reason.strip_prefix("Threshold Crossed: ").unwrap_or(&signal.reason);
    let says = says.split(" (minimum").next().unwrap_or(says);
    Some(without_times(says)).filter(|says| !says.is_empty())
}

/// The datapoints' values without their times, which the time line has.
fn without_times(says: &str) -> String {
    let Some((before, rest)) = says.split_once('[') else { return says.to_owned() };
    let Some((points, after)) = rest.split_once(']') else { return says.to_owned() };
    let values: Vec<&str> = points.split(", ").map(|point| point.split(" (").next().unwrap_or(point)).collect();
    format!("{before}[{}]{after}", values.join(", "))
}

/// A moment of the night.
pub(super) fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%S").to_string()
}
