//! What scans find in images.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How bad a finding is, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FindingSeverity {
    /// CRITICAL.
    Critical,
    /// HIGH.
    High,
    /// MEDIUM.
    Medium,
    /// LOW.
    Low,
    /// INFORMATIONAL.
    Informational,
    /// UNDEFINED, UNTRIAGED, or a name that AWS added later.
    Undefined,
}

impl FindingSeverity {
    /// All of them, worst first.
    pub const ALL: [Self; 6] =
        [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Informational, Self::Undefined];

    /// As AWS writes it, in whatever case; what it does not know is undefined.
    pub fn of(name: &str) -> Self {
        match name.to_ascii_uppercase().as_str() {
            "CRITICAL" => Self::Critical,
            "HIGH" => Self::High,
            "MEDIUM" => Self::Medium,
            "LOW" => Self::Low,
            "INFORMATIONAL" => Self::Informational,
            _ => Self::Undefined,
        }
    }

    /// One lower-case word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Informational => "informational",
            Self::Undefined => "undefined",
        }
    }
}

/// Whether there is a version without the flaw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fix {
    /// There is one.
    Available,
    /// For some of the packages that are hit.
    Partial,
    /// Upstream has none.
    None,
    /// The scanner does not say; basic scanning never does.
    Unknown,
}

impl Fix {
    /// Something can be done by building the image anew.
    pub fn helps(self) -> bool {
        matches!(self, Self::Available | Self::Partial)
    }
}

/// What a scan found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// `CVE-2026-12345`, or what else the source calls it.
    pub id: String,
    /// How bad.
    pub severity: FindingSeverity,
    /// The package it is in.
    pub package: Option<String>,
    /// The version that is there.
    pub installed: Option<String>,
    /// The version to go to.
    pub fixed_in: Option<String>,
    /// Whether there is one.
    pub fix: Fix,
    /// A way to use it is known; `None`: the scanner does not say.
    pub exploit: Option<bool>,
}

/// Findings of one image that are read: more are worth no reading.
pub const MOST_FINDINGS: usize = 5_000;

impl Finding {
    /// Worst first, and each id once: of several packages that one flaw is in,
    /// the worst, then one with a fix.
    pub fn each_once(mut findings: Vec<Self>) -> Vec<Self> {
        findings.sort_by(|a, b| {
            let key = |finding: &Self| (finding.severity, !finding.fix.helps());
            a.id.cmp(&b.id).then_with(|| key(a).cmp(&key(b))).then_with(|| a.package.cmp(&b.package))
        });
        findings.dedup_by(|later, first| later.id == first.id);
        findings.sort_by(|a, b| (a.severity, &a.id).cmp(&(b.severity, &b.id)));
        findings
    }
}

/// Where a scan stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum ScanState {
    /// The findings are all there: COMPLETE, or ACTIVE with enhanced scanning.
    Done,
    /// IN_PROGRESS or PENDING.
    Pending,
    /// It was never scanned.
    Never,
    /// The image is not there.
    Gone,
    /// The image is archived: it cannot be scanned.
    Archived,
    /// It was not scanned and will not be, for this reason.
    Not {
        /// As AWS writes it: `UNSUPPORTED_IMAGE`, `FAILED`, ….
        status: String,
        /// AWS's words.
        why: Option<String>,
    },
}

/// What a scan of an image came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Scan {
    /// Where it stands.
    #[serde(flatten)]
    pub state: ScanState,
    /// When it was made, where AWS says.
    pub at: Option<Timestamp>,
    /// Findings by severity; a severity that does not occur may be missing.
    pub counts: BTreeMap<FindingSeverity, u32>,
    /// The findings, worst first, each once.
    pub findings: Vec<Finding>,
    /// Not all findings were read: there are more than are worth reading.
    pub cut: bool,
}

impl Scan {
    /// A scan that has found nothing, or was not made.
    pub fn of(state: ScanState) -> Self {
        Self { state, at: None, counts: BTreeMap::new(), findings: Vec::new(), cut: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(id: &str, severity: FindingSeverity, package: &str, fix: Fix) -> Finding {
        let package = Some(package.to_owned());
        Finding { id: id.to_owned(), severity, package, installed: None, fixed_in: None, fix, exploit: None }
    }

    #[test]
    fn of_several_packages_with_one_flaw_the_worst_with_a_fix_is_kept_and_the_worst_flaw_comes_first() {
        let high = finding("CVE-2", FindingSeverity::High, "zlib", Fix::None);
        let fixed = finding("CVE-2", FindingSeverity::High, "zlib-dev", Fix::Available);
        let low = finding("CVE-2", FindingSeverity::Low, "a", Fix::Available);
        let worst = finding("CVE-3", FindingSeverity::Critical, "openssl", Fix::None);
        let once = Finding::each_once(vec![low, high, fixed.clone(), worst.clone(), worst.clone()]);
        assert_eq!(once, [worst, fixed]);
    }

    #[test]
    fn a_severity_of_a_name_nobody_knows_is_undefined() {
        assert_eq!(FindingSeverity::of("Critical"), FindingSeverity::Critical);
        assert_eq!(FindingSeverity::of("UNTRIAGED"), FindingSeverity::Undefined);
        assert!(FindingSeverity::Critical < FindingSeverity::High);
        for severity in FindingSeverity::ALL {
            assert_eq!(FindingSeverity::of(severity.word()), severity);
        }
    }
}
