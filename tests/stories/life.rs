//! Incidents that last: alarms that flap, that get worse, that never end.

use nightshift_core::incident::Phase;
use nightshift_core::mode::Severity;
use nightshift_core::notice::Pager;
use nightshift_core::policy::Policy;
use nightshift_sim::scenario::{Moment, Outage, Scenario, Watched};
use nightshift_sim::{Account, Story};

use super::refusals::refuses;
use super::{changes, incident, run_under, scenario};

/// Failures of something that checkout calls, minutes after the event.
fn failing(from: i64, until: Option<i64>) -> Outage {
    Outage {
        name: format!("database-{from}"),
        at: Moment::minutes(from),
        until: until.map(Moment::minutes),
        services: vec!["checkout".into()],
        errors_percent: 30.0,
        latency_factor: 1.0,
        grows_over: nightshift_core::span::Span::seconds(0),
        every: None,
    }
}

/// A service that has run the same release for days, and what it calls fails
/// in each of these windows of minutes.
fn unwell(windows: &[(i64, Option<i64>)]) -> Scenario {
    let mut scenario = scenario("bad-release");
    scenario.services[0].releases.truncate(1);
    scenario.alarms[0].evaluation_periods = 1;
    scenario.outages = windows.iter().map(|(from, until)| failing(*from, *until)).collect();
    scenario
}

fn lines(story: &Story, word: &str) -> Vec<String> {
    story.timeline().into_iter().map(|entry| entry.says).filter(|says| says.contains(word)).collect()
}

/// What a dependency does is nothing that new tasks or older ones would cure.
#[test]
fn a_trouble_without_a_remedy_is_a_persons() {
    refuses(unwell(&[(0, Some(10))]), &Policy::default(), "NoRemedyForCause");
}

#[test]
fn an_alarm_that_flaps_is_said_to_once_and_held_down_for_longer() {
    let windows: Vec<(i64, Option<i64>)> = (0..5).map(|flip| (flip * 3, Some(flip * 3 + 2))).collect();
    let story = Story::new(unwell(&windows));
    run_under(&story, &Policy::default(), 15 + 14 + 25);
    assert_eq!(lines(&story, "flapping"), ["flapping: 3 times in 30m"]);
    let service = story.service_ref("checkout").unwrap();
    assert!(Account::record(&story, &service).incident.is_some(), "it has been quiet for twenty-five minutes only");
    run_under(&story, &Policy::default(), 40);
    assert_eq!(story.closed_incidents().len(), 1, "five flips are one incident");
    assert_eq!(incident(&story).phase, Phase::Resolved);
    assert_eq!(incident(&story).alarms.values().next().unwrap().times, 5);
    assert_eq!(incident(&story).pages, 1);
}

#[test]
fn flips_with_an_end_in_between_are_flapping_as_well() {
    let story = Story::new(unwell(&[(0, Some(2)), (10, Some(12)), (20, Some(22))]));
    run_under(&story, &Policy::default(), 15 + 22 + 20);
    assert_eq!(story.closed_incidents().len(), 2, "{:?}", story.closed_incidents());
    assert_eq!(lines(&story, "flapping"), ["needs you (NoRemedyForCause); flapping: 3 times in 30m"]);
    let told = story.notices().pop().unwrap();
    assert!(told.why.contains(&"flapping: 3 times in 30m".to_owned()), "{:?}", told.why);
    let service = story.service_ref("checkout").unwrap();
    assert!(Account::record(&story, &service).incident.is_some(), "the third is held down for longer");
}

/// Three alarms see the same trouble at once; nothing flaps.
#[test]
fn several_alarms_of_one_trouble_are_not_flapping() {
    let mut seen = scenario("bad-release");
    for more in ["too", "as-well"] {
        let mut alarm = seen.alarms[0].clone();
        alarm.name = format!("prod-checkout-5xx-{more}");
        seen.alarms.push(alarm);
    }
    let story = Story::new(seen);
    run_under(&story, &Policy::default(), 15 + 10);
    assert_eq!(lines(&story, "flapping"), Vec::<String>::new());
    assert_eq!((incident(&story).phase, incident(&story).alarms.len()), (Phase::Resolved, 3));
    assert_eq!(changes(&story), ["task definition checkout:42"]);
}

/// A service whose alarm stays up for a day and more, and another that comes
/// after so many hours.
pub fn chronic(hours: i64) -> Story {
    let mut endless = unwell(&[(0, None)]);
    let mut slow = endless.alarms[0].clone();
    slow.name = "prod-checkout-slow".into();
    (slow.metric, slow.threshold) = (Some(Watched::Latency), 1.0);
    endless.alarms.push(slow);
    let slower = Outage { latency_factor: 40.0, ..failing(hours * 60, None) };
    endless.outages.push(slower);
    Story::new(endless)
}

#[test]
fn an_incident_that_was_silent_for_a_day_absorbs_no_more() {
    let story = chronic(25);
    run_under(&story, &Policy::default(), 26 * 60);
    let closed = story.closed_incidents();
    assert_eq!(closed.len(), 1);
    assert!(closed[0].chronic && closed[0].alarms.len() == 1, "{:?}", closed[0]);
    let open = incident(&story);
    assert!(open.id != closed[0].id && !open.chronic, "{open:?}");
    assert_eq!(open.alarms.values().map(|alarm| alarm.name.as_str()).collect::<Vec<_>>(), ["prod-checkout-slow"]);
    assert_eq!(open.pages, 1, "a new incident pages anew");
}

#[test]
fn an_incident_of_less_than_a_day_takes_the_next_alarm_in() {
    let story = chronic(23);
    run_under(&story, &Policy::default(), 24 * 60);
    assert_eq!(story.closed_incidents().len(), 0);
    assert_eq!(incident(&story).alarms.len(), 2);
}

/// No event says that an alarm was deleted: somebody has to look, if only once a day.
#[test]
fn an_incident_whose_checks_are_spent_is_still_looked_at_once_a_day() {
    let story = Story::new(unwell(&[(0, None)]));
    let few = Policy::parse("[verify]\nmost_checks = 3\n").unwrap();
    run_under(&story, &few, 120);
    let open = incident(&story);
    assert!(open.phase == Phase::Escalated && open.checks >= 3, "{open:?}");
    let next = open.timer.unwrap().at.duration_since(story.now());
    assert!(next.as_hours() >= 20, "{next}");
    story.person_deletes_alarm(open.alarms.keys().next().unwrap());
    run_under(&story, &few, 25 * 60);
    assert_eq!(incident(&story).phase, Phase::Resolved);
}

/// The newest notice is all that stands in a channel, or rings at a pager.
#[test]
fn what_was_done_stands_in_every_notice_that_follows() {
    let mut both = scenario("bad-release");
    both.service_mut("checkout").unwrap().tags.insert("tier".into(), "1".into());
    let mut slow = both.alarms[0].clone();
    (slow.name, slow.evaluation_periods) = ("prod-checkout-late".into(), slow.evaluation_periods + 1);
    both.alarms.push(slow);
    let story = Story::new(both);
    run_under(&story, &Policy::default(), 55);
    let joined = story.notices().into_iter().find(|notice| notice.timeline == "prod-checkout-late joined").unwrap();
    assert!(joined.done[0].starts_with("Did: rolled back checkout:43 → checkout:42"), "{:?}", joined.done);
    assert!(joined.drift.is_some_and(|drift| drift.contains("Set the task definition back to")));
}

/// Load is felt by the tasks first, then by users.
#[test]
fn a_severity_that_rises_while_a_remedy_is_checked_pages_once() {
    let mut rising = scenario("load-spike");
    rising.service_mut("checkout").unwrap().tags.insert("tier".into(), "1".into());
    let mut busy = rising.alarms[0].clone();
    busy.name = "prod-checkout-cpu".into();
    (busy.metric, busy.threshold, busy.evaluation_periods) = (Some(Watched::Cpu), 80.0, 2);
    rising.alarms.push(busy);
    let story = Story::new(rising);
    run_under(&story, &Policy::default(), 15);
    assert_eq!((incident(&story).severity, incident(&story).pages), (Severity::P2, 0));
    run_under(&story, &Policy::default(), 6);
    assert_eq!((incident(&story).severity, incident(&story).pages), (Severity::P1, 1));
    assert_eq!(lines(&story, "severity rose"), ["severity rose from P2 to P1"]);
    let paged = story.notices().into_iter().find(|notice| notice.headline.contains("severity rose")).unwrap();
    assert_eq!(paged.pager, Some(Pager::Trigger { key: incident(&story).page_key(1) }));
    assert_eq!(changes(&story).len(), 1, "nothing is decided anew");
    run_under(&story, &Policy::default(), 130);
    let last = story.notices().pop().unwrap();
    assert_eq!(last.pager, Some(Pager::Resolve { keys: vec![incident(&story).page_key(1)] }));
}
