//! What is read, and what is not understood.

use super::*;

#[test]
fn what_is_not_understood_is_said_and_reaches_as_far_as_its_selection() {
    let images = [image("A", &["prod-1"], 30), image("B", &["beta"], 30)];
    let with = |key: &str, value: Value| {
        let mut rule = rule(1, tagged("prod*", 1));
        *rule.pointer_mut(&format!("/{key}")).unwrap() = value;
        rule
    };
    let sweep = rule(2, aged("any", "sinceImagePushed", 7));
    for (key, value, says) in [
        ("selection/countType", json!("phaseOfMoon"), r#"countType is "phaseOfMoon", which is not understood"#),
        ("selection/countNumber", json!(0), "countNumber is 0, which is not understood"),
        ("action/type", json!("replicate"), r#"action.type is "replicate", which is not understood"#),
        ("action", json!({ "type": "transition" }), "targetStorageClass is missing"),
    ] {
        let rules = [with(key, value), sweep.clone()];
        assert_eq!(fate(&rules, "A", &images, &[]).to_string(), format!("not known because of rule 1: {says}"));
        assert_eq!(taken(&rules, &images, &[]), "B2", "{key}");
    }
    for (key, value, says) in [
        ("selection/tagStatus", json!("signed"), r#"tagStatus is "signed", which is not understood"#),
        (
            "selection/tagPatternList",
            json!(["a*b*c*d*e*"]),
            r#"tagPatternList is ["a*b*c*d*e*"], which is not understood"#,
        ),
        ("selection/tagPatternList", json!([]), "tagPatternList is missing"),
        (
            "selection",
            json!({ "tagStatus": "any", "artifact": "sbom" }),
            r#"artifact is "sbom", which is not understood"#,
        ),
        ("selection", json!({}), "tagStatus is missing"),
    ] {
        let rules = [with(key, value), sweep.clone()];
        let unknown = format!("not known because of rule 1: {says}");
        assert_eq!(fate(&rules, "B", &images, &[]).to_string(), unknown, "it may be out of the other rule's reach");
        assert_eq!(
            policy(&rules).not_understood().map(|(rule, why)| format!("{rule} {why}")).collect::<Vec<_>>(),
            [format!("1 {says}")]
        );
    }
}

#[test]
fn what_ecr_would_refuse_is_not_understood() {
    let selections = [
        json!({ "tagStatus": "any", "tagPrefixList": ["a"], "countType": "imageCountMoreThan", "countNumber": 1 }),
        json!({ "tagStatus": "tagged", "tagPrefixList": ["a"], "tagPatternList": ["a"],
                "countType": "imageCountMoreThan", "countNumber": 1 }),
        json!({ "tagStatus": "any", "countType": "sinceImagePushed", "countNumber": 1 }),
        json!({ "tagStatus": "any", "countType": "sinceImagePushed", "countUnit": "weeks", "countNumber": 1 }),
        json!({ "tagStatus": "any", "countType": "sinceImageTransitioned", "countUnit": "days", "countNumber": 1 }),
        json!({ "tagStatus": "any", "storageClass": "archive", "countType": "imageCountMoreThan", "countNumber": 1 }),
        json!({ "tagStatus": "any", "storageClass": "glacier", "countType": "imageCountMoreThan", "countNumber": 1 }),
    ];
    for selection in selections {
        assert_eq!(policy(&[rule(1, selection.clone())]).not_understood().count(), 1, "{selection}");
    }
}

#[test]
fn keys_that_nobody_knows_are_passed_over_but_an_order_there_must_be() {
    let text = r#"{"version": 2, "rules": [{"rulePriority": 1, "owner": "me", "selection":
        {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 1}, "action": {"type": "expire"}}]}"#;
    assert_eq!(Policy::parse(text).unwrap().not_understood().count(), 0);
    let twice = json!({ "rules": [rule(4, beyond(1)), rule(4, beyond(2))] }).to_string();
    assert!(matches!(Policy::parse(&twice), Err(PolicyError::SamePriority(4))));
    for text in
        ["", "[]", "{}", r#"{"rules": 1}"#, r#"{"rules": [{"selection": {}}]}"#, r#"{"rules": [{"rulePriority": -1}]}"#]
    {
        assert!(matches!(Policy::parse(text), Err(PolicyError::Unreadable(_))), "{text}");
    }
}
