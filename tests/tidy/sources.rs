//! What the sources must not contain.

use super::{functions, root, rust_files, text};

/// Places in `files` where one of `words` stands outside comments.
fn places(files: &[(String, String)], words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in files {
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            found.extend(
                words.iter().filter(|word| code.contains(**word)).map(|word| format!("{path}:{}: {word}", number + 1)),
            );
        }
    }
    found
}

/// What reads, writes or carries out, and so may wait; beside it, `main.rs`,
/// `lib.rs` and `observe.rs` of every function.
const MEETS_THE_WORLD: [&str; 42] = [
    "functions/alarm-responder/src/mapping.rs",
    "functions/cost-reporter/src/ask.rs",
    "functions/cost-reporter/src/report.rs",
    "functions/cost-reporter/src/tell.rs",
    "functions/deployment-guard/src/observe/images.rs",
    "functions/deployment-guard/src/sweep.rs",
    "functions/image-guard/src/look.rs",
    "functions/image-guard/src/services.rs",
    "functions/image-guard/src/sweep.rs",
    "functions/notifier/src/conversation.rs",
    "functions/notifier/src/delivery.rs",
    "functions/notifier/src/https.rs",
    "functions/notifier/src/joined.rs",
    "functions/notifier/src/memory.rs",
    "functions/notifier/src/secrets.rs",
    "functions/notifier/src/sinks/files.rs",
    "functions/notifier/src/sinks/history.rs",
    "functions/notifier/src/sinks/pager.rs",
    "functions/notifier/src/sinks/slack.rs",
    "functions/notifier/src/sinks/webhook.rs",
    "functions/notifier/src/wire.rs",
    // The world of its tests.
    "functions/notifier/src/world.rs",
    "functions/ops-reviewer/src/history.rs",
    "shared/core/src/ports.rs",
    "shared/core/src/ports/costs.rs",
    "shared/core/src/ports/deployments.rs",
    "shared/core/src/ports/drills.rs",
    "shared/core/src/ports/images.rs",
    "shared/core/src/ports/pictures.rs",
    "shared/core/src/ports/setup.rs",
    "shared/core/src/ports/waste.rs",
    "shared/core/src/settings.rs",
    "shared/cost/src/waste/observe.rs",
    "shared/cost/src/waste/observe/used.rs",
    "shared/diagnosis/src/observe.rs",
    "shared/incident/src/carry_out.rs",
    "shared/incident/src/fleet/observe.rs",
    "shared/incident/src/last_look.rs",
    "shared/incident/src/outbox.rs",
    "shared/incident/src/respond.rs",
    "shared/incident/src/preflight.rs",
    "shared/incident/src/scene.rs",
];

const WAITS: [&str; 6] = ["async ", ".await", "tokio::", "Future", "AsyncFn", "poll_fn"];
const CLOCKS: [&str; 4] = ["Timestamp::now", "Zoned::now", "SystemTime", "Instant::now"];
const OUTSIDE: [&str; 6] = ["nightshift_aws", "nightshift_lambda", "aws_sdk", "lambda_runtime", "reqwest", "env::var"];

fn meets_the_world(path: &str) -> bool {
    let edges = ["/src/main.rs", "/src/lib.rs", "/src/observe.rs"];
    let edge = path.starts_with("functions/") && edges.iter().any(|edge| path.ends_with(edge));
    edge || MEETS_THE_WORLD.contains(&path)
}

/// Sources of the functions and of the crates that rules live in, tests left out.
fn sources() -> Vec<(String, String)> {
    let folders = [
        "functions",
        "shared/core",
        "shared/release",
        "shared/lifecycle",
        "shared/incident",
        "shared/diagnosis",
        "shared/cost",
        "shared/picture",
    ];
    let mut files: Vec<(String, String)> = folders.iter().flat_map(|folder| rust_files(folder)).collect();
    files.retain(|(path, _)| path.contains("/src/") && !path.ends_with("tests.rs") && !path.contains("/tests/"));
    files
}

/// The pure rules: they may not wait, look at a clock, or reach outside. A new
/// file is one until it is listed.
fn rules() -> Vec<(String, String)> {
    let mut files = sources();
    files.retain(|(path, _)| !meets_the_world(path));
    files
}

#[test]
fn a_rule_cannot_wait() {
    assert_eq!(places(&rules(), &WAITS), Vec::<String>::new());
}

#[test]
fn a_rule_cannot_look_at_the_clock() {
    assert_eq!(places(&rules(), &CLOCKS), Vec::<String>::new());
}

#[test]
fn a_rule_cannot_reach_aws_or_the_environment() {
    assert_eq!(places(&rules(), &OUTSIDE), Vec::<String>::new());
}

#[test]
fn what_is_listed_as_meeting_the_world_does() {
    let files = sources();
    for listed in MEETS_THE_WORLD {
        let file: Vec<(String, String)> = files.iter().filter(|(path, _)| path == listed).cloned().collect();
        assert!(!places(&file, &[&WAITS[..], &OUTSIDE].concat()).is_empty(), "{listed} is a rule, or gone");
    }
}

#[test]
fn the_clock_is_read_once_where_an_invocation_begins() {
    let readers: Vec<String> = ["shared", "functions"]
        .iter()
        .flat_map(|folder| places(&rust_files(folder), &["Timestamp::now", "SystemTime::now"]))
        .filter(|place| !place.starts_with("shared/sim/src/face/") && !place.starts_with("shared/sim/src/main.rs"))
        .collect();
    // A timer of the past cannot be set: whoever asks AWS for one must know.
    let (timers, begins): (Vec<_>, Vec<_>) =
        readers.iter().partition(|place| place.starts_with("shared/aws/src/timers.rs"));
    assert!(begins.len() == 1 && begins[0].starts_with("shared/lambda/src/lib.rs"), "{readers:?}");
    assert_eq!(timers.len(), 1, "{readers:?}");
}

#[test]
fn only_carry_out_changes_production() {
    let writes = [
        ".deploy(",
        ".restart(",
        ".stop_deployment(",
        ".roll_back_at_hook(",
        ".stop_code_deployment(",
        ".set_minimum(",
    ];
    let files: Vec<(String, String)> = ["functions", "shared/incident", "shared/diagnosis", "shared/lambda"]
        .iter()
        .flat_map(|folder| rust_files(folder))
        .collect();
    let callers = places(&files, &writes);
    assert_eq!(callers.len(), writes.len(), "{callers:?}");
    assert!(callers.iter().all(|place| place.starts_with("shared/incident/src/carry_out.rs")), "{callers:?}");
}

#[test]
fn only_image_guard_changes_the_registry() {
    let writes = [".add_tag(", ".remove_tag(", ".archive(", ".scan_on_push(", ".make_immutable("];
    let files: Vec<(String, String)> =
        ["functions", "shared/incident", "shared/lambda", "cli"].iter().flat_map(|folder| rust_files(folder)).collect();
    let callers = places(&files, &writes);
    let steps = ["functions/image-guard/src/look.rs", "functions/image-guard/src/sweep.rs"];
    assert!(callers.len() > writes.len(), "{callers:?}");
    assert!(callers.iter().all(|place| steps.iter().any(|file| place.starts_with(file))), "{callers:?}");
}

#[test]
fn nothing_sleeps_is_ignored_or_left_to_do() {
    let files: Vec<(String, String)> =
        ["functions", "shared", "cli", "tests"].iter().flat_map(|folder| rust_files(folder)).collect();
    let unwanted = ["thread::sleep", "#[ignore", "todo!(", "unimplemented!("];
    let found: Vec<String> =
        places(&files, &unwanted).into_iter().filter(|place| !place.starts_with("tests/tidy/")).collect();
    assert_eq!(found, Vec::<String>::new());
}

/// Python files of the tests on the emulated account, with their paths.
fn python_files() -> Vec<(String, String)> {
    let files = std::fs::read_dir(root().join("tests/stack")).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|kind| kind == "py"));
    files.map(|path| (path.display().to_string(), std::fs::read_to_string(&path).unwrap())).collect()
}

#[test]
fn a_file_fits_on_a_few_screens() {
    let files = ["functions", "shared", "cli", "tests", "bench"].iter().flat_map(|folder| rust_files(folder));
    let long: Vec<String> = files
        .chain(python_files())
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > 320)
        .map(|(path, lines)| format!("{path}: {lines} lines"))
        .collect();
    assert_eq!(long, Vec::<String>::new());
}

#[test]
fn a_main_only_wires() {
    for function in functions() {
        let main = text(&format!("functions/{function}/src/main.rs"));
        assert!(main.lines().count() <= 32, "functions/{function}/src/main.rs has {} lines", main.lines().count());
    }
}

#[test]
fn every_invariant_names_a_test_that_exists() {
    let architecture = text("ARCHITECTURE.md");
    assert!(architecture.lines().count() <= 150, "ARCHITECTURE.md has {} lines", architecture.lines().count());
    let mut all: Vec<(String, String)> = rust_files("tests");
    all.extend(["shared", "functions", "cli", "bench"].iter().flat_map(|folder| rust_files(folder)));
    all.extend(python_files());
    let section = architecture.split("## Invariants").nth(1).unwrap().split("\n## ").next().unwrap();
    let invariants: Vec<&str> =
        section.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_digit())).collect();
    assert!(invariants.len() >= 15, "{} invariants", invariants.len());
    for invariant in invariants {
        let named: Vec<&str> =
            invariant.split('`').skip(1).step_by(2).filter(|word| word.matches('_').count() >= 2).collect();
        assert!(!named.is_empty(), "names no test: {invariant}");
        for test in named {
            let here = format!("fn {test}(");
            let there = format!("def {test}(");
            assert!(
                all.iter().any(|(_, text)| text.contains(&here) || text.contains(&there)),
                "there is no test {test}"
            );
        }
    }
}
