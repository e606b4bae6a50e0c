//! What scans find.

use std::collections::BTreeMap;

use nightshift_core::image::{Finding, FindingSeverity, Fix, ImageId, MOST_FINDINGS, Scan, ScanFrequency, ScanState};

use crate::scenario::{Scanning, Scenario, Vulnerability};
use crate::state::moment;
use crate::state::releases::AwsError;

use super::Registry;

/// A flaw as scanners know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    /// Its id in the scenario.
    pub(crate) of: String,
    pub(crate) finding: Finding,
    known_at: i64,
}

/// All flaws of a scenario, by the id that it calls them by.
pub(super) fn flaws(scenario: &Scenario) -> BTreeMap<String, Vec<Flaw>> {
    let event = scenario.event_second();
    let flaw = |said: &Vulnerability, id: String| Flaw {
        of: said.id.clone(),
        finding: Finding {
            id,
            severity: said.severity,
            package: said.package.clone(),
            installed: said.installed.clone(),
            fixed_in: said.fixed_in.clone(),
            fix: said.fix.unwrap_or(if said.fixed_in.is_some() { Fix::Available } else { Fix::None }),
            exploit: said.exploit,
        },
        known_at: said.known_at.second(event),
    };
    let all = scenario.vulnerabilities.iter().map(|said| {
        let one = || vec![flaw(said, said.id.clone())];
        let many = || (1..=said.count).map(|number| flaw(said, format!("{}-{number:04}", said.id))).collect();
        (said.id.clone(), if said.count == 1 { one() } else { many() })
    });
    all.collect()
}

/// A scan as ECR describes it.
#[derive(Clone, Debug)]
pub(crate) struct Shown<'a> {
    pub(crate) status: &'a str,
    pub(crate) enhanced: bool,
    /// When it was made, or last made again.
    pub(crate) at: Option<i64>,
    /// Worst first.
    pub(crate) findings: Vec<&'a Flaw>,
}

impl Shown<'_> {
    pub(crate) fn done(&self) -> bool {
        matches!(self.status, "COMPLETE" | "ACTIVE")
    }

    /// AWS's words about a scan that did not end well.
    pub(crate) fn why(&self) -> Option<String> {
        let failed = !self.done() && !matches!(self.status, "IN_PROGRESS" | "PENDING");
        failed.then(|| format!("The scan ended with {}.", self.status))
    }

    pub(crate) fn counts(&self) -> BTreeMap<FindingSeverity, u32> {
        let mut counts = BTreeMap::new();
        for flaw in &self.findings {
            *counts.entry(flaw.finding.severity).or_insert(0) += 1;
        }
        counts
    }

    /// As the port gives it.
    pub(crate) fn scan(&self) -> Scan {
        let state = match self.status {
            "COMPLETE" | "ACTIVE" => ScanState::Done,
            "IN_PROGRESS" | "PENDING" => ScanState::Pending,
            "IMAGE_ARCHIVED" => ScanState::Archived,
            other => ScanState::Not { status: other.to_owned(), why: self.why() },
        };
        let told = |flaw: &&Flaw| {
            let finding = flaw.finding.clone();
            // Basic scanning has no more than the package and its version.
            let basic = Finding { fixed_in: None, fix: Fix::Unknown, exploit: None, ..finding.clone() };
            if self.enhanced { finding } else { basic }
        };
        let read = self.findings.iter().take(MOST_FINDINGS).map(told).collect();
        Scan {
            at: self.at.map(moment),
            counts: self.counts(),
            findings: Finding::each_once(read),
            cut: self.findings.len() > MOST_FINDINGS,
            state,
        }
    }
}

impl Registry {
    /// `ecr:DescribeImageScanFindings`.
    pub(crate) fn scan(&self, id: &ImageId) -> Result<Shown<'_>, AwsError> {
        let Some(repo) = self.repositories.get(&id.repository) else {
            return Err(super::writes::no_repository(&id.repository));
        };
        let image = repo.images.get(&id.digest).ok_or_else(|| super::writes::no_image(id))?;
        let enhanced = repo.setup.scanning == Scanning::Enhanced;
        let of = |status| Shown { status, enhanced, at: None, findings: Vec::new() };
        if !self.active(image) {
            return Ok(of("IMAGE_ARCHIVED"));
        }
        if enhanced && !image.platforms.is_empty() {
            return Ok(of("UNSUPPORTED_IMAGE"));
        }
        let Some(at) = image.scan_at else {
            let says = format!("Image scan does not exist for the image with '{}'", id.digest);
            return Err(AwsError::new("ScanNotFoundException", says));
        };
        if at > self.now {
            return Ok(of(if enhanced { "PENDING" } else { "IN_PROGRESS" }));
        }
        let content = self.contents.get(&image.content);
        if let Some(status) = content.and_then(|content| content.scan.as_deref()) {
            return Ok(of(status));
        }
        let until = if repo.setup.scans == ScanFrequency::Continuous { self.now } else { at };
        let known = content.into_iter().flat_map(|content| &content.findings);
        let known = known.filter_map(|id| self.flaws.get(id)).flatten().filter(|flaw| flaw.known_at <= until);
        let mut findings: Vec<&Flaw> = known.collect();
        findings.sort_by(|a, b| (a.finding.severity, &a.finding.id).cmp(&(b.finding.severity, &b.finding.id)));
        let at = findings.iter().map(|flaw| flaw.known_at).max().unwrap_or(at).max(at);
        Ok(Shown { status: if enhanced { "ACTIVE" } else { "COMPLETE" }, enhanced, at: Some(at), findings })
    }
}
