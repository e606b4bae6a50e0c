//! What an alarm says of itself, in tags or as JSON in its description.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::alarm::{AlarmSignal, LiveAlarm};

/// Before each key, where a tag of that name means something else already.
const OURS: &str = "nightshift:";

/// Which of the four golden signals an alarm watches, or that it watches what
/// services depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Signal {
    /// How long requests take, or wait in a queue.
    Latency,
    /// How many requests come.
    Traffic,
    /// How many of them fail.
    Errors,
    /// How full the service is.
    Saturation,
    /// Something that services depend on.
    Dependency,
}

impl Signal {
    /// The golden ones, in the order in which people name them.
    pub const GOLDEN: [Self; 4] = [Self::Latency, Self::Traffic, Self::Errors, Self::Saturation];

    /// As it is written: `errors`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Latency => "latency",
            Self::Traffic => "traffic",
            Self::Errors => "errors",
            Self::Saturation => "saturation",
            Self::Dependency => "dependency",
        }
    }

    fn named(name: &str) -> Option<Self> {
        let all = Self::GOLDEN.into_iter().chain([Self::Dependency]);
        all.into_iter().find(|signal| name.trim().eq_ignore_ascii_case(signal.name()))
    }
}

/// What an alarm says of itself. Nothing of it is demanded, and what cannot be
/// read is not there: the text is anybody's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Described {
    /// The service it watches.
    pub cluster: Option<String>,
    /// The service it watches.
    pub service: Option<String>,
    /// The service that depends on what it watches, as `cluster/service`.
    pub dependency_of: Option<String>,
    /// What of it.
    pub signal: Option<Signal>,
    /// The page that says what to do.
    pub runbook: Option<String>,
    /// Name of the CloudWatch dashboard that shows it.
    pub dashboard: Option<String>,
    /// Name of the log group of the service.
    pub log_group: Option<String>,
}

impl Described {
    /// What tags say.
    pub fn in_tags(tags: &BTreeMap<String, String>) -> Self {
        Self::read(|key| tags.get(&format!("{OURS}{key}")).or_else(|| tags.get(key)).cloned())
    }

    /// What a description says, if it is JSON.
    pub fn in_text(description: Option<&str>) -> Self {
        let json: Option<Value> = description.and_then(|text| serde_json::from_str(text).ok());
        Self::read(|key| Some(json.as_ref()?.get(key)?.as_str()?.to_owned()))
    }

    /// What a signal says, and where it is silent the alarm as it is now: tags
    /// before the description.
    pub fn of(signal: &AlarmSignal, live: Option<&LiveAlarm>) -> Self {
        let own = Self::in_tags(&signal.tags).or(Self::in_text(signal.description.as_deref()));
        own.or(live.map(Self::of_live).unwrap_or_default())
    }

    /// The same of an alarm as it is now.
    pub fn of_live(live: &LiveAlarm) -> Self {
        Self::in_tags(&live.tags).or(Self::in_text(live.description.as_deref()))
    }

    fn read(get: impl Fn(&str) -> Option<String>) -> Self {
        Self {
            cluster: get("cluster"),
            service: get("service"),
            dependency_of: get("dependency_of"),
            signal: get("signal").as_deref().and_then(Signal::named),
            runbook: get("runbook"),
            dashboard: get("dashboard"),
            log_group: get("log_group"),
        }
    }

    /// What is missing here, from `other`. Cluster and service go together: half
    /// of one and half of the other would name a third.
    fn or(self, other: Self) -> Self {
        let named = self.cluster.is_some() && self.service.is_some();
        let (cluster, service) = if named { (self.cluster, self.service) } else { (other.cluster, other.service) };
        Self {
            cluster,
            service,
            dependency_of: self.dependency_of.or(other.dependency_of),
            signal: self.signal.or(other.signal),
            runbook: self.runbook.or(other.runbook),
            dashboard: self.dashboard.or(other.dashboard),
            log_group: self.log_group.or(other.log_group),
        }
    }

    /// Cluster and service, where both are named.
    pub fn pair(&self) -> Option<(&str, &str)> {
        Some((self.cluster.as_deref()?, self.service.as_deref()?))
    }

    /// It watches what services depend on, and no service.
    pub fn is_of_a_dependency(&self) -> bool {
        self.pair().is_none() && (self.dependency_of.is_some() || self.signal == Some(Signal::Dependency))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn tags_go_before_the_description_and_ours_before_others() {
        let text = r#"{"cluster":"prod","service":"web","signal":"errors","log_group":"/ecs/web"}"#;
        let found =
            Described::in_tags(&tags(&[("signal", "x"), ("nightshift:signal", " Latency"), ("service", "api")]))
                .or(Described::in_text(Some(text)));
        assert_eq!(found.pair(), Some(("prod", "web")));
        assert_eq!(found.signal, Some(Signal::Latency));
        assert_eq!(found.log_group.as_deref(), Some("/ecs/web"));
    }

    #[test]
    fn what_cannot_be_read_is_not_there() {
        for text in ["", "5xx ratio", "[1]", "{\"cluster\": 7, \"signal\": \"noise\"}", "{\"cluster\": \"prod\""] {
            assert_eq!(Described::in_text(Some(text)), Described::default(), "{text}");
        }
    }

    #[test]
    fn an_alarm_of_a_dependency_names_no_service_of_its_own() {
        let of = |text| Described::in_text(Some(text)).is_of_a_dependency();
        assert!(of(r#"{"dependency_of":"prod/web"}"#));
        assert!(of(r#"{"signal":"dependency"}"#));
        assert!(!of(r#"{"cluster":"prod","service":"web","signal":"dependency"}"#));
        assert!(!of(r#"{"signal":"errors"}"#));
    }
}
