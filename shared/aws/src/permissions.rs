//! AWS IAM: what a role may do, asked without doing it.

use aws_sdk_iam::types::{ContextEntry, ContextKeyTypeEnum, PolicyEvaluationDecisionType};
use nightshift_core::ports::{Answer, PermissionReads};

use crate::client::Account;
use crate::fault::fault;

const OPERATION: &str = "iam:SimulatePrincipalPolicy";

impl PermissionReads for Account {
    async fn refused_actions(
        &self,
        role: &str,
        actions: &[&str],
        resource: &str,
        context: &[(&str, &str)],
    ) -> Answer<Vec<String>> {
        let entry = |(key, value): &(&str, &str)| {
            let entry = ContextEntry::builder().context_key_name(*key);
            entry.context_key_values(*value).context_key_type(ContextKeyTypeEnum::String).build()
        };
        let request = self
            .iam
            .simulate_principal_policy()
            .policy_source_arn(role)
            .set_action_names(Some(actions.iter().map(|action| (*action).to_owned()).collect()))
            .resource_arns(resource)
            .set_context_entries(Some(context.iter().map(entry).collect()));
        let mut pages = request.into_paginator().items().send();
        let mut refused = Vec::new();
        while let Some(found) = pages.next().await {
            let found = found.map_err(|error| fault(OPERATION, role, &error))?;
            if *found.eval_decision() != PolicyEvaluationDecisionType::Allowed {
                refused.push(found.eval_action_name().to_owned());
            }
        }
        let place = |action: &String| actions.iter().position(|asked| asked.eq_ignore_ascii_case(action));
        refused.sort_by_key(place);
        Ok(refused)
    }
}
