//! What ECR and Inspector say about images, as EventBridge delivers it.

use nightshift_core::image::{FindingSeverity, Fix, ImageId};
use serde_json::{Value, json};

use crate::account::Delivery;
use crate::scenario::Scenario;

use super::event::envelope;
use super::registry::Registry;
use super::registry::scans::Flaw;
use super::{State, moment};

/// Something that is said about an image.
#[derive(Clone, Debug)]
pub(crate) enum News {
    /// It was pushed, or a tag was put on it.
    Pushed { image: ImageId, tag: Option<String> },
    /// It was deleted.
    Deleted(ImageId),
    /// A tag was taken off an image.
    Untied(ImageId, String),
    /// Its first scan is over.
    Scanned(ImageId),
    /// Inspector found this in it.
    Found { image: ImageId, flaw: Box<Flaw> },
}

/// Source, detail-type, resources and detail.
type Said = (&'static str, &'static str, Vec<String>, Value);

impl State {
    /// Delivers what ECR has to say, where the scenario lets it.
    pub(super) fn spread_image_news(&mut self) {
        let now = self.now;
        let news = std::mem::take(&mut self.registry.news);
        if !self.scenario.image_events || now <= self.start {
            return;
        }
        let said: Vec<Said> = news.iter().filter_map(|news| said(&self.scenario, &self.registry, news, now)).collect();
        for said in said {
            let (source, kind, resources, detail) = said;
            let resources: Vec<&str> = resources.iter().map(String::as_str).collect();
            let event = envelope(&self.scenario, source, kind, &resources, moment(now), detail);
            self.queue(now, Delivery::Image { event, at: moment(now) });
        }
    }
}

/// The repository's ARN.
pub(crate) fn arn(scenario: &Scenario, repository: &str) -> String {
    format!("arn:aws:ecr:{}:{}:repository/{repository}", scenario.region, scenario.account)
}

fn said(scenario: &Scenario, registry: &Registry, news: &News, now: i64) -> Option<Said> {
    match news {
        News::Pushed { image, tag } => {
            let mut detail = action("PUSH", image);
            if let Some(tag) = tag {
                detail["image-tag"] = json!(tag);
            }
            if let Some(there) = registry.get(image) {
                detail["manifest-media-type"] = json!(there.media_type);
            }
            Some(("aws.ecr", "ECR Image Action", Vec::new(), detail))
        }
        News::Deleted(image) => Some(("aws.ecr", "ECR Image Action", Vec::new(), action("DELETE", image))),
        News::Untied(image, tag) => {
            let mut detail = action("DELETE", image);
            detail["image-tag"] = json!(tag);
            Some(("aws.ecr", "ECR Image Action", Vec::new(), detail))
        }
        News::Scanned(image) => scanned(scenario, registry, image),
        News::Found { image, flaw } => Some(found(scenario, registry, image, flaw, now)),
    }
}

fn action(kind: &str, image: &ImageId) -> Value {
    json!({
        "result": "SUCCESS",
        "repository-name": image.repository,
        "image-digest": image.digest,
        "action-type": kind,
    })
}

fn tags(registry: &Registry, image: &ImageId) -> Vec<String> {
    let repo = registry.repositories.get(&image.repository);
    repo.map(|repo| repo.tags_of(&image.digest).map(str::to_owned).collect()).unwrap_or_default()
}

/// As AWS writes it.
pub(crate) fn severity_text(severity: FindingSeverity, enhanced: bool) -> String {
    match severity {
        FindingSeverity::Undefined if enhanced => "UNTRIAGED".to_owned(),
        known => known.word().to_ascii_uppercase(),
    }
}

/// `ECR Image Scan`, or Inspector's word for it.
fn scanned(scenario: &Scenario, registry: &Registry, image: &ImageId) -> Option<Said> {
    let shown = registry.scan(image).ok()?;
    let arn = arn(scenario, &image.repository);
    let name = if shown.enhanced { &arn } else { &image.repository };
    let mut detail = json!({
        "scan-status": match (shown.enhanced, shown.done()) {
            (true, _) => "INITIAL_SCAN_COMPLETE",
            (false, true) => "COMPLETE",
            (false, false) => "FAILED",
        },
        "repository-name": name,
        "image-digest": image.digest,
        "image-tags": tags(registry, image),
    });
    if shown.done() {
        let counts = shown.counts();
        let named = counts.iter().map(|(severity, count)| (severity_text(*severity, shown.enhanced), json!(count)));
        let mut counted: serde_json::Map<String, Value> = named.collect();
        if shown.enhanced {
            counted.insert("TOTAL".to_owned(), json!(counts.values().sum::<u32>()));
        }
        detail["finding-severity-counts"] = Value::Object(counted);
    }
    let (source, kind) =
        if shown.enhanced { ("aws.inspector2", "Inspector2 Scan") } else { ("aws.ecr", "ECR Image Scan") };
    Some((source, kind, vec![arn], detail))
}

/// `YES`, `NO` or `PARTIAL`; nothing where nobody knows.
pub(crate) fn fix_text(fix: Fix) -> Option<&'static str> {
    match fix {
        Fix::Available => Some("YES"),
        Fix::Partial => Some("PARTIAL"),
        Fix::None => Some("NO"),
        Fix::Unknown => None,
    }
}

/// `Inspector2 Finding`.
fn found(scenario: &Scenario, registry: &Registry, image: &ImageId, flaw: &Flaw, now: i64) -> Said {
    let finding = &flaw.finding;
    let digest = &image.digest;
    let resource = format!("{}/{digest}", arn(scenario, &image.repository));
    // Inspector writes its moments for people.
    let written = |at: i64| moment(at).strftime("%b %-d, %Y, %-I:%M:%S %p").to_string();
    let mut detail = json!({
        "awsAccountId": scenario.account,
        "findingArn": finding_arn(scenario, image, &finding.id),
        "status": "ACTIVE",
        "severity": severity_text(finding.severity, true),
        "type": "PACKAGE_VULNERABILITY",
        "title": format!("{} - {}", finding.id, finding.package.as_deref().unwrap_or("package")),
        "description": "A flaw of the local account.",
        "firstObservedAt": written(now),
        "lastObservedAt": written(now),
        "updatedAt": written(now),
        "packageVulnerabilityDetails": package_details(flaw),
        "resources": [{
            "id": resource,
            "type": "AWS_ECR_CONTAINER_IMAGE",
            "details": { "awsEcrContainerImage": {
                "repositoryName": image.repository,
                "registry": scenario.account,
                "imageHash": digest,
                "imageTags": tags(registry, image),
                "architecture": "amd64",
                "platform": "DEBIAN_12",
                "pushedAt": written(registry.get(image).map_or(now, |image| image.pushed_at)),
            } },
        }],
    });
    if let Some(fix) = fix_text(finding.fix) {
        detail["fixAvailable"] = json!(fix);
    }
    if let Some(exploit) = finding.exploit {
        detail["exploitAvailable"] = json!(if exploit { "YES" } else { "NO" });
    }
    ("aws.inspector2", "Inspector2 Finding", vec![resource], detail)
}

/// The ARN of a finding in an image.
pub(crate) fn finding_arn(scenario: &Scenario, image: &ImageId, id: &str) -> String {
    let Scenario { region, account, .. } = scenario;
    let print = nightshift_core::ids::fingerprint(&[&image.to_string(), id]);
    format!("arn:aws:inspector2:{region}:{account}:finding/{print}{print}")
}

/// `packageVulnerabilityDetails`.
pub(crate) fn package_details(flaw: &Flaw) -> Value {
    let finding = &flaw.finding;
    let mut package = json!({ "packageManager": "OS", "arch": "X86_64" });
    let said = [("name", &finding.package), ("version", &finding.installed), ("fixedInVersion", &finding.fixed_in)];
    for (field, value) in said {
        if let Some(value) = value {
            package[field] = json!(value);
        }
    }
    json!({
        "vulnerabilityId": finding.id,
        "source": "DEBIAN_CVE",
        "vendorSeverity": finding.severity.word(),
        "vulnerablePackages": [package],
    })
}

#[cfg(test)]
#[path = "image_news_tests.rs"]
mod tests;
