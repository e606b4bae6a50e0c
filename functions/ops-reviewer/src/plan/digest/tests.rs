use nightshift_core::fault::{Fault, FaultKind, Sight};
use nightshift_core::incident::{Denied, Phase};

use super::*;
use crate::event::Kind;
use crate::history::History;
use crate::plan::{Plan, plan};
use crate::tests::made::{DAY, at, ended, observed, service, silent, taken};
use crate::wording::notice;

/// Half past seven in Berlin on the first Friday.
const FRIDAY: i64 = 4 * DAY + 390;

/// What the digest tells people, as text.
#[track_caller]
fn told(observed: &Observed) -> String {
    let plan = plan(observed, &Policy::default());
    nightshift_core::notice::plain::plain(&notice(observed, &plan).unwrap())
}

fn night() -> Observed {
    let mut history = History::default();
    let of = |refusal: Refusal, name: &str, back: i64| silent(refusal, name, FRIDAY - back);
    history.silent = vec![
        of(Refusal::Unmapped, "batch-late", 60),
        of(Refusal::Unmapped, "batch-late", 120),
        of(Refusal::Unmapped, "queue-depth", 180),
        of(Refusal::AlarmAlreadyClear, "prod-web-p95", 30),
        of(Refusal::AlarmAlreadyClear, "prod-api-p95", 31),
        of(Refusal::AlarmStale { at: at(FRIDAY - 100) }, "prod-web-5xx", 80),
        of(Refusal::AlarmStale { at: at(FRIDAY - 50) }, "prod-web-5xx", 20),
        of(Refusal::ActionsSuppressed { by: "deploying".into() }, "prod-web-all", 300),
        of(Refusal::NoNews, "prod-web-5xx", 10),
        of(Refusal::TargetTracking, "TargetTracking-web", 10),
        of(Refusal::Unmapped, "batch-late", 2 * DAY),
    ];
    let mut left = ended("prod/old", FRIDAY - 2 * DAY, FRIDAY - 100);
    (left.chronic, left.phase) = (true, Phase::Firing);
    history.incidents = vec![(service("prod/old"), left)];
    let mut observed = observed(Kind::Daily, FRIDAY, history);
    let mut quiet = ended("prod/quiet", FRIDAY - 3 * DAY, FRIDAY - DAY - 1);
    quiet.phase = Phase::Escalated;
    let fresh = ended("prod/fresh", FRIDAY - 3 * DAY, FRIDAY - DAY);
    observed.open = Sight::Seen(vec![(service("prod/quiet"), quiet), (service("prod/fresh"), fresh)]);
    observed
}

/// The denials of an incident that rolled back at that minute.
fn denied(minute: i64) -> Vec<Denied> {
    let mut incident = ended("prod/web", minute, minute + 5);
    taken(&mut incident, minute);
    incident.intents.into_iter().filter_map(|intent| intent.deny).collect()
}

#[test]
fn a_digest_reads_like_a_letter() {
    let mut observed = night();
    observed.denied.insert(service("prod/web"), denied(FRIDAY - 7 * DAY + 60));
    insta::assert_snapshot!(told(&observed));
}

#[test]
fn a_quiet_day_is_told_to_nobody() {
    let mut history = History::default();
    history.silent.push(silent(Refusal::NoNews, "prod-web-5xx", FRIDAY - 10));
    let observed = observed(Kind::Daily, FRIDAY, history);
    let plan = plan(&observed, &Policy::default());
    assert_eq!((&plan, notice(&observed, &plan)), (&Plan::Digest(Digest::default()), None));
}

#[test]
fn what_people_were_told_at_once_is_not_called_silent() {
    let mut history = History::default();
    let paged = |name: &str| Silent { told: true, ..silent(Refusal::Unmapped, name, FRIDAY - 10) };
    history.silent = vec![paged("nightly-report"), paged("ledger-db-cpu")];
    let mut observed = observed(Kind::Daily, FRIDAY, history);
    assert_eq!(digest(&observed, &Policy::default()), Digest::default());
    observed.history.silent.push(silent(Refusal::Unmapped, "ledger-db-cpu", FRIDAY - 9));
    let text = told(&observed);
    assert!(text.contains("1 event recorded without a message") && text.contains("ledger-db-cpu 1×"), "{text}");
    assert!(!text.contains("nightly-report"), "{text}");
}

#[test]
fn what_no_alarm_told_is_listed_by_its_service_or_as_nameless() {
    let of = |refusal: Refusal, name: Option<&str>, back: i64| Silent {
        alarm: None,
        service: name.map(service),
        ..silent(refusal, "deployment", FRIDAY - back)
    };
    let left = Refusal::LeftToCircuitBreaker;
    let silent = vec![
        of(left.clone(), Some("prod/web"), 10),
        of(left.clone(), Some("prod/web"), 11),
        of(left, Some("prod/api"), 12),
        of(Refusal::Unmapped, None, 13),
        of(Refusal::Unmapped, None, 14),
        of(Refusal::ReleaseNotToBlame, None, 15),
    ];
    let observed = observed(Kind::Daily, FRIDAY, History { silent, ..History::default() });
    insta::assert_snapshot!(told(&observed));
}

#[test]
fn a_day_of_nameless_events_alone_is_not_quiet() {
    let nameless = Silent { alarm: None, ..silent(Refusal::Unmapped, "deployment", FRIDAY - 10) };
    let history = History { silent: vec![nameless], ..History::default() };
    let text = told(&observed(Kind::Daily, FRIDAY, history));
    assert!(text.starts_with("Nightshift, Fri 20 Nov: 1 event recorded without a message\n"), "{text}");
}

#[test]
fn a_denial_is_told_on_its_last_day_and_on_no_other() {
    let soon = |minute: i64| {
        let mut observed = observed(Kind::Daily, FRIDAY, History::default());
        observed.denied.insert(service("prod/web"), denied(minute));
        digest(&observed, &Policy::default()).denials.len()
    };
    let week_ago = FRIDAY - 7 * DAY;
    assert_eq!([week_ago, week_ago + 1, week_ago + DAY, week_ago + DAY + 1].map(soon), [0, 1, 1, 0]);
}

#[test]
fn what_could_not_be_read_is_said_even_on_a_quiet_day() {
    let mut observed = observed(Kind::Daily, FRIDAY, History::default());
    let fault = Fault::new("dynamodb:Query", "silent#2026-11-20", FaultKind::Denied, "not authorized");
    observed.history.unseen.push(fault);
    insta::assert_snapshot!(told(&observed), @r"
    Nightshift, Fri 20 Nov: not all could be read

    Could not be read, and is missing above
      dynamodb:Query silent#2026-11-20 denied: not authorized

    All services of account 123456789012 in eu-west-1. Report report-daily-2026-11-20-123456789012-eu-west-1-nightshift.
    ");
}

#[test]
fn an_endless_list_says_what_it_leaves_out() {
    let history = History {
        silent: (0..99).map(|n| silent(Refusal::Unmapped, &format!("alarm-{n:02}"), FRIDAY - 10)).collect(),
        ..History::default()
    };
    let text = told(&observed(Kind::Daily, FRIDAY, history));
    assert!(text.contains("99 events recorded") && text.contains("… and 80 more"), "{text}");
    assert!(text.contains("Name the service: ") && text.lines().count() < 30, "{text}");
}
