//! Reading what is said about images.

use jiff::civil::Date;
use toml::de::DeValue;

use super::images::{ImageException, ImageRule, Images, Worth};
use super::read::SOME_TIME;
use super::section::{Instead, Section};
use super::windows::choice;
use crate::image::FindingSeverity;
use crate::mode::Mode;
use crate::span::Span;

const MODES: [(&str, Mode); 2] = [("observe", Mode::Observe), ("act", Mode::Act)];
const WORTH: [(&str, Worth); 3] = [("quarantine", Worth::Quarantine), ("tell", Worth::Tell), ("record", Worth::Record)];
const SEVERITIES: [(&str, FindingSeverity); 5] = [
    ("critical", FindingSeverity::Critical),
    ("high", FindingSeverity::High),
    ("medium", FindingSeverity::Medium),
    ("low", FindingSeverity::Low),
    ("informational", FindingSeverity::Informational),
];
/// The longest wait for an image's findings: a message of yesterday's is none.
const LONGEST_SETTLING: Span = Span::hours(1);

/// `[images]` with its rules and exceptions.
pub(super) fn images(mut section: Section<'_, '_, '_>) -> Images {
    let usual = Images::default();
    let rule = listed(&mut section, "rule", "[[images.rule]]", rule);
    let images = Images {
        default_mode: section.value("default_mode", usual.default_mode, |value| {
            one_of("default_mode", value, &MODES, "is no mode of a repository")
        }),
        settle: section.span("settle", usual.settle, Span::seconds(1)..=LONGEST_SETTLING),
        most_services: section.number("most_services", usual.most_services, 1..=u32::MAX),
        keep: section.flag("keep", usual.keep),
        archive: section.flag("archive", usual.archive),
        fix_scanning: section.flag("fix_scanning", usual.fix_scanning),
        fix_mutability: section.flag("fix_mutability", usual.fix_mutability),
        critical_deadline: section.span("critical_deadline", usual.critical_deadline, SOME_TIME),
        high_deadline: section.span("high_deadline", usual.high_deadline, SOME_TIME),
        other_deadline: section.span("other_deadline", usual.other_deadline, SOME_TIME),
        rule: rule.unwrap_or(usual.rule),
        exception: listed(&mut section, "exception", "[[images.exception]]", exception).unwrap_or_default(),
    };
    section.close();
    images
}

/// Every table of a list; `None`: there is no such list.
fn listed<T>(
    section: &mut Section<'_, '_, '_>,
    key: &'static str,
    write: &str,
    read: impl Fn(Section<'_, '_, '_>) -> T,
) -> Option<Vec<T>> {
    let found = section.find(key)?;
    let DeValue::Array(list) = found.get_ref() else {
        section.note(key, &found.span(), &instead("is no list of tables", "one table for each", write));
        return Some(Vec::new());
    };
    let path = section.path_of(key);
    let tables = list.iter().enumerate();
    Some(tables.map(|(at, found)| read(section.table_at(format!("{path}[{at}]"), Some(found), write.into()))).collect())
}

fn rule(mut section: Section<'_, '_, '_>) -> ImageRule {
    let severity = section.required("severity", "severity = \"critical\"", |value| {
        one_of("severity", value, &SEVERITIES, "is no severity of a finding")
    });
    let then = section.required("then", "then = \"quarantine\", \"tell\" or \"record\"", |value| {
        one_of("then", value, &WORTH, "is nothing that can be done")
    });
    let rule = ImageRule {
        severity: severity.unwrap_or(FindingSeverity::Critical),
        fix: section.value("fix", None, |value| match value {
            DeValue::Boolean(fix) => Ok(Some(*fix)),
            _ => Err(instead("is neither", "true or false, without quotes", "fix = true")),
        }),
        exploit: section.flag("exploit", false),
        older_than: section.find("older_than").map(|_| section.span("older_than", Span::hours(24), SOME_TIME)),
        environments: environments(&mut section),
        then: then.unwrap_or(Worth::Record),
    };
    section.close();
    rule
}

fn environments(section: &mut Section<'_, '_, '_>) -> Vec<String> {
    section.value("environments", Vec::new(), |value| {
        let wrong = |wrong| instead(wrong, "values of the tag environment", "environments = [\"production\"]");
        let DeValue::Array(list) = value else { return Err(wrong("is no list")) };
        let text = |value: &DeValue<'_>| match value {
            DeValue::String(text) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
            _ => Err(wrong("has something that is no text")),
        };
        list.iter().map(|found| text(found.get_ref())).collect()
    })
}

fn exception(mut section: Section<'_, '_, '_>) -> ImageException {
    let finding = section.required("finding", "finding = \"CVE-2026-12345\"", text("finding", "CVE-2026-12345"));
    let owner = section.required("owner", "owner = \"platform\"", text("owner", "platform"));
    let reason = section.required("reason", "reason = \"why it does no harm\"", text("reason", "why it does no harm"));
    let until = section.required("until", "until = \"2026-12-31\"", |value| {
        let wrong = || instead("is no day", "its last day as year-month-day", "until = \"2026-12-31\"");
        let DeValue::String(day) = value else { return Err(wrong()) };
        day.parse::<Date>().map_err(|_| wrong())
    });
    let exception = ImageException {
        finding: finding.unwrap_or_default(),
        repository: section.value("repository", None, |value| text("repository", "team/checkout")(value).map(Some)),
        owner: owner.unwrap_or_default(),
        reason: reason.unwrap_or_default(),
        until: until.unwrap_or(Date::MIN),
    };
    section.close();
    exception
}

/// Some text that is not empty.
pub(super) fn text(key: &str, example: &str) -> impl Fn(&DeValue<'_>) -> Result<String, Instead> {
    move |value| {
        let wrong = |wrong| Err(instead(wrong, "some text", &format!("{key} = \"{example}\"")));
        match value {
            DeValue::String(text) if text.trim().is_empty() => wrong("is empty"),
            DeValue::String(text) => Ok(text.trim().to_owned()),
            _ => wrong("is no text"),
        }
    }
}

fn one_of<T: Copy>(
    key: &str,
    value: &DeValue<'_>,
    all: &[(&'static str, T)],
    wrong: &'static str,
) -> Result<T, Instead> {
    choice(value, all).map_err(|meant| {
        let names: Vec<String> = all.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let write = meant.unwrap_or(all[0].0);
        instead(wrong, &names.join(", "), &format!("{key} = \"{write}\""))
    })
}

fn instead(wrong: &'static str, expected: &str, write: &str) -> Instead {
    Instead { wrong, expected: expected.to_owned(), write: write.to_owned() }
}
