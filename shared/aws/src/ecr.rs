//! Amazon ECR: what an image reference means right now, since when images are
//! there, and what they say about themselves.

mod blob;
mod labels;
mod manifest;

use aws_sdk_ecr::types::{ImageFailureCode, ImageIdentifier};
use jiff::Timestamp;
use nightshift_core::fault::FaultKind;
use nightshift_core::ids::Digest;
use nightshift_core::ports::{Answer, ImageAges, ImageReads};
use nightshift_core::release::ImageNow;

use crate::client::Account;
use crate::fault::fault;
use crate::moment::moment;

const GET: &str = "ecr:BatchGetImage";
const DESCRIBE: &str = "ecr:DescribeImages";

/// All four, or ECR may answer for one platform of a multi-platform image.
const MEDIA_TYPES: [&str; 4] = [
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
];

impl ImageReads for Account {
    async fn image(&self, image: &str) -> Answer<ImageNow> {
        let Some(reference) = self.readable(image) else {
            return Ok(ImageNow::Unknown);
        };
        let request = self
            .ecr
            .batch_get_image()
            .registry_id(reference.account)
            .repository_name(reference.repository)
            .image_ids(reference.id())
            .set_accepted_media_types(Some(MEDIA_TYPES.map(ToOwned::to_owned).to_vec()));
        let found = match request.send().await {
            Ok(found) => found,
            Err(error) => {
                let fault = fault(GET, image, &error);
                return match fault.kind {
                    FaultKind::NotFound => Ok(ImageNow::Gone),
                    FaultKind::Denied => Ok(ImageNow::Unknown),
                    FaultKind::Transient | FaultKind::Permanent => Err(fault),
                };
            }
        };
        let digest = found.images().iter().find_map(|image| image.image_id()?.image_digest());
        let failure = found.failures().first().and_then(|failure| failure.failure_code());
        Ok(now(digest, failure))
    }
}

impl ImageAges for Account {
    async fn pushed_at(&self, image: &str, digest: &Digest) -> Answer<Option<Timestamp>> {
        let Some(reference) = self.readable(image) else {
            return Ok(None);
        };
        let request = self
            .ecr
            .describe_images()
            .registry_id(reference.account)
            .repository_name(reference.repository)
            .image_ids(ImageIdentifier::builder().image_digest(digest.as_str()).build());
        match request.send().await {
            Ok(found) => Ok(moment(found.image_details().iter().find_map(|detail| detail.image_pushed_at()))),
            Err(error) => {
                let fault = fault(DESCRIBE, format!("{image} {digest}"), &error);
                match fault.kind {
                    // Another account may let images be pulled and not be described.
                    FaultKind::NotFound | FaultKind::Denied => Ok(None),
                    FaultKind::Transient | FaultKind::Permanent => Err(fault),
                }
            }
        }
    }
}

impl Account {
    /// `None`: another registry, or another region's, and not ours to read.
    fn readable<'a>(&self, image: &'a str) -> Option<Reference<'a>> {
        Reference::parse(image).filter(|parsed| parsed.region == self.settings.region)
    }
}

/// Failures come with status 200.
fn now(digest: Option<&str>, failure: Option<&ImageFailureCode>) -> ImageNow {
    match (digest, failure) {
        (Some(digest), _) => ImageNow::At(Digest::new(digest)),
        (None, Some(ImageFailureCode::ImageNotFound)) => ImageNow::Gone,
        (None, _) => ImageNow::Unknown,
    }
}

/// An image in a private ECR registry.
#[derive(Debug, PartialEq, Eq)]
struct Reference<'a> {
    account: &'a str,
    region: &'a str,
    repository: &'a str,
    /// Where there is a digest, a tag says nothing.
    digest: Option<&'a str>,
    tag: &'a str,
}

impl<'a> Reference<'a> {
    /// Reads `ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY[:TAG][@DIGEST]`,
    /// with `-fips` and other partitions too, and the dual-stack form
    /// `ACCOUNT.dkr-ecr.REGION.on.aws`. `None`: not in ECR.
    fn parse(image: &'a str) -> Option<Self> {
        let (host, path) = image.split_once('/')?;
        let mut labels = host.split('.');
        let account = labels.next()?;
        let region = match labels.next()? {
            "dkr" => matches!(labels.next()?, "ecr" | "ecr-fips").then(|| labels.next())??,
            "dkr-ecr" | "dkr-ecr-fips" => labels.next()?,
            _ => return None,
        };
        let (name, digest) = path.split_once('@').map_or((path, None), |(name, digest)| (name, Some(digest)));
        let (repository, tag) = name.split_once(':').unwrap_or((name, "latest"));
        let twelve_digits = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        (twelve_digits && !repository.is_empty()).then_some(Self { account, region, repository, digest, tag })
    }

    fn id(&self) -> ImageIdentifier {
        match self.digest {
            Some(digest) => ImageIdentifier::builder().image_digest(digest).build(),
            None => ImageIdentifier::builder().image_tag(self.tag).build(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "111122223333.dkr.ecr.eu-west-1.amazonaws.com";

    #[track_caller]
    fn check(path: &str, repository: &str, tag: &str, digest: Option<&str>) {
        let image = format!("{HOST}/{path}");
        let parsed = Reference::parse(&image).unwrap();
        assert_eq!((parsed.repository, parsed.tag, parsed.digest), (repository, tag, digest));
        assert_eq!((parsed.account, parsed.region), ("111122223333", "eu-west-1"));
    }

    #[test]
    fn a_reference_has_a_tag_or_a_digest() {
        check("team/web:1.2", "team/web", "1.2", None);
        check("web", "web", "latest", None);
        check("web@sha256:ab", "web", "latest", Some("sha256:ab"));
        check("web:1.2@sha256:ab", "web", "1.2", Some("sha256:ab"));
    }

    #[test]
    fn only_private_ecr_registries_are_asked() {
        assert!(Reference::parse("111122223333.dkr.ecr-fips.us-gov-west-1.amazonaws.com/web:1").is_some());
        assert!(Reference::parse("111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn/web:1").is_some());
        assert_eq!(Reference::parse("111122223333.dkr-ecr.eu-west-1.on.aws/web").unwrap().region, "eu-west-1");
        assert_eq!(Reference::parse("public.ecr.aws/nginx/nginx:1"), None);
        assert_eq!(Reference::parse("docker.io/library/nginx:1"), None);
        assert_eq!(Reference::parse("nginx:1"), None);
        assert_eq!(Reference::parse("registry.example.com:5000/web@sha256:ab"), None);
    }

    #[test]
    fn only_ecr_saying_so_makes_an_image_gone() {
        assert_eq!(now(Some("sha256:ab"), None), ImageNow::At(Digest::new("sha256:ab")));
        assert_eq!(now(None, Some(&ImageFailureCode::ImageNotFound)), ImageNow::Gone);
        assert_eq!(now(None, Some(&ImageFailureCode::KmsError)), ImageNow::Unknown);
        assert_eq!(now(None, None), ImageNow::Unknown);
    }
}
