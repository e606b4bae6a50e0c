//! The fleet's incident: many services fell ill at once, and one message tells of it.
//!
//! It has a record of its own under a name that no service can have, and what others
//! must know of it stands in the [`Fleet`](nightshift_core::fleet::Fleet) that every
//! decision reads: both are written in one claim. While it is open, incidents that the
//! brake keeps from any remedy are kept in the ledger as ever, checked and closed, and
//! told by this one alone; only P1 still pages by itself. So the number of messages does
//! not grow with the number of services: this one is told when it opens, each time twice
//! as many or half as many are ill, and when it is over.

mod observe;
mod wording;

use jiff::Timestamp;
use nightshift_core::fault::Sight;
use nightshift_core::fleet::{FleetIncident, is_no_service};
use nightshift_core::ids::{EventId, IncidentId, ServiceRef};
use nightshift_core::incident::{About, Incident, Phase, ServiceRecord};
use nightshift_core::ledger::{Claim, Opening};
use nightshift_core::mode::{Mode, Severity};
use nightshift_core::notice::{NoticeKind, Pager};
use nightshift_core::policy::Policy;
use nightshift_core::span::Span;
use nightshift_core::timer::Timer;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::life::{self, Moment};
use crate::plan::{Decision, Plan};
use crate::scene::Standing;
use crate::stack::Home;
use crate::{end, guardrails, paging, self_drill, severity};

pub use observe::observe;
pub(crate) use wording::left_alone;

/// A schedule fires within its minute, and Lambda tries again after one.
const OVERDUE: Span = Span::minutes(2);

/// In the place of a function, in the cases of these decisions.
pub const FUNCTION: &str = "fleet";

/// Why it is looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "occasion", rename_all = "kebab-case")]
pub enum Occasion {
    /// An alarm found many services ill, and nobody told of it.
    Alarm {
        /// Its event.
        event: EventId,
        /// Of which service.
        service: ServiceRef,
        /// That service's mode.
        mode: Mode,
        /// When the alarm rang.
        at: Timestamp,
    },
    /// Its timer fired.
    Check {
        /// The timer's event.
        event: EventId,
        /// The incident.
        incident: IncidentId,
        /// Which check it is.
        number: u32,
    },
}

impl Occasion {
    /// What is claimed: an alarm is claimed by its service's incident as well.
    fn event(&self) -> EventId {
        match self {
            Self::Alarm { event, .. } => EventId::of(&[FUNCTION, event.as_str()]),
            Self::Check { event, .. } => event.clone(),
        }
    }
}

/// Everything a decision about the fleet is made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Observed {
    /// Why it is looked at.
    pub occasion: Occasion,
    /// What is remembered; the record is the fleet's.
    pub standing: Sight<Standing>,
    /// Incidents that opened since shortly before this one did, and are open.
    pub ill: Sight<Vec<Opening>>,
}

/// Whether an alarm finds many services ill, and nobody was told, or nobody was woken
/// although this service may wake somebody; or an earlier run of it died while it told.
pub fn is_news(
    standing: &Standing,
    (event, service): (&EventId, &ServiceRef),
    mode: Mode,
    policy: &Policy,
    now: Timestamp,
) -> bool {
    let all = &standing.fleet.value;
    if all.incident.as_ref().is_some_and(|open| open.by == *event) {
        return true;
    }
    if guardrails::brake(&standing.openings, service, all.services, policy, now).is_none() {
        return false;
    }
    all.incident.as_ref().is_none_or(|open| !open.pages && !severity::hushed(mode, policy))
}

/// The fleet's incident, if it tells of this one: nothing was told of it before, and it
/// is not one that wakes somebody by itself.
pub(crate) fn tells_of(moment: Moment<'_>, incident: &Incident) -> Option<IncidentId> {
    let Moment { standing, policy, now, scene, .. } = moment;
    let all = &standing.fleet.value;
    let open = all.incident.as_ref()?;
    guardrails::brake(&standing.openings, &scene.service, all.services, policy, now)?;
    let hushed = severity::hushed(incident.mode, policy);
    let tells = hushed || (open.pages && incident.severity != Severity::P1);
    (tells && incident.untold == incident.sequence).then(|| open.id.clone())
}

/// Whether an incident that the fleet's told of has to tell of itself from now on.
pub fn is_over_for(incident: &Incident, standing: &Standing) -> bool {
    let open = standing.fleet.value.incident.as_ref().map(|open| &open.id);
    incident.told_by.as_ref().is_some_and(|by| Some(by) != open)
}

/// The check of the fleet's incident that nobody made in time. Whoever had to set it may
/// have died with every retry, and then nobody has told of the incident either, while
/// all who are ill rely on it. So whoever checks one of them takes it up; those that fell
/// ill before there were many are looked at every minute.
pub fn overdue(standing: &Standing, home: &Home, now: Timestamp) -> Option<Timer> {
    let open = standing.fleet.value.incident.as_ref()?;
    let fleet = nightshift_core::fleet::service((&home.account, &home.region));
    (OVERDUE.after(open.due) <= now).then(|| Timer::fleet(&fleet, &open.id, open.check, open.due))
}

/// Decides what is told of the fleet.
pub fn plan(observed: &Observed, policy: &Policy, now: Timestamp) -> Plan {
    let standing = match self_drill::known(&observed.standing) {
        Ok(standing) => standing,
        Err(plan) => return *plan,
    };
    let ill = match &observed.ill {
        Sight::Seen(ill) => ill,
        Sight::Unseen(fault) => return Plan::of(Decision::Blind { fault: fault.clone() }),
    };
    let mut ill: Vec<ServiceRef> =
        ill.iter().map(|opening| &opening.service).filter(|service| !is_no_service(service)).cloned().collect();
    let open = standing.fleet.value.incident.as_ref();
    let event = observed.occasion.event();
    match (&observed.occasion, open, &standing.record.value.incident) {
        (Occasion::Alarm { event: by, service, mode, at }, open, _) => {
            ill.push(service.clone());
            let seen = Seen::of(ill, standing, policy);
            match open {
                None => opened(standing, (&event, by, *at), *mode, (&seen, policy), now),
                Some(open) if is_news(standing, (by, service), *mode, policy, now) => {
                    woken(standing, (&event, by), open, &seen, now)
                }
                Some(_) => Plan::of(Decision::Settled),
            }
        }
        (Occasion::Check { incident, number, .. }, Some(open), Some(record))
            if open.id == *incident && record.checks == *number =>
        {
            checked(standing, &event, open, (&Seen::of(ill, standing, policy), policy), now)
        }
        (Occasion::Check { .. }, ..) => Plan::of(Decision::Settled),
    }
}

/// The services that are ill, each once.
#[derive(Debug)]
pub(crate) struct Seen {
    ill: Vec<ServiceRef>,
    all: Option<u32>,
    window: Span,
}

impl Seen {
    fn of(mut ill: Vec<ServiceRef>, standing: &Standing, policy: &Policy) -> Self {
        ill.sort();
        ill.dedup();
        Self { ill, all: standing.fleet.value.services, window: policy.guardrails.fleet_window }
    }

    fn number(&self) -> u32 {
        u32::try_from(self.ill.len()).unwrap_or(u32::MAX)
    }
}

fn opened(
    standing: &Standing,
    (event, by, at): (&EventId, &EventId, Timestamp),
    mode: Mode,
    (seen, policy): (&Seen, &Policy),
    now: Timestamp,
) -> Plan {
    let mut record = standing.record.value.clone();
    // Of the alarm, not of the clock: a retry opens the same incident.
    let id = IncidentId::of(&record.service, &at.strftime("%Y%m%d-%H%M").to_string(), event);
    record.incident = Some(incident(id.clone(), seen, mode, now));
    let pager = paging::page(&mut record, false, policy);
    let pages = pager.is_some();
    crate::wording::tell(&mut record, NoticeKind::Opened, wording::opened(seen, pages), pager, now);
    let (check, due) = next_check(&mut record, policy.verify.every.after(now));
    let (by, told) = (by.clone(), seen.number());
    let open = FleetIncident { id, by, since: now, pages, told, most: told, check, due };
    Plan::claiming(Decision::FleetIncident, claim(standing, event, record, Some(open), now))
}

fn incident(id: IncidentId, seen: &Seen, mode: Mode, now: Timestamp) -> Incident {
    let refusal = nightshift_core::refusal::Refusal::FleetWide { services: seen.number() };
    Incident {
        about: About { impact: wording::impact(seen), ..About::default() },
        severity_because: "many services are ill at once".to_owned(),
        phase: Phase::Escalated,
        refusal: Some(refusal),
        trouble: Some(wording::trouble(seen)),
        escalated_at: Some(now),
        ..life::of_nothing(id, Severity::P1, mode, now)
    }
}

/// Services that are only observed opened it; now one that may wake somebody is ill.
fn woken(
    standing: &Standing,
    (event, by): (&EventId, &EventId),
    open: &FleetIncident,
    seen: &Seen,
    now: Timestamp,
) -> Plan {
    let mut record = standing.record.value.clone();
    let Some(incident) = record.incident.as_mut() else { return Plan::of(Decision::Settled) };
    refresh(incident, seen);
    incident.mode = Mode::Approve;
    incident.pages += 1;
    let pager = Pager::Trigger { key: incident.page_key(incident.pages) };
    crate::wording::tell(&mut record, NoticeKind::Escalated, wording::opened(seen, true), Some(pager), now);
    let open = FleetIncident {
        by: by.clone(),
        pages: true,
        told: seen.number(),
        most: open.most.max(seen.number()),
        ..open.clone()
    };
    Plan::claiming(Decision::FleetIncident, claim(standing, event, record, Some(open), now))
}

fn checked(
    standing: &Standing,
    event: &EventId,
    open: &FleetIncident,
    (seen, policy): (&Seen, &Policy),
    now: Timestamp,
) -> Plan {
    let mut record = standing.record.value.clone();
    let (number, most) = (seen.number(), open.most.max(seen.number()));
    if let Some(incident) = record.incident.as_mut() {
        refresh(incident, seen);
    }
    let all = &standing.fleet.value;
    // Whose event failed comes again within the window, and belongs to this.
    let young = policy.guardrails.fleet_window.after(open.since) > now;
    let goes_on = young || guardrails::wave(&standing.openings, all.services, policy, now).is_some();
    let chronic = policy.alarms.chronic_after.after(open.since) < now;
    if !goes_on && (number < policy.guardrails.fleet_services || chronic) {
        if let Some(incident) = record.incident.as_mut() {
            incident.trouble = Some(format!("{most} services were ill at once"));
        }
        let closed = end::over(&mut record, wording::over(seen, open, now), now);
        let claim = Claim { closed, ..claim(standing, event, record, None, now) };
        return Plan::claiming(Decision::Resolved, claim);
    }
    let far = number >= open.told.saturating_mul(2) || number.saturating_mul(2) <= open.told;
    // Nobody ill is twice as many as nobody.
    let news = far && number != open.told;
    let told = if news { number } else { open.told };
    if news {
        crate::wording::tell(&mut record, NoticeKind::Updated, wording::changed(seen, most), None, now);
    }
    let checks = record.incident.as_ref().map_or(0, |incident| incident.checks);
    let often = checks < policy.verify.most_checks;
    let every = if often { policy.verify.every } else { policy.verify.escalated_every };
    let (check, due) = next_check(&mut record, every.after(now));
    let waiting_for = vec![format!("{number} services that are ill")];
    let open = FleetIncident { told, most, check, due, ..open.clone() };
    Plan::claiming(Decision::CheckAgain { waiting_for }, claim(standing, event, record, Some(open), now))
}

fn refresh(incident: &mut Incident, seen: &Seen) {
    incident.about.impact = wording::impact(seen);
    incident.trouble = Some(wording::trouble(seen));
}

/// Sets the next check; gives its number and when it is due.
fn next_check(record: &mut ServiceRecord, at: Timestamp) -> (u32, Timestamp) {
    let service = record.service.clone();
    let Some(incident) = record.incident.as_mut() else { return (0, at) };
    incident.checks += 1;
    incident.timer = Some(Timer::fleet(&service, &incident.id, incident.checks, at));
    (incident.checks, at)
}

fn claim(
    standing: &Standing,
    event: &EventId,
    record: ServiceRecord,
    open: Option<FleetIncident>,
    now: Timestamp,
) -> Claim {
    let mut all = standing.fleet.clone();
    all.value.incident = open;
    Claim { fleet: Some(all), ..life::claim(standing, event, record, None, now) }
}
