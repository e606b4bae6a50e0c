//! Names of things, each a type of its own so that they cannot be mixed up.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Makes a newtype over the string AWS calls this thing by.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// Wraps the string as it came.
            pub fn new(value: impl Into<String>) -> Self {
                Self(value.into())
            }

            /// The string as AWS writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// What people call it: the part after the last `/`, or all of it.
            pub fn short(&self) -> &str {
                self.0.rsplit('/').next().unwrap_or(&self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// A CloudWatch alarm's ARN: the key of an alert.
    AlarmArn
);
id!(
    /// A task definition's full ARN, revision included.
    TaskDefinitionArn
);
id!(
    /// An ECS service revision's ARN: immutable workload configuration.
    RevisionArn
);
id!(
    /// An ECS service deployment's ARN.
    ServiceDeploymentArn
);
id!(
    /// A classic deployment's id, `ecs-svc/N`; equals `startedBy` of its tasks.
    DeploymentId
);
id!(
    /// An image digest, `sha256:…`.
    Digest
);
id!(
    /// One incident of one service.
    IncidentId
);
id!(
    /// What makes two deliveries the same event.
    EventId
);

impl AlarmArn {
    /// The alarm's name: what follows `:alarm:` in the ARN.
    pub fn name(&self) -> &str {
        self.0.split_once(":alarm:").map_or(self.0.as_str(), |(_, name)| name)
    }
}

impl EventId {
    /// An id from what an event says, so that the same news by two doors, or
    /// delivered twice, has one id.
    pub fn of(parts: &[&str]) -> Self {
        Self(fingerprint(parts))
    }
}

impl IncidentId {
    /// The id of the incident that `event` opens at `minute` (`YYYYMMDD-HHMM`)
    /// on `service`. The same event always opens the same incident.
    pub fn of(service: &ServiceRef, minute: &str, event: &EventId) -> Self {
        let key = service.key();
        Self(format!("{minute}-{}", &fingerprint(&[&key, event.as_str()])[..8]))
    }
}

/// Sixteen hex digits of SHA-256 over the parts, each closed by a zero byte so
/// that no two lists of parts run together.
pub fn fingerprint(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hex::encode(&hash.finalize()[..8])
}

/// An ECS service in its account, region and cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct ServiceRef {
    /// Twelve digits.
    pub account: String,
    /// For example `eu-west-1`.
    pub region: String,
    /// The cluster's name, not its ARN.
    pub cluster: String,
    /// The service's name, not its ARN.
    pub service: String,
}

/// The second part of the ARNs in `region`.
pub fn partition(region: &str) -> &'static str {
    match region {
        cn if cn.starts_with("cn-") => "aws-cn",
        gov if gov.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

impl ServiceRef {
    /// Reads `arn:…:ecs:REGION:ACCOUNT:service/CLUSTER/SERVICE`. The old short
    /// form `service/NAME` lacks the cluster and gives `None`.
    pub fn from_arn(arn: &str) -> Option<Self> {
        let mut parts = arn.splitn(6, ':');
        let (_, _, ecs) = (parts.next()?, parts.next()?, parts.next()?);
        let (region, account, rest) = (parts.next()?, parts.next()?, parts.next()?);
        let (cluster, service) = rest.strip_prefix("service/")?.split_once('/')?;
        (ecs == "ecs").then(|| Self {
            account: account.into(),
            region: region.into(),
            cluster: cluster.into(),
            service: service.into(),
        })
    }

    /// The service's ARN.
    pub fn arn(&self) -> String {
        let Self { account, region, cluster, service } = self;
        let partition = partition(region);
        format!("arn:{partition}:ecs:{region}:{account}:service/{cluster}/{service}")
    }

    /// `ACCOUNT/REGION/CLUSTER/SERVICE`: unique over accounts and regions.
    pub fn key(&self) -> String {
        let Self { account, region, cluster, service } = self;
        format!("{account}/{region}/{cluster}/{service}")
    }
}

impl fmt::Display for ServiceRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.cluster, self.service)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_survives_its_arn_and_back() {
        let arn = "arn:aws:ecs:eu-west-1:123456789012:service/prod/web";
        let service = ServiceRef::from_arn(arn).unwrap();
        assert_eq!(service.arn(), arn);
        assert_eq!(service.to_string(), "prod/web");
    }

    #[test]
    fn the_short_arn_without_a_cluster_names_no_service() {
        assert_eq!(ServiceRef::from_arn("arn:aws:ecs:eu-west-1:123456789012:service/web"), None);
        assert_eq!(ServiceRef::from_arn("arn:aws:s3:::service/prod/web"), None);
    }

    #[test]
    fn parts_do_not_run_together_in_a_fingerprint() {
        assert_ne!(fingerprint(&["ab", "c"]), fingerprint(&["a", "bc"]));
    }
}
