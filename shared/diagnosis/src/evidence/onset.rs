//! When the symptom began, against when the release did.

use jiff::SignedDuration;
use nightshift_core::span::{Span, words};

use super::{Finding, say};
use crate::scene::{Order, Scene};
use crate::suspect::Lineup;
use crate::trend;
use crate::weights;
use crate::words::{clock, reading};

/// New tasks serve within this of the release's beginning, and what fails at once
/// fails by then.
const AS_TASKS_CAME: Span = Span::minutes(4);
/// What needs a few minutes more to show does so within this.
const SOON: Span = Span::minutes(10);
/// A slow rollout shows its fault until it is through, and a little after.
const AFTER_ROLLOUT: Span = Span::minutes(3);

pub(super) fn find(scene: &Scene, found: &mut Vec<Finding>) {
    let Some(lineup) = &scene.lineup else {
        if scene.view.history.seen().is_some() {
            let window = words(scene.policy.rollback.blame_window.duration());
            say(found, &weights::NO_RELEASE, format!("no release began in the {window} before"));
        }
        return;
    };
    let (release, began) = (lineup.release(), lineup.began_at());
    let first = lineup.first();
    match scene.order() {
        None => {
            let says = format!("{release} began at {}, and no metric shows when the symptom did", clock(began));
            say(found, &weights::ONSET_UNSEEN, says);
        }
        Some(Order::Before) if scene.ahead_of_traffic() => {
            let says = format!("{}, before any production traffic reached {release}", symptom(scene));
            say(found, &weights::ONSET_BEFORE_RELEASE, says);
        }
        Some(Order::Before) => {
            let ahead = scene.onset.map(|onset| words(began.duration_since(onset))).unwrap_or_default();
            say(found, &weights::ONSET_BEFORE_RELEASE, format!("{}, {ahead} before {release} began", symptom(scene)));
        }
        Some(Order::SameMinute { early }) => {
            let weight = if early { &weights::ONSET_AS_RELEASE_SERVED } else { &weights::ONSET_WITH_RELEASE };
            say(found, weight, format!("{}, the minute {release} began", symptom(scene)));
        }
        Some(Order::After(delay)) => {
            let weight = match delay {
                _ if as_tasks_came(scene, lineup, delay) => &weights::ONSET_AS_TASKS_CAME,
                _ if soon(scene, lineup, delay) => &weights::ONSET_SOON_AFTER_RELEASE,
                _ => &weights::ONSET_LATER_AFTER_RELEASE,
            };
            let since = match scene.exposed_at().filter(|exposed| *exposed > began) {
                Some(_) if delay.is_zero() => format!("the minute {first} got more traffic"),
                Some(_) => format!("{} after {first} got more traffic", words(delay)),
                None => format!("{} after {first} began", words(delay)),
            };
            let since = if lineup.with.is_some() { format!("{since}, and runs on under {release}") } else { since };
            say(found, weight, format!("{}, {since}", symptom(scene)));
        }
    }
}

/// The onset lies where new tasks take over from old ones, or a little after.
fn as_tasks_came(scene: &Scene, lineup: &Lineup, delay: SignedDuration) -> bool {
    let through = lineup.suspect.finished_at.map(|finished| AFTER_ROLLOUT.after(finished));
    let rolling_out = scene.onset.zip(through).is_some_and(|(onset, through)| onset <= through);
    delay <= AS_TASKS_CAME.duration() || rolling_out
}

/// The delay is what new tasks with a fault need to show it.
pub(crate) fn soon(scene: &Scene, lineup: &Lineup, delay: SignedDuration) -> bool {
    delay <= SOON.duration() || as_tasks_came(scene, lineup, delay)
}

/// `5xx went from 0.1 to 41 a minute at 02:07`.
fn symptom(scene: &Scene) -> String {
    let at = scene.onset.map(clock).unwrap_or_default();
    match (&scene.symptom, scene.episode()) {
        (Some(symptom), Some(episode)) => {
            let reached = trend::level(&symptom.points, episode.onset, Span::minutes(5).after(episode.onset));
            let (before, after) = (episode.level, reached.unwrap_or(episode.worst));
            let metric = crate::signals::called(&symptom.metric);
            format!(
                "{metric} went from {} to {} at {at}",
                crate::words::figure(before),
                reading(&symptom.metric, after)
            )
        }
        _ => format!("the first task crashed at {at}"),
    }
}
