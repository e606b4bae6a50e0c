//! A notice as plain text: what a subscriber by e-mail or SMS reads, at three
//! in the morning, on a telephone.

use std::fmt::Write as _;

use super::{EvidenceLine, Notice, NoticeKind};
use crate::fleet::is_no_service;
use crate::span::words;

/// What Amazon SNS takes as a subject.
const LONGEST_SUBJECT: usize = 100;
/// What fits in one SMS.
const LONGEST_SMS: usize = 140;

/// The whole notice: what is wrong and what is being done first, what one may
/// want to look up last.
pub fn plain(notice: &Notice) -> String {
    let mut text = format!("{}\n", notice.headline);
    paragraph(&mut text, &notice.why);
    section(&mut text, "What was done", notice.done.iter().map(ToOwned::to_owned));
    section(&mut text, "Impact", notice.impact.iter().map(|(name, figure)| format!("{name}: {figure}")));
    section(&mut text, "Evidence, strongest first", notice.evidence.iter().map(evidence));
    if let Some(drift) = &notice.drift {
        let _ = write!(text, "\nBefore the next deployment: {drift}\n");
    }
    for part in &notice.sections {
        section(&mut text, &part.title, part.lines.iter().map(ToOwned::to_owned));
    }
    section(&mut text, "Look here", notice.links.iter().map(|link| format!("{}: {}", link.label, link.url)));
    footer(&mut text, notice);
    text
}

/// A subject that Amazon SNS accepts: one line of ASCII, at most 100 long.
pub fn subject(text: &str) -> String {
    let ascii: String = text.chars().map(ascii).collect();
    cut(ascii.trim(), LONGEST_SUBJECT)
}

/// The headline, cut to one SMS.
pub fn sms(notice: &Notice) -> String {
    cut(&notice.headline, LONGEST_SMS)
}

fn paragraph(text: &mut String, sentences: &[String]) {
    if !sentences.is_empty() {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n{}\n", sentences.join(" "));
    }
}

fn section(text: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let mut lines = lines.peekable();
    if lines.peek().is_none() {
        return;
    }
    let _ = write!(text, "\n{title}\n");
    for line in lines {
        let _ = writeln!(text, "  {line}");
    }
}

/// Hundredths of log-odds, with their sign: `+2.10 for the release: …`.
fn evidence(line: &EvidenceLine) -> String {
    let (sign, word) = if line.weight < 0 { ('-', "against") } else { ('+', "for") };
    let weight = line.weight.unsigned_abs();
    format!("{sign}{}.{:02} {word} {}: {}", weight / 100, weight % 100, line.cause, line.says)
}

fn footer(text: &mut String, notice: &Notice) {
    let service = &notice.service;
    if notice.kind.is_of_the_account() {
        let what = if notice.kind == NoticeKind::Report { "Report" } else { "Notice" };
        let _ = write!(
            text,
            "\nAll services of account {} in {}. {what} {}.\n",
            service.account, service.region, notice.incident
        );
        return;
    }
    if notice.kind == NoticeKind::Image {
        let team = notice.team.as_deref().unwrap_or("no team");
        let _ = write!(
            text,
            "\nAccount {} in {}, mode {}, team {team}.\n{} because {}.\nNotice {} number {}, the first at {}.\n",
            service.account,
            service.region,
            notice.mode,
            notice.severity,
            notice.severity_because,
            notice.incident,
            notice.sequence,
            notice.opened_at.strftime("%Y-%m-%d %H:%M:%S UTC"),
        );
        return;
    }
    let open = words(notice.opened_at.duration_until(notice.at));
    let whose = match is_no_service(service) {
        true => "All services".to_owned(),
        false => format!("Service {service}"),
    };
    let _ = write!(
        text,
        "\n{whose} in {}, account {}, mode {}.\n\
         {} because {}.\n\
         Incident {} opened at {}, {open} before this notice, number {}.\n",
        service.region,
        service.account,
        notice.mode,
        notice.severity,
        notice.severity_because,
        notice.incident,
        notice.opened_at.strftime("%Y-%m-%d %H:%M:%S UTC"),
        notice.sequence,
    );
}

fn ascii(c: char) -> char {
    match c {
        '→' => '>',
        '·' => '|',
        '×' => 'x',
        '…' => '.',
        '–' | '—' | '−' => '-',
        '’' | '‘' => '\'',
        '“' | '”' => '"',
        c if c.is_control() || c.is_whitespace() => ' ',
        c if c.is_ascii() => c,
        _ => '?',
    }
}

/// At most `longest` characters, the last three dots if it was longer.
fn cut(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    let kept: String = text.chars().take(longest - 3).collect();
    format!("{}...", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::ids::{IncidentId, ServiceRef};
    use crate::incident::Phase;
    use crate::mode::{Mode, Severity};
    use crate::notice::{Link, Section};

    fn notice() -> Notice {
        Notice {
            incident: IncidentId::new("20261120-0312-0a1b2c3d"),
            sequence: 2,
            kind: NoticeKind::Verifying,
            phase: Phase::Verifying,
            severity: Severity::P1,
            severity_because: "the service is tagged production and 12 % of requests fail".to_owned(),
            mode: Mode::Act,
            service: ServiceRef::from_arn("arn:aws:ecs:eu-west-1:111122223333:service/prod/web").unwrap(),
            environment: Some("production".to_owned()),
            team: Some("checkout".to_owned()),
            opened_at: "2026-11-20T03:12:00Z".parse().unwrap(),
            at: "2026-11-20T03:14:20Z".parse().unwrap(),
            headline: "P1 · prod/web: rolled back web:42 → web:41, checking".to_owned(),
            why: vec!["Alarm web-5xx is in ALARM.".to_owned(), "The release is to blame (96 %).".to_owned()],
            done: vec!["ecs:UpdateService to web:41".to_owned()],
            evidence: vec![
                EvidenceLine {
                    cause: "the release".to_owned(),
                    weight: 210,
                    says: "Errors began 2 m after it.".to_owned(),
                },
                EvidenceLine { cause: "load".to_owned(), weight: -105, says: "Requests are as usual.".to_owned() },
            ],
            impact: BTreeMap::from([("tasks running".to_owned(), "3 of 4".to_owned())]),
            drift: Some("Terraform still says web:42.".to_owned()),
            links: vec![Link { label: "Alarm".to_owned(), url: "https://example.com/alarm".to_owned() }],
            timeline: "rolled back".to_owned(),
            pager: None,
            plainly: false,
            untold: 0,
            told_by: None,
            sections: Vec::new(),
            chart: None,
        }
    }

    #[test]
    fn a_notice_reads_like_a_letter() {
        insta::assert_snapshot!(plain(&notice()), @r"
        P1 · prod/web: rolled back web:42 → web:41, checking

        Alarm web-5xx is in ALARM. The release is to blame (96 %).

        What was done
          ecs:UpdateService to web:41

        Impact
          tasks running: 3 of 4

        Evidence, strongest first
          +2.10 for the release: Errors began 2 m after it.
          -1.05 against load: Requests are as usual.

        Before the next deployment: Terraform still says web:42.

        Look here
          Alarm: https://example.com/alarm

        Service prod/web in eu-west-1, account 111122223333, mode act.
        P1 because the service is tagged production and 12 % of requests fail.
        Incident 20261120-0312-0a1b2c3d opened at 2026-11-20 03:12:00 UTC, 2 m 20 s before this notice, number 2.
        ");
    }

    #[test]
    fn what_a_notice_lacks_leaves_no_empty_section() {
        let bare = Notice {
            why: Vec::new(),
            done: Vec::new(),
            evidence: Vec::new(),
            impact: BTreeMap::new(),
            drift: None,
            links: Vec::new(),
            ..notice()
        };
        let text = plain(&bare);
        assert!(!text.contains("Evidence") && !text.contains("\n\n\n"), "{text}");
    }

    #[test]
    fn a_report_is_its_parts_and_no_incident() {
        let report = Notice {
            kind: NoticeKind::Report,
            headline: "Daily digest".to_owned(),
            why: Vec::new(),
            done: Vec::new(),
            evidence: Vec::new(),
            impact: BTreeMap::new(),
            drift: None,
            links: Vec::new(),
            sections: vec![Section {
                title: "Delivery".into(),
                lines: vec!["web  3".into(), "api 12".into()],
                aligned: true,
            }],
            ..notice()
        };
        insta::assert_snapshot!(plain(&report), @r"
        Daily digest

        Delivery
          web  3
          api 12

        All services of account 111122223333 in eu-west-1. Report 20261120-0312-0a1b2c3d.
        ");
    }

    #[test]
    fn a_subject_is_one_short_line_of_ascii() {
        assert_eq!(subject("P1 web:42 → web:41\nnow"), "P1 web:42 > web:41 now");
        assert_eq!(subject("P2 · prod/web · web-5xx — 3 × as many …"), "P2 | prod/web | web-5xx - 3 x as many .");
        assert_eq!(subject("Müller – naïve"), "M?ller - na?ve");
        let long = subject(&"ä".repeat(300));
        assert!(long.len() == LONGEST_SUBJECT && long.ends_with("..."), "{long}");
        assert_eq!(subject(&"x".repeat(100)).len(), 100);
    }

    #[test]
    fn an_sms_is_cut_where_a_character_ends() {
        let long = Notice { headline: "→".repeat(500), ..notice() };
        assert_eq!(sms(&long).chars().count(), LONGEST_SMS);
    }
}
