use nightshift_core::fault::Sight;
use nightshift_core::policy::Policy;
use nightshift_core::refusal::Refusal;
use nightshift_core::verdict::{By, PastRelease, Verdict};

use super::*;
use crate::event::Kind;
use crate::plan::plan;
use crate::tests::made::{DAY, ended, observed, observed_only, release, returned, service, silent, taken};
use crate::wording::notice;

/// Eight o'clock in Berlin on the second Monday.
const MONDAY: i64 = 7 * DAY + 420;

/// What the scorecard tells people, as text.
#[track_caller]
fn told(observed: &Observed) -> String {
    let plan = plan(observed, &Policy::default());
    nightshift_core::notice::plain::plain(&notice(observed, &plan).unwrap())
}

fn rolled_back(mut past: PastRelease, by: By) -> PastRelease {
    past.release.verdict = Verdict::RolledBack { by };
    past
}

/// Two weeks: `prod/web` heals itself, `prod/search` is only observed.
fn weeks() -> Observed {
    let mut history = History::default();
    let (web, search) = ("prod/web", "prod/search");
    for day in -7..7 {
        history.releases.push(release(web, day * DAY + 600));
        if day % 3 == 0 {
            history.releases.push(release(search, day * DAY + 700));
        }
    }
    let bad = rolled_back(release(web, 2 * DAY + 900), By::Person);
    let mut healed = ended(web, 2 * DAY + 910, 2 * DAY + 914);
    taken(&mut healed, 2 * DAY + 911);
    let mut not_helped = ended(web, 3 * DAY + 10, 3 * DAY + 100);
    taken(&mut not_helped, 3 * DAY + 10);
    (not_helped.escalated_at, not_helped.pages) = (not_helped.closed_at, 1);
    history.incidents = vec![(service(web), healed), (service(web), not_helped)];
    history.releases.push(bad);
    for (minute, returns) in [(4 * DAY, true), (5 * DAY, true), (6 * DAY, false)] {
        let suspect = release(search, minute);
        let mut incident = ended(search, minute + 5, minute + 50);
        observed_only(&mut incident, &suspect);
        history.incidents.push((service(search), incident));
        if returns {
            history.releases.extend([rolled_back(suspect, By::Person), returned(search, minute + 45)]);
        } else {
            history.releases.push(rolled_back(suspect, By::CircuitBreaker));
        }
    }
    let before = ended(web, -3 * DAY, -3 * DAY + 20);
    history.incidents.push((service(web), before));
    history.silent = vec![silent(Refusal::Unmapped, "batch-late", DAY), silent(Refusal::NoNews, "prod-web-5xx", DAY)];
    let mut observed = observed(Kind::Weekly, MONDAY, history);
    let mut open = ended("prod/api", MONDAY - 30, MONDAY - 20);
    open.closed_at = None;
    observed.open = Sight::Seen(vec![(service("prod/api"), open)]);
    observed
}

#[test]
fn a_scorecard_reads_like_a_letter() {
    insta::assert_snapshot!(told(&weeks()));
}

#[test]
fn a_scorecard_is_counted_by_the_end_of_things() {
    let card = scorecard(&weeks());
    assert_eq!(card.week, Score { incidents: 5, healed: 1, pages: 1, wrong: 1 });
    assert_eq!(card.before, Score { incidents: 1, ..Score::default() });
    assert_eq!(card.would["prod/search"], Would { right: 2, wrong: 0, unknown: 1 });
    assert_eq!((card.open, card.silent), (1, 1));
    // Seven of the web and its bad one; three, and three bad ones, of the search.
    assert_eq!((card.dora.all.deployments, card.dora.all.failed), (14, 4));
    assert_eq!(card.dora_before.all.failed, 0);
    assert_eq!(card.trend.all.len(), 14);
}

#[test]
fn an_empty_week_is_one_line() {
    let observed = observed(Kind::Weekly, MONDAY, History::default());
    insta::assert_snapshot!(told(&observed), @r"
    Nightshift, week to Mon 23 Nov: nothing went wrong and nothing was released

    All services of account 123456789012 in eu-west-1. Report report-weekly-2026-11-23-123456789012-eu-west-1-nightshift.
    ");
}

#[test]
fn a_table_of_many_services_keeps_its_sum() {
    let history = History {
        releases: (10..60).map(|number| release(&format!("prod/api-{number}"), 600)).collect(),
        ..History::default()
    };
    let text = told(&observed(Kind::Weekly, MONDAY, history));
    let rows: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("  service")).collect();
    assert!(rows[17].starts_with("  prod/api-26 ") && rows[18].starts_with("  33 more"), "{text}");
    assert!(rows[19].starts_with("  all          50 (0)") && rows[20].is_empty(), "{text}");
}

#[test]
fn a_week_of_releases_alone_has_no_part_about_incidents() {
    let history = History { releases: vec![release("prod/web", 600), release("prod/web", 3000)], ..History::default() };
    let text = told(&observed(Kind::Weekly, MONDAY, history));
    assert!(text.starts_with("Nightshift, week to Mon 23 Nov: 2 releases\n"), "{text}");
    assert!(!text.contains("Incidents") && !text.contains("recovered in") && !text.contains("lead time"), "{text}");
}
