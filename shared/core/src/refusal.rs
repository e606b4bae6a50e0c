//! Refusals: the rules that forbid a remedy, by name.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::TaskDefinitionArn;
use crate::mode::Mode;

/// Why nothing was done. Operators read the name, metrics count it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "refusal")]
pub enum Refusal {
    /// No service could be found for the alarm.
    Unmapped,
    /// The service exists nowhere, or is DRAINING or INACTIVE.
    ServiceNotActive {
        /// What `DescribeServices` said; `None`: not found.
        status: Option<String>,
    },
    /// The service's mode does not allow it.
    NotOptedIn {
        /// Its mode.
        mode: Mode,
    },
    /// Tag `nightshift:stack` names another stack.
    AnotherStacks {
        /// That stack.
        stack: String,
    },
    /// It is in another account, whose own Nightshift may look after it.
    AnotherAccounts {
        /// That account.
        account: String,
    },
    /// It is in another region, whose own Nightshift may look after it.
    AnotherRegions {
        /// That region.
        region: String,
    },
    /// The change of state is older than the policy's `alarms.stale`.
    AlarmStale {
        /// When it changed.
        at: Timestamp,
    },
    /// The alarm was created or changed a moment ago.
    AlarmNewborn {
        /// When it will be old enough.
        until: Timestamp,
    },
    /// The alarm is no longer in ALARM.
    AlarmAlreadyClear,
    /// The alarm came up from INSUFFICIENT_DATA to OK, or fell to it: no news.
    NoNews,
    /// A composite's suppressor holds it.
    ActionsSuppressed {
        /// By what.
        by: String,
    },
    /// Somebody switched the alarm's actions off.
    ActionsDisabled,
    /// `TargetTracking-*`: Application Auto Scaling's own alarm.
    TargetTracking,
    /// It watches what a service depends on: evidence, and no incident of its
    /// own.
    OfADependency {
        /// The service, where it names one.
        of: Option<String>,
    },
    /// The evidence does not blame the release.
    ReleaseNotToBlame,
    /// Nothing automatic helps against this cause.
    NoRemedyForCause,
    /// A deployment is already going back.
    RollbackUnderWay,
    /// What runs is itself the result of a rollback.
    NeverRollBackARollback,
    /// No earlier release ran well for long enough.
    NothingGoodToReturnTo,
    /// The target's task definition is INACTIVE.
    TargetInactive {
        /// Which one.
        task_definition: TaskDefinitionArn,
    },
    /// An image the target needs is gone from ECR.
    TargetImageGone {
        /// Its reference.
        image: String,
    },
    /// The target's tag points at another image than the one that ran well.
    TargetTagMoved {
        /// The reference.
        image: String,
    },
    /// `nightshift:rollback-safe=false` on the release to be rolled back.
    RollbackMarkedUnsafe {
        /// Which one.
        task_definition: TaskDefinitionArn,
    },
    /// A release between the target and now is marked so.
    CrossesUnsafeRelease {
        /// Which one.
        task_definition: TaskDefinitionArn,
    },
    /// The releases differ in what `UpdateService(taskDefinition)` cannot undo.
    DiffersBeyondTaskDefinition,
    /// The service's CloudFormation stack is being updated.
    StackUpdating {
        /// Which one.
        stack: String,
    },
    /// The controller does not let us.
    ControllerNotOurs {
        /// `CODE_DEPLOY`, `EXTERNAL` or `EXPRESS`.
        controller: String,
    },
    /// The deployment's own circuit breaker counts its failures and goes back.
    LeftToCircuitBreaker,
    /// The deployment waits at a pause hook for a person.
    PausedAtHook,
    /// The same remedy was taken a moment ago.
    CoolingDown {
        /// Until then.
        until: Timestamp,
    },
    /// A remedy was already taken in this incident and did not help.
    AlreadyTried,
    /// The service has had its remedies for 24 hours.
    BudgetSpent,
    /// The cap over all services is reached.
    FleetBudgetSpent,
    /// Many services at once: no release of one of them explains that.
    FleetWide {
        /// How many opened incidents lately.
        services: u32,
    },
    /// AWS reports an open issue.
    ProviderEvent {
        /// Its type code.
        code: String,
    },
    /// The service is parked by off-hours.
    Parked,
    /// A freeze of `remedies` holds.
    Frozen {
        /// The window's name.
        window: String,
    },
    /// The kill switch is on, or cannot be read.
    Halted,
    /// No scalable target, or already at its maximum.
    AtCeiling,
    /// IAM denied it.
    NotPermitted {
        /// The action as IAM spells it.
        action: String,
        /// On what.
        resource: String,
    },
    /// The evidence is too thin.
    ConfidenceTooLow {
        /// Whole per cent.
        percent: u8,
    },
    /// What the decision needs could not be observed.
    NotObserved {
        /// The operation that failed.
        operation: String,
    },
    /// The image runs already: keeping it from being deployed helps nobody.
    ImageRuns {
        /// On how many services.
        services: u32,
    },
    /// A service would go back to the image.
    ImageLastKnownGood {
        /// The first of them.
        service: String,
    },
    /// What runs of the same repository has the same findings: the image is no
    /// worse.
    NoWorseThanWhatRuns,
    /// The finding is on so many services that what fixes it would be stopped.
    TooManyServices {
        /// How many.
        services: u32,
    },
    /// Which images run is not known, or not any more: the daily look has not
    /// been at every service within two days, and this one may run.
    RunsNotKnown,
    /// A drill acts on the drill service alone.
    OnlyADrill,
    /// Somebody changed the service between the claim and the remedy.
    Overtaken,
}

impl Refusal {
    /// The name operators see, for example `CoolingDown`.
    pub fn name(&self) -> String {
        let text = format!("{self:?}");
        text.split([' ', '{']).next().unwrap_or_default().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_variant_alone() {
        assert_eq!(Refusal::Halted.name(), "Halted");
        assert_eq!(Refusal::ConfidenceTooLow { percent: 3 }.name(), "ConfidenceTooLow");
    }
}
