//! What messages say about a service.

use std::collections::BTreeMap;

use nightshift_core::alarm::{AlarmSignal, LiveAlarm};
use nightshift_core::described::Described;
use nightshift_core::incident::About;
use nightshift_core::service::Service;

use crate::scene::Scene;
use crate::severity;

/// What messages say about the service, kept with the incident.
///
/// A composite's runbook says which page to read; that of the child which fires
/// is the page.
pub fn about(
    scene: &Scene,
    service: Option<&Service>,
    (alarm, symptom): (Option<&LiveAlarm>, Option<&LiveAlarm>),
    signal: &AlarmSignal,
) -> About {
    let said = Described::of(signal, alarm);
    let of_child = symptom.filter(|symptom| symptom.arn != signal.arn).and_then(|it| Described::of_live(it).runbook);
    let about = of_service(scene, service);
    About {
        runbook: of_child.or(said.runbook).or(about.runbook),
        dashboard: said.dashboard.or(about.dashboard),
        log_group: said.log_group.or(about.log_group),
        ..about
    }
}

/// What is known by now of a service that was not looked at when its incident opened.
pub fn seen(about: &About, scene: &Scene, service: Option<&Service>) -> About {
    let now = of_service(scene, service);
    About {
        runbook: about.runbook.clone().or(now.runbook),
        dashboard: about.dashboard.clone().or(now.dashboard),
        log_group: about.log_group.clone().or(now.log_group),
        ..now
    }
}

/// The same where no alarm tells of it.
pub fn of_service(scene: &Scene, service: Option<&Service>) -> About {
    let tag = |key: &str| service.and_then(|service| service.tag(key)).map(ToOwned::to_owned);
    About {
        environment: service.and_then(severity::environment).map(ToOwned::to_owned),
        team: service.and_then(severity::team).map(ToOwned::to_owned),
        stack: tag("aws:cloudformation:stack-name"),
        runbook: tag("runbook"),
        dashboard: tag("dashboard"),
        log_group: tag("log_group"),
        impact: impact(scene, service),
    }
}

/// What the service looks like right now, in figures.
pub fn impact(scene: &Scene, service: Option<&Service>) -> BTreeMap<String, String> {
    let mut impact = BTreeMap::new();
    if let Some(service) = service {
        impact.insert("tasks".into(), format!("{} running of {}", service.running, service.desired));
        impact.insert("task definition".into(), service.task_definition.short().to_owned());
        if !service.target_groups.is_empty()
            && let Some(health) = scene.view.targets.seen()
        {
            let all = health.healthy + health.unhealthy;
            impact.insert("targets".into(), format!("{} healthy of {all}", health.healthy));
        }
    }
    if let Some(crashes) =
        scene.view.stopped.seen().map(|tasks| tasks.iter().filter(|task| task.crash().is_some()).count())
        && crashes > 0
    {
        impact.insert("crashed tasks".into(), format!("{crashes} in the last hour"));
    }
    impact
}
