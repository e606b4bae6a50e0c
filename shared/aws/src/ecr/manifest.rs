//! What stands in an image's manifest, its index and its configuration, as far
//! as it matters here.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The label, or annotation, that names the revision of the sources.
const REVISION: &str = "org.opencontainers.image.revision";

/// A manifest of one platform, or an index of several.
#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
    #[serde(default)]
    config: Option<Part>,
    #[serde(default)]
    manifests: Vec<Child>,
}

#[derive(Deserialize)]
struct Part {
    digest: String,
}

#[derive(Deserialize)]
struct Child {
    digest: String,
    #[serde(default)]
    platform: Option<Platform>,
}

#[derive(Deserialize)]
struct Platform {
    os: String,
}

#[derive(Deserialize)]
struct Image {
    #[serde(default)]
    config: Option<Configuration>,
}

#[derive(Deserialize)]
struct Configuration {
    #[serde(default, rename = "Labels")]
    labels: Option<BTreeMap<String, String>>,
}

/// Where the revision is to be found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Here.
    Revision(String),
    /// In the manifest of that digest, if anywhere.
    InManifest(String),
    /// In the configuration of that digest, if anywhere.
    InConfiguration(String),
    /// Nowhere.
    Nowhere,
}

/// What a manifest or an index says: its own annotation first.
pub(super) fn read(manifest: &str) -> Found {
    let Ok(Manifest { annotations, config, manifests }) = serde_json::from_str(manifest) else {
        return Found::Nowhere;
    };
    if let Some(revision) = annotations.and_then(revision) {
        return Found::Revision(revision);
    }
    // Beside its platforms an index has attestations, of platform `unknown`.
    let of_platform = |child: &Child| child.platform.as_ref().is_none_or(|platform| platform.os != "unknown");
    match (manifests.into_iter().find(of_platform), config) {
        (Some(child), _) => Found::InManifest(child.digest),
        (None, Some(config)) => Found::InConfiguration(config.digest),
        (None, None) => Found::Nowhere,
    }
}

/// What an image's configuration says by its labels.
pub(super) fn of_configuration(configuration: &[u8]) -> Option<String> {
    let Image { config } = serde_json::from_slice(configuration).ok()?;
    revision(config?.labels?)
}

fn revision(mut labels: BTreeMap<String, String>) -> Option<String> {
    labels.remove(REVISION).filter(|revision| !revision.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[track_caller]
    fn check(manifest: Value, expect: Found) {
        assert_eq!(read(&manifest.to_string()), expect, "{manifest}");
    }

    #[test]
    fn a_manifest_says_it_itself_or_says_where_it_stands() {
        let config = json!({"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "sha256:c", "size": 7});
        check(json!({"schemaVersion": 2, "config": config, "layers": []}), Found::InConfiguration("sha256:c".into()));
        let annotated = json!({"config": config, "annotations": {REVISION: "189b5e9", "other": "x"}});
        check(annotated, Found::Revision("189b5e9".into()));
        check(json!({"config": config, "annotations": {REVISION: ""}}), Found::InConfiguration("sha256:c".into()));
        check(json!({"config": config, "annotations": null}), Found::InConfiguration("sha256:c".into()));
    }

    #[test]
    fn an_index_says_it_itself_or_by_its_first_platform() {
        let child = |digest: &str, os: &str| json!({"digest": digest, "platform": {"os": os, "architecture": "arm64"}});
        let children = json!([child("sha256:a", "unknown"), child("sha256:b", "linux"), child("sha256:c", "linux")]);
        check(json!({"manifests": children}), Found::InManifest("sha256:b".into()));
        let annotated = json!({"manifests": children, "annotations": {REVISION: "189b5e9"}});
        check(annotated, Found::Revision("189b5e9".into()));
        check(json!({"manifests": [child("sha256:a", "unknown")]}), Found::Nowhere);
    }

    #[test]
    fn what_is_no_manifest_says_nothing() {
        check(json!([]), Found::Nowhere);
        check(json!({"schemaVersion": 1, "fsLayers": []}), Found::Nowhere);
        check(json!({"annotations": {REVISION: 7}}), Found::Nowhere);
        assert_eq!(read("no json"), Found::Nowhere);
    }

    #[test]
    fn a_configuration_says_it_by_its_labels() {
        let of = |value: Value| of_configuration(value.to_string().as_bytes());
        assert_eq!(of(json!({"config": {"Labels": {REVISION: "189b5e9"}}})).as_deref(), Some("189b5e9"));
        for silent in [json!({"config": {"Labels": null}}), json!({"config": {}}), json!({}), json!([])] {
            assert_eq!(of(silent.clone()), None, "{silent}");
        }
    }
}
