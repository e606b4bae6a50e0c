//! ECR's events: a basic scan that ended, an image that was pushed or deleted.

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use nightshift_core::ids::Digest;
use nightshift_core::image::{ImageId, is_ours};
use nightshift_door::{DoorError, if_readable, quoted, read};
use serde::Deserialize;

use super::{Incoming, News, id_of, ignored, place};

/// What a digest begins with; others are not made any more.
const SHA256: &str = "sha256:";

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Scanned {
    repository_name: String,
    image_digest: String,
    #[serde(default, deserialize_with = "if_readable")]
    scan_status: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Acted {
    repository_name: String,
    action_type: String,
    #[serde(default, deserialize_with = "if_readable")]
    image_digest: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    image_tag: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    result: Option<String>,
}

/// `ECR Image Scan`. One that failed is looked at too: what is known of the
/// image by then is not undone by it.
pub(super) fn scan(event: &EventBridgeEvent) -> Result<Incoming, DoorError> {
    let detail: Scanned = read(&event.detail, "detail")?;
    let what = detail.scan_status.unwrap_or_else(|| "scanned".into());
    Ok(Incoming::Image(news(event, &detail.repository_name, &detail.image_digest, what)?))
}

/// `ECR Image Action`: a push or a deletion. Our own tags are no news.
pub(super) fn action(event: &EventBridgeEvent) -> Result<Incoming, DoorError> {
    let detail: Acted = read(&event.detail, "detail")?;
    let action = detail.action_type.as_str();
    if !matches!(action, "PUSH" | "DELETE") {
        return Ok(ignored(format!("action {} says nothing about an image's findings", quoted(action))));
    }
    if detail.result.as_deref().is_some_and(|result| result != "SUCCESS") {
        return Ok(ignored("an action that did not succeed"));
    }
    // Somebody who takes one of them off means it.
    if action == "PUSH" && detail.image_tag.as_deref().is_some_and(is_ours) {
        return Ok(ignored("a tag of our own"));
    }
    let digest = detail.image_digest.ok_or_else(|| DoorError::at("detail", "missing field `image-digest`"))?;
    Ok(Incoming::Image(news(event, &detail.repository_name, &digest, action.to_owned())?))
}

/// News of an image whose repository is named by its name or by its ARN.
pub(super) fn news(event: &EventBridgeEvent, repository: &str, digest: &str, what: String) -> Result<News, DoorError> {
    let (account, region) = place(event)?;
    let image = ImageId::new(repository_of(repository)?, digest_of(digest, "detail.image-digest")?);
    Ok(News { event: id_of(event), image, account, region, what })
}

/// `team/web` of itself or of `arn:aws:ecr:REGION:ACCOUNT:repository/team/web`.
fn repository_of(name: &str) -> Result<String, DoorError> {
    let name = name.split_once(":repository/").map_or(name, |(_, name)| name);
    match name.is_empty() || name.contains(':') {
        true => Err(DoorError::at("detail.repository-name", format!("expected a repository, found {}", quoted(name)))),
        false => Ok(name.to_owned()),
    }
}

/// A digest with its algorithm and all of its digits.
pub(super) fn digest_of(text: &str, path: &str) -> Result<Digest, DoorError> {
    let digits = text.strip_prefix(SHA256).unwrap_or_default();
    let whole = digits.len() == 64 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    match whole {
        true => Ok(Digest::new(text)),
        false => Err(DoorError::at(path, format!("expected sha256: and 64 hex digits, found {}", quoted(text)))),
    }
}
