//! The rule that spares what is needed: images with a tag of ours are selected
//! first, and never taken.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::judge::FAR;
use crate::policy::{Policy, PolicyError, Rule, Taking, When};
use crate::select::{Class, Pattern, Selection, Tags};

/// The count of the recommended rule: more images than are ever needed at once.
const NEVER: u32 = 9999;

impl Policy {
    /// Whether an image with a tag that begins with `tag_prefix` is safe: the
    /// first rule that may take it selects nothing but such tags, and takes none
    /// before there are a thousand of them.
    pub fn keeps(&self, tag_prefix: &str) -> bool {
        for rule in &self.rules {
            let Ok(selection) = &rule.selects else { return false };
            if selection.class == Class::Archive || selection.tags == Tags::Untagged {
                continue;
            }
            if !rule.takes_nothing() {
                return false;
            }
            if selection.is_of(tag_prefix) {
                return true;
            }
        }
        false
    }
}

impl Rule {
    fn takes_nothing(&self) -> bool {
        matches!(self.takes, Ok(Taking { when: When::MoreThan(most), .. }) if most >= FAR)
    }
}

impl Selection {
    /// It selects the images with such a tag, all of them and no others.
    fn is_of(&self, tag_prefix: &str) -> bool {
        let Tags::All(patterns) = &self.tags else { return false };
        match patterns.as_slice() {
            [Pattern::Prefix(prefix)] => prefix == tag_prefix,
            [Pattern::Wildcard(pattern)] => pattern.strip_suffix('*') == Some(tag_prefix),
            _ => false,
        }
    }
}

/// The policy with a first rule that keeps images with such a tag, and all
/// others after it: JSON for people to read, and to paste if they like. Nobody
/// applies it for them, because a policy deletes images.
pub fn with_keep_rule(policy: Option<&str>, tag_prefix: &str) -> Result<String, PolicyError> {
    let mut whole = json!({});
    let mut others = Vec::new();
    if let Some(text) = policy {
        // ECR refuses two rules with one prefix.
        let same: BTreeSet<u32> = Policy::parse(text)?.rules.iter().filter_map(|rule| rule.same(tag_prefix)).collect();
        whole = serde_json::from_str(text)?;
        others = whole["rules"].as_array_mut().map(std::mem::take).unwrap_or_default();
        others.retain(|rule| priority(rule).is_none_or(|priority| !same.contains(&priority)));
        if others.iter().filter_map(priority).any(|priority| priority <= 1) {
            for rule in &mut others {
                rule["rulePriority"] = json!(priority(rule).map(|priority| u64::from(priority) + 1));
            }
        }
    }
    others.insert(0, first(tag_prefix));
    whole["rules"] = Value::Array(others);
    Ok(serde_json::to_string_pretty(&whole)?)
}

fn first(tag_prefix: &str) -> Value {
    json!({
        "rulePriority": 1,
        "description": "Keep what running services and their last good releases need",
        "selection": {
            "tagStatus": "tagged",
            "tagPrefixList": [tag_prefix],
            "countType": "imageCountMoreThan",
            "countNumber": NEVER,
        },
        "action": { "type": "expire" },
    })
}

fn priority(rule: &Value) -> Option<u32> {
    rule["rulePriority"].as_u64().and_then(|priority| u32::try_from(priority).ok())
}

impl Rule {
    /// Its priority, if it is about this very prefix.
    fn same(&self, tag_prefix: &str) -> Option<u32> {
        let selection = self.selects.as_ref().ok()?;
        (selection.class == Class::Standard && selection.is_of(tag_prefix)).then_some(self.priority)
    }
}
