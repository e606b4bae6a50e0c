//! What a task definition's image reference means.

use crate::ids::Digest;

/// An image in a private ECR registry, as a task definition writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference<'a> {
    /// Whose registry, twelve digits.
    pub account: &'a str,
    /// In which region.
    pub region: &'a str,
    /// The repository's name.
    pub repository: &'a str,
    /// Where there is a digest, a tag says nothing.
    pub digest: Option<&'a str>,
    /// The tag; `latest` where none is written.
    pub tag: &'a str,
}

impl<'a> Reference<'a> {
    /// Reads `ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY[:TAG][@DIGEST]`,
    /// with `-fips` and other partitions too, and the dual-stack form
    /// `ACCOUNT.dkr-ecr.REGION.on.aws`. `None`: not in ECR.
    pub fn parse(image: &'a str) -> Option<Self> {
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

    /// The digest that is written, if one is.
    pub fn pinned(&self) -> Option<Digest> {
        self.digest.map(Digest::new)
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
}
