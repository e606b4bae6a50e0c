//! Every sample in `events/` through the doors.

mod any_json;
mod malformed;
mod strict;

use std::collections::BTreeMap;
use std::path::PathBuf;

use nightshift_core::alarm::{AlarmSignal, Door};
use nightshift_core::ids::EventId;
use nightshift_core::metric::MetricId;
use serde_json::Value;

use super::{Incoming, parse};

fn samples() -> BTreeMap<String, Value> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../events/alarm-responder");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    // Beside a sample may stand its scenario, which is no event.
    files
        .filter(|file| file.extension().is_some_and(|kind| kind == "json"))
        .map(|file| {
            let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
            let text = std::fs::read_to_string(&file).unwrap();
            (name, serde_json::from_str(&text).unwrap())
        })
        .collect()
}

#[track_caller]
fn sample(name: &str) -> Value {
    samples().remove(name).unwrap_or_else(|| panic!("no sample {name}"))
}

#[track_caller]
fn signal(name: &str) -> AlarmSignal {
    match parse(&sample(name)) {
        Ok(Incoming::Alarm(signal)) => signal,
        other => panic!("{name} is no single alarm: {other:?}"),
    }
}

#[test]
fn every_sample_is_read_as_its_line() {
    let lines: Vec<String> =
        samples().iter().map(|(name, event)| format!("{name}: {}", line(parse(event).unwrap()))).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    alarm-configuration-change: ignored, detail-type "CloudWatch Alarm Configuration Change" of source "aws.cloudwatch" is nothing this function acts on
    alarm-of-a-dependency: Alarm <- Ok at 02:14:21.486 EventBridge Metric eu-west-1:123456789012:alarm:prod-checkout-database-cpu [AWS/RDS CPUUtilization Average/60 DBInstanceIdentifier=checkout]
    alarm-of-another-account: Alarm <- Ok at 02:14:21.486 EventBridge Metric eu-west-1:210987654321:alarm:checkout-5xx [AWS/ApplicationELB HTTPCode_Target_5XX_Count Sum/60 LoadBalancer=prod TargetGroup=checkout]
    alarm-of-no-service: Alarm <- Ok at 02:14:33.870 EventBridge Metric eu-west-1:123456789012:alarm:nightly-report-errors [AWS/Lambda Errors Sum/60 FunctionName=nightly-report]
    alarm-of-no-service-that-asks: Alarm <- Ok at 02:14:33.870 EventBridge Metric eu-west-1:123456789012:alarm:nightly-report-errors [AWS/Lambda Errors Sum/60 FunctionName=nightly-report] nightshift:notify=true severity=P3 team=finance
    alarm-with-tags: Alarm <- Ok at 02:14:40.102 EventBridge Metric eu-west-1:123456789012:alarm:search-latency-p99 [AWS/ApplicationELB TargetResponseTime p99/60 LoadBalancer=prod TargetGroup=search] aws:cloudformation:stack-name=search-alarms cluster=prod service=search team=discovery
    anomaly-band-alarm: Alarm <- Ok at 02:14:31.209 EventBridge AnomalyBand eu-west-1:123456789012:alarm:checkout-latency-anomaly [AWS/ApplicationELB TargetResponseTime Average/60 LoadBalancer=prod TargetGroup=checkout]
    back-to-ok: Ok <- Alarm at 02:29:21.502 EventBridge Metric eu-west-1:123456789012:alarm:checkout-5xx [AWS/ApplicationELB HTTPCode_Target_5XX_Count Sum/60 LoadBalancer=prod TargetGroup=checkout]
    composite-alarm: Alarm <- Ok at 02:14:21.902 EventBridge Composite eu-west-1:123456789012:alarm:checkout-unwell child checkout-5xx
    composite-suppressed: Alarm <- Ok at 02:14:21.902 EventBridge Composite eu-west-1:123456789012:alarm:checkout-unwell child checkout-5xx suppressed by WaitPeriod
    composite-suppression-ended: Alarm <- Alarm at 02:16:21.915 EventBridge Composite eu-west-1:123456789012:alarm:checkout-unwell child checkout-5xx was suppressed
    direct-composite-with-spaces-in-times: Alarm <- Alarm at 02:16:21.915 Direct Composite eu-west-1:123456789012:alarm:checkout-unwell child checkout-5xx was suppressed
    direct-lambda-action: Alarm <- Ok at 02:14:21.486 Direct Metric eu-west-1:123456789012:alarm:checkout-5xx [AWS/ApplicationELB HTTPCode_Target_5XX_Count Sum/60 LoadBalancer=prod TargetGroup=checkout]
    drill: Alarm <- Ok at 02:14:00.000 EventBridge Metric eu-west-1:123456789012:alarm:prod-web-cpu [AWS/ECS CPUUtilization Average/60 ClusterName=prod ServiceName=web] drill
    ecs-memory-alarm: Alarm <- Ok at 02:14:50.661 EventBridge Metric eu-west-1:123456789012:alarm:payments-memory [AWS/ECS MemoryUtilization Average/60 ClusterName=prod ServiceName=payments]
    health-backup-copy-second-page: ELASTICLOADBALANCING AWS_ELASTICLOADBALANCING_API_ISSUE open since 2026-11-20T01:58:00Z in eu-west-1
    health-closed: ECS AWS_ECS_OPERATIONAL_ISSUE closed since 2026-11-20T01:58:00Z in eu-west-1
    health-ecs-issue-open: ECS AWS_ECS_OPERATIONAL_ISSUE open since 2026-11-20T01:58:00Z in eu-west-1
    health-scheduled-change: ignored, a Health event of category "scheduledChange", not an issue
    health-without-event-region: FARGATE AWS_FARGATE_OPERATIONAL_ISSUE open since 2026-11-20T01:58:00Z in eu-west-1
    hostile-text: Alarm <- Ok at 02:14:21.486 EventBridge Metric eu-west-1:123456789012:alarm:checkout-5xx <!channel> *p1* [AWS/ApplicationELB HTTPCode_Target_5XX_Count Sum/60 LoadBalancer=prod TargetGroup=checkout] team=<!subteam^S0000000|on-call>
    insufficient-data-to-ok: Ok <- InsufficientData at 02:05:12.640 EventBridge Metric eu-west-1:123456789012:alarm:payments-5xx [AWS/ApplicationELB HTTPCode_Target_5XX_Count Sum/60 LoadBalancer=prod TargetGroup=payments]
    metric-math-alarm: Alarm <- Ok at 02:14:12.377 EventBridge Math eu-west-1:123456789012:alarm:web-5xx-ratio [AWS/ApplicationELB RequestCount Sum/60 LoadBalancer=prod TargetGroup=web] [AWS/ApplicationELB HTTPCode_Target_5XX_Count Sum/60 LoadBalancer=prod TargetGroup=web]
    metric-without-dimensions: Alarm <- Ok at 02:14:27.733 EventBridge Metric eu-west-1:123456789012:alarm:orders-per-minute-low [Prod/Shop OrdersPlaced Sum/60]
    metrics-insights-query-alarm: Alarm <- Ok at 02:14:55.007 EventBridge Math eu-west-1:123456789012:alarm:prod-5xx-any-target-group
    no-room-to-scale: Alarm <- Ok at 02:14:21.486 EventBridge Metric eu-west-1:123456789012:alarm:checkout-5xx [AWS/ApplicationELB HTTPCode_Target_5XX_Count Sum/60 LoadBalancer=prod TargetGroup=checkout]
    paused-at-hook: Alarm <- Ok at 02:14:21.486 EventBridge Metric eu-west-1:123456789012:alarm:checkout-5xx [AWS/ApplicationELB HTTPCode_Target_5XX_Count Sum/60 LoadBalancer=prod TargetGroup=checkout]
    period-of-a-day: Alarm <- Ok at 02:14:00.018 EventBridge Metric eu-west-1:123456789012:alarm:payments-settlement-missing [Prod/Payments SettlementsCompleted Sum/86400 ClusterName=prod ServiceName=payments]
    rollback-under-way: Alarm <- Ok at 02:14:21.486 EventBridge Metric eu-west-1:123456789012:alarm:checkout-5xx [AWS/ApplicationELB HTTPCode_Target_5XX_Count Sum/60 LoadBalancer=prod TargetGroup=checkout]
    rolled-back-and-still-alarming: Alarm <- Ok at 02:14:21.486 EventBridge Metric eu-west-1:123456789012:alarm:checkout-5xx [AWS/ApplicationELB HTTPCode_Target_5XX_Count Sum/60 LoadBalancer=prod TargetGroup=checkout]
    self-drill: Alarm <- Ok at 09:00:01.207 EventBridge Metric eu-west-1:123456789012:alarm:nightshift-drill [Nightshift SelfDrill.EventBridge Sum/60 Function=notifier Stack=nightshift]
    service-draining: Alarm <- Ok at 02:14:21.486 EventBridge Metric eu-west-1:123456789012:alarm:checkout-5xx [AWS/ApplicationELB HTTPCode_Target_5XX_Count Sum/60 LoadBalancer=prod TargetGroup=checkout]
    set-by-hand: Alarm <- Ok at 02:14:05.000 EventBridge Metric eu-west-1:123456789012:alarm:checkout-5xx [AWS/ApplicationELB HTTPCode_Target_5XX_Count Sum/60 LoadBalancer=prod TargetGroup=checkout]
    single-metric-alarm: Alarm <- Ok at 02:14:21.486 EventBridge Metric eu-west-1:123456789012:alarm:checkout-5xx [AWS/ApplicationELB HTTPCode_Target_5XX_Count Sum/60 LoadBalancer=prod TargetGroup=checkout]
    sns-anomaly-band: Alarm <- Ok at 02:14:31.209 Sns AnomalyBand eu-west-1:123456789012:alarm:checkout-latency-anomaly [AWS/ApplicationELB TargetResponseTime Average/60 LoadBalancer=prod TargetGroup=checkout]
    sns-back-to-ok: Ok <- Alarm at 02:29:21.502 Sns Metric eu-west-1:123456789012:alarm:checkout-5xx [AWS/ApplicationELB HTTPCode_Target_5XX_Count Sum/60 LoadBalancer=prod TargetGroup=checkout]
    sns-composite: Alarm <- Ok at 02:14:21.902 Sns Composite eu-west-1:123456789012:alarm:checkout-unwell child checkout-5xx
    sns-composite-suppression-ended: Alarm <- Alarm at 02:16:21.915 Sns Composite eu-west-1:123456789012:alarm:checkout-unwell child checkout-5xx was suppressed
    sns-metric-alarm: Alarm <- Ok at 02:14:21.486 Sns Metric eu-west-1:123456789012:alarm:checkout-5xx [AWS/ApplicationELB HTTPCode_Target_5XX_Count Sum/60 LoadBalancer=prod TargetGroup=checkout]
    sns-metric-math: Alarm <- Ok at 02:14:12.377 Sns Math eu-west-1:123456789012:alarm:web-5xx-ratio [AWS/ApplicationELB RequestCount Sum/60 LoadBalancer=prod TargetGroup=web] [AWS/ApplicationELB HTTPCode_Target_5XX_Count Sum/60 LoadBalancer=prod TargetGroup=web]
    sns-not-an-alarm: ignored, an SNS message that is no alarm's, subject "AWS Budgets: prod-monthly has exceeded your alert threshold"
    sns-null-description: Alarm <- Ok at 02:15:03.744 Sns Metric eu-west-1:123456789012:alarm:web-cpu [AWS/ECS CPUUtilization Average/60 ClusterName=prod ServiceName=web]
    sns-null-subject: Alarm <- Ok at 02:15:03.744 Sns Metric eu-west-1:123456789012:alarm:web-cpu [AWS/ECS CPUUtilization Average/60 ClusterName=prod ServiceName=web]
    sns-percentile-statistic: Alarm <- Ok at 02:14:40.102 Sns Metric eu-west-1:123456789012:alarm:search-latency-p99 [AWS/ApplicationELB TargetResponseTime p99/60 LoadBalancer=prod TargetGroup=search]
    sns-several-records: Alarm <- Ok at 02:14:21.486 Sns Metric eu-west-1:123456789012:alarm:checkout-5xx [AWS/ApplicationELB HTTPCode_Target_5XX_Count Sum/60 LoadBalancer=prod TargetGroup=checkout]
      and Alarm <- Ok at 02:15:03.744 Sns Metric eu-west-1:123456789012:alarm:web-cpu [AWS/ECS CPUUtilization Average/60 ClusterName=prod ServiceName=web]
    sns-signing-cert-url-in-capitals: Alarm <- InsufficientData at 02:14:09.315 Sns Metric eu-west-1:123456789012:alarm:payments-unhealthy-hosts [AWS/ApplicationELB UnHealthyHostCount Maximum/60 LoadBalancer=prod TargetGroup=payments]
    sns-without-alarm-arn: Alarm <- Ok at 02:15:03.744 Sns Metric eu-west-1:123456789012:alarm:web-cpu [AWS/ECS CPUUtilization Average/60 ClusterName=prod ServiceName=web]
    target-tracking-alarm: Alarm <- Ok at 02:20:33.418 EventBridge Metric eu-west-1:123456789012:alarm:TargetTracking-service/prod/web-AlarmLow-6c3f5b0e-6e3c-4f4a-9c55-0d5d3d1f5a11 [AWS/ECS CPUUtilization Average/60 ClusterName=prod ServiceName=web]
    to-insufficient-data: InsufficientData <- Ok at 02:17:44.090 EventBridge Metric eu-west-1:123456789012:alarm:search-request-count-low [AWS/ApplicationELB RequestCount Sum/60 LoadBalancer=prod TargetGroup=search]
    without-resources: Alarm <- Ok at 02:15:03.744 EventBridge Metric eu-west-1:123456789012:alarm:web-cpu [AWS/ECS CPUUtilization Average/60 ClusterName=prod ServiceName=web]
    "#);
}

fn line(incoming: Incoming) -> String {
    match incoming {
        Incoming::Alarm(signal) => alarm_line(&signal),
        Incoming::Alarms(signals) => signals.iter().map(alarm_line).collect::<Vec<_>>().join("\n  and "),
        Incoming::Health(issue) => {
            let open = if issue.open { "open" } else { "closed" };
            format!("{} {} {open} since {} in {}", issue.service, issue.code, issue.since, issue.region)
        }
        Incoming::Ignored { why } => format!("ignored, {why}"),
    }
}

fn alarm_line(signal: &AlarmSignal) -> String {
    let mut line = format!(
        "{:?} <- {:?} at {} {:?} {:?} {}",
        signal.state,
        signal.previous.unwrap(),
        signal.at.strftime("%H:%M:%S%.3f"),
        signal.door,
        signal.kind,
        signal.arn.as_str().trim_start_matches("arn:aws:cloudwatch:"),
    );
    line.extend(signal.metrics.iter().map(|metric| format!(" [{}]", metric_words(metric))));
    line.extend(signal.children.iter().map(|child| format!(" child {}", child.name())));
    line.extend(signal.tags.iter().map(|(key, value)| format!(" {key}={value}")));
    line.extend(signal.suppressed_by.iter().map(|by| format!(" suppressed by {by}")));
    let flags = [(signal.was_suppressed, " was suppressed"), (signal.drill, " drill")];
    line.extend(flags.iter().filter(|(set, _)| *set).map(|(_, word)| *word));
    line
}

fn metric_words(metric: &MetricId) -> String {
    let MetricId { namespace, name, dimensions, stat, period_s } = metric;
    let last = |value: &String| value.rsplit('/').nth(1).unwrap_or(value).to_owned();
    let dimensions: Vec<_> = dimensions.iter().map(|(key, value)| format!(" {key}={}", last(value))).collect();
    format!("{namespace} {name} {stat}/{period_s}{}", dimensions.concat())
}

#[test]
fn one_change_by_three_doors_is_one_event_and_differs_in_the_door_alone() {
    let by_bus = signal("single-metric-alarm");
    for (name, door) in [("sns-metric-alarm", Door::Sns), ("direct-lambda-action", Door::Direct)] {
        assert_eq!(signal(name), AlarmSignal { door, ..by_bus.clone() }, "{name}");
    }
}

#[test]
fn an_event_is_its_alarm_its_state_and_its_millisecond() {
    let arn = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:checkout-5xx";
    let id = EventId::of(&[arn, "ALARM", "2026-11-20T02:14:21.486Z"]);
    assert_eq!(signal("single-metric-alarm").event, id);
}

#[test]
fn math_and_bands_say_the_same_by_bus_and_by_topic() {
    for (by_bus, by_topic) in [("metric-math-alarm", "sns-metric-math"), ("anomaly-band-alarm", "sns-anomaly-band")] {
        assert_eq!(AlarmSignal { door: Door::Sns, ..signal(by_bus) }, signal(by_topic), "{by_bus}");
    }
}

#[test]
fn a_composite_is_one_event_by_bus_and_topic_but_another_when_its_suppression_ends() {
    let first = signal("composite-suppressed").event;
    assert_eq!(signal("sns-composite").event, first);
    let later = signal("composite-suppression-ended").event;
    assert_ne!(later, first);
    assert_eq!(signal("sns-composite-suppression-ended").event, later);
    assert_eq!(signal("direct-composite-with-spaces-in-times").event, later);
}

#[test]
fn an_arn_put_together_equals_the_one_told() {
    let told = signal("sns-null-description");
    assert_eq!(signal("sns-without-alarm-arn").event, told.event);
    assert_eq!(signal("without-resources").event, told.event);
}

#[test]
fn a_return_to_ok_is_another_event_than_the_alarm() {
    assert_ne!(signal("back-to-ok").event, signal("single-metric-alarm").event);
    assert_eq!(signal("back-to-ok").event, signal("sns-back-to-ok").event);
}

#[test]
fn foreign_text_comes_through_unchanged_and_decides_nothing() {
    let signal = signal("hostile-text");
    assert!(signal.name.contains("<!channel>") && signal.reason.contains("DROP TABLE"));
    assert_eq!(signal.children, []);
    assert!(!signal.drill);
}

#[test]
fn one_page_of_a_health_event_is_as_good_as_another() {
    let mut event = sample("health-backup-copy-second-page");
    let second = parse(&event).unwrap();
    event["detail"]["page"] = "1".into();
    event["region"] = "eu-west-1".into();
    event["detail"]["backupEvent"] = "false".into();
    assert_eq!(parse(&event).unwrap(), second);
}
