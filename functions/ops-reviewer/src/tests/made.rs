//! What a ledger may hold, made short. All minutes are counted from the
//! beginning of Monday, 16 November 2026, in UTC.

use jiff::{SignedDuration, Timestamp};
use nightshift_core::fault::Sight;
use nightshift_core::ids::{AlarmArn, EventId, ServiceRef, TaskDefinitionArn};
use nightshift_core::incident::{Denied, Incident, Intent};
use nightshift_core::ledger::Silent;
use nightshift_core::mode::Mode;
use nightshift_core::refusal::Refusal;
use nightshift_core::remedy::{Outcome, Remedy};
use nightshift_core::verdict::{DeploymentKind, PastRelease};
use nightshift_incident::stack::{Home, Stack};
use serde_json::json;

use crate::event::{Due, Kind};
use crate::history::History;
use crate::observe::Observed;

/// Minutes of a day.
pub const DAY: i64 = 24 * 60;

pub fn at(minute: i64) -> Timestamp {
    let monday: Timestamp = "2026-11-16T00:00:00Z".parse().unwrap();
    monday + SignedDuration::from_mins(minute)
}

pub fn service(name: &str) -> ServiceRef {
    ServiceRef::from_arn(&format!("arn:aws:ecs:eu-west-1:123456789012:service/{name}")).unwrap()
}

pub fn alarm(name: &str) -> AlarmArn {
    AlarmArn::new(format!("arn:aws:cloudwatch:eu-west-1:123456789012:alarm:{name}"))
}

/// An incident of one alarm, `prod-web-5xx` for `prod/web`, that went away by
/// itself.
pub fn ended(name: &str, from: i64, to: i64) -> Incident {
    let called = format!("{}-5xx", name.replace('/', "-"));
    let incident = json!({
        "id": format!("{}-{}", at(from).strftime("%Y%m%d-%H%M"), name.replace('/', "-")),
        "opened_at": at(from),
        "about": {"impact": {}},
        "severity": "P2",
        "severity_because": "untagged",
        "mode": "act",
        "phase": "resolved",
        "alarms": {alarm(&called).as_str(): {"name": called, "state": "OK", "at": at(to), "times": 1}},
        "intents": [],
        "sequence": 2,
        "pages": 0,
        "checks": 3,
        "deadline": at(from + 12),
        "healthy_since": at(to),
        "chronic": false,
        "heard_at": at(to),
        "closed_at": at(to),
    });
    serde_json::from_value(incident).unwrap()
}

fn definition(name: &str, number: i64) -> TaskDefinitionArn {
    let family = name.split('/').next_back().unwrap();
    TaskDefinitionArn::new(format!("arn:aws:ecs:eu-west-1:123456789012:task-definition/{family}:{number}"))
}

/// A rollback was claimed then, and taken.
pub fn taken(incident: &mut Incident, minute: i64) {
    let (from, to) = (definition("web", 43), definition("web", 42));
    incident.intents.push(Intent {
        key: "k".into(),
        remedy: Remedy::RollBack { from: from.clone(), to },
        event: EventId::new("e"),
        claimed_at: at(minute),
        lease_until: at(minute + 1),
        waits_s: 0,
        deny: Some(denied(incident, from, minute)),
        outcome: Some(Outcome::Taken { at: at(minute) }),
    });
}

fn denied(incident: &Incident, task_definition: TaskDefinitionArn, minute: i64) -> Denied {
    let until = at(minute + 7 * DAY);
    let incident = incident.id.clone();
    Denied { task_definition, digests: Vec::new(), incident, at: at(minute), until, enforced: None, quarantined: None }
}

/// The service is only observed, and `suspect` would have been rolled back.
pub fn observed_only(incident: &mut Incident, suspect: &PastRelease) {
    let release = &suspect.release;
    let from = release.target.task_definition.clone();
    incident.mode = Mode::Observe;
    incident.refusal = Some(Refusal::NotOptedIn { mode: Mode::Observe });
    incident.would = Some(Remedy::RollBack { from: from.clone(), to: definition("web", 42) });
    let suspect = json!({
        "deployment": release.id,
        "revision": release.target.arn,
        "task_definition": from,
        "began_at": release.began_at,
    });
    incident.suspect = serde_json::from_value(suspect).unwrap();
}

/// A release that took three minutes and is healthy.
pub fn release(name: &str, minute: i64) -> PastRelease {
    let past = json!({
        "service": service(name),
        "environment": "prod",
        "release": {
            "id": format!("arn:aws:ecs:eu-west-1:123456789012:service-deployment/{name}/{minute}"),
            "kind": "release",
            "from": definition(name, minute - 1),
            "target": {
                "arn": format!("arn:aws:ecs:eu-west-1:123456789012:service-revision/{name}/{minute}"),
                "task_definition": definition(name, minute),
                "images": {},
                "surroundings": "same",
            },
            "origin": {},
            "began_at": at(minute),
            "ended_at": at(minute + 3),
            "status": "SUCCESSFUL",
            "failures": [],
            "failed": 0,
            "warnings": [],
            "verdict": {"verdict": "healthy", "since": at(minute + 3)},
            "sequence": 0,
        },
    });
    serde_json::from_value(past).unwrap()
}

/// A return to what ran before.
pub fn returned(name: &str, minute: i64) -> PastRelease {
    let mut past = release(name, minute);
    past.release.kind = DeploymentKind::Rollback;
    past
}

/// An event that opened no incident.
pub fn silent(refusal: Refusal, name: &str, minute: i64) -> Silent {
    let event = EventId::of(&[name, &minute.to_string()]);
    Silent { event, at: at(minute), alarm: Some(alarm(name)), service: None, refusal, told: false }
}

/// The stack whose reports are made.
pub fn stack() -> Stack {
    let home = Home { account: "123456789012".into(), region: "eu-west-1".into() };
    Stack { name: "nightshift".into(), home, default_mode: Mode::Observe, drill_service: None }
}

/// A report in Berlin at the minute, over what was recorded.
pub fn observed(report: Kind, minute: i64, history: History) -> Observed {
    Observed {
        due: Due::new(report, "Europe/Berlin", at(minute)).unwrap(),
        stack: stack(),
        history,
        open: Sight::Seen(Vec::new()),
        denied: Default::default(),
    }
}
