use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::*;
use crate::authority::Authority;
use crate::cloud::Cloud;
use crate::life::{Life, World};
use crate::measure::remedied;
use crate::runtime_api::{Answer, RuntimeApi};
use crate::variant::Variant;

/// So long that a busy machine delays no call by as much: who waited for whom is read
/// from the times.
const LATENCY: Duration = Duration::from_millis(100);
/// The machine may be busier than that for once.
const TRIES: usize = 3;
/// A binary that is there already, in place of the one that cargo builds.
const RESPONDER: &str = "NIGHTSHIFT_BENCH_RESPONDER";

/// Beginnings of the variables that cargo sets for a test.
const TOLD: [&str; 4] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_PRIMARY_"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// The debug binary. Built with all that the tests are built with: dependencies then have
/// the same features, and none is compiled once more.
fn responder() -> PathBuf {
    if let Some(there) = std::env::var_os(RESPONDER) {
        return there.into();
    }
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let arguments = ["build", "--workspace", "--bins", "--tests", "--locked", "--quiet"];
    let mut build = Command::new(cargo);
    // What cargo tells a test of itself makes some build scripts run again, and with them
    // half of the workspace.
    let told = std::env::vars().map(|(name, _)| name).filter(|name| TOLD.iter().any(|of| name.starts_with(of)));
    for name in told {
        build.env_remove(name);
    }
    let done = build.args(arguments).current_dir(root()).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    // …/debug/deps/nightshift_bench-0123
    let test = std::env::current_exe().unwrap();
    test.parent().unwrap().parent().unwrap().join("alarm-responder")
}

async fn measured(world: &mut World, variant: &Variant) -> Calls {
    let mut life = Life::start(world, variant, None).await.unwrap();
    let first = life.event(world).await.unwrap();
    let later = life.event(world).await.unwrap();
    for event in [&first, &later] {
        assert_eq!(remedied(event), Ok(()));
        let Answer::Response(report) = &event.answer else { panic!("{:?}", event.answer) };
        assert_eq!(report["outcome"]["outcome"], "taken", "{report}");
    }
    let calls = Calls::of(&life.init_book, &first.book, &later.book);
    life.end().await;
    calls
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_keeps_to_its_budget() {
    let folder = std::env::temp_dir().join(format!("nightshift-budget-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let authority = Authority::make(&folder).unwrap();
    let cloud = Cloud::open(authority.server.clone()).await.unwrap();
    cloud.delay(LATENCY);
    let mut world = World { api: RuntimeApi::open().await.unwrap(), cloud, authority };
    let policy = root().join("config/nightshift.toml");
    let variant = Variant::program("ours", &responder()).with("NIGHTSHIFT_POLICY", policy.display().to_string());
    let budget: Calls = toml::from_str(&std::fs::read_to_string(root().join("bench/budget.toml")).unwrap()).unwrap();
    let mut wrong = Vec::new();
    for _ in 0..TRIES {
        wrong = differences(&budget, &measured(&mut world, &variant).await);
        if wrong.is_empty() {
            break;
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(wrong.is_empty(), "{}\nthe budget is bench/budget.toml", wrong.join("\n"));
}

#[test]
fn one_call_fewer_is_told_too_and_a_connection_fewer_is_not() {
    let calls = |gets, connections| Calls {
        connections_of_first_event: connections,
        by_operation: [("dynamodb:GetItem".to_owned(), gets)].into(),
        ..Calls::default()
    };
    assert_eq!(differences(&calls(2, 3), &calls(2, 2)), Vec::<String>::new());
    assert_eq!(differences(&calls(2, 3), &calls(1, 3)), ["dynamodb:GetItem is called 1 times; the budget has 2"]);
    let more = differences(&calls(2, 3), &calls(2, 4));
    assert_eq!(more, ["4 connections opened by the first event; the budget has 3"]);
}
