//! A second look. In the minute in which an alarm rings little shows: one datapoint, a
//! release that has just begun to take over, a call that AWS refused. What could not be
//! decided then is decided a little later, from all that shows by then.

use nightshift_core::alarm::{AlarmState, LiveAlarm};
use nightshift_core::cause::Diagnosis;
use nightshift_core::fault::Sight;
use nightshift_core::incident::{Incident, ServiceRecord};
use nightshift_core::mode::Mode;
use nightshift_core::notice::NoticeKind;
use nightshift_core::policy::Policy;
use nightshift_core::refusal::Refusal;
use nightshift_core::remedy::Remedy;

use crate::decide::{Trigger, Verdict, decide};
use crate::life::{self, Moment};
use crate::plan::{Decision, Plan};
use crate::scene::Standing;

/// The checks of an incident that look at everything again.
const LOOKS: [u32; 3] = [2, 4, 8];

/// Whether the incident's next check looks at everything again: nobody has decided
/// anything yet, but for want of evidence or of sight, and it is not one of many.
pub fn is_due(incident: &Incident, standing: &Standing) -> bool {
    use Refusal::{ConfidenceTooLow, NoRemedyForCause, NotObserved, ReleaseNotToBlame};
    let undecided = matches!(
        incident.refusal,
        Some(ConfidenceTooLow { .. } | ReleaseNotToBlame | NoRemedyForCause | NotObserved { .. })
    );
    let alone = incident.told_by.is_none() && !one_of_many(standing);
    undecided && alone && incident.intents.is_empty() && LOOKS.contains(&incident.checks)
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
    let leads = reach(verdict.remedy.as_ref(), verdict.refusal.as_ref(), policy);
    if leads <= reach(open.would.as_ref(), open.refusal.as_ref(), policy) {
        return None;
    }
    let incident = record.incident.as_mut()?;
    incident.suspect.clone_from(&diagnosis.suspect);
    incident.diagnosis = Some(diagnosis);
    // A question must not be an edit alone: somebody is to answer it.
    let asks = leads == Reach::Asks || (leads == Reach::WouldAct && verdict.mode == Mode::Approve);
    let kind = if asks { NoticeKind::Escalated } else { NoticeKind::Updated };
    life::rule(&mut record, moment, &verdict, kind);
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

/// Many services were ill at once, and that is not over. The brake counts who opened an
/// incident lately, and would have let go of those that opened first.
pub(crate) fn one_of_many(standing: &Standing) -> bool {
    standing.fleet.value.incident.is_some()
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use nightshift_core::alarm::AlarmKind;
    use nightshift_core::ids::AlarmArn;

    use super::*;

    fn alarm(name: &str, since: &str) -> LiveAlarm {
        LiveAlarm {
            arn: AlarmArn::new(format!("arn:aws:cloudwatch:eu-west-1:123456789012:alarm:{name}")),
            name: name.into(),
            kind: AlarmKind::Metric,
            state: AlarmState::Alarm,
            since: Some(since.parse().unwrap()),
            configured_at: None,
            actions_enabled: true,
            suppressed_by: None,
            reason: None,
            description: None,
            tags: BTreeMap::new(),
            metrics: Vec::new(),
            children: Vec::new(),
            threshold: None,
            breaches_above: true,
            period_s: 60,
            evaluation_periods: 1,
        }
    }

    #[test]
    fn the_symptom_is_that_of_the_alarm_that_rang_first_and_that_nobody_silenced() {
        let (first, second) = (alarm("errors", "2026-11-20T02:14:00Z"), alarm("latency", "2026-11-20T02:16:00Z"));
        let found = |alarms: &[&LiveAlarm]| symptom(alarms.iter().copied()).map(|alarm| alarm.name.clone());
        assert_eq!(found(&[&second, &first]).as_deref(), Some("errors"));
        let quiet = LiveAlarm { actions_enabled: false, ..first.clone() };
        let held = LiveAlarm { suppressed_by: Some("maintenance".into()), ..first.clone() };
        let over = LiveAlarm { state: AlarmState::Ok, ..first };
        for gone in [quiet, held, over] {
            assert_eq!(found(&[&second, &gone]).as_deref(), Some("latency"), "{gone:?}");
            assert_eq!(found(&[&gone]), None, "{gone:?}");
        }
    }

    #[test]
    fn a_look_is_worth_telling_only_if_it_leads_further() {
        use nightshift_core::mode::Mode;
        let policy = Policy::default();
        let remedy = Remedy::ScaleOut { from: 2, to: 4 };
        let sure = |percent| Refusal::ConfidenceTooLow { percent };
        let of = |refusal: Option<Refusal>| reach(Some(&remedy), refusal.as_ref(), &policy);
        let observed = Some(Refusal::NotOptedIn { mode: Mode::Observe });
        assert!(of(Some(sure(59))) < of(Some(sure(60))));
        assert!(of(Some(sure(89))) < of(observed.clone()) && of(observed) < of(None));
        assert_eq!(of(Some(Refusal::Halted)), Reach::Nothing);
        assert_eq!(reach(None, None, &policy), Reach::Nothing);
    }
}
