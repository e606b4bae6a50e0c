//! Many services at once: one incident tells of all.

use jiff::SignedDuration;
use nightshift::night::Night;
use nightshift_core::fleet;
use nightshift_core::incident::{Incident, Phase};
use nightshift_core::mode::Severity;
use nightshift_core::notice::{Notice, NoticeKind, Pager};
use nightshift_core::policy::Policy;
use nightshift_sim::scenario::{Moment, Outage, Scenario};
use nightshift_sim::{Account, Delivery, Story};

use super::{run_under, scenario};

/// Six services on one database, the sixth with tier 1, under an alarm each; a second
/// trouble keeps the fifth ill for an hour after.
fn on_one_database(left_behind: bool) -> Scenario {
    let mut scenario = scenario("dependency-outage");
    for name in ["carts", "stock", "login"] {
        let mut service = scenario.service_mut("search").unwrap().clone();
        service.name = name.into();
        let mut alarm = scenario.alarms.iter().find(|alarm| alarm.name == "prod-search-5xx").unwrap().clone();
        alarm.name = format!("prod-{name}-5xx");
        alarm.service = Some(name.into());
        alarm.tags.insert("service".into(), name.into());
        scenario.services.push(service);
        scenario.alarms.push(alarm);
        scenario.outages[0].services.push(name.into());
    }
    scenario.service_mut("login").unwrap().tags.insert("tier".into(), "1".into());
    if left_behind {
        let alone =
            Outage { services: vec!["stock".into()], until: Some(Moment::minutes(150)), ..scenario.outages[0].clone() };
        scenario.outages.push(Outage { name: "stock-db".into(), ..alone });
    }
    scenario
}

fn of_the_fleet(account: &Account) -> Vec<Notice> {
    account.notices().into_iter().filter(|notice| fleet::is_no_service(&notice.service)).collect()
}

fn of(account: &Account, name: &str) -> Vec<NoticeKind> {
    account.notices().iter().filter(|notice| notice.service.service == name).map(|notice| notice.kind).collect()
}

fn ended(account: &Account, name: &str) -> Incident {
    let service = account.service_ref(name).unwrap();
    let all = account.ended_incidents();
    all.into_iter().find(|(of, _)| *of == service).map(|(_, incident)| incident).unwrap()
}

#[test]
fn one_incident_tells_of_all_and_only_p1_pages_beside_it() {
    let story = Story::new(on_one_database(false));
    run_under(&story, &Policy::default(), 120);
    let told = of_the_fleet(&story);
    let kinds: Vec<NoticeKind> = told.iter().map(|notice| notice.kind).collect();
    assert_eq!(kinds.first(), Some(&NoticeKind::Opened));
    assert_eq!(kinds.last(), Some(&NoticeKind::Resolved));
    assert!(matches!(told[0].pager, Some(Pager::Trigger { .. })), "somebody is woken once");
    assert!(matches!(told.last().unwrap().pager, Some(Pager::Resolve { .. })), "and let sleep again");
    assert_eq!(told[0].severity, Severity::P1);
    assert!(
        told[0].links.iter().all(|link| !link.url.contains("fleet")),
        "there is no page of it: {:?}",
        told[0].links
    );
    insta::assert_snapshot!(nightshift_core::notice::plain::plain(&told[0]));
    // The first two came before anybody could know; login pages by itself.
    let silent: Vec<&str> = ["checkout", "search", "payments", "carts", "stock"]
        .into_iter()
        .filter(|name| of(&story, name).is_empty())
        .collect();
    assert_eq!(silent.len(), 3, "{silent:?}");
    assert_eq!(of(&story, "login").first(), Some(&NoticeKind::Opened));
    for name in silent {
        let incident = ended(&story, name);
        assert_eq!((incident.phase, incident.pages), (Phase::Resolved, 0), "{name}");
        assert_eq!(incident.untold, incident.sequence, "{name}");
    }
    assert!(story.production_writes().is_empty());
    let standing = nightshift_sim::poll_once(nightshift_core::ports::LedgerReads::fleet(&story.account()));
    assert_eq!(standing.unwrap().unwrap().value.incident, None);
}

#[test]
fn that_nobody_is_ill_any_more_is_told_once() {
    let mut short = on_one_database(false);
    short.outages[0].until = Some(Moment::minutes(1));
    let story = Story::new(short);
    let policy = "[verify]\nhold_down = \"30s\"\n[guardrails]\nfleet_window = \"15m\"\n";
    run_under(&story, &Policy::parse(policy).unwrap(), 60);
    let told: Vec<String> = of_the_fleet(&story).into_iter().map(|notice| notice.timeline).collect();
    let well = told.iter().filter(|line| line.starts_with("no service is ill now"));
    assert_eq!(well.count(), 1, "{told:#?}");
    assert!(told.last().unwrap().contains("over"), "{told:#?}");
}

#[test]
fn who_stays_ill_when_the_others_are_well_tells_of_itself() {
    let story = Story::new(on_one_database(true));
    run_under(&story, &Policy::default(), 240);
    let over = of_the_fleet(&story).pop().unwrap();
    assert_eq!(over.kind, NoticeKind::Resolved);
    assert!(over.done.iter().any(|line| line.contains("prod/stock")), "{:?}", over.done);
    assert_eq!(of(&story, "stock"), [NoticeKind::Escalated, NoticeKind::Resolved]);
    let told: Vec<Notice> = story.notices().into_iter().filter(|notice| notice.service.service == "stock").collect();
    assert!(told[0].at >= over.at && matches!(told[0].pager, Some(Pager::Trigger { .. })));
    assert_eq!(told[0].untold + 1, told[0].sequence, "what the fleet's incident told is not missing");
}

#[test]
fn services_that_are_only_observed_wake_nobody_until_one_that_may_is_ill() {
    let mut scenario = on_one_database(false);
    for service in &mut scenario.services {
        service.tags.remove("nightshift");
    }
    let story = Story::new(scenario.clone());
    run_under(&story, &Policy::default(), 120);
    assert!(story.notices().iter().all(|notice| notice.pager.is_none()));
    assert_eq!(of_the_fleet(&story).first().map(|notice| notice.kind), Some(NoticeKind::Opened));

    let last = scenario.services.len() - 2;
    scenario.services[last].tags.insert("nightshift".into(), "act".into());
    let late = scenario.services[last].name.clone();
    scenario.alarms.iter_mut().find(|alarm| alarm.service.as_deref() == Some(&late)).unwrap().evaluation_periods = 4;
    let story = Story::new(scenario);
    run_under(&story, &Policy::default(), 120);
    let pages = story.notices().into_iter().filter(|notice| matches!(notice.pager, Some(Pager::Trigger { .. })));
    assert_eq!(pages.map(|notice| notice.service.cluster).collect::<Vec<_>>(), ["*"], "once, by the fleet's");
}

/// Lambda has tried as often as it tries.
const LAST_ATTEMPT: usize = 2;

/// The night of six, in which whatever dies at call `k` is not delivered again.
fn dead_for_good(scenario: &Scenario, stop: impl FnOnce(&Story)) -> Story {
    let story = Story::new(scenario.clone());
    stop(&story);
    let mut night = Night::new(story.account(), &Policy::default());
    let end = story.now() + SignedDuration::from_mins(120);
    while story.now() < end {
        for delivery in story.advance_until_due(end) {
            night.deliver(delivery, LAST_ATTEMPT);
        }
    }
    story
}

#[test]
fn the_incident_of_many_is_told_though_whoever_opened_it_died_with_every_retry() {
    let scenario = on_one_database(false);
    let calm = dead_for_good(&scenario, |_| {});
    let calls = calm.calls();
    let third = calls.iter().position(|call| call.resource.contains("payments")).unwrap();
    let check =
        calls.iter().position(|call| call.operation == "scheduler:CreateSchedule" && call.resource.contains("fleet-2"));
    let (check, mut folded) = (check.unwrap(), 0);
    for k in (third..third + 45).chain(check.saturating_sub(14)..check + 6) {
        for after in [false, true] {
            let story =
                dead_for_good(&scenario, |story| if after { story.stop_after(k) } else { story.stop_before(k) });
            let told = of_the_fleet(&story);
            let silent = story.ended_incidents().iter().filter(|(_, incident)| incident.untold > 0).count();
            folded += usize::from(silent > 0);
            let woken = matches!(told.first().map(|notice| &notice.pager), Some(Some(Pager::Trigger { .. })));
            let over = told.last().map(|notice| notice.kind) == Some(NoticeKind::Resolved);
            assert!(silent == 0 || (woken && over), "killed at call {k}, after it: {after}: {told:#?}");
        }
    }
    assert!(folded > 100, "in {folded} nights the fleet's incident told of others");
}

#[test]
fn whose_alarms_cleared_unheard_is_looked_at_all_the_same() {
    let story = Story::new(on_one_database(false));
    let mut night = Night::new(story.account(), &Policy::default());
    let end = story.now() + SignedDuration::from_mins(180);
    let cleared = |delivery: &Delivery| {
        let Delivery::Alarm { event, .. } = delivery else { return false };
        event["detail"]["state"]["value"] == "OK"
    };
    let mut lost = 0;
    while story.now() < end {
        for delivery in story.advance_until_due(end) {
            match cleared(&delivery) {
                true => lost += 1,
                false => night.deliver(delivery, 0),
            }
        }
    }
    assert!(lost >= 6, "{lost} events were lost");
    let silent = story.ended_incidents().iter().filter(|(_, incident)| incident.untold > 0).count();
    assert!(silent >= 2, "{silent} incidents of which the fleet's told have ended");
    assert_eq!(of_the_fleet(&story).last().map(|notice| notice.kind), Some(NoticeKind::Resolved));
}
