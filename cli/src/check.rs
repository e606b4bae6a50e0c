//! Checks a policy, and says in words what it means.

use jiff::civil::Time;
use nightshift_core::mode::Mode;
use nightshift_core::policy::{Costs, Freeze, Frozen, Images, Policy, PolicyError, Worth};

/// What the policy means, one sentence each.
///
/// # Errors
/// All that is wrong with the file, each with its place and its field.
pub fn check(file: &[u8]) -> Result<Vec<String>, PolicyError> {
    Policy::read(file).map(|policy| meaning(&policy))
}

fn meaning(policy: &Policy) -> Vec<String> {
    let Policy { confidence, alarms, rollback, scaling, guardrails, verify, paging, .. } = policy;
    let Policy { deployments, images, costs, freeze, services, teams, .. } = policy;
    let mut says = vec![
        format!(
            "Acts when it is at least {} % sure (scales out from {} % on), asks from {} % on, and pages with the evidence \
             below that.",
            confidence.act_at, confidence.scale_out_at, confidence.ask_at
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
        format!(
            "Stops a deployment after {} failed tasks, {} on a small service; once it takes {} % of the usual time, at \
             least {} and at most {}.",
            deployments.failures,
            deployments.small_failures,
            deployments.stuck_percent,
            deployments.stuck_least,
            deployments.stuck_most
        ),
        format!(
            "Scales out to {} % of the wanted tasks, or to as many as the load needs: {} % at most, never beyond the \
             service's own maximum.",
            scaling.step_percent, scaling.most_percent
        ),
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
        format!(
            "Takes what rings {} times within {} for one incident that flaps; one that waits for a person is looked at \
             every {}, and makes room after {} of silence.",
            alarms.flapping_flips, alarms.flapping_window, verify.escalated_every, alarms.chronic_after
        ),
        if paging.observed_services {
            "Pages for services in mode observe too.".to_owned()
        } else {
            "Never pages for services in mode observe: keep their own way to the pager.".to_owned()
        },
    ];
    says.extend(images_mean(images));
    says.extend(done_to_images(images));
    says.push(costs_mean(costs));
    says.extend(freeze.iter().map(frozen));
    says.extend(services.iter().map(|(prefix, service)| format!("Alarms named {prefix}… belong to {service}.")));
    says.extend(teams.iter().map(|(team, told)| match &told.channel {
        Some(channel) => format!("Team {team} is told in {channel}."),
        None => format!("Team {team} is told in the default channel."),
    }));
    says
}

/// What is said and done about images.
fn images_mean(images: &Images) -> Vec<String> {
    let whose = match images.default_mode {
        Mode::Act => "in every repository whose tag does not say otherwise",
        _ => "in repositories that opted in",
    };
    let quarantines = images.rule.iter().any(|rule| rule.then == Worth::Quarantine);
    let mut says = vec![format!(
        "{}; a critical finding is to be gone from what runs after {}, a high one after {}, any other after {}.",
        if quarantines {
            format!(
                "Keeps vulnerable images that do not run yet from being deployed, {whose}, unless \
                 more than {} services have the finding anyway",
                images.most_services
            )
        } else {
            "Keeps no image from being deployed: no rule says quarantine".to_owned()
        },
        images.critical_deadline,
        images.high_deadline,
        images.other_deadline
    )];
    says.extend(images.exception.iter().map(|held| {
        let place = held.repository.as_deref().unwrap_or("every repository");
        format!("{} answers for {} in {place} until {}: {}.", held.owner, held.finding, held.until, held.reason)
    }));
    says
}

/// What of costs is worth a message.
fn costs_mean(costs: &Costs) -> String {
    let Costs { floor, floor_percent, mover_floor, mover_percent, new_floor, most_requests, .. } = costs;
    format!(
        "Tells of a day's costs that are off by {floor} and {floor_percent} %, of a service that is above by {mover_floor} \
         and {mover_percent} %, and of what is new from {new_floor} on, by tag {}; asks {most_requests} questions in a \
         report at most, a cent each.",
        costs.tag
    )
}

/// What may be done in the registry, beside a quarantine.
fn done_to_images(images: &Images) -> Vec<String> {
    let does = [
        (images.keep, "tags what is needed, so that a lifecycle rule can keep it"),
        (images.archive, "moves what is quarantined to the archive"),
        (images.fix_scanning, "switches scan-on-push on"),
        (images.fix_mutability, "makes tags immutable"),
    ];
    let does: Vec<&str> = does.into_iter().filter_map(|(on, says)| on.then_some(says)).collect();
    if does.is_empty() {
        return Vec::new();
    }
    // Whatever default_mode says: IAM asks for both.
    vec![format!("In repositories that opted in by their tag and in the stack it also {}.", does.join(", "))]
}

fn frozen(window: &Freeze) -> String {
    let stops = match window.stops {
        Frozen::Deploys => "releases",
        Frozen::Remedies => "remedies",
    };
    let days: Vec<String> = window.days.iter().map(|day| format!("{day:?}")).collect();
    let days = if days.is_empty() { "every day".to_owned() } else { days.join(", ") };
    let clock = |time: Time| time.strftime("%H:%M").to_string();
    // Midnight ends a day as 24:00; as 00:00 it would seem to be over at once.
    let to = if window.to == Time::midnight() { "24:00".to_owned() } else { clock(window.to) };
    format!("Freeze {:?} stops {stops} from {} to {to} {}, {days}.", window.name, clock(window.from), window.zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_explained_in_words() {
        let says = check(
            b"[guardrails]\nremedies_per_day = 5\n[services]\n\"web-\" = \"prod/web\"\n[[freeze]]\nname = \"peak\"\n\
              stops = \"deploys\"\ndays = [\"fri\"]\nfrom = \"18:00:00\"\nto = \"06:00\"\n[[freeze]]\nname = \"day\"\n\
              stops = \"remedies\"\nfrom = \"00:00\"\nto = \"24:00\"\n",
        );
        let says = says.unwrap().join("\n");
        assert!(says.contains("At most 5 remedies on a service in 24 hours"), "{says}");
        assert!(says.contains("Alarms named web-… belong to prod/web."), "{says}");
        assert!(says.contains("Freeze \"peak\" stops releases from 18:00 to 06:00 UTC, Fri."), "{says}");
        assert!(says.contains("Freeze \"day\" stops remedies from 00:00 to 24:00 UTC, every day."), "{says}");
    }

    #[test]
    fn what_is_kept_from_being_deployed_and_who_answers_for_what_is_said() {
        let usual = check(b"").unwrap().join("\n");
        assert!(usual.contains("unless more than 5 services have the finding anyway; a critical finding"), "{usual}");
        let says = check(
            b"[images]\ncritical_deadline = \"3d\"\n[[images.rule]]\nseverity = \"high\"\nthen = \"tell\"\n\
              [[images.exception]]\nfinding = \"CVE-2026-1\"\nowner = \"platform\"\nreason = \"not reachable\"\n\
              until = \"2026-12-31\"\n",
        );
        let says = says.unwrap().join("\n");
        assert!(
            says.contains("no rule says quarantine; a critical finding is to be gone from what runs after 3d"),
            "{says}"
        );
        let answers = "platform answers for CVE-2026-1 in every repository until 2026-12-31: not reachable.";
        assert!(says.contains(answers), "{says}");
    }

    #[test]
    fn all_that_is_wrong_keeps_its_place_and_its_field() {
        let wrong = check(b"[verify]\nevery = 60\n[guardrails]\nlease = \"5s\"\n").unwrap_err();
        let found: Vec<(usize, usize, &str)> =
            wrong.mistakes.iter().map(|mistake| (mistake.line, mistake.column, mistake.field.as_str())).collect();
        assert_eq!(found, [(2, 9, "verify.every"), (4, 9, "guardrails.lease")]);
    }
}
