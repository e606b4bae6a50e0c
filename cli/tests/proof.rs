//! The page of the proof, from small documents of each part.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says where")]

use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser as _;
use jiff::Timestamp;
use nightshift::args::Args;
use nightshift::command;
use nightshift::simulate::deliveries::deliveries;
use nightshift::simulate::incidents::{nights, seeds::Seeds, simulated};
use nightshift::simulate::page::page;
use nightshift::simulate::page::parts::{NoPage, Parts};
use nightshift::simulate::page::verdict::verdicts;
use nightshift::simulate::storm::{Wanted, storm};
use serde_json::{Value, json};

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/proof");
const NAMES: [&str; 4] = ["incidents.json", "deliveries.json", "storm.json", "wire.json"];

/// An empty folder of that name.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn sample(name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(Path::new(SAMPLES).join(name)).unwrap()).unwrap()
}

/// The samples, all written at the same moment.
fn parts() -> Parts {
    let mut parts = Parts::read(Path::new(SAMPLES)).unwrap();
    let at: Timestamp = "2026-11-28T10:00:00Z".parse().unwrap();
    parts.incidents.as_mut().unwrap().written = at;
    parts.deliveries.as_mut().unwrap().written = at;
    parts.storm.as_mut().unwrap().written = at;
    parts.wire.as_mut().unwrap().written = at;
    parts
}

/// What is wrong once `change` was made to a sample.
#[track_caller]
fn wrong(name: &str, change: impl FnOnce(&mut Value)) -> String {
    let folder = folder("wrong");
    let mut document = sample(name);
    change(&mut document);
    fs::write(folder.join(name), document.to_string()).unwrap();
    let Err(wrong) = Parts::read(&folder) else { panic!("{name} is read") };
    wrong.to_string().replace(&format!("{}/", folder.display()), "")
}

#[test]
fn the_page_of_small_documents() {
    let page = page(&parts());
    let (_, body) = page.split_once("</head>").unwrap();
    // A tag on a line, so that a change can be read.
    insta::assert_snapshot!(body.replace("><", ">\n<"));
}

#[test]
fn the_page_stands_by_itself_and_nothing_in_a_document_becomes_markup() {
    let page = page(&parts());
    let own = page.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
    for unwanted in ["<script", "http", "@import", "url(", "src=", "<link", "NaN", "inf%", "<b>checkout", "<i>"] {
        assert!(!own.contains(unwanted), "{unwanted}");
    }
    for shown in ["prod/&lt;b&gt;checkout&lt;/b&gt;", "&lt;i&gt;"] {
        assert!(page.contains(shown), "{shown}");
    }
    assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
}

#[test]
fn a_part_that_is_not_there_is_named_and_nothing_is_said_to_hold_for_it() {
    let [halfway, _] = verdicts(&Parts { deliveries: None, wire: None, ..parts() });
    assert_eq!(halfway.holds, None);
    assert!(halfway.answer.starts_with("As far as it was tried"), "{}", halfway.answer);
    assert!(halfway.answer.ends_with("Missing: deliveries, the wire."), "{}", halfway.answer);
    let page = page(&Parts { incidents: None, ..parts() });
    assert!(page.contains("there is no <code>incidents.json</code>. <code>make prove-nights</code> writes it."));
}

#[test]
fn what_is_broken_or_was_not_tried_does_not_hold() {
    let [halfway, wrong] = verdicts(&parts());
    assert_eq!((halfway.holds, wrong.holds), (Some(false), None));
    let mut parts = parts();
    parts.deliveries.as_mut().unwrap().says.failed.clear();
    parts.wire.as_mut().unwrap().says.points.retain(|point| point.worth != "silence");
    assert_eq!(verdicts(&parts)[0].holds, Some(true));
    parts.wire.as_mut().unwrap().says.points.clear();
    assert_eq!(verdicts(&parts)[0].holds, Some(false), "no disturbance proves nothing");
}

#[test]
fn a_wrong_document_is_told_by_file_and_field() {
    let told = |name, change: fn(&mut Value)| wrong(name, change);
    for (says, expected) in [
        (
            told("storm.json", |it| it["calls"]["sns:Publish"]["peak"] = json!("many")),
            "storm.json: calls.sns:Publish.peak: invalid type: string \"many\", expected u64 at line 1 column",
        ),
        (
            told("wire.json", |it| drop(it["points"][2].as_object_mut().unwrap().remove("kind"))),
            "wire.json: points[2]: missing field `kind` at line 1 column",
        ),
        (
            told("incidents.json", |it| it["causes"]["load"]["named"]["load"] = json!(-1)),
            "incidents.json: causes.load.named.load: invalid value: integer `-1`, expected u32 at line 1 column",
        ),
        (
            told("deliveries.json", |it| *it = json!([])),
            "deliveries.json: invalid length 0, expected struct Deliveries",
        ),
    ] {
        assert!(says.starts_with(expected), "{says}");
    }
}

#[test]
fn without_any_part_there_is_no_page() {
    let error = Parts::read(&folder("nothing")).unwrap_err();
    assert!(matches!(error, NoPage::Nothing(_)), "{error}");
    assert!(error.to_string().ends_with(&format!("it has none of {}; make prove writes them", NAMES.join(", "))));
}

#[test]
fn what_each_part_writes_today_is_what_the_page_reads() {
    let folder = folder("today");
    let seeds = Seeds { first_seed: 1_000_000, seeds: 3 };
    let wanted = Wanted { services: 10, ill: 10, alarms: 30, concurrency: 10, seed: 1 };
    let [incidents, deliveries, storm] = [
        json!(simulated(&nights(3, |index| seeds.night(index), || ()))),
        json!(deliveries(2, 0, || ())),
        json!(storm(wanted, |_| ()).unwrap()),
    ];
    for (name, document) in NAMES.iter().zip([incidents, deliveries, storm, sample("wire.json")]) {
        fs::write(folder.join(name), document.to_string()).unwrap();
    }
    let parts = Parts::read(&folder).unwrap();
    assert_eq!(parts.missing().count(), 0);
    assert_eq!((parts.incidents.unwrap().says.nights, parts.deliveries.unwrap().says.schedules), (3, 2));
    assert_eq!(parts.storm.unwrap().says.alarms, 30);
}

#[test]
fn a_part_writes_its_document_and_the_page_is_drawn_from_it() {
    let folder = folder("commands");
    let run = |line: &str| {
        let words = line.split(' ').map(|word| word.replace("DIR", folder.to_str().unwrap()));
        command::run(Args::parse_from(words)).unwrap();
    };
    run("nightshift simulate deliveries --seeds 1 --json-to DIR/new/deliveries.json");
    run("nightshift simulate page --from DIR/new --out DIR/page.html");
    let page = fs::read_to_string(folder.join("page.html")).unwrap();
    assert!(page.contains("As far as it was tried nothing is lost"), "{page}");
}
