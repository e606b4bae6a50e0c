//! Stories: the handler over the simulated ledger.

mod again;
pub(crate) mod made;

use std::collections::BTreeSet;

use nightshift_core::fault::FaultKind;
use nightshift_core::incident::{Denied, Incident, ServiceRecord};
use nightshift_core::ledger::Claim;
use nightshift_core::notice::Notice;
use nightshift_core::policy::Policy;
use nightshift_core::ports::{LedgerReads, LedgerWrites as _};
use nightshift_core::refusal::Refusal;
use nightshift_core::tally::Tallied as _;
use nightshift_core::verdict::{By, PastRelease, Verdict};
use nightshift_sim::scenario::builtin;
use nightshift_sim::{Account, poll_once};
use serde_json::{Value, json};

use crate::plan::Plan;
use crate::plan::scorecard::Would;
use crate::{Handler, Report};
use made::{DAY, at, ended, observed_only, release, returned, service, silent, stack, taken};
use nightshift_incident::respond::Unfinished;
use nightshift_incident::stack::Stack;

fn account() -> Account {
    Account::new(builtin("bad-release").unwrap().unwrap())
}

fn handler(account: &Account) -> Handler<Account> {
    Handler::new(account.clone(), stack(), Policy::default())
}

fn handle(account: &Account, event: &Value) -> Result<Report, Unfinished> {
    poll_once(handler(account).handle(event)).unwrap()
}

fn due(report: &str, minute: i64) -> Value {
    json!({"report": report, "zone": "UTC", "at": at(minute)})
}

/// Writes what a function would have written.
fn write(
    account: &Account,
    name: &str,
    closed: Option<Incident>,
    releases: Vec<PastRelease>,
    change: impl FnOnce(&mut ServiceRecord),
) {
    let found = poll_once(LedgerReads::record(account, &service(name))).unwrap().unwrap();
    let (expected, mut record) = (found.version, found.value);
    change(&mut record);
    let at = closed.as_ref().and_then(|incident| incident.closed_at).unwrap_or(at(0));
    let claim = Claim { event: None, expected, record, fleet: None, releases, closed, at };
    poll_once(account.claim(&claim)).unwrap().unwrap();
}

/// The same of `prod/web`, with what its incident denies.
fn keep(account: &Account, closed: Option<Incident>, releases: Vec<PastRelease>) {
    let intents = closed.iter().flat_map(|incident| &incident.intents);
    let denied: Vec<Denied> = intents.filter_map(|intent| intent.deny.clone()).collect();
    write(account, "prod/web", closed, releases, |record| record.denied.extend(denied));
}

#[test]
fn a_week_on_record_is_told_once_and_a_redelivery_says_the_same() {
    let account = account();
    let mut healed = ended("prod/web", 2 * DAY, 2 * DAY + 4);
    taken(&mut healed, 2 * DAY);
    keep(&account, Some(healed), vec![release("prod/web", DAY), release("prod/web", 6 * DAY - 2)]);
    let event = due("weekly", 7 * DAY);
    let report = handle(&account, &event).unwrap();
    assert_eq!(report.published.as_deref(), Some("report-weekly-2026-11-23-123456789012-eu-west-1-nightshift#1"));
    let Plan::Scorecard(card) = &report.plan else { panic!("{report:?}") };
    assert_eq!((card.week.healed, card.dora.all.successful), (1, 2));
    assert_eq!(handle(&account, &event).unwrap(), report);
    let notices: [Notice; 2] = account.notices().try_into().unwrap();
    assert_eq!(notices[0], notices[1]);
}

#[test]
fn a_release_counts_where_it_ended() {
    let account = account();
    keep(&account, None, vec![release("prod/web", 7 * DAY - 1)]);
    let deployed = |minute: i64| match handle(&account, &due("weekly", minute)).unwrap().plan {
        Plan::Scorecard(card) => (card.dora.all.deployments, card.dora_before.all.deployments),
        plan @ Plan::Digest(_) => panic!("{plan:?}"),
    };
    assert_eq!([7 * DAY, 14 * DAY, 21 * DAY].map(deployed), [(0, 0), (1, 0), (0, 1)]);
}

#[test]
fn a_release_that_waited_two_weeks_at_a_hook_counts_where_it_ended() {
    let account = account();
    let mut waited = release("prod/web", 10);
    waited.release.ended_at = Some(at(14 * DAY + 20));
    keep(&account, None, vec![waited]);
    handle(&account, &due("daily", 14 * DAY + 390)).unwrap();
    let delivered = account.tally().take_delivered();
    assert_eq!(delivered.iter().map(|one| one.service.as_str()).collect::<Vec<_>>(), ["prod/web"]);
    let Plan::Scorecard(card) = handle(&account, &due("weekly", 14 * DAY + 420)).unwrap().plan else {
        panic!("no scorecard")
    };
    assert_eq!(card.dora.all.deployments, 1);
}

#[test]
fn reaching_back_costs_a_query_for_each_day_and_no_more() {
    let releases_asked = |report: &str| {
        let account = account();
        handle(&account, &due(report, 14 * DAY + 390)).unwrap();
        account.calls().iter().filter(|call| call.resource.starts_with("releases of ")).count()
    };
    assert_eq!(["daily", "weekly"].map(releases_asked), [17, 30]);
}

#[test]
fn a_release_under_two_days_is_taken_as_the_later_one_has_it() {
    let account = account();
    let asked = release("prod/web", DAY - 1);
    let mut incident = ended("prod/web", DAY + 10, DAY + 60);
    observed_only(&mut incident, &asked);
    // ECS began with it after midnight, and a person took it back.
    let mut began = asked.clone();
    began.release.began_at = at(DAY + 1);
    began.release.verdict = Verdict::RolledBack { by: By::Person };
    let mut before = asked;
    before.release.verdict = Verdict::InProgress;
    keep(&account, Some(incident), vec![before, began, returned("prod/web", DAY + 40)]);
    let Plan::Scorecard(card) = handle(&account, &due("weekly", 7 * DAY)).unwrap().plan else { panic!("no scorecard") };
    assert_eq!(card.would["prod/web"], Would { right: 1, wrong: 0, unknown: 0 });
    assert_eq!((card.dora.all.deployments, card.dora.all.failed), (1, 1));
}

#[test]
fn a_denial_is_found_through_an_incident_that_ended_long_before() {
    let account = account();
    let mut healed = ended("prod/web", 100, 104);
    taken(&mut healed, 100);
    keep(&account, Some(healed), Vec::new());
    let denials = |minute: i64| match handle(&account, &due("daily", minute)).unwrap().plan {
        Plan::Digest(digest) => digest.denials.len(),
        plan @ Plan::Scorecard(_) => panic!("{plan:?}"),
    };
    assert_eq!([5 * DAY, 7 * DAY, 8 * DAY].map(denials), [0, 1, 0]);
}

#[test]
fn a_quiet_day_publishes_nothing_and_measures_what_was_released() {
    let account = account();
    keep(&account, None, vec![release("prod/web", 600)]);
    let report = handle(&account, &due("daily", DAY)).unwrap();
    assert_eq!((report.published, account.notices()), (None, Vec::new()));
    let delivered = account.tally().take_delivered();
    assert_eq!(delivered.iter().map(|one| one.service.as_str()).collect::<Vec<_>>(), ["prod/web"]);
    handle(&account, &due("weekly", DAY)).unwrap();
    assert_eq!(account.tally().take_delivered(), [], "a week would count its days again");
}

#[test]
fn a_throttled_read_is_tried_again_and_a_denied_one_is_told() {
    let account = account();
    account.fault_on("dynamodb:Query", FaultKind::Transient, 1);
    let error = handle(&account, &due("weekly", DAY)).unwrap_err();
    assert!(matches!(error, Unfinished::Fault(_)), "{error}");
    assert_eq!(account.notices(), Vec::new());
    account.fault_on("dynamodb:Query", FaultKind::Denied, 99);
    handle(&account, &due("daily", DAY)).unwrap();
    let [notice] = account.notices().try_into().unwrap();
    let Notice { sections, .. } = notice;
    assert_eq!(sections.len(), 1);
    assert_eq!(sections[0].lines.len(), 1, "{sections:?}");
    assert!(sections[0].lines[0].starts_with("dynamodb:Query releases of "), "{sections:?}");
}

#[test]
fn what_could_not_be_published_is_made_again() {
    let account = account();
    poll_once(account.count_silent(&silent(Refusal::Unmapped, "batch-late", 10))).unwrap().unwrap();
    account.fault_on("sns:Publish", FaultKind::Denied, 1);
    assert!(handle(&account, &due("daily", DAY)).is_err());
    assert!(handle(&account, &due("daily", DAY)).is_ok());
    assert_eq!(account.notices().len(), 1);
}

#[test]
fn a_malformed_event_is_counted_and_names_its_field() {
    let account = account();
    let error = handle(&account, &json!({"report": "daily", "zone": "", "at": at(0)})).unwrap_err();
    let Unfinished::Door(door) = error else { panic!("{error}") };
    assert!(door.to_string().starts_with("zone: "), "{door}");
    let counted: Vec<String> = account.tally().take().times.keys().map(ToString::to_string).collect();
    assert_eq!(counted, ["Event.Malformed"]);
}

#[test]
fn reports_of_two_stacks_never_have_one_key() {
    let account = account();
    let key = |change: fn(&mut Stack)| {
        let mut stack = stack();
        change(&mut stack);
        let handler = Handler::new(account.clone(), stack, Policy::default());
        let report = poll_once(handler.handle(&due("weekly", 7 * DAY))).unwrap().unwrap();
        report.published.unwrap()
    };
    let changes: [fn(&mut Stack); 4] = [
        |_| {},
        |stack| stack.home.region = "eu-central-1".into(),
        |stack| stack.home.account = "210987654321".into(),
        |stack| stack.name = "nightshift-staging".into(),
    ];
    let keys: BTreeSet<String> = changes.into_iter().map(key).collect();
    assert_eq!(keys.len(), 4, "{keys:?}");
    // The longest that AWS knows.
    let longest = |stack: &mut Stack| {
        stack.home.region = "ap-southeast-1".into();
        stack.name = "n".repeat(128);
    };
    assert!(key(longest).len() <= 200);
}

#[test]
fn a_report_is_about_no_service_that_could_be_called_so() {
    let account = account();
    handle(&account, &due("weekly", DAY)).unwrap();
    let notice = account.notices().remove(0);
    assert_eq!((notice.service.to_string().as_str(), notice.pager), ("*/*", None));
}
