//! What a policy decides, case by case. The examples of AWS's guide are among
//! them.

mod keeping;
mod properties;
mod reading;
mod taking;

use std::collections::BTreeMap;

use jiff::Timestamp;
use nightshift_core::ids::Digest;
use nightshift_core::image::{ImageDetail, ImageStatus};
use nightshift_core::span::Span;
use serde_json::{Value, json};

use crate::{Action, Fate, Policy, PolicyError, Why, with_keep_rule};

const KEEP: &str = "nightshift-keep-";

fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn hours(hours: i64) -> Span {
    Span::hours(hours)
}

fn days(count: i64) -> Timestamp {
    hours(24 * count).before(now())
}

/// An image, pushed so many days ago.
fn image(name: &str, tags: &[&str], age: i64) -> ImageDetail {
    ImageDetail {
        digest: Digest::new(name),
        tags: tags.iter().map(|&tag| tag.to_owned()).collect(),
        pushed_at: Some(days(age)),
        pulled_at: None,
        size: 1,
        status: ImageStatus::Active,
        index: false,
    }
}

fn policy(rules: &[Value]) -> Policy {
    Policy::parse(&json!({ "rules": rules }).to_string()).unwrap()
}

fn rule(priority: u32, selection: Value) -> Value {
    json!({ "rulePriority": priority, "description": format!("Rule {priority}"),
            "selection": selection, "action": { "type": "expire" } })
}

fn archiving(priority: u32, selection: Value) -> Value {
    json!({ "rulePriority": priority, "selection": selection,
            "action": { "type": "transition", "targetStorageClass": "archive" } })
}

fn tagged(pattern: &str, most: u32) -> Value {
    json!({ "tagStatus": "tagged", "tagPatternList": [pattern], "countType": "imageCountMoreThan", "countNumber": most })
}

fn beyond(most: u32) -> Value {
    json!({ "tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": most })
}

fn aged(status: &str, kind: &str, days: u32) -> Value {
    json!({ "tagStatus": status, "countType": kind, "countUnit": "days", "countNumber": days })
}

/// The images that are taken, oldest first, each with its rule: `"A1 B2"`.
fn taken(rules: &[Value], images: &[ImageDetail], children: &[(&str, &[&str])]) -> String {
    let doomed = policy(rules).preview(images, &family(children), now());
    let names = doomed.iter().map(|doomed| format!("{}{}", doomed.digest.as_str(), doomed.rule));
    names.collect::<Vec<_>>().join(" ")
}

fn family(children: &[(&str, &[&str])]) -> BTreeMap<Digest, Vec<Digest>> {
    children
        .iter()
        .map(|(index, all)| (Digest::new(*index), all.iter().map(|&one| Digest::new(one)).collect()))
        .collect()
}

fn fate(rules: &[Value], digest: &str, images: &[ImageDetail], children: &[(&str, &[&str])]) -> Fate {
    policy(rules).fate(&Digest::new(digest), images, &family(children), now()).unwrap()
}
