//! The architecture's invariants, as tests. ARCHITECTURE.md names each.

mod contract;
mod crates;
mod metrics;
mod packaging;
mod sources;

use std::fs;
use std::path::{Path, PathBuf};

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// A file of the repository, as text.
#[track_caller]
pub fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// Rust files below a folder, with their paths from the root.
pub fn rust_files(below: &str) -> Vec<(String, String)> {
    let root = root();
    let mut files: Vec<(String, String)> = walkdir::WalkDir::new(root.join(below))
        .into_iter()
        .filter_entry(|entry| entry.file_name() != "target" && entry.file_name() != ".tools")
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "rs"))
        .map(|path| (path.strip_prefix(&root).unwrap().display().to_string(), fs::read_to_string(&path).unwrap()))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no Rust below {below}");
    files
}

/// Names of the folders in `functions/`.
pub fn functions() -> Vec<String> {
    let entries = fs::read_dir(root().join("functions")).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
