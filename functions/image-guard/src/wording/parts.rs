//! The parts of a message: the table of findings, the worst of them, exceptions.

use nightshift_core::image::{Finding, FindingSeverity, Fix};
use nightshift_core::notice::Section;

use super::{About, NAMED, named};

/// Findings that are shown; who wants all looks into the console.
const SHOWN: usize = 3;

/// Severities with how many are new, and how many there are.
pub(super) fn table(about: &About<'_>) -> Option<Section> {
    let new = about.newly_found();
    let mut lines = vec!["severity       new  total  with a fix".to_owned()];
    for severity in FindingSeverity::ALL {
        let of = || about.judged.iter().filter(|it| it.known.finding.severity == severity);
        let kept = of().count();
        // Of very many only the worst are kept; the scan's own count has all.
        let total = about.record.counts.get(&severity).map_or(kept, |count| kept.max(*count as usize));
        if total > 0 {
            let fresh = of().filter(|it| new.contains(it.id())).count();
            let cured = of().filter(|it| it.known.finding.fix.helps()).count();
            lines.push(format!("{:<13}  {fresh:>3}  {total:>5}  {cured:>10}", severity.word()));
        }
    }
    (lines.len() > 1).then(|| Section { title: "Findings".into(), lines, aligned: true })
}

/// The worst findings: what is there, and where to go.
pub(super) fn worst(about: &About<'_>) -> Option<Section> {
    let (curable, hopeless): (Vec<_>, Vec<_>) = about.exposed().partition(|it| it.known.finding.fix != Fix::None);
    let mut lines: Vec<String> = curable.iter().take(SHOWN).map(|it| line(&it.known.finding)).collect();
    if curable.len() > SHOWN {
        lines.push(format!("and {} more", curable.len() - SHOWN));
    }
    if !hopeless.is_empty() {
        let ids: Vec<String> = hopeless.iter().map(|it| it.id().to_owned()).collect();
        lines.push(format!("no fix upstream yet: {}", named(&ids)));
    }
    (!lines.is_empty()).then(|| Section { title: "Worst".into(), lines, aligned: false })
}

/// `CVE-2026-1 critical, known to be used: openssl 3.0.1 → 3.0.9`.
fn line(finding: &Finding) -> String {
    let used = if finding.exploit == Some(true) { ", known to be used" } else { "" };
    let package = match (&finding.package, &finding.installed) {
        (Some(package), Some(installed)) => format!("{package} {installed}"),
        (Some(package), None) => package.clone(),
        (None, _) => "a package that the scan does not name".to_owned(),
    };
    let fix = match (&finding.fixed_in, finding.fix) {
        (Some(version), _) => format!(" → {version}"),
        (None, Fix::Available | Fix::Partial) => ", a fixed version is there".to_owned(),
        (None, Fix::None) => ", no fix upstream".to_owned(),
        (None, Fix::Unknown) => ", the scan does not say whether there is a fix".to_owned(),
    };
    format!("{} {}{used}: {package}{fix}", finding.id, finding.severity.word())
}
/// Exceptions that hold, and those that have ended.
pub(super) fn exceptions(about: &About<'_>) -> Option<Section> {
    let mut lines = Vec::new();
    for it in about.judged {
        if let Some(over) = it.expired.filter(|_| it.tells()) {
            lines.push(format!("{}: that of {} ended on {} ({})", it.id(), over.owner, over.until, over.reason));
        }
        if let Some(held) = it.excepted {
            lines.push(format!("{}: {} answers for it until {} ({})", it.id(), held.owner, held.until, held.reason));
        }
    }
    lines.truncate(NAMED);
    (!lines.is_empty()).then(|| Section { title: "Exceptions".into(), lines, aligned: false })
}
