//! Is a service ready for production? One line for each thing that there should
//! be, with what to do where it is not.

mod tasks;

use nightshift_core::described::Signal;
use nightshift_core::fault::Sight;
use nightshift_core::release::DeploymentStatus;
use nightshift_core::service::{Controller, MODE_TAG};
use nightshift_core::setup::ServiceSetup;
use serde::Serialize;

use super::coverage::Coverage;
use super::observe::Observed;
use super::parameters::scalable;

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It is there.
    Ready,
    /// It is not.
    Missing,
    /// It could not be seen.
    Unknown,
}

/// One thing that a service in production should have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Its name, for scripts: `errors-alarm`.
    pub id: &'static str,
    /// Under which heading it stands.
    pub area: &'static str,
    /// How it stands.
    pub standing: Standing,
    /// In a sentence.
    pub says: String,
    /// What to do, where something is missing.
    pub cure: Option<String>,
}

/// Cure that the companion stack is.
const COMPANION: &str = "the stack below brings it";

/// All of them, in the order in which people read them.
pub fn checklist(seen: &Observed, coverage: &Coverage) -> Vec<Check> {
    let mut list = List(Vec::new());
    signals(&mut list, seen, coverage);
    scaling(&mut list, seen);
    deployments(&mut list, seen);
    tasks::tasks(&mut list, seen);
    tasks::logs(&mut list, seen);
    tasks::images(&mut list, seen);
    tags(&mut list, seen);
    permissions(&mut list, seen);
    list.0
}

struct List(Vec<Check>);

impl List {
    fn add(&mut self, area: &'static str, id: &'static str, ready: bool, says: impl Into<String>, cure: &str) {
        let standing = if ready { Standing::Ready } else { Standing::Missing };
        let cure = (!ready && !cure.is_empty()).then(|| cure.to_owned());
        self.0.push(Check { id, area, standing, says: says.into(), cure });
    }

    fn unknown(&mut self, area: &'static str, id: &'static str, says: impl Into<String>) {
        self.0.push(Check { id, area, standing: Standing::Unknown, says: says.into(), cure: None });
    }
}

fn signals(list: &mut List, seen: &Observed, coverage: &Coverage) {
    const AREA: &str = "Golden signals";
    for (signal, id) in
        Signal::GOLDEN.into_iter().zip(["latency-alarm", "traffic-alarm", "errors-alarm", "saturation-alarm"])
    {
        let name = signal.name();
        if seen.alarms.seen().is_none() {
            list.unknown(AREA, id, format!("{name}: the account's alarms could not be read"));
            continue;
        }
        let alarms: Vec<&str> = coverage.get(&signal).into_iter().flatten().map(String::as_str).collect();
        match alarms.as_slice() {
            [] => list.add(AREA, id, false, format!("{name}, watched by no alarm"), COMPANION),
            [first] => list.add(AREA, id, true, format!("{name}: {first}"), ""),
            [first, more @ ..] => list.add(AREA, id, true, format!("{name}: {first} and {} more", more.len()), ""),
        }
    }
}

fn scaling(list: &mut List, seen: &Observed) {
    const AREA: &str = "Scaling";
    let desired = seen.service.desired;
    // One task on each instance, or as somebody's own controller will.
    if !scalable(&seen.service) {
        return;
    }
    let two = format!("{desired} {} wanted", if desired == 1 { "task" } else { "tasks" });
    list.add(AREA, "two-tasks", desired >= 2, two, "one task alone is down while it is replaced: want two");
    match &seen.scaling {
        Sight::Seen(Some(bounds)) => {
            let policies = seen.policies.seen().map(Vec::as_slice).unwrap_or_default();
            let by: Vec<&str> = policies.iter().map(|policy| policy.by.as_str()).collect();
            let says = format!("{} to {} tasks, by {}", bounds.min, bounds.max, list_of(&by));
            list.add(AREA, "scaling", !by.is_empty(), says, "no policy moves the number of tasks");
            let room = bounds.max > desired;
            let says = format!("room to scale out from {desired} to {}", bounds.max);
            list.add(AREA, "headroom", room, says, "it is at its ceiling: raise the maximum");
        }
        Sight::Seen(None) => list.add(AREA, "scaling", false, "the number of tasks follows no load", COMPANION),
        Sight::Unseen(_) => list.unknown(AREA, "scaling", "its scaling could not be read"),
    }
}

fn list_of(names: &[&str]) -> String {
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

fn deployments(list: &mut List, seen: &Observed) {
    const AREA: &str = "Deployments";
    let service = &seen.service;
    if service.controller == Controller::Ecs {
        let ready = service.breaker.is_some_and(|breaker| breaker.enabled && breaker.rolls_back);
        let says = if ready { "the circuit breaker goes back by itself" } else { "no circuit breaker that goes back" };
        let cure = "set deploymentCircuitBreaker {enable, rollback} where the service is defined";
        list.add(AREA, "circuit-breaker", ready, says, cure);
        match &seen.setup {
            Sight::Seen(ServiceSetup { deployment_alarms, alarms_roll_back, .. }) => {
                let ready = !deployment_alarms.is_empty() && *alarms_roll_back;
                let says = match deployment_alarms.as_slice() {
                    [] => "no alarm takes a deployment back while it runs".to_owned(),
                    names => format!("watched while it deploys: {}", names.join(", ")),
                };
                let cure = "output DeploymentAlarms of the stack below has the names for its deploymentConfiguration";
                list.add(AREA, "deployment-alarms", ready, says, cure);
            }
            Sight::Unseen(_) => list.unknown(AREA, "deployment-alarms", "its deployment alarms could not be read"),
        }
    }
    match &seen.history {
        Sight::Seen(history) => {
            let good = history.iter().filter(|one| one.status == DeploymentStatus::Successful).count();
            let says = format!("{good} completed {} on record", if good == 1 { "deployment" } else { "deployments" });
            let cure = "there is nothing to go back to until a second one completes";
            list.add(AREA, "way-back", good >= 2, says, cure);
        }
        Sight::Unseen(_) => list.unknown(AREA, "way-back", "its deployments could not be read"),
    }
}

fn tags(list: &mut List, seen: &Observed) {
    const AREA: &str = "Tags";
    let service = &seen.service;
    let mode = service.tag(MODE_TAG);
    let says = match mode {
        Some(mode) => format!("mode {mode}"),
        None => "no tag nightshift: it is observed".to_owned(),
    };
    list.add(AREA, "mode", mode.is_some(), says, "output OptIn of the stack below has the command");
    for (id, keys) in [("environment", &["environment", "env"][..]), ("tier", &["tier"]), ("team", &["team", "owner"])]
    {
        let value = keys.iter().find_map(|key| service.tag(key));
        let says = value.map_or_else(|| format!("no tag {id}"), |value| format!("{id} {value}"));
        let cure = match id {
            "team" => "nobody is told by name",
            "tier" => "severity goes by it in production",
            _ => "whether it is production is not known, and severity goes by it",
        };
        list.add(AREA, id, value.is_some(), says, cure);
    }
}

fn permissions(list: &mut List, seen: &Observed) {
    const AREA: &str = "Nightshift";
    match &seen.main {
        Sight::Seen(Some(_)) => {}
        Sight::Seen(None) => {
            return list.add(
                AREA,
                "main-stack",
                false,
                "it is not deployed here",
                "deploy it first: the first command below",
            );
        }
        Sight::Unseen(_) => return list.unknown(AREA, "main-stack", "whether it is deployed could not be read"),
    }
    list.add(AREA, "main-stack", true, "it is deployed here", "");
    for rehearsed in &seen.permissions {
        let on = rehearsed.resource.rsplit(':').next().unwrap_or(&rehearsed.resource);
        match &rehearsed.refused {
            Sight::Seen(refused) if refused.is_empty() => {}
            Sight::Seen(refused) => {
                let says = format!("{} may not {} on {on}", rehearsed.function, refused.join(", "));
                list.add(
                    AREA,
                    "permission",
                    false,
                    says,
                    "a boundary, a service control policy or tag nightshift:stack keeps it",
                );
            }
            Sight::Unseen(_) => list.unknown(
                AREA,
                "permission",
                format!("what {} may do on {on} could not be asked", rehearsed.function),
            ),
        }
    }
    if !seen.permissions.is_empty() && !list.0.iter().any(|check| check.id == "permission") {
        list.add(AREA, "permission", true, "its roles may do to this service what a remedy needs", "");
    }
}
