//! Who made a release and from what, as far as its task definition says.

use nightshift_core::origin::Origin;
use nightshift_core::release::TaskDefinition;

/// Tags that name the commit, the first that is there.
const COMMIT: [&str; 4] = ["git-sha", "commit", "git-commit", "org.opencontainers.image.revision"];
/// Tags that name when it was made, RFC 3339.
const COMMITTED_AT: [&str; 2] = ["commit-time", "org.opencontainers.image.created"];
/// Tags that name who deployed it.
const BY: [&str; 3] = ["deployed-by", "author", "github-actor"];
/// A short git commit has seven digits, a whole one forty.
const COMMIT_LENGTH: std::ops::RangeInclusive<usize> = 7..=40;

/// What a task definition says about where it comes from.
pub fn of(definition: &TaskDefinition) -> Origin {
    let first = |keys: &[&str]| keys.iter().find_map(|key| definition.tags.get(*key)).cloned();
    Origin {
        commit: first(&COMMIT).or_else(|| definition.images.values().find_map(|image| commit_in(image))),
        committed_at: first(&COMMITTED_AT).and_then(|text| text.parse().ok()),
        by: first(&BY),
        registered_by: definition.registered_by.as_deref().map(principal),
    }
}

/// A principal without its account: `deploy/GitHubActions` of an assumed role,
/// `deployer` of a user.
pub fn principal(arn: &str) -> String {
    let resource = arn.splitn(6, ':').nth(5).unwrap_or(arn);
    let name = resource.strip_prefix("assumed-role/").or_else(|| resource.strip_prefix("user/"));
    name.unwrap_or(resource).to_owned()
}

/// An image's tag, where it looks like a commit: `repo:189b5e9`, or with a word
/// in front, `repo:main-189b5e9`.
fn commit_in(image: &str) -> Option<String> {
    let name = image.split('@').next().unwrap_or(image);
    let (_, tag) = name.rsplit_once(':').filter(|(_, tag)| !tag.contains('/'))?;
    let last = tag.rsplit(['-', '_', '.']).next().unwrap_or(tag);
    let hex = last.chars().all(|letter| letter.is_ascii_hexdigit() && !letter.is_ascii_uppercase());
    // A number alone is a build, not a commit.
    let lettered = last.chars().any(|letter| letter.is_ascii_alphabetic());
    (hex && lettered && COMMIT_LENGTH.contains(&last.len())).then(|| last.to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use nightshift_core::ids::TaskDefinitionArn;

    use super::*;

    #[test]
    fn a_tag_and_the_registering_principal_are_told_apart() {
        let definition = |tags: &[(&str, &str)]| TaskDefinition {
            arn: TaskDefinitionArn::new("task-definition/web:1"),
            active: true,
            images: BTreeMap::new(),
            tags: tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            logs: BTreeMap::new(),
            registered_by: Some("arn:aws:sts::123456789012:assumed-role/ci/GitHubActions".into()),
        };
        let plain = of(&definition(&[]));
        assert_eq!((plain.by, plain.registered_by.as_deref()), (None, Some("ci/GitHubActions")));
        assert_eq!(of(&definition(&[("deployed-by", "platform")])).by.as_deref(), Some("platform"));
        assert_eq!(principal("arn:aws:iam::123456789012:user/deployer"), "deployer");
        assert_eq!(principal("arn:aws:iam::123456789012:root"), "root");
        assert_eq!(principal("deployer"), "deployer");
    }

    #[test]
    fn a_tag_that_looks_like_a_commit_is_one() {
        let check = |image: &str, expect: Option<&str>| assert_eq!(commit_in(image).as_deref(), expect, "{image}");
        check("123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:189b5e9", Some("189b5e9"));
        check("web:main-189b5e9", Some("189b5e9"));
        check("web:189b5e9@sha256:0123", Some("189b5e9"));
        check("web:latest", None);
        check("web:20261120", None);
        check("web:v1.2.3", None);
        check("registry:5000/web", None);
        check("web", None);
    }
}
