//! ECR: what an image is made of. One with labels is an index, as builds for
//! several platforms make it: an attestation, and the image of one platform.

use axum::Json;
use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use nightshift_core::ids::{Digest, fingerprint};
use serde_json::{Value, json};

use crate::state::State;

use super::Pace;

pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// A digest that belongs to that of an image.
fn part(kind: &str, of: &Digest) -> String {
    let hash = |salt| fingerprint(&[kind, of.as_str(), salt]);
    format!("sha256:{}{}{}{}", hash("1"), hash("2"), hash("3"), hash("4"))
}

/// The digest of the manifest that an index has for its one platform.
pub(super) fn platform(of: &Digest) -> String {
    part("platform", of)
}

/// The digest of an image's configuration.
pub(super) fn configuration(of: &Digest) -> String {
    part("configuration", of)
}

/// What is pulled by an image's digest, with its media type.
pub(super) fn manifest(state: &State, of: &Digest) -> (Value, &'static str) {
    let truth = state.truth_of(of);
    let annotations = truth.map(|truth| &truth.annotations).filter(|annotations| !annotations.is_empty());
    let child = |digest: String, os: &str| {
        json!({
            "mediaType": MANIFEST, "digest": digest, "size": 480,
            "platform": { "os": os, "architecture": if os == "unknown" { "unknown" } else { "arm64" } },
        })
    };
    let (mut manifest, kind) = if truth.is_some_and(|truth| !truth.labels.is_empty()) {
        let children = [child(part("attestation", of), "unknown"), child(platform(of), "linux")];
        (json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": children }), INDEX)
    } else {
        (of_platform(of), MANIFEST)
    };
    if let Some(annotations) = annotations {
        manifest["annotations"] = json!(annotations);
    }
    (manifest, kind)
}

/// The manifest of one platform.
pub(super) fn of_platform(of: &Digest) -> Value {
    json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": configuration(of),
            "size": 1024,
        },
        "layers": [],
    })
}

/// Where a layer lies on this face; whoever answers puts the host before it.
pub(super) fn address(digest: &str) -> String {
    format!("/_sim/layers/{digest}?X-Amz-Signature={}", fingerprint(&["signature", digest]))
}

/// `GET /_sim/layers/DIGEST`: an image's configuration, as S3 gives it.
pub(super) async fn layer(Shared(pace): Shared<Pace>, Path(digest): Path<String>) -> (StatusCode, Json<Value>) {
    let account = pace.account();
    let state = account.state();
    let mut builds = state.machines.iter().flat_map(|machine| &machine.builds);
    match builds.find(|build| configuration(&build.digest) == digest) {
        Some(build) => {
            let labels = Some(&build.truth.labels).filter(|labels| !labels.is_empty());
            let shown = json!({ "architecture": "arm64", "os": "linux", "config": { "Labels": labels } });
            (StatusCode::OK, Json(shown))
        }
        None => (StatusCode::NOT_FOUND, Json(json!({ "message": "no such layer" }))),
    }
}
