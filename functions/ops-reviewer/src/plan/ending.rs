//! How an incident ended, as far as the automation is concerned.

use nightshift_core::incident::{Incident, Phase};
use serde::Serialize;

/// How an incident ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// A remedy was taken, and it helped in time.
    Healed,
    /// A remedy was taken, and a person had to be asked all the same.
    NotHelped,
    /// It went away without a remedy of ours.
    Recovered,
    /// It was left, because nothing new was heard of it for too long.
    Left,
}

/// How the incident ended.
pub fn ending(incident: &Incident) -> Ending {
    let taken = incident.taken();
    // A person who was asked before the remedy was even claimed says nothing
    // about the remedy.
    let asked_since =
        taken.is_some_and(|intent| incident.escalated_at.is_some_and(|escalated_at| escalated_at >= intent.claimed_at));
    match (taken, incident.phase) {
        (Some(_), Phase::Resolved) if !asked_since => Ending::Healed,
        (Some(_), _) => Ending::NotHelped,
        (None, Phase::Resolved) => Ending::Recovered,
        (None, _) => Ending::Left,
    }
}

/// It was healed, and nobody was woken.
pub fn without_a_human(incident: &Incident) -> bool {
    ending(incident) == Ending::Healed && incident.pages == 0
}

#[cfg(test)]
mod tests {
    use nightshift_core::remedy::Outcome;

    use super::*;
    use crate::tests::made::{at, ended, taken};

    #[track_caller]
    fn check(change: impl FnOnce(&mut Incident), expect: Ending) {
        let mut incident = ended("prod/web", 100, 110);
        change(&mut incident);
        assert_eq!(ending(&incident), expect);
    }

    #[test]
    fn a_remedy_helped_if_nobody_was_asked_after_it() {
        check(|_| {}, Ending::Recovered);
        check(|incident| taken(incident, 100), Ending::Healed);
        check(
            |incident| {
                taken(incident, 100);
                incident.escalated_at = Some(at(105));
            },
            Ending::NotHelped,
        );
        check(
            |incident| {
                taken(incident, 100);
                incident.escalated_at = Some(at(99));
            },
            Ending::Healed,
        );
    }

    #[test]
    fn an_incident_that_was_left_is_not_over() {
        check(|incident| incident.phase = Phase::Firing, Ending::Left);
        check(
            |incident| {
                taken(incident, 100);
                incident.phase = Phase::Verifying;
            },
            Ending::NotHelped,
        );
    }

    #[test]
    fn a_remedy_that_aws_refused_was_not_taken() {
        let refused = |incident: &mut Incident| {
            taken(incident, 100);
            let refusal = nightshift_core::refusal::Refusal::Halted;
            incident.intents[0].outcome = Some(Outcome::Withheld { refusal });
        };
        check(refused, Ending::Recovered);
    }

    #[test]
    fn healed_with_a_page_is_healed_with_a_human() {
        let mut incident = ended("prod/web", 100, 110);
        taken(&mut incident, 100);
        assert!(without_a_human(&incident));
        incident.pages = 1;
        assert_eq!((ending(&incident), without_a_human(&incident)), (Ending::Healed, false));
    }
}
