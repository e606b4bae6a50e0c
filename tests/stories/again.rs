//! What could not be decided when an alarm rang is decided when more shows; and load that
//! grows gets tasks once more.

use nightshift::explain::explain;
use nightshift_core::fault::FaultKind;
use nightshift_core::incident::Phase;
use nightshift_core::mode::Severity;
use nightshift_core::notice::{NoticeKind, Pager};
use nightshift_core::policy::Policy;
use nightshift_core::remedy::RemedyKind;
use nightshift_core::span::Span;
use nightshift_sim::Story;
use nightshift_sim::scenario::{Moment, Scenario};

use super::{bad_release, changes, incident, run, run_under, scenario};

/// The bad release, which an answer cannot see at first.
pub(super) fn unseen_at_first(scenario: Scenario) -> Story {
    let story = Story::new(scenario);
    story.fault_on("ecs:ListServiceDeployments", FaultKind::Transient, 1);
    story
}

fn told(story: &Story) -> Vec<String> {
    story.notices().into_iter().map(|notice| notice.timeline).collect()
}

#[test]
fn what_aws_did_not_answer_is_looked_at_again_and_rolled_back() {
    let story = unseen_at_first(scenario("bad-release"));
    run(&story);
    assert_eq!(changes(&story), ["task definition checkout:42"]);
    let told = told(&story);
    assert!(told[0].contains("NotObserved"), "{told:?}");
    assert_eq!(told[1], "looked again: rolling back checkout:43 → checkout:42", "{told:?}");
    let end = incident(&story);
    assert_eq!((end.phase, end.pages, end.refusal), (Phase::Resolved, 1, None), "who was woken reads that it is over");
    assert_eq!(story.plain_pages().len(), 1);
}

/// How bad it is depends on who it is, and that AWS did not say either.
#[test]
fn who_was_not_seen_when_it_opened_is_rated_by_the_first_check_that_sees_it() {
    let first = bad_release(|service| drop(service.tags.insert("tier".into(), "1".into())));
    let story = Story::new(first);
    story.fault_on("ecs:DescribeServices", FaultKind::Transient, 1);
    run(&story);
    let told = told(&story);
    assert_eq!(told[1], "severity rose from P2 to P1", "{told:?}");
    assert_eq!(told[2], "looked again: rolling back checkout:43 → checkout:42", "{told:?}");
    let rose = &story.notices()[1];
    assert!(matches!(rose.pager, Some(Pager::Trigger { .. })), "{rose:?}");
    let end = incident(&story);
    assert_eq!((end.phase, end.severity, end.rated), (Phase::Resolved, Severity::P1, true));
}

#[test]
fn a_second_look_is_explained_by_what_it_weighed() {
    let story = unseen_at_first(scenario("bad-release"));
    run(&story);
    let cases = story.cases();
    let look = cases.iter().map(|(_, _, case)| case).find(|case| case.function == "remedy-verifier").unwrap();
    let explained = explain(&serde_json::to_string(look).unwrap()).unwrap();
    assert!(
        explained.says.starts_with("what was undecided was looked at again of prod/checkout"),
        "{}",
        explained.says
    );
    assert_eq!(explained.decided.decision, "remedy");
    assert!(explained.diagnosis.is_some_and(|weighed| weighed.gate_open));
    let turned: Vec<&str> = explained.changes.iter().map(|change| change.without.as_str()).collect();
    assert!(turned.contains(&"onset-as-tasks-came") && turned.contains(&"ecs:ListServiceDeployments"), "{turned:?}");
}

#[test]
fn a_service_that_is_only_observed_hears_what_would_have_been_done_after_all() {
    let observed = bad_release(|service| drop(service.tags.insert("nightshift".into(), "observe".into())));
    let story = unseen_at_first(observed);
    run(&story);
    assert_eq!(changes(&story), Vec::<String>::new());
    let told = told(&story);
    assert_eq!(told[1], "looked again: observing, would roll back checkout:43 → checkout:42 (NotOptedIn)", "{told:?}");
}

/// Whoever is to approve a remedy has to hear of it, and not by an edit alone.
#[test]
fn a_second_look_that_needs_an_approval_is_a_message_of_its_own() {
    let approved = bad_release(|service| drop(service.tags.insert("nightshift".into(), "approve".into())));
    let story = unseen_at_first(approved);
    run_under(&story, &Policy::default(), 20);
    let asks = story.notices().remove(1);
    assert!(asks.timeline.starts_with("looked again: needs you to roll back"), "{}", asks.timeline);
    assert_eq!(asks.kind, NoticeKind::Escalated);
}

/// The fix, or more of the same? When the alarm rings nobody can know.
#[test]
fn of_two_releases_in_a_row_the_second_is_blamed_once_the_symptom_ran_on_under_it() {
    let mut both = scenario("bad-release");
    let service = both.service_mut("checkout").unwrap();
    let mut second = service.releases[1].clone();
    (second.revision, second.at) = (44, Moment::minutes(-1));
    service.releases.push(second);
    let story = Story::new(both);
    run(&story);
    let told = told(&story);
    assert!(told.iter().any(|line| line.starts_with("looked again: ") && line.contains("44")), "{told:?}");
    assert_eq!(changes(&story).len(), 1, "{:?}", changes(&story));
}

/// Three times the usual load that grows to nearly six times as much.
pub(super) fn growing() -> Scenario {
    let mut growing = scenario("load-spike");
    let service = growing.service_mut("checkout").unwrap();
    service.scaling.as_mut().unwrap().max = 40;
    let mut more = service.loads[0];
    (more.at, more.factor, more.grows_over) = (Moment::minutes(3), 1.9, Span::minutes(4));
    service.loads.push(more);
    growing
}

#[test]
fn load_that_outgrows_what_was_added_gets_more_once_and_all_is_taken_back() {
    let story = Story::new(growing());
    run_under(&story, &Policy::default(), 150);
    let changes = changes(&story);
    assert_eq!(changes.len(), 3, "{changes:?}");
    let end = incident(&story);
    let added: Vec<String> = end
        .intents
        .iter()
        .filter(|intent| intent.remedy.kind() == RemedyKind::ScaleOut)
        .map(|intent| intent.remedy.to_string())
        .collect();
    assert_eq!(added.len(), 2, "{added:?}");
    assert_eq!((end.phase, end.raised), (Phase::Resolved, None), "{:?}", told(&story));
    assert_eq!(story.final_state()["services"]["prod/checkout"]["minimum"], 4);
}

#[test]
fn as_many_tasks_are_added_as_the_load_needs_and_people_allow() {
    let added = |max: u32, policy: &str| {
        let mut spike = scenario("load-spike");
        spike.service_mut("checkout").unwrap().scaling.as_mut().unwrap().max = max;
        let story = Story::new(spike);
        run_under(&story, &Policy::parse(policy).unwrap(), 25);
        changes(&story)
    };
    // By day 55 % of CPU, at that hour 0.7 of it, three times: 116 %, and 60 % is aimed at.
    assert_eq!(added(40, ""), ["minimum 8"]);
    assert_eq!(added(7, ""), ["minimum 7"]);
    assert_eq!(added(40, "[scaling]\nmost_percent = 150\n"), ["minimum 6"]);
    assert_eq!(added(40, "[scaling]\nstep_percent = 300\n"), ["minimum 12"]);
}
