//! AWS Secrets Manager.

use futures_util::FutureExt as _;
use nightshift_core::ports::{Answer, SecretReads};

use crate::client::Account;
use crate::fault::{fault, unreadable};

const OPERATION: &str = "secretsmanager:GetSecretValue";

impl SecretReads for Account {
    async fn secret(&self, arn: &str) -> Answer<String> {
        let found = self.secrets.get_secret_value().secret_id(arn).send().boxed().await;
        let found = found.map_err(|error| fault(OPERATION, arn, &error))?;
        found.secret_string.ok_or_else(|| unreadable(OPERATION, arn, "it holds bytes, not a string"))
    }
}
