//! Metrics: series of datapoints.
//!
//! Values are held against each other rather than against figures: nobody
//! knows what an account measured, but a sum of sums is a sum.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use nightshift_core::metric::{InTraffic, MetricId, Point, Series};
use nightshift_core::ports::{AlarmReads, MetricReads, TrafficReads};

use crate::{Place, Verdict, got, holds, same, there};

/// More than one request of `GetMetricData` may hold.
const MANY: usize = 501;
/// A multiple of all periods in here.
const ALIGNED_S: i64 = 600;
/// How far two means may lie apart that were taken in another order.
const ROUNDING: f64 = 1e-6;

/// What is asked for: a metric and its window.
type Wanted = (MetricId, Timestamp, Timestamp);

/// Runs the suite. The alarms say which metrics there are.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn metrics<W: MetricReads + TrafficReads + AlarmReads>(world: &W, place: &Place) -> Verdict {
    // Aligned with every period that is asked for: what CloudWatch does with
    // other windows is not documented. And over for so long that all of it was
    // published, however long it took until this suite came to run.
    let end = (place.now.as_second() / ALIGNED_S - 1) * ALIGNED_S;
    let end = Timestamp::from_second(end).map_err(|error| error.to_string())?;
    let window = (end - SignedDuration::from_mins(30), end);
    let (errors, cpu) = (watched(world, "prod-checkout-5xx").await?, watched(world, "prod-checkout-cpu").await?);
    let suite = Suite { world, window, errors, cpu };
    suite.nothing_asked_is_nothing_answered().await?;
    suite.the_answer_has_the_length_and_order_of_the_question().await?;
    suite.points_are_in_their_window_on_their_period_and_ascending().await?;
    suite.each_window_is_its_own().await?;
    suite.more_than_a_request_holds_is_asked_all_the_same().await?;
    suite.a_longer_period_sums_up_the_shorter_ones().await?;
    suite.statistics_agree_with_each_other().await?;
    suite.who_gets_requests_is_known_by_both_dimensions().await
}

async fn watched<W: AlarmReads>(world: &W, alarm: &str) -> Result<MetricId, String> {
    let found = there(alarm, world.alarm(alarm).await)?;
    found.metrics.into_iter().next().ok_or_else(|| format!("{alarm} looks at no metric"))
}

struct Suite<'a, W> {
    world: &'a W,
    window: (Timestamp, Timestamp),
    errors: MetricId,
    cpu: MetricId,
}

impl<W: MetricReads + TrafficReads> Suite<'_, W> {
    async fn who_gets_requests_is_known_by_both_dimensions(&self) -> Verdict {
        let found = got("who gets requests", self.world.in_traffic().await)?;
        let of = |name: &str| self.errors.dimensions.get(name).cloned().unwrap_or_default();
        let checkout = InTraffic { load_balancer: of("LoadBalancer"), target_group: of("TargetGroup") };
        same("checkout, once", &found.iter().filter(|one| **one == checkout).count(), &1)?;
        let others: BTreeSet<_> = found.iter().filter(|one| **one != checkout).collect();
        holds("others, each once", &found, others.len() > 1 && others.len() + 1 == found.len())?;
        for other in others {
            let mut requests = MetricId { name: "RequestCount".into(), ..self.errors.clone() };
            requests.dimensions.insert("LoadBalancer".into(), other.load_balancer.clone());
            requests.dimensions.insert("TargetGroup".into(), other.target_group.clone());
            let (from, until) = self.window;
            let counted = self.read(&[(requests, from, until)]).await?;
            holds("their requests", other, counted[0].0.iter().any(|point| point.value > 0.0))?;
        }
        Ok(())
    }

    async fn read(&self, wanted: &[Wanted]) -> Result<Vec<Series>, String> {
        let found = got("series", self.world.series(wanted).await)?;
        same("as many series as asked for", &found.len(), &wanted.len())?;
        Ok(found)
    }

    async fn one(&self, metric: MetricId) -> Result<Series, String> {
        let (from, to) = self.window;
        let found = self.read(&[(metric, from, to)]).await?.pop().unwrap_or_default();
        holds("some datapoints", &found, !found.0.is_empty())?;
        Ok(found)
    }

    /// A metric that nobody ever published.
    fn unknown(&self) -> MetricId {
        let mut unknown = self.cpu.clone();
        unknown.dimensions.insert("ServiceName".into(), "conform-nobody".into());
        unknown
    }

    async fn nothing_asked_is_nothing_answered(&self) -> Verdict {
        self.read(&[]).await.map(drop)
    }

    async fn the_answer_has_the_length_and_order_of_the_question(&self) -> Verdict {
        let (from, to) = self.window;
        let wanted = |metrics: [MetricId; 3]| metrics.map(|metric| (metric, from, to));
        let first = self.read(&wanted([self.errors.clone(), self.unknown(), self.cpu.clone()])).await?;
        holds("series of known metrics", &first, !first[0].0.is_empty() && !first[2].0.is_empty())?;
        same("the series of an unknown metric", &first[1], &Series::default())?;
        let second = self.read(&wanted([self.cpu.clone(), self.errors.clone(), self.unknown()])).await?;
        same("the same in another order", &[&second[1], &second[2], &second[0]], &[&first[0], &first[1], &first[2]])
    }

    async fn points_are_in_their_window_on_their_period_and_ascending(&self) -> Verdict {
        let (from, to) = self.window;
        for period_s in [60, 300] {
            let series = self.one(MetricId { period_s, ..self.cpu.clone() }).await?;
            let inside = series.0.iter().all(|point| from <= point.at && point.at < to);
            let aligned = series.0.iter().all(|point| point.at.as_second() % i64::from(period_s) == 0);
            let ascends = series.0.is_sorted_by(|a, b| a.at < b.at);
            holds("in its window, on its period, ascending", &series, inside && aligned && ascends)?;
            // CPU is published every minute: the first point is the window's
            // begin, and its end is the first of the next.
            let expected = usize::try_from((to.as_second() - from.as_second()) / i64::from(period_s));
            same("its points", &Ok(series.0.len()), &expected)?;
        }
        Ok(())
    }

    async fn each_window_is_its_own(&self) -> Verdict {
        let (from, to) = self.window;
        let day = SignedDuration::from_hours(24);
        let middle = from + SignedDuration::from_mins(10);
        let cpu = |from, to| (self.cpu.clone(), from, to);
        let found = self.read(&[cpu(from, middle), cpu(from - day, to - day), cpu(middle, to)]).await?;
        holds("a series of yesterday", &found[1], found[1].0.iter().all(|point| point.at < to - day))?;
        let joined: Vec<_> = [&found[0], &found[2]].iter().flat_map(|series| series.0.clone()).collect();
        same("two halves of a window", &Series(joined), &self.one(self.cpu.clone()).await?)
    }

    async fn more_than_a_request_holds_is_asked_all_the_same(&self) -> Verdict {
        let (_, to) = self.window;
        let from = to - SignedDuration::from_mins(2);
        let mut wanted = vec![(self.unknown(), from, to); MANY];
        wanted[MANY - 1].0 = self.cpu.clone();
        let found = self.read(&wanted).await?;
        let some: Vec<usize> = (0..MANY).filter(|index| !found[*index].0.is_empty()).collect();
        same("the places of known metrics", &some, &vec![MANY - 1])
    }

    async fn a_longer_period_sums_up_the_shorter_ones(&self) -> Verdict {
        let minutes = self.one(self.errors.clone()).await?;
        let long = self.one(MetricId { period_s: 300, ..self.errors.clone() }).await?;
        for point in &long.0 {
            let until = point.at + SignedDuration::from_mins(5);
            let sum: f64 = minutes.between(point.at, until).map(|minute| minute.value).sum();
            same("a sum over five minutes", &point.value, &sum)?;
        }
        Ok(())
    }

    async fn statistics_agree_with_each_other(&self) -> Verdict {
        let of = |stat: &str| MetricId { stat: stat.into(), period_s: 300, ..self.cpu.clone() };
        let (least, mean) = (self.one(of("Minimum")).await?, self.one(of("Average")).await?);
        let (most, sum) = (self.one(of("Maximum")).await?, self.one(of("Sum")).await?);
        let count = self.one(of("SampleCount")).await?;
        let tail = self.one(of("p99")).await?;
        let mut places = tail.0.iter().zip(&mean.0).zip(&most.0);
        let between =
            |((tail, mean), most): ((&Point, &Point), &Point)| (mean.value..=most.value).contains(&tail.value);
        holds("average ≤ p99 ≤ maximum", &tail, tail.0.len() == mean.0.len() && places.all(between))?;
        for (index, mean) in mean.0.iter().enumerate() {
            let [least, most, sum, count] = [&least, &most, &sum, &count].map(|series| series.0.get(index));
            let value = |point: Option<&Point>| point.map_or(f64::NAN, |point| point.value);
            let (least, most, sum, count) = (value(least), value(most), value(sum), value(count));
            let between = least <= mean.value && mean.value <= most && least < most;
            let agrees = (sum / count - mean.value).abs() < ROUNDING;
            holds("minimum ≤ average ≤ maximum, and sum / count", &(least, mean, most, sum, count), between && agrees)?;
        }
        Ok(())
    }
}
