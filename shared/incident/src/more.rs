//! More tasks once more: load that grows outgrows what was added for it.

use nightshift_core::alarm::LiveAlarm;
use nightshift_core::incident::{Incident, Phase, ServiceRecord};
use nightshift_core::mode::Mode;
use nightshift_core::notice::NoticeKind;
use nightshift_core::policy::Policy;
use nightshift_core::remedy::{Outcome, Remedy, RemedyKind};
use nightshift_core::service::{ScalableTarget, Service};
use nightshift_core::span::Span;
use nightshift_diagnosis::{has_grown, in_use};

use crate::decide::{Verdict, explained_elsewhere, mode, touchable_by};
use crate::fitting::{AIM_PERCENT, enough};
use crate::life::{self, Moment};
use crate::plan::{Decision, Plan};
use crate::{again, guardrails};

/// Tasks have started, serve, and have shown for five minutes what they have to do.
const SHOWN_AFTER: Span = Span::minutes(8);
/// So much more CPU than was aimed at is in use: there are not enough yet.
const BEYOND_AIM: u32 = 15;

/// Adds tasks a second time, where those that were added all run and are full, there are
/// more requests than when they were added, and an alarm still fires. Not a third time, and
/// within the same limits as the first.
pub fn more(moment: Moment<'_>, mut record: ServiceRecord, open: &Incident, alarms: &[&LiveAlarm]) -> Option<Plan> {
    let remedy = remedy(moment, open, alarms)?;
    let mode = mode(&moment.scene.view.service, moment.scene.default_mode);
    let verdict = Verdict { remedy: Some(remedy.clone()), refusal: None, mode };
    life::rule(&mut record, moment, &verdict, NoticeKind::Updated);
    again::say_so(&mut record, open);
    Some(Plan::claiming(Decision::Remedy { remedy }, moment.claim_remedy(record)))
}

fn remedy(moment: Moment<'_>, open: &Incident, alarms: &[&LiveAlarm]) -> Option<Remedy> {
    let Moment { scene, standing, policy, now, .. } = moment;
    let raised = open.raised.filter(|_| open.phase == Phase::Verifying && added_once(open))?;
    let since = open.taken().and_then(|intent| match intent.outcome {
        Some(Outcome::Taken { at } | Outcome::FoundTaken { at }) => Some(at),
        _ => None,
    })?;
    let rings = again::symptom(alarms.iter().copied()).is_some();
    if !rings || again::one_of_many(standing) || SHOWN_AFTER.after(since) > now {
        return None;
    }
    let service = touchable_by(scene, false, false).ok()?;
    let target = scene.view.scaling.seen()?.as_ref()?;
    let all_run = service.settled() && service.desired >= raised.to && target.min == raised.to;
    let allowed = mode(&scene.view.service, scene.default_mode) == Mode::Act
        && explained_elsewhere(scene, standing, policy, now).is_none()
        && guardrails::of_the_hour(standing.switched_off(), policy, now).is_none()
        && guardrails::budget(&standing.record.value, policy, now).is_none()
        && guardrails::of_the_fleet(&standing.fleet.value, policy, now).is_none();
    let in_use = in_use(&scene.view, now).filter(|in_use| *in_use > AIM_PERCENT + BEYOND_AIM)?;
    let grows = has_grown(&scene.view, since, now);
    (all_run && allowed && grows).then(|| outgrown(service, *target, in_use, policy)).flatten()
}

fn outgrown(service: &Service, target: ScalableTarget, in_use: u32, policy: &Policy) -> Option<Remedy> {
    let to = enough(service, Some(in_use), policy).min(target.max);
    (to > service.desired).then_some(Remedy::ScaleOut { from: target.min, to })
}

fn added_once(open: &Incident) -> bool {
    open.intents.iter().filter(|intent| intent.remedy.kind() == RemedyKind::ScaleOut).count() == 1
}
