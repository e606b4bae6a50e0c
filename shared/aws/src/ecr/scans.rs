//! What scans found, basic or enhanced: only one of the two lists is ever
//! filled.

use std::collections::BTreeMap;

use aws_sdk_ecr::operation::describe_image_scan_findings::DescribeImageScanFindingsOutput as Page;
use aws_sdk_ecr::types::{EnhancedImageScanFinding, ImageScanFinding, ImageScanStatus, ScanStatus, VulnerablePackage};
use nightshift_core::fault::FaultKind;
use nightshift_core::image::{Finding, FindingSeverity, Fix, ImageId, MOST_FINDINGS, Scan, ScanState};
use nightshift_core::ports::{Answer, ScanReads};

use super::by_digest;
use crate::client::Account;
use crate::fault::{code, fault};
use crate::moment::moment;

const OPERATION: &str = "ecr:DescribeImageScanFindings";
/// The most that a page may hold.
const PAGE: i32 = 1000;

impl ScanReads for Account {
    async fn scan(&self, image: &ImageId) -> Answer<Scan> {
        let request = self.ecr.describe_image_scan_findings().repository_name(&image.repository);
        let request = request.image_id(by_digest(image.digest.as_str())).max_results(PAGE);
        let mut pages = request.into_paginator().send();
        let mut read = Read::default();
        while let Some(page) = pages.next().await {
            match page {
                Ok(page) if !read.full() => read.add(&page),
                Ok(_) => {
                    read.cut = true;
                    break;
                }
                Err(error) if code(&error) == Some("ScanNotFoundException") => return Ok(Scan::of(ScanState::Never)),
                Err(error) => {
                    let fault = fault(OPERATION, image.to_string(), &error);
                    // Neither image nor repository has to be there.
                    return if fault.kind == FaultKind::NotFound { Ok(Scan::of(ScanState::Gone)) } else { Err(fault) };
                }
            }
        }
        Ok(read.scan())
    }
}

/// What the pages say together.
#[derive(Debug, Default)]
struct Read {
    status: Option<ImageScanStatus>,
    at: Option<jiff::Timestamp>,
    counts: BTreeMap<FindingSeverity, u32>,
    findings: Vec<Finding>,
    listed: usize,
    cut: bool,
}

impl Read {
    fn full(&self) -> bool {
        self.listed >= MOST_FINDINGS
    }

    fn add(&mut self, page: &Page) {
        self.status = self.status.take().or_else(|| page.image_scan_status().cloned());
        let Some(found) = page.image_scan_findings() else { return };
        let at = found.image_scan_completed_at().or(found.vulnerability_source_updated_at());
        self.at = self.at.or(moment(at));
        // Each page has all counts. UNTRIAGED and UNDEFINED may both be there.
        let mut counts = BTreeMap::new();
        for (severity, count) in found.finding_severity_counts().into_iter().flatten() {
            *counts.entry(FindingSeverity::of(severity.as_str())).or_insert(0) += u32::try_from(*count).unwrap_or(0);
        }
        self.counts = counts;
        self.listed += found.findings().len() + found.enhanced_findings().len();
        self.findings.extend(found.findings().iter().filter_map(basic));
        self.findings.extend(found.enhanced_findings().iter().flat_map(enhanced));
    }

    fn scan(self) -> Scan {
        let findings = Finding::each_once(self.findings);
        let mut counts = self.counts;
        counts.retain(|_, count| *count > 0);
        if counts.is_empty() {
            for finding in &findings {
                *counts.entry(finding.severity).or_insert(0) += 1;
            }
        }
        Scan { state: state(self.status.as_ref()), at: self.at, counts, findings, cut: self.cut }
    }
}

fn state(found: Option<&ImageScanStatus>) -> ScanState {
    let why = found.and_then(|found| found.description()).map(ToOwned::to_owned);
    match found.and_then(|found| found.status()) {
        Some(ScanStatus::Active | ScanStatus::Complete) => ScanState::Done,
        Some(ScanStatus::InProgress | ScanStatus::Pending) => ScanState::Pending,
        Some(ScanStatus::ImageArchived) => ScanState::Archived,
        Some(other) => ScanState::Not { status: other.as_str().to_owned(), why },
        None => ScanState::Not { status: "UNKNOWN".to_owned(), why },
    }
}

fn basic(found: &ImageScanFinding) -> Option<Finding> {
    let said = |key: &str| {
        let attribute = found.attributes().iter().find(|attribute| attribute.key() == key);
        attribute.and_then(|attribute| attribute.value()).map(ToOwned::to_owned)
    };
    Some(Finding {
        id: found.name()?.to_owned(),
        severity: FindingSeverity::of(found.severity().map_or("", |severity| severity.as_str())),
        package: said("package_name"),
        installed: said("package_version"),
        fixed_in: None,
        fix: Fix::Unknown,
        exploit: None,
    })
}

/// One for each package that it is in.
fn enhanced(found: &EnhancedImageScanFinding) -> Vec<Finding> {
    // Suppressed by a rule of Inspector's, or over.
    if found.status().is_some_and(|status| status != "ACTIVE") {
        return Vec::new();
    }
    let details = found.package_vulnerability_details();
    let Some(id) = details.and_then(|details| details.vulnerability_id()).or(found.title()) else { return Vec::new() };
    let one = |package: Option<&VulnerablePackage>| {
        let said = |of: fn(&VulnerablePackage) -> Option<&str>| package.and_then(of).map(ToOwned::to_owned);
        let fixed_in = said(VulnerablePackage::fixed_in_version).filter(|version| is_version(version));
        Finding {
            id: id.to_owned(),
            severity: FindingSeverity::of(found.severity().unwrap_or_default()),
            package: said(VulnerablePackage::name),
            installed: said(VulnerablePackage::version),
            fix: fix(found.fix_available(), fixed_in.as_deref()),
            fixed_in,
            exploit: yes(found.exploit_available()),
        }
    };
    let packages = details.map(|details| details.vulnerable_packages()).unwrap_or_default();
    if packages.is_empty() { vec![one(None)] } else { packages.iter().map(|package| one(Some(package))).collect() }
}

/// Inspector writes a word where there is no version.
fn is_version(version: &str) -> bool {
    !version.is_empty() && !version.eq_ignore_ascii_case("NotAvailable")
}

fn fix(said: Option<&str>, fixed_in: Option<&str>) -> Fix {
    match said {
        Some("YES") => Fix::Available,
        Some("PARTIAL") => Fix::Partial,
        Some("NO") => Fix::None,
        _ if fixed_in.is_some() => Fix::Available,
        _ => Fix::Unknown,
    }
}

fn yes(said: Option<&str>) -> Option<bool> {
    match said {
        Some("YES") => Some(true),
        Some("NO") => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecr::types::PackageVulnerabilityDetails;

    use super::*;

    #[track_caller]
    fn check(status: &str, expect: ScanState) {
        assert_eq!(state(Some(&ImageScanStatus::builder().status(status.into()).build())), expect, "{status}");
    }

    #[test]
    fn the_good_state_has_a_name_of_its_own_in_each_way_of_scanning() {
        let not = |status: &str| ScanState::Not { status: status.to_owned(), why: None };
        check("COMPLETE", ScanState::Done);
        check("ACTIVE", ScanState::Done);
        check("IN_PROGRESS", ScanState::Pending);
        check("PENDING", ScanState::Pending);
        check("IMAGE_ARCHIVED", ScanState::Archived);
        for other in ["FAILED", "UNSUPPORTED_IMAGE", "SCAN_ELIGIBILITY_EXPIRED", "IMAGE_SIZE_EXCEEDED", "LATER"] {
            check(other, not(other));
        }
        assert_eq!(state(None), not("UNKNOWN"));
    }

    fn of(status: &str, fix: Option<&str>, fixed_in: &[&str]) -> Vec<Finding> {
        let package = |version: &&str| VulnerablePackage::builder().name("zlib").fixed_in_version(*version).build();
        let packages = Some(fixed_in.iter().map(package).collect());
        let details =
            PackageVulnerabilityDetails::builder().vulnerability_id("CVE-1").set_vulnerable_packages(packages);
        let found = EnhancedImageScanFinding::builder().status(status).severity("HIGH");
        let found = found.package_vulnerability_details(details.build()).set_fix_available(fix.map(ToOwned::to_owned));
        enhanced(&found.build())
    }

    #[test]
    fn missing_fields_of_a_finding_are_normal() {
        assert_eq!(of("CLOSED", None, &[]), []);
        assert_eq!(of("SUPPRESSED", None, &[]), []);
        let bare = of("ACTIVE", None, &[]);
        assert_eq!((bare[0].fix, bare[0].exploit, &bare[0].package), (Fix::Unknown, None, &None));
        assert_eq!(of("ACTIVE", None, &["1.3"])[0].fix, Fix::Available);
        assert_eq!(of("ACTIVE", Some("NO"), &["NotAvailable"])[0].fixed_in, None);
        assert_eq!(of("ACTIVE", Some("PARTIAL"), &["1.3", ""]).len(), 2);
    }
}
