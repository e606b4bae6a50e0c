//! Memory that grows, and what the kernel does about it.

use jiff::Timestamp;
use nightshift_core::metric::{Point, Signal};
use nightshift_core::span::Span;
use nightshift_core::task::Crash;

use super::tasks::Ends;
use super::{Finding, say};
use crate::scene::{Order, Scene};
use crate::trend;
use crate::view::ServiceView;
use crate::weights;
use crate::words::{clock, figure, tasks};

/// A climb is known from so many minutes, a third of them each.
const FEWEST_POINTS: usize = 15;
/// Ten points of the reservation from the first third to the last.
const CLIMB: f64 = 10.0;
/// Above the level of the release before: more than any cache that warms takes.
const CLIMB_SINCE: f64 = 15.0;
/// The level before is that of an hour, and half of it this close together.
const STEADY_FOR: Span = Span::minutes(60);
const STEADY: f64 = 3.0;
/// A fall by so many points within a minute is a task replaced.
const FALL: f64 = 20.0;

pub(super) fn find(scene: &Scene, found: &mut Vec<Finding>) {
    let stopped = scene.view.stopped.seen().map(Vec::as_slice).unwrap_or_default();
    let killed = stopped.iter().filter(|task| task.crash() == Some(Crash::OutOfMemory)).count();
    if killed > 0 {
        say(found, &weights::OUT_OF_MEMORY, format!("{} ran out of memory", tasks(killed)));
    }
    let points = scene.view.points(Signal::Memory);
    let climbing = climb(&points, Timestamp::MIN, Timestamp::MAX);
    let before = climbed_before(scene);
    // A restart drops the memory that a leak took; so a climb before the
    // release is one even if the whole window shows none.
    if let Some((from, to)) = before.or(climbing) {
        let says = format!("memory climbed steadily from {} to {} %", figure(from), figure(to));
        say(found, &weights::MEMORY_CLIMBING, says);
    }
    let Some(lineup) = &scene.lineup else { return };
    let began = clock(lineup.began_at());
    let since = climbed_since(scene.view, lineup.began_at()).filter(|_| before.is_none());
    if let Some((from, to)) = since {
        let release = lineup.release();
        let says =
            format!("memory was steady at {} % until {release} and has climbed to {} %", figure(from), figure(to));
        say(found, &weights::MEMORY_CLIMBED_SINCE, says);
    }
    if killed == 0 && climbing.is_none() && before.is_none() && since.is_none() {
        return;
    }
    match before {
        Some((from, to)) => {
            let says = format!("memory climbed from {} to {} % before {began} already", figure(from), figure(to));
            say(found, &weights::MEMORY_CLIMBED_BEFORE, says);
        }
        None if since.is_some() || came_with_release(scene) => {
            let says = format!("only {} has run out of memory or climbed, since {began}", lineup.release());
            say(found, &weights::MEMORY_FLAT_BEFORE, says);
        }
        None => {}
    }
}

/// Memory's climb before the suspect began, if it climbed.
pub(super) fn climbed_before(scene: &Scene) -> Option<(f64, f64)> {
    let points = scene.view.points(Signal::Memory);
    climb(&points, Timestamp::MIN, scene.lineup?.began_at())
}

/// Memory's level under the release before, and how high it has climbed since,
/// if it was steady there and then left that level for good: warm caches do not
/// take so much more than their predecessors did.
pub(crate) fn climbed_since(view: &ServiceView, began: Timestamp) -> Option<(f64, f64)> {
    let points = view.points(Signal::Memory);
    let values = |from: Timestamp, to: Timestamp| -> Vec<f64> {
        points.iter().filter(|point| point.at >= from && point.at < to).map(|point| point.value).collect()
    };
    let before = values(STEADY_FOR.before(began), began);
    if before.len() < FEWEST_POINTS {
        return None;
    }
    let level = trend::median(before.clone())?;
    let away = trend::median(before.iter().map(|value| (value - level).abs()).collect())?;
    // Until they are killed: then tasks begin anew, one after the other.
    let after = values(began, Timestamp::MAX);
    let highest = after.iter().copied().fold(f64::MIN, f64::max);
    let after = &after[..=after.iter().position(|value| *value >= highest)?];
    if away > STEADY || after.len() < FEWEST_POINTS {
        return None;
    }
    let third = after.len() / 3;
    let middle = |part: &[f64]| trend::median(part.to_vec());
    let first = middle(&after[..third])?;
    let second = middle(&after[third..after.len() - third])?;
    let last = middle(&after[after.len() - third..])?;
    (first < second && second < last && last - level >= CLIMB_SINCE).then_some((level, last))
}

/// The trouble followed the release, and no old task shares it.
fn came_with_release(scene: &Scene) -> bool {
    let after = matches!(scene.order(), Some(Order::After(_)));
    after && Ends::of(scene).is_some_and(|ends| ends.memory_of_new_alone())
}

/// The medians of the first and the last third, if it climbed all the way. It
/// is looked for since the last fall: a task that is replaced starts low.
fn climb(points: &[Point], from: Timestamp, to: Timestamp) -> Option<(f64, f64)> {
    let values: Vec<f64> =
        points.iter().filter(|point| point.at >= from && point.at < to).map(|point| point.value).collect();
    let values = values.chunk_by(|one, next| one - next < FALL).rfind(|stretch| stretch.len() >= FEWEST_POINTS)?;
    let third = values.len() / 3;
    let middle = |part: &[f64]| trend::median(part.to_vec());
    let first = middle(&values[..third])?;
    let second = middle(&values[third..values.len() - third])?;
    let last = middle(&values[values.len() - third..])?;
    (first < second && second < last && last - first >= CLIMB).then_some((first, last))
}
