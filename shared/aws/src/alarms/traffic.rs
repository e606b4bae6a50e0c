//! `cloudwatch:ListMetrics`: who gets requests.

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::{DimensionFilter, Metric, RecentlyActive};
use futures_util::FutureExt as _;
use nightshift_core::metric::InTraffic;
use nightshift_core::ports::Answer;

use crate::fault::fault;

const BALANCER: &str = "LoadBalancer";
const GROUP: &str = "TargetGroup";

/// One page, which is five hundred: some others are enough, and not all of a large account are looked for.
pub(super) async fn read(client: &Client) -> Answer<Vec<InTraffic>> {
    let dimension = |name: &str| DimensionFilter::builder().name(name).build();
    let request = client
        .list_metrics()
        .namespace("AWS/ApplicationELB")
        .metric_name("RequestCount")
        .dimensions(dimension(BALANCER))
        .dimensions(dimension(GROUP))
        .recently_active(RecentlyActive::Pt3H);
    let found =
        request.send().boxed().await.map_err(|error| fault("cloudwatch:ListMetrics", "RequestCount", &error))?;
    Ok(found.metrics().iter().filter_map(of).collect())
}

/// One that counts by zone is there for the zone, too, and is not asked for.
fn of(metric: &Metric) -> Option<InTraffic> {
    let [one, other] = metric.dimensions() else { return None };
    let value = |name| [one, other].into_iter().find(|it| it.name() == Some(name))?.value().map(ToOwned::to_owned);
    Some(InTraffic { load_balancer: value(BALANCER)?, target_group: value(GROUP)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_cloudwatch::types::Dimension;

    fn metric(dimensions: &[(&str, &str)]) -> Metric {
        let dimension = |(name, value): &(&str, &str)| Dimension::builder().name(*name).value(*value).build();
        Metric::builder().set_dimensions(Some(dimensions.iter().map(dimension).collect())).build()
    }

    #[test]
    fn a_target_group_counts_once_whatever_the_order_of_its_dimensions() {
        let (balancer, group) = ((BALANCER, "app/prod/1"), (GROUP, "targetgroup/web/2"));
        let expect = InTraffic { load_balancer: "app/prod/1".into(), target_group: "targetgroup/web/2".into() };
        assert_eq!(of(&metric(&[balancer, group])), Some(expect.clone()));
        assert_eq!(of(&metric(&[group, balancer])), Some(expect));
        assert_eq!(of(&metric(&[balancer, group, ("AvailabilityZone", "eu-west-1a")])), None);
        assert_eq!(of(&metric(&[balancer])), None);
    }
}
