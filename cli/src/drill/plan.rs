//! What a drill will do, and what is to arrive: pure, so that it can be printed
//! and not carried out.

use jiff::Timestamp;
use nightshift_core::alarm::{AlarmState, LiveAlarm};
use nightshift_core::drill::DrillEvent;
use nightshift_core::fault::Sight;
use nightshift_core::ids::{AlarmArn, ServiceRef};
use nightshift_core::mode::{Mode, Severity};
use nightshift_core::policy::Policy;
use nightshift_incident::decide::mode;
use nightshift_incident::severity::{felt_by_users, pages, severity};
use serde::Serialize;
use serde_json::json;

use super::alarms::{dependency, fitting, none_fits};
use super::observe::Seen;
use super::{DrillError, Scenario};

/// One thing that is to arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// The alarm is in ALARM.
    AlarmSet,
    /// `alarm-responder` heard of it, and opened an incident.
    Heard,
    /// It decided, or a rule refused.
    Decided,
    /// The first notice is published.
    Told,
    /// The notifier delivered it.
    Delivered,
    /// The timer of the check is set.
    TimerSet,
    /// `remedy-verifier` has checked.
    Checked,
    /// The incident is over.
    Ended,
}

impl Step {
    /// What it is called in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::AlarmSet => "alarm set",
            Self::Heard => "heard by alarm-responder",
            Self::Decided => "decided",
            Self::Told => "notice published",
            Self::Delivered => "notice delivered",
            Self::TimerSet => "timer set",
            Self::Checked => "checked by remedy-verifier",
            Self::Ended => "incident over",
        }
    }

    /// Where to look if it does not come.
    pub fn cure(self) -> &'static str {
        match self {
            Self::AlarmSet => "the alarm never showed ALARM: another evaluation was faster; drill again",
            Self::Heard => {
                "the alarm opened no incident: see the refusal above, else the responder's rule, log group and dead-letter queue"
            }
            Self::Decided => "alarm-responder heard and did not decide: its log group names the call that failed",
            Self::Told => {
                "the notice waits in the ledger: sns:Publish to the notice topic fails; see alarm-responder's log group"
            }
            Self::Delivered => {
                "the notifier did not deliver: its log group and the metrics Undelivered.… name the receiver"
            }
            Self::TimerSet => "no timer: scheduler:CreateSchedule fails; see alarm-responder's log group",
            Self::Checked => "the timer woke nobody: see the timers' dead-letter queue and remedy-verifier's log group",
            Self::Ended => "the incident is still open: its message says what it waits for; give it longer with --for",
        }
    }
}

/// What a drill will do.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plan {
    /// Which service.
    #[serde(serialize_with = "as_text")]
    pub service: ServiceRef,
    /// What goes wrong.
    pub scenario: Scenario,
    /// An alarm of what the service depends on, to be set before.
    pub dependency: Option<String>,
    /// The alarm to be set.
    pub alarm: String,
    /// The same.
    #[serde(skip)]
    pub arn: AlarmArn,
    /// What is put on the bus beside.
    pub event: Option<DrillEvent>,
    /// The service's mode.
    pub mode: Mode,
    /// How bad it will be.
    pub severity: Severity,
    /// The rule that makes it so.
    pub severity_because: String,
    /// Somebody is paged.
    pub pages: bool,
    /// Who is told.
    pub told: String,
    /// What else to know before.
    pub beware: Vec<String>,
    /// What is to arrive.
    pub expected: Vec<Step>,
}

fn as_text<S: serde::Serializer>(service: &ServiceRef, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&service.to_string())
}

/// Plans the drill.
///
/// # Errors
/// If there is nothing to ring, or it would be no drill.
pub fn plan(seen: &Seen, scenario: Scenario, policy: &Policy, now: Timestamp) -> Result<Plan, DrillError> {
    let service = &seen.service;
    let chosen = seen.named.as_ref().or_else(|| fitting(&seen.alarms, service, scenario));
    let alarm = chosen.ok_or_else(|| DrillError::NoAlarm(none_fits(&seen.alarms, service, scenario)))?;
    let depends = dependency(&seen.alarms, service).filter(|_| scenario == Scenario::Dependency);
    for each in [Some(alarm), depends].into_iter().flatten() {
        if each.state == AlarmState::Alarm {
            return Err(DrillError::Rings { alarm: each.name.clone() });
        }
    }
    if !alarm.actions_enabled {
        return Err(DrillError::SwitchedOff { alarm: alarm.name.clone() });
    }
    if let Some(open) = &seen.record.incident {
        let incident = open.id.to_string();
        return Err(DrillError::Incident { service: service.to_string(), incident });
    }
    let mode = mode(&Sight::Seen(Some(seen.found.clone())), seen.parts.default_mode);
    let (severity, severity_because) = severity(Some(&seen.found), felt_by_users(Some(alarm)));
    let event = (scenario == Scenario::BadRelease).then(|| failed_deployment(service, now));
    let mut expected = vec![Step::AlarmSet, Step::Heard, Step::Decided, Step::Told];
    expected.extend(seen.parts.has_chat().then_some(Step::Delivered));
    expected.extend([Step::TimerSet, Step::Checked, Step::Ended]);
    Ok(Plan {
        service: service.clone(),
        scenario,
        dependency: depends.map(|alarm| alarm.name.clone()),
        alarm: alarm.name.clone(),
        arn: alarm.arn.clone(),
        beware: beware(seen, alarm, mode, event.is_some(), policy, now),
        event,
        mode,
        severity,
        severity_because,
        pages: pages(severity, mode, false, policy),
        told: format!("{}; and subscribers of {}", seen.parts.told, seen.parts.notice_topic),
        expected,
    })
}

/// What only AWS says of a deployment. The guard looks at the service when it hears
/// it, and believes it of the drill service alone.
fn failed_deployment(service: &ServiceRef, now: Timestamp) -> DrillEvent {
    DrillEvent {
        detail_type: "ECS Deployment State Change".into(),
        resources: vec![service.arn()],
        detail: json!({
            "eventType": "ERROR",
            "eventName": "SERVICE_DEPLOYMENT_FAILED",
            "deploymentId": "ecs-svc/drill",
            "updatedAt": now,
            "reason": "A drill: no deployment failed.",
        }),
    }
}

fn beware(seen: &Seen, alarm: &LiveAlarm, mode: Mode, event: bool, policy: &Policy, now: Timestamp) -> Vec<String> {
    let mut beware = Vec::new();
    if mode == Mode::Act {
        beware.push(
            "the service is in mode act: an alarm set by hand is answered in earnest, and if the evidence blames a \
             release or load, the remedy is taken"
                .to_owned(),
        );
    }
    let newborn = policy.alarms.newborn;
    if let Some(age) = alarm.configured_at.map(|at| now.duration_since(at)).filter(|age| *age < newborn.duration()) {
        let age = nightshift_core::span::words(age);
        beware.push(format!(
            "{} was made or changed {age} ago: one younger than {newborn} is noted, and read again at that age",
            alarm.name
        ));
    }
    let window = policy.alarms.flapping_window;
    let flips = seen.record.flips.iter().filter(|at| **at > window.before(now)).count() + 1;
    if flips >= policy.alarms.flapping_flips as usize {
        beware.push(format!(
            "it is number {flips} in {window} that the service falls ill: that counts as flapping, and its incident \
             stays open longer"
        ));
    }
    if event {
        beware.push(match &seen.parts.drill_service {
            Some(drill) if *drill == seen.service.to_string() => {
                "it is the stack's DrillService: deployment-guard believes the drill's event".to_owned()
            }
            _ => "it is not the stack's DrillService: for deployment-guard the drill's event is a reason to look, no more"
                .to_owned(),
        });
    }
    beware
}
