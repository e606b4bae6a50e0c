//! The report on images, from the sample account.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use jiff::Timestamp;
use nightshift::paint::Paint;
use nightshift::report;
use nightshift::report::images::{Images, text};
use nightshift_core::policy::Policy;
use nightshift_core::settings::Variables;

#[track_caller]
fn sample(policy: Option<Policy>) -> Images {
    report::images(None, policy, Timestamp::UNIX_EPOCH, Variables::default()).unwrap()
}

#[test]
fn images_are_a_table_with_the_worst_on_top() {
    insta::assert_snapshot!(text::text(&sample(None), Paint::PLAIN));
}

#[test]
fn scripts_rely_on_the_names_of_fields() {
    let json = serde_json::to_value(sample(None)).unwrap();
    let keys: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    let all = ["at", "ending", "images", "quarantined", "repositories", "sample", "services", "unknown", "unread"];
    assert_eq!(keys, all);
    assert_eq!(json["sample"], true, "nobody takes it for an account's");
    insta::assert_json_snapshot!([&json["images"][0], &json["quarantined"][0], &json["repositories"][0]]);
}

#[test]
fn the_document_has_every_key() {
    let document = include_str!("../../docs/images.md");
    let json = serde_json::to_value(sample(None)).unwrap();
    let keys = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let tables = [
        ("", keys(&json)),
        ("images[].", keys(&json["images"][0])),
        ("quarantined[].", keys(&json["quarantined"][0])),
        ("repositories[].", keys(&json["repositories"][0])),
        ("ending[].", keys(&json["ending"][0])),
    ];
    for (path, keys) in tables {
        for key in keys {
            assert!(document.contains(&format!("| `{path}{key}` |")), "docs/images.md has no row for {path}{key}");
        }
    }
}

#[test]
fn another_policy_makes_another_report() {
    let careless = Policy::parse("images.rule = []\n").unwrap();
    let report = sample(Some(careless));
    assert!(report.quarantined.is_empty() && report.images.iter().all(|it| it.row.exposed.is_empty()), "{report:?}");
    assert!(report.images.iter().any(|it| !it.row.findings.is_empty()), "what is found is counted all the same");
}

#[test]
fn a_build_that_reaches_no_account_or_an_account_without_a_name_says_so() {
    let asked = report::images(Some("ledger".into()), None, Timestamp::UNIX_EPOCH, Variables::default());
    let says = asked.unwrap_err().to_string();
    assert!(says.contains("AWS_REGION") || says.contains("reaches no account"), "{says}");
}
