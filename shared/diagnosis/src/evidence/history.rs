//! The same metric before: under the previous release, and on other days.

use jiff::Timestamp;
use nightshift_core::metric::Signal;
use nightshift_core::span::{Span, words};

use super::{Finding, say};
use crate::observe::LOOKBACK;
use crate::scene::{Order, Scene, Symptom};
use crate::trend;
use crate::weights;
use crate::words::{clock, reading};

/// What is as high as half of today's trouble, on another day, is the same.
const SAME: f64 = 0.5;
/// So much earlier or later it is still the same hour.
const SAME_HOUR: Span = Span::minutes(30);
/// A day with fewer points than this was not seen.
const FEWEST_POINTS: usize = 10;

pub(super) fn find(scene: &Scene, found: &mut Vec<Finding>) {
    previous(scene, found);
    let Some(symptom) = &scene.symptom else { return };
    let day = other_day(scene, symptom, Signal::SymptomYesterday, Span::hours(24));
    let week = other_day(scene, symptom, Signal::SymptomLastWeek, Span::hours(168));
    let name = crate::signals::called(&symptom.metric);
    let mut again = false;
    for (seen, weight, when) in
        [(day, &weights::SAME_YESTERDAY, "yesterday"), (week, &weights::SAME_LAST_WEEK, "a week ago")]
    {
        if let Some((true, worst)) = seen {
            let says = format!("{name} reached {} at this hour {when} too", reading(&symptom.metric, worst));
            say(found, weight, says.clone());
            if !again {
                say(found, &weights::HABIT, says);
            }
            again = true;
        }
    }
    let quiet = |seen: Option<(bool, f64)>| seen.is_none_or(|(same, _)| !same);
    if (day.is_some() || week.is_some()) && quiet(day) && quiet(week) && scene.lineup.is_some() {
        let says = format!("{name} did nothing like it at this hour on other days");
        say(found, &weights::QUIET_ON_OTHER_DAYS, says);
    }
}

/// What the stretch of the previous release says: `Some(true)` if it ran for
/// its soak within sight of the metric without any such symptom.
pub(crate) fn previous_clean(scene: &Scene) -> Option<bool> {
    let (symptom, lineup) = (scene.symptom.as_ref()?, scene.lineup?);
    let (began, previous) = (lineup.began_at(), lineup.previous?);
    let ran_from = previous.finished_at.unwrap_or_else(|| previous.began_at());
    let from = ran_from.max(LOOKBACK.before(scene.now));
    // A datapoint that ended after the release began may hold what that did.
    let in_sight = |at: Timestamp| at >= from && trend::end_of(at) <= began;
    if symptom.points.iter().filter(|point| in_sight(point.at)).count() < FEWEST_POINTS {
        return None;
    }
    if symptom.episodes.iter().any(|episode| in_sight(episode.onset)) {
        return Some(false);
    }
    (began.duration_since(from) >= scene.policy.rollback.soak.duration()).then_some(true)
}

fn previous(scene: &Scene, found: &mut Vec<Finding>) {
    let (Some(clean), Some(lineup), Some(symptom)) = (previous_clean(scene), &scene.lineup, &scene.symptom) else {
        return;
    };
    let (old, name) = (lineup.replaced(), crate::signals::called(&symptom.metric));
    if clean {
        let began = lineup.began_at();
        let ran = lineup.previous.map_or(began, |one| one.finished_at.unwrap_or_else(|| one.began_at()));
        let says = format!("{old} ran for {} without this symptom", words(began.duration_since(ran)));
        say(found, &weights::PREVIOUS_CLEAN, says);
    } else if scene.order() != Some(Order::Before) {
        // Before the release began the onset itself says so already.
        let began = clock(lineup.began_at());
        say(found, &weights::PREVIOUS_SICK, format!("{name} departed under {old} too, before {began}"));
    }
}

/// Whether another day had the same trouble at this hour, and its worst.
pub(super) fn other_day(scene: &Scene, symptom: &Symptom, signal: Signal, ago: Span) -> Option<(bool, f64)> {
    let (episode, series) = (scene.episode()?, scene.view.signal(signal)?);
    let at = ago.before(episode.onset);
    let mut points = trend::in_order(series).into_owned();
    if crate::signals::counts(&symptom.metric) {
        // A silent count is a zero only on a day that had traffic at all.
        let requests =
            if signal == Signal::SymptomYesterday { Signal::RequestsYesterday } else { Signal::RequestsLastWeek };
        let traffic = scene.view.points(requests);
        let until = points.iter().chain(traffic.iter()).map(|point| point.at).max()?;
        points = trend::with_zeros(&points, LOOKBACK.before(ago.before(scene.now)), until);
    }
    let near: Vec<f64> = points
        .iter()
        .filter(|point| point.at >= SAME_HOUR.before(at) && point.at < SAME_HOUR.after(at))
        .map(|point| point.value)
        .collect();
    if near.len() < FEWEST_POINTS {
        return None;
    }
    let away = |value: f64| if symptom.upward { value - episode.level } else { episode.level - value };
    let worst = near.into_iter().max_by(|one, other| away(*one).total_cmp(&away(*other)))?;
    Some((away(worst) >= SAME * away(episode.worst), worst))
}
