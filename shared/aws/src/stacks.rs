//! AWS CloudFormation: whether somebody is changing a service's stack.

use nightshift_core::ports::{Answer, StackReads};

use crate::client::Account;
use crate::fault::{code, fault};

impl StackReads for Account {
    async fn stack_status(&self, stack: &str) -> Answer<Option<String>> {
        match self.cloudformation.describe_stacks().stack_name(stack).send().await {
            Ok(found) => {
                let status = found.stacks().first().and_then(|stack| stack.stack_status());
                Ok(status.map(|status| status.as_str().to_owned()))
            }
            Err(error) => {
                let fault = fault("cloudformation:DescribeStacks", stack, &error);
                // The code is the one of every wrong request; the text alone tells them apart.
                let gone = code(&error) == Some("ValidationError")
                    && fault.causes.iter().any(|cause| cause.contains("does not exist"));
                if gone { Ok(None) } else { Err(fault) }
            }
        }
    }
}
