//! A second look. In the minute in which an alarm rings little shows: one datapoint, a
//! release that has just begun to take over, a call that AWS refused. What could not be
//! decided then is decided a little later, from all that shows by then.

use nightshift_core::alarm::{AlarmState, LiveAlarm};
use nightshift_core::cause::Diagnosis;
use nightshift_core::fault::Sight;
use nightshift_core::incident::{Incident, ServiceRecord};
use nightshift_core::notice::NoticeKind;
use nightshift_core::policy::Policy;
use nightshift_core::refusal::Refusal;
use nightshift_core::remedy::Remedy;

use crate::decide::{Trigger, Verdict, decide};
use crate::life::{self, Moment};
use crate::plan::{Decision, Plan};

/// The checks of an incident that look at everything again.
const LOOKS: [u32; 3] = [2, 4, 8];

/// Whether the incident's next check looks at everything again: nobody has decided
/// anything yet, but for want of evidence or of sight.
pub fn is_due(incident: &Incident) -> bool {
    use Refusal::{ConfidenceTooLow, NoRemedyForCause, NotObserved, ReleaseNotToBlame};
    let undecided = matches!(
        incident.refusal,
        Some(ConfidenceTooLow { .. } | ReleaseNotToBlame | NoRemedyForCause | NotObserved { .. })
    );
    undecided && incident.intents.is_empty() && incident.told_by.is_none() && LOOKS.contains(&incident.checks)
}

/// The alarm whose symptom is looked at: of those that fire, the one that rang first. One
/// that somebody has silenced since rings no more.
pub fn symptom<'a>(alarms: impl IntoIterator<Item = &'a LiveAlarm>) -> Option<&'a LiveAlarm> {
    let rings = |alarm: &LiveAlarm| alarm.actions_enabled && alarm.suppressed_by.is_none();
    let firing = alarms.into_iter().filter(|alarm| alarm.state == AlarmState::Alarm && rings(alarm));
    firing.min_by_key(|alarm| (alarm.since, &alarm.name))
}

/// Decides again where the evidence adds up to that, if it leads further than before: from
/// nothing to a question, from a question to a remedy.
pub fn look(
    moment: Moment<'_>,
    mut record: ServiceRecord,
    open: &Incident,
    (alarm, diagnosis): (&LiveAlarm, Diagnosis),
) -> Option<Plan> {
    let Moment { scene, policy, now, .. } = moment;
    let live = Sight::Seen(Some(alarm.clone()));
    let verdict = decide(scene, &diagnosis, Trigger { alarm: &live, at: now, drill: false }, policy, now);
    if reach(verdict.remedy.as_ref(), verdict.refusal.as_ref(), policy)
        <= reach(open.would.as_ref(), open.refusal.as_ref(), policy)
    {
        return None;
    }
    let incident = record.incident.as_mut()?;
    incident.suspect.clone_from(&diagnosis.suspect);
    incident.diagnosis = Some(diagnosis);
    life::rule(&mut record, moment, &verdict, NoticeKind::Updated);
    say_so(&mut record, open);
    Some(match verdict.act() {
        Some(remedy) => Plan::claiming(Decision::Remedy { remedy: remedy.clone() }, moment.claim_remedy(record)),
        None => {
            let Verdict { remedy: would, refusal, .. } = verdict;
            let refusal = refusal.unwrap_or(Refusal::NoRemedyForCause);
            Plan::claiming(Decision::Refused { refusal, would }, moment.claim(record, None))
        }
    })
}

/// Says that the newest notice is of another look at the same trouble. Whoever was woken
/// by that already is not woken for it again.
pub(crate) fn say_so(record: &mut ServiceRecord, open: &Incident) {
    let Some(notice) = record.unpublished.last_mut() else { return };
    notice.timeline = format!("looked again: {}", notice.timeline);
    if let Some(incident) = record.incident.as_mut().filter(|_| open.pages > 0) {
        incident.pages = open.pages;
        notice.pager = None;
    }
}

/// How far a decision goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    Nothing,
    Asks,
    WouldAct,
    Acts,
}

fn reach(remedy: Option<&Remedy>, refusal: Option<&Refusal>, policy: &Policy) -> Reach {
    match (remedy, refusal) {
        (Some(_), None) => Reach::Acts,
        (Some(_), Some(Refusal::NotOptedIn { .. })) => Reach::WouldAct,
        (Some(_), Some(Refusal::ConfidenceTooLow { percent })) if *percent >= policy.confidence.ask_at => Reach::Asks,
        _ => Reach::Nothing,
    }
}
