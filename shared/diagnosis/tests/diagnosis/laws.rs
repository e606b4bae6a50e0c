//! What must hold for every night.

use nightshift_diagnosis::percent;
use proptest::prelude::*;

use crate::generated::{Chance, TRUTHS, generate};
use crate::night::{Night, PARTS};

/// Any generated night, with up to two of its parts out of sight.
fn nights() -> impl Strategy<Value = Night> {
    (any::<u64>(), 0..TRUTHS.len(), prop::collection::vec(0..PARTS * 2, 0..3)).prop_map(|(seed, truth, hidden)| {
        let night = generate(TRUTHS[truth], &mut Chance::new(seed));
        hidden.into_iter().filter(|part| *part < PARTS).fold(night, Night::hide)
    })
}

/// The same night with everything that has an order in another one.
fn shuffled(night: &Night, seed: u64) -> Night {
    use nightshift_core::fault::Sight;
    let mut night = night.clone();
    let mut chance = Chance::new(seed);
    let view = &mut night.view;
    if let Sight::Seen(metrics) = &mut view.metrics {
        metrics.values_mut().for_each(|series| chance.shuffle(&mut series.0));
    }
    if let Sight::Seen(tasks) = &mut view.stopped {
        chance.shuffle(tasks);
    }
    if let Sight::Seen(firing) = &mut view.firing {
        chance.shuffle(firing);
    }
    if let Sight::Seen(history) = &mut view.history {
        chance.shuffle(history);
    }
    if let Sight::Seen(issues) = &mut view.health_issues {
        chance.shuffle(issues);
    }
    if let Sight::Seen(others) = &mut view.others {
        chance.shuffle(others);
    }
    night
}

proptest! {
    #[test]
    fn the_order_of_what_is_seen_does_not_matter(night in nights(), seed: u64) {
        prop_assert_eq!(night.diagnose(), shuffled(&night, seed).diagnose());
    }

    #[test]
    fn seeing_less_never_opens_the_gate(night in nights(), part in 0..PARTS) {
        let gate = night.diagnose().release_gate;
        let hidden = night.hide(part).diagnose();
        prop_assert!(gate || !hidden.release_gate, "{hidden:#?}");
    }

    #[test]
    fn more_log_odds_are_never_fewer_per_cent(one in -2000_i32..2000, more in 0_i32..2000) {
        prop_assert!(percent(one) <= percent(one + more));
    }

    #[test]
    fn the_ranking_is_sorted_and_the_gate_names_a_suspect(night in nights()) {
        let diagnosis = night.diagnose();
        prop_assert!(diagnosis.ranking.is_sorted_by(|one, next| one.log_odds >= next.log_odds));
        prop_assert_eq!(diagnosis.ranking.len(), 9);
        if diagnosis.release_gate {
            let began = diagnosis.suspect.map(|suspect| suspect.began_at);
            prop_assert!(began.is_some() && diagnosis.onset.is_some());
        }
    }
}
