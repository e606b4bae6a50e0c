//! Nights with a known truth, drawn by seed. Each cause shows itself the way
//! it does in production: mostly, and not always. Some nights cannot be told
//! apart by anyone, such as a third party's outage right after a release.

use nightshift_core::alarm::{AlarmState, LiveAlarm};
use nightshift_core::cause::Cause;
use nightshift_core::fault::Sight;
use nightshift_core::metric::{Point, Series, Signal};
use nightshift_core::release::{DeploymentStatus, ServiceDeployment};
use nightshift_core::span::Span;
use nightshift_core::task::{Crash, StoppedTask};

use crate::night::{Ago, Night, ago, database, earlier, issue, other, release, stopped};
use crate::others::{hit, strangers};

/// Truths that nights are drawn for.
pub const TRUTHS: [Cause; 8] = [
    Cause::Release,
    Cause::Load,
    Cause::MemoryLeak,
    Cause::Dependency,
    Cause::Provider,
    Cause::ImageUnavailable,
    Cause::Configuration,
    Cause::Noise,
];

/// SplitMix64: the same draws on every platform.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Draws that leave those to come as they are.
    pub fn apart(&self) -> Self {
        Self(self.0 ^ 0x5851_F42D_4C95_7F2D)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A whole number from `low` to `high`.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + i64::try_from(self.next() % u64::try_from(high - low + 1).unwrap()).unwrap()
    }

    /// A number from `low` to `high`.
    pub fn real(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.between(0, 10_000) as f64 / 10_000.0
    }

    pub fn percent(&mut self, percent: i64) -> bool {
        self.between(1, 100) <= percent
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for index in (1..items.len()).rev() {
            items.swap(index, self.between(0, i64::try_from(index).unwrap()) as usize);
        }
    }
}

/// One value a minute with so much noise, per cent.
fn noisy(chance: &mut Chance, noise: i64, value: impl Fn(Ago) -> f64) -> Series {
    let point = |minute: Ago| {
        let factor = 1.0 + chance.between(-noise, noise) as f64 / 100.0;
        Point { at: ago(minute), value: value(minute) * factor }
    };
    Series((1..180).rev().map(point).collect())
}

/// Errors: a few at any time, many from the onset until the end. As on a load
/// balancer, minutes without any report nothing.
fn errors(chance: &mut Chance, high: f64, onset: Ago, end: Ago) -> Series {
    let background = chance.between(0, 3);
    let points = noisy(chance, 30, |minute| if minute <= onset && minute > end { high } else { 0.0 }).0;
    let counted = points
        .into_iter()
        .map(|point| Point { value: (point.value + chance.between(0, background) as f64).trunc(), ..point });
    Series(counted.filter(|point| point.value > 0.0).collect())
}

/// One night whose truth is known.
pub fn generate(truth: Cause, chance: &mut Chance) -> Night {
    let onset = chance.between(3, 12);
    let mut night = background(chance, onset);
    // An innocent release within the hour, as often as teams deploy.
    if truth != Cause::Release && chance.percent(50) {
        let began = chance.between(1, 60);
        night = night.history(released(chance, began));
    }
    match truth {
        Cause::Release => guilty(night, chance, onset),
        Cause::Load => loaded(night, chance, onset),
        Cause::MemoryLeak => leaking(night, chance, onset),
        Cause::Dependency => depending(night, chance, onset),
        Cause::Provider => provided(night, chance, onset),
        Cause::ImageUnavailable => unstarted(night, chance, Crash::ImagePull),
        Cause::Configuration => unstarted(night, chance, Crash::Resources),
        _ => nothing(night, chance, onset),
    }
}

/// A service with ordinary noise on every metric, and an alarm.
fn background(chance: &mut Chance, onset: Ago) -> Night {
    let usual = chance.real(50.0, 3000.0);
    let (high, cpu) = (chance.real(15.0, 400.0), chance.real(15.0, 60.0));
    let memory = chance.real(30.0, 70.0);
    let other_days = |chance: &mut Chance, back| {
        let factor = chance.real(0.85, 1.15);
        (earlier(noisy(chance, 8, |_| usual * factor), back), earlier(errors(chance, 0.0, 0, 0), back))
    };
    let (yesterday, errors_yesterday) = other_days(chance, Span::hours(24));
    let (last_week, errors_last_week) = other_days(chance, Span::hours(168));
    let mut night = Night::quiet()
        .history(vec![release(42, 7200, Some(7195))])
        .signal(Signal::Symptom, errors(chance, high, onset, 0))
        .signal(Signal::SymptomYesterday, errors_yesterday)
        .signal(Signal::SymptomLastWeek, errors_last_week)
        .signal(Signal::Requests, noisy(chance, 8, |_| usual))
        .signal(Signal::RequestsYesterday, yesterday)
        .signal(Signal::RequestsLastWeek, last_week)
        .signal(Signal::Cpu, noisy(chance, 10, |_| cpu))
        .signal(Signal::Memory, noisy(chance, 3, |_| memory));
    let alarm = night.alarm.as_mut().unwrap();
    alarm.since = Some(ago((onset - 2).max(0)));
    let own = alarm.clone();
    // Somewhere in a large account something always fires.
    let unrelated = chance.percent(15).then(|| other("batch", onset + chance.between(-3, 90)));
    night.view.firing = Sight::Seen([own].into_iter().chain(unrelated).collect());
    night.view.others = Sight::Seen(strangers(&mut chance.apart()));
    if chance.percent(12) {
        // A worker without a load balancer.
        night.view.others = Sight::Seen(Vec::new());
        night = night.without(&[Signal::Requests, Signal::RequestsYesterday, Signal::RequestsLastWeek]);
    }
    night
}

/// A release that began then, sometimes soon after another.
fn released(chance: &mut Chance, began: Ago) -> Vec<ServiceDeployment> {
    let took = chance.between(2, 7);
    let finished = (began > took).then_some(began - took);
    let before = if chance.percent(15) { began + chance.between(8, 90) } else { began + chance.between(300, 9000) };
    vec![release(43, began, finished), release(42, before, Some(before - 4)), release(41, 20_000, Some(19_995))]
}

fn scaled(night: Night, signal: Signal, since: Ago, factor: f64) -> Night {
    let Some(series) = night.view.signal(signal).cloned() else { return night };
    let point = |point: Point| Point {
        value: if point.at >= ago(since) { point.value * factor } else { point.value },
        ..point
    };
    night.signal(signal, Series(series.0.into_iter().map(point).collect()))
}

impl Night {
    /// Two minutes of failures at another time as well.
    fn also_failing(self, at: Ago, high: f64) -> Self {
        let mut points = self.view.signal(Signal::Symptom).cloned().unwrap_or_default().0;
        points.retain(|point| point.at != ago(at) && point.at != ago(at - 1));
        points.extend([at, at - 1].map(|minute| Point { at: ago(minute), value: high }));
        points.sort_by_key(|point| point.at);
        self.signal(Signal::Symptom, Series(points))
    }
}

fn crashes(chance: &mut Chance, revision: u32, crash: Crash, onset: Ago) -> Vec<StoppedTask> {
    (0..chance.between(2, 6)).map(|_| stopped(revision, crash, chance.between(0, onset))).collect()
}

/// Mostly it shows at once, mostly by errors alone; sometimes tasks die.
fn guilty(night: Night, chance: &mut Chance, onset: Ago) -> Night {
    let delay = if chance.percent(75) { chance.between(1, 6) } else { chance.between(7, 48) };
    let mut history = released(chance, onset + delay);
    if chance.percent(10) {
        history[0].status = DeploymentStatus::RollbackRequested;
    }
    let night = night.history(history);
    match chance.between(1, 100) {
        1..=45 => night,
        46..=70 => {
            let tasks = crashes(chance, 43, Crash::Exit, onset);
            night.stopped(tasks)
        }
        71..=80 => {
            let tasks = crashes(chance, 43, Crash::HealthCheck, onset);
            night.stopped(tasks)
        }
        81..=88 => {
            let tasks = crashes(chance, 43, Crash::OutOfMemory, onset);
            night.stopped(tasks)
        }
        // Clients try again.
        89..=95 => scaled(night, Signal::Requests, onset, chance.real(1.1, 2.2)),
        _ => scaled(night, Signal::Cpu, onset, chance.real(1.5, 2.5)),
    }
}

fn loaded(night: Night, chance: &mut Chance, onset: Ago) -> Night {
    let lead = chance.between(0, 4);
    let factor = chance.real(1.5, 5.0);
    let night = scaled(night, Signal::Requests, onset + lead, factor);
    let busy = chance.real(80.0, 110.0);
    let cpu = noisy(chance, 4, |minute| if minute <= onset + lead { busy } else { 40.0 });
    let night = night.signal(Signal::Cpu, cpu);
    if chance.percent(25) {
        let runs = if night.view.history.seen().is_some_and(|history| history.len() > 1) { 43 } else { 42 };
        let tasks = crashes(chance, runs, Crash::HealthCheck, onset);
        return night.stopped(tasks);
    }
    night
}

/// Memory grows until the kernel kills tasks. A release restarts the growth, so
/// a leak that strikes after a recent one is fast, and has struck before it.
fn leaking(night: Night, chance: &mut Chance, onset: Ago) -> Night {
    let began = (1..=60).find(|minute| began_at(&night, *minute));
    let (period, slope) = match began {
        Some(began) if began - onset >= 10 => (began - onset, 75.0 / (began - onset) as f64),
        _ => (1000, chance.real(0.15, 0.5)),
    };
    let memory = noisy(chance, 2, |minute| {
        let left = (minute - onset).rem_euclid(period);
        (96.0 - slope * left as f64).max(20.0)
    });
    let mut night = night.signal(Signal::Memory, memory);
    let mut tasks = Vec::new();
    for struck in (onset..60).step_by(period as usize) {
        let revision = if began.is_some_and(|began| struck < began) { 43 } else { 42 };
        for _ in 0..chance.between(1, 3) {
            tasks.push(stopped(revision, Crash::OutOfMemory, (struck - chance.between(0, 2)).max(0)));
        }
        if struck > onset {
            night = night.also_failing(struck, chance.real(5.0, 60.0));
        }
    }
    night.stopped(tasks)
}

/// The newest release began in that minute.
fn began_at(night: &Night, minute: Ago) -> bool {
    night.view.history.seen().is_some_and(|history| history[0].began_at() == ago(minute))
}

/// Mostly others are hit as well; a third party's outage may show nowhere.
fn depending(night: Night, chance: &mut Chance, onset: Ago) -> Night {
    // Others that share it have alarms or not.
    let night = hit(night, &mut chance.apart(), onset);
    let near = |chance: &mut Chance| (onset - 2 + chance.between(-2, 2)).max(0);
    let mut firing: Vec<LiveAlarm> = match chance.between(1, 100) {
        1..=60 => vec![other("orders", near(chance)), other("users", near(chance))],
        61..=80 => vec![other("orders", near(chance))],
        _ => Vec::new(),
    };
    if chance.percent(35) {
        firing.push(database(near(chance)));
    }
    let night = night.firing(firing);
    if chance.percent(20) {
        let runs = if night.view.history.seen().is_some_and(|history| history.len() > 1) { 43 } else { 42 };
        let tasks = crashes(chance, runs, Crash::Exit, onset);
        return night.stopped(tasks);
    }
    night
}

/// AWS admits four of five, and mostly others are hit as well.
fn provided(night: Night, chance: &mut Chance, onset: Ago) -> Night {
    let night = hit(night, &mut chance.apart(), onset);
    let night = if chance.percent(60) { night.firing(vec![other("orders", 3), other("users", 4)]) } else { night };
    if chance.percent(80) { night.issues(vec![issue("FARGATE")]) } else { night }
}

/// Replacements of running tasks cannot start: nothing was released for it.
fn unstarted(night: Night, chance: &mut Chance, crash: Crash) -> Night {
    let began = (1..=60).find(|minute| began_at(&night, *minute));
    let tasks = (0..chance.between(2, 6)).map(|_| {
        let at = chance.between(0, 25);
        // Only the newest release's tasks are started.
        stopped(if began.is_some_and(|began| at < began) { 43 } else { 42 }, crash, at)
    });
    let tasks = tasks.collect();
    night.stopped(tasks)
}

/// A blip that is over, or a job that does this every night.
fn nothing(night: Night, chance: &mut Chance, onset: Ago) -> Night {
    let onset = onset + 6;
    let high = chance.real(11.0, 40.0);
    let end = onset - chance.between(1, 3);
    let blip = errors(chance, high, onset, end);
    let mut night = night.signal(Signal::Symptom, blip);
    let alarm = night.alarm.as_mut().unwrap();
    alarm.since = Some(ago(onset - 2));
    if chance.percent(70) {
        alarm.state = AlarmState::Ok;
        alarm.since = Some(ago(1));
    }
    if chance.percent(50) {
        let again = earlier(errors(chance, high, onset, end), Span::hours(24));
        night = night.signal(Signal::SymptomYesterday, again);
    }
    night
}
