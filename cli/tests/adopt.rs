//! `nightshift adopt` on the simulated account, in several states of undress.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says where")]

use std::collections::BTreeSet;

use nightshift::adopt::{AdoptError, Adoption, Asked, Place, Standing, all, one, text};
use nightshift::paint::Paint;
use nightshift_core::fault::FaultKind;

fn asked() -> Asked {
    Asked { stack: "nightshift".into(), queue: None, dead_letters: None, runbooks: None, out: None }
}

#[track_caller]
fn adopted(service: &str, asked: &Asked) -> Adoption {
    let (cluster, service) = service.split_once('/').unwrap();
    one(Place::sample().unwrap(), cluster, service, asked).unwrap()
}

#[track_caller]
fn missing(adoption: &Adoption) -> Vec<&'static str> {
    let missing = adoption.checks.iter().filter(|check| check.standing == Standing::Missing);
    missing.map(|check| check.id).collect()
}

#[track_caller]
fn parameter(adoption: &Adoption, name: &str) -> Option<String> {
    adoption.companion.as_ref().unwrap().parameters.get(name).cloned()
}

/// The demo's account, in which these operations are denied.
fn denied(operations: &[&str]) -> Place {
    let place = Place::sample().unwrap();
    let Place::Simulated { account, .. } = &place else { panic!("{place:?}") };
    for operation in operations {
        account.fault_on(operation, FaultKind::Denied, 1000);
    }
    place
}

#[test]
fn a_service_is_told_what_it_has_and_what_it_lacks() {
    insta::assert_snapshot!("ready", text::one(&adopted("prod/checkout", &asked()), Paint::PLAIN));
    insta::assert_snapshot!("bare", text::one(&adopted("stage/reports", &asked()), Paint::PLAIN));
}

#[test]
fn all_services_are_a_table_with_the_barest_on_top() {
    insta::assert_snapshot!("all", text::all(&all(Place::sample().unwrap(), |_, _| {}).unwrap(), Paint::PLAIN));
}

#[test]
fn scripts_rely_on_the_names_of_fields() {
    let json = serde_json::to_value(adopted("prod/search", &asked())).unwrap();
    let keys = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    let whole = [keys(&json), keys(&json["checks"][0]), keys(&json["permissions"][0]), keys(&json["companion"])];
    let fleet = serde_json::to_value(all(Place::sample().unwrap(), |_, _| {}).unwrap()).unwrap();
    insta::assert_snapshot!(format!("{}\n{}", whole.join("\n"), keys(&fleet["services"][0])), @r"
    account checks commands companion deployed file no_companion permissions region service unseen
    area cure id says standing
    asked function refused resource role
    notes parameters stack
    breaker environment missing mode scaling service signals team
    ");
}

#[test]
fn the_parameters_are_those_of_its_load_balancer() {
    let search = adopted("prod/search", &asked());
    let of = |name: &str| parameter(&search, name);
    assert_eq!(of("LoadBalancer").as_deref(), Some("app/prod/0f8a2c3e9d5b4a71"));
    assert_eq!(of("TargetGroup").as_deref(), Some("targetgroup/search/73e2d6bc24d8a067"));
    assert_eq!(of("SharedLoadBalancer").as_deref(), Some("true"));
    assert_eq!((of("SecondTargetGroup"), of("ManageScaling").as_deref()), (None, Some("true")));
    assert_eq!(of("AlarmTopicArn").as_deref(), Some("arn:aws:sns:eu-west-1:123456789012:nightshift-alarms"));
    let gateway = adopted("prod/gateway", &asked());
    let of = |name: &str| parameter(&gateway, name).unwrap();
    assert!(of("TargetGroup").contains("/gateway-blue/") && of("SecondTargetGroup").contains("/gateway-green/"));
    // It is scaled by somebody: the stack must not take that over.
    assert_eq!(of("ManageScaling"), "false");
}

#[test]
fn a_worker_names_its_queue_or_gets_no_parameters() {
    let bare = adopted("prod/mailer", &asked());
    assert!(bare.no_companion.unwrap().contains("--queue NAME"));
    assert_eq!((bare.companion, bare.commands), (None, Vec::new()));
    let named = Asked { queue: Some("mails".into()), dead_letters: Some("mails-dead".into()), ..asked() };
    let mailer = adopted("prod/mailer", &named);
    assert_eq!(parameter(&mailer, "QueueName").as_deref(), Some("mails"));
    assert_eq!(parameter(&mailer, "DeadLetterQueueName").as_deref(), Some("mails-dead"));
    assert_eq!(parameter(&mailer, "LoadBalancer"), None);
    let lacks = missing(&mailer);
    for id in ["non-root", "no-plain-secrets", "roles-apart", "health-check", "two-tasks"] {
        assert!(lacks.contains(&id), "{id} in {lacks:?}");
    }
    let shown = text::one(&mailer, Paint::PLAIN) + &mailer.companion.unwrap().file();
    assert!(shown.contains("app/SMTP_PASSWORD") && !shown.contains("in-plain-text"), "{shown}");
}

#[test]
fn a_service_that_is_not_there_is_said_so_with_how_to_find_those_that_are() {
    let wrong = one(Place::sample().unwrap(), "prod", "nobody", &asked()).unwrap_err();
    assert!(wrong.to_string().contains("no service prod/nobody in Region eu-west-1"), "{wrong}");
    let unseen = one(denied(&["ecs:DescribeServices"]), "prod", "search", &asked()).unwrap_err();
    assert!(matches!(unseen, AdoptError::Observe(_)), "{unseen}");
}

#[test]
fn what_cannot_be_seen_is_named_with_what_follows_and_hides_nothing_else() {
    let place = denied(&[
        "cloudwatch:DescribeAlarms",
        "application-autoscaling:DescribeScalableTargets",
        "logs:DescribeLogGroups",
        "ecr:DescribeRepositories",
        "iam:SimulatePrincipalPolicy",
    ]);
    let search = one(place, "prod", "search", &asked()).unwrap();
    let unseen: Vec<&str> = search.unseen.iter().map(|unseen| unseen.what).collect();
    assert_eq!(unseen, ["alarms", "scaling", "log groups", "repository", "permissions"]);
    assert!(search.unseen[0].why.contains("cloudwatch:DescribeAlarms"), "{:?}", search.unseen);
    let unknown = search.checks.iter().filter(|check| check.standing == Standing::Unknown);
    let unknown: Vec<&str> = unknown.map(|check| check.id).collect();
    assert!(unknown.contains(&"errors-alarm") && unknown.contains(&"permission"), "{unknown:?}");
    assert!(missing(&search).contains(&"circuit-breaker"));
    // What it cannot see it does not take over.
    assert_eq!(parameter(&search, "ManageScaling").as_deref(), Some("false"));

    let without = one(denied(&["elasticloadbalancing:DescribeTargetGroups"]), "prod", "search", &asked()).unwrap();
    assert!(without.no_companion.unwrap().contains("could not be read"));
}

#[test]
fn without_the_main_stack_that_is_the_first_thing_to_deploy() {
    let elsewhere = Asked { stack: "other".into(), ..asked() };
    let search = adopted("prod/search", &elsewhere);
    assert!(missing(&search).contains(&"main-stack"));
    let [package, main, own] = search.commands.as_slice() else { panic!("{:?}", search.commands) };
    assert_eq!(package, "make package");
    assert!(main.starts_with("sam deploy --guided ") && main.contains("--stack-name other"), "{main}");
    assert!(own.contains("--config-file \"$PWD/prod-search.toml\""), "{own}");
    let companion = search.companion.unwrap();
    assert_eq!(companion.parameters.get("AlarmTopicArn"), None);
    assert!(companion.file().contains("# AlarmTopicArn: stack other does not name it."), "{}", companion.file());
}

#[test]
fn what_iam_would_refuse_is_met_in_daylight() {
    let mut scenario = nightshift_sim::Scenario::parse(include_str!("../scenarios/adopt.toml")).unwrap();
    scenario.denied = vec!["ecs:UpdateService".into()];
    let search = one(Place::of(scenario), "prod", "search", &asked()).unwrap();
    let refused: Vec<&str> =
        search.checks.iter().filter(|it| it.id == "permission").map(|it| it.says.as_str()).collect();
    assert_eq!(refused[0], "alarm-responder may not ecs:UpdateService on service/prod/search");
    assert_eq!(refused.len(), 3);
}

#[test]
fn a_name_that_cloudformation_does_not_take_is_cut_and_told_apart() {
    let long = "x".repeat(255);
    let mut scenario = nightshift_sim::Scenario::parse(include_str!("../scenarios/adopt.toml")).unwrap();
    for (place, name) in ["a_b".to_owned(), "a-b".to_owned(), long.clone() + "1", long + "2"].iter().enumerate() {
        name.clone_into(&mut scenario.services[place].name);
    }
    let names: Vec<String> = scenario.services[..3]
        .iter()
        .map(|service| {
            let place = Place::of(scenario.clone());
            one(place, "prod", &service.name, &asked()).unwrap().companion.unwrap().stack
        })
        .collect();
    assert!(names.iter().all(|name| name.len() <= 128 && !name.contains('_')), "{names:?}");
    assert_eq!(names[1], "prod-a-b");
    assert!(names[0].starts_with("prod-a-b-") && names[2].len() == 128, "{names:?}");
}

#[test]
fn nothing_in_the_account_is_changed() {
    let place = Place::sample().unwrap();
    let Place::Simulated { account, .. } = &place else { panic!("{place:?}") };
    let account = account.clone();
    one(place, "prod", "search", &asked()).unwrap();
    assert_eq!(account.production_writes().len(), 0);
}

#[test]
fn the_page_explains_every_line_and_no_other() {
    let page = include_str!("../../docs/adopt.md");
    let table = page.split("## What the checklist means").nth(1).unwrap().split("\n## ").next().unwrap();
    let first = table.lines().filter(|line| line.starts_with("| `")).filter_map(|line| line.split('|').nth(1));
    let explained: BTreeSet<&str> = first.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    // A log group that is not there is met on an emulated account (tests/stack).
    let mut met: BTreeSet<&str> = BTreeSet::from(["log-group"]);
    let unread = one(denied(&["ecs:DescribeTaskDefinition"]), "prod", "search", &asked()).unwrap();
    met.extend(unread.checks.iter().map(|check| check.id));
    for service in ["prod/checkout", "prod/search", "prod/gateway", "prod/mailer", "stage/reports"] {
        met.extend(adopted(service, &asked()).checks.iter().map(|check| check.id));
    }
    assert_eq!(explained, met);
}
