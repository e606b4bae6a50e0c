//! The rule that spares what is needed.

use super::*;

#[test]
fn a_policy_keeps_what_its_first_rule_selects_and_never_takes() {
    let prefix = |prefix: &str, most: u32| json!({ "tagStatus": "tagged", "tagPrefixList": [prefix], "countType": "imageCountMoreThan", "countNumber": most });
    let check = |rules: &[Value], expect: bool| assert_eq!(policy(rules).keeps(KEEP), expect, "{rules:?}");
    check(&[], false);
    check(&[rule(1, prefix(KEEP, 9999)), rule(2, beyond(1))], true);
    check(&[rule(1, tagged("nightshift-keep-*", 9999)), rule(2, beyond(1))], true);
    check(&[rule(1, aged("untagged", "sinceImagePushed", 1)), rule(2, prefix(KEEP, 9999)), rule(3, beyond(1))], true);
    check(&[rule(1, prefix("prod", 9999)), rule(2, prefix(KEEP, 9999)), rule(3, beyond(1))], true);
    check(&[rule(1, prefix("prod", 10)), rule(2, prefix(KEEP, 9999))], false);
    check(&[rule(1, prefix(KEEP, 10)), rule(2, beyond(1))], false);
    check(&[rule(1, prefix("n", 9999)), rule(2, beyond(1))], false);
    let both = json!({ "tagStatus": "tagged", "tagPrefixList": [KEEP, "v"], "countType": "imageCountMoreThan", "countNumber": 9999 });
    check(&[rule(1, both)], false);
    check(&[rule(1, json!({ "tagStatus": "new" })), rule(2, prefix(KEEP, 9999))], false);
}

#[test]
fn the_recommended_policy_keeps_what_is_needed_and_changes_nothing_else() {
    let alone: Value = serde_json::from_str(&with_keep_rule(None, KEEP).unwrap()).unwrap();
    assert_eq!(alone["rules"][0]["selection"]["tagPrefixList"], json!([KEEP]));
    let keep_of_old = tagged("nightshift-keep-*", 3);
    let mut strange = rule(3, beyond(1));
    strange["owner"] = json!("me");
    let old = json!({ "rules": [strange, rule(1, tagged("prod*", 5)), rule(2, keep_of_old)] }).to_string();
    let text = with_keep_rule(Some(&old), KEEP).unwrap();
    let new: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(new["rules"].as_array().unwrap().len(), 3);
    assert_eq!((&new["rules"][0]["rulePriority"], &new["rules"][0]["action"]["type"]), (&json!(1), &json!("expire")));
    assert_eq!((&new["rules"][1]["rulePriority"], &new["rules"][1]["owner"]), (&json!(4), &json!("me")));
    assert_eq!((&new["rules"][2]["rulePriority"], &new["rules"][2]["selection"]), (&json!(2), &tagged("prod*", 5)));
    assert!(Policy::parse(&text).unwrap().keeps(KEEP));
    assert_eq!(serde_json::from_str::<Value>(&with_keep_rule(Some(&text), KEEP).unwrap()).unwrap(), new, "made again");
    assert!(with_keep_rule(Some("no policy"), KEEP).is_err());
}
