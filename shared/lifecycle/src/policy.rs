//! The text of a policy: which images each rule selects, and when it takes them.
//!
//! ECR has checked the text before it was stored, so what is not understood
//! here is most likely newer than this build. Such a rule is kept as one that
//! is not understood: what it selects, if that is readable, is out of reach of
//! the rules after it, and what becomes of it is not known. Keys that nobody
//! knows are passed over, except in a selection: there they may leave out images
//! that the rest of it would select.

use std::fmt;

use nightshift_core::span::Span;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::fate::Action;
use crate::select::{Class, Pattern, Selection, Tags, WILDCARDS};

/// Characters of the policy's text that are repeated to people.
const LONGEST: usize = 80;
/// The keys that a selection may have.
const KEYS: [&str; 7] =
    ["tagStatus", "tagPrefixList", "tagPatternList", "storageClass", "countType", "countNumber", "countUnit"];
const DAY_S: i64 = 86_400;

/// Why a policy as a whole cannot be read.
#[derive(Debug, Error)]
pub enum PolicyError {
    /// It is no JSON, has no list of rules, or a rule without a priority.
    #[error("the lifecycle policy cannot be read")]
    Unreadable(#[from] serde_json::Error),
    /// Two rules have one priority, so there is no order between them.
    #[error("two rules of the lifecycle policy have priority {0}")]
    SamePriority(u32),
}

/// Why it is not known what becomes of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "because", rename_all = "kebab-case")]
pub enum Why {
    /// The rule says something that this build does not know.
    Unknown {
        /// Where in the rule.
        key: String,
        /// What it says, as JSON, cut.
        value: String,
    },
    /// The rule leaves out something that it needs.
    Missing {
        /// What.
        key: String,
    },
    /// The count ends between images that were pushed at the same time.
    SameTime,
    /// ECR does not say when the image was pushed, or one it is counted with.
    Undated,
    /// It is not known since when the image is archived.
    Archived,
}

impl Why {
    fn unknown(key: &str, value: &Value) -> Self {
        Self::Unknown { key: key.into(), value: cut(&value.to_string()) }
    }

    fn missing(key: &str) -> Self {
        Self::Missing { key: key.into() }
    }

    /// What the value under `key` is: not known, or not there.
    fn of(key: &str, value: Option<&Value>) -> Self {
        value.map_or_else(|| Self::missing(key), |value| Self::unknown(key, value))
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { key, value } => write!(f, "{key} is {value}, which is not understood"),
            Self::Missing { key } => write!(f, "{key} is missing"),
            Self::SameTime => f.write_str("the count ends between images that were pushed at the same time"),
            Self::Undated => f.write_str("the time of a push is not known"),
            Self::Archived => f.write_str("it is not known since when the image is archived"),
        }
    }
}

/// When a rule takes what it selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// When there are so many younger ones.
    MoreThan(u32),
    /// So long after the push.
    Pushed(Span),
    /// So long after the last pull.
    Pulled(Span),
    /// So long after it was archived.
    Archived(Span),
}

/// What a rule does, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taking {
    pub(crate) when: When,
    pub(crate) action: Action,
}

/// A rule, as far as it is understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) priority: u32,
    pub(crate) description: String,
    pub(crate) selects: Result<Selection, Why>,
    pub(crate) takes: Result<Taking, Why>,
}

/// A repository's lifecycle policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The first one first.
    pub(crate) rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Wire {
    rules: Vec<WireRule>,
}

#[derive(Deserialize)]
struct WireRule {
    #[serde(rename = "rulePriority")]
    priority: u32,
    #[serde(default)]
    description: Value,
    #[serde(default)]
    selection: Map<String, Value>,
    #[serde(default)]
    action: Map<String, Value>,
}

impl Policy {
    /// Reads a policy's text.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let wire: Wire = serde_json::from_str(text)?;
        let mut rules: Vec<Rule> = wire.rules.into_iter().map(rule).collect();
        rules.sort_by_key(|rule| rule.priority);
        match rules.windows(2).find(|pair| pair[0].priority == pair[1].priority) {
            Some(pair) => Err(PolicyError::SamePriority(pair[0].priority)),
            None => Ok(Self { rules }),
        }
    }

    /// The rules that are not understood, by priority, and why.
    pub fn not_understood(&self) -> impl Iterator<Item = (u32, &Why)> {
        self.rules.iter().filter_map(|rule| {
            let why = rule.selects.as_ref().err().or(rule.takes.as_ref().err())?;
            Some((rule.priority, why))
        })
    }
}

fn rule(wire: WireRule) -> Rule {
    Rule {
        priority: wire.priority,
        description: wire.description.as_str().map(cut).unwrap_or_default(),
        selects: selection(&wire.selection),
        takes: when(&wire.selection).and_then(|when| Ok(Taking { when, action: action(&wire.action)? })),
    }
}

fn selection(map: &Map<String, Value>) -> Result<Selection, Why> {
    if let Some((key, value)) = map.iter().find(|(key, _)| !KEYS.contains(&key.as_str())) {
        return Err(Why::unknown(&cut(key), value));
    }
    Ok(Selection { class: class(map)?, tags: tags(map)? })
}

fn class(map: &Map<String, Value>) -> Result<Class, Why> {
    match map.get("storageClass") {
        None => Ok(Class::Standard),
        Some(value) => match value.as_str() {
            Some("standard") => Ok(Class::Standard),
            Some("archive") => Ok(Class::Archive),
            _ => Err(Why::unknown("storageClass", value)),
        },
    }
}

fn tags(map: &Map<String, Value>) -> Result<Tags, Why> {
    let prefixes = list(map, "tagPrefixList")?.map(Pattern::Prefix);
    let wildcards = list(map, "tagPatternList")?.map(Pattern::Wildcard);
    let patterns: Vec<Pattern> = match (prefixes.len(), wildcards.len()) {
        (_, 0) => prefixes.collect(),
        (0, _) => wildcards.collect(),
        // One rule has one of them: what both together mean is nowhere said.
        _ => return Err(Why::of("tagPatternList", map.get("tagPatternList"))),
    };
    let status = map.get("tagStatus");
    match (status.and_then(Value::as_str), patterns.is_empty()) {
        (Some("any"), true) => Ok(Tags::Any),
        (Some("untagged"), true) => Ok(Tags::Untagged),
        (Some("tagged"), false) => Ok(Tags::All(patterns)),
        (Some("tagged"), true) => Err(Why::missing("tagPatternList")),
        _ => Err(Why::of("tagStatus", status)),
    }
}

/// The strings under `key`; a list that is not there is an empty one.
fn list(map: &Map<String, Value>, key: &str) -> Result<impl ExactSizeIterator<Item = String> + use<>, Why> {
    let Some(value) = map.get(key).filter(|value| !value.is_null()) else { return Ok(Vec::new().into_iter()) };
    let strings: Option<Vec<String>> =
        value.as_array().and_then(|list| list.iter().map(|entry| entry.as_str().map(str::to_owned)).collect());
    let fine = strings.filter(|all| all.iter().all(|entry| entry.matches('*').count() <= WILDCARDS));
    fine.map(Vec::into_iter).ok_or_else(|| Why::unknown(key, value))
}

fn when(map: &Map<String, Value>) -> Result<When, Why> {
    let kind = map.get("countType");
    let number = map.get("countNumber");
    let count = number.and_then(Value::as_u64).filter(|&count| count > 0);
    let count = u32::try_from(count.ok_or_else(|| Why::of("countNumber", number))?).unwrap_or(u32::MAX);
    let days = || match map.get("countUnit") {
        Some(Value::String(unit)) if unit == "days" => Ok(Span::seconds(i64::from(count) * DAY_S)),
        other => Err(Why::of("countUnit", other)),
    };
    let when = match kind.and_then(Value::as_str) {
        Some("imageCountMoreThan") => When::MoreThan(count),
        Some("sinceImagePushed") => When::Pushed(days()?),
        Some("sinceImagePulled") => When::Pulled(days()?),
        Some("sinceImageTransitioned") => When::Archived(days()?),
        _ => return Err(Why::of("countType", kind)),
    };
    // Only the archive has a time of archiving, and nothing else is measured there.
    let archive = matches!(when, When::Archived(_));
    if archive == (class(map)? == Class::Archive) {
        Ok(when)
    } else {
        Err(Why::of("storageClass", map.get("storageClass")))
    }
}

fn action(map: &Map<String, Value>) -> Result<Action, Why> {
    let kind = map.get("type");
    let target = map.get("targetStorageClass");
    match (kind.and_then(Value::as_str), target.and_then(Value::as_str)) {
        (Some("expire"), _) => Ok(Action::Expire),
        (Some("transition"), Some("archive")) => Ok(Action::Archive),
        (Some("transition"), _) => Err(Why::of("targetStorageClass", target)),
        _ => Err(Why::of("action.type", kind)),
    }
}

/// Text of the policy, short enough for a message.
fn cut(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}
