//! The conformance suites on the simulated account.

use std::collections::BTreeSet;

use nightshift_conformance as suites;
use nightshift_conformance::codedeploy::Known;
use nightshift_conformance::{ACCOUNT, Place};
use nightshift_sim::{Account, Delivery, Scenario, poll_once};

use crate::tidy::{rust_files, text};

/// The account at its event, and where its things are.
fn account() -> (Account, Place) {
    let scenario = Scenario::parse(ACCOUNT).unwrap();
    let account = Account::new(scenario.clone());
    account.advance_to(scenario.event);
    let Scenario { account: number, region, .. } = scenario;
    let place = Place { account: number, region, now: account.now(), gaps: BTreeSet::new() };
    (account, place)
}

#[test]
fn the_simulated_ledger_is_as_every_ledger_must_be() {
    let (account, place) = account();
    assert_eq!(poll_once(suites::ledger::ledger(&account, "conform", place.now)), Some(Ok(())));
}

#[test]
fn the_simulated_chat_record_is_as_it_must_be() {
    assert_eq!(poll_once(suites::chat::chat(&account().0, "conform")), Some(Ok(())));
}

#[test]
fn the_simulated_map_of_alarms_is_as_it_must_be() {
    let (account, place) = account();
    assert_eq!(poll_once(suites::alarm_map::alarm_map(&account, &place, "conform")), Some(Ok(())));
}

#[test]
fn simulated_alarms_are_as_they_must_be() {
    let (account, place) = account();
    assert_eq!(poll_once(suites::alarms::alarms(&account, &place)), Some(Ok(())));
}

#[test]
fn the_simulated_list_of_alarms_is_as_it_must_be() {
    let (account, place) = account();
    assert_eq!(poll_once(suites::alarms::listing(&account, &place)), Some(Ok(())));
}

#[test]
fn a_simulated_alarm_is_set_by_hand_as_it_must_be() {
    assert_eq!(poll_once(suites::drills::set_by_hand(&account().0)), Some(Ok(())));
}

#[test]
fn simulated_events_of_a_drill_are_as_they_must_be() {
    let (account, place) = account();
    account.take_due();
    let put = poll_once(suites::drills::events(&account, &place, "conform")).unwrap().unwrap();
    let [Delivery::Deployment { event, .. }] = &account.take_due()[..] else { panic!("not one event") };
    assert_eq!((&event["source"], &event["detail-type"]), (&"nightshift.drill".into(), &put.detail_type.into()));
    assert_eq!((&event["resources"], &event["detail"]), (&put.resources.into(), &put.detail));
}

#[test]
fn simulated_metrics_are_as_they_must_be() {
    let (account, place) = account();
    assert_eq!(poll_once(suites::metrics::metrics(&account, &place)), Some(Ok(())));
}

#[test]
fn simulated_services_are_as_they_must_be() {
    let (account, place) = account();
    assert_eq!(poll_once(suites::services::services(&account, &place)), Some(Ok(())));
}

#[test]
fn what_simulated_images_say_is_as_it_must_be() {
    let (account, place) = account();
    assert_eq!(poll_once(suites::labels::labels(&account, &place)), Some(Ok(())));
}

#[test]
fn simulated_task_sets_are_as_they_must_be() {
    let (account, place) = account();
    assert_eq!(poll_once(suites::codedeploy::task_sets(&account, &place)), Some(Ok(())));
}

#[test]
fn a_simulated_history_is_as_it_must_be() {
    let (account, place) = account();
    assert_eq!(poll_once(suites::history::history(&account, &place)), Some(Ok(())));
}

#[test]
fn simulated_changes_of_services_are_as_they_must_be() {
    let (account, place) = account();
    assert_eq!(poll_once(suites::changes::changes(&account, &place)), Some(Ok(())));
}

#[test]
fn simulated_images_are_as_they_must_be() {
    let (account, place) = account();
    assert_eq!(poll_once(suites::images::images(&account, &place)), Some(Ok(())));
}

#[test]
fn simulated_targets_are_as_they_must_be() {
    let (account, place) = account();
    assert_eq!(poll_once(suites::targets::targets(&account, &place)), Some(Ok(())));
}

#[test]
fn simulated_scaling_is_as_it_must_be() {
    let (account, place) = account();
    assert_eq!(poll_once(suites::scaling::scaling(&account, &place)), Some(Ok(())));
}

#[test]
fn simulated_stacks_are_as_they_must_be() {
    assert_eq!(poll_once(suites::stacks::stacks(&account().0)), Some(Ok(())));
}

#[test]
fn the_simulated_switch_is_as_it_must_be() {
    assert_eq!(poll_once(suites::switch::switch(&account().0)), Some(Ok(())));
}

#[test]
fn simulated_secrets_are_as_they_must_be() {
    let (account, place) = account();
    let arn = format!("arn:aws:secretsmanager:{}:{}:secret:conform-AbCdEf", place.region, place.account);
    account.put_secret(&arn, suites::secrets::SECRET);
    assert_eq!(poll_once(suites::secrets::secrets(&account, &arn)), Some(Ok(())));
}

#[test]
fn simulated_timers_are_as_they_must_be() {
    let (account, place) = account();
    let set = poll_once(suites::timers::timers(&account, &place, "conform")).unwrap().unwrap();
    assert_eq!(account.waiting_timers(), set);
}

#[test]
fn simulated_notices_are_as_they_must_be() {
    let (account, place) = account();
    let told = poll_once(suites::notices::notices(&account, &place, "conform")).unwrap().unwrap();
    assert_eq!((account.notices(), account.plain_pages()), (told.notices, told.pages));
}

#[test]
fn simulated_pictures_are_as_they_must_be() {
    let (account, _) = account();
    let kept = poll_once(suites::pictures::pictures(&account, "conform")).unwrap().unwrap();
    let there = kept.into_iter().map(|kept| (kept.name, suites::pictures::PNG.to_vec())).collect();
    assert_eq!(account.pictures(), there);
}

#[test]
fn simulated_ages_of_images_are_as_they_must_be() {
    let (account, place) = account();
    assert_eq!(poll_once(suites::ages::ages(&account, &place)), Some(Ok(())));
}

#[test]
fn the_simulated_list_of_all_services_is_as_it_must_be() {
    let (account, place) = account();
    assert_eq!(poll_once(suites::fleet::all_services(&account, &place)), Some(Ok(())));
}

#[test]
fn the_simulated_number_of_services_is_as_it_must_be() {
    let (account, place) = account();
    assert_eq!(poll_once(suites::fleet::number_of_services(&account, "conform", place.now)), Some(Ok(())));
}

#[test]
fn simulated_log_groups_are_as_they_must_be() {
    assert_eq!(poll_once(suites::log_groups::log_groups(&account().0)), Some(Ok(())));
}

#[test]
fn simulated_sizes_of_tasks_are_as_they_must_be() {
    let (account, place) = account();
    assert_eq!(poll_once(suites::task_sizes::task_sizes(&account, &place)), Some(Ok(())));
}

#[test]
fn simulated_load_balancers_are_as_they_must_be() {
    let (account, place) = account();
    assert_eq!(poll_once(suites::balancers::balancers(&account, &place)), Some(Ok(())));
}

#[test]
fn simulated_logs_are_as_they_must_be() {
    let (account, place) = account();
    assert_eq!(poll_once(suites::logs::logs(&account, &place)), Some(Ok(())));
}

#[test]
fn the_simulated_history_of_days_is_as_it_must_be() {
    let (account, place) = account();
    assert_eq!(poll_once(suites::past::past(&account, "conform", place.now)), Some(Ok(())));
}

#[test]
fn a_simulated_end_at_a_pause_hook_is_as_it_must_be() {
    let (account, place) = account();
    assert_eq!(poll_once(suites::hooks::hooks(&account, &place)), Some(Ok(())));
}

/// The deployments that the suites on CodeDeploy are about.
fn known(account: &Account, place: &Place) -> Known {
    let [under_way, ended, _] = &account.code_deployments(&place.prod("tickets"))[..] else { panic!("not three") };
    Known { ended: ended.clone(), under_way: under_way.clone() }
}

#[test]
fn simulated_deployments_of_codedeploy_are_as_they_must_be() {
    let (account, place) = account();
    let known = known(&account, &place);
    assert_eq!(poll_once(suites::codedeploy::deployments(&account, &place, &known)), Some(Ok(())));
}

#[test]
fn a_simulated_stop_at_codedeploy_leads_to_a_rollback_of_its_own() {
    let (account, place) = account();
    let known = known(&account, &place);
    assert_eq!(poll_once(suites::codedeploy::stops(&account, &place, &known)), Some(Ok(())));
    account.advance(jiff::SignedDuration::from_secs(30));
    assert_eq!(poll_once(suites::codedeploy::rollbacks(&account, &place, &known)), Some(Ok(())));
}

#[test]
fn simulated_costs_are_as_they_must_be() {
    let (account, place) = account();
    assert_eq!(poll_once(suites::costs::costs(&account, &place)), Some(Ok(())));
}

#[test]
fn a_simulated_registry_is_as_it_must_be() {
    assert_eq!(poll_once(suites::registry::registry(&account().0)), Some(Ok(())));
}

#[test]
fn simulated_marks_on_images_are_as_they_must_be_and_delete_none() {
    let (account, place) = account();
    assert_eq!(poll_once(suites::marks::marks(&account, &place, "conform")), Some(Ok(())));
    let deleted: Vec<_> = account.broken().into_iter().filter(|broken| broken.contains("deleted")).collect();
    assert_eq!(deleted, Vec::<String>::new());
}

#[test]
fn simulated_scans_are_as_they_must_be() {
    assert_eq!(poll_once(suites::scans::scans(&account().0)), Some(Ok(())));
}

#[test]
fn simulated_images_of_tasks_are_as_they_must_be() {
    let (account, place) = account();
    assert_eq!(poll_once(suites::running::running(&account, &place)), Some(Ok(())));
}

#[test]
fn the_simulated_ledger_of_costs_is_as_it_must_be() {
    let (account, place) = account();
    let day = place.now.to_zoned(jiff::tz::TimeZone::UTC).date();
    assert_eq!(poll_once(suites::cost_ledger::cost_ledger(&account, "conform", day, place.now)), Some(Ok(())));
}

#[test]
fn the_simulated_ledger_of_images_is_as_it_must_be() {
    let (account, place) = account();
    assert_eq!(poll_once(suites::image_ledger::images(&account, "conform", place.now)), Some(Ok(())));
    assert_eq!(poll_once(suites::image_ledger::runs(&account, &place, "conform")), Some(Ok(())));
}

#[test]
fn simulated_set_up_is_as_it_must_be() {
    let (account, place) = account();
    assert_eq!(poll_once(suites::setup::setup(&account, &place)), Some(Ok(())));
    assert_eq!(poll_once(suites::setup::scaling_policies(&account, &place)), Some(Ok(())));
    assert_eq!(poll_once(suites::setup::permissions(&account, &place)), Some(Ok(())));
}

#[test]
fn every_port_of_the_account_has_a_suite() {
    let further = rust_files("shared/core/src/ports").into_iter().map(|(_, text)| text);
    let ports: String = further.chain([text("shared/core/src/ports.rs")]).collect();
    let ports = ports.lines().filter_map(|line| line.strip_prefix("pub trait ")?.split(':').next());
    let suites: String = rust_files("tests/conformance/src").into_iter().map(|(_, text)| text).collect();
    let bounds = suites.split("pub async fn ").skip(1).filter_map(|suite| suite.split_once("<W: ")?.1.split_once('>'));
    let held: BTreeSet<&str> = bounds.flat_map(|(bounds, _)| bounds.split(" + ")).collect();
    // Receivers of notices are not in the account.
    let missing: Vec<&str> = ports.clone().filter(|port| *port != "Https" && !held.contains(port)).collect();
    assert!(ports.clone().count() > 25, "{:?}", ports.collect::<Vec<_>>());
    assert_eq!(missing, Vec::<&str>::new());
}
