//! PagerDuty's payload: what somebody reads who has just been woken.

use nightshift_core::mode::Severity;
use nightshift_core::notice::Notice;
use serde_json::{Value, json};

use super::text::{clean, cut};
use super::weight;

const SUMMARY: usize = 1024;
/// An event may hold 512 KB; nobody reads that at three in the morning.
const LINE: usize = 1000;
const MOST_LINES: usize = 20;

/// The payload of a trigger.
pub fn payload(notice: &Notice) -> Value {
    let lines = |all: &[String]| all.iter().take(MOST_LINES).map(|line| short(line)).collect::<Vec<_>>();
    let evidence = notice.evidence.iter().take(MOST_LINES);
    let evidence = evidence.map(|line| short(&format!("{} {}: {}", weight(line.weight), line.cause, line.says)));
    let impact = notice.impact.iter().take(MOST_LINES).map(|(name, value)| (short(name), json!(short(value))));
    json!({
        "summary": cut(&clean(&notice.headline), SUMMARY),
        "source": notice.service.arn(),
        "severity": severity(notice.severity),
        "timestamp": notice.at.to_string(),
        "component": notice.service.service,
        "group": notice.service.cluster,
        "class": notice.kind,
        "custom_details": {
            "incident": notice.incident,
            "severity": format!("{}: {}", notice.severity, short(&notice.severity_because)),
            "mode": notice.mode,
            "why": lines(&notice.why),
            "done": lines(&notice.done),
            "evidence": evidence.collect::<Vec<_>>(),
            "impact": impact.collect::<serde_json::Map<_, _>>(),
            "drift": notice.drift.as_deref().map(short),
        },
    })
}

/// Links for the side of the alert.
pub fn client_links(notice: &Notice) -> Value {
    let safe = notice.links.iter().filter(|link| link.url.starts_with("https://")).take(MOST_LINES);
    safe.map(|link| json!({"href": link.url, "text": short(&link.label)})).collect()
}

fn short(text: &str) -> String {
    cut(&clean(text), LINE)
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::P1 => "critical",
        Severity::P2 => "error",
        Severity::P3 => "warning",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn a_page_says_what_was_tried() {
        insta::assert_json_snapshot!("pager-escalated", payload(&samples::notice("escalated")));
    }

    #[test]
    fn severities_are_those_that_pagerduty_knows() {
        let all = [Severity::P1, Severity::P2, Severity::P3].map(severity);
        assert_eq!(all, ["critical", "error", "warning"]);
    }

    #[test]
    fn an_endless_headline_is_cut_to_what_pagerduty_takes() {
        let mut notice = samples::notice("escalated");
        notice.headline = "é`".repeat(10_000);
        let summary = payload(&notice)["summary"].as_str().unwrap().chars().count();
        assert_eq!(summary, 1024);
    }
}
