//! How a service's tasks are set up, beyond their size.

use serde::Deserialize;

/// What a service's task definitions say of their container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ContainerTruth {
    /// Whom it runs as; unset: whoever the image says.
    pub user: Option<String>,
    /// Its root file system cannot be written.
    pub read_only: bool,
    /// ECS asks it whether it is well.
    pub health_check: bool,
    /// Names of environment variables that hold secrets in plain text.
    pub plain_secrets: Vec<String>,
    /// Its code has the very role that ECS pulls with.
    pub one_role: bool,
}
