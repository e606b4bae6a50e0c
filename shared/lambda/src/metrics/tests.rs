//! The line as CloudWatch reads it.

use std::sync::{Arc, Mutex};

use metrique::test_util::{TestEntry, TestEntrySink, test_entry_sink};
use metrique::writer::Unit;
use nightshift_core::refusal::Refusal;
use nightshift_core::tally::{Counter, Family, Measure, Topic};
use serde_json::{Value as Json, json};

use super::*;

const NOW: Timestamp = Timestamp::constant(1_795_140_840, 0);

/// The line of an invocation during which `fill` was counted.
fn entry(fill: impl FnOnce(&Tally)) -> TestEntry {
    let TestEntrySink { inspector, sink } = test_entry_sink();
    let metrics = Metrics { stack: "night".into(), function: "notifier", sink };
    let tally = Tally::default();
    let mut line = metrics.invocation("r-1".into(), NOW, &tally);
    fill(&tally);
    line.ends(Ended::Done);
    drop(line);
    assert_eq!((inspector.entries().len(), tally.take()), (1, Count::default()));
    inspector.get(0)
}

#[test]
fn a_line_has_every_counter_that_was_hit_and_no_other() {
    let entry = entry(|tally| {
        tally.add(Counter::of(Family::Refusal, &Refusal::Halted));
        tally.add(Counter::of(Family::Refusal, &Refusal::Halted));
        tally.add(Counter::all(Family::Page));
    });
    let mut names: Vec<&str> = entry.metrics.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["InvocationTime", "Page", "Refusal.Halted"]);
    assert_eq!((entry.metrics["Refusal.Halted"].as_u64(), entry.metrics["Page"].as_u64()), (2, 1));
    assert_eq!(entry.metrics["Page"].unit, Unit::Count);
    assert_eq!(entry.metrics[INVOCATION_TIME].unit, Millisecond::UNIT);
    assert_eq!(entry.timestamp, Some(NOW.into()));
}

#[test]
fn what_it_was_about_is_text_and_no_dimension() {
    let entry = entry(|tally| {
        tally.about(Topic::Service, &"prod/web");
        tally.about(Topic::Service, &"prod/api");
    });
    assert_eq!((entry.values["Service"].as_str(), entry.values["Request"].as_str()), ("prod/api prod/web", "r-1"));
    assert_eq!(entry.values["Ended"], "Done");
    assert!(entry.metrics.values().all(|metric| metric.dimensions.is_empty()));
}

#[test]
fn a_hundred_calls_are_kept_as_they_are_and_a_thousand_roughly() {
    let calls = |many: u64| {
        let entry = entry(|tally| (0..many).for_each(|n| tally.called(Duration::from_millis(n * 7))));
        entry.metrics[AWS_CALL_TIME].clone()
    };
    assert_eq!((calls(100).num_observations(), calls(100).distribution.len()), (100, 100));
    let many = calls(1000);
    assert_eq!((many.num_observations(), many.unit), (1000, Millisecond::UNIT));
    assert!(many.distribution.len() <= MOST_VALUES, "{} values", many.distribution.len());
    assert_eq!([0, 7, 99, 123, 6_999, 59_999].map(three_bits), [0, 7, 96, 112, 6_144, 57_344]);
}

/// What a process writes to standard output.
#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

impl io::Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn an_invocation_is_one_line_that_cloudwatch_reads() {
    let (output, tally) = (Output::default(), Tally::default());
    let metrics = Metrics::new("night".into(), "notifier", output.clone());
    let line = metrics.invocation("r-1".into(), NOW, &tally);
    tally.add(Counter::all(Family::Page));
    tally.called(Duration::from_millis(12));
    tally.called(Duration::from_millis(12));
    drop(line);
    let text = String::from_utf8(output.0.lock().unwrap().clone()).unwrap();
    assert_eq!((text.lines().count(), text.ends_with('\n')), (1, true));
    let mut line: Json = serde_json::from_str(&text).unwrap();
    assert!(line["InvocationTime"].is_number());
    line["InvocationTime"] = json!(0);
    let expect = json!({
        "_aws": {
            "Timestamp": 1_795_140_840_000_u64,
            "CloudWatchMetrics": [{
                "Namespace": "Nightshift",
                "Dimensions": [["Stack", "Function"]],
                "Metrics": [
                    {"Name": "InvocationTime", "Unit": "Milliseconds"},
                    {"Name": "Page", "Unit": "Count"},
                    {"Name": "AwsCallTime", "Unit": "Milliseconds"},
                ],
            }],
        },
        "InvocationTime": 0,
        "Page": 1,
        "AwsCallTime": {"Values": [12], "Counts": [2]},
        "Stack": "night",
        "Function": "notifier",
        "Request": "r-1",
        "Ended": "Died",
    });
    assert_eq!(line, expect);
}

#[test]
fn how_a_service_is_delivered_is_a_line_with_dimensions_of_its_own() {
    let (output, tally) = (Output::default(), Tally::default());
    let metrics = Metrics::new("night".into(), "ops-reviewer", output.clone());
    let measures = [(Measure::Releases, 3), (Measure::RecoveryTime, 240)].into();
    tally.delivered(Delivered { service: "prod/web".into(), environment: None, measures });
    metrics.delivered(NOW, &tally);
    metrics.delivered(NOW, &tally);
    let text = String::from_utf8(output.0.lock().unwrap().clone()).unwrap();
    let expect = json!({
        "_aws": {
            "Timestamp": 1_795_140_840_000_u64,
            "CloudWatchMetrics": [{
                "Namespace": "Nightshift",
                "Dimensions": [["Service", "Environment"]],
                "Metrics": [
                    {"Name": "Delivery.Releases", "Unit": "Count"},
                    {"Name": "Delivery.RecoveryTime", "Unit": "Seconds"},
                ],
            }],
        },
        "Delivery.Releases": 3,
        "Delivery.RecoveryTime": 240,
        "Service": "prod/web",
        "Environment": "none",
    });
    assert_eq!(serde_json::from_str::<Json>(&text).unwrap(), expect);
}

#[test]
fn the_next_line_begins_anew() {
    let (output, tally) = (Output::default(), Tally::default());
    let metrics = Metrics::new("night".into(), "notifier", output.clone());
    tally.add(Counter::all(Family::Page));
    drop(metrics.invocation("r-1".into(), NOW, &tally));
    drop(metrics.invocation("r-2".into(), NOW, &tally));
    let text = String::from_utf8(output.0.lock().unwrap().clone()).unwrap();
    let pages: Vec<bool> = text.lines().map(|line| line.contains("\"Page\":1")).collect();
    assert_eq!(pages, [true, false]);
}
