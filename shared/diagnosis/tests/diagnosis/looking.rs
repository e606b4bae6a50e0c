//! What is asked of an account, and what becomes of its answers.

use std::collections::BTreeMap;
use std::sync::Mutex;

use jiff::Timestamp;
use nightshift_core::alarm::LiveAlarm;
use nightshift_core::fault::{Fault, FaultKind, Sight};
use nightshift_core::health::HealthIssue;
use nightshift_core::ids::{EventId, ServiceRef, TaskDefinitionArn};
use nightshift_core::incident::ServiceRecord;
use nightshift_core::ledger::{Fleet, Opening, Remembered, Silent, Versioned};
use nightshift_core::metric::{InTraffic, MetricId, Point, Series, Signal};
use nightshift_core::ports::{
    AlarmReads, Answer, LedgerReads, MetricReads, ScalingReads, ServiceReads, TargetReads, TrafficReads,
};
use nightshift_core::release::{ServiceDeployment, TaskDefinition};
use nightshift_core::service::{ScalableTarget, Service, Strategy, TargetHealth};
use nightshift_core::span::Span;
use nightshift_core::task::StoppedTask;
use nightshift_diagnosis::{Beside, LOOKBACK, ServiceView, observe_beside};

use crate::night::{BALANCER, GROUP, Night, ago, alarm, errors, metric, now, series, step, web};

/// An account that shows one night and remembers what it was asked.
struct Account {
    night: Night,
    denied: &'static [&'static str],
    in_traffic: Vec<InTraffic>,
    asked: Mutex<Vec<String>>,
    queries: Mutex<Vec<(MetricId, Timestamp, Timestamp)>>,
}

impl Account {
    fn new(night: Night) -> Self {
        Self { night, denied: &[], in_traffic: Vec::new(), asked: Mutex::default(), queries: Mutex::default() }
    }

    fn answer<T: Clone>(&self, operation: &str, seen: Option<&T>) -> Answer<T> {
        self.asked.lock().unwrap().push(operation.into());
        match seen {
            Some(value) if !self.denied.contains(&operation) => Ok(value.clone()),
            _ => Err(Fault::new(operation, "prod/web", FaultKind::Denied, "AccessDenied")),
        }
    }

    fn view(&self) -> &ServiceView {
        &self.night.view
    }
}

impl AlarmReads for Account {
    async fn alarm(&self, _: &str) -> Answer<Option<LiveAlarm>> {
        self.answer("cloudwatch:DescribeAlarms", Some(&self.night.alarm))
    }

    async fn alarms_named(&self, _: &[String]) -> Answer<Vec<LiveAlarm>> {
        self.answer("cloudwatch:DescribeAlarms", self.view().firing.seen())
    }

    async fn alarms_firing(&self) -> Answer<Vec<LiveAlarm>> {
        self.answer("cloudwatch:DescribeAlarms", self.view().firing.seen())
    }
}

impl MetricReads for Account {
    async fn series(&self, wanted: &[(MetricId, Timestamp, Timestamp)]) -> Answer<Vec<Series>> {
        self.queries.lock().unwrap().extend_from_slice(wanted);
        // Each series is one point that tells which query it answers, but for the
        // requests of two target groups of which one hands over to the other.
        let answers = wanted.iter().zip(1_i32..).map(|((metric, from, _), index)| {
            match metric.dimensions.get("TargetGroup").map(String::as_str) {
                Some("targetgroup/blue/1") => series(step(600.0, 540.0, 5)),
                Some("targetgroup/green/2") => series(step(0.0, 60.0, 5)),
                _ => Series(vec![Point { at: *from, value: f64::from(index) }]),
            }
        });
        self.answer("cloudwatch:GetMetricData", Some(&answers.collect()))
    }
}

impl TrafficReads for Account {
    async fn in_traffic(&self) -> Answer<Vec<InTraffic>> {
        self.answer("cloudwatch:ListMetrics", Some(&self.in_traffic))
    }
}

impl ServiceReads for Account {
    async fn service(&self, _: &ServiceRef) -> Answer<Option<Service>> {
        self.answer("ecs:DescribeServices", self.view().service.seen())
    }

    async fn history(&self, _: &ServiceRef) -> Answer<Vec<ServiceDeployment>> {
        self.answer("ecs:ListServiceDeployments", self.view().history.seen())
    }

    async fn stopped_tasks(&self, _: &ServiceRef) -> Answer<Vec<StoppedTask>> {
        self.answer("ecs:ListTasks", self.view().stopped.seen())
    }

    async fn task_definition(&self, _: &TaskDefinitionArn) -> Answer<Option<TaskDefinition>> {
        self.answer("ecs:DescribeTaskDefinition", None)
    }

    async fn services_behind(&self, _: &[String]) -> Answer<Vec<ServiceRef>> {
        self.answer("ecs:ListServices", None)
    }
}

impl TargetReads for Account {
    async fn targets(&self, _: &[String]) -> Answer<TargetHealth> {
        self.answer("elasticloadbalancing:DescribeTargetHealth", self.view().targets.seen())
    }

    async fn load_balancers(&self, groups: &[String]) -> Answer<BTreeMap<String, String>> {
        let all = groups.iter().map(|group| (group.clone(), BALANCER.to_owned())).collect();
        self.answer("elasticloadbalancing:DescribeTargetGroups", Some(&all))
    }
}

impl ScalingReads for Account {
    async fn scalable_target(&self, _: &ServiceRef) -> Answer<Option<ScalableTarget>> {
        self.answer("application-autoscaling:DescribeScalableTargets", self.view().scaling.seen())
    }
}

impl LedgerReads for Account {
    async fn record(&self, _: &ServiceRef) -> Answer<Versioned<ServiceRecord>> {
        self.answer("dynamodb:GetItem", None)
    }

    async fn fleet(&self) -> Answer<Versioned<Fleet>> {
        self.answer("dynamodb:GetItem", None)
    }

    async fn openings(&self, _: Timestamp, _: Option<usize>) -> Answer<Vec<Opening>> {
        self.answer("dynamodb:Query", None)
    }

    async fn remembered(&self, _: &ServiceRef, _: &EventId) -> Answer<Remembered> {
        self.answer("dynamodb:BatchGetItem", None)
    }

    async fn counted(&self, _: &Silent) -> Answer<bool> {
        self.answer("dynamodb:GetItem", None)
    }

    async fn health_issues(&self) -> Answer<Vec<HealthIssue>> {
        self.answer("dynamodb:Query", self.view().health_issues.seen())
    }
}

fn observe(account: &Account, alarm: Option<&LiveAlarm>) -> ServiceView {
    fn sendable<F: Future<Output: Send> + Send>(future: F) -> F {
        future
    }
    let known = async { Ok(alarm.cloned()) };
    let beside = Beside { alarm: known, firing: account.alarms_firing(), hanging: async |_: Option<&Service>| () };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(sendable(observe_beside(account, &web(), beside, now()))).view
}

#[test]
fn everything_seen_is_in_the_view() {
    let account = Account::new(Night::quiet());
    let view = observe(&account, account.night.alarm.as_ref());
    let shown = ServiceView { metrics: account.view().metrics.clone(), ..view.clone() };
    assert_eq!(shown, account.night.view);
    assert_eq!(view.metrics.seen().map(BTreeMap::len), Some(8));
    // The alarm names the load balancer, so nobody has to be asked for it.
    assert!(!account.asked.lock().unwrap().iter().any(|asked| asked.ends_with("DescribeTargetGroups")));
}

#[test]
fn metrics_are_asked_for_today_yesterday_and_a_week_ago() {
    let account = Account::new(Night::quiet());
    let view = observe(&account, account.night.alarm.as_ref());
    let queries = account.queries.lock().unwrap();
    let asked = |signal: Signal| {
        let index = view.signal(signal).unwrap().0[0].value as usize - 1;
        queries[index].clone()
    };
    let window = |back: Span| (LOOKBACK.before(back.before(now())), back.before(now()));
    let requests = MetricId { name: "RequestCount".into(), ..errors() };
    for (signal, metric, back) in [
        (Signal::Symptom, errors(), 0),
        (Signal::SymptomYesterday, errors(), 24),
        (Signal::SymptomLastWeek, errors(), 168),
        (Signal::Requests, requests.clone(), 0),
        (Signal::RequestsYesterday, requests.clone(), 24),
        (Signal::RequestsLastWeek, requests, 168),
    ] {
        let (from, until) = window(Span::hours(back));
        assert_eq!(asked(signal), (metric, from, until), "{signal:?}");
    }
    let of = [("ClusterName", "prod"), ("ServiceName", "web")];
    assert_eq!(asked(Signal::Cpu).0, metric("AWS/ECS", "CPUUtilization", "Average", &of));
    assert_eq!(asked(Signal::Memory).0, metric("AWS/ECS", "MemoryUtilization", "Average", &of));
}

#[test]
fn the_symptom_of_a_ratio_is_its_failures_and_of_a_composite_its_firing_child() {
    let symptom = |account: &Account, alarm: &LiveAlarm| {
        observe(account, Some(alarm));
        account.queries.lock().unwrap()[2].0.clone()
    };
    let requests = MetricId { name: "RequestCount".into(), period_s: 3600, ..errors() };
    let failures = MetricId { period_s: 3600, ..errors() };
    let ratio = LiveAlarm { metrics: vec![requests, failures], ..alarm("ratio", 4, errors()) };
    assert_eq!(symptom(&Account::new(Night::quiet()), &ratio), errors());
    let composite = LiveAlarm { metrics: Vec::new(), children: vec!["web-5xx".into()], ..alarm("all", 4, errors()) };
    assert_eq!(symptom(&Account::new(Night::quiet()), &composite), errors());
    // More tasks, as in any rollout, are no symptom of a service that has none by now.
    let tasks = metric("AWS/ECS", "CPUUtilization", "SampleCount", &[("ClusterName", "prod"), ("ServiceName", "web")]);
    let mut night = Night::quiet();
    night.view.firing = Sight::Seen(vec![LiveAlarm { breaches_above: false, ..alarm("web-no-tasks", 4, tasks) }]);
    let composite = LiveAlarm { children: vec!["web-no-tasks".into()], ..composite };
    let account = Account::new(night);
    observe(&account, Some(&composite));
    assert!(account.queries.lock().unwrap().iter().all(|(metric, ..)| metric.stat != "SampleCount"));
}

/// A target group that gets requests.
fn busy(balancer: &str, name: &str) -> InTraffic {
    InTraffic { load_balancer: balancer.into(), target_group: format!("targetgroup/{name}") }
}

#[test]
fn the_symptom_of_others_is_asked_for_with_their_requests_those_behind_the_same_balancer_first() {
    let mut in_traffic: Vec<_> = (10..30).map(|number| busy("app/far/1", &format!("far/{number}"))).collect();
    in_traffic.extend([busy(BALANCER, "orders/1"), busy(BALANCER, GROUP.trim_start_matches("targetgroup/"))]);
    let account = Account { in_traffic, ..Account::new(Night::quiet()) };
    let view = observe(&account, account.night.alarm.as_ref());
    let queries = account.queries.lock().unwrap();
    let of_others = |(metric, ..): &(MetricId, _, _)| {
        metric.dimensions.get("TargetGroup").is_some_and(|group| group != GROUP).then(|| metric.clone())
    };
    let (asked, requests): (Vec<MetricId>, Vec<MetricId>) =
        queries.iter().filter_map(of_others).partition(|metric| metric.name != "RequestCount");
    assert_eq!((asked.len(), requests.len()), (8, 8));
    let of = |name: &str| asked.iter().map(|metric| metric.dimensions[name].clone()).collect::<Vec<_>>();
    assert_eq!(of("LoadBalancer")[..2], [BALANCER, "app/far/1"]);
    assert_eq!(of("TargetGroup")[..2], ["targetgroup/orders/1", "targetgroup/far/10"]);
    assert!(
        asked.iter().all(|metric| (metric.name.as_str(), metric.stat.as_str()) == ("HTTPCode_Target_5XX_Count", "Sum"))
    );
    assert!(view.others.seen().is_some());
}

#[test]
fn others_matter_where_the_symptom_is_a_target_groups_and_are_out_of_sight_with_the_list() {
    let denied = &["cloudwatch:ListMetrics"];
    let account = Account { denied, ..Account::new(Night::quiet()) };
    let view = observe(&account, account.night.alarm.as_ref());
    assert_eq!(view.others.fault().map(|fault| fault.operation.as_str()), Some("cloudwatch:ListMetrics"));
    assert!(view.metrics.seen().is_some());
    let cpu = metric("AWS/ECS", "CPUUtilization", "Average", &[("ClusterName", "prod"), ("ServiceName", "web")]);
    let requests = MetricId { name: "RequestCount".into(), ..errors() };
    for symptom in [cpu, requests] {
        assert_eq!(observe(&account, Some(&alarm("other", 4, symptom))).others.seen(), Some(&Vec::new()));
    }
}

#[test]
fn the_requests_of_two_target_groups_show_when_traffic_was_shifted() {
    let observed = |strategy: Strategy| {
        let groups = ["blue/1", "green/2"].map(|name| format!("arn:aws:elasticloadbalancing:r:1:targetgroup/{name}"));
        let night =
            Night::quiet().live(|service| (service.target_groups, service.strategy) = (groups.into(), strategy));
        observe(&Account::new(night), None)
    };
    let view = observed(Strategy::Canary);
    assert_eq!(view.traffic_shifts, [ago(5)]);
    assert!(
        view.signal(Signal::Requests).unwrap().0.iter().all(|point| point.value == 600.0),
        "their sum is its traffic"
    );
    // Where nothing is shifted, each has traffic of its own.
    assert_eq!(observed(Strategy::Rolling).traffic_shifts, []);
}

#[test]
fn the_load_balancer_is_asked_for_where_the_alarm_does_not_name_it() {
    let account = Account::new(Night::quiet());
    let view = observe(&account, None);
    assert!(account.asked.lock().unwrap().contains(&"elasticloadbalancing:DescribeTargetGroups".into()));
    let requests = &account.queries.lock().unwrap()[0].0;
    assert_eq!(requests.dimensions.get("TargetGroup").map(String::as_str), Some(GROUP));
    assert_eq!(view.signal(Signal::Symptom), None);
}

#[test]
fn what_cannot_be_had_says_why_and_hides_nothing_else() {
    let denied = &["ecs:ListTasks", "elasticloadbalancing:DescribeTargetHealth"];
    let account = Account { denied, ..Account::new(Night::quiet()) };
    let view = observe(&account, account.night.alarm.as_ref());
    assert_eq!(view.stopped.fault().map(|fault| fault.operation.as_str()), Some("ecs:ListTasks"));
    assert!(view.targets.fault().is_some());
    assert!(view.service.seen().is_some() && view.metrics.seen().is_some() && view.firing.seen().is_some());

    // Without the service its target groups are unknown; the symptom is not.
    let account = Account { denied: &["ecs:DescribeServices"], ..Account::new(Night::quiet()) };
    let view = observe(&account, account.night.alarm.as_ref());
    assert!(view.service.fault().is_some() && view.targets.fault().is_some());
    assert!(view.signal(Signal::Symptom).is_some() && view.signal(Signal::Requests).is_none());
}

#[test]
fn a_view_survives_being_stored() {
    let night = Night::failing(5).hide(2);
    let stored = serde_json::to_string(&night.view).unwrap();
    let read: ServiceView = serde_json::from_str(&stored).unwrap();
    assert_eq!(read, night.view);
}
