//! One-shot timers, named after what they check.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::alarm::Door;
use crate::ids::{AlarmArn, IncidentId, ServiceDeploymentArn, ServiceRef};
use crate::image::ImageId;

/// What a timer wakes for: the verifier, `deployment-guard` where it watches a
/// deployment, or `image-guard` where it looks at an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "purpose", rename_all = "kebab-case")]
pub enum Purpose {
    /// Look whether the incident is over; also finds an orphaned intent.
    Verify {
        /// The incident.
        incident: IncidentId,
        /// Which check it is, from 1.
        number: u32,
    },
    /// Look whether the incident of many services is over.
    Fleet {
        /// The incident.
        incident: IncidentId,
        /// Which check it is, from 1.
        number: u32,
    },
    /// Read a newborn alarm again, now that it is old enough.
    Reread {
        /// The alarm.
        alarm: AlarmArn,
    },
    /// Look whether a deployment hangs.
    Watch {
        /// The deployment.
        release: ServiceDeploymentArn,
    },
    /// Look at an image, now that its findings have come in.
    Look {
        /// Which one.
        image: ImageId,
    },
    /// Carry the self-drill on: it concerns no service.
    SelfDrill {
        /// By which door the stack's test alarm came in.
        door: Door,
        /// When it rang.
        rang_at: Timestamp,
    },
}

/// A timer: at that moment the function it wakes gets this value as its event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Timer {
    /// At most 64 of `[0-9a-zA-Z-_.]`; the same name is the same timer.
    pub name: String,
    /// When it fires, to the minute on AWS.
    pub at: Timestamp,
    /// The service it concerns.
    pub service: ServiceRef,
    /// Why.
    pub purpose: Purpose,
}

impl Timer {
    /// The timer of an incident's check.
    pub fn verify(service: &ServiceRef, incident: &IncidentId, number: u32, at: Timestamp) -> Self {
        Self {
            name: format!("{incident}-verify-{number}"),
            at,
            service: service.clone(),
            purpose: Purpose::Verify { incident: incident.clone(), number },
        }
    }

    /// The timer of a check of the fleet's incident; `fleet` stands in for a service.
    pub fn fleet(fleet: &ServiceRef, incident: &IncidentId, number: u32, at: Timestamp) -> Self {
        Self {
            name: format!("{incident}-fleet-{number}"),
            at,
            service: fleet.clone(),
            purpose: Purpose::Fleet { incident: incident.clone(), number },
        }
    }

    /// The timer that reads a newborn alarm again.
    pub fn reread(service: &ServiceRef, alarm: &AlarmArn, at: Timestamp) -> Self {
        let key = crate::ids::fingerprint(&[alarm.as_str(), &at.to_string()]);
        Self {
            name: format!("reread-{key}"),
            at,
            service: service.clone(),
            purpose: Purpose::Reread { alarm: alarm.clone() },
        }
    }

    /// The watchdog of a deployment.
    pub fn watch(service: &ServiceRef, release: &ServiceDeploymentArn, at: Timestamp) -> Self {
        let key = crate::ids::fingerprint(&[release.as_str(), &at.to_string()]);
        Self {
            name: format!("watch-{key}"),
            at,
            service: service.clone(),
            purpose: Purpose::Watch { release: release.clone() },
        }
    }

    /// The look at an image whose findings come in. It concerns no service in
    /// particular: `account` and `region` are the stack's.
    pub fn look(image: &ImageId, (account, region): (&str, &str), at: Timestamp) -> Self {
        let key = crate::ids::fingerprint(&[&image.to_string(), &at.to_string()]);
        let (account, region, all) = (account.to_owned(), region.to_owned(), "*".to_owned());
        Self {
            name: format!("look-{key}"),
            at,
            service: ServiceRef { account, region, cluster: all.clone(), service: all },
            purpose: Purpose::Look { image: image.clone() },
        }
    }
}
