//! Which CloudWatch metric stands for which signal of a service.

use std::collections::BTreeMap;

use nightshift_core::alarm::{AlarmKind, LiveAlarm};
use nightshift_core::ids::ServiceRef;
use nightshift_core::metric::MetricId;

/// Seconds of one datapoint, whatever the alarm's own period: an onset is
/// wanted to the minute, and CloudWatch keeps minutes for fifteen days.
pub(crate) const PERIOD_S: u32 = 60;

/// Metrics that count work, not failure. A ratio alarm looks at both, and the
/// symptom is the other one.
const TRAFFIC: [&str; 4] = ["RequestCount", "RequestCountPerTarget", "Invocations", "NumberOfMessagesReceived"];

/// The metric that shows the symptom: the alarm's own, the telling part of its
/// expression, or that of a composite's first firing child. At one point a
/// minute; `None` where the alarm looks at none.
pub(crate) fn symptom_metric(alarm: &LiveAlarm, firing: &[LiveAlarm]) -> Option<MetricId> {
    let telling = |metrics: &[MetricId]| {
        let shows_failure = |metric: &&MetricId| !TRAFFIC.contains(&metric.name.as_str());
        metrics.iter().find(shows_failure).or(metrics.first()).cloned()
    };
    let child = || {
        // What is bad when it falls would be looked at the wrong way round: of a composite
        // more is worse.
        let ours = |other: &&LiveAlarm| alarm.children.contains(&other.name) && more_is_worse(other);
        let mut children: Vec<&LiveAlarm> = firing.iter().filter(ours).collect();
        children.sort_by(|one, other| one.name.cmp(&other.name));
        children.into_iter().find_map(|child| telling(&child.metrics))
    };
    telling(&alarm.metrics).or_else(child).map(|metric| MetricId { period_s: PERIOD_S, ..metric })
}

/// A fixed threshold says which way is bad; for the rest, more is worse.
pub(crate) fn more_is_worse(alarm: &LiveAlarm) -> bool {
    alarm.kind != AlarmKind::Metric || alarm.threshold.is_none() || alarm.breaches_above
}

/// Requests to each target group whose load balancer is known.
pub(crate) fn request_metrics(load_balancers: &BTreeMap<String, String>) -> Vec<MetricId> {
    let requests = |(group, balancer): (&String, &String)| MetricId {
        namespace: "AWS/ApplicationELB".into(),
        name: "RequestCount".into(),
        dimensions: BTreeMap::from([
            ("LoadBalancer".into(), balancer.clone()),
            ("TargetGroup".into(), target_group_dimension(group).into()),
        ]),
        stat: "Sum".into(),
        period_s: PERIOD_S,
    };
    // Network load balancers count no requests.
    load_balancers.iter().filter(|(_, balancer)| balancer.starts_with("app/")).map(requests).collect()
}

/// A utilisation metric of the service, per cent of what its tasks reserve.
pub(crate) fn utilisation(service: &ServiceRef, name: &str) -> MetricId {
    MetricId {
        namespace: "AWS/ECS".into(),
        name: name.into(),
        dimensions: BTreeMap::from([
            ("ClusterName".into(), service.cluster.clone()),
            ("ServiceName".into(), service.service.clone()),
        ]),
        stat: "Average".into(),
        period_s: PERIOD_S,
    }
}

/// Dimension `TargetGroup` of a target group's ARN: its last part.
pub(crate) fn target_group_dimension(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}

/// The load balancer of the service's one target group, where the alarm's own
/// metrics name it: that saves a round of calls.
pub(crate) fn load_balancer_told(alarm: &LiveAlarm, target_groups: &[String]) -> Option<BTreeMap<String, String>> {
    let [group] = target_groups else { return None };
    let balancer = alarm.metrics.iter().find_map(|metric| {
        let ours = metric.dimensions.get("TargetGroup")? == target_group_dimension(group);
        ours.then(|| metric.dimensions.get("LoadBalancer")).flatten()
    })?;
    Some(BTreeMap::from([(group.clone(), balancer.clone())]))
}

/// A count: AWS reports none of them while it is zero, so a gap is a zero.
pub(crate) fn counts(metric: &MetricId) -> bool {
    matches!(metric.stat.as_str(), "Sum" | "SampleCount")
}

/// A load balancer's metric of answered requests: tasks that get none have no
/// part in it.
pub(crate) fn of_answers(metric: &MetricId) -> bool {
    metric.namespace == "AWS/ApplicationELB"
        && (metric.name.starts_with("HTTPCode_Target_") || metric.name == "TargetResponseTime")
}

/// What people call the metric.
pub(crate) fn called(metric: &MetricId) -> String {
    match metric.name.as_str() {
        "HTTPCode_Target_5XX_Count" | "HTTPCode_ELB_5XX_Count" => "5xx".into(),
        "HTTPCode_Target_4XX_Count" => "4xx".into(),
        "TargetResponseTime" => format!("response time {}", metric.stat),
        // Each task says a minute how much it uses.
        "CPUUtilization" | "MemoryUtilization" if metric.stat == "SampleCount" => "tasks".into(),
        "CPUUtilization" => "CPU".into(),
        "MemoryUtilization" => "memory".into(),
        other => other.into(),
    }
}
