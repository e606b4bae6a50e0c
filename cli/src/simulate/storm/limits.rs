//! What AWS and others let in one account and Region, and what they charge.
//! `docs/simulate.md` says where each comes from.

use nightshift_sim::meter::Rate;

const fn rate(per_second: f64, burst: f64) -> Rate {
    Rate { per_second, burst }
}

/// Rates of the operations that a storm calls.
pub const RATES: [(&str, Rate); 11] = [
    ("cloudwatch:DescribeAlarms", rate(9.0, 9.0)),
    ("cloudwatch:GetMetricData", rate(50.0, 50.0)),
    ("cloudwatch:ListMetrics", rate(25.0, 25.0)),
    ("ecs:DescribeServices", rate(20.0, 100.0)),
    ("ecs:ListServiceDeployments", rate(20.0, 100.0)),
    ("ecs:ListTasks", rate(20.0, 100.0)),
    ("elasticloadbalancing:DescribeTargetHealth", rate(30.0, 60.0)),
    ("application-autoscaling:DescribeScalableTargets", rate(25.0, 50.0)),
    ("ssm:GetParameter", rate(40.0, 40.0)),
    ("scheduler:CreateSchedule", rate(1000.0, 1000.0)),
    ("sns:Publish", rate(9000.0, 9000.0)),
];

/// Read and write units a second of one key: a partition's.
pub const OF_ONE_KEY: (f64, f64) = (3000.0, 1000.0);
/// Messages a second that Slack takes for one channel.
pub const SLACK_PER_S: u64 = 1;
/// Events a minute that PagerDuty takes for one key.
pub const PAGER_PER_MINUTE: u64 = 120;

/// USD for a million of each, but memory, which is for a GB-second.
pub mod usd {
    /// Lambda's invocations.
    pub const INVOCATIONS: f64 = 0.20;
    /// Lambda's memory on arm64, for one GB-second.
    pub const GB_SECOND: f64 = 0.000_013_333_4;
    /// DynamoDB on demand.
    pub const READ_UNITS: f64 = 0.125;
    /// DynamoDB on demand.
    pub const WRITE_UNITS: f64 = 0.625;
    /// Metrics that GetMetricData is asked for.
    pub const METRICS: f64 = 10.0;
    /// CloudWatch's other calls.
    pub const CLOUDWATCH: f64 = 10.0;
    /// SNS.
    pub const PUBLISHED: f64 = 0.50;
    /// EventBridge Scheduler.
    pub const SCHEDULES: f64 = 1.0;
    /// CloudWatch Logs, for one GB.
    pub const LOGS_GB: f64 = 0.50;
}
