//! Whose the other alarms are that fire at the same time.

use std::collections::BTreeSet;

use jiff::Timestamp;
use nightshift_core::alarm::{LiveAlarm, TARGET_TRACKING_PREFIX};
use nightshift_core::described::Described;
use nightshift_core::policy::Policy;
use nightshift_core::service::Service;
use nightshift_core::span::Span;

use crate::scene::began;
use crate::signals::target_group_dimension;
use crate::view::ServiceView;

/// Alarms that began this close to the onset belong to the same trouble.
const SAME_TIME: Span = Span::minutes(10);
/// A dependency that failed this much later may be a victim, not a cause.
const LEADS: Span = Span::minutes(3);
/// Namespaces of what services depend on.
const DEPENDENCIES: [&str; 10] = [
    "AWS/RDS",
    "AWS/ElastiCache",
    "AWS/SQS",
    "AWS/DynamoDB",
    "AWS/DocDB",
    "AWS/Neptune",
    "AWS/Kafka",
    "AWS/AmazonMQ",
    "AWS/ES",
    "AWS/NATGateway",
];

/// The alarms of others that began at about the time of the onset.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Neighbours {
    /// Other services.
    pub(crate) services: BTreeSet<String>,
    /// Alarms of dependencies that began no later than the onset.
    pub(crate) leading: BTreeSet<String>,
    /// Alarms of dependencies that followed it.
    pub(crate) following: BTreeSet<String>,
}

/// Whose an alarm is.
enum Owner {
    Ours,
    Service(String),
    Dependency,
    Nobody,
}

impl Neighbours {
    pub(crate) fn of(
        view: &ServiceView,
        alarm: Option<&LiveAlarm>,
        policy: &Policy,
        anchor: Timestamp,
    ) -> Option<Self> {
        let mut found = Self::default();
        for other in view.firing.seen()? {
            // One that does not say since when is taken for a coincidence: that
            // holds a remedy back and never brings one about.
            let at = began(other).unwrap_or(anchor);
            if at < SAME_TIME.before(anchor) || at > SAME_TIME.after(anchor) {
                continue;
            }
            match owner(other, alarm, view.live_service(), policy) {
                Owner::Service(name) => drop(found.services.insert(name)),
                Owner::Dependency if at <= LEADS.after(anchor) => drop(found.leading.insert(other.name.clone())),
                Owner::Dependency => drop(found.following.insert(other.name.clone())),
                Owner::Ours | Owner::Nobody => {}
            }
        }
        Some(found)
    }

    /// They alone would explain the symptom.
    pub(crate) fn explain(&self) -> bool {
        self.services.len() > 1 || !self.leading.is_empty()
    }

    /// Nobody else is unwell.
    pub(crate) fn quiet(&self) -> bool {
        self.services.is_empty() && self.leading.is_empty() && self.following.is_empty()
    }
}

fn owner(other: &LiveAlarm, alarm: Option<&LiveAlarm>, ours: Option<&Service>, policy: &Policy) -> Owner {
    let related = |alarm: &LiveAlarm| {
        other.arn == alarm.arn
            || alarm.children.contains(&other.name)
            || other.children.contains(&alarm.name)
            || other.metrics.iter().any(|metric| {
                alarm.metrics.iter().any(|own| own.name == metric.name && own.dimensions == metric.dimensions)
            })
    };
    if other.name.starts_with(TARGET_TRACKING_PREFIX) {
        return Owner::Nobody;
    }
    if alarm.is_some_and(related) {
        return Owner::Ours;
    }
    let whose = |name: String| match ours {
        Some(ours) if ours.service.to_string() == name => Owner::Ours,
        _ => Owner::Service(name),
    };
    // What an alarm says of itself goes before what its metrics look like: a
    // worker's own queue is no dependency, nor is that of another service ours.
    let said = Described::of_live(other);
    if let Some((cluster, service)) = said.pair() {
        return whose(format!("{cluster}/{service}"));
    }
    if let (Some(of), Some(ours)) = (said.dependency_of, ours)
        && of != ours.service.to_string()
    {
        return Owner::Nobody;
    }
    let of_a_dependency = other.metrics.iter().any(|metric| DEPENDENCIES.contains(&metric.namespace.as_str()));
    if of_a_dependency || marked(other) {
        return Owner::Dependency;
    }
    match named(other, policy) {
        Some(name) => whose(name),
        None => by_load_balancer(other, alarm, ours),
    }
}

/// Its owner says that services depend on what it watches.
fn marked(alarm: &LiveAlarm) -> bool {
    let says = |text: &str| text.to_ascii_lowercase().contains("dependency");
    alarm.description.as_deref().is_some_and(says) || alarm.tags.iter().any(|(key, value)| says(key) || says(value))
}

/// The service that an alarm's dimensions or its name tell, as `cluster/service`.
fn named(alarm: &LiveAlarm, policy: &Policy) -> Option<String> {
    let dimension = alarm.metrics.iter().find_map(|metric| {
        let service = metric.dimensions.get("ServiceName")?;
        Some(format!("{}/{service}", metric.dimensions.get("ClusterName")?))
    });
    let listed = || {
        let fits = policy.services.iter().filter(|(prefix, _)| alarm.name.starts_with(prefix.as_str()));
        fits.max_by_key(|(prefix, _)| prefix.len()).map(|(_, service)| service.clone())
    };
    dimension.or_else(listed)
}

fn by_load_balancer(other: &LiveAlarm, alarm: Option<&LiveAlarm>, ours: Option<&Service>) -> Owner {
    let dimension = |alarm: &LiveAlarm, name: &str| -> Option<String> {
        alarm.metrics.iter().find_map(|metric| metric.dimensions.get(name).cloned())
    };
    if let Some(group) = dimension(other, "TargetGroup") {
        let registered =
            ours.is_some_and(|ours| ours.target_groups.iter().any(|arn| target_group_dimension(arn) == group));
        return if registered { Owner::Ours } else { Owner::Service(group) };
    }
    match dimension(other, "LoadBalancer") {
        // Shared by all behind it: it names none of them.
        Some(balancer) if alarm.and_then(|alarm| dimension(alarm, "LoadBalancer")).as_ref() == Some(&balancer) => {
            Owner::Nobody
        }
        Some(balancer) => Owner::Service(balancer),
        None => Owner::Nobody,
    }
}
