//! The parts of the policy whose names people choose: services and teams.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::DeValue;

use super::Team;
use super::section::{Instead, Section};
use crate::ids::ServiceRef;

/// What ECS lets a name be made of.
fn name(text: &str) -> bool {
    let may = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    (1..=255).contains(&text.len()) && text.chars().all(may)
}

/// Alarm name prefix → `cluster/service`.
pub(super) fn services(section: Section<'_, '_, '_>) -> BTreeMap<String, String> {
    let mut services = BTreeMap::new();
    for (prefix, at, value) in section.entries() {
        let field = section.path_of(prefix);
        if prefix.is_empty() {
            let instead = Instead {
                wrong: "is the beginning of every alarm's name",
                expected: "the beginning of some".into(),
                write: "\"checkout-\" = \"prod/checkout\"".into(),
            };
            section.sheet.note(field, &at, &instead);
            continue;
        }
        match service(prefix, value.get_ref()) {
            Ok(service) => {
                services.insert(prefix.to_owned(), service);
            }
            Err(instead) => section.sheet.note(field, &value.span(), &instead),
        }
    }
    services
}

fn service(prefix: &str, value: &DeValue<'_>) -> Result<String, Instead> {
    let instead = |write: &str| Instead {
        wrong: "is no service",
        expected: "the names of cluster and service with one / between them".into(),
        write: format!("{prefix:?} = \"{write}\""),
    };
    let DeValue::String(text) = value else { return Err(instead("prod/checkout")) };
    if let Some(service) = ServiceRef::from_arn(text) {
        return Err(instead(&service.to_string()));
    }
    match text.split_once('/') {
        Some((cluster, service)) if name(cluster) && name(service) => Ok(text.to_string()),
        None if name(text) => Err(instead(&format!("CLUSTER/{text}"))),
        _ => Err(instead("prod/checkout")),
    }
}

/// Team → where it is told.
pub(super) fn teams(mut section: Section<'_, '_, '_>) -> BTreeMap<String, Team> {
    let mut teams = BTreeMap::new();
    for (team, _, value) in section.entries() {
        let path = section.path_of(team);
        let write = format!("{team} = {{ channel = \"{}\" }}", meant(value).unwrap_or_else(|| format!("#{team}")));
        let mut table = section.table_at(path, Some(value), write);
        let channel = table.value("channel", None, |value| channel(value).map(Some));
        table.close();
        teams.insert(team.to_owned(), Team { channel });
    }
    teams
}

fn channel(value: &DeValue<'_>) -> Result<String, Instead> {
    let instead = |write: &str| Instead {
        wrong: "is no Slack channel",
        expected: "its name, with a # and in lower case, or its id, like C0123456789".into(),
        write: format!("channel = \"{write}\""),
    };
    let DeValue::String(text) = value else { return Err(instead("#alerts")) };
    if is_channel(text) {
        return Ok(text.to_string());
    }
    Err(instead(&hash(text).unwrap_or_else(|| "#alerts".into())))
}

/// The channel that somebody meant who left out the table around it.
fn meant(value: &Spanned<DeValue<'_>>) -> Option<String> {
    let DeValue::String(text) = value.get_ref() else { return None };
    if is_channel(text) { Some(text.to_string()) } else { hash(text) }
}

fn is_channel(text: &str) -> bool {
    let part = |letter: char| (letter.is_alphanumeric() && !letter.is_uppercase()) || letter == '-' || letter == '_';
    let id = |rest: &str| rest.len() >= 7 && rest.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    match text.split_at_checked(1) {
        Some(("#", name)) => (1..=80).contains(&name.chars().count()) && name.chars().all(part),
        Some(("C" | "G" | "D", rest)) => id(rest),
        _ => false,
    }
}

/// The same as a channel's name, if that makes it one.
fn hash(text: &str) -> Option<String> {
    let name = format!("#{}", text.trim().trim_start_matches('#').to_lowercase().replace(' ', "-"));
    is_channel(&name).then_some(name)
}
