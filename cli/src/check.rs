//! Checks a policy, and says in words what it means.

use nightshift_core::policy::{Freeze, Frozen, Policy, PolicyError};

/// What the policy means, one sentence each.
///
/// # Errors
/// The first thing that is wrong with the text, with its place.
pub fn check(text: &str) -> Result<Vec<String>, PolicyError> {
    Policy::parse(text).map(|policy| meaning(&policy))
}

fn meaning(policy: &Policy) -> Vec<String> {
    let Policy { confidence, alarms, rollback, scaling, guardrails, verify, paging, freeze, services, teams } = policy;
    let mut says = vec![
        format!(
            "Acts when it is at least {} % sure, asks from {} % on, and pages with the evidence below that.",
            confidence.act_at, confidence.ask_at
        ),
        format!(
            "Takes no remedy on an alarm that changed more than {} ago or is younger than {}.",
            alarms.stale, alarms.newborn
        ),
        format!(
            "Suspects releases of the {} before the trouble; goes back only to one that ran well for {}; what was \
             rolled back is denied for {}.",
            rollback.blame_window, rollback.soak, rollback.deny_for
        ),
        format!("Scales out to {} % of the wanted tasks.", scaling.step_percent),
        format!(
            "At most {} remedies on a service in 24 hours, the same one not again within {}; at most {} over all \
             services in {}.",
            guardrails.remedies_per_day,
            guardrails.cooldown,
            guardrails.fleet_remedies,
            guardrails.fleet_remedies_window
        ),
        format!(
            "Touches nothing once {} services and {} % of all have new incidents within {}.",
            guardrails.fleet_services, guardrails.fleet_share_percent, guardrails.fleet_window
        ),
        format!(
            "Checks every {}; calls it healed after {} of good health; escalates {} after the remedy at the latest, \
             plus deregistration and the alarm's own span.",
            verify.every, verify.hold_down, verify.rollout
        ),
        if paging.observed_services {
            "Pages for services in mode observe too.".to_owned()
        } else {
            "Never pages for services in mode observe: keep their own way to the pager.".to_owned()
        },
    ];
    says.extend(freeze.iter().map(frozen));
    says.extend(services.iter().map(|(prefix, service)| format!("Alarms named {prefix}… belong to {service}.")));
    says.extend(teams.iter().map(|(team, told)| match &told.channel {
        Some(channel) => format!("Team {team} is told in {channel}."),
        None => format!("Team {team} is told in the default channel."),
    }));
    says
}

fn frozen(window: &Freeze) -> String {
    let stops = match window.stops {
        Frozen::Deploys => "releases",
        Frozen::Remedies => "remedies",
    };
    let days: Vec<String> = window.days.iter().map(|day| format!("{day:?}")).collect();
    let days = if days.is_empty() { "every day".to_owned() } else { days.join(", ") };
    format!("Freeze {:?} stops {stops} from {} to {} {}, {days}.", window.name, window.from, window.to, window.zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_explained_in_words() {
        let says = check(
            "[guardrails]\nremedies_per_day = 5\n[services]\n\"web-\" = \"prod/web\"\n[[freeze]]\nname = \"peak\"\n\
             stops = \"deploys\"\ndays = [\"fri\"]\nfrom = \"18:00:00\"\nto = \"06:00:00\"\n",
        );
        let says = says.unwrap().join("\n");
        assert!(says.contains("At most 5 remedies on a service in 24 hours"), "{says}");
        assert!(says.contains("Alarms named web-… belong to prod/web."), "{says}");
        assert!(says.contains("Freeze \"peak\" stops releases from 18:00:00 to 06:00:00 UTC, Fri."), "{says}");
    }

    #[test]
    fn what_is_wrong_keeps_its_place() {
        let wrong = check("[verify]\nevery = 60\n").unwrap_err();
        assert_eq!(wrong.line, Some(2));
    }
}
