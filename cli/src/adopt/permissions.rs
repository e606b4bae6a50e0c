//! What Nightshift's roles need on a service: rehearsed in daylight, so that
//! AccessDenied is not met at night.

use nightshift_core::fault::Sight;
use nightshift_core::ids::ServiceRef;
use nightshift_core::service::{MODE_TAG, STACK_TAG, Service};
use serde::Serialize;

/// On what an action is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum On {
    /// The service.
    Service,
    /// One of its deployments, which carry no tag.
    Deployment,
    /// Its scalable target.
    Target,
}

/// What one function's role needs.
pub(super) struct Needed {
    /// The function.
    pub function: &'static str,
    /// The main stack's output that names its role.
    pub output: &'static str,
    /// Actions, and on what.
    pub actions: &'static [(&'static [&'static str], On)],
}

const REMEDIES: &[(&[&str], On)] = &[
    (&["ecs:UpdateService", "ecs:StopServiceDeployment", "ecs:ContinueServiceDeployment"], On::Service),
    (&["ecs:StopServiceDeployment", "ecs:ContinueServiceDeployment"], On::Deployment),
    (&["application-autoscaling:RegisterScalableTarget"], On::Target),
];

/// What each function needs: a remedy that one of them claimed may be found and
/// taken by another.
pub(super) const NEEDED: [Needed; 3] = [
    Needed { function: "alarm-responder", output: "AlarmResponderRoleArn", actions: REMEDIES },
    Needed { function: "deployment-guard", output: "DeploymentGuardRoleArn", actions: REMEDIES },
    Needed { function: "remedy-verifier", output: "RemedyVerifierRoleArn", actions: REMEDIES },
];

/// What IAM said of a role.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rehearsed {
    /// Of which function.
    pub function: &'static str,
    /// The role's ARN.
    pub role: String,
    /// On what it was asked.
    pub resource: String,
    /// For which actions.
    pub asked: Vec<String>,
    /// Those that it may not take.
    pub refused: Sight<Vec<String>>,
}

impl On {
    /// The ARN that IAM is asked about.
    pub(super) fn arn(self, service: &ServiceRef) -> String {
        let ServiceRef { account, region, .. } = service;
        let own = service.arn();
        let partition = own.split(':').nth(1).unwrap_or("aws");
        match self {
            Self::Service => own,
            Self::Deployment => format!("arn:{partition}:ecs:{region}:{account}:service-deployment/{service}/any"),
            Self::Target => format!("arn:{partition}:application-autoscaling:{region}:{account}:scalable-target/any"),
        }
    }

    /// What the call would come with, were the service opted in.
    pub(super) fn context(self, service: &Service) -> Vec<(String, String)> {
        let pair = |key: String, value: &str| (key, value.to_owned());
        let tag = |key: &str, value: &str| pair(format!("aws:ResourceTag/{key}"), value);
        match self {
            Self::Service => {
                let mode = service.tag(MODE_TAG).filter(|mode| matches!(*mode, "act" | "approve")).unwrap_or("act");
                let stack = service.tag(STACK_TAG).map(|stack| tag(STACK_TAG, stack));
                std::iter::once(tag(MODE_TAG, mode)).chain(stack).collect()
            }
            Self::Deployment => Vec::new(),
            Self::Target => vec![
                pair("application-autoscaling:service-namespace".into(), "ecs"),
                pair("application-autoscaling:scalable-dimension".into(), "ecs:service:DesiredCount"),
            ],
        }
    }
}
