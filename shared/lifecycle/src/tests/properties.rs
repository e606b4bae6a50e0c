//! What holds for every policy and every repository.

use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::policy::When;

const TAGS: [&str; 6] = ["prod-1", "prod-2", "beta-1", "beta-2", "nightshift-keep-1", "nightshift-keep-2"];

fn images() -> impl Strategy<Value = Vec<ImageDetail>> {
    let one = (
        0..12u8,
        btree_set(select(&TAGS[..]).prop_map(str::to_owned), 0..3),
        option::weighted(0.9, 0..400i64),
        option::of(0..400i64),
        select(vec![ImageStatus::Active, ImageStatus::Active, ImageStatus::Archived, ImageStatus::Activating]),
    );
    let detail = |(name, tags, pushed, pulled, status): (u8, _, Option<i64>, Option<i64>, _)| ImageDetail {
        digest: Digest::new(name.to_string()),
        tags,
        pushed_at: pushed.map(|age| hours(age).before(now())),
        pulled_at: pulled.map(|age| hours(age).before(now())),
        size: 1,
        status,
        index: false,
    };
    vec(one.prop_map(detail), 0..16)
}

/// Images that differ in digest and time, all in the standard class.
fn plain_images() -> impl Strategy<Value = Vec<ImageDetail>> {
    images().prop_map(|mut images| {
        for (number, image) in images.iter_mut().enumerate() {
            image.digest = Digest::new(number.to_string());
            image.status = ImageStatus::Active;
            // Half an hour beside all others, and each other.
            image.pushed_at = image.pushed_at.or(Some(now())).map(|at| Span::seconds(1800 + number as i64).before(at));
        }
        images
    })
}

fn children() -> impl Strategy<Value = BTreeMap<Digest, Vec<Digest>>> {
    let digest = || (0..12u8).prop_map(|name| Digest::new(name.to_string()));
    proptest::collection::btree_map(digest(), vec(digest(), 0..3), 0..3)
}

fn selection() -> impl Strategy<Value = Value> {
    let tags = prop_oneof![
        Just(json!({ "tagStatus": "any" })),
        Just(json!({ "tagStatus": "untagged" })),
        select(vec!["prod", "beta", "n"])
            .prop_map(|prefix| json!({ "tagStatus": "tagged", "tagPrefixList": [prefix] })),
        select(vec!["*-1", "*a*", "prod-2"])
            .prop_map(|one| json!({ "tagStatus": "tagged", "tagPatternList": [one, "*"] })),
    ];
    let kinds = vec!["imageCountMoreThan", "sinceImagePushed", "sinceImagePulled"];
    (tags, select(kinds), 1..8u32).prop_map(|(mut selection, kind, number)| {
        selection["countType"] = json!(kind);
        selection["countNumber"] = json!(number);
        selection["countUnit"] = json!("days");
        selection
    })
}

/// Rules of priorities from 2 on; `strange`: some that nobody understands.
fn rules(strange: bool) -> impl Strategy<Value = Vec<Value>> {
    let one = (selection(), any::<bool>(), 0..10u8).prop_map(move |(mut selection, archive, odd)| {
        match odd {
            0 if strange => selection["countType"] = json!("phaseOfMoon"),
            1 if strange => selection["tagStatus"] = json!("signed"),
            _ => {}
        }
        if archive { archiving(0, selection) } else { rule(0, selection) }
    });
    vec(one, 0..5).prop_map(|mut rules| {
        for (number, rule) in rules.iter_mut().enumerate() {
            rule["rulePriority"] = json!(number + 2);
        }
        rules
    })
}

/// As AWS's guide tells it: every rule marks what it would take of all that it
/// selects; then each image goes by the first rule that marks it, unless a rule
/// before that one selects it.
fn as_the_guide_says(policy: &Policy, images: &[ImageDetail]) -> Vec<(Digest, u32)> {
    let mut taken: Vec<(Digest, u32)> = Vec::new();
    let mut selected_before: Vec<&Digest> = Vec::new();
    for rule in &policy.rules {
        let selection = rule.selects.as_ref().unwrap();
        let mut selected: Vec<&ImageDetail> = images.iter().filter(|image| selection.has(image)).collect();
        selected.sort_by_key(|image| std::cmp::Reverse(image.pushed_at));
        let older = |image: &ImageDetail, from: Option<Timestamp>, age: Span| {
            now().duration_since(from.or(image.pushed_at).unwrap()) > age.duration()
        };
        for (place, image) in selected.iter().enumerate() {
            let marked = match rule.takes.as_ref().unwrap().when {
                When::MoreThan(most) => place >= most as usize,
                When::Pushed(age) | When::Archived(age) => older(image, None, age),
                When::Pulled(age) => older(image, image.pulled_at, age),
            };
            if marked && !selected_before.contains(&&image.digest) {
                taken.push((image.digest.clone(), rule.priority));
            }
        }
        selected_before.extend(selected.iter().map(|image| &image.digest));
    }
    taken.sort();
    taken
}

proptest! {
    #[test]
    fn what_is_taken_is_what_the_guide_says(rules in rules(false), images in plain_images()) {
        let policy = policy(&rules);
        let mut taken: Vec<(Digest, u32)> =
            policy.preview(&images, &BTreeMap::new(), now()).into_iter().map(|one| (one.digest, one.rule)).collect();
        taken.sort();
        prop_assert_eq!(taken, as_the_guide_says(&policy, &images));
    }

    #[test]
    fn nothing_is_taken_twice_and_the_order_of_images_does_not_matter(
        rules in rules(true), (images, shuffled) in images().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        children in children(),
    ) {
        let policy = policy(&rules);
        let doomed = policy.preview(&images, &children, now());
        let mut digests: Vec<&Digest> = doomed.iter().map(|one| &one.digest).collect();
        digests.sort();
        digests.dedup();
        prop_assert_eq!(digests.len(), doomed.len());
        prop_assert_eq!(policy.fates(&images, &children, now()), policy.fates(&shuffled, &children, now()));
        prop_assert_eq!(doomed, policy.preview(&shuffled, &children, now()));
    }

    #[test]
    fn the_recommended_rule_keeps_what_is_tagged_and_only_takes_away_from_what_is_taken(
        rules in rules(true), images in images(), children in children(),
    ) {
        let before = json!({ "rules": rules }).to_string();
        let after = Policy::parse(&with_keep_rule(Some(&before), KEEP).unwrap()).unwrap();
        prop_assert!(after.keeps(KEEP));
        let standard = |image: &&ImageDetail| image.status != ImageStatus::Archived;
        let fates = after.fates(&images, &children, now());
        let newest = crate::judge::once(&images);
        for image in newest.values().copied().filter(standard).filter(|image| image.tags.iter().any(|tag| tag.starts_with(KEEP))) {
            prop_assert_eq!(&fates[&image.digest], &Fate::Kept);
        }
        let taken: Vec<Digest> = Policy::parse(&before).unwrap().preview(&images, &children, now()).into_iter().map(|one| one.digest).collect();
        for one in after.preview(&images, &children, now()) {
            prop_assert!(taken.contains(&one.digest), "{} is taken because of the rule that keeps", one.digest.as_str());
        }
    }

    #[test]
    fn what_is_due_then_is_taken_then(rules in rules(false), images in plain_images(), later in 1..400i64) {
        let policy = policy(&rules);
        let then = hours(later).after(now());
        let fates_then = policy.fates(&images, &BTreeMap::new(), then);
        for (digest, fate) in policy.fates(&images, &BTreeMap::new(), now()) {
            if let Fate::In { at, .. } = fate {
                prop_assert_eq!(matches!(fates_then[&digest], Fate::Doomed { .. }), at < then);
            }
        }
    }

    #[test]
    fn so_many_pushes_later_it_is_taken_and_not_one_before(most in 1..12u32, images in plain_images()) {
        let policy = policy(&[rule(1, beyond(most))]);
        let with_more = |pushes: u32| {
            let pushed = (0..pushes).map(|number| ImageDetail {
                pushed_at: Some(Span::seconds(i64::from(number)).after(now())), ..image(&format!("new {number}"), &[], 0)
            });
            images.iter().cloned().chain(pushed).collect::<Vec<_>>()
        };
        for (digest, fate) in policy.fates(&images, &BTreeMap::new(), now()) {
            let doomed = |pushes| matches!(policy.fate(&digest, &with_more(pushes), &BTreeMap::new(), now()), Some(Fate::Doomed { .. }));
            match fate {
                Fate::AfterPushes { pushes, .. } => prop_assert!(doomed(pushes) && !doomed(pushes - 1)),
                fate => prop_assert!(matches!(fate, Fate::Doomed { .. }), "{}", fate),
            }
        }
    }
}
