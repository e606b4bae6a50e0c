//! How a service is set up, for whoever judges whether it is ready for
//! production. No decision of a function rests on it.

use serde::{Deserialize, Serialize};

/// What `ecs:DescribeServices` and `ecs:DescribeClusters` say of it beside
/// what decisions need.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceSetup {
    /// Alarms that ECS watches while it deploys, if that is switched on.
    pub deployment_alarms: Vec<String>,
    /// One of them makes it go back.
    pub alarms_roll_back: bool,
    /// Its tasks have public addresses.
    pub public_address: bool,
    /// A shell may be opened in its tasks (ECS Exec).
    pub exec: bool,
    /// Into how many subnets its tasks go; 0: it does not say.
    pub subnets: u32,
    /// The cluster counts running and wanted tasks (Container Insights).
    pub insights: bool,
}

/// What a task definition says of a task.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskSetup {
    /// Its containers, in order.
    pub containers: Vec<ContainerSetup>,
    /// ARN of the role that its code has.
    pub task_role: Option<String>,
    /// ARN of the role that ECS pulls and logs with.
    pub execution_role: Option<String>,
}

/// What a task definition says of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerSetup {
    /// Its name.
    pub name: String,
    /// Its image, as written.
    pub image: String,
    /// The user it says it runs as; `None`: whoever the image says.
    pub user: Option<String>,
    /// Its root file system cannot be written.
    pub read_only: bool,
    /// It may do to its host whatever it likes.
    pub privileged: bool,
    /// ECS asks it whether it is well.
    pub health_check: bool,
    /// Where its log goes: `awslogs`, …; `None`: nowhere.
    pub log_driver: Option<String>,
    /// `awslogs-group`.
    pub log_group: Option<String>,
    /// Names of environment variables whose values look like secrets. The values
    /// stay where they are.
    pub plain_secrets: Vec<String>,
}

impl ContainerSetup {
    /// It says that it runs as root.
    pub fn root(&self) -> bool {
        let user = self.user.as_deref().unwrap_or_default();
        matches!(user.split(':').next().unwrap_or_default(), "root" | "0")
    }
}

/// By what a service scales.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScalingPolicy {
    /// Its name.
    pub name: String,
    /// The metric that it tracks, such as `ECSServiceAverageCPUUtilization`, or
    /// the kind of the policy where it tracks none that is predefined.
    pub by: String,
}

/// Parts of names that secrets have.
const SECRET_NAMES: [&str; 10] =
    ["password", "passwd", "pwd", "secret", "token", "api_key", "apikey", "private_key", "credential", "access_key"];
/// What well-known secrets begin with.
const SECRET_VALUES: [&str; 10] =
    ["AKIA", "ASIA", "-----BEGIN ", "xoxb-", "xoxp-", "xoxa-", "ghp_", "gho_", "github_pat_", "sk_live_"];

/// Whether an environment variable looks like a secret in plain text.
pub fn looks_secret(name: &str, value: &str) -> bool {
    if value.is_empty() {
        return false;
    }
    let known = SECRET_VALUES.iter().any(|start| value.starts_with(start));
    known || with_password(value) || (secret_name(name) && !harmless(value))
}

fn secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    SECRET_NAMES.iter().any(|part| name.contains(part))
}

/// What is named like a secret and only points at one, or switches something.
fn harmless(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let word = matches!(lower.as_str(), "true" | "false" | "yes" | "no" | "on" | "off" | "none");
    word || value.starts_with("arn:") || value.starts_with('/') || value.parse::<f64>().is_ok() || lower.contains("://")
}

/// `scheme://user:password@host`.
fn with_password(value: &str) -> bool {
    let Some((_, rest)) = value.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let Some((user, _)) = authority.rsplit_once('@') else { return false };
    user.split_once(':').is_some_and(|(_, password)| !password.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_known_by_its_name_or_by_its_value() {
        for (name, value) in [
            ("DB_PASSWORD", "hunter2"),
            ("stripe-api-key", "abc"),
            ("DATABASE_URL", "postgres://app:hunter2@db.internal:5432/app"),
            ("ID", "AKIAIOSFODNN7EXAMPLE"),
            ("PEM", "-----BEGIN RSA PRIVATE KEY-----"),
        ] {
            assert!(looks_secret(name, value), "{name}");
        }
        for (name, value) in [
            ("DB_PASSWORD", ""),
            ("DB_PASSWORD_ARN", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db"),
            ("TOKEN_TTL", "3600"),
            ("SECRET_ROTATION", "true"),
            ("TOKEN_FILE", "/run/secrets/token"),
            ("TOKEN_URL", "https://auth.internal/token"),
            ("DATABASE_URL", "postgres://app@db.internal/app"),
            ("PORT", "8080"),
        ] {
            assert!(!looks_secret(name, value), "{name}");
        }
    }

    #[test]
    fn root_is_root_by_any_name() {
        let of = |user: Option<&str>| ContainerSetup { user: user.map(Into::into), ..ContainerSetup::default() }.root();
        assert!(of(Some("root")) && of(Some("0")) && of(Some("0:0")) && of(Some("root:app")));
        assert!(!of(None) && !of(Some("app")) && !of(Some("1000:0")));
    }
}
