//! Who made a release and from what, as far as its task definition says.

use nightshift_core::origin::Origin;
use nightshift_core::release::TaskDefinition;

/// Tags that name the commit, the first that is there.
const COMMIT: [&str; 4] = ["git-sha", "commit", "git-commit", "org.opencontainers.image.revision"];
/// The tag that names when it was committed, RFC 3339. When an image was made
/// is no such time: lead time would begin with its build.
const COMMITTED_AT: [&str; 1] = ["commit-time"];
/// Tags that name who deployed it.
const BY: [&str; 3] = ["deployed-by", "author", "github-actor"];
/// A short git commit has seven digits, a whole one by SHA-1 forty.
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

/// What an image says that it was built from, where that is a commit: labels
/// name tags and branches too. A whole commit by SHA-256 has sixty-four digits.
pub fn commit_of_label(label: &str) -> Option<String> {
    let label = label.trim();
    let hex = label.chars().all(|letter| letter.is_ascii_hexdigit());
    (hex && (*COMMIT_LENGTH.start()..=64).contains(&label.len())).then(|| label.to_owned())
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
    fn a_label_names_a_commit_or_nothing() {
        let whole = "189b5e9c0ffee189b5e9c0ffee189b5e9c0ffee0";
        assert_eq!(commit_of_label(whole).as_deref(), Some(whole));
        assert_eq!(commit_of_label(" 1890509\n").as_deref(), Some("1890509"), "a label is no build's number");
        for other in ["", "main", "v1.2.3", "refs/heads/main", "189b5e", &"a".repeat(65)] {
            assert_eq!(commit_of_label(other), None, "{other}");
        }
    }

    #[test]
    fn when_an_image_was_made_is_not_when_it_was_committed() {
        let tags = [("org.opencontainers.image.created", "2026-11-20T02:00:00Z")];
        let definition = TaskDefinition {
            arn: TaskDefinitionArn::new("task-definition/web:1"),
            active: true,
            images: BTreeMap::new(),
            tags: tags.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
            logs: BTreeMap::new(),
            registered_by: None,
        };
        assert_eq!(of(&definition).committed_at, None);
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
