//! What scans found.

use nightshift_core::image::ImageId;
use serde_json::{Map, Value, json};

use crate::state::State;
use crate::state::image_news::{finding_arn, fix_text, package_details, severity_text};
use crate::state::registry::scans::{Flaw, Shown};
use crate::state::releases::AwsError;

use super::super::ecs_shapes::put;
use super::super::request::Request;
use super::the_image;

/// DescribeImageScanFindings has pages of a hundred.
const A_PAGE: usize = 100;

pub(super) fn describe(state: &State, request: &Request) -> Result<Value, AwsError> {
    let image = the_image(state, request)?;
    let shown = state.registry.scan(&image)?;
    let mut status = json!({ "status": shown.status });
    put(&mut status, "description", shown.why().map(|why| json!(why)));
    let mut answer = json!({
        "registryId": state.scenario.account,
        "repositoryName": image.repository,
        "imageId": { "imageDigest": image.digest },
        "imageScanStatus": status,
    });
    if shown.done() {
        let (page, next) = request.page(shown.findings.clone(), A_PAGE)?;
        answer["imageScanFindings"] = findings(state, &image, &shown, &page);
        put(&mut answer, "nextToken", next.map(|token| json!(token)));
    }
    Ok(answer)
}

fn findings(state: &State, image: &ImageId, shown: &Shown<'_>, page: &[&Flaw]) -> Value {
    let counts: Map<String, Value> = shown
        .counts()
        .iter()
        .map(|(severity, count)| (severity_text(*severity, shown.enhanced), json!(count)))
        .collect();
    let mut found = json!({ "findingSeverityCounts": counts });
    put(&mut found, "imageScanCompletedAt", shown.at.map(|at| json!(at as f64)));
    put(&mut found, "vulnerabilitySourceUpdatedAt", shown.at.map(|at| json!(at as f64)));
    // Only one of the two lists is ever filled.
    if shown.enhanced {
        found["enhancedFindings"] = page.iter().map(|flaw| enhanced(state, image, flaw)).collect();
    } else {
        found["findings"] = page.iter().map(|flaw| basic(flaw)).collect();
    }
    found
}

fn basic(flaw: &Flaw) -> Value {
    let finding = &flaw.finding;
    let attributes = [("package_name", &finding.package), ("package_version", &finding.installed)];
    let said = attributes.iter().filter_map(|(key, value)| Some(json!({ "key": key, "value": value.as_ref()? })));
    json!({
        "name": finding.id,
        "description": "A flaw of the local account.",
        "uri": format!("https://security-tracker.debian.org/tracker/{}", finding.id),
        "severity": severity_text(finding.severity, false),
        "attributes": said.collect::<Vec<Value>>(),
    })
}

fn enhanced(state: &State, image: &ImageId, flaw: &Flaw) -> Value {
    let finding = &flaw.finding;
    let mut shown = json!({
        "awsAccountId": state.scenario.account,
        "findingArn": finding_arn(&state.scenario, image, &finding.id),
        "status": "ACTIVE",
        "type": "PACKAGE_VULNERABILITY",
        "severity": severity_text(finding.severity, true),
        "title": format!("{} - {}", finding.id, finding.package.as_deref().unwrap_or("package")),
        "description": "A flaw of the local account.",
        "packageVulnerabilityDetails": package_details(flaw),
    });
    put(&mut shown, "fixAvailable", fix_text(finding.fix).map(|fix| json!(fix)));
    put(&mut shown, "exploitAvailable", finding.exploit.map(|known| json!(if known { "YES" } else { "NO" })));
    shown
}
