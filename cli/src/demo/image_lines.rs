//! What happened to images, told line by line.

use std::collections::BTreeSet;

use image_guard::plan::{Came, Decision, Step, Tried};
use image_guard::{Looked, Report};
use jiff::Timestamp;
use nightshift_core::image::{ImageId, is_ours};
use nightshift_sim::Account;
use serde_json::Value;

use super::lines::{clock, line};
use super::{Line, Mark};

/// Images of which it was told what is found in them.
#[derive(Default)]
pub(super) struct Found(BTreeSet<ImageId>);

impl Found {
    /// The lines of one event.
    pub(super) fn lines(&mut self, at: Timestamp, event: &Value, report: &Report, account: &Account) -> Vec<Line> {
        match report {
            Report::Settling { image, at: due } if self.0.insert(image.clone()) => {
                vec![found(at, event, image, *due, account)]
            }
            Report::Image(looked) => {
                if looked.decisions.contains(&Decision::Quarantined) {
                    self.0.insert(looked.image.clone());
                }
                pushed(at, event).into_iter().chain(decided(at, looked, account)).collect()
            }
            Report::Sweep { services, .. } => {
                let text = format!("the daily look: what {services} services run, and what scans say of it");
                vec![line(at, Mark::Check, text)]
            }
            _ => Vec::new(),
        }
    }
}

/// What people call an image: a tag of its own, or else twelve digits.
pub(super) fn name(image: &ImageId, account: &Account) -> String {
    let tags = account.image_record_of(image).tags;
    let tag = tags.into_iter().find(|tag| !is_ours(tag));
    tag.map_or_else(|| format!("{}@{}", image.repository, image.short()), |tag| format!("{}:{tag}", image.repository))
}

/// The id of an Inspector finding.
pub(super) fn finding(event: &Value) -> Option<&str> {
    event.pointer("/detail/packageVulnerabilityDetails/vulnerabilityId").and_then(Value::as_str)
}

/// The tag that somebody else than Nightshift put on an image just now, with
/// its repository and its digest.
pub(super) fn push(event: &Value) -> Option<(&str, &str, &str)> {
    let detail = event.get("detail")?;
    let text = |key: &str| detail.get(key).and_then(Value::as_str);
    let pushed = text("action-type") == Some("PUSH");
    let tag = text("image-tag").filter(|tag| pushed && !is_ours(tag))?;
    Some((text("repository-name")?, tag, text("image-digest")?))
}

fn found(at: Timestamp, event: &Value, image: &ImageId, due: Timestamp, account: &Account) -> Line {
    let detail = &event["detail"];
    let text = |key: &str| detail[key].as_str().unwrap_or_default();
    let used = if text("exploitAvailable") == "YES" { ", known to be used" } else { "" };
    let severity = text("severity").to_lowercase();
    let package = &detail["packageVulnerabilityDetails"]["vulnerablePackages"][0];
    let package = |key: &str| package[key].as_str().unwrap_or("?");
    let fix = format!("{} {} → {}", package("name"), package("version"), package("fixedInVersion"));
    let says = format!("{} is found in {}", finding(event).unwrap_or("a flaw"), name(image, account));
    Line {
        details: vec![
            format!("{severity}{used}: {fix}"),
            format!("Findings come in: the image is looked at once, at {}.", clock(due)),
        ],
        ..line(at, Mark::Finding, says)
    }
}

fn pushed(at: Timestamp, event: &Value) -> Option<Line> {
    let (repository, tag, _) = push(event)?;
    Some(line(at, Mark::Release, format!("{repository}:{tag} is pushed; nobody runs it yet")))
}

fn decided(at: Timestamp, looked: &Looked, account: &Account) -> Vec<Line> {
    let mut lines = Vec::new();
    let name = name(&looked.image, account);
    for decision in &looked.decisions {
        match decision {
            Decision::Quarantined => {
                let details = looked.steps.iter().filter_map(|tried| marked(tried, &looked.image)).collect();
                let held = account.image_record_of(&looked.image).quarantine;
                let because = held.map(|held| held.because.into_iter().collect::<Vec<_>>().join(", "));
                let text = format!("{name} is not to be deployed, for {}", because.unwrap_or_default());
                lines.push(Line { details, ..line(at, Mark::Quarantined, text) });
            }
            Decision::Released => lines.push(line(at, Mark::Clear, format!("{name} may be deployed again"))),
            _ => {}
        }
    }
    lines
}

fn marked(tried: &Tried, image: &ImageId) -> Option<String> {
    match tried {
        Tried { step: Step::Mark, came: Came::Done } => {
            Some(format!("Tagged {} (ecr:PutImage), and on the deny-list by its digest.", image.quarantine_tag()))
        }
        Tried { step: Step::Mark, came: Came::Cannot { why } } => Some(format!("Not tagged: {why}")),
        _ => None,
    }
}
