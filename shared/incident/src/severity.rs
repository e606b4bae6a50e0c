//! How bad an incident is, and who is woken.

use nightshift_core::alarm::LiveAlarm;
use nightshift_core::described::{Described, Signal};
use nightshift_core::mode::{Mode, Severity};
use nightshift_core::policy::Policy;
use nightshift_core::service::Service;
pub use nightshift_core::service::{environment, production};

/// The team a service says it belongs to.
pub fn team(service: &Service) -> Option<&str> {
    service.tag("team").or_else(|| service.tag("owner"))
}

/// Whether the alarm measures something that users feel.
pub fn felt_by_users(alarm: Option<&LiveAlarm>) -> bool {
    const FELT: [&str; 6] = ["5XX", "ResponseTime", "Latency", "UnHealthyHost", "Error", "Rejected"];
    let Some(alarm) = alarm else { return false };
    if let Some(signal) = Described::of_live(alarm).signal {
        return matches!(signal, Signal::Latency | Signal::Traffic | Signal::Errors);
    }
    let metric = alarm.metrics.iter().any(|metric| FELT.iter().any(|word| metric.name.contains(word)));
    // A composite has no metrics; it stands for what somebody found worth joining.
    metric || alarm.metrics.is_empty()
}

/// Severity and the rule that gave it, from environment, tier and user impact.
pub fn severity(service: Option<&Service>, felt: bool) -> (Severity, String) {
    let environment = service.and_then(environment);
    let tier = service.and_then(|service| service.tag("tier"));
    let production = environment.is_some_and(production);
    let feel = if felt { "users feel it" } else { "users do not feel it yet" };
    if service.is_none() {
        return (Severity::P2, "the service cannot be seen, nor its tags".into());
    }
    match (environment, tier) {
        (None, None) => (Severity::P2, "the service carries no environment or tier tag".into()),
        (Some(name), _) if !production => (Severity::P3, format!("environment {name} is not production")),
        (_, Some("3")) => (Severity::P3, "tier 3".into()),
        (Some(name), Some("1")) if felt => (Severity::P1, format!("{name}, tier 1, {feel}")),
        (_, tier) => {
            let tier = tier.map_or("no tier".to_owned(), |tier| format!("tier {tier}"));
            let name = environment.unwrap_or("no environment tag");
            (Severity::P2, format!("{name}, {tier}, {feel}"))
        }
    }
}

/// Whether a service may wake nobody: one that is only observed never pages
/// unless the policy says so, for its own alarms still reach whoever they
/// reached before.
pub fn hushed(mode: Mode, policy: &Policy) -> bool {
    mode == Mode::Observe && !policy.paging.observed_services
}

/// Whether a person is woken: P1 at once; P2 only if no remedy is on its way;
/// P3 never; and nobody for a service that is [`hushed`].
pub fn pages(severity: Severity, mode: Mode, helped: bool, policy: &Policy) -> bool {
    if hushed(mode, policy) {
        return false;
    }
    match severity {
        Severity::P1 => true,
        Severity::P2 => !helped,
        Severity::P3 => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_woken() {
        let policy = Policy::default();
        let check = |severity, mode, helped| pages(severity, mode, helped, &policy);
        assert!(check(Severity::P1, Mode::Act, true));
        assert!(check(Severity::P2, Mode::Act, false));
        assert!(!check(Severity::P2, Mode::Act, true));
        assert!(!check(Severity::P3, Mode::Act, false));
        assert!(!check(Severity::P1, Mode::Observe, false));
        let mut loud = policy.clone();
        loud.paging.observed_services = true;
        assert!(pages(Severity::P1, Mode::Observe, false, &loud));
    }
}
