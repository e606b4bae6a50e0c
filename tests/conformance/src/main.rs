//! `nightshift-conform SUITE`: runs one suite on the account that the
//! environment names, which is an emulated one: suites write to it. Without an
//! argument it lists them.
#![expect(clippy::print_stdout, reason = "it is a command-line tool")]

use std::error::Error;

use jiff::Timestamp;
use nightshift_aws::{Account, Settings};
use nightshift_conformance::codedeploy::Known;
use nightshift_conformance::{Gap, Place, Verdict};
use nightshift_core::codedeploy::CodeDeploymentId;
use nightshift_core::settings::Variables;

/// Twelve digits: whose account it is.
const ACCOUNT: &str = "CONFORM_ACCOUNT";
/// The ARN of the secret.
const SECRET: &str = "CONFORM_SECRET";
/// Ids of CodeDeploy's deployments: the one that ended, the one under way.
const CODE_DEPLOYED: &str = "CONFORM_CODE_DEPLOYED";
const CODE_DEPLOYING: &str = "CONFORM_CODE_DEPLOYING";
/// Names of the gaps of these emulators, between spaces.
const GAPS: &str = "CONFORM_GAPS";

/// The suites, one or several ports each.
const SUITES: [&str; 45] = [
    "ages",
    "alarm-listing",
    "alarm-map",
    "alarms",
    "all-services",
    "balancers",
    "changes",
    "chat",
    "code-deployments",
    "code-rollbacks",
    "code-stops",
    "cost-ledger",
    "costs",
    "drill-events",
    "history",
    "hooks",
    "image-ledger",
    "image-runs",
    "images",
    "labels",
    "ledger",
    "log-groups",
    "logs",
    "marks",
    "metrics",
    "notices",
    "number-of-services",
    "past",
    "permissions",
    "pictures",
    "registry",
    "running",
    "scaling",
    "scaling-policies",
    "scans",
    "secrets",
    "services",
    "set-by-hand",
    "setup",
    "stacks",
    "switch",
    "targets",
    "task-sets",
    "task-sizes",
    "timers",
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let Some(suite) = std::env::args().nth(1) else {
        println!("{}", SUITES.join("\n"));
        return Ok(());
    };
    let variables = Variables::of_process();
    if variables.get("AWS_ENDPOINT_URL").is_none() {
        return Err("set AWS_ENDPOINT_URL: this is for emulated accounts only".into());
    }
    let account = Account::new(Settings::read(&variables)?);
    run(&suite, &account, &variables).await?;
    println!("{suite}: as it must be");
    Ok(())
}

async fn run(suite: &str, account: &Account, variables: &Variables) -> Result<(), Box<dyn Error>> {
    use nightshift_conformance as suites;
    let place = &place(account, variables)?;
    // One account serves many runs: each has a name of its own.
    let prefix = &format!("conform-{}", place.now.as_millisecond());
    let verdict: Verdict = match suite {
        "ages" => suites::ages::ages(account, place).await,
        "alarm-listing" => suites::alarms::listing(account, place).await,
        "alarm-map" => suites::alarm_map::alarm_map(account, place, prefix).await,
        "alarms" => suites::alarms::alarms(account, place).await,
        "all-services" => suites::fleet::all_services(account, place).await,
        "balancers" => suites::balancers::balancers(account, place).await,
        "changes" => suites::changes::changes(account, place).await,
        "chat" => suites::chat::chat(account, prefix).await,
        "code-deployments" => suites::codedeploy::deployments(account, place, &known(variables)?).await,
        "code-rollbacks" => suites::codedeploy::rollbacks(account, place, &known(variables)?).await,
        "code-stops" => suites::codedeploy::stops(account, place, &known(variables)?).await,
        "costs" => suites::costs::costs(account, place).await,
        "drill-events" => {
            println!("{}", serde_json::to_string(&suites::drills::events(account, place, prefix).await?)?);
            Ok(())
        }
        "history" => suites::history::history(account, place).await,
        "hooks" => suites::hooks::hooks(account, place).await,
        "cost-ledger" => {
            let now = whole_seconds(place.now)?;
            let day = now.to_zoned(jiff::tz::TimeZone::UTC).date();
            suites::cost_ledger::cost_ledger(account, prefix, day, now).await
        }
        "image-ledger" => suites::image_ledger::images(account, prefix, whole_seconds(place.now)?).await,
        "image-runs" => suites::image_ledger::runs(account, place, prefix).await,
        "images" => suites::images::images(account, place).await,
        "labels" => suites::labels::labels(account, place).await,
        "ledger" => suites::ledger::ledger(account, prefix, whole_seconds(place.now)?).await,
        "log-groups" => suites::log_groups::log_groups(account).await,
        "logs" => suites::logs::logs(account, place).await,
        "marks" => suites::marks::marks(account, place, prefix).await,
        "metrics" => suites::metrics::metrics(account, place).await,
        "notices" => {
            let told = suites::notices::notices(account, place, prefix).await?;
            println!("{}", serde_json::to_string(&told.notices)?);
            println!("{}", serde_json::to_string(&told.pages)?);
            Ok(())
        }
        "number-of-services" => suites::fleet::number_of_services(account, prefix, whole_seconds(place.now)?).await,
        "past" => suites::past::past(account, prefix, whole_seconds(place.now)?).await,
        "permissions" => suites::setup::permissions(account, place).await,
        "pictures" => {
            for kept in suites::pictures::pictures(account, prefix).await? {
                println!("{}", serde_json::json!([kept.name, kept.link, suites::pictures::PNG]));
            }
            Ok(())
        }
        "registry" => suites::registry::registry(account).await,
        "running" => suites::running::running(account, place).await,
        "scaling" => suites::scaling::scaling(account, place).await,
        "scaling-policies" => suites::setup::scaling_policies(account, place).await,
        "scans" => suites::scans::scans(account).await,
        "secrets" => {
            suites::secrets::secrets(account, &variables.required(SECRET, "the ARN of the suite's secret")?).await
        }
        "services" => suites::services::services(account, place).await,
        "setup" => suites::setup::setup(account, place).await,
        "set-by-hand" => suites::drills::set_by_hand(account).await,
        "stacks" => suites::stacks::stacks(account).await,
        "switch" => suites::switch::switch(account).await,
        "targets" => suites::targets::targets(account, place).await,
        "task-sets" => suites::codedeploy::task_sets(account, place).await,
        "task-sizes" => suites::task_sizes::task_sizes(account, place).await,
        "timers" => {
            println!("{}", serde_json::to_string(&suites::timers::timers(account, place, prefix).await?)?);
            Ok(())
        }
        other => Err(format!("there is no suite {other:?}; there are: {}", SUITES.join(", "))),
    };
    Ok(verdict?)
}

fn place(account: &Account, variables: &Variables) -> Result<Place, Box<dyn Error>> {
    let named = |name: &str| Gap::named(name).ok_or_else(|| format!("{GAPS}: there is no gap {name:?}"));
    Ok(Place {
        account: variables.required(ACCOUNT, "twelve digits")?,
        region: account.settings().region.clone(),
        now: Timestamp::now(),
        gaps: variables.get(GAPS).unwrap_or_default().split_whitespace().map(named).collect::<Result<_, _>>()?,
    })
}

fn known(variables: &Variables) -> Result<Known, Box<dyn Error>> {
    let id = |name: &'static str| variables.required(name, "the id of a CodeDeploy deployment").map(CodeDeploymentId);
    Ok(Known { ended: id(CODE_DEPLOYED)?, under_way: id(CODE_DEPLOYING)? })
}

/// As every event has them.
fn whole_seconds(now: Timestamp) -> Result<Timestamp, jiff::Error> {
    Timestamp::from_second(now.as_second())
}
