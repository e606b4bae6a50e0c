//! Amazon Inspector's events: enhanced scanning.

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use nightshift_core::image::ImageId;
use nightshift_door::{DoorError, each_readable, if_readable, quoted, read};
use serde::Deserialize;

use super::ecr::{digest_of, news};
use super::{Incoming, News, id_of, ignored, place};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Scanned {
    repository_name: String,
    image_digest: String,
    #[serde(default, deserialize_with = "if_readable")]
    scan_status: Option<String>,
}

/// Dates are left alone: they are written as people write them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    #[serde(default, deserialize_with = "each_readable")]
    resources: Vec<Resource>,
    #[serde(default, deserialize_with = "if_readable")]
    package_vulnerability_details: Option<Vulnerability>,
}

#[derive(Deserialize)]
struct Resource {
    id: String,
    #[serde(rename = "type", default)]
    kind: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vulnerability {
    vulnerability_id: String,
}

/// `Inspector2 Scan`. It names the repository by its ARN; scans of instances
/// and functions have none.
pub(super) fn scan(event: &EventBridgeEvent) -> Result<Incoming, DoorError> {
    if event.detail.get("repository-name").is_none() {
        return Ok(ignored("a scan of something that is no image"));
    }
    let detail: Scanned = read(&event.detail, "detail")?;
    let what = detail.scan_status.unwrap_or_else(|| "scanned".into());
    Ok(Incoming::Image(news(event, &detail.repository_name, &detail.image_digest, what)?))
}

/// `Inspector2 Finding`: hundreds of an image in a minute.
pub(super) fn finding(event: &EventBridgeEvent) -> Result<Incoming, DoorError> {
    let detail: Found = read(&event.detail, "detail")?;
    let of_images = |resource: &&Resource| resource.kind.as_deref().is_none_or(|kind| kind.contains("ECR"));
    let named = detail.resources.iter().filter(of_images).map(|resource| resource.id.as_str());
    let envelope = event.resources.iter().flatten().map(String::as_str);
    let Some((arn, (repository, digest))) = named.chain(envelope).find_map(|arn| Some((arn, image_in(arn)?))) else {
        return match detail.resources.iter().any(|resource| of_images(&resource)) {
            true => Err(DoorError::at("detail.resources", "expected the ARN of an image, repository/NAME/sha256:…")),
            false => Ok(ignored("a finding about something that is no image")),
        };
    };
    // An administrator's account hears of its members' images: whose it is, the ARN says.
    let (account, region) = owner(arn).map_or_else(|| place(event), Ok)?;
    let what = detail.package_vulnerability_details.map_or_else(|| "finding".into(), |found| found.vulnerability_id);
    let image = ImageId::new(repository, digest_of(digest, "detail.resources")?);
    Ok(Incoming::Finding(News { event: id_of(event), image, account, region, what: quoted(&what) }))
}

/// Repository and digest in `arn:aws:ecr:REGION:ACCOUNT:repository/NAME/sha256:…`.
fn image_in(arn: &str) -> Option<(&str, &str)> {
    let (_, path) = arn.split_once(":repository/")?;
    path.rsplit_once('/').filter(|(name, digest)| !name.is_empty() && digest.contains(':'))
}

/// Account and region in the ARN.
fn owner(arn: &str) -> Option<(String, String)> {
    let mut parts = arn.splitn(6, ':').skip(3);
    let (region, account) = (parts.next()?, parts.next()?);
    (!region.is_empty() && !account.is_empty()).then(|| (account.to_owned(), region.to_owned()))
}
