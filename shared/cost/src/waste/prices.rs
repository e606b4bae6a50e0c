//! List prices.

use nightshift_core::cost::Money;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// What they are in.
const CURRENCY: &str = "USD";
/// As of when [`Prices`] are.
pub const RATES_AS_OF: &str = "2026-11";
/// How a sentence says that a figure is one of these.
pub(super) const LISTED: &str = "list price of us-east-1";
/// Hours of a month, as AWS's calculator counts them.
pub(super) const HOURS: Decimal = Decimal::from_parts(730, 0, 0, false, 0);
/// Bytes of a gigabyte, as AWS bills them.
pub(super) const GB: u64 = 1 << 30;

/// List prices of us-east-1 in USD, from AWS's public pricing pages as of
/// [`RATES_AS_OF`]. Other regions are dearer, as a rule, and who has a Savings
/// Plan pays less: a saving by them says which it is, not what an invoice says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prices {
    /// A vCPU for an hour, Linux on x86: aws.amazon.com/fargate/pricing.
    pub fargate_vcpu_hour: Decimal,
    /// A GB of memory for an hour, Linux on x86: aws.amazon.com/fargate/pricing.
    pub fargate_gb_hour: Decimal,
    /// A vCPU for an hour, Linux on ARM: aws.amazon.com/fargate/pricing.
    pub fargate_arm_vcpu_hour: Decimal,
    /// A GB of memory for an hour, Linux on ARM: aws.amazon.com/fargate/pricing.
    pub fargate_arm_gb_hour: Decimal,
    /// A GB of logs kept for a month: aws.amazon.com/cloudwatch/pricing.
    pub logs_gb_month: Decimal,
    /// A GB of images kept for a month: aws.amazon.com/ecr/pricing.
    pub images_gb_month: Decimal,
    /// An Application Load Balancer for an hour, without its capacity units:
    /// aws.amazon.com/elasticloadbalancing/pricing.
    pub balancer_hour: Decimal,
}

impl Default for Prices {
    fn default() -> Self {
        Self {
            fargate_vcpu_hour: Decimal::new(4_048, 5),
            fargate_gb_hour: Decimal::new(4_445, 6),
            fargate_arm_vcpu_hour: Decimal::new(3_238, 5),
            fargate_arm_gb_hour: Decimal::new(356, 5),
            logs_gb_month: Decimal::new(3, 2),
            images_gb_month: Decimal::new(10, 2),
            balancer_hour: Decimal::new(225, 4),
        }
    }
}

/// An amount by these prices.
pub(super) fn dollars(amount: Decimal) -> Money {
    Money::new(amount, CURRENCY)
}

/// Bytes in gigabytes.
pub(super) fn gigabytes(bytes: u64) -> Decimal {
    Decimal::from(bytes) / Decimal::from(GB)
}
