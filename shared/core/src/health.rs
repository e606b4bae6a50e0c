//! Open issues that AWS itself reports.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An `issue` of AWS Health in one region.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct HealthIssue {
    /// The Health event's ARN.
    pub arn: String,
    /// `ECS`, `FARGATE`, `ELASTICLOADBALANCING`, `EC2`, ….
    pub service: String,
    /// The region it concerns, not the one that delivered it.
    pub region: String,
    /// `AWS_ECS_…_ISSUE`.
    pub code: String,
    /// When it began.
    pub since: Timestamp,
    /// `false` once AWS closed it.
    pub open: bool,
}

/// Issues of these AWS services can look like a bad release.
pub const SERVICES_THAT_CARRY_TASKS: [&str; 4] = ["ECS", "FARGATE", "ELASTICLOADBALANCING", "EC2"];
