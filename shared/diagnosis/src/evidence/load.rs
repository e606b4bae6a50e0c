//! Requests and CPU.

use nightshift_core::metric::Signal;
use nightshift_core::span::Span;

use super::history::other_day;
use super::{Finding, say};
use crate::observe::LOOKBACK;
use crate::scene::{Order, Scene, failed};
use crate::traffic::{Rate, TOO_FEW, Traffic};
use crate::trend;
use crate::weights;
use crate::words::figure;

/// Above this tasks have no CPU left for a queue to shrink.
const CEILING: f64 = 85.0;
/// CPU that rose by half, and by ten points at least, has risen.
const RISEN: (f64, f64) = (1.5, 10.0);
/// Within a quarter of what it was, CPU is at its usual.
const USUAL: f64 = 1.25;
/// The first of what is looked at, and the newest.
const EARLIEST: Span = Span::minutes(60);
const NEWEST: Span = Span::minutes(5);
/// Requests have grown.
const GROWN: f64 = 1.25;
/// CPU after the onset …
const AFTER: Span = Span::minutes(10);
/// … and in the half hour before it.
const BEFORE: Span = Span::minutes(30);

pub(super) fn find(scene: &Scene, found: &mut Vec<Finding>) {
    let Some(traffic) = &scene.traffic else { return cpu_alone(scene, found) };
    let rate = traffic.rate();
    let says = compared(traffic);
    let filled = filled(scene);
    match rate {
        Rate::FarAbove => {
            say(found, &weights::LOAD_FAR_ABOVE, says.clone());
            say(found, &weights::LOAD_FAR_ABOVE_INSTEAD, says);
        }
        Rate::Above => {
            say(found, &weights::LOAD_ABOVE, says.clone());
            say(found, &weights::LOAD_ABOVE_INSTEAD, says);
        }
        // It has grown for so long that half an hour shows nothing of it.
        Rate::Flat if filled.is_some() => {}
        Rate::Flat => {
            say(found, &weights::LOAD_USUAL, says.clone());
            if scene.lineup.is_some() {
                say(found, &weights::LOAD_USUAL_THEN, says);
            }
        }
        Rate::Other => {}
    }
    if let Some(says) = filled {
        say(found, &weights::LOAD_FILLS_CPU, says);
    }
    carried_before(scene, traffic, found);
    cpu(scene, rate, found);
    if traffic.explains() {
        at_maximum(scene, found);
    }
}

/// The suspect is younger than a day, so that what served then was another one.
fn carried_before(scene: &Scene, traffic: &Traffic, found: &mut Vec<Finding>) {
    let (Some(symptom), Some(lineup), Some(Order::After(_))) = (&scene.symptom, &scene.lineup, scene.order()) else {
        return;
    };
    if !traffic.rose() {
        return;
    }
    let [yesterday, last_week] = traffic.days;
    let days = [
        (yesterday, Signal::SymptomYesterday, Span::hours(24), "yesterday"),
        (last_week, Signal::SymptomLastWeek, Span::hours(168), "a week ago"),
    ];
    for (requests, signal, ago, when) in days {
        let well = matches!(other_day(scene, symptom, signal, ago), Some((false, _)));
        if let Some(requests) = requests.filter(|_| well && traffic.carried(requests)) {
            let (then, now) = (figure(requests), figure(traffic.rate));
            let old = lineup.replaced();
            let says = format!(
                "it came with {now} requests a minute, and {then} were served well {when}, before {old} was replaced"
            );
            return say(found, &weights::LOAD_CARRIED_BEFORE, says);
        }
    }
}

fn compared(traffic: &Traffic) -> String {
    let Traffic { rate, usual, usual_is, .. } = traffic;
    format!("{} requests a minute against {} {usual_is}", figure(*rate), figure(*usual))
}

/// CPU since the onset and before it, per cent of the reservation.
fn cpu_around_onset(scene: &Scene) -> Option<(f64, Option<f64>)> {
    let points = scene.view.points(Signal::Cpu);
    let onset = scene.onset.unwrap_or_else(|| AFTER.before(scene.now));
    let now = trend::level(&points, onset, AFTER.after(onset))?;
    Some((now, trend::level(&points, BEFORE.before(onset), onset)))
}

/// CPU is at its ceiling, and has come there in proportion to the requests: a request is
/// as dear as it was, and there are more of them.
fn filled(scene: &Scene) -> Option<String> {
    let (cpu, requests) = (scene.view.points(Signal::Cpu), scene.view.points(Signal::Requests));
    let over = |from, to| Some((trend::level(&cpu, from, to)?, trend::level(&requests, from, to)?));
    let first = LOOKBACK.before(scene.now);
    let (little, few) = over(first, EARLIEST.after(first))?;
    let (much, many) = over(NEWEST.before(scene.now), scene.now)?;
    let expected = (little * many / few).min(100.0);
    let alike = expected <= much * USUAL && much <= expected * USUAL;
    // What failed is sent again, and is work that nobody wanted.
    let failed = scene.symptom.as_ref().and_then(failed);
    let failed = failed.and_then(|failed| trend::level(failed, NEWEST.before(scene.now), scene.now));
    let wanted = many - failed.unwrap_or(0.0);
    (much >= CEILING && wanted >= few * GROWN && few >= TOO_FEW && alike).then(|| {
        let [little, much, few, many] = [little, much, few, many].map(figure);
        format!("{few} requests a minute took {little} % of CPU, and {many} take {much} %")
    })
}

/// A worker takes no requests that anybody counts.
fn cpu_alone(scene: &Scene, found: &mut Vec<Finding>) {
    let Some((now, Some(before))) = cpu_around_onset(scene) else { return };
    if now < CEILING && now <= before * USUAL {
        let says = format!("CPU at {} % against {} % before", figure(now), figure(before));
        say(found, &weights::CPU_USUAL, says.clone());
        if scene.lineup.is_some() {
            say(found, &weights::CPU_USUAL_THEN, says);
        }
    }
}

fn cpu(scene: &Scene, rate: Rate, found: &mut Vec<Finding>) {
    let Some((now, before)) = cpu_around_onset(scene) else { return };
    if matches!(rate, Rate::FarAbove | Rate::Above) && now >= CEILING {
        say(found, &weights::CPU_AT_CEILING, format!("CPU stood at {} % while the rate was high", figure(now)));
    }
    let (factor, points_up) = RISEN;
    let risen = before.is_some_and(|before| now >= before * factor && now >= before + points_up);
    if rate == Rate::Flat && risen && matches!(scene.order(), Some(Order::After(_))) {
        let before = figure(before.unwrap_or_default());
        let says = format!("CPU went from {before} to {} % at the usual rate of requests", figure(now));
        say(found, &weights::CPU_UP_AT_USUAL_LOAD, says);
    }
}

fn at_maximum(scene: &Scene, found: &mut Vec<Finding>) {
    let bounds = scene.view.scaling.seen().and_then(Option::as_ref);
    if let (Some(bounds), Some(service)) = (bounds, scene.view.live_service())
        && service.desired >= bounds.max
    {
        say(found, &weights::AT_MAXIMUM, format!("it is scaled to its maximum of {} tasks", bounds.max));
    }
}
