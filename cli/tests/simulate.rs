//! How well the rules do on simulated years: floors well below what is measured.

use nightshift::paint::Paint;
use nightshift::simulate::year::Year;
use nightshift::simulate::{cost, text};
use nightshift_core::cost::GroupBy;

/// Of years that nothing was tuned on.
const UNSEEN: u64 = 1000;

#[test]
fn the_detector_beats_what_people_do_without_one_on_years_it_was_not_tuned_on() {
    let simulated = cost(12, UNSEEN, || ());
    let (ours, rivals) = (&simulated.detector, &simulated.baselines);
    assert!(ours.n >= 60, "{ours:?}");
    assert!(ours.precision >= Some(0.7) && ours.recall >= Some(0.8), "{ours:?}");
    assert!(ours.days_to_detect.is_some_and(|days| days <= 1.0), "{ours:?}");
    for rival in [&rivals.yesterday_20_percent, &rivals.mean_3_sigma] {
        assert_eq!(rival.n, ours.n);
        assert!(ours.precision > rival.precision && ours.recall > rival.recall, "{ours:?} {rival:?}");
    }
}

#[test]
fn the_same_seeds_print_the_same_bytes_and_others_do_not() {
    let shown = |first| {
        let simulated = cost(2, first, || ());
        format!("{}{:#}", text::text(&simulated, Paint::PLAIN), serde_json::json!(simulated))
    };
    assert_eq!(shown(UNSEEN), shown(UNSEEN));
    assert_ne!(shown(UNSEEN), shown(UNSEEN + 2));
}

#[test]
fn scripts_rely_on_the_names_of_fields_that_docs_has() {
    let json = serde_json::json!(cost(1, UNSEEN, || ()));
    let documented = include_str!("../../docs/simulate.md");
    let keys = |value: &serde_json::Value| value.as_object().map(|all| all.keys().cloned().collect::<Vec<_>>());
    assert_eq!(keys(&json).map(|keys| keys.join(" ")).as_deref(), Some("baselines detector first_seed seeds"));
    let fields = keys(&json["detector"]);
    assert_eq!(keys(&json["baselines"]["yesterday_20_percent"]), fields);
    assert_eq!(keys(&json["baselines"]["mean_3_sigma"]), fields);
    for field in fields.into_iter().flatten() {
        assert!(documented.contains(&format!("| `{field}`")), "{field}");
    }
}

#[test]
fn a_year_has_what_makes_telling_hard() {
    let years: Vec<Year> = (UNSEEN..UNSEEN + 12).map(Year::of).collect();
    let groups = |kind: &str| {
        let all = years.iter().flat_map(|year| &year.costs.periods).flat_map(|period| &period.groups);
        all.filter(|group| group.keys.get(1).is_some_and(|of| of == kind)).count()
    };
    for kind in ["Usage", "Credit", "Support", "Tax"] {
        assert!(groups(kind) > 0, "{kind}");
    }
    for year in &years {
        assert_eq!(year.by, [GroupBy::Service, GroupBy::RecordType]);
        assert!(year.judged().is_some_and(|(from, to)| {
            year.truths.iter().all(|truth| from <= truth.from && truth.from <= truth.to && truth.to <= to)
        }));
    }
    let lengths =
        years.iter().flat_map(|year| &year.truths).map(|truth| truth.from.until(truth.to).map(|s| s.get_days()));
    let lengths: Vec<i32> = lengths.flatten().collect();
    assert!(lengths.contains(&0) && lengths.iter().any(|days| *days > 20), "{lengths:?}");
}

#[test]
fn the_years_know_nothing_of_the_detector() {
    let sources = [
        include_str!("../src/simulate/year.rs"),
        include_str!("../src/simulate/usual.rs"),
        include_str!("../src/simulate/event.rs"),
        include_str!("../../shared/sim/src/dice.rs"),
    ];
    for source in sources {
        assert!(!source.contains("nightshift_cost") && !source.contains("super::judge"), "{source}");
    }
}
