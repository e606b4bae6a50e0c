use std::collections::BTreeMap;

use super::*;

#[test]
fn every_kind_is_made_up_soundly_and_as_often_as_it_says() {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for seed in 0..3000 {
        let trouble = night(seed).unwrap_or_else(|error| panic!("{seed}: {error}"));
        let truth = trouble.scenario.truth.unwrap_or_else(|| panic!("{seed}: no truth"));
        *seen.entry(truth.kind).or_default() += 1;
    }
    for (kind, share, _) in KINDS {
        let found = seen.get(kind).copied().unwrap_or_default();
        assert!(found >= share && found <= share * 6, "{kind}: {found} of 3000");
    }
}

#[test]
fn the_same_seed_is_the_same_night() {
    assert_eq!(night(7).map(|night| night.text), night(7).map(|night| night.text));
    assert_ne!(night(7).map(|night| night.text), night(8).map(|night| night.text));
}
