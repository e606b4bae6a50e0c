//! Drills: what a person asks for ([`DrillEvent`]), and what the stack does by itself.
//!
//! The self-drill: once a day the stack's own test alarm rings, and goes the way
//! of every alarm up to the notifier, which counts it and tells nobody.
//!
//! Nothing here is about a service. What would be an incident's is kept under
//! names that no service and no incident can have, so that each day overwrites
//! the last.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::alarm::{AlarmSignal, Door};
use crate::ids::{EventId, IncidentId, ServiceRef};
use crate::incident::Phase;
use crate::mode::{Mode, Severity};
use crate::notice::{Notice, NoticeKind};
use crate::timer::{Purpose, Timer};

/// The source of a drill's events: nobody but AWS can send `aws.*`.
pub const SOURCE: &str = "nightshift.drill";

/// An event that looks like one of AWS, but for its source. It acts on the one
/// service that the stack's parameter `DrillService` names, and on no other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrillEvent {
    /// As AWS calls it.
    pub detail_type: String,
    /// ARNs of what it is about.
    pub resources: Vec<String>,
    /// What it says.
    pub detail: Value,
}

/// In place of an incident's id.
const INCIDENT: &str = "self-drill";
/// The figure of the notice that names the door.
const HEARD_BY: &str = "heard by";

/// The name of the test alarm of a stack.
pub fn alarm_of(stack: &str) -> String {
    format!("{stack}-drill")
}

/// In place of a service: ECS lets none be called so.
pub fn service((account, region): (&str, &str)) -> ServiceRef {
    ServiceRef {
        account: account.to_owned(),
        region: region.to_owned(),
        cluster: "*".to_owned(),
        service: "self-drill".to_owned(),
    }
}

/// One delivery by one door is one event: were they the same, the door that is
/// quicker would hide that the other one is shut.
pub fn event_of(signal: &AlarmSignal) -> EventId {
    EventId::of(&[signal.event.as_str(), INCIDENT, door_name(signal.door)])
}

/// The timer that carries the drill to the verifier, at `at`.
pub fn timer_of(signal: &AlarmSignal, at: Timestamp) -> Timer {
    Timer {
        name: format!("{INCIDENT}-{}", event_of(signal)),
        at,
        service: service((&signal.account, &signal.region)),
        purpose: Purpose::SelfDrill { door: signal.door, rang_at: signal.at },
    }
}

/// What reaches the notifier of a drill that rang at `rang_at`. Whoever reads
/// every notice, without a filter, reads this one too: hence the sentences.
pub fn notice(service: &ServiceRef, door: Door, rang_at: Timestamp) -> Notice {
    let headline = "Nightshift's daily self-drill went through: all is well, and there is nothing to do";
    Notice {
        incident: IncidentId::new(INCIDENT),
        // One for each door: two drills of a day must not pass for one notice.
        sequence: match door {
            Door::EventBridge => 1,
            Door::Sns => 2,
            Door::Direct => 3,
            Door::Timer => 4,
        },
        kind: NoticeKind::SelfDrill,
        phase: Phase::Noted,
        severity: Severity::P3,
        severity_because: "it is a drill".to_owned(),
        mode: Mode::Observe,
        service: service.clone(),
        environment: None,
        team: None,
        opened_at: rang_at,
        at: rang_at,
        headline: headline.to_owned(),
        why: vec![
            "The stack's own test alarm was set, and went the way of every alarm: alarm-responder, ledger, timer, \
             remedy-verifier, this topic."
                .to_owned(),
            "Nobody is told in the chat. A subscription that shall not get this either takes a filter policy: kind \
             anything-but self-drill."
                .to_owned(),
        ],
        done: Vec::new(),
        evidence: Vec::new(),
        impact: BTreeMap::from([(HEARD_BY.to_owned(), door_name(door).to_owned())]),
        drift: None,
        links: Vec::new(),
        timeline: format!("the self-drill came by {}", door_name(door)),
        pager: None,
        plainly: false,
        untold: 0,
        told_by: None,
        sections: Vec::new(),
        chart: None,
    }
}

/// The door by which the drill came; `None`: it is no drill.
pub fn door_of(notice: &Notice) -> Option<Door> {
    let drill = notice.kind == NoticeKind::SelfDrill;
    let named = notice.impact.get(HEARD_BY).filter(|_| drill)?;
    Door::ALL.into_iter().find(|door| door_name(*door) == named)
}

fn door_name(door: Door) -> &'static str {
    match door {
        Door::EventBridge => "EventBridge",
        Door::Sns => "SNS",
        Door::Direct => "the alarm's Lambda action",
        Door::Timer => "a timer",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drill_says_by_which_door_it_came_and_nothing_else_does() {
        let service = service(("123456789012", "eu-west-1"));
        for door in Door::ALL {
            let notice = notice(&service, door, Timestamp::UNIX_EPOCH);
            assert_eq!(door_of(&notice), Some(door));
            let other = Notice { kind: NoticeKind::Report, ..notice };
            assert_eq!(door_of(&other), None, "{door:?}");
        }
    }
}
