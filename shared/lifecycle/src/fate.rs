//! What becomes of an image, and when.

use std::fmt;

use jiff::Timestamp;
use nightshift_core::ids::Digest;
use serde::Serialize;

use crate::policy::Why;

/// What a rule does to an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It deletes it.
    Expire,
    /// It moves it to the archive, from where it cannot be pulled.
    Archive,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expire => "deleted",
            Self::Archive => "archived",
        })
    }
}

/// What a policy does to an image, as far as can be known. `rule` is the
/// priority of the rule that decides; for an image that waits for an index it
/// belongs to, of the one that decides about the index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "fate", rename_all = "kebab-case")]
pub enum Fate {
    /// Nothing, or nothing for a thousand pushes.
    Kept,
    /// It takes it within a day.
    Doomed {
        /// Which rule.
        rule: u32,
        /// What it does.
        action: Action,
        /// Since when, if it goes by age.
        since: Option<Timestamp>,
    },
    /// It takes it then, if nobody pulls it where that counts.
    In {
        /// Which rule.
        rule: u32,
        /// What it does.
        action: Action,
        /// When.
        at: Timestamp,
    },
    /// It takes it after that many more pushes, or later. Only images that the
    /// rule selects count, but for several platforms each of them may.
    AfterPushes {
        /// Which rule.
        rule: u32,
        /// What it does.
        action: Action,
        /// How many, at least one.
        pushes: u32,
    },
    /// That is not known: it may take it at any time.
    NotUnderstood {
        /// Because of which rule.
        rule: u32,
        /// Why.
        #[serde(flatten)]
        why: Why,
    },
}

impl Fate {
    /// Something happens, or may happen, until then or within so many pushes.
    pub fn within(&self, until: Timestamp, most: u32) -> bool {
        match self {
            Self::Kept => false,
            Self::Doomed { .. } | Self::NotUnderstood { .. } => true,
            Self::In { at, .. } => *at < until,
            Self::AfterPushes { pushes, .. } => *pushes <= most,
        }
    }

    /// The later it is, the greater. What is not known may be whenever, but if
    /// an image waits for it, then that is not known either.
    pub(crate) fn order(&self) -> (u8, Timestamp, u32) {
        match *self {
            Self::Doomed { .. } => (0, Timestamp::MIN, 0),
            Self::In { at, .. } => (1, at, 0),
            Self::AfterPushes { pushes, .. } => (2, Timestamp::MIN, pushes),
            Self::NotUnderstood { .. } => (3, Timestamp::MIN, 0),
            Self::Kept => (4, Timestamp::MIN, 0),
        }
    }

    /// It comes when its index has gone. What is done to it is still what its
    /// own rule says.
    pub(crate) fn after(&self, index: &Self) -> Self {
        let mut later = index.clone();
        if let (
            Self::Doomed { action: own, .. } | Self::In { action: own, .. } | Self::AfterPushes { action: own, .. },
            Self::In { action, .. } | Self::AfterPushes { action, .. },
        ) = (self, &mut later)
        {
            *action = *own;
        }
        later
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kept => f.write_str("kept"),
            Self::Doomed { rule, action, .. } => write!(f, "{action} within a day by rule {rule}"),
            Self::In { rule, action, at } => write!(f, "{action} after {at} by rule {rule}"),
            Self::AfterPushes { rule, action, pushes: 1 } => write!(f, "{action} with the next push by rule {rule}"),
            Self::AfterPushes { rule, action, pushes } => write!(f, "{action} after {pushes} pushes by rule {rule}"),
            Self::NotUnderstood { rule, why } => write!(f, "not known because of rule {rule}: {why}"),
        }
    }
}

/// An image that the policy takes within a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Doomed {
    /// Which.
    pub digest: Digest,
    /// The priority of the rule.
    pub rule: u32,
    /// What the policy says of the rule; text from outside, cut.
    pub description: String,
    /// What it does.
    pub action: Action,
    /// When it came due, if the rule goes by age.
    pub at: Option<Timestamp>,
}
