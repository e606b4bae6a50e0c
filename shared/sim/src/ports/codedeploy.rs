//! CodeDeploy's deployments of the services that it deploys.

use nightshift_core::codedeploy::{CodeDeployment, CodeDeploymentId};
use nightshift_core::fault::{Fault, FaultKind};
use nightshift_core::ids::ServiceRef;
use nightshift_core::ports::{Answer, CodeDeployReads, CodeDeployWrites};

use crate::account::Account;

impl CodeDeployReads for Account {
    async fn code_deployment(&self, deployment: &CodeDeploymentId) -> Answer<Option<CodeDeployment>> {
        self.read("codedeploy:GetDeployment", deployment.to_string(), |state| {
            Ok(state.machines.iter().find_map(|machine| machine.code_deployment(deployment)))
        })
        .await
    }
}

impl CodeDeployWrites for Account {
    async fn stop_code_deployment(&self, service: &ServiceRef, deployment: &CodeDeploymentId) -> Answer<()> {
        const OPERATION: &str = "codedeploy:StopDeployment";
        self.write(OPERATION, service.to_string(), |state| {
            state.is_here(OPERATION, service)?;
            let stopped = state.stop_code_deployment(deployment, true);
            // Whatever a deployment that is over is called: there is nothing to stop.
            stopped.map_err(|error| Fault { kind: FaultKind::Permanent, ..error.fault(OPERATION, service) })
        })
        .await
    }
}
