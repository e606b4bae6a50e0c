//! An alarm that was too new to be answered is read again.

use nightshift_core::alarm::{AlarmSignal, Door};
use nightshift_core::ids::AlarmArn;
use nightshift_incident::again;
use nightshift_incident::answer::answer_by;
use nightshift_incident::life::Moment;
use nightshift_incident::plan::{Decision, Plan};

use super::Weigh;
use crate::observe::Observed;

/// A newborn alarm has come of age: ALARM counts as a fresh signal now, unless somebody
/// has silenced it since.
pub(super) fn reread(moment: Moment<'_>, arn: &AlarmArn, observed: &Observed, weigh: Weigh<'_>) -> Plan {
    let Some(live) = observed.alarms.get(arn.name()) else { return Plan::of(Decision::Settled) };
    let alarm = live.seen().and_then(Option::as_ref).filter(|alarm| alarm.arn == *arn);
    let Some(alarm) = again::symptom(alarm) else { return Plan::of(Decision::Settled) };
    let service = &moment.scene.service;
    let signal = AlarmSignal {
        event: moment.event.clone(),
        door: Door::Timer,
        arn: alarm.arn.clone(),
        name: alarm.name.clone(),
        account: service.account.clone(),
        region: service.region.clone(),
        kind: alarm.kind,
        state: alarm.state,
        previous: None,
        suppressed_by: None,
        was_suppressed: false,
        at: moment.now,
        reason: alarm.reason.clone().unwrap_or_default(),
        description: alarm.description.clone(),
        tags: alarm.tags.clone(),
        metrics: alarm.metrics.clone(),
        children: Vec::new(),
        drill: false,
    };
    answer_by(moment, &signal, live, Some(alarm), || weigh(alarm))
}
