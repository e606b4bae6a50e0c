//! Who else is unwell at the same time.

use super::{Finding, say};
use crate::scene::Scene;
use crate::weights;
use crate::words::{clock, list};

pub(super) fn find(scene: &Scene, found: &mut Vec<Finding>) {
    by_their_metrics(scene, found);
    let Some(neighbours) = &scene.neighbours else { return };
    let names: Vec<&str> = neighbours.services.iter().map(String::as_str).collect();
    match names.len() {
        0 => {}
        1 => {
            let says = format!("an alarm of {} fires since about the same time", list(&names));
            say(found, &weights::ANOTHER_TOO, says.clone());
            say(found, &weights::ANOTHER_TOO_INSTEAD, says);
        }
        _ => {
            let says = format!("alarms of {} fire since about the same time", list(&names));
            say(found, &weights::OTHERS_TOO, says.clone());
            say(found, &weights::OTHERS_TOO_INSTEAD, says);
        }
    }
    let leading: Vec<&str> = neighbours.leading.iter().map(String::as_str).collect();
    let following: Vec<&str> = neighbours.following.iter().map(String::as_str).collect();
    if !leading.is_empty() {
        let says = format!("a dependency failed no later: {}", list(&leading));
        say(found, &weights::DEPENDENCY_FIRST, says.clone());
        say(found, &weights::DEPENDENCY_FIRST_INSTEAD, says);
    } else if !following.is_empty() {
        let says = format!("a dependency failed soon after: {}", list(&following));
        say(found, &weights::DEPENDENCY_AFTER, says.clone());
        say(found, &weights::DEPENDENCY_AFTER_INSTEAD, says);
    }
    if neighbours.quiet() {
        say(found, &weights::NEIGHBOURS_QUIET, "no other service and no dependency has an alarm");
        if scene.lineup.is_some() {
            say(found, &weights::ALONE, "no other service and no dependency has an alarm");
        }
    }
}

/// What the symptom's metric shows of others, whose alarms come minutes later or do not exist.
fn by_their_metrics(scene: &Scene, found: &mut Vec<Finding>) {
    let (Some(others), Some(symptom)) = (&scene.others, &scene.symptom) else { return };
    let name = crate::signals::called(&symptom.metric);
    let who: Vec<&str> = others.with_us.keys().copied().collect();
    let (dependency, instead) = match (who.len(), others.well) {
        (0, 1) => {
            say(found, &weights::ANOTHER_SERVES, format!("{name} of another target group stayed as ever"));
            return;
        }
        (0, well) => {
            say(found, &weights::OTHERS_SERVE, format!("{name} of {well} other target groups stayed as ever"));
            return;
        }
        (1, _) => (&weights::ANOTHER_FAILS_TOO, &weights::ANOTHER_FAILS_TOO_INSTEAD),
        _ => (&weights::OTHERS_FAIL_TOO, &weights::OTHERS_FAIL_TOO_INSTEAD),
    };
    let from = others.with_us.values().min().copied().map(clock).unwrap_or_default();
    let says = format!("{name} of {} moved in the same minutes, from {from} on", list(&who));
    say(found, dependency, says.clone());
    if scene.lineup.is_some() {
        say(found, instead, says);
    }
}
