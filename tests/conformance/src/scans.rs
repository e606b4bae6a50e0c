//! What scans found.

use std::collections::{BTreeMap, BTreeSet};

use nightshift_core::image::{Finding, FindingSeverity, Fix, ImageId, Scan, ScanState};
use nightshift_core::ports::{RegistryReads, ScanReads};

use crate::registry::{nobody, tagged};
use crate::{Verdict, got, holds, same};

/// Runs the suite.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn scans<W: RegistryReads + ScanReads>(world: &W) -> Verdict {
    let suite = Suite { world };
    suite.basic_scanning_says_little_of_each_finding().await?;
    suite.enhanced_scanning_knows_fixes_and_what_came_later().await?;
    suite.many_findings_are_read_page_by_page().await?;
    suite.what_was_not_scanned_says_why().await
}

struct Suite<'a, W> {
    world: &'a W,
}

impl<W: RegistryReads + ScanReads> Suite<'_, W> {
    async fn scan(&self, repository: &str, tag: &str) -> Result<Scan, String> {
        let digest = tagged(self.world, repository, tag).await?.digest;
        got(tag, self.world.scan(&ImageId::new(repository, digest)).await)
    }

    async fn basic_scanning_says_little_of_each_finding(&self) -> Verdict {
        let scan = self.scan("team/scanned", "flawed").await?;
        same("done", &(&scan.state, scan.cut), &(&ScanState::Done, false))?;
        let counts = BTreeMap::from([(FindingSeverity::Critical, 1), (FindingSeverity::High, 1)]);
        same("their number", &scan.counts, &counts)?;
        let finding = |id: &str, severity, package: &str, installed: &str| Finding {
            id: id.to_owned(),
            severity,
            package: Some(package.to_owned()),
            installed: Some(installed.to_owned()),
            fixed_in: None,
            fix: Fix::Unknown,
            exploit: None,
        };
        // What became known after the scan, it did not find.
        let expected = [
            finding("CVE-2026-1001", FindingSeverity::Critical, "openssl", "3.0.11"),
            finding("CVE-2026-1002", FindingSeverity::High, "zlib", "1.2.13"),
        ];
        same("what it found", &scan.findings, &expected.to_vec())
    }

    async fn enhanced_scanning_knows_fixes_and_what_came_later(&self) -> Verdict {
        let scan = self.scan("team/watched", "flawed").await?;
        same("done", &(&scan.state, scan.cut), &(&ScanState::Done, false))?;
        let counts = BTreeMap::from([(FindingSeverity::Critical, 1), (FindingSeverity::High, 2)]);
        same("their number", &scan.counts, &counts)?;
        let told = |finding: &Finding| {
            let Finding { id, severity, package, fixed_in, fix, exploit, .. } = finding.clone();
            (id, severity, package.unwrap_or_default(), fixed_in.unwrap_or_default(), fix, exploit)
        };
        let found: Vec<_> = scan.findings.iter().map(told).collect();
        let finding = |id: &str, severity, package: &str, fixed_in: &str, fix, exploit| {
            (id.to_owned(), severity, package.to_owned(), fixed_in.to_owned(), fix, exploit)
        };
        let (critical, high) = (FindingSeverity::Critical, FindingSeverity::High);
        let expected = vec![
            finding("CVE-2026-1001", critical, "openssl", "3.0.12", Fix::Available, Some(true)),
            finding("CVE-2026-1002", high, "zlib", "", Fix::None, None),
            finding("CVE-2026-1003", high, "curl", "8.5.0", Fix::Available, Some(false)),
        ];
        same("what it found", &found, &expected)
    }

    async fn many_findings_are_read_page_by_page(&self) -> Verdict {
        let scan = self.scan("team/scanned", "many").await?;
        same("their number", &scan.counts, &BTreeMap::from([(FindingSeverity::Low, 250)]))?;
        let ids: BTreeSet<&str> = scan.findings.iter().map(|finding| finding.id.as_str()).collect();
        same("each once", &(ids.len(), scan.findings.len(), scan.cut), &(250, 250, false))
    }

    async fn what_was_not_scanned_says_why(&self) -> Verdict {
        let failed = self.scan("team/scanned", "failed").await?;
        let says = matches!(&failed.state, ScanState::Not { status, .. } if status == "FAILED");
        holds("a scan that failed", &failed, says && failed.findings.is_empty() && failed.counts.is_empty())?;
        same("never scanned", &self.scan("checkout", "43").await?, &Scan::of(ScanState::Never))?;
        for image in [ImageId::new("team/scanned", nobody()), ImageId::new("nobody", nobody())] {
            same("gone", &self.world.scan(&image).await, &Ok(Scan::of(ScanState::Gone)))?;
        }
        Ok(())
    }
}
