//! What `make package` would get wrong without a word: it takes too long to run in every test.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{root, text};

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

/// The lines of the parameter Architecture, without its description.
fn architecture(template: &str) -> Vec<&str> {
    let lines = template.lines().skip_while(|line| *line != "  Architecture:");
    lines.skip(1).take_while(|line| line.starts_with("    ") && !line.contains("Description:")).collect()
}

/// What `tools/for-architecture.sh` makes of a template; an error if it refuses.
fn packaged(template: &str, processor: &str) -> Result<String, String> {
    // Tests run side by side.
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!("template-{}-{}.yaml", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, template).unwrap();
    let done = Command::new(root().join("tools/for-architecture.sh")).arg(processor).arg(&path).output().unwrap();
    let made = fs::read_to_string(&path).unwrap();
    fs::remove_file(&path).unwrap();
    if done.status.success() { Ok(made) } else { Err(String::from_utf8(done.stderr).unwrap()) }
}

#[test]
fn a_package_takes_the_processor_it_was_built_for_and_no_other() {
    let source = text("template.yaml");
    let choice = "    AllowedValues: [arm64, x86_64]\n";
    assert!(source.contains(choice), "{:?}", architecture(&source));
    // `sam build` writes a list below its key.
    let built = source.replace(choice, "    AllowedValues:\n    - arm64\n    - x86_64\n");
    for processor in ["arm64", "x86_64"] {
        for template in [&source, &built] {
            let made = packaged(template, processor).unwrap();
            let wanted = [
                "    Type: String".to_owned(),
                format!("    Default: {processor}"),
                format!("    AllowedValues: [{processor}]"),
            ];
            assert_eq!(architecture(&made), wanted);
            // Nothing else is another one: other parameters have defaults and choices, too.
            let rest = |template: &str| {
                let (before, after) = template.split_once("  Architecture:\n").unwrap();
                let (_, after) = after.split_once("    Description:").unwrap();
                (before.to_owned(), after.to_owned())
            };
            assert_eq!(rest(&made), rest(template));
            assert_eq!(packaged(&made, processor).as_ref(), Ok(&made), "made again, it is the same");
        }
    }
}

#[test]
fn a_template_that_knows_no_such_processor_is_not_packaged() {
    let source = text("template.yaml");
    let without = source.replace("  Architecture:\n", "  Processor:\n");
    for (template, processor) in [(&source, "riscv64"), (&without, "arm64")] {
        let refused = packaged(template, processor).unwrap_err();
        assert!(refused.contains(&format!("no parameter Architecture that takes {processor}")), "{refused}");
    }
}

#[test]
fn what_is_packaged_and_released_depends_on_no_override() {
    let makefile = text("Makefile");
    let recipe = makefile.split("\npackage: ").nth(1).unwrap().split("\n\n").next().unwrap();
    let (build, after) = recipe.split_once("--parameter-overrides Architecture=$$architecture &&").unwrap();
    assert!(build.contains("--build-dir .aws-sam/$$architecture "), "{recipe}");
    let step = "tools/for-architecture.sh $$architecture .aws-sam/$$architecture/template.yaml || exit 1";
    assert!(after.contains(step), "{recipe}");
    // Overrides given at the command line replace all that stand in samconfig.toml.
    for path in ["samconfig.toml", ".github/workflows/release.yml"] {
        assert!(!text(path).contains("parameter_overrides"), "{path}");
    }
}

#[test]
fn a_tag_is_released_only_once_its_tests_have_passed() {
    let release = text(".github/workflows/release.yml");
    let jobs: Vec<&str> = release.split("\njobs:\n").nth(1).unwrap().split("\n\n").collect();
    let [test, publish] = jobs[..] else { panic!("another job, which may publish untested: {jobs:?}") };
    let said = test.lines().map(|line| line.split('#').next().unwrap_or_default().trim_end());
    let said: Vec<&str> = said.filter(|line| !line.is_empty()).collect();
    assert_eq!(said, ["  test:", "    uses: ./.github/workflows/ci.yml"]);
    assert!(publish.starts_with("  package:\n    needs: test\n") && publish.contains("gh release create"), "{publish}");
    let tests = text(".github/workflows/ci.yml");
    assert!(tests.contains("\n  workflow_call:\n") && tests.contains("- run: .ci/run\n"), "{tests}");
}
