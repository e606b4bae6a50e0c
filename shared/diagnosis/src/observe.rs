//! Looks at one service through the ports.

use std::collections::BTreeMap;

use jiff::Timestamp;
use nightshift_core::alarm::LiveAlarm;
use nightshift_core::fault::Fault;
use nightshift_core::ids::ServiceRef;
use nightshift_core::metric::{InTraffic, MetricId, Point, Series, Signal};
use nightshift_core::ports::{
    AlarmReads, Answer, LedgerReads, MetricReads, ScalingReads, ServiceReads, TargetReads, TrafficReads,
};
use nightshift_core::service::{Service, Strategy, TargetHealth};
use nightshift_core::span::Span;

use crate::others::{self, Other};
use crate::shifts;
use crate::signals;
use crate::view::ServiceView;

/// How far back metrics are read: long enough to know the level before a
/// release that is still within a blame window of an hour.
pub const LOOKBACK: Span = Span::hours(3);
const DAY: Span = Span::hours(24);
const WEEK: Span = Span::hours(168);

/// The ports a service is looked at through.
pub trait ServiceWorld:
    AlarmReads + MetricReads + TrafficReads + ServiceReads + TargetReads + ScalingReads + LedgerReads
{
}

impl<W> ServiceWorld for W where
    W: AlarmReads + MetricReads + TrafficReads + ServiceReads + TargetReads + ScalingReads + LedgerReads
{
}

/// What is read at the same time as the service, because nothing of it waits for
/// anything else.
#[derive(Debug)]
pub struct Beside<A, F, H> {
    /// The alarm that shows the symptom.
    pub alarm: A,
    /// The alarms that fire, as far as that is needed.
    pub firing: F,
    /// What hangs on the service, once that is read.
    pub hanging: H,
}

/// What was seen of a service and beside it.
#[derive(Debug)]
pub struct Looked<T> {
    /// The service.
    pub view: ServiceView,
    /// The alarm that shows the symptom.
    pub alarm: Answer<Option<LiveAlarm>>,
    /// What hangs on the service.
    pub hanging: T,
}

/// Looks at what tells whether `service` is well again, and at nothing that tells why it
/// was ill. `crashes`: at tasks that stopped, too.
pub async fn observe_health<W: ServiceWorld>(
    world: &W,
    service: &ServiceRef,
    (alarm, firing): (Option<&LiveAlarm>, impl Future<Output = Answer<Vec<LiveAlarm>>>),
    crashes: bool,
    now: Timestamp,
) -> ServiceView {
    let known = async { Ok(alarm.cloned()) };
    let beside = Beside { alarm: known, firing, hanging: async |_: Option<&Service>| () };
    let not_asked = || Fault::not_asked(service.to_string(), "it was looked whether the service is well again");
    let stopped = async {
        match crashes {
            true => world.stopped_tasks(service).await,
            false => Err(not_asked()),
        }
    };
    let others = async { Err(not_asked()) };
    let (front, stopped) = tokio::join!(with_what_hangs_on_it(world, service, beside, others, now), stopped);
    ServiceView {
        service: front.live.into(),
        stopped: stopped.into(),
        metrics: front.metrics.map(|measured| measured.signals).into(),
        firing: front.firing.into(),
        targets: front.targets.into(),
        ..ServiceView::unseen(not_asked())
    }
}

/// Looks at everything about `service` that a diagnosis, a remedy or a
/// verification uses, and at what is read beside it, in as few rounds of calls
/// as their order allows.
///
/// It cannot fail: a part that cannot be had is `Sight::Unseen` with its
/// fault. The alarm says which metric shows the symptom.
pub async fn observe_beside<W: ServiceWorld, T>(
    world: &W,
    service: &ServiceRef,
    beside: Beside<
        impl Future<Output = Answer<Option<LiveAlarm>>>,
        impl Future<Output = Answer<Vec<LiveAlarm>>>,
        impl AsyncFnOnce(Option<&Service>) -> T,
    >,
    now: Timestamp,
) -> Looked<T> {
    let (front, history, stopped, scaling, health_issues) = tokio::join!(
        with_what_hangs_on_it(world, service, beside, world.in_traffic(), now),
        world.history(service),
        world.stopped_tasks(service),
        world.scalable_target(service),
        world.health_issues(),
    );
    let Front { live, alarm, firing, targets, metrics, others, hanging } = front;
    let (metrics, traffic_shifts) = match metrics {
        Ok(measured) if shifts_traffic(&live) => (Ok(measured.signals), measured.traffic_shifts),
        // Target groups of other services have traffic of their own each.
        Ok(measured) => (Ok(measured.signals), Vec::new()),
        Err(fault) => (Err(fault), Vec::new()),
    };
    let view = ServiceView {
        service: live.into(),
        history: history.into(),
        stopped: stopped.into(),
        metrics: metrics.into(),
        firing: firing.into(),
        scaling: scaling.into(),
        targets: targets.into(),
        health_issues: health_issues.into(),
        others: others.into(),
        traffic_shifts,
    };
    Looked { view, alarm, hanging }
}

fn shifts_traffic(live: &Answer<Option<Service>>) -> bool {
    matches!(live, Ok(Some(service)) if service.strategy != Strategy::Rolling)
}

struct Front<T> {
    live: Answer<Option<Service>>,
    alarm: Answer<Option<LiveAlarm>>,
    firing: Answer<Vec<LiveAlarm>>,
    targets: Answer<TargetHealth>,
    metrics: Answer<Measured>,
    others: Answer<Vec<Other>>,
    hanging: T,
}

/// What the metrics show.
struct Measured {
    signals: BTreeMap<Signal, Series>,
    traffic_shifts: Vec<Timestamp>,
}

/// The service and the alarms, then what needs their answers: targets need the
/// target groups, metrics need all of it.
async fn with_what_hangs_on_it<W: ServiceWorld, T>(
    world: &W,
    service: &ServiceRef,
    beside: Beside<
        impl Future<Output = Answer<Option<LiveAlarm>>>,
        impl Future<Output = Answer<Vec<LiveAlarm>>>,
        impl AsyncFnOnce(Option<&Service>) -> T,
    >,
    in_traffic: impl Future<Output = Answer<Vec<InTraffic>>>,
    now: Timestamp,
) -> Front<T> {
    let (live, alarm, firing, in_traffic) =
        tokio::join!(world.service(service), beside.alarm, beside.firing, in_traffic);
    let known = alarm.as_ref().ok().and_then(Option::as_ref);
    let groups: Answer<Vec<String>> = match &live {
        Ok(live) => Ok(live.as_ref().map(|live| live.target_groups.clone()).unwrap_or_default()),
        Err(fault) => Err(fault.clone()),
    };
    let symptom = known.and_then(|alarm| signals::symptom_metric(alarm, firing.as_deref().unwrap_or_default()));
    // Their own request: what cannot be read of them hides nothing of ours.
    let chosen = others::chosen(in_traffic, symptom.as_ref(), groups.as_deref().unwrap_or_default());
    let (targets, metrics, others, hanging) = tokio::join!(
        async {
            match &groups {
                Ok(groups) if groups.is_empty() => Ok(TargetHealth::default()),
                Ok(groups) => world.targets(groups).await,
                Err(fault) => Err(fault.clone()),
            }
        },
        async {
            // Without the service the symptom alone is still worth seeing.
            let groups = groups.as_deref().unwrap_or_default();
            let balancers = load_balancers(world, known, groups).await?;
            read_metrics(world, Wanted::of(service, symptom, &balancers, now)).await
        },
        async {
            let chosen = chosen?;
            if chosen.is_empty() {
                return Ok(Vec::new());
            }
            let answers = world.series(&others::wanted(&chosen, now)).await?;
            Ok(others::all(&chosen, &answers, known, now))
        },
        (beside.hanging)(live.as_ref().ok().and_then(Option::as_ref)),
    );
    Front { live, alarm, firing, targets, metrics, others, hanging }
}

async fn load_balancers<W: TargetReads>(
    world: &W,
    alarm: Option<&LiveAlarm>,
    groups: &[String],
) -> Answer<BTreeMap<String, String>> {
    if groups.is_empty() {
        return Ok(BTreeMap::new());
    }
    match alarm.and_then(|alarm| signals::load_balancer_told(alarm, groups)) {
        Some(told) => Ok(told),
        None => world.load_balancers(groups).await,
    }
}

/// The queries, and beside each the signal its answer belongs to.
struct Wanted {
    signals: Vec<Signal>,
    queries: Vec<(MetricId, Timestamp, Timestamp)>,
}

impl Wanted {
    fn of(
        service: &ServiceRef,
        symptom: Option<MetricId>,
        balancers: &BTreeMap<String, String>,
        now: Timestamp,
    ) -> Self {
        let mut wanted = Self { signals: Vec::new(), queries: Vec::new() };
        if let Some(symptom) = symptom {
            wanted.ask(Signal::SymptomYesterday, &symptom, DAY.before(now));
            wanted.ask(Signal::SymptomLastWeek, &symptom, WEEK.before(now));
            wanted.ask(Signal::Symptom, &symptom, now);
        }
        for requests in signals::request_metrics(balancers) {
            wanted.ask(Signal::Requests, &requests, now);
            wanted.ask(Signal::RequestsYesterday, &requests, DAY.before(now));
            wanted.ask(Signal::RequestsLastWeek, &requests, WEEK.before(now));
        }
        wanted.ask(Signal::Cpu, &signals::utilisation(service, "CPUUtilization"), now);
        wanted.ask(Signal::Memory, &signals::utilisation(service, "MemoryUtilization"), now);
        wanted
    }

    fn ask(&mut self, signal: Signal, metric: &MetricId, until: Timestamp) {
        self.signals.push(signal);
        self.queries.push((metric.clone(), LOOKBACK.before(until), until));
    }
}

async fn read_metrics<W: MetricReads>(world: &W, wanted: Wanted) -> Answer<Measured> {
    let answers = world.series(&wanted.queries).await?;
    let mut signals: BTreeMap<Signal, Series> = BTreeMap::new();
    let mut groups = Vec::new();
    for (signal, series) in wanted.signals.into_iter().zip(answers) {
        if signal == Signal::Requests {
            groups.push(series.clone());
        }
        let sum = signals.entry(signal).or_default();
        *sum = added(sum, series);
    }
    Ok(Measured { signals, traffic_shifts: shifts::of(&groups) })
}

/// Point by point: a blue/green service takes its requests by either of two
/// target groups, and only their sum is its traffic.
fn added(one: &Series, other: Series) -> Series {
    let mut sum: BTreeMap<Timestamp, f64> = BTreeMap::new();
    for point in one.0.iter().chain(&other.0) {
        *sum.entry(point.at).or_default() += point.value;
    }
    Series(sum.into_iter().map(|(at, value)| Point { at, value }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_target_groups_add_up_point_by_point() {
        let at = |minute: i64| Timestamp::from_second(minute * 60).unwrap();
        let series = |points: &[(i64, f64)]| {
            Series(points.iter().map(|&(minute, value)| Point { at: at(minute), value }).collect())
        };
        let sum = added(&series(&[(1, 2.0), (2, 3.0)]), series(&[(2, 4.0), (3, 5.0)]));
        assert_eq!(sum, series(&[(1, 2.0), (2, 7.0), (3, 5.0)]));
    }
}
