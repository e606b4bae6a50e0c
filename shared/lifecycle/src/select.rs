//! Which images a rule is about: storage class and tags.

use nightshift_core::image::{ImageDetail, ImageStatus};

/// Wildcards that a pattern may have.
pub(crate) const WILDCARDS: usize = 4;

/// Where images lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Where they can be pulled from.
    Standard,
    /// Where they cannot.
    Archive,
}

impl Class {
    /// That of an image. One on its way back counts as being there.
    pub fn of(image: &ImageDetail) -> Self {
        if image.status == ImageStatus::Archived { Self::Archive } else { Self::Standard }
    }
}

/// One entry of a rule's list of tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// What a tag begins with.
    Prefix(String),
    /// A whole tag, in which `*` stands for any characters, or none.
    Wildcard(String),
}

impl Pattern {
    /// Whether it fits a tag. Case matters.
    pub fn fits(&self, tag: &str) -> bool {
        match self {
            Self::Prefix(prefix) => tag.starts_with(prefix.as_str()),
            Self::Wildcard(pattern) => wildcard(pattern, tag),
        }
    }
}

/// The leftmost place for each piece leaves the most room for those after it,
/// so there is no need to try another.
fn wildcard(pattern: &str, tag: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == tag };
    let (middle, tail) = rest.rsplit_once('*').unwrap_or(("", rest));
    let Some(mut left) = tag.strip_prefix(head).and_then(|left| left.strip_suffix(tail)) else { return false };
    for piece in middle.split('*') {
        let Some(found) = left.find(piece) else { return false };
        left = &left[found + piece.len()..];
    }
    true
}

/// What a rule asks of an image's tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tags {
    /// Nothing.
    Any,
    /// That there are none.
    Untagged,
    /// That each of these fits one of them.
    All(Vec<Pattern>),
}

/// Which images a rule is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Where they lie.
    pub class: Class,
    /// What their tags are like.
    pub tags: Tags,
}

impl Selection {
    /// Whether the image is one of them.
    pub fn has(&self, image: &ImageDetail) -> bool {
        let tagged = match &self.tags {
            Tags::Any => true,
            Tags::Untagged => image.tags.is_empty(),
            Tags::All(patterns) => patterns.iter().all(|pattern| image.tags.iter().any(|tag| pattern.fits(tag))),
        };
        tagged && self.class == Class::of(image)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(pattern: &str, fits: &[&str], others: &[&str]) {
        let pattern = Pattern::Wildcard(pattern.into());
        for tag in fits {
            assert!(pattern.fits(tag), "{pattern:?} fits {tag}");
        }
        for tag in others {
            assert!(!pattern.fits(tag), "{pattern:?} does not fit {tag}");
        }
    }

    #[test]
    fn a_wildcard_stands_for_any_characters_or_none() {
        check("prod*", &["prod", "prod1", "production-team1"], &["repo-prod", "PROD1", "pro"]);
        check("*prod*", &["prod", "repo-production", "prod-team"], &["pro-d"]);
        check("*-sha-*", &["a-sha-1", "-sha-"], &["a-sha1"]);
        check("*test*1*2*3", &["test123", "a-test-1-2-3"], &["test-3-2-1", "test1233x"]);
        check("a*a", &["aa", "aba"], &["a"]);
        check("a*b*b", &["abb", "abxb"], &["ab"]);
        check("**", &["", "a"], &[]);
        check("latest", &["latest"], &["latest-1", "a-latest"]);
    }

    /// The definition, one character after the other.
    fn slowly(pattern: &[char], tag: &[char]) -> bool {
        match pattern.split_first() {
            None => tag.is_empty(),
            Some(('*', rest)) => (0..=tag.len()).any(|cut| slowly(rest, &tag[cut..])),
            Some((wanted, rest)) => tag.first() == Some(wanted) && slowly(rest, &tag[1..]),
        }
    }

    proptest! {
        #[test]
        fn a_pattern_fits_as_its_definition_says(pattern in "[ab*]{0,7}", tag in "[ab]{0,8}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(wildcard(&pattern, &tag), slowly(&chars(&pattern), &chars(&tag)));
        }
    }
}
