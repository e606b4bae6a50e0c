//! What CloudWatch measured of services and load balancers, in few requests.

use std::collections::BTreeMap;

use jiff::Timestamp;
use nightshift_core::ids::ServiceRef;
use nightshift_core::metric::{MetricId, Series};
use nightshift_core::ports::{Answer, MetricReads};
use nightshift_core::service::Service;
use nightshift_core::waste::Balancer;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::Window;
use crate::waste::Peak;

/// Series that are held in memory at once: as many as one request of
/// `GetMetricData` asks for, each of some hundred hours.
const AT_ONCE: usize = 500;
const HOUR_S: u32 = 3600;
const DAY_S: u32 = 86_400;
/// Hours of a day.
const HOURS: u32 = 24;
/// Dimensions of Application Load Balancers begin so; others count no requests.
const APPLICATION: &str = "app/";

/// What was measured.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    pub(super) services: BTreeMap<ServiceRef, Used>,
    /// Requests, by the dimension of the load balancer.
    pub(super) balancers: BTreeMap<String, u64>,
}

/// What was measured of a service.
#[derive(Clone, Debug, Default)]
pub(super) struct Used {
    pub(super) cpu: Option<Decimal>,
    pub(super) memory: Option<Decimal>,
    pub(super) peak: Peak,
    pub(super) hours: u32,
    pub(super) requests: Option<u64>,
}

/// Whose series one is.
enum Of<'a> {
    Cpu(&'a Service),
    Memory(&'a Service),
    Requests(&'a Service),
    Balancer(&'a Balancer),
}

pub(super) async fn read<W: MetricReads>(
    world: &W,
    window: Window,
    services: &[Service],
    groups: &BTreeMap<String, String>,
    balancers: &[Balancer],
) -> Answer<Metrics> {
    let mut metrics = Metrics::default();
    let percentiles = services.iter().flat_map(|service| peaks(service, Peak::P99));
    let sums = services.iter().flat_map(|service| requests(service, groups));
    let whole = balancers.iter().map(|it| (Of::Balancer(it), requests_of([("LoadBalancer", it.dimension.as_str())])));
    metrics.add(world, window, Peak::P99, percentiles.chain(sums).chain(whole).collect()).await?;
    let hours = |service: &Service| metrics.services.get(&service.service).map_or(0, |used| used.hours);
    let gaps = services.iter().filter(|service| hours(service) < window.days.saturating_mul(HOURS));
    let mut maxima = Metrics::default();
    maxima.add(world, window, Peak::Maximum, gaps.flat_map(|one| peaks(one, Peak::Maximum)).collect()).await?;
    metrics.prefer_longer(maxima);
    Ok(metrics)
}

fn peaks(service: &Service, peak: Peak) -> [(Of<'_>, MetricId); 2] {
    let stat = match peak {
        Peak::P99 => "p99",
        Peak::Maximum => "Maximum",
    };
    let of = |name: &str| {
        let dimensions = [("ClusterName", &service.service.cluster), ("ServiceName", &service.service.service)];
        let dimensions = dimensions.map(|(name, value)| (name.to_owned(), value.clone())).into();
        MetricId { namespace: "AWS/ECS".into(), name: name.into(), dimensions, stat: stat.into(), period_s: HOUR_S }
    };
    [(Of::Cpu(service), of("CPUUtilization")), (Of::Memory(service), of("MemoryUtilization"))]
}

/// Of each of its target groups; none, if one of them hangs on no Application
/// Load Balancer: whoever comes by another way is not counted.
fn requests<'a>(service: &'a Service, groups: &BTreeMap<String, String>) -> Vec<(Of<'a>, MetricId)> {
    let one = |arn: &String| {
        let balancer = groups.get(arn).filter(|dimension| dimension.starts_with(APPLICATION))?;
        let (_, group) = arn.split_once(":targetgroup/")?;
        let group = format!("targetgroup/{group}");
        Some((
            Of::Requests(service),
            requests_of([("LoadBalancer", balancer.as_str()), ("TargetGroup", group.as_str())]),
        ))
    };
    service.target_groups.iter().map(one).collect::<Option<_>>().unwrap_or_default()
}

fn requests_of<const N: usize>(dimensions: [(&str, &str); N]) -> MetricId {
    MetricId {
        namespace: "AWS/ApplicationELB".into(),
        name: "RequestCount".into(),
        dimensions: dimensions.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        stat: "Sum".into(),
        period_s: DAY_S,
    }
}

impl Metrics {
    async fn add<W: MetricReads>(
        &mut self,
        world: &W,
        window: Window,
        peak: Peak,
        wanted: Vec<(Of<'_>, MetricId)>,
    ) -> Answer<()> {
        for some in wanted.chunks(AT_ONCE) {
            let asked: Vec<(MetricId, Timestamp, Timestamp)> =
                some.iter().map(|(_, metric)| (metric.clone(), window.from, window.to)).collect();
            for ((of, _), series) in some.iter().zip(world.series(&asked).await?) {
                self.keep(of, peak, &series);
            }
        }
        Ok(())
    }

    /// Takes the maxima of those services that have more hours of them: of what is
    /// published as a summary there are no percentiles.
    fn prefer_longer(&mut self, maxima: Self) {
        for (service, highest) in maxima.services {
            let known = self.services.entry(service).or_default();
            if highest.hours > known.hours {
                *known = Used { requests: known.requests, ..highest };
            }
        }
    }

    fn keep(&mut self, of: &Of<'_>, peak: Peak, series: &Series) {
        match of {
            // CPU comes before memory: of two numbers of hours the lower counts.
            Of::Cpu(service) => {
                let used = self.used(service);
                (used.cpu, used.hours, used.peak) = (highest(series), hours(series), peak);
            }
            Of::Memory(service) => {
                let used = self.used(service);
                (used.memory, used.hours) = (highest(series), used.hours.min(hours(series)));
            }
            // Nothing is reported where there was none.
            Of::Requests(service) => {
                let used = self.used(service);
                used.requests = Some(used.requests.unwrap_or(0).saturating_add(sum(series)));
            }
            Of::Balancer(balancer) => {
                self.balancers.insert(balancer.dimension.clone(), sum(series));
            }
        }
    }

    fn used(&mut self, service: &Service) -> &mut Used {
        self.services.entry(service.service.clone()).or_default()
    }
}

fn hours(series: &Series) -> u32 {
    u32::try_from(series.0.len()).unwrap_or(u32::MAX)
}

/// The highest per cent, rounded up to a tenth.
fn highest(series: &Series) -> Option<Decimal> {
    let highest = series.0.iter().map(|point| point.value).max_by(f64::total_cmp)?;
    let tenths = Decimal::try_from(highest).ok()?.checked_mul(Decimal::TEN)?.ceil();
    Some((tenths / Decimal::TEN).normalize())
}

/// Of counts; less than one in all is none only if it is nothing.
fn sum(series: &Series) -> u64 {
    let sum: f64 = series.0.iter().map(|point| point.value.max(0.0)).sum();
    sum.ceil().to_u64().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use nightshift_core::metric::Point;

    use super::*;

    /// An account that publishes summaries: of every third hour alone there are
    /// percentiles.
    struct Summaries;

    impl MetricReads for Summaries {
        async fn series(&self, wanted: &[(MetricId, Timestamp, Timestamp)]) -> Answer<Vec<Series>> {
            let hour = |hour: i64| Timestamp::from_second(hour * i64::from(HOUR_S)).unwrap();
            let of = |metric: &MetricId| {
                let (step, value) = if metric.stat == "p99" { (3, 41.04) } else { (1, 50.0) };
                Series((0..24).step_by(step).map(|at| Point { at: hour(at), value }).collect())
            };
            Ok(wanted.iter().map(|(metric, ..)| of(metric)).collect())
        }
    }

    fn service(groups: &[&str]) -> Service {
        let text = r#"{"service":{"account":"1","region":"r","cluster":"prod","service":"web"},"status":"ACTIVE",
            "controller":"ECS","strategy":"ROLLING","express_managed":false,"daemon":false,"task_definition":"web:1",
            "desired":1,"running":1,"pending":0,"deployments":[],"current_deployment":null,"target_groups":[],
            "grace_s":0,"tags":{}}"#;
        let service: Service = serde_json::from_str(text).unwrap();
        Service {
            target_groups: groups.iter().map(|name| format!("arn:aws:elb:targetgroup/{name}/1")).collect(),
            ..service
        }
    }

    fn used(service: &Service) -> Used {
        let group = |name: &str, balancer: &str| (format!("arn:aws:elb:targetgroup/{name}/1"), balancer.to_owned());
        let groups = [group("web", "app/web/1"), group("raw", "net/raw/1")].into();
        let window = Window::before(Timestamp::from_second(100_000).unwrap(), 1);
        let read = read(&Summaries, window, std::slice::from_ref(service), &groups, &[]).now_or_never();
        read.unwrap().unwrap().services.remove(&service.service).unwrap()
    }

    #[test]
    fn where_there_are_no_percentiles_the_maximum_counts() {
        let used = used(&service(&[]));
        assert_eq!((used.peak, used.hours, used.cpu), (Peak::Maximum, 24, Some(Decimal::from(50))));
    }

    #[test]
    fn requests_are_known_only_of_who_is_behind_application_load_balancers_alone() {
        assert_eq!(used(&service(&["web"])).requests, Some(1200));
        for unknown in [&[][..], &["raw"], &["web", "raw"], &["elsewhere"]] {
            assert_eq!(used(&service(unknown)).requests, None, "{unknown:?}");
        }
    }

    #[test]
    fn per_cent_are_rounded_up_and_a_single_request_is_one() {
        let series = |value| Series(vec![Point { at: Timestamp::UNIX_EPOCH, value }]);
        assert_eq!(highest(&series(41.04)).map(|it| it.to_string()).as_deref(), Some("41.1"));
        assert_eq!(highest(&series(1e300)), None);
        assert_eq!(highest(&Series::default()), None);
        assert_eq!((sum(&series(0.4)), sum(&series(0.0)), sum(&Series::default())), (1, 0, 0));
    }
}
