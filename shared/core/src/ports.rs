//! The ports: narrow traits of domain verbs, reads and writes apart.
//!
//! Each method names the IAM action it needs. No SDK type appears here, so
//! the account may be AWS (`nightshift-aws`) or state machines in memory
//! (`nightshift-sim`). A function names the one `World` it needs, a sum of
//! these traits.

mod costs;
mod deployments;
mod drills;
mod images;
mod pictures;
mod setup;
mod waste;

use std::collections::BTreeMap;
use std::future::Future;

use jiff::Timestamp;
use serde::Serialize;

use crate::alarm::LiveAlarm;
use crate::case::NewCase;
use crate::fault::Fault;
use crate::health::HealthIssue;
use crate::https::{HttpsAnswer, HttpsRequest};
use crate::ids::{AlarmArn, DeploymentId, IncidentId, ServiceDeploymentArn, ServiceRef, TaskDefinitionArn};
use crate::incident::ServiceRecord;
use crate::ledger::{ChatThread, Claim, ClaimError, Fleet, Opening, Remembered, Silent, Versioned};
use crate::metric::{InTraffic, MetricId, Series};
use crate::notice::Notice;
use crate::release::{ImageNow, ServiceDeployment, TaskDefinition};
use crate::service::{ScalableTarget, Service, TargetHealth};
use crate::task::StoppedTask;
use crate::timer::Timer;

pub use costs::{CostLedger, CostReads};
pub use deployments::{
    CodeDeployReads, CodeDeployWrites, FleetReads, FleetWrites, HistoryReads, HookWrites, ImageAges, ImageLabels,
    LogReads,
};
pub use drills::{AlarmWrites, DrillWrites};
pub use images::{ImageLedger, RegistryReads, RegistryWrites, RunningReads, RunsLedger, RunsReads, ScanReads};
pub use pictures::PictureWrites;
pub use setup::{PermissionReads, ScalingPolicyReads, SetupReads};
pub use waste::{BalancerReads, LogGroupReads, TaskSizeReads};

/// What an edge gives: a value, or a fault that names the operation.
pub type Answer<T> = Result<T, Fault>;

/// Reads alarms.
pub trait AlarmReads: Sync {
    /// `cloudwatch:DescribeAlarms` for one name, metric or composite, with its
    /// tags (`cloudwatch:ListTagsForResource`). `None`: there is none.
    fn alarm(&self, name: &str) -> impl Future<Output = Answer<Option<LiveAlarm>>> + Send;

    /// The same alarm by its ARN, with which `cloudwatch:DescribeAlarms` and
    /// `cloudwatch:ListTagsForResource` can be asked at the same time.
    fn alarm_of(&self, arn: &AlarmArn) -> impl Future<Output = Answer<Option<LiveAlarm>>> + Send {
        self.alarm(arn.name())
    }

    /// `cloudwatch:DescribeAlarms` for these names, a hundred in one call, without
    /// tags: the alarms that are there, by ARN. No name is no call.
    fn alarms_named(&self, names: &[String]) -> impl Future<Output = Answer<Vec<LiveAlarm>>> + Send;

    /// `cloudwatch:DescribeAlarms` for the alarms in ALARM now, without tags, by ARN:
    /// all, or the first [`MOST_FIRING`](crate::alarm::MOST_FIRING) that it names.
    fn alarms_firing(&self) -> impl Future<Output = Answer<Vec<LiveAlarm>>> + Send;
}

/// Reads all alarms, for whoever looks for those of a service.
pub trait AlarmListing: Sync {
    /// `cloudwatch:DescribeAlarms`, all pages of it: every alarm of this account
    /// and Region, metric or composite, by ARN, without tags.
    fn alarms(&self) -> impl Future<Output = Answer<Vec<LiveAlarm>>> + Send;
}

/// Reads metrics.
pub trait MetricReads: Sync {
    /// `cloudwatch:GetMetricData`, one query for all: the answer has the same
    /// length and order; a metric without datapoints is an empty series.
    fn series(&self, wanted: &[(MetricId, Timestamp, Timestamp)]) -> impl Future<Output = Answer<Vec<Series>>> + Send;
}

/// Reads who else takes requests.
pub trait TrafficReads: Sync {
    /// `cloudwatch:ListMetrics`, one page: target groups of load balancers that count
    /// requests, and got some within three hours.
    fn in_traffic(&self) -> impl Future<Output = Answer<Vec<InTraffic>>> + Send;
}

/// Reads services, their deployments and their tasks.
pub trait ServiceReads: Sync {
    /// `ecs:DescribeServices` with tags. `None`: MISSING.
    fn service(&self, service: &ServiceRef) -> impl Future<Output = Answer<Option<Service>>> + Send;

    /// `ecs:ListServiceDeployments`, `ecs:DescribeServiceDeployments` and
    /// `ecs:DescribeServiceRevisions`: newest first, at most twenty.
    fn history(&self, service: &ServiceRef) -> impl Future<Output = Answer<Vec<ServiceDeployment>>> + Send;

    /// `ecs:ListTasks` (STOPPED) and `ecs:DescribeTasks`: those of the last hour.
    fn stopped_tasks(&self, service: &ServiceRef) -> impl Future<Output = Answer<Vec<StoppedTask>>> + Send;

    /// `ecs:DescribeTaskDefinition` with tags. `None`: there is none.
    fn task_definition(
        &self,
        task_definition: &TaskDefinitionArn,
    ) -> impl Future<Output = Answer<Option<TaskDefinition>>> + Send;

    /// `ecs:ListClusters`, `ecs:ListServices`, `ecs:DescribeServices`: the
    /// services of this account and region behind one of these target groups.
    fn services_behind(&self, target_groups: &[String]) -> impl Future<Output = Answer<Vec<ServiceRef>>> + Send;
}

/// Reads images.
pub trait ImageReads: Sync {
    /// `ecr:BatchGetImage`: what `repo:tag` or `repo@digest` means right now. Denied is a
    /// fault: our role may lack it, or another account's registry may not know us.
    fn image(&self, image: &str) -> impl Future<Output = Answer<ImageNow>> + Send;
}

/// Reads what load balancers think of a service's targets.
pub trait TargetReads: Sync {
    /// `elasticloadbalancing:DescribeTargetHealth` and
    /// `elasticloadbalancing:DescribeTargetGroupAttributes`, summed over the
    /// groups. The `LoadBalancer` dimension of their metrics comes from
    /// `elasticloadbalancing:DescribeTargetGroups`.
    fn targets(&self, target_groups: &[String]) -> impl Future<Output = Answer<TargetHealth>> + Send;

    /// `elasticloadbalancing:DescribeTargetGroups`: metric dimension
    /// `LoadBalancer` of each group that hangs on one.
    fn load_balancers(&self, target_groups: &[String])
    -> impl Future<Output = Answer<BTreeMap<String, String>>> + Send;
}

/// Reads scaling bounds.
pub trait ScalingReads: Sync {
    /// `application-autoscaling:DescribeScalableTargets`. `None`: not scaled.
    fn scalable_target(&self, service: &ServiceRef) -> impl Future<Output = Answer<Option<ScalableTarget>>> + Send;
}

/// Changes scaling bounds.
pub trait ScalingWrites: Sync {
    /// `application-autoscaling:RegisterScalableTarget` with `MinCapacity` alone.
    fn set_minimum(&self, service: &ServiceRef, minimum: u32) -> impl Future<Output = Answer<()>> + Send;
}

/// Reads CloudFormation.
pub trait StackReads: Sync {
    /// `cloudformation:DescribeStacks`: the stack's status, `None` without one.
    fn stack_status(&self, stack: &str) -> impl Future<Output = Answer<Option<String>>> + Send;

    /// `cloudformation:DescribeStacks`: the stack's outputs, value by key;
    /// `None` without a stack. One that has none, or none yet, has an empty map.
    fn outputs(&self, stack: &str) -> impl Future<Output = Answer<Option<BTreeMap<String, String>>>> + Send;
}

/// Changes a service. Only `carry_out` calls these.
pub trait ServiceWrites: Sync {
    /// `ecs:UpdateService` with `taskDefinition` and nothing else.
    fn deploy(
        &self,
        service: &ServiceRef,
        task_definition: &TaskDefinitionArn,
    ) -> impl Future<Output = Answer<()>> + Send;

    /// `ecs:UpdateService` with `forceNewDeployment` and nothing else. It
    /// replaces `instead_of`; if another is PRIMARY by then, it does nothing.
    fn restart(&self, service: &ServiceRef, instead_of: &DeploymentId) -> impl Future<Output = Answer<()>> + Send;

    /// `ecs:StopServiceDeployment` with `ROLLBACK`.
    fn stop_deployment(
        &self,
        service: &ServiceRef,
        deployment: &ServiceDeploymentArn,
    ) -> impl Future<Output = Answer<()>> + Send;
}

/// Reads the kill switch.
pub trait SwitchReads: Sync {
    /// `ssm:GetParameter`: `true` if remedies are halted.
    fn halted(&self) -> impl Future<Output = Answer<bool>> + Send;
}

/// Sets the kill switch.
pub trait SwitchWrites: Sync {
    /// `ssm:PutParameter`.
    fn set_halted(&self, halted: bool) -> impl Future<Output = Answer<()>> + Send;
}

/// Makes timers.
pub trait TimerWrites: Sync {
    /// `scheduler:CreateSchedule`, once per name: a second one with the same
    /// name is the same timer and a success. One whose moment is over fires as
    /// soon as it can.
    fn set_timer(&self, timer: &Timer) -> impl Future<Output = Answer<()>> + Send;
}

/// Tells people.
pub trait NoticeWrites: Sync {
    /// `sns:Publish` of the typed notice to the notice topic.
    fn publish(&self, notice: &Notice) -> impl Future<Output = Answer<()>> + Send;

    /// `sns:Publish` of plain text to the page topic: the way that needs
    /// nothing else to work.
    fn page_plainly(&self, subject: &str, text: &str) -> impl Future<Output = Answer<()>> + Send;
}

/// Reads the ledger.
pub trait LedgerReads: Sync {
    /// `dynamodb:GetItem`, consistent: the service's record.
    fn record(&self, service: &ServiceRef) -> impl Future<Output = Answer<Versioned<ServiceRecord>>> + Send;

    /// `dynamodb:GetItem`, consistent: what all services share.
    fn fleet(&self) -> impl Future<Output = Answer<Versioned<Fleet>>> + Send;

    /// `dynamodb:Query` of the index: incidents opened at or after `since` and
    /// still open, the first `most` of them or all.
    fn openings(&self, since: Timestamp, most: Option<usize>) -> impl Future<Output = Answer<Vec<Opening>>> + Send;

    /// `dynamodb:BatchGetItem`, consistent: the service's record, what all services share,
    /// and whether this event was claimed before.
    fn remembered(
        &self,
        service: &ServiceRef,
        event: &crate::ids::EventId,
    ) -> impl Future<Output = Answer<Remembered>> + Send;

    /// `dynamodb:GetItem`, consistent: whether this event was counted before,
    /// on the same day and under the same refusal.
    fn counted(&self, silent: &Silent) -> impl Future<Output = Answer<bool>> + Send;

    /// `dynamodb:Query`: AWS Health issues that are open in this region.
    fn health_issues(&self) -> impl Future<Output = Answer<Vec<HealthIssue>>> + Send;
}

/// Writes the ledger.
pub trait LedgerWrites: Sync {
    /// `dynamodb:TransactWriteItems`: see [`Claim`].
    fn claim(&self, claim: &Claim) -> impl Future<Output = Result<(), ClaimError>> + Send;

    /// `dynamodb:PutItem` under the event's id: counts once.
    fn count_silent(&self, silent: &Silent) -> impl Future<Output = Answer<()>> + Send;

    /// `dynamodb:PutItem`, compressed and capped: the decision's case, under
    /// the sequence of the notice it led to.
    fn keep_case(
        &self,
        incident: &IncidentId,
        sequence: u32,
        case: &NewCase<'_, impl Serialize + Sync, impl Serialize + Sync>,
    ) -> impl Future<Output = Answer<()>> + Send;

    /// `dynamodb:PutItem`: an AWS Health issue, newest news wins.
    fn keep_health_issue(&self, issue: &HealthIssue) -> impl Future<Output = Answer<()>> + Send;
}

/// Remembers where an incident stands in the chat.
pub trait ChatLedger: Sync {
    /// `dynamodb:GetItem`, consistent.
    fn thread(&self, incident: &IncidentId) -> impl Future<Output = Answer<Versioned<ChatThread>>> + Send;

    /// `dynamodb:PutItem` on the condition that nobody wrote in between;
    /// `false` if somebody did.
    fn keep_thread(
        &self,
        incident: &IncidentId,
        thread: &Versioned<ChatThread>,
    ) -> impl Future<Output = Answer<bool>> + Send;
}

/// The alarm that names a service, where a lookup has been made before.
pub trait AlarmMap: Sync {
    /// `dynamodb:GetItem`: the service that this alarm, by its ARN and the
    /// groups it looks at, was last found to watch.
    fn mapped(&self, alarm: &AlarmArn) -> impl Future<Output = Answer<Option<ServiceRef>>> + Send;

    /// `dynamodb:PutItem`: kept for two days from `at`, when the alarm rang.
    fn map(&self, alarm: &AlarmArn, service: &ServiceRef, at: Timestamp) -> impl Future<Output = Answer<()>> + Send;
}

/// Reads secrets.
pub trait SecretReads: Sync {
    /// `secretsmanager:GetSecretValue`: the string, which must never be shown.
    fn secret(&self, arn: &str) -> impl Future<Output = Answer<String>> + Send;
}

/// Reaches receivers outside AWS.
pub trait Https: Sync {
    /// A POST over TLS, once. A fault is one of the connection: an answer with
    /// an error status is an answer.
    fn post(&self, request: &HttpsRequest) -> impl Future<Output = Answer<HttpsAnswer>> + Send;

    /// Waits, for a receiver that said how long (`Retry-After`).
    fn wait(&self, seconds: u64) -> impl Future<Output = ()> + Send;
}
