//! AWS CloudFormation: whether somebody is changing a service's stack, and what
//! a stack calls its parts.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::types::Stack;
use futures_util::FutureExt as _;
use nightshift_core::ports::{Answer, StackReads};

use crate::client::Account;
use crate::fault::{code, fault};

impl StackReads for Account {
    async fn stack_status(&self, stack: &str) -> Answer<Option<String>> {
        let found = described(self, stack).await?;
        Ok(found.and_then(|stack| Some(stack.stack_status()?.as_str().to_owned())))
    }

    async fn outputs(&self, stack: &str) -> Answer<Option<BTreeMap<String, String>>> {
        let found = described(self, stack).await?;
        let pair = |output: &aws_sdk_cloudformation::types::Output| {
            Some((output.output_key()?.to_owned(), output.output_value()?.to_owned()))
        };
        Ok(found.map(|stack| stack.outputs().iter().filter_map(pair).collect()))
    }
}

/// `None` without a stack of that name, or if it was deleted.
async fn described(account: &Account, stack: &str) -> Answer<Option<Stack>> {
    match account.cloudformation.describe_stacks().stack_name(stack).send().boxed().await {
        Ok(found) => Ok(found.stacks.and_then(|stacks| stacks.into_iter().next())),
        Err(error) => {
            let fault = fault("cloudformation:DescribeStacks", stack, &error);
            // The code is the one of every wrong request; the text alone tells them apart.
            let gone = code(&error) == Some("ValidationError")
                && fault.causes.iter().any(|cause| cause.contains("does not exist"));
            if gone { Ok(None) } else { Err(fault) }
        }
    }
}
