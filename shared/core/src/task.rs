//! Stopped tasks and why they stopped.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{DeploymentId, TaskDefinitionArn};

/// A container's end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ContainerExit {
    /// Container name.
    pub name: String,
    /// Exit code, where it ran.
    pub exit_code: Option<i32>,
    /// The agent's reason, free text.
    pub reason: Option<String>,
}

/// A task in status STOPPED.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoppedTask {
    /// The task's ARN.
    pub arn: String,
    /// What it ran.
    pub task_definition: TaskDefinitionArn,
    /// Which deployment started it.
    pub started_by: Option<DeploymentId>,
    /// AWS's stop code.
    pub stop_code: Option<String>,
    /// AWS's stopped reason; wording is no contract.
    pub reason: Option<String>,
    /// When its first container ran; `None` if none ever did.
    pub started_at: Option<Timestamp>,
    /// When it stopped.
    pub stopped_at: Option<Timestamp>,
    /// Its containers.
    pub containers: Vec<ContainerExit>,
}

/// Why a task ended, when the end speaks against the task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Crash {
    /// A container ended by itself with a code other than 0 and 143.
    Exit,
    /// The kernel killed it for memory; the exit code may even be 0.
    OutOfMemory,
    /// A health check of the load balancer, Cloud Map or the container failed.
    HealthCheck,
    /// The image could not be pulled.
    ImagePull,
    /// A secret, parameter or other resource could not be had.
    Resources,
    /// It never started, for another reason.
    Start,
}

impl Crash {
    /// What people call it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Exit => "crashed",
            Self::OutOfMemory => "out of memory",
            Self::HealthCheck => "failed health checks",
            Self::ImagePull => "image could not be pulled",
            Self::Resources => "a secret or resource could not be had",
            Self::Start => "did not start",
        }
    }
}

impl StoppedTask {
    /// What kind of crash this was; `None` for scale-in, deployments, people
    /// and Spot, which say nothing about the release.
    pub fn crash(&self) -> Option<Crash> {
        let reason = self.reason.as_deref().unwrap_or_default();
        if self.out_of_memory(reason) {
            return Some(Crash::OutOfMemory);
        }
        if reason.contains("health checks") {
            return Some(Crash::HealthCheck);
        }
        match self.stop_code.as_deref() {
            Some("TaskFailedToStart") => Some(start_failure(reason)),
            Some("EssentialContainerExited") => self.failed_exit().then_some(Crash::Exit),
            _ => None,
        }
    }

    fn out_of_memory(&self, reason: &str) -> bool {
        let says = |text: &str| text.contains("OutOfMemory");
        says(reason) || self.containers.iter().any(|end| end.reason.as_deref().is_some_and(says))
    }

    /// 143 is SIGTERM: the task was asked to go.
    fn failed_exit(&self) -> bool {
        self.containers.iter().any(|end| end.exit_code.is_none_or(|code| code != 0 && code != 143))
    }
}

fn start_failure(reason: &str) -> Crash {
    if reason.contains("CannotPull") {
        Crash::ImagePull
    } else if reason.contains("ResourceInitializationError") {
        Crash::Resources
    } else {
        Crash::Start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: &str, reason: &str, exit: Option<i32>, why: Option<&str>, expect: Option<Crash>) {
        let task = StoppedTask {
            arn: "arn".into(),
            task_definition: TaskDefinitionArn::new("web:1"),
            started_by: None,
            stop_code: Some(code.into()),
            reason: Some(reason.into()),
            started_at: None,
            stopped_at: None,
            containers: vec![ContainerExit { name: "app".into(), exit_code: exit, reason: why.map(Into::into) }],
        };
        assert_eq!(task.crash(), expect, "{code} {reason} {exit:?} {why:?}");
    }

    #[test]
    fn only_what_speaks_against_the_task_is_a_crash() {
        let exited = "Essential container in task exited";
        check("EssentialContainerExited", exited, Some(1), None, Some(Crash::Exit));
        check("EssentialContainerExited", exited, Some(143), None, None);
        check("EssentialContainerExited", exited, Some(0), Some("OutOfMemoryError: killed"), Some(Crash::OutOfMemory));
        check("EssentialContainerExited", exited, Some(137), Some("OutOfMemoryError"), Some(Crash::OutOfMemory));
        check("TaskFailedToStart", "CannotPullContainerError: not found", None, None, Some(Crash::ImagePull));
        check("TaskFailedToStart", "ResourceInitializationError: secret", None, None, Some(Crash::Resources));
        check("TaskFailedToStart", "Timeout waiting", None, None, Some(Crash::Start));
        let elb = "Task failed ELB health checks in (target-group x)";
        check("ServiceSchedulerInitiated", elb, Some(143), None, Some(Crash::HealthCheck));
        let scaling = "Scaling activity initiated by (deployment ecs-svc/1)";
        check("ServiceSchedulerInitiated", scaling, Some(143), None, None);
        check("SpotInterruption", "Your Spot Task was interrupted.", Some(143), None, None);
        check("UserInitiated", "stopped by hand", Some(1), None, None);
    }
}
