//! What a story looks at afterwards, what people do in it, and its end.

mod images;

use std::collections::BTreeMap;
use std::ops::Deref;

use nightshift_core::case::Case;
use nightshift_core::codedeploy::CodeDeploymentId;
use nightshift_core::ids::{AlarmArn, IncidentId, ServiceRef};
use nightshift_core::incident::{Incident, Intent, ServiceRecord};
use nightshift_core::ledger::{Silent, TimelineEntry};
use nightshift_core::notice::Notice;
use nightshift_core::refusal::Refusal;
use nightshift_core::timer::Timer;
use serde_json::{Value, json};

use crate::account::{Account, Delivery};
use crate::scenario::Scenario;
use crate::state::State;
use crate::state::places::Places;
use crate::state::service::Machine;

/// An account whose end is a check: no change of production but the one that an
/// open intent names, none to a service that did not opt in, never a second
/// rollback of one suspect, in whichever way, no change of a repository that did
/// not opt in, and never an image that a call deletes.
#[derive(Debug)]
pub struct Story(Account);

impl Story {
    /// A story on that scenario.
    pub fn new(scenario: Scenario) -> Self {
        Self(Account::new(scenario))
    }

    /// A story on an account that has moved already.
    pub fn of(account: Account) -> Self {
        Self(account)
    }

    /// The account, to hand to a function.
    pub fn account(&self) -> Account {
        self.0.clone()
    }
}

impl Deref for Story {
    type Target = Account;

    fn deref(&self) -> &Account {
        &self.0
    }
}

impl Drop for Story {
    fn drop(&mut self) {
        let broken = self.0.broken();
        // A story that already fails has its own message.
        if !std::thread::panicking() {
            assert!(broken.is_empty(), "the story broke what no story may break: {}", broken.join("; "));
        }
    }
}

impl Account {
    /// The service of that name, `checkout` or `prod/checkout`.
    pub fn service_ref(&self, name: &str) -> Option<ServiceRef> {
        let state = self.state();
        Some(state.machines.get(state.places.named(name)?)?.name.clone())
    }

    /// Notices published, oldest first, repeats included.
    pub fn notices(&self) -> Vec<Notice> {
        let notice = |delivery: &Delivery| match delivery {
            Delivery::Notice(notice) => Some(notice.clone()),
            _ => None,
        };
        self.state().told.iter().filter_map(notice).collect()
    }

    /// Subject and text of the plain pages, oldest first.
    pub fn plain_pages(&self) -> Vec<(String, String)> {
        let page = |delivery: &Delivery| match delivery {
            Delivery::PlainPage { subject, text } => Some((subject.clone(), text.clone())),
            _ => None,
        };
        self.state().told.iter().filter_map(page).collect()
    }

    /// Pictures that are kept, by name.
    pub fn pictures(&self) -> BTreeMap<String, Vec<u8>> {
        self.state().pictures.clone()
    }

    /// Timers that have not fired yet, next first.
    pub fn waiting_timers(&self) -> Vec<Timer> {
        self.state().waiting()
    }

    /// All lines of all time lines, by incident and sequence.
    pub fn timeline(&self) -> Vec<TimelineEntry> {
        self.state().ledger.timeline.values().cloned().collect()
    }

    /// What was recorded in silence.
    pub fn silent(&self) -> Vec<Silent> {
        self.state().ledger.silent.values().cloned().collect()
    }

    /// All cases, by incident and sequence.
    pub fn cases(&self) -> Vec<(IncidentId, u32, Case)> {
        let state = self.state();
        state
            .ledger
            .cases
            .iter()
            .map(|((incident, sequence), case)| (incident.clone(), *sequence, case.clone()))
            .collect()
    }

    /// What the ledger remembers of the service.
    pub fn record(&self, service: &ServiceRef) -> ServiceRecord {
        self.state().ledger.record(service).value
    }

    /// Incidents that ended and are kept as history.
    pub fn closed_incidents(&self) -> Vec<Incident> {
        self.state().ledger.closed.values().cloned().collect()
    }

    /// The same with their services.
    pub fn ended_incidents(&self) -> Vec<(ServiceRef, Incident)> {
        self.state().ledger.ended.values().cloned().collect()
    }

    /// What no story may break, and was broken.
    pub fn broken(&self) -> Vec<String> {
        self.state().broken.clone()
    }

    /// A person deploys a revision of the scenario, as `UpdateService` would;
    /// `false`: it already runs, or there is no such revision yet.
    pub fn person_deploys(&self, service: &ServiceRef, revision: u32) -> bool {
        let mut state = self.state();
        let State { machines, registry, now, .. } = &mut *state;
        let machine = machines.iter_mut().find(|machine| machine.name == *service);
        machine.is_some_and(|machine| machine.deploy(revision, false, registry, *now))
    }

    /// A person deletes the service: ECS knows it no longer.
    pub fn person_deletes(&self, service: &ServiceRef) {
        let mut state = self.state();
        state.machines.retain(|machine| machine.name != *service);
        state.places = Places::of(&state.machines).with(&state.alarms);
        state.known_sources.get_mut().clear();
    }

    /// A person deletes the service, and ECS still shows what it was.
    pub fn person_retires(&self, service: &ServiceRef) {
        if let Some(machine) = self.state().machine_mut(service) {
            machine.setup.status = "INACTIVE".into();
        }
    }

    /// A person switches the alarm's actions off.
    pub fn person_silences(&self, alarm: &AlarmArn) {
        for known in self.state().alarms.iter_mut().filter(|known| known.arn == *alarm) {
            known.setup.actions_enabled = false;
        }
    }

    /// A person deletes the alarm; CloudWatch says so to nobody.
    pub fn person_deletes_alarm(&self, alarm: &AlarmArn) {
        let mut state = self.state();
        state.alarms.retain(|known| known.arn != *alarm);
        state.places = Places::of(&state.machines).with(&state.alarms);
    }

    /// CodeDeploy's deployments of the service, newest first.
    pub fn code_deployments(&self, service: &ServiceRef) -> Vec<CodeDeploymentId> {
        let state = self.state();
        let machine = state.machine(service);
        let ids = |machine: &Machine| {
            (0..machine.deployments.len()).rev().filter_map(|index| machine.codedeploy_id(index)).collect()
        };
        machine.map(ids).unwrap_or_default()
    }

    /// How many services the ledger says there are.
    pub fn fleet_services(&self) -> Option<u32> {
        self.state().ledger.fleet().value.services
    }

    /// A person sets a tag of the service, or takes it away.
    pub fn person_tags(&self, service: &ServiceRef, key: &str, value: Option<&str>) {
        if let Some(machine) = self.state().machine_mut(service) {
            match value {
                Some(value) => machine.tags.insert(key.to_owned(), value.to_owned()),
                None => machine.tags.remove(key),
            };
        }
    }

    /// Puts a secret where `secretsmanager:GetSecretValue` finds it.
    pub fn put_secret(&self, arn: &str, value: &str) {
        self.state().secrets.insert(arn.to_owned(), value.to_owned());
    }

    /// Where everything stands, without moments and counters: two runs that
    /// ended the same are equal here, however they got there.
    pub fn final_state(&self) -> Value {
        let notices = self.notices();
        let notices: BTreeMap<String, Value> =
            notices.iter().map(|notice| (notice.key(), json!([notice.kind, notice.phase]))).collect();
        let mut pages: BTreeMap<String, u32> = BTreeMap::new();
        for (subject, _) in self.plain_pages() {
            *pages.entry(subject).or_insert(0) += 1;
        }
        let state = self.state();
        let named = |machine: &Machine| (machine.name.to_string(), machine_shown(machine));
        let services: BTreeMap<String, Value> = state.machines.iter().map(named).collect();
        let records = state.ledger.records.iter();
        let ledger: BTreeMap<String, Value> =
            records.map(|(name, record)| (name.to_string(), record_shown(&record.value))).collect();
        let closed: BTreeMap<String, Value> =
            state.ledger.closed.values().map(|incident| (incident.id.to_string(), incident_shown(incident))).collect();
        let writes: Vec<String> =
            state.writes.iter().map(|write| format!("{} {}", write.operation, write.change)).collect();
        json!({
            "services": services,
            "ledger": ledger,
            "closed": closed,
            "notices": notices,
            "pages": pages,
            "production_writes": writes,
            "image_writes": images::writes(&state),
            "images": images::shown(&state),
        })
    }
}

fn machine_shown(machine: &Machine) -> Value {
    json!({
        "serving": machine.serving(),
        "desired": machine.desired,
        "minimum": machine.scaling.map(|scaling| scaling.min),
        "settled": machine.settled(),
        "deployments": machine.deployments.len(),
    })
}

fn record_shown(record: &ServiceRecord) -> Value {
    json!({
        "incident": record.incident.as_ref().map(incident_shown),
        "remedies": record.remedies.iter().map(|past| json!(past.kind)).collect::<Vec<_>>(),
        "denied": record.denied.iter().map(|denied| denied.task_definition.short()).collect::<Vec<_>>(),
        "unpublished": record.unpublished.iter().map(Notice::key).collect::<Vec<_>>(),
    })
}

fn incident_shown(incident: &Incident) -> Value {
    let alarms: BTreeMap<&str, Value> =
        incident.alarms.values().map(|alarm| (alarm.name.as_str(), json!(alarm.state))).collect();
    // Found taken is taken: which of the two depends on where a run was killed.
    let outcome = |intent: &Intent| {
        let outcome = json!(intent.outcome)["outcome"].clone();
        if outcome == "found-taken" { json!("taken") } else { outcome }
    };
    let intents: Vec<Value> =
        incident.intents.iter().map(|intent| json!([intent.key, intent.remedy.to_string(), outcome(intent)])).collect();
    json!({
        "id": incident.id,
        "severity": incident.severity,
        "phase": incident.phase,
        "alarms": alarms,
        "suspect": incident.suspect.as_ref().map(|suspect| suspect.task_definition.short()),
        "intents": intents,
        "refusal": incident.refusal.as_ref().map(Refusal::name),
        "raised": incident.raised,
        "pages": incident.pages,
    })
}
