//! The cost reporter: settled days alone, silent when nothing moved, and each
//! thing told once.

use cost_reporter::{Report, Setup};
use jiff::SignedDuration;
use nightshift::night::{Night, What};
use nightshift_core::fault::FaultKind;
use nightshift_core::notice::{Notice, NoticeKind};
use nightshift_core::policy::Policy;
use nightshift_sim::{Delivery, Scenario, Story};
use serde_json::{Value, json};

/// An account whose days cost the same, give or take. `more` is added.
pub(super) fn scenario(more: &str) -> Scenario {
    let text = format!(
        "start = \"2026-11-19T06:30:00Z\"\nevent = \"2026-11-19T06:30:00Z\"\n\
         [[service]]\nname = \"web\"\n[[service.release]]\nrevision = 1\nat = \"-9d\"\n\
         [costs]\n\
         [[costs.service]]\nname = \"Amazon Elastic Container Service\"\ndaily = \"80\"\n\
         usage = {{ \"EU-Fargate-vCPU-Hours:perCPU\" = 7, \"EU-Fargate-GB-Hours\" = 3 }}\n\
         [[costs.service]]\nname = \"AmazonCloudWatch\"\ndaily = \"30\"\n\
         [[costs.tag]]\nkey = \"team\"\nvalues = {{ shop = 6, platform = 3 }}\nuntagged = 1\n{more}\n"
    );
    Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

const JUMP: &str = "[[costs.jump]]\nservice = \"Amazon Elastic Container Service\"\nfrom = \"2026-11-19T00:00:00Z\"\n\
                    until = \"2026-11-24T00:00:00Z\"\nfactor = 1.8\n";

/// The report that is due now.
pub(super) fn due(night: &mut Night, kind: &str) -> Report {
    let at = night.account().now();
    delivered(night, json!({"costs": kind, "zone": "Europe/Berlin", "at": at}))
}

pub(super) fn delivered(night: &mut Night, event: Value) -> Report {
    let at = night.account().now();
    night.deliver(Delivery::Cost { event, at }, 0);
    match night.happened().iter().rev().find_map(|happened| match &happened.what {
        What::Cost { report, .. } => Some(report.as_ref().clone()),
        _ => None,
    }) {
        Some(report) => report,
        None => panic!("{:?}", night.happened().last()),
    }
}

pub(super) fn begin(scenario: Scenario) -> (Story, Night) {
    let story = Story::new(scenario);
    let night = Night::new(story.account(), &Policy::default());
    (story, night)
}

/// So many mornings with a daily report; what was published on each.
fn mornings(story: &Story, night: &mut Night, days: u32) -> Vec<Option<String>> {
    let morning = |_| {
        let report = due(night, "daily");
        night.run_until(story.now() + SignedDuration::from_hours(24));
        match report {
            Report::Costs { published, .. } => published,
            other => panic!("{other:?}"),
        }
    };
    (0..days).map(morning).collect()
}

pub(super) fn told(story: &Story) -> Vec<Notice> {
    story.notices().into_iter().filter(|it| matches!(it.kind, NoticeKind::Report | NoticeKind::Cost)).collect()
}

fn asked(story: &Story) -> usize {
    story.calls().iter().filter(|call| call.operation.starts_with("ce:")).count()
}

#[test]
fn days_on_which_nothing_moved_are_silent_and_cost_one_question() {
    let (story, mut night) = begin(scenario(""));
    assert_eq!(mornings(&story, &mut night, 14), vec![None; 14]);
    assert_eq!((told(&story), asked(&story)), (vec![], 14));
}

#[test]
fn a_jump_is_told_when_its_day_is_settled_and_again_when_it_has_grown() {
    let (story, mut night) = begin(scenario(JUMP));
    let published = mornings(&story, &mut night, 10);
    let days: Vec<usize> = published.iter().enumerate().filter(|(_, it)| it.is_some()).map(|(day, _)| day).collect();
    let told = told(&story);
    let headlines: Vec<&str> = told.iter().map(|notice| notice.headline.as_str()).collect();
    // It began on the 19th; the 22nd is the first morning on which that day is settled.
    assert_eq!(days.first(), Some(&3), "{headlines:#?}");
    assert!(headlines[0].starts_with("Costs for Thu 19 Nov, settled: 17"), "{headlines:#?}");
    assert!(headlines[0].ends_with("above usual"), "{headlines:#?}");
    assert!((2..=3).contains(&told.len()), "{headlines:#?}");
    insta::assert_json_snapshot!(told[0]);
}

#[test]
fn the_same_report_again_is_the_same_and_pays_nothing() {
    let (story, mut night) = begin(scenario(JUMP));
    night.run_until(story.now() + SignedDuration::from_hours(72));
    let event = json!({"costs": "daily", "zone": "UTC", "at": story.now()});
    let Report::Costs { published: Some(key), requests, .. } = delivered(&mut night, event.clone()) else { panic!() };
    assert!((5..=9).contains(&requests), "{requests} questions");
    let paid = asked(&story);
    assert!(matches!(delivered(&mut night, event), Report::Costs { published: None, requests: 0, .. }));
    let week = json!({"costs": "weekly", "zone": "UTC", "at": story.now()});
    let [first, second] = [0, 1].map(|_| delivered(&mut night, week.clone()));
    let of = |report: &Report| match report {
        Report::Costs { published: Some(key), requests, .. } => (key.clone(), *requests),
        other => panic!("{other:?}"),
    };
    assert_eq!((of(&first).0, of(&second).1), (of(&second).0, 0));
    assert_ne!(of(&first).0, key);
    assert_eq!(asked(&story), paid + 2, "the anomalies of a week, and the month before");
}

#[test]
fn killed_before_or_after_any_call_a_report_ends_the_same_and_pays_once() {
    let whole = |disturb: &dyn Fn(&Story)| {
        let (story, mut night) = begin(scenario(JUMP));
        night.run_until(story.now() + SignedDuration::from_hours(72));
        disturb(&story);
        let event = json!({"costs": "daily", "zone": "UTC", "at": story.now()});
        let at = story.now();
        night.deliver(Delivery::Cost { event, at }, 0);
        night.run_until(story.now() + SignedDuration::from_mins(10));
        (story, at)
    };
    let (undisturbed, at) = whole(&|_| {});
    // A retry comes a minute later, when a little more of today is known.
    let said = |story: &Story| {
        let says = |it: &Notice| (it.key(), it.headline.clone(), it.sections[0].clone());
        let mut said: Vec<_> = told(story).iter().map(says).collect();
        said.dedup();
        said
    };
    let expected = said(&undisturbed);
    let paid = asked(&undisturbed);
    let calls = undisturbed.calls().iter().filter(|call| call.at >= at).count();
    assert!(calls > 15, "{calls} calls");
    for k in 1..=calls {
        for kind in ["before", "after", "throttled"] {
            let (story, _) = whole(&|story| match kind {
                "before" => story.stop_before(k),
                "after" => story.stop_after(k),
                _ => story.fault_at(k, FaultKind::Transient),
            });
            assert_eq!(said(&story), expected, "{kind} call {k}");
            // What was asked, and not yet written down, is asked again.
            assert!(asked(&story) <= paid + 1, "{kind} call {k}: {} questions", asked(&story));
        }
    }
}

#[test]
fn credits_hide_no_usage_and_are_said() {
    let credits = "[[costs.charge]]\nrecord_type = \"Credit\"\nservice = \"Amazon Elastic Container Service\"\n\
                   percent = -90.0\nfrom = \"2026-11-19T00:00:00Z\"\n";
    let (story, mut night) = begin(scenario(&format!("{JUMP}{credits}")));
    night.run_until(story.now() + SignedDuration::from_hours(72));
    let Report::Costs { figures: Some(figures), .. } = due(&mut night, "daily") else { panic!() };
    assert_eq!(figures.moves.movers[0].first.key, ["Amazon Elastic Container Service"]);
    let month = figures.month.unwrap();
    assert!(month.split.credits.only().unwrap().amount.is_sign_negative());
    let parts: rust_decimal::Decimal = month.split.parts().iter().flat_map(|(_, sums)| sums.0.values()).sum();
    assert_eq!(Some(parts), month.total.only().map(|money| money.amount), "to the last digit");
    let text = serde_json::to_string(&told(&story)).unwrap();
    assert!(text.contains("credits -"), "{text}");
}

#[test]
fn without_cost_explorer_people_hear_once_a_week_how_to_get_it() {
    let mut none = scenario("");
    none.costs = None;
    let (story, mut night) = begin(none);
    for _ in 0..10 {
        assert!(matches!(due(&mut night, "daily"), Report::Unread { .. }));
        night.run_until(story.now() + SignedDuration::from_hours(24));
    }
    let told = told(&story);
    assert_eq!(told.len(), 2, "on the first day and a week later");
    assert!(told[0].sections[0].lines.iter().any(|line| line.contains("open it once in the Billing")));
}

#[test]
fn switched_off_nothing_is_asked_and_what_aws_says_is_told() {
    let story = Story::new(scenario(JUMP));
    let off = Setup { on: false, budget: None };
    let mut night = Night::new(story.account(), &Policy::default()).with_costs(&Policy::default(), off);
    assert_eq!(due(&mut night, "daily"), Report::Off);
    assert_eq!(due(&mut night, "weekly"), Report::Off);
    assert_eq!(asked(&story), 0);
    assert!(matches!(delivered(&mut night, sample("anomaly")), Report::News { .. }));
    assert_eq!(told(&story).len(), 1);
}

pub(super) fn sample(name: &str) -> Value {
    let path = format!("{}/../events/cost-reporter/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn the_week_is_told_whatever_moved() {
    let (story, mut night) = begin(scenario(JUMP));
    night.run_until(story.now() + SignedDuration::from_hours(5 * 24));
    let Report::Costs { published: Some(_), .. } = due(&mut night, "weekly") else { panic!() };
    insta::assert_snapshot!(nightshift_core::notice::plain::plain(&told(&story)[0]));
}

#[test]
fn a_tag_that_nobody_activated_is_said_to_be_none() {
    let mut untagged = scenario(JUMP);
    untagged.costs.as_mut().unwrap().tags.clear();
    let (story, mut night) = begin(untagged);
    night.run_until(story.now() + SignedDuration::from_hours(72));
    assert!(matches!(due(&mut night, "daily"), Report::Costs { published: Some(_), .. }));
    let by_tag = told(&story)[0].sections.iter().find(|part| part.title.ends_with(" by tag team")).unwrap().clone();
    assert!(by_tag.lines[1].starts_with("Cost Explorer does not know it"), "{by_tag:?}");
}

#[test]
fn what_is_paid_for_and_not_used_is_listed_once_a_week_and_a_log_that_never_ends_explains_its_costs() {
    let more = "[[costs.jump]]\nservice = \"AmazonCloudWatch\"\nfrom = \"2026-11-19T00:00:00Z\"\nper_day = \"90\"\n\
                [[log_group]]\nname = \"/ecs/web\"\nstored_bytes = 900000000000\n\
                [[log_group]]\nname = \"/ecs/api\"\nstored_bytes = 1000000\nretention_days = 30\n";
    let (story, mut night) = begin(scenario(more));
    night.run_until(story.now() + SignedDuration::from_hours(72));
    let text = |report: Report| {
        let Report::Costs { published: Some(key), .. } = report else { panic!("{report:?}") };
        let notice = told(&story).into_iter().find(|notice| notice.key() == key).unwrap();
        nightshift_core::notice::plain::plain(&notice)
    };
    let daily = text(due(&mut night, "daily"));
    assert!(daily.contains("1 log groups keep their events for ever"), "{daily}");
    assert!(!daily.contains("Paid for and not used"), "{daily}");
    let weekly = text(due(&mut night, "weekly"));
    assert!(weekly.contains("/ecs/web") && !weekly.contains("/ecs/api"), "{weekly}");
    assert!(weekly.contains("Estimates; nothing is changed."), "{weekly}");
}

#[test]
fn what_aws_finds_strange_is_found_here_too() {
    // Whatever AWS tells of and is beyond the floors, the report has among its movers.
    let mut compared = 0;
    for seed in 0..20 {
        let mut night = {
            let mut scenario = scenario(JUMP);
            scenario.seed = seed;
            Night::new(Story::new(scenario).account(), &Policy::default())
        };
        let until = night.account().now() + SignedDuration::from_hours(72);
        night.run_until(until);
        let Report::Costs { figures: Some(figures), .. } = due(&mut night, "daily") else { panic!("seed {seed}") };
        let found: Vec<_> = figures.moves.movers.iter().map(|mover| mover.first.key[0].as_str()).collect();
        for anomaly in &figures.anomalies {
            compared += 1;
            assert_eq!(found, [anomaly.about.as_deref().unwrap()], "seed {seed}");
        }
    }
    assert!(compared >= 15, "AWS told of {compared}");
}

#[test]
fn several_accounts_are_told_apart_and_one_is_not() {
    let accounts = "[[costs.account]]\nid = \"123456789012\"\nname = \"production\"\nshare = 3\n\
                    [[costs.account]]\nid = \"210987654321\"\nname = \"staging\"\nshare = 1\n";
    let shown = |more: &str| {
        let (story, mut night) = begin(scenario(&format!("{JUMP}{more}")));
        night.run_until(story.now() + SignedDuration::from_hours(72));
        assert!(matches!(due(&mut night, "daily"), Report::Costs { published: Some(_), .. }));
        told(&story)[0].sections.iter().find(|part| part.title.ends_with(" by account")).map(|part| part.lines.clone())
    };
    assert_eq!(shown(""), None);
    let lines = shown(accounts).unwrap();
    assert!(lines[0].starts_with("123456789012") && lines[0].ends_with("75 %"), "{lines:?}");
}

#[test]
fn what_stays_throttled_leaves_a_hole_in_the_last_report_and_not_no_report() {
    let (story, mut night) = begin(scenario(JUMP));
    night.run_until(story.now() + SignedDuration::from_hours(72));
    story.fault_on("ce:GetCostForecast", FaultKind::Transient, 9);
    let at = story.now();
    night.deliver(Delivery::Cost { event: json!({"costs": "daily", "zone": "UTC", "at": at}), at }, 0);
    night.run_until(at + SignedDuration::from_mins(10));
    let told = told(&story);
    let hole = told[0].sections.iter().find(|part| part.title.starts_with("Could not be read")).unwrap();
    assert!(hole.lines[0].starts_with("The month in the end: ce:GetCostForecast"), "{hole:?}");
    assert_eq!(told.len(), 1);
}
