//! Looking at a simulated account for waste, and what is made of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::collections::BTreeMap;

use nightshift_core::fault::{Fault, FaultKind};
use nightshift_cost::waste::observe::{Window, observe_waste};
use nightshift_cost::waste::{Peak, Prices, Seen, WasteKind, waste};
use nightshift_sim::{Account, Scenario, poll_once};

const DAYS: u32 = 14;

/// One service that is used, one that is too large, one that nobody asks, one at
/// night for nobody, one that is too new; and what is stored for ever.
const ACCOUNT: &str = r#"
[[service]]
name = "web"
tags = { environment = "prod" }
baseline = { cpu_percent = 60, memory_percent = 60, daily_rhythm = 0.2 }
release = [{ revision = 1, at = "-90d" }]

[[service]]
name = "large"
tags = { environment = "prod" }
desired = 2
task = { cpu = 4096, memory = 8192, platform = "linux-arm" }
baseline = { cpu_percent = 5, memory_percent = 20, daily_rhythm = 0.0 }
release = [{ revision = 1, at = "-90d" }]

[[service]]
name = "idle"
tags = { environment = "prod" }
desired = 1
baseline = { requests_per_minute = 0, cpu_percent = 1 }
release = [{ revision = 1, at = "-90d" }]

[[service]]
name = "worker"
tags = { environment = "prod" }
desired = 1
target_group = ""
baseline = { cpu_percent = 70, memory_percent = 70, daily_rhythm = 0.0 }
release = [{ revision = 1, at = "-90d" }]

[[service]]
name = "web"
cluster = "dev"
tags = { env = "dev" }
desired = 2
load_balancer = "dev"
target_group = "dev-web"
baseline = { cpu_percent = 60, memory_percent = 60, daily_rhythm = 0.2 }
release = [{ revision = 1, at = "-90d" }]

[[service]]
name = "spot"
tags = { env = "dev" }
launch = "fargate-spot"
baseline = { cpu_percent = 1, memory_percent = 1 }
release = [{ revision = 1, at = "-90d" }]

[[load_balancer]]
name = "forgotten"

[[load_balancer]]
name = "new"
at = "-3d"

[[log_group]]
name = "/audit"
stored_bytes = 429_496_729_600

[[log_group]]
name = "/access"
retention_days = 30
stored_bytes = 429_496_729_600
"#;

fn account() -> (Account, Window) {
    let account = Account::new(Scenario::parse(ACCOUNT).unwrap());
    let window = Window::before(account.now(), DAYS);
    (account, window)
}

fn looked(account: &Account, window: Window) -> Result<Seen, Fault> {
    poll_once(observe_waste(account, window, BTreeMap::new())).unwrap()
}

fn told(seen: &Seen) -> Vec<(WasteKind, String, String)> {
    let all = waste(seen, &Prices::default());
    all.into_iter().map(|waste| (waste.kind, waste.what, waste.saving.to_string())).collect()
}

#[test]
fn an_account_is_looked_at_with_a_few_requests_and_its_waste_told() {
    let (account, window) = account();
    let seen = looked(&account, window).unwrap();
    assert_eq!(seen.unseen, Vec::<String>::new());
    let expect = [
        (WasteKind::OversizedTasks, "prod/large", "191.44 USD"),
        (WasteKind::AwakeAtNight, "dev/web", "23.16 USD"),
        (WasteKind::IdleService, "prod/idle", "18.02 USD"),
        (WasteKind::IdleLoadBalancer, "app/forgotten/50dc6c495c0c9188", "16.42 USD"),
        (WasteKind::LogsKeptForEver, "/audit", "12.00 USD"),
    ];
    let expect = expect.map(|(kind, what, saving)| (kind, what.to_owned(), saving.to_owned()));
    assert_eq!(told(&seen), expect);
    let calls = account.calls();
    let number = |operation: &str| calls.iter().filter(|call| call.operation == operation).count();
    assert_eq!((number("cloudwatch:GetMetricData"), number("ecs:ListServices")), (1, 1), "{calls:?}");
    assert!(calls.iter().all(|call| !call.write), "{calls:?}");
}

#[test]
fn what_was_measured_is_of_whole_days_and_the_busiest_hour() {
    let (account, window) = account();
    let seen = looked(&account, window).unwrap();
    let of = |name: &str| seen.services.iter().find(|service| service.service.to_string() == name).unwrap();
    let large = of("prod/large");
    let (cpu, memory) = (large.cpu.unwrap(), large.memory.unwrap());
    assert!((5.into()..=6.into()).contains(&cpu) && (20.into()..=22.into()).contains(&memory), "{large:?}");
    assert_eq!((large.hours, large.peak), (DAYS * 24, Peak::P99));
    assert!(large.requests.unwrap() > 0);
    assert_eq!(of("prod/worker").requests, None);
    assert_eq!(window.to.to_string(), "2026-11-20T00:00:00Z");
    assert_eq!(window.from.to_string(), "2026-11-06T00:00:00Z");
}

#[test]
fn what_is_denied_is_told_once_with_the_action_to_allow_and_hides_nothing_else() {
    let everything = told(&looked(&account().0, account().1).unwrap());
    let parts = [
        ("logs:DescribeLogGroups", "log groups", 4),
        ("ecr:DescribeImages", "repositories", 5),
        ("ecs:DescribeTaskDefinition", "sizes of tasks", 2),
        ("ecs:ListServices", "services", 2),
        ("cloudwatch:GetMetricData", "metrics", 1),
        ("elasticloadbalancing:DescribeTargetGroups", "target groups", 5),
        ("elasticloadbalancing:DescribeLoadBalancers", "load balancers", 4),
    ];
    for (operation, what, left) in parts {
        let (account, window) = account();
        account.fault_on(operation, FaultKind::Denied, 1000);
        let seen = looked(&account, window).unwrap();
        assert_eq!(seen.unseen, [format!("{what}: {operation} is denied; allow {operation} to see them")]);
        let told = told(&seen);
        assert_eq!(told.len(), left, "{operation}: {told:?}");
        // An idle service whose target group cannot be seen may still be too large.
        let known = |it: &(WasteKind, String, String)| everything.contains(it) || it.0 == WasteKind::OversizedTasks;
        assert!(told.iter().all(known), "{operation}: {told:?}");
    }
}

#[test]
fn what_a_retry_can_cure_is_an_error_wherever_it_comes() {
    let calls = {
        let (account, window) = account();
        looked(&account, window).unwrap();
        account.calls().len()
    };
    for call in 1..=calls {
        let (account, window) = account();
        account.fault_at(call, FaultKind::Transient);
        assert!(looked(&account, window).unwrap_err().transient(), "call {call}");
        account.fault_on("ecs:DescribeTaskDefinition", FaultKind::Permanent, 1);
        let seen = looked(&account, window).unwrap();
        assert!(seen.unseen.len() == 1 && seen.unseen[0].contains("failed: Validation"), "{:?}", seen.unseen);
    }
}
