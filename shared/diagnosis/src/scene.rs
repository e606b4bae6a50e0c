//! What a view shows, worked out once for all families of evidence.

use jiff::{SignedDuration, Timestamp};
use nightshift_core::alarm::LiveAlarm;
use nightshift_core::metric::{MetricId, Point, Signal};
use nightshift_core::policy::Policy;
use nightshift_core::service::Strategy;
use nightshift_core::span::Span;

use crate::evidence::climbed_since;
use crate::moved;
use crate::neighbours::Neighbours;
use crate::observe::LOOKBACK;
use crate::others::Others;
use crate::run::ran_on;
use crate::shifts::{self, exposed_at};
use crate::signals;
use crate::suspect::{self, Lineup, lineup};
use crate::traffic::Traffic;
use crate::trend::{self, Episode};
use crate::view::ServiceView;

/// Before this, a departure had not begun even if the alarm needed all its
/// periods to see it.
const MARGIN: Span = Span::minutes(2);
/// Tasks need twenty seconds and more from the beginning of a release until a
/// load balancer gives them requests.
const EARLY: SignedDuration = SignedDuration::from_secs(30);
/// Without an alarm's word the last minutes are taken for the trouble.
const RECENT: Span = Span::minutes(10);

/// The symptom's metric and what became of it.
pub(crate) struct Symptom {
    pub(crate) metric: MetricId,
    pub(crate) points: Vec<Point>,
    pub(crate) episodes: Vec<Episode>,
    pub(crate) upward: bool,
}

/// Where the onset lies to the suspect's beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// The symptom was there first: before the release, or before any production
    /// traffic reached it.
    Before,
    /// In the same minute: a datapoint cannot tell. `early`: the release began in
    /// its first half, so that its tasks may have served in the second.
    SameMinute { early: bool },
    /// The release was there first, or its last step of a traffic shift, by so
    /// much.
    After(SignedDuration),
}

/// Everything a family of evidence may ask.
pub(crate) struct Scene<'a> {
    pub(crate) view: &'a ServiceView,
    pub(crate) alarm: Option<&'a LiveAlarm>,
    pub(crate) policy: &'a Policy,
    pub(crate) now: Timestamp,
    pub(crate) symptom: Option<Symptom>,
    /// When the symptom began, where it shows.
    pub(crate) onset: Option<Timestamp>,
    pub(crate) lineup: Option<Lineup<'a>>,
    pub(crate) traffic: Option<Traffic>,
    /// `None`: the firing alarms were not seen.
    pub(crate) neighbours: Option<Neighbours>,
    /// `None`: no other's metric was seen, or not when ours began.
    pub(crate) others: Option<Others<'a>>,
}

impl<'a> Scene<'a> {
    pub(crate) fn new(view: &'a ServiceView, alarm: Option<&'a LiveAlarm>, policy: &'a Policy, now: Timestamp) -> Self {
        let symptom = alarm.and_then(|alarm| symptom(view, alarm, now));
        let onset = match &symptom {
            Some(symptom) => symptom.episodes.last().map(|episode| episode.onset),
            None => first_crash(view),
        };
        let history = view.history.seen().map(Vec::as_slice).unwrap_or_default();
        let within = |window| lineup(history, &view.traffic_shifts, onset, window, now);
        // A leak begins with the tasks that leak, an hour and more before it hurts.
        let leaked = || within(LOOKBACK).filter(|lineup| climbed_since(view, lineup.began_at()).is_some());
        let suspects = within(policy.rollback.blame_window).or_else(leaked);
        let in_a_row = onset.zip(symptom.as_ref()).and_then(|(onset, symptom)| {
            suspect::run(history, onset, now, |first, second| ran_on(view, symptom, first, second))
        });
        let anchor = onset.or_else(|| alarm.and_then(began)).unwrap_or(now);
        Self {
            view,
            alarm,
            policy,
            now,
            onset,
            lineup: in_a_row.filter(|_| suspects.is_some()).or(suspects),
            traffic: Traffic::of(view, symptom.as_ref().and_then(failed), onset, now),
            neighbours: Neighbours::of(view, alarm, policy, anchor),
            others: Others::of(view, onset),
            symptom,
        }
    }

    /// The symptom's last episode.
    pub(crate) fn episode(&self) -> Option<&Episode> {
        self.symptom.as_ref()?.episodes.last()
    }

    /// Where the onset lies to the suspect's beginning, if both are known.
    pub(crate) fn order(&self) -> Option<Order> {
        let (onset, began) = (self.onset?, self.lineup?.began_at());
        Some(if self.ahead_of_traffic() {
            Order::Before
        } else if onset >= began {
            let exposed = self.exposed_at().unwrap_or(began);
            Order::After(onset.duration_since(exposed).max(SignedDuration::ZERO))
        } else if trend::end_of(onset) > began {
            Order::SameMinute { early: began.duration_since(onset) < EARLY }
        } else {
            Order::Before
        })
    }

    /// When the suspect last got more of the traffic before the onset, or began.
    pub(crate) fn exposed_at(&self) -> Option<Timestamp> {
        let lineup = self.lineup?;
        let of = |one| exposed_at(one, &self.view.traffic_shifts, self.onset, self.now);
        let suspect = of(lineup.suspect);
        // Of a run the beginning counts, unless traffic was shifted since.
        Some(lineup.with.filter(|_| suspect == lineup.suspect.began_at()).map_or(suspect, of))
    }

    /// The symptom is one of answered requests, and none had gone to the suspect
    /// by its onset: it had only begun.
    pub(crate) fn ahead_of_traffic(&self) -> bool {
        let (Some(onset), Some(lineup), Some(symptom)) = (self.onset, self.lineup, &self.symptom) else { return false };
        let suspect = lineup.with.unwrap_or(lineup.suspect);
        if !signals::of_answers(&symptom.metric) || trend::end_of(onset) <= suspect.began_at() {
            return false;
        }
        let first = shifts::during(suspect, &self.view.traffic_shifts).next();
        let shifts = self.view.live_service().is_some_and(|service| service.strategy != Strategy::Rolling);
        match first {
            Some(first) => first >= trend::end_of(onset),
            None => shifts && suspect.stage.as_deref().is_some_and(shifts::ahead_of_traffic),
        }
    }

    /// Something other than a release explains the symptom: load, other
    /// services, a dependency or AWS. `None` if that could not be seen.
    pub(crate) fn explained_elsewhere(&self) -> Option<bool> {
        let neighbours = self.neighbours.as_ref()?;
        self.view.others.seen()?;
        let provider = self.view.health_issues.seen()?.iter().any(crate::evidence::provider::carries_tasks);
        let others = self.others.as_ref().is_some_and(Others::explain);
        Some(neighbours.explain() || others || provider || self.traffic.as_ref().is_some_and(Traffic::explains))
    }
}

/// The requests that failed, where they are the symptom.
pub(crate) fn failed(symptom: &Symptom) -> Option<&[Point]> {
    let errors = signals::counts(&symptom.metric) && signals::of_answers(&symptom.metric);
    errors.then_some(&symptom.points[..])
}

/// When what the alarm saw began, as far as the alarm alone can tell.
pub(crate) fn began(alarm: &LiveAlarm) -> Option<Timestamp> {
    alarm.since.map(|since| Span::seconds(i64::from(alarm.span_s())).before(since))
}

/// Until when nothing of what the alarm saw had begun.
pub(crate) fn calm_until(alarm: Option<&LiveAlarm>, now: Timestamp) -> Timestamp {
    alarm.and_then(began).map_or(RECENT.before(now), |began| MARGIN.before(began))
}

fn symptom(view: &ServiceView, alarm: &LiveAlarm, now: Timestamp) -> Option<Symptom> {
    let reported = view.signal(Signal::Symptom)?;
    let firing = view.firing.seen().map(Vec::as_slice).unwrap_or_default();
    // Which metric it is decides what a gap means; a composite's child may be
    // out of sight, and then its points say nothing.
    let metric = signals::symptom_metric(alarm, firing).unwrap_or_else(|| MetricId {
        namespace: String::new(),
        name: "the symptom".into(),
        dimensions: Default::default(),
        stat: String::new(),
        period_s: signals::PERIOD_S,
    });
    let mut points = trend::in_order(reported).into_owned();
    if metric.namespace.is_empty() {
        points.clear();
    }
    if signals::counts(&metric) {
        let newest = [Signal::Symptom, Signal::Requests].into_iter().filter_map(|signal| view.signal(signal));
        if let Some(last) = newest.flat_map(|series| &series.0).map(|point| point.at).max() {
            points = trend::with_zeros(&points, LOOKBACK.before(now), last);
        }
    }
    let upward = signals::more_is_worse(alarm);
    let mut episodes = trend::episodes(&points, upward, calm_until(Some(alarm), now));
    if upward && signals::counts(&metric) {
        episodes = moved::dated(&points, episodes);
    }
    Some(Symptom { metric, points, episodes, upward })
}

/// Where no metric shows the symptom, the first crash of the hour dates it. It
/// stands in only if the metrics were seen to lack one: what could not be
/// looked at must never make a release look guilty.
fn first_crash(view: &ServiceView) -> Option<Timestamp> {
    let metrics = view.metrics.seen()?;
    if metrics.contains_key(&Signal::Symptom) {
        return None;
    }
    let crashed = view.stopped.seen()?.iter().filter(|task| task.crash().is_some());
    crashed.filter_map(|task| task.stopped_at).min()
}
