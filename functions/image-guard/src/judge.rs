//! What the findings of an image are worth, by the policy.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use nightshift_core::ids::Digest;
use nightshift_core::image::{Finding, FindingSeverity, Known, Scan, ScanState};
use nightshift_core::policy::{ImageException, ImageRule, Images, Worth};

/// Findings of one image that are remembered: the worst of them.
const MOST_KEPT: usize = 200;

/// A finding with what it is worth.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged<'a> {
    /// The finding.
    pub known: &'a Known,
    /// What it is worth; one that is excepted is worth a record.
    pub worth: Worth,
    /// Somebody answers for it.
    pub excepted: Option<&'a ImageException>,
    /// Somebody answered for it, and no longer does.
    pub expired: Option<&'a ImageException>,
}

impl Judged<'_> {
    /// The finding's id.
    pub fn id(&self) -> &str {
        &self.known.finding.id
    }

    /// It asks for a message where the image runs.
    pub fn tells(&self) -> bool {
        self.worth >= Worth::Tell
    }
}

/// Every finding with what it is worth, worst first.
pub fn judge<'a>(
    findings: &'a BTreeMap<String, Known>,
    repository: &str,
    environments: &BTreeSet<String>,
    policy: &'a Images,
    now: Timestamp,
) -> Vec<Judged<'a>> {
    let today = now.to_zoned(TimeZone::UTC).date();
    let mut judged: Vec<Judged<'a>> = findings
        .values()
        .map(|known| {
            let about = |exception: &&ImageException| concerns(exception, &known.finding, repository);
            let (held, over): (Vec<_>, Vec<_>) =
                policy.exception.iter().filter(about).partition(|exception| exception.until >= today);
            let excepted = held.first().copied();
            let rule = policy.rule.iter().find(|rule| fits(rule, known, environments, now));
            let worth = rule.filter(|_| excepted.is_none()).map_or(Worth::Record, |rule| rule.then);
            let expired = over.last().copied().filter(|_| excepted.is_none());
            Judged { known, worth, excepted, expired }
        })
        .collect();
    judged.sort_by(|a, b| worse(&a.known.finding).cmp(&worse(&b.known.finding)).then_with(|| a.id().cmp(b.id())));
    judged
}

/// Worst first: by severity, then what is used already, then what can be cured.
fn worse(finding: &Finding) -> (FindingSeverity, bool, bool) {
    (finding.severity, finding.exploit != Some(true), !finding.fix.helps())
}

fn concerns(exception: &ImageException, finding: &Finding, repository: &str) -> bool {
    exception.finding.eq_ignore_ascii_case(&finding.id)
        && exception.repository.as_ref().is_none_or(|named| named == repository)
}

fn fits(rule: &ImageRule, known: &Known, environments: &BTreeSet<String>, now: Timestamp) -> bool {
    let Known { finding, first_seen } = known;
    let old = |least: nightshift_core::span::Span| now.duration_since(*first_seen) >= least.duration();
    let there = || rule.environments.iter().any(|name| environments.iter().any(|runs| runs.eq_ignore_ascii_case(name)));
    finding.severity <= rule.severity
        && rule.fix.is_none_or(|fix| fix == finding.fix.helps())
        && (!rule.exploit || finding.exploit == Some(true))
        && rule.older_than.is_none_or(old)
        && (rule.environments.is_empty() || there())
}

/// All findings by now: those of the scans that are done; until all are, those
/// that were known before stay, for a scan that failed proves nothing. The clock
/// of a finding goes on from the image that ran before: building it anew with
/// the same flaw gains no time.
pub fn findings<'a>(
    known: &BTreeMap<String, Known>,
    others: &BTreeMap<Digest, BTreeMap<String, Timestamp>>,
    scans: impl Iterator<Item = &'a Scan> + Clone,
    now: Timestamp,
) -> BTreeMap<String, Known> {
    let done = scans.clone().all(|scan| scan.state == ScanState::Done);
    let mut all = if done { BTreeMap::new() } else { known.clone() };
    for finding in scans.filter(|scan| scan.state == ScanState::Done).flat_map(|scan| &scan.findings) {
        let elsewhere = others.values().filter_map(|other| other.get(&finding.id));
        let first_seen = known.get(&finding.id).map(|known| &known.first_seen).into_iter().chain(elsewhere).min();
        let first_seen = first_seen.copied().unwrap_or(now);
        let better = all.get(&finding.id).is_some_and(|there: &Known| worse(&there.finding) <= worse(finding));
        if !better {
            all.insert(finding.id.clone(), Known { finding: finding.clone(), first_seen });
        }
    }
    if all.len() <= MOST_KEPT {
        return all;
    }
    let mut worst: Vec<(String, Known)> = all.into_iter().collect();
    worst.sort_by_key(|(_, a)| worse(&a.finding));
    worst.truncate(MOST_KEPT);
    worst.into_iter().collect()
}

/// When a finding is to be gone from what runs.
pub fn due(known: &Known, policy: &Images) -> Timestamp {
    policy.deadline(known.finding.severity).after(known.first_seen)
}

/// How long before `until` an exception's end is announced.
const ANNOUNCED: SignedDuration = SignedDuration::from_hours(24 * 7);

/// Exceptions that end within a week, or have ended.
pub fn ending(policy: &Images, now: Timestamp) -> Vec<&ImageException> {
    let soon = now.checked_add(ANNOUNCED).unwrap_or(now).to_zoned(TimeZone::UTC).date();
    policy.exception.iter().filter(|exception| exception.until <= soon).collect()
}

#[cfg(test)]
mod tests {
    use nightshift_core::image::Fix;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn finding(id: &str, severity: FindingSeverity, fix: Fix, exploit: Option<bool>) -> Finding {
        Finding { id: id.into(), severity, package: None, installed: None, fixed_in: None, fix, exploit }
    }

    fn known(finding: Finding) -> BTreeMap<String, Known> {
        let first_seen = at("2026-11-20T00:00:00Z");
        BTreeMap::from([(finding.id.clone(), Known { finding, first_seen })])
    }

    fn parsed(text: &str) -> Images {
        nightshift_core::policy::Policy::parse(text).unwrap().images
    }

    #[track_caller]
    fn check(policy: &Images, finding: Finding, environments: &[&str], expect: Worth) {
        let environments = environments.iter().map(|name| (*name).to_owned()).collect();
        let findings = known(finding);
        let judged = judge(&findings, "web", &environments, policy, at("2026-11-23T00:00:00Z"));
        assert_eq!(judged[0].worth, expect, "{:?}", judged[0]);
    }

    #[test]
    fn by_default_only_what_can_be_cured_quarantines() {
        use FindingSeverity::{Critical, High, Medium};
        let usual = Images::default();
        check(&usual, finding("a", Critical, Fix::Available, None), &[], Worth::Quarantine);
        check(&usual, finding("a", Critical, Fix::None, None), &[], Worth::Tell);
        check(&usual, finding("a", Critical, Fix::Unknown, None), &[], Worth::Tell);
        check(&usual, finding("a", High, Fix::Partial, None), &[], Worth::Tell);
        check(&usual, finding("a", High, Fix::None, None), &[], Worth::Record);
        check(&usual, finding("a", High, Fix::None, Some(true)), &[], Worth::Tell);
        check(&usual, finding("a", Medium, Fix::Available, Some(true)), &[], Worth::Record);
    }

    #[test]
    fn the_first_rule_that_fits_decides_by_age_and_environment() {
        let policy = parsed(
            "[[images.rule]]\nseverity = \"high\"\nenvironments = [\"staging\"]\nthen = \"record\"\n\
             [[images.rule]]\nseverity = \"high\"\nolder_than = \"3d\"\nthen = \"quarantine\"\n\
             [[images.rule]]\nseverity = \"medium\"\nthen = \"tell\"\n",
        );
        let high = |id| finding(id, FindingSeverity::High, Fix::None, None);
        check(&policy, high("a"), &["Staging"], Worth::Record);
        check(&policy, high("a"), &["production"], Worth::Quarantine);
        check(&policy, finding("a", FindingSeverity::Medium, Fix::None, None), &[], Worth::Tell);
        check(&policy, finding("a", FindingSeverity::Low, Fix::None, None), &[], Worth::Record);
    }

    #[test]
    fn an_exception_holds_to_the_end_of_its_day_and_speaks_up_after_it() {
        let exception = |until: &str| {
            parsed(&format!(
                "[[images.exception]]\nfinding = \"cve-2026-1\"\nrepository = \"web\"\nowner = \"platform\"\n\
                 reason = \"not reachable\"\nuntil = \"{until}\"\n"
            ))
        };
        let findings = known(finding("CVE-2026-1", FindingSeverity::Critical, Fix::Available, None));
        let now = at("2026-11-23T23:59:59Z");
        let none = BTreeSet::new();
        let (held, over) = (exception("2026-11-23"), exception("2026-11-22"));
        let judged = judge(&findings, "web", &none, &held, now);
        assert_eq!((judged[0].worth, judged[0].excepted.is_some()), (Worth::Record, true));
        assert_eq!(judge(&findings, "other", &none, &held, now)[0].worth, Worth::Quarantine);
        let judged = judge(&findings, "web", &none, &over, now);
        assert_eq!((judged[0].worth, judged[0].expired.is_some()), (Worth::Quarantine, true));
    }

    #[test]
    fn a_scan_that_failed_undoes_nothing() {
        let before = known(finding("a", FindingSeverity::High, Fix::Available, None));
        let now = at("2026-11-23T00:00:00Z");
        let failed = Scan::of(ScanState::Not { status: "FAILED".into(), why: None });
        assert_eq!(findings(&before, &BTreeMap::new(), [&failed].into_iter(), now), before);
        assert!(findings(&before, &BTreeMap::new(), [&Scan::of(ScanState::Done)].into_iter(), now).is_empty());
        // One of two platforms is still being scanned.
        let (done, pending) = (Scan::of(ScanState::Done), Scan::of(ScanState::Pending));
        assert_eq!(findings(&before, &BTreeMap::new(), [&done, &pending].into_iter(), now), before);
    }

    #[test]
    fn a_finding_keeps_its_clock_and_only_the_worst_are_kept() {
        let before = known(finding("a", FindingSeverity::High, Fix::Available, None));
        let now = at("2026-11-23T00:00:00Z");
        let low = (0..500).map(|n| finding(&format!("b{n:03}"), FindingSeverity::Low, Fix::None, None));
        let again = finding("a", FindingSeverity::Critical, Fix::Available, None);
        let scan = Scan { findings: low.chain([again]).collect(), ..Scan::of(ScanState::Done) };
        let found = findings(&before, &BTreeMap::new(), [&scan].into_iter(), now);
        assert_eq!(found.len(), MOST_KEPT);
        assert_eq!(found["a"].first_seen, before["a"].first_seen);
        assert_eq!(found["a"].finding.severity, FindingSeverity::Critical);
    }
}
