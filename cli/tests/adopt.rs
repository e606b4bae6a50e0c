//! `nightshift adopt` on the simulated account, in several states of undress.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says where")]

use std::collections::BTreeSet;

use nightshift::adopt::{AdoptError, Adoption, Asked, Place, Standing, all, one, text, untouched};
use nightshift::paint::Paint;
use nightshift_core::fault::FaultKind;
use nightshift_core::service::Controller;
use nightshift_sim::Scenario;
use nightshift_sim::scenario::StackSetup;

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
    breaker environment missing mode scaling service signals team unknown
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
    assert!(own.contains("--config-file \"$PWD/prod--search.toml\""), "{own}");
    let companion = search.companion.unwrap();
    assert_eq!(companion.parameters.get("AlarmTopicArn"), None);
    assert!(companion.file().contains("# AlarmTopicArn: stack other does not name it."), "{}", companion.file());
}

#[test]
fn what_iam_would_refuse_is_met_in_daylight() {
    let mut scenario = Scenario::parse(include_str!("../scenarios/adopt.toml")).unwrap();
    scenario.denied = vec!["ecs:UpdateService".into()];
    let search = one(Place::of(scenario), "prod", "search", &asked()).unwrap();
    let refused: Vec<&str> =
        search.checks.iter().filter(|it| it.id == "permission").map(|it| it.says.as_str()).collect();
    assert_eq!(refused[0], "alarm-responder may not ecs:UpdateService on service/prod/search");
    assert_eq!(refused.len(), 3);
}

/// The demo's account, changed.
fn changed(change: impl FnOnce(&mut Scenario)) -> Place {
    let mut scenario = Scenario::parse(include_str!("../scenarios/adopt.toml")).unwrap();
    change(&mut scenario);
    Place::of(scenario)
}

#[test]
fn no_two_services_share_a_stack_and_cloudformation_takes_every_name() {
    let long = "x".repeat(255);
    let pairs = [
        ("prod", "web-api"),
        ("prod-web", "api"),
        ("prod", "a_b"),
        ("prod", "a-b"),
        ("p--x", "y"),
        ("p", "x--y"),
        ("9", "web"),
        ("prod", &(long.clone() + "1")),
        ("prod", &(long + "2")),
    ];
    let names: BTreeSet<String> = pairs
        .iter()
        .map(|(cluster, service)| {
            let place = changed(|scenario| {
                (scenario.services[1].cluster, scenario.services[1].name) = ((*cluster).into(), (*service).into());
                scenario.alarms.truncate(6);
            });
            one(place, cluster, service, &asked()).unwrap().companion.unwrap().stack
        })
        .collect();
    assert_eq!(names.len(), pairs.len(), "{names:?}");
    let takes = |name: &String| {
        let sound = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        sound && name.len() <= 128 && name.starts_with(|letter: char| letter.is_ascii_alphabetic())
    };
    assert!(names.iter().all(takes) && names.contains("prod--web-api") && names.contains("prod-web--api"), "{names:?}");
}

#[test]
fn a_stack_of_somebody_else_is_never_deployed_over() {
    let place = changed(|scenario| {
        scenario.stacks.push(StackSetup {
            name: "prod--search".into(),
            status: "CREATE_COMPLETE".into(),
            outputs: [("Url".to_owned(), "https://example.com".to_owned())].into(),
        });
    });
    let search = one(place, "prod", "search", &asked()).unwrap();
    assert!(search.no_companion.unwrap().contains("would delete what it holds"));
    assert_eq!((search.companion, search.commands, search.deployed), (None, Vec::new(), false));
    assert!(adopted("prod/checkout", &asked()).deployed);
}

#[test]
fn what_a_tag_says_becomes_no_parameter_of_its_own() {
    let place = changed(|scenario| {
        let tags = &mut scenario.services[1].tags;
        tags.insert("team".into(), "shop Mode=act AlarmTopicArn=arn:x".into());
        tags.insert("environment".into(), "production".into());
    });
    let companion = one(place, "prod", "search", &asked()).unwrap().companion.unwrap();
    assert_eq!(companion.parameters["Team"], "unowned");
    assert!(
        companion.notes[0].starts_with("Team: the tag's value holds what a parameter cannot."),
        "{:?}",
        companion.notes
    );
    assert!(!companion.file().contains("Mode=act"));
}

#[test]
fn of_what_codedeploy_moves_between_two_target_groups_ecs_names_one_and_the_other_is_asked_for() {
    let asks = |by| {
        let search = one(changed(|scenario| scenario.services[1].controller = by), "prod", "search", &asked());
        search.unwrap().companion.unwrap().notes.iter().any(|note| note.starts_with("SecondTargetGroup: CodeDeploy"))
    };
    assert!(asks(Controller::CodeDeploy) && !asks(Controller::Ecs));
}

#[test]
fn what_cannot_be_scaled_or_is_stopped_is_left_alone() {
    let stopped = changed(|scenario| scenario.services[1].desired = 0);
    let external = changed(|scenario| scenario.services[1].controller = Controller::External);
    for place in [stopped, external] {
        let search = one(place, "prod", "search", &asked()).unwrap();
        assert_eq!(parameter(&search, "ManageScaling").as_deref(), Some("false"));
        assert_eq!(parameter(&search, "MinCapacity"), None);
    }
    let many = changed(|scenario| scenario.services[1].desired = 20);
    let search = one(many, "prod", "search", &asked()).unwrap();
    let of = |name: &str| parameter(&search, name).unwrap();
    assert_eq!((of("MinCapacity"), of("MaxCapacity")), ("20".to_owned(), "40".to_owned()));
}

#[test]
fn a_service_with_requests_and_a_queue_has_both_watched() {
    let search = adopted("prod/search", &Asked { queue: Some("orders".into()), ..asked() });
    assert_eq!(parameter(&search, "QueueName").as_deref(), Some("orders"));
    assert!(parameter(&search, "LoadBalancer").is_some() && parameter(&search, "TargetGroup").is_some());
}

#[test]
fn an_image_of_another_registry_is_pinned_by_its_digest_alone() {
    let pinned = |image: &str| {
        let place = changed(|scenario| {
            scenario.services[0].releases[1].image = Some(image.to_owned());
        });
        let checkout = one(place, "prod", "checkout", &asked()).unwrap();
        let found = checkout.checks.iter().find(|check| check.id == "pinned").unwrap();
        found.standing
    };
    assert_eq!(pinned("team/checkout:43"), Standing::Ready);
    assert_eq!(pinned("906394416424.dkr.ecr.eu-west-1.amazonaws.com/aws-for-fluent-bit:latest"), Standing::Missing);
}

#[test]
fn what_the_table_could_not_see_is_not_missing() {
    let denied = denied(&["cloudwatch:DescribeAlarms", "application-autoscaling:DescribeScalableTargets"]);
    let fleet = all(denied, |_, _| {}).unwrap();
    assert_eq!(fleet.unseen.len(), 2, "{:?}", fleet.unseen);
    for row in &fleet.services {
        assert_eq!(row.unknown, ["signals", "scaling"]);
        assert!(!row.missing.contains(&"signals") && !row.missing.contains(&"scaling"), "{row:?}");
    }
    assert!(text::all(&fleet, Paint::PLAIN).contains("?        ?        ?       ?           ?"));
}

#[test]
fn a_file_that_nobody_changed_is_known() {
    let file = adopted("prod/search", &asked()).companion.unwrap().file();
    assert!(untouched(&file));
    assert!(!untouched(&file.replace("MaxCapacity=10", "MaxCapacity=20")) && !untouched("# mine\n") && !untouched(""));
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
