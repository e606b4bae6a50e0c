//! Which findings in images count, and for what.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::image::FindingSeverity;
use crate::mode::Mode;
use crate::span::Span;

/// What is said and done about images.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Images {
    /// Of repositories without the tag `nightshift`: `act` or `observe`.
    pub default_mode: Mode,
    /// Findings of one image come in for so long before people hear of it.
    pub settle: Span,
    /// A finding on more services than this quarantines nothing.
    pub most_services: u32,
    /// What runs, and what is last known good, gets a tag that a lifecycle rule
    /// can keep, in repositories of mode `act`.
    pub keep: bool,
    /// What is quarantined is moved to the archive too.
    pub archive: bool,
    /// Repositories of mode `act` get scan-on-push where they have no scanning.
    pub fix_scanning: bool,
    /// Repositories of mode `act` get immutable tags.
    pub fix_mutability: bool,
    /// A critical finding is to be gone from what runs after this.
    pub critical_deadline: Span,
    /// The same of a high one.
    pub high_deadline: Span,
    /// The same of any other.
    pub other_deadline: Span,
    /// The first that fits a finding says what it is worth.
    pub rule: Vec<ImageRule>,
    /// Findings that somebody answers for.
    pub exception: Vec<ImageException>,
}

/// What a finding is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Worth {
    /// A line in the weekly report.
    Record,
    /// A message, where the image runs.
    Tell,
    /// A message, and the image is not deployed anew.
    Quarantine,
}

/// A rule for findings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageRule {
    /// At least so bad.
    pub severity: FindingSeverity,
    /// Only those with a fix (`true`), or without one (`false`).
    #[serde(default)]
    pub fix: Option<bool>,
    /// Only those with a known exploit.
    #[serde(default)]
    pub exploit: bool,
    /// Only those known for so long.
    #[serde(default)]
    pub older_than: Option<Span>,
    /// Only where the image runs in one of these environments; none: anywhere,
    /// and where it does not run.
    #[serde(default)]
    pub environments: Vec<String>,
    /// What such a finding is worth.
    pub then: Worth,
}

/// A finding that somebody answers for, for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageException {
    /// `CVE-2026-12345`.
    pub finding: String,
    /// The repository; none: all of them.
    #[serde(default)]
    pub repository: Option<String>,
    /// Who answers for it.
    pub owner: String,
    /// Why it does no harm.
    pub reason: String,
    /// The last day on which it holds, in UTC.
    pub until: Date,
}

impl Default for Images {
    fn default() -> Self {
        let days = |days: i64| Span::hours(24 * days);
        Self {
            default_mode: Mode::Observe,
            settle: Span::minutes(2),
            most_services: 5,
            keep: true,
            archive: false,
            fix_scanning: false,
            fix_mutability: false,
            critical_deadline: days(7),
            high_deadline: days(30),
            other_deadline: days(90),
            rule: usual_rules(),
            exception: Vec::new(),
        }
    }
}

/// What is worth something where a policy has no rules of its own.
fn usual_rules() -> Vec<ImageRule> {
    let rule = |severity, fix, exploit, then| ImageRule {
        severity,
        fix,
        exploit,
        older_than: None,
        environments: Vec::new(),
        then,
    };
    vec![
        rule(FindingSeverity::Critical, Some(true), false, Worth::Quarantine),
        rule(FindingSeverity::High, Some(true), false, Worth::Tell),
        rule(FindingSeverity::High, None, true, Worth::Tell),
        // Basic scanning never says whether there is a fix.
        rule(FindingSeverity::Critical, None, false, Worth::Tell),
    ]
}

impl Images {
    /// How long a finding may stay in what runs.
    pub fn deadline(&self, severity: FindingSeverity) -> Span {
        match severity {
            FindingSeverity::Critical => self.critical_deadline,
            FindingSeverity::High => self.high_deadline,
            _ => self.other_deadline,
        }
    }
}
