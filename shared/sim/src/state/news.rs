//! What ECS and CodeDeploy say about deployments, as EventBridge delivers it.

use nightshift_core::codedeploy::CodeDeploymentId;
use nightshift_core::ids::{DeploymentId, ServiceDeploymentArn};
use nightshift_core::task::StoppedTask;
use serde_json::{Value, json};

use crate::account::Delivery;

use super::event::envelope;
use super::service::Machine;
use super::{State, moment};

/// Something that is said about a service's deployments.
#[derive(Clone, Debug)]
pub(crate) enum News {
    /// A classic deployment began, ended or was given up.
    Deployment {
        /// The tail of the event's name: `IN_PROGRESS`, `COMPLETED`, `FAILED`.
        state: &'static str,
        id: DeploymentId,
        reason: String,
    },
    /// A task stopped, and its end speaks against it.
    Stopped(StoppedTask),
    /// It waits at a pause hook.
    AtHook(ServiceDeploymentArn),
    /// CodeDeploy's word: `START`, `SUCCESS`, `FAILURE`, `STOP`.
    CodeDeploy { state: &'static str, id: CodeDeploymentId },
}

impl Machine {
    /// Remembers what is to be said.
    pub(crate) fn says(&mut self, news: News) {
        let by_codedeploy = matches!(news, News::CodeDeploy { .. });
        let deployment = matches!(news, News::Deployment { .. } | News::AtHook(_));
        // Where CodeDeploy carries deployments out, ECS says nothing of them.
        if by_codedeploy == self.by_codedeploy() || !(by_codedeploy || deployment) {
            self.news.push(news);
        }
    }

    /// Of a classic deployment, and of CodeDeploy's that it belongs to.
    pub(crate) fn says_of(&mut self, rollout: usize, state: &'static str, reason: String) {
        let id = self.rollouts[rollout].id.clone();
        self.says(News::Deployment { state, id, reason });
        let codedeploy = match state {
            "IN_PROGRESS" => "START",
            "COMPLETED" => "SUCCESS",
            // How one of CodeDeploy's ends otherwise is said where it ends.
            _ => return,
        };
        if let Some(id) = self.codedeploy_id(self.deployments.len().saturating_sub(1)) {
            self.says(News::CodeDeploy { state: codedeploy, id });
        }
    }

    fn event(&self, news: &News, now: i64) -> (&'static str, &'static str, Vec<String>, Value) {
        let service = self.name.arn();
        let cluster = self.arn(&format!("cluster/{}", self.name.cluster));
        let at = moment(now);
        match news {
            News::Deployment { state, id, reason } => (
                "aws.ecs",
                "ECS Deployment State Change",
                vec![service],
                json!({
                    "eventType": if *state == "FAILED" { "ERROR" } else { "INFO" },
                    "eventName": format!("SERVICE_DEPLOYMENT_{state}"),
                    "deploymentId": id,
                    "updatedAt": at,
                    "reason": reason,
                }),
            ),
            News::Stopped(task) => {
                ("aws.ecs", "ECS Task State Change", vec![task.arn.clone()], self.stopped_detail(task, &cluster))
            }
            News::AtHook(arn) => (
                "aws.ecs",
                "ECS Hook State Change",
                vec![arn.to_string()],
                json!({ "eventType": "INFO", "eventName": "HOOK_AWAITING_ACTION", "serviceDeploymentArn": arn }),
            ),
            News::CodeDeploy { state, id } => {
                let (application, group) = (self.code_application(), self.code_group());
                let arn =
                    |rest: String| format!("arn:aws:codedeploy:{}:{}:{rest}", self.name.region, self.name.account);
                (
                    "aws.codedeploy",
                    "CodeDeploy Deployment State-change Notification",
                    vec![
                        arn(format!("application:{application}")),
                        arn(format!("deploymentgroup:{application}/{group}")),
                    ],
                    json!({
                        "region": self.name.region,
                        "deploymentId": id,
                        "application": application,
                        "deploymentGroup": group,
                        "state": state,
                    }),
                )
            }
        }
    }

    fn stopped_detail(&self, task: &StoppedTask, cluster: &str) -> Value {
        let containers: Vec<Value> = task
            .containers
            .iter()
            .map(|end| {
                let mut container = json!({ "name": end.name, "lastStatus": "STOPPED", "taskArn": task.arn });
                if let Some(code) = end.exit_code {
                    container["exitCode"] = json!(code);
                }
                if let Some(reason) = &end.reason {
                    container["reason"] = json!(reason);
                }
                container
            })
            .collect();
        json!({
            "taskArn": task.arn,
            "clusterArn": cluster,
            "taskDefinitionArn": task.task_definition,
            "group": format!("service:{}", self.name.service),
            "startedBy": task.started_by,
            "lastStatus": "STOPPED",
            "desiredStatus": "STOPPED",
            "stopCode": task.stop_code,
            "stoppedReason": task.reason,
            "startedAt": task.started_at,
            "stoppedAt": task.stopped_at,
            "containers": containers,
            "version": 5,
        })
    }
}

impl State {
    /// Delivers what the services have to say, where the scenario lets them.
    pub(crate) fn spread_news(&mut self) {
        self.spread_image_news();
        let now = self.now;
        let mut said = Vec::new();
        for machine in &mut self.machines {
            let news = std::mem::take(&mut machine.news);
            // What was said before the clock starts has been heard long ago.
            if self.scenario.deployment_events && now > self.start {
                said.extend(news.iter().map(|news| machine.event(news, now)));
            }
        }
        for (source, kind, resources, detail) in said {
            let resources: Vec<&str> = resources.iter().map(String::as_str).collect();
            let event = envelope(&self.scenario, source, kind, &resources, moment(now), detail);
            self.queue(now, Delivery::Deployment { event, at: moment(now) });
        }
    }
}
