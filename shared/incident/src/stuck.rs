//! What a deployment that hangs waits for.

use nightshift_core::release::ServiceDeployment;
use nightshift_core::service::Service;
use nightshift_core::verdict::Release;
use nightshift_diagnosis::ServiceView;

use crate::words_of_release::failures;

/// What is shown of it; the rest is in the evidence.
const SHOWN: usize = 3;

/// What the deployment waits for, as far as the account shows, what says most
/// first; empty where nothing does.
pub fn waits_for(view: &ServiceView, release: &Release) -> Vec<String> {
    let deployment = view.history.seen().and_then(|history| history.iter().find(|found| found.arn == release.id));
    let mut waits: Vec<String> = deployment.and_then(at_hook).into_iter().collect();
    waits.extend(not_placed(release));
    let unhealthy = health_checks(view);
    if let Some(service) = view.live_service() {
        waits.extend(tasks(service));
        // While new tasks fail their checks the old ones have to stay, and until
        // traffic has shifted for good they do so on purpose.
        let stays = unhealthy.is_some() || deployment.is_some_and(keeps_the_old);
        waits.extend(old_tasks(service).filter(|_| !stays));
    }
    waits.extend(unhealthy);
    if release.failures.iter().any(|failure| failure.crash.is_some()) {
        waits.push(failures(release));
    }
    if waits.is_empty() {
        waits.extend(deployment.and_then(|found| found.stage.as_ref()).map(|stage| format!("ECS is at stage {stage}")));
    }
    waits.truncate(SHOWN);
    waits
}

/// ECS keeps the old tasks at every stage that it shows but the last.
fn keeps_the_old(deployment: &ServiceDeployment) -> bool {
    deployment.stage.as_deref().is_some_and(|stage| stage != "CLEAN_UP")
}

fn at_hook(deployment: &ServiceDeployment) -> Option<String> {
    let hook = deployment.paused_at_hook.as_ref()?;
    Some(format!("it waits at pause hook {hook} until somebody continues it"))
}

/// Capacity: ECS's own words, which name what is missing.
fn not_placed(release: &Release) -> Option<String> {
    let unplaced = release.failures.iter().rfind(|failure| failure.crash.is_none())?;
    let reason = unplaced.reason.as_deref().map_or_else(String::new, |reason| format!(": {reason}"));
    Some(format!("ECS cannot place its tasks{reason}"))
}

fn tasks(service: &Service) -> Option<String> {
    let primary = service.primary().filter(|primary| primary.running < primary.desired)?;
    let pending = match primary.pending {
        0 => "none is pending".to_owned(),
        1 => "1 is pending".to_owned(),
        many => format!("{many} are pending"),
    };
    Some(format!("{} of {} new tasks run, {pending}", primary.running, primary.desired))
}

fn old_tasks(service: &Service) -> Option<String> {
    let primary = service.primary().filter(|primary| primary.running >= primary.desired)?;
    let old: u32 = service.deployments.iter().filter(|one| one.id != primary.id).map(|one| one.running).sum();
    match old {
        0 => None,
        1 => Some("1 old task does not end".to_owned()),
        many => Some(format!("{many} old tasks do not end")),
    }
}

fn health_checks(view: &ServiceView) -> Option<String> {
    let targets = view.targets.seen().filter(|targets| targets.unhealthy > 0)?;
    let all = targets.healthy + targets.unhealthy;
    let verb = if targets.unhealthy == 1 { "does" } else { "do" };
    Some(format!("{} of {all} targets {verb} not pass health checks", targets.unhealthy))
}
