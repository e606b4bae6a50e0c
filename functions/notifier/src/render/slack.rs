//! Slack: Block Kit for the root, one line for the thread.
//!
//! The limits are those of Slack's own SDKs; what is longer is cut, because a
//! message with one block too long is refused as a whole.

use nightshift_core::fleet::is_no_service;
use nightshift_core::incident::Phase;
use nightshift_core::notice::{EvidenceLine, Link, Notice, NoticeKind, Section};
use serde_json::{Value, json};

use super::text::{escaped, listed};
use super::weight;

const HEADER: usize = 150;
const SECTION: usize = 3000;
/// So that one endless log line does not push out the others.
const BULLET: usize = 600;
const FIELDS: usize = 10;
const FIELD: usize = 200;
/// More evidence than this persuades nobody; the incident's record has it all.
const MOST_EVIDENCE: usize = 8;
/// A message may have fifty blocks.
const MOST_PARTS: usize = 40;
const URL: usize = 2000;
/// Slack shows the fallback in notifications, where little fits.
const FALLBACK: usize = 300;

/// The root message's blocks: what is wrong, why, what was done, the evidence,
/// the impact, what will undo it, links, and where it comes from.
pub fn root_blocks(notice: &Notice) -> Value {
    let bullets =
        |lines: &[String]| lines.iter().map(|line| format!("• {}", escaped(line, BULLET))).collect::<Vec<_>>();
    let evidence: Vec<String> = notice.evidence.iter().take(MOST_EVIDENCE).map(evidence).collect();
    let drift: Vec<String> = notice.drift.iter().map(|drift| escaped(drift, BULLET)).collect();
    let links: Vec<String> = notice.links.iter().filter_map(link).collect();
    let header = json!({"type": "header", "text": {"type": "plain_text", "text": header(notice), "emoji": false}});
    let before = [
        Some(header),
        section("*Why*", &bullets(&notice.why)),
        section("*What was done*", &bullets(&notice.done)),
        section("*Evidence*", &evidence),
        impact(notice),
        section("⚠️ *Before the next deployment*", &drift),
    ];
    let parts = notice.sections.iter().take(MOST_PARTS).filter_map(part);
    let after = [section("*Links*", &links), Some(footer(notice))];
    Value::Array(before.into_iter().flatten().chain(parts).chain(after.into_iter().flatten()).collect())
}

/// The same blocks with a picture above the last, which says where all of it
/// comes from.
pub fn illustrated_blocks(notice: &Notice, url: &str, alt: &str) -> Value {
    let mut blocks = root_blocks(notice);
    if let Value::Array(blocks) = &mut blocks {
        let picture = json!({"type": "image", "image_url": url, "alt_text": alt});
        blocks.insert(blocks.len().saturating_sub(1), picture);
    }
    blocks
}

/// The text that a phone shows, and that stands in for the blocks.
pub fn fallback(notice: &Notice) -> String {
    format!("{} {}", light(notice), escaped(&notice.headline, FALLBACK))
}

/// The notice's line in the thread, with its time in UTC.
pub fn line(notice: &Notice) -> String {
    format!("{} {}", notice.at.strftime("%H:%M:%S"), escaped(&notice.timeline, SECTION))
}

/// Red: somebody is needed or nothing was done. Amber: something is about to
/// be done. Blue: it is being checked. Green: over. A report has no colour.
fn light(notice: &Notice) -> char {
    match notice.phase {
        _ if notice.kind == NoticeKind::Report => '📋',
        _ if notice.kind == NoticeKind::Cost => '💰',
        Phase::Firing | Phase::Escalated => '🔴',
        Phase::AwaitingApproval | Phase::Acting => '🟠',
        Phase::Verifying => '🔵',
        Phase::Resolved => '🟢',
        Phase::Noted => '⚪',
    }
}

fn header(notice: &Notice) -> String {
    format!("{} {}", light(notice), escaped(&notice.headline, HEADER - 2))
}

/// `verbatim` keeps Slack from making links and mentions out of plain text.
fn mrkdwn(text: &str) -> Value {
    json!({"type": "mrkdwn", "text": text, "verbatim": true})
}

fn section(title: &str, lines: &[String]) -> Option<Value> {
    listed(title, lines, SECTION).map(|text| json!({"type": "section", "text": mrkdwn(&text)}))
}

/// A part of a report. Escaped text has no backtick, so nothing in it ends the
/// block of code that columns stand in.
fn part(part: &Section) -> Option<Value> {
    const FENCE: &str = "```";
    let title = format!("*{}*", escaped(&part.title, FIELD));
    let lines = part.lines.iter().map(|line| escaped(line, BULLET));
    if !part.aligned {
        return section(&title, &lines.map(|line| format!("• {line}")).collect::<Vec<_>>());
    }
    let room = SECTION - FENCE.len() - 1;
    let text = listed(&format!("{title}\n{FENCE}"), &lines.collect::<Vec<_>>(), room)?;
    Some(json!({"type": "section", "text": mrkdwn(&format!("{text}\n{FENCE}"))}))
}

fn evidence(line: &EvidenceLine) -> String {
    format!("• {} *{}* — {}", weight(line.weight), escaped(&line.cause, FIELD), escaped(&line.says, BULLET))
}

fn impact(notice: &Notice) -> Option<Value> {
    let field =
        |(name, value): (&String, &String)| mrkdwn(&format!("*{}*\n{}", escaped(name, FIELD), escaped(value, FIELD)));
    let fields: Vec<Value> = notice.impact.iter().take(FIELDS).map(field).collect();
    (!fields.is_empty()).then(|| json!({"type": "section", "fields": fields}))
}

/// A link; nothing if the address is none that a browser should open.
fn link(link: &Link) -> Option<String> {
    let safe = link.url.starts_with("https://") && link.url.chars().count() <= URL;
    let encode = |c: char| match c {
        '<' => "%3C".to_owned(),
        '>' => "%3E".to_owned(),
        '|' => "%7C".to_owned(),
        '`' => "%60".to_owned(),
        '&' => "&amp;".to_owned(),
        c => c.to_string(),
    };
    let plain = link.url.chars().all(|c| !c.is_whitespace() && !c.is_control());
    let label = escaped(&link.label.replace('|', "/"), FIELD);
    (safe && plain).then(|| format!("• <{}|{label}>", link.url.chars().map(encode).collect::<String>()))
}

fn footer(notice: &Notice) -> Value {
    let service = &notice.service;
    let place = format!("{} {}", escaped(&service.account, FIELD), escaped(&service.region, FIELD));
    if notice.kind.is_of_the_account() {
        let elements = [mrkdwn(&escaped(notice.incident.as_str(), FIELD)), mrkdwn(&place)];
        return json!({"type": "context", "elements": elements});
    }
    let whose =
        notice.team.as_ref().map_or_else(|| "no team".to_owned(), |team| format!("team {}", escaped(team, FIELD)));
    let elements = [
        escaped(notice.incident.as_str(), FIELD),
        format!("{}: {}", notice.severity, escaped(&notice.severity_because, BULLET)),
        format!("mode {}", notice.mode),
        // An image that nobody runs is of no service.
        match notice.kind {
            NoticeKind::Image => whose,
            _ if is_no_service(service) => "all services".to_owned(),
            _ => format!("{} {whose}", escaped(&service.to_string(), FIELD)),
        },
        place,
        format!(
            "open since {}, this {} UTC",
            notice.opened_at.strftime("%Y-%m-%d %H:%M:%S"),
            notice.at.strftime("%H:%M:%S")
        ),
    ];
    let elements: Vec<Value> = elements.iter().map(|text| mrkdwn(text)).collect();
    json!({"type": "context", "elements": elements})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn a_root_shows_every_phase_of_an_incident() {
        for name in samples::NAMES {
            let notice = samples::notice(name);
            let shown = json!({"text": fallback(&notice), "blocks": root_blocks(&notice), "line": line(&notice)});
            insta::assert_json_snapshot!(format!("slack-{name}"), shown);
        }
    }

    #[track_caller]
    fn within_limits(notice: &Notice) {
        let blocks = root_blocks(notice);
        let text = |text: &Value| text["text"].as_str().unwrap().chars().count();
        assert!(blocks.as_array().unwrap().len() <= 50);
        for block in blocks.as_array().unwrap() {
            match block["type"].as_str().unwrap() {
                "header" => assert!((1..=150).contains(&text(&block["text"]))),
                "section" if block["fields"].is_array() => {
                    let fields = block["fields"].as_array().unwrap();
                    assert!(fields.len() <= 10 && fields.iter().all(|field| text(field) <= 2000));
                }
                "section" => assert!((1..=3000).contains(&text(&block["text"]))),
                _ => assert!(block["elements"].as_array().unwrap().len() <= 10),
            }
        }
    }

    #[test]
    fn hostile_and_endless_text_stays_text_within_the_limits() {
        for evil in ["<!channel>", "`", "&", "🔥", "\u{202e}م", "<https://evil.example|click>\n*bold*"] {
            let mut notice = samples::notice("escalated");
            let long = evil.repeat(10_000);
            notice.headline.clone_from(&long);
            notice.why = vec![long.clone(); 60];
            notice.done = vec![long.clone(); 60];
            notice.drift = Some(long.clone());
            notice.team = Some(long.clone());
            notice.timeline.clone_from(&long);
            notice.severity_because.clone_from(&long);
            notice.impact = (0..40).map(|n| (format!("{n}{long}"), long.clone())).collect();
            notice.evidence.iter_mut().for_each(|line| line.says.clone_from(&long));
            let part = Section { title: long.clone(), lines: vec![long.clone(); 60], aligned: false };
            notice.sections = vec![part; 60];
            notice.links =
                vec![Link { label: long.clone(), url: format!("https://x.example/?a=<{}", "|".repeat(1500)) }; 30];
            within_limits(&notice);
            let all = format!("{}{}{}", root_blocks(&notice), fallback(&notice), line(&notice));
            assert!(!all.contains("<!") && !all.contains("<https://evil") && !all.contains('`'), "{evil}");
        }
    }

    #[test]
    fn nothing_in_a_table_ends_it() {
        let lines = vec!["```<!channel>  1".to_owned(), "web             2".to_owned()];
        let part = part(&Section { title: "Delivery".into(), lines, aligned: true }).unwrap();
        let expect = "*Delivery*\n```\nʼʼʼ&lt;!channel&gt;  1\nweb             2\n```";
        assert_eq!(part["text"]["text"], expect);
        let endless = Section { title: "Delivery".into(), lines: vec!["x".repeat(90); 90], aligned: true };
        let text = super::part(&endless).unwrap()["text"]["text"].as_str().unwrap().to_owned();
        assert!(text.chars().count() <= 3000 && text.ends_with(" more\n```"), "{text}");
    }

    #[test]
    fn a_link_that_a_browser_should_not_open_is_left_out() {
        let shown = |url: &str| link(&Link { label: "a|b>".into(), url: url.into() });
        assert_eq!(shown("javascript:alert(1)"), None);
        assert_eq!(shown("https://x.example/ <!channel>"), None);
        assert_eq!(
            shown("https://x.example/?a=1&b=|"),
            Some("• <https://x.example/?a=1&amp;b=%7C|a/b&gt;>".to_owned())
        );
    }
}
