//! Which images a policy takes, by which rule, and when.

use super::*;

#[test]
fn an_image_that_an_earlier_rule_selects_is_out_of_reach_of_a_later_one() {
    let images =
        [image("A", &["beta-1", "prod-1"], 10), image("B", &["beta-2", "prod-2"], 9), image("C", &["beta-3"], 8)];
    assert_eq!(taken(&[rule(1, tagged("prod*", 1)), rule(2, tagged("beta*", 1))], &images, &[]), "A1");
    assert_eq!(taken(&[rule(1, tagged("beta*", 1)), rule(2, tagged("prod*", 1))], &images, &[]), "A1 B1");
    assert_eq!(taken(&[rule(7, tagged("beta*", 1)), rule(3, tagged("prod*", 1))], &images, &[]), "A3");
}

#[test]
fn a_later_rule_counts_what_earlier_ones_select() {
    let mut images = vec![
        image("A", &["alpha-1", "beta-1"], 4),
        image("B", &[], 3),
        image("C", &["alpha-2"], 2),
        image("D", &["git hash"], 1),
        image("E", &[], 1),
    ];
    images[4].pushed_at = images[4].pushed_at.map(|at| hours(1).after(at));
    let rules = [rule(1, tagged("alpha*", 1)), rule(2, aged("untagged", "sinceImagePushed", 1)), rule(3, beyond(1))];
    assert_eq!(taken(&rules, &images, &[]), "A1 B2 D3");
}

#[test]
fn all_entries_of_a_list_must_be_met_each_by_any_tag() {
    let images = [
        image("A", &["alpha-1"], 12),
        image("B", &["beta-1"], 11),
        image("C", &["alpha-2", "beta-2"], 10),
        image("D", &["alpha-3"], 4),
        image("F", &["alpha-4", "beta-4", "gamma-4"], 2),
    ];
    for (key, entries) in [("tagPatternList", ["alpha*", "beta*"]), ("tagPrefixList", ["alpha", "beta"])] {
        let mut selection = aged("tagged", "sinceImagePushed", 5);
        selection[key] = json!(entries);
        assert_eq!(taken(&[rule(1, selection)], &images, &[]), "C1", "{key}");
    }
}

#[test]
fn all_but_the_youngest_of_any_images_are_taken() {
    let images =
        [image("A", &["alpha-1"], 4), image("B", &["beta-1"], 3), image("C", &[], 2), image("D", &["alpha-2"], 1)];
    assert_eq!(taken(&[rule(1, beyond(1))], &images, &[]), "A1 B1 C1");
    assert_eq!(taken(&[], &images, &[]), "");
}

#[test]
fn an_image_goes_once_it_is_older_than_the_limit_and_not_before() {
    let rules = [rule(1, aged("any", "sinceImagePushed", 7))];
    let (at, expire) = (now(), Action::Expire);
    assert_eq!(fate(&rules, "A", &[image("A", &[], 7)], &[]), Fate::In { rule: 1, action: expire, at });
    let since = Some(days(1));
    assert_eq!(fate(&rules, "A", &[image("A", &[], 8)], &[]), Fate::Doomed { rule: 1, action: expire, since });
    let at = hours(48).after(now());
    assert_eq!(fate(&rules, "A", &[image("A", &[], 5)], &[]), Fate::In { rule: 1, action: expire, at });
}

#[test]
fn a_pull_counts_and_where_there_is_none_the_push_does() {
    let rules = [archiving(1, aged("any", "sinceImagePulled", 90))];
    let pulled = ImageDetail { pulled_at: Some(days(10)), ..image("A", &[], 100) };
    let at = hours(24 * 80).after(now());
    assert_eq!(fate(&rules, "A", &[pulled], &[]), Fate::In { rule: 1, action: Action::Archive, at });
    let since = Some(days(10));
    assert_eq!(
        fate(&rules, "A", &[image("A", &[], 100)], &[]),
        Fate::Doomed { rule: 1, action: Action::Archive, since }
    );
}

#[test]
fn a_count_rule_says_after_how_many_pushes_an_image_goes() {
    let images = [image("A", &["prod-1"], 3), image("B", &["prod-2"], 2), image("C", &["beta"], 1)];
    let after = |pushes| Fate::AfterPushes { rule: 1, action: Action::Expire, pushes };
    assert_eq!(fate(&[rule(1, tagged("prod*", 4))], "A", &images, &[]), after(3));
    assert_eq!(fate(&[rule(1, tagged("prod*", 2))], "A", &images, &[]), after(1));
    assert_eq!(fate(&[rule(1, tagged("prod*", 2))], "B", &images, &[]), after(2));
    assert_eq!(fate(&[rule(1, tagged("prod*", 2))], "C", &images, &[]), Fate::Kept);
    assert_eq!(fate(&[rule(1, tagged("prod*", 9999))], "A", &images, &[]), Fate::Kept);
}

#[test]
fn images_of_an_index_stay_as_long_as_it_does() {
    let index = ImageDetail { index: true, ..image("I", &["v1"], 30) };
    let images = [index.clone(), image("A", &[], 30), image("B", &[], 30)];
    let parts: &[(&str, &[&str])] = &[("I", &["A"])];
    let untagged = rule(1, aged("untagged", "sinceImagePushed", 7));
    assert_eq!(taken(std::slice::from_ref(&untagged), &images, parts), "B1");
    assert_eq!(taken(&[untagged.clone(), rule(2, aged("any", "sinceImagePushed", 14))], &images, parts), "A1 B1 I2");
    let counted = [untagged.clone(), archiving(2, beyond(4))];
    let waits = Fate::AfterPushes { rule: 2, action: Action::Expire, pushes: 2 };
    assert_eq!(fate(&counted, "A", &images, parts), waits, "its own rule deletes it once rule 2 archives the index");
    let archived = ImageDetail { status: ImageStatus::Archived, ..index };
    assert_eq!(taken(&[untagged], &[archived, image("A", &[], 30)], parts), "A1", "an archived index keeps nothing");
}

#[test]
fn an_index_within_an_index_and_one_that_is_gone_are_told_apart() {
    let images = [image("O", &["v1"], 30), image("I", &[], 30), image("A", &[], 30), image("B", &[], 30)];
    let untagged = [rule(1, aged("untagged", "sinceImagePushed", 7))];
    assert_eq!(taken(&untagged, &images, &[("I", &["A"]), ("O", &["I"]), ("Gone", &["B"])]), "B1");
}

#[test]
fn a_rule_is_about_one_storage_class() {
    let archived = ImageDetail { status: ImageStatus::Archived, ..image("A", &["v1"], 400) };
    let images = [archived, image("B", &["v2"], 40), image("C", &["v3"], 10)];
    let mut gone = aged("any", "sinceImageTransitioned", 365);
    gone["storageClass"] = json!("archive");
    let rules = [archiving(1, aged("any", "sinceImagePushed", 30)), rule(2, gone)];
    assert_eq!(taken(&rules, &images, &[]), "B1");
    assert_eq!(fate(&rules, "A", &images, &[]), Fate::NotUnderstood { rule: 2, why: Why::Archived });
    assert_eq!(fate(&[rule(1, beyond(2))], "B", &images, &[]).to_string(), "deleted with the next push by rule 1");
}

#[test]
fn where_the_order_of_pushes_is_not_known_nothing_is_guessed() {
    let images = [image("A", &[], 2), image("B", &[], 2), image("C", &[], 1)];
    let unknown = |why| Fate::NotUnderstood { rule: 1, why };
    assert_eq!(fate(&[rule(1, beyond(2))], "A", &images, &[]), unknown(Why::SameTime));
    assert_eq!(fate(&[rule(1, beyond(3))], "A", &images, &[]).to_string(), "deleted with the next push by rule 1");
    assert_eq!(taken(&[rule(1, beyond(1))], &images, &[]), "A1 B1");
    let undated = ImageDetail { pushed_at: None, ..image("D", &[], 0) };
    let images = [image("A", &[], 2), undated, image("C", &[], 1)];
    assert_eq!(fate(&[rule(1, beyond(2))], "A", &images, &[]), unknown(Why::Undated));
    assert_eq!(fate(&[rule(1, beyond(2))], "D", &images, &[]), unknown(Why::Undated));
    assert_eq!(
        fate(&[rule(1, beyond(1))], "A", &images, &[]),
        Fate::Doomed { rule: 1, action: Action::Expire, since: None }
    );
    let aged = [rule(1, aged("any", "sinceImagePushed", 1))];
    assert_eq!(fate(&aged, "D", &images, &[]), unknown(Why::Undated));
}

#[test]
fn what_comes_later_than_people_look_is_not_told_and_what_is_not_known_is() {
    let (rule, action) = (1, Action::Expire);
    let until = hours(24).after(now());
    let all = [
        (Fate::Kept, false),
        (Fate::Doomed { rule, action, since: None }, true),
        (Fate::In { rule, action, at: now() }, true),
        (Fate::In { rule, action, at: until }, false),
        (Fate::AfterPushes { rule, action, pushes: 3 }, true),
        (Fate::AfterPushes { rule, action, pushes: 4 }, false),
        (Fate::NotUnderstood { rule, why: Why::SameTime }, true),
    ];
    for (fate, expect) in all {
        assert_eq!(fate.within(until, 3), expect, "{fate}");
    }
}

#[test]
fn an_image_that_is_not_there_has_no_fate_and_one_that_is_listed_twice_has_one() {
    let rules = policy(&[rule(1, tagged("prod*", 1)), rule(2, aged("untagged", "sinceImagePushed", 1))]);
    let twice = [image("A", &[], 9), image("A", &["prod-1"], 9)];
    assert_eq!(rules.fate(&Digest::new("B"), &twice, &BTreeMap::new(), now()), None);
    assert_eq!(rules.preview(&twice, &BTreeMap::new(), now()), []);
    let doomed = rules.preview(&twice[..1], &BTreeMap::new(), now());
    assert_eq!((doomed[0].description.as_str(), doomed[0].at), ("Rule 2", Some(days(8))));
}
