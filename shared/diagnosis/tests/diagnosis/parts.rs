//! What a night is made of, each with what no test asks about filled in.

use std::collections::BTreeMap;

use nightshift_core::alarm::{AlarmKind, AlarmState, LiveAlarm};
use nightshift_core::health::HealthIssue;
use nightshift_core::ids::{AlarmArn, DeploymentId, Digest, RevisionArn, ServiceDeploymentArn};
use nightshift_core::metric::MetricId;
use nightshift_core::release::{DeploymentStatus, Revision, RevisionImage, ServiceDeployment};
use nightshift_core::service::{Controller, Deployment, Rollout, Service, Strategy};
use nightshift_core::task::{ContainerExit, Crash, StoppedTask};

use crate::night::{Ago, BALANCER, GROUP, ago, runs, web};

pub fn metric(namespace: &str, name: &str, stat: &str, dimensions: &[(&str, &str)]) -> MetricId {
    let dimensions = dimensions.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
    MetricId { namespace: namespace.into(), name: name.into(), dimensions, stat: stat.into(), period_s: 60 }
}

pub fn alarm(name: &str, since: Ago, metric: MetricId) -> LiveAlarm {
    LiveAlarm {
        arn: AlarmArn(format!("arn:aws:cloudwatch:eu-west-1:123456789012:alarm:{name}")),
        name: name.into(),
        kind: AlarmKind::Metric,
        state: AlarmState::Alarm,
        since: Some(ago(since)),
        configured_at: None,
        actions_enabled: true,
        suppressed_by: None,
        reason: None,
        description: None,
        tags: BTreeMap::new(),
        metrics: vec![metric],
        children: Vec::new(),
        threshold: Some(10.0),
        breaches_above: true,
        period_s: 60,
        evaluation_periods: 2,
    }
}

pub fn errors() -> MetricId {
    metric(
        "AWS/ApplicationELB",
        "HTTPCode_Target_5XX_Count",
        "Sum",
        &[("LoadBalancer", BALANCER), ("TargetGroup", GROUP)],
    )
}

/// An alarm of another service of the cluster.
pub fn other(service: &str, since: Ago) -> LiveAlarm {
    let of = [("ClusterName", "prod"), ("ServiceName", service)];
    alarm(&format!("{service}-cpu"), since, metric("AWS/ECS", "CPUUtilization", "Average", &of))
}

pub fn database(since: Ago) -> LiveAlarm {
    alarm(
        "db-connections",
        since,
        metric("AWS/RDS", "DatabaseConnections", "Average", &[("DBInstanceIdentifier", "main")]),
    )
}

pub fn release(revision: u32, began: Ago, finished: Option<Ago>) -> ServiceDeployment {
    let image = RevisionImage { image: format!("web:{revision}"), digest: Some(Digest(format!("sha256:{revision}"))) };
    ServiceDeployment {
        arn: ServiceDeploymentArn(format!(
            "arn:aws:ecs:eu-west-1:123456789012:service-deployment/prod/web/{revision}-{began}"
        )),
        status: if finished.is_some() { DeploymentStatus::Successful } else { DeploymentStatus::InProgress },
        created_at: ago(began),
        started_at: Some(ago(began)),
        finished_at: finished.map(ago),
        target: Revision {
            arn: RevisionArn(format!(
                "arn:aws:ecs:eu-west-1:123456789012:service-revision/prod/web/{revision}-{began}"
            )),
            task_definition: runs(revision),
            created_at: Some(ago(began)),
            images: BTreeMap::from([("app".into(), image)]),
            surroundings: "same".into(),
        },
        sources: Vec::new(),
        reason: None,
        rolled_back_to: None,
        paused_at_hook: None,
        rolls_back: false,
        stage: None,
        planned_wait_s: 0,
    }
}

pub fn stopped(revision: u32, crash: Crash, at: Ago) -> StoppedTask {
    let (code, reason, exit, why) = match crash {
        Crash::Exit => ("EssentialContainerExited", "Essential container in task exited", Some(1), None),
        Crash::OutOfMemory => (
            "EssentialContainerExited",
            "Essential container in task exited",
            Some(137),
            Some("OutOfMemoryError: killed"),
        ),
        Crash::HealthCheck => {
            ("ServiceSchedulerInitiated", "Task failed ELB health checks in (target-group web)", Some(143), None)
        }
        Crash::ImagePull => ("TaskFailedToStart", "CannotPullContainerError: not found", None, None),
        Crash::Resources => ("TaskFailedToStart", "ResourceInitializationError: no secret", None, None),
        Crash::Start => ("TaskFailedToStart", "Timeout waiting for network", None, None),
    };
    StoppedTask {
        arn: format!("task/{revision}/{at}"),
        task_definition: runs(revision),
        started_by: None,
        stop_code: Some(code.into()),
        reason: Some(reason.into()),
        started_at: None,
        stopped_at: Some(ago(at)),
        containers: vec![ContainerExit { name: "app".into(), exit_code: exit, reason: why.map(Into::into) }],
    }
}

pub fn issue(service: &str) -> HealthIssue {
    HealthIssue {
        arn: format!("arn:aws:health:eu-west-1::event/{service}"),
        service: service.into(),
        region: "eu-west-1".into(),
        code: format!("AWS_{service}_OPERATIONAL_ISSUE"),
        since: ago(20),
        open: true,
    }
}

pub fn live() -> Service {
    let primary = Deployment {
        id: DeploymentId::new("ecs-svc/43"),
        primary: true,
        task_definition: runs(43),
        desired: 4,
        running: 4,
        pending: 0,
        failed_tasks: 0,
        rollout: Some(Rollout::Completed),
        created_at: Some(ago(12)),
    };
    Service {
        service: web(),
        status: "ACTIVE".into(),
        controller: Controller::Ecs,
        strategy: Strategy::Rolling,
        express_managed: false,
        launch: None,
        daemon: false,
        task_definition: runs(43),
        desired: 4,
        running: 4,
        pending: 0,
        deployments: vec![primary],
        task_sets: Vec::new(),
        current_deployment: None,
        target_groups: vec![format!("arn:aws:elasticloadbalancing:eu-west-1:123456789012:{GROUP}")],
        grace_s: 60,
        breaker: None,
        tags: BTreeMap::new(),
    }
}
