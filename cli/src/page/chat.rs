//! An incident's message as Slack shows it: the notifier's own blocks, drawn.

use std::fmt::Write as _;

use nightshift_core::notice::NoticeKind;
use serde_json::Value;

use super::MOON;
use super::escape::escaped;
use crate::demo::Posted;

/// The message as it stands at the end, its thread, and what it said before.
pub(super) fn chat(html: &mut String, notices: &[Posted]) {
    let Some(newest) = notices.last() else { return };
    let team = newest.notice.team.as_deref().unwrap_or("alerts");
    let _ = write!(
        html,
        "<h4>What people saw in Slack</h4>\n<div class=\"slack\">\n<p class=\"channel\"># {}</p>\n",
        escaped(team)
    );
    message(html, newest, notices.len() > 1);
    // The root tells all of a report.
    if newest.notice.kind != NoticeKind::Report {
        let _ = write!(html, "<div class=\"thread\"><p>{}</p>\n<ol>\n", replies(notices.len()));
        for posted in notices {
            let _ = writeln!(html, "<li>{}</li>", mrkdwn(&posted.line));
        }
        html.push_str("</ol></div>\n");
    }
    let earlier = &notices[..notices.len() - 1];
    if !earlier.is_empty() {
        html.push_str("<details><summary>The same message, before it was edited</summary>\n");
        for posted in earlier {
            message(html, posted, false);
        }
        html.push_str("</details>\n");
    }
    html.push_str("</div>\n");
}

/// The message as it came, before it was edited.
pub(super) fn opening(html: &mut String, first: &Posted) {
    let team = first.notice.team.as_deref().unwrap_or("alerts");
    let _ = write!(
        html,
        "<h4>The message as it came</h4>\n<div class=\"slack\">\n<p class=\"channel\"># {}</p>\n",
        escaped(team)
    );
    message(html, first, false);
    html.push_str("</div>\n");
}

fn replies(count: usize) -> String {
    if count == 1 { "1 reply in the thread".into() } else { format!("{count} replies in the thread") }
}

fn message(html: &mut String, posted: &Posted, edited: bool) {
    let notice = &posted.notice;
    let edited = if edited { "<span class=\"edited\">(edited)</span>" } else { "" };
    let at = if edited.is_empty() { notice.at } else { notice.opened_at };
    let phase = serde_json::to_value(notice.phase).unwrap_or_default();
    let _ = write!(
        html,
        "<div class=\"message {}\">\n<span class=\"avatar\">{MOON}</span>\n<div class=\"blocks\">\n\
         <p class=\"sender\"><b>Nightshift</b><span class=\"app\">APP</span><time>{}</time>{edited}</p>\n",
        escaped(phase.as_str().unwrap_or_default()),
        at.strftime("%H:%M"),
    );
    for block in posted.blocks.as_array().into_iter().flatten() {
        self::block(html, block);
    }
    if let Some(chart) = &notice.chart {
        // Names in it are text: whoever draws it has seen to that.
        let _ = writeln!(html, "<div class=\"chart\">{}</div>", nightshift_picture::svg(chart));
    }
    html.push_str("</div>\n</div>\n");
}

fn block(html: &mut String, block: &Value) {
    let text = |value: &Value| value["text"].as_str().unwrap_or_default().to_owned();
    match block["type"].as_str().unwrap_or_default() {
        "header" => {
            let words = unescaped(&text(&block["text"]));
            // The light is drawn: not every machine has a font for it.
            let words = words.trim_start_matches(['🔴', '🟠', '🔵', '🟢', '📋', '📊', '⚪', ' ']);
            let _ = writeln!(html, "<p class=\"header\"><i></i>{}</p>", escaped(words));
        }
        "section" => {
            let words = text(&block["text"]);
            if !words.is_empty() {
                section(html, &words);
            }
            if let Some(fields) = block["fields"].as_array() {
                let fields: Vec<String> =
                    fields.iter().map(|field| format!("<p>{}</p>", lines(&text(field)))).collect();
                let _ = writeln!(html, "<div class=\"fields\">{}</div>", fields.concat());
            }
        }
        "context" => {
            let elements = block["elements"].as_array().into_iter().flatten();
            let elements: Vec<String> = elements.map(|element| mrkdwn(&text(element))).collect();
            let _ = writeln!(html, "<p class=\"context\">{}</p>", elements.join(" · "));
        }
        "divider" => html.push_str("<hr>\n"),
        // A block that this page cannot draw is left out; Slack shows it.
        _ => {}
    }
}

/// What stands between two of these keeps its columns.
const FENCE: &str = "```";

/// A section's lines; those with a bullet are a list.
fn section(html: &mut String, words: &str) {
    let mut open = false;
    let mut fixed = false;
    for line in words.lines() {
        if line.trim() == FENCE {
            html.push_str(if fixed { "</pre>\n" } else { "<pre>" });
            fixed = !fixed;
            continue;
        }
        if fixed {
            let _ = writeln!(html, "{}", escaped(&unescaped(line)));
            continue;
        }
        let item = line.strip_prefix("• ");
        if item.is_some() != open {
            html.push_str(if open { "</ul>\n" } else { "<ul>" });
            open = !open;
        }
        let (before, after) = if open { ("<li>", "</li>") } else { ("<p>", "</p>\n") };
        let _ = write!(html, "{before}{}{after}", mrkdwn(item.unwrap_or(line)));
    }
    if open {
        html.push_str("</ul>\n");
    }
    if fixed {
        html.push_str("</pre>\n");
    }
}

fn lines(words: &str) -> String {
    words.lines().map(mrkdwn).collect::<Vec<_>>().join("<br>")
}

/// Slack's mrkdwn as HTML: links, bold, and nothing else.
fn mrkdwn(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        out.push_str(&bold(before));
        let Some((inside, left)) = after.split_once('>') else {
            out.push_str(&bold(after));
            return out;
        };
        out.push_str(&link(inside));
        rest = left;
    }
    out.push_str(&bold(rest));
    out
}

/// `https://…|label`; anything else between brackets is text.
fn link(inside: &str) -> String {
    let (url, label) = inside.split_once('|').unwrap_or((inside, inside));
    let label = escaped(&unescaped(label));
    if !url.starts_with("https://") {
        return label;
    }
    format!("<a href=\"{}\" rel=\"noreferrer noopener\">{label}</a>", escaped(&unescaped(url)))
}

/// `*word*` where the stars touch words.
fn bold(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('*') {
        let closed = after.split_once('*').filter(|(word, _)| !word.is_empty() && word.trim() == *word);
        out.push_str(&escaped(&unescaped(before)));
        match closed {
            Some((word, left)) => {
                let _ = write!(out, "<b>{}</b>", escaped(&unescaped(word)));
                rest = left;
            }
            None => {
                out.push('*');
                rest = after;
            }
        }
    }
    out.push_str(&escaped(&unescaped(rest)));
    out
}

/// Slack knows three escapes.
fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use nightshift_core::notice::{Chart, Layer, Notice};

    use super::*;

    #[test]
    fn figures_are_drawn_below_their_message() {
        let event: Value = serde_json::from_str(include_str!("../../../events/notifier/report.json")).unwrap();
        let mut notice: Notice = serde_json::from_str(event["Records"][0]["Sns"]["Message"].as_str().unwrap()).unwrap();
        let drawn = |notice: &Notice| {
            let mut html = String::new();
            opening(&mut html, &Posted::from(notice.clone()));
            html
        };
        assert!(!drawn(&notice).contains("class=\"chart\""));
        let layer = Layer { name: "<script>".into(), days: vec!["8.10".parse().unwrap()] };
        let (title, currency) = ("Costs".to_owned(), "USD".to_owned());
        notice.chart = Some(Chart { title, currency, from: date(2026, 11, 20), settled: 1, layers: vec![layer] });
        let html = drawn(&notice);
        assert!(html.contains("class=\"chart\"><svg") && !html.contains("<script"), "{html}");
    }

    #[track_caller]
    fn check(text: &str, expect: &str) {
        assert_eq!(mrkdwn(text), expect);
    }

    #[test]
    fn what_is_fenced_keeps_its_columns_and_its_stars() {
        let mut html = String::new();
        section(&mut html, "*Delivery*\n```\na   *b*\n1  &lt;2\n```\n• end");
        assert_eq!(html, "<p><b>Delivery</b></p>\n<pre>a   *b*\n1  &lt;2\n</pre>\n<ul><li>end</li></ul>\n");
    }

    #[test]
    fn mrkdwn_becomes_links_and_bold_and_nothing_else() {
        check("*Why* it is", "<b>Why</b> it is");
        check("2 * 3 * 4", "2 * 3 * 4");
        check(
            "<https://a.example/?x=1&amp;y=2|Logs>",
            "<a href=\"https://a.example/?x=1&amp;y=2\" rel=\"noreferrer noopener\">Logs</a>",
        );
        check("&lt;!channel&gt; &amp;amp;", "&lt;!channel&gt; &amp;amp;");
        check("<javascript:alert(1)|click>", "click");
        check("<script>alert(1)</script>", "scriptalert(1)/script");
        check("a < b \"c\"", "a  b &quot;c&quot;");
    }
}
