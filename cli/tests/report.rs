//! The report on delivery, from the sample of a ledger's records.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::path::PathBuf;

use jiff::Timestamp;
use nightshift::paint::Paint;
use nightshift::report::{self, Delivery, Source};
use nightshift_core::settings::Variables;
use ops_reviewer::history::Window;

fn sample() -> Source {
    Source::File(PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/history.sample.json")))
}

#[track_caller]
fn delivery(days: u32) -> Delivery {
    let until: Timestamp = "2026-11-23T00:00:00Z".parse().unwrap();
    report::dora(sample(), &Window::of_days(days, until), Variables::default()).unwrap()
}

#[test]
fn delivery_is_a_table_with_a_service_in_a_row() {
    insta::assert_snapshot!(report::text::text(&delivery(14), Paint::PLAIN));
}

#[test]
fn scripts_rely_on_the_names_of_fields() {
    let report = delivery(14);
    let json = serde_json::to_value(&report).unwrap();
    let keys: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["all", "from", "services", "to", "trend"]);
    let checkout = &json["services"]["123456789012/eu-west-1/prod/checkout"];
    insta::assert_json_snapshot!(checkout);
    assert_eq!(json["trend"]["all"].as_array().unwrap().len(), 14);
    let drawn: u32 = report.trend.all.iter().map(|step| step.stayed + step.failed).sum();
    assert_eq!(drawn, report.dora.all.deployments, "the picture shows what the table counts");
}

#[test]
fn a_window_without_a_release_says_so() {
    let until: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let report = report::dora(sample(), &Window::of_days(28, until), Variables::default()).unwrap();
    assert!(report::text::text(&report, Paint::PLAIN).ends_with("\n  No release is on record.\n\n"));
}

#[test]
fn the_page_stands_by_itself_and_shows_every_service() {
    let mut report = delivery(14);
    let evil = "123456789012/eu-west-1/prod/<script>";
    report.trend.services.insert(evil.to_owned(), report.trend.all.clone());
    let page = report::page::page(&report);
    for shown in ["prod/checkout", "prod/search", "all services", "prod/&lt;script&gt;", "class=\"failed\""] {
        assert!(page.contains(shown), "{shown}");
    }
    for unwanted in ["<script", "http", "@import", "NaN", "inf"] {
        assert!(!page.contains(unwanted), "{unwanted}");
    }
    assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
}

#[test]
fn a_file_that_is_no_history_is_named() {
    let file = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
    let window = Window::of_days(1, Timestamp::UNIX_EPOCH);
    let error = report::dora(Source::File(file), &window, Variables::default()).unwrap_err().to_string();
    assert!(error.ends_with("Cargo.toml: no history"), "{error}");
}
