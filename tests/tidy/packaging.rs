//! What `make package` would get wrong without a word: it takes too long to run in every test.

use super::text;

fn toml(path: &str) -> toml::Value {
    toml::from_str(&text(path)).unwrap()
}

#[test]
fn what_runs_in_lambda_unwinds() {
    // cargo-lambda looks into the manifest, and adds "abort" where nothing is said.
    let manifest = toml("Cargo.toml");
    assert_eq!(manifest["profile"]["release"]["panic"].as_str(), Some("unwind"));
}

#[test]
fn sam_caches_no_build() {
    let config = toml("samconfig.toml");
    assert_eq!(config["default"]["build"]["parameters"]["cached"].as_bool(), Some(false));
}

#[test]
fn all_that_the_template_takes_from_a_folder_is_built() {
    let template = text("template.yaml");
    let from_folders: Vec<&str> = template
        .split("\n    Type: ")
        .filter(|resource| resource.contains(" CodeUri: ") || resource.contains(" ContentUri: "))
        .collect();
    assert!(!from_folders.is_empty());
    for resource in from_folders {
        // Without a method the path would lead out of the package, where nobody else has the folder.
        assert!(resource.contains("Metadata: {BuildMethod: "), "sam build passes over {resource}");
    }
}
