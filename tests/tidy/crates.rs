//! Who may depend on whom.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use cargo_metadata::{DependencyKind, MetadataCommand};

use super::{functions, root, text};

/// What each package of ours depends on, tests left out.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = MetadataCommand::new().current_dir(root()).no_deps().exec().unwrap();
    let of = |package: &cargo_metadata::Package| {
        let kept = package.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal);
        (package.name.to_string(), kept.map(|dependency| dependency.name.clone()).collect())
    };
    metadata.packages.iter().map(of).collect()
}

fn who_links(named: impl Fn(&str) -> bool) -> Vec<String> {
    let links = |(_, on): &(String, BTreeSet<String>)| on.iter().any(|name| named(name));
    dependencies().into_iter().filter(links).map(|(package, _)| package).collect()
}

#[test]
fn only_the_aws_crate_links_an_sdk() {
    assert_eq!(who_links(|name| name.starts_with("aws-sdk-") || name.starts_with("aws-smithy-")), ["nightshift-aws"]);
}

#[test]
fn only_the_lambda_crate_links_the_runtime() {
    assert_eq!(who_links(|name| name == "lambda_runtime"), ["nightshift-lambda"]);
}

#[test]
fn only_the_lambda_crate_links_metrique() {
    assert_eq!(who_links(|name| name.starts_with("metrique")), ["nightshift-lambda"]);
}

#[test]
fn arrows_point_to_the_core() {
    let allowed = |package: &str| -> Vec<&str> {
        let library = vec![
            "nightshift-core",
            "nightshift-door",
            "nightshift-incident",
            "nightshift-diagnosis",
            "nightshift-release",
            "nightshift-lifecycle",
            "nightshift-cost",
            "nightshift-picture",
        ];
        match package {
            "nightshift-core" => vec![],
            "nightshift-door"
            | "nightshift-diagnosis"
            | "nightshift-release"
            | "nightshift-lifecycle"
            | "nightshift-cost"
            | "nightshift-picture"
            | "nightshift-aws"
            | "nightshift-lambda"
            | "nightshift-sim" => {
                vec!["nightshift-core"]
            }
            "nightshift-incident" => {
                vec!["nightshift-core", "nightshift-door", "nightshift-diagnosis", "nightshift-release"]
            }
            "nightshift" | "nightshift-tests" | "nightshift-bench-rules" => vec!["*"],
            // It runs what is shipped, and links none of it.
            "nightshift-bench" => vec![],
            "nightshift-conformance" => vec!["nightshift-core", "nightshift-aws"],
            _ => [library, vec!["nightshift-aws", "nightshift-lambda"]].concat(),
        }
    };
    let ours: BTreeSet<String> = dependencies().into_keys().collect();
    for (package, on) in dependencies() {
        let allowed = allowed(&package);
        let wrong: Vec<&String> = on
            .iter()
            .filter(|name| ours.contains(*name) && !allowed.contains(&"*") && !allowed.contains(&name.as_str()))
            .collect();
        assert!(wrong.is_empty(), "{package} must not depend on {wrong:?}");
    }
}

/// Packages that a build of `package` without its default features compiles.
fn tree(package: &str) -> String {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let arguments =
        ["tree", "--package", package, "--no-default-features", "--edges", "normal", "--prefix", "none", "--locked"];
    let output = Command::new(cargo).args(arguments).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_demo_compiles_no_sdk_and_no_runtime() {
    let tree = tree("nightshift");
    assert!(tree.contains("nightshift-sim"), "{tree}");
    for unwanted in ["aws-sdk-", "aws-smithy-", "lambda_runtime ", "reqwest "] {
        assert!(!tree.contains(unwanted), "{unwanted} is in the demo's build");
    }
}

#[test]
fn a_functions_library_compiles_no_sdk() {
    for function in functions() {
        assert!(!tree(&function).contains("aws-sdk-"), "{function}");
    }
}

#[test]
fn every_function_is_linked_as_link_rs_says() {
    for function in functions() {
        let manifest = text(&format!("functions/{function}/Cargo.toml"));
        assert!(manifest.contains("\nbuild = \"../../tools/link.rs\"\n"), "{function}");
    }
}
