//! ECR's blobs: an image's configuration, which S3 gives to whoever has its
//! address.

use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use nightshift_core::ids::fingerprint;
use serde_json::{Value, json};

use crate::state::State;
use crate::state::releases::AwsError;

use super::Pace;
use super::request::Request;

/// `GetDownloadUrlForLayer`. Whoever answers puts the host before the address.
pub(super) fn url(state: &State, request: &Request) -> Result<Value, AwsError> {
    let (name, wanted) = (request.needed("repositoryName")?, request.needed("layerDigest")?);
    state.registry.repo(name)?;
    let missing = || AwsError::new("LayersNotFoundException", format!("The layer {wanted} does not exist"));
    state.registry.configuration(name, wanted).ok_or_else(missing)?;
    let signature = fingerprint(&["signature", wanted]);
    let address = format!("/_sim/layers/{}/{wanted}?X-Amz-Signature={signature}", name.replace('/', "%2F"));
    Ok(json!({ "layerDigest": wanted, "downloadUrl": address }))
}

/// `GET /_sim/layers/REPOSITORY/DIGEST`: a configuration, as S3 gives it.
pub(super) async fn layer(
    Shared(pace): Shared<Pace>,
    Path((name, digest)): Path<(String, String)>,
) -> (StatusCode, String) {
    let account = pace.account();
    let found = account.state().registry.configuration(&name, &digest);
    match found {
        Some(text) => (StatusCode::OK, text),
        None => (StatusCode::NOT_FOUND, json!({ "message": "no such layer" }).to_string()),
    }
}
