//! `nightshift drill` on the simulated account: what it rings, what it sees
//! arrive, and that it always sets back.

use std::cell::{Cell, RefCell};

use jiff::{SignedDuration, Timestamp};
use nightshift::drill::observe::{Parts, observe};
use nightshift::drill::plan::{Plan, Step, plan};
use nightshift::drill::progress::Arrival;
use nightshift::drill::run::{Pace, carry_out};
use nightshift::drill::{DrillError, Scenario, Wanted};
use nightshift::night::Night;
use nightshift_core::alarm::AlarmState;
use nightshift_core::fault::FaultKind;
use nightshift_core::policy::Policy;
use nightshift_core::ports::{AlarmReads, StackReads};
use nightshift_core::span::Span;
use nightshift_sim::{Account, Story, poll_once};

const ACCOUNT: &str = r#"
title = "A service that is well, with its alarms"

[[service]]
name = "checkout"
tags = { nightshift = "act", environment = "production", tier = "1", team = "shop" }

[service.baseline]
daily_rhythm = 0.0

[[service.release]]
revision = 42
at = "-3d"

[[alarm]]
name = "checkout-a-composite"
children = ["checkout-errors"]
description = '{"cluster":"prod","service":"checkout","signal":"errors"}'

[[alarm]]
name = "checkout-cpu"
service = "checkout"
metric = "cpu"
threshold = 90

[[alarm]]
name = "checkout-errors"
service = "checkout"
metric = "errors"
threshold = 500
description = '{"cluster":"prod","service":"checkout","signal":"errors"}'

[[outage]]
name = "orders-db"
at = "+30d"
services = ["checkout"]

[[alarm]]
name = "orders-db-cpu"
outage = "orders-db"
threshold = 90
description = '{"dependency_of":"prod/checkout","signal":"dependency"}'

[[stack]]
name = "nightshift"
outputs = { LedgerTable = "ledger", NoticeTopicArn = "arn:aws:sns:eu-west-1:123456789012:notices", WhoIsTold = "neither Slack nor PagerDuty", DefaultModeName = "observe" }
"#;

fn wanted(scenario: Scenario) -> Wanted {
    let (service, stack) = ("prod/checkout".to_owned(), "nightshift".to_owned());
    Wanted { service, scenario, stack, alarm: None, within: Span::minutes(15), yes: true, json: false }
}

fn planned(account: &Account, wanted: &Wanted) -> Result<Plan, DrillError> {
    let outputs = poll_once(account.outputs(&wanted.stack)).unwrap()?.unwrap();
    let parts = Parts::of(&wanted.stack, &outputs)?;
    let seen = poll_once(observe(account, wanted, parts, account.now())).unwrap()?;
    plan(&seen, wanted.scenario, &Policy::default(), account.now())
}

/// The account's clock; while the drill waits, the functions run.
struct Simulated {
    night: RefCell<Night>,
    account: Account,
    /// Pauses until the person presses Ctrl-C.
    patience: Cell<u32>,
}

impl Pace for Simulated {
    fn now(&self) -> Timestamp {
        self.account.now()
    }

    async fn pause(&self) -> bool {
        let end = self.account.now() + SignedDuration::from_secs(2);
        self.night.borrow_mut().run_until(end);
        self.patience.set(self.patience.get().saturating_sub(1));
        self.patience.get() > 0
    }
}

/// Carries the drill out: what arrived, and what did not.
fn drilled(story: &Story, plan: &Plan, patience: u32) -> Result<(Vec<Arrival>, Vec<Step>), DrillError> {
    let night = RefCell::new(Night::new(story.account(), &Policy::default()));
    let pace = Simulated { night, account: story.account(), patience: Cell::new(patience) };
    let (account, mut heard) = (story.account(), Vec::new());
    let drill = carry_out(&account, plan, &pace, Span::minutes(15), |arrival| heard.push(arrival.clone()));
    let progress = poll_once(drill).unwrap()?;
    let missing = progress.missing();
    assert_eq!(progress.arrived(), heard);
    Ok((heard, missing))
}

fn state(story: &Story, alarm: &str) -> AlarmState {
    poll_once(story.account().alarm(alarm)).unwrap().unwrap().unwrap().state
}

/// A story whose every alarm is quiet; with a fresh look at that.
fn story() -> Story {
    Story::new(nightshift_sim::Scenario::parse(ACCOUNT).unwrap())
}

#[test]
fn each_scenario_rings_the_alarm_that_fits_and_sees_its_incident_to_the_end() {
    for (scenario, alarm, dependency) in [
        (Scenario::BadRelease, "checkout-errors", None),
        (Scenario::Load, "checkout-cpu", None),
        (Scenario::Dependency, "checkout-errors", Some("orders-db-cpu")),
    ] {
        let story = story();
        let plan = planned(&story.account(), &wanted(scenario)).unwrap();
        assert_eq!((plan.alarm.as_str(), plan.dependency.as_deref()), (alarm, dependency));
        assert_eq!(plan.event.is_some(), scenario == Scenario::BadRelease);
        let (arrived, missing) = drilled(&story, &plan, 1000).unwrap();
        assert_eq!(missing, [], "{scenario:?}: {arrived:#?}");
        assert_eq!(story.closed_incidents().len(), 1);
        let steps: Vec<Step> = arrived.iter().filter_map(|arrival| arrival.step).collect();
        let mut in_order = steps.clone();
        in_order.sort();
        assert_eq!(steps, in_order, "{arrived:#?}");
        let decided = arrived.iter().find(|arrival| arrival.step == Some(Step::Decided)).unwrap();
        assert!(decided.says.contains("refused by "), "{decided:?}");
        for name in [Some(plan.alarm.as_str()), dependency].into_iter().flatten() {
            assert_eq!(state(&story, name), AlarmState::Ok, "{name}");
        }
    }
}

/// As stacks/service.yaml makes them: two ring, and their children say why.
#[test]
fn of_a_service_with_its_own_stack_the_two_that_ring_are_rung() {
    let text = ACCOUNT.replace("name = \"checkout-cpu\"", "name = \"checkout-cpu\"\nactions_enabled = false");
    let text = text.replace("name = \"checkout-errors\"", "name = \"checkout-errors\"\nactions_enabled = false");
    let strained = "\n[[alarm]]\nname = \"checkout-strained\"\nchildren = [\"checkout-cpu\"]\n\
                    description = '{\"cluster\":\"prod\",\"service\":\"checkout\",\"signal\":\"saturation\"}'\n";
    let scenario = nightshift_sim::Scenario::parse(&(text + strained)).unwrap();
    for (drill, alarm) in [
        (Scenario::BadRelease, "checkout-a-composite"),
        (Scenario::Load, "checkout-strained"),
        (Scenario::Dependency, "checkout-a-composite"),
    ] {
        let story = Story::new(scenario.clone());
        let plan = planned(&story.account(), &wanted(drill)).unwrap();
        assert_eq!(plan.alarm, alarm);
        let (arrived, missing) = drilled(&story, &plan, 1000).unwrap();
        assert_eq!(missing, [], "{drill:?}: {arrived:#?}");
        assert_eq!(state(&story, alarm), AlarmState::Ok);
    }
}

/// As stacks/service.yaml makes it: two minutes are left for the suppressor.
#[test]
fn a_drill_rings_until_cloudwatch_has_waited_for_the_suppressor() {
    let quiet = ACCOUNT.replace("name = \"checkout-cpu\"", "name = \"checkout-cpu\"\nactions_enabled = false");
    let strained = "\n[[alarm]]\nname = \"checkout-strained\"\nchildren = [\"checkout-cpu\"]\n\
                    suppressor = \"checkout-errors\"\nsuppressor_wait = \"120s\"\n\
                    description = '{\"cluster\":\"prod\",\"service\":\"checkout\",\"signal\":\"saturation\"}'\n";
    let story = Story::new(nightshift_sim::Scenario::parse(&(quiet + strained)).unwrap());
    let plan = planned(&story.account(), &wanted(Scenario::Load)).unwrap();
    assert_eq!(plan.alarm, "checkout-strained");
    let (arrived, missing) = drilled(&story, &plan, 1000).unwrap();
    assert_eq!(missing, [], "{arrived:#?}");
    let waits: Vec<&Arrival> = arrived.iter().filter(|arrival| arrival.says.contains("(WaitPeriod)")).collect();
    assert_eq!(waits.len(), 1, "{arrived:#?}");
    let heard = arrived.iter().find(|arrival| arrival.step == Some(Step::Heard)).unwrap();
    assert!(heard.seconds >= 120.0 && heard.says.contains("opened"), "{heard:?}");
    assert_eq!(state(&story, "checkout-strained"), AlarmState::Ok);
}

#[test]
fn what_is_planned_says_who_is_paged_and_changes_nothing() {
    let story = story();
    let plan = planned(&story.account(), &wanted(Scenario::BadRelease)).unwrap();
    assert!(plan.pages && plan.severity_because.contains("tier 1"), "{plan:#?}");
    assert!(plan.told.starts_with("neither Slack nor PagerDuty; and subscribers of arn:"), "{}", plan.told);
    assert!(plan.beware.iter().any(|beware| beware.contains("mode act")), "{:?}", plan.beware);
    assert!(plan.beware.iter().any(|beware| beware.contains("a reason to look, no more")), "{:?}", plan.beware);
    assert!(!plan.expected.contains(&Step::Delivered), "nobody keeps a record of a delivery");
    let writes = ["cloudwatch:SetAlarmState", "events:PutEvents"];
    assert!(!story.calls().iter().any(|call| writes.contains(&call.operation.as_str())));
}

#[test]
fn after_ctrl_c_or_a_fault_at_any_call_no_alarm_is_left_ringing() {
    let calm = story();
    let plan = planned(&calm.account(), &wanted(Scenario::Dependency)).unwrap();
    let before = calm.calls().len();
    drilled(&calm, &plan, 1000).unwrap();
    let calls = calm.calls().len() - before;
    for patience in 1..6 {
        let story = story();
        drilled(&story, &planned(&story.account(), &wanted(Scenario::Dependency)).unwrap(), patience).unwrap();
        assert_eq!(
            (state(&story, "checkout-errors"), state(&story, "orders-db-cpu")),
            (AlarmState::Ok, AlarmState::Ok)
        );
    }
    for k in (1..calls.min(120)).step_by(3) {
        let story = story();
        let plan = planned(&story.account(), &wanted(Scenario::Dependency)).unwrap();
        story.fault_at(k, FaultKind::Denied);
        let _ = drilled(&story, &plan, 1000);
        assert_eq!(
            (state(&story, "checkout-errors"), state(&story, "orders-db-cpu")),
            (AlarmState::Ok, AlarmState::Ok),
            "call {k}"
        );
    }
}

#[test]
fn an_alarm_that_cannot_be_set_back_is_told_with_the_command_that_does() {
    let story = story();
    let plan = planned(&story.account(), &wanted(Scenario::Load)).unwrap();
    let account = story.account();
    let error = {
        let night = RefCell::new(Night::new(story.account(), &Policy::default()));
        let pace = Simulated { night, account: story.account(), patience: Cell::new(2) };
        let rings = Cell::new(false);
        let drill = carry_out(&account, &plan, &pace, Span::minutes(15), |arrival| {
            if arrival.step == Some(Step::AlarmSet) && !rings.replace(true) {
                account.fault_on("cloudwatch:SetAlarmState", FaultKind::Denied, 9);
            }
        });
        poll_once(drill).unwrap().err().unwrap()
    };
    assert!(matches!(error, DrillError::LeftRinging { .. }), "{error}");
    assert!(
        error.to_string().contains("aws cloudwatch set-alarm-state --alarm-name checkout-cpu --state-value OK"),
        "{error}"
    );
}

#[test]
fn what_is_no_drill_or_has_no_alarm_is_refused_with_the_cure() {
    let refused = |wanted: Wanted| planned(&story().account(), &wanted).unwrap_err().to_string();
    let is = |scenario| wanted(scenario);
    let named = |service: &str| Wanted { service: service.into(), ..is(Scenario::Load) };
    assert!(refused(named("checkout")).contains("write CLUSTER/SERVICE"));
    assert!(refused(named("prod/nobody")).contains("aws ecs list-services --cluster prod"));
    let alarm = Wanted { alarm: Some("none".into()), ..is(Scenario::Load) };
    assert_eq!(refused(alarm), "there is no alarm \"none\" in eu-west-1");
    let bare =
        ACCOUNT.replace("checkout-cpu", "checkout-cpu-of-nobody").replace("metric = \"cpu\"", "metric = \"requests\"");
    let bare = Story::new(nightshift_sim::Scenario::parse(&bare).unwrap());
    let says = planned(&bare.account(), &is(Scenario::Load)).unwrap_err().to_string();
    assert!(says.contains("has no alarm on saturation or latency: it has checkout-a-composite (errors)"), "{says}");
    assert!(says.contains("`nightshift adopt prod/checkout`"), "{says}");
    let denied = story();
    denied.fault_on("dynamodb:GetItem", FaultKind::Denied, 1);
    let says = planned(&denied.account(), &is(Scenario::Load)).unwrap_err().to_string();
    assert!(says.contains("need dynamodb:GetItem on it"), "{says}");
    let error = Parts::of("web", &std::collections::BTreeMap::new()).unwrap_err().to_string();
    assert!(error.contains("it is no Nightshift, or an older one"), "{error}");
}
