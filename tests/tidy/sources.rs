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

/// The pure rules: they may not wait, look at a clock or at the environment.
fn rules() -> Vec<(String, String)> {
    let impure = ["scene.rs", "carry_out.rs", "outbox.rs", "respond.rs", "observe.rs"];
    let shared = ["shared/incident/src", "shared/diagnosis/src", "shared/core/src"];
    let mut files: Vec<(String, String)> = shared.iter().flat_map(|folder| rust_files(folder)).collect();
    for function in functions() {
        let plan = format!("functions/{function}/src/plan.rs");
        files.push((plan.clone(), text(&plan)));
    }
    files.retain(|(path, _)| !impure.iter().any(|name| path.ends_with(name)) && !path.ends_with("core/src/ports.rs"));
    files
}

#[test]
fn a_rule_cannot_wait() {
    assert_eq!(places(&rules(), &["async ", ".await", "tokio::"]), Vec::<String>::new());
}

#[test]
fn a_rule_cannot_look_at_the_clock() {
    let clocks = ["Timestamp::now", "Zoned::now", "SystemTime", "Instant::now"];
    assert_eq!(places(&rules(), &clocks), Vec::<String>::new());
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
fn nothing_sleeps_is_ignored_or_left_to_do() {
    let files: Vec<(String, String)> =
        ["functions", "shared", "cli", "tests"].iter().flat_map(|folder| rust_files(folder)).collect();
    let unwanted = ["thread::sleep", "#[ignore", "todo!(", "unimplemented!("];
    let found: Vec<String> =
        places(&files, &unwanted).into_iter().filter(|place| !place.starts_with("tests/tidy/")).collect();
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn a_file_fits_on_a_few_screens() {
    let files = ["functions", "shared", "cli", "tests"].iter().flat_map(|folder| rust_files(folder));
    let long: Vec<String> = files
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
    all.extend(["shared", "functions", "cli"].iter().flat_map(|folder| rust_files(folder)));
    let python = std::fs::read_dir(root().join("tests/stack")).unwrap().map(|entry| entry.unwrap().path());
    let python = python.filter(|path| path.extension().is_some_and(|kind| kind == "py"));
    all.extend(python.map(|path| (path.display().to_string(), std::fs::read_to_string(&path).unwrap())));
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
