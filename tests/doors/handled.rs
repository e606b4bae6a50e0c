//! Behind the doors: what is let in must not break what decides on it.

use nightshift::replay::replay;
use nightshift_core::policy::Policy;
use proptest::prelude::*;
use proptest::sample::Index;

use super::{mutate, samples, sound};

proptest! {
    #![proptest_config(super::config_of(40))]

    /// The whole function on an account in which the event is true.
    #[test]
    fn no_event_makes_a_function_panic(
        sample in any::<Index>(),
        changes in prop::collection::vec(mutate::change(), 1..4),
    ) {
        let samples = samples();
        let (_, event) = sample.get(&samples);
        if let Err(error) = replay(&mutate::changed(event, &changes), None, &Policy::default()) {
            sound(&error.to_string(), true);
        }
    }
}
