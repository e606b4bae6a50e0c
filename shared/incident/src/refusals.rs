//! One sentence for each refusal: what it means and what to do about it.

use nightshift_core::fault::FaultKind;
use nightshift_core::ids::ServiceRef;
use nightshift_core::refusal::Refusal;
use nightshift_core::remedy::Outcome;

/// Why a claimed remedy was not taken on the service.
pub(crate) fn why_not(outcome: &Outcome, service: &ServiceRef) -> String {
    match outcome {
        Outcome::Withheld { refusal } => format!("{}: {}", refusal.name(), sentence(refusal)),
        Outcome::Failed { fault } if fault.kind == FaultKind::Denied => {
            format!("{fault}. {}", allow(&fault.operation, &in_policy(fault.resource.clone(), service)))
        }
        Outcome::Failed { fault } => fault.to_string(),
        Outcome::Taken { .. } | Outcome::FoundTaken { .. } => String::new(),
    }
}

/// The sentence people read beside a refusal's name.
pub fn sentence(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Unmapped => "no service is known for this alarm; tag it cluster and service, or dependency_of where \
                              several call what it watches."
            .into(),
        Refusal::ServiceNotActive { status: Some(status) } => format!("the service is {status}."),
        Refusal::ServiceNotActive { status: None } => "ECS knows no such service.".into(),
        Refusal::NotOptedIn { mode } => format!("the service is in mode {mode}; tag it nightshift=act to let it heal."),
        Refusal::AnotherStacks { stack } => format!("tag nightshift:stack gives the service to {stack}."),
        Refusal::AnotherAccounts { account } => {
            format!("it is in account {account}; this stack looks after its own account alone.")
        }
        Refusal::AnotherRegions { region } => {
            format!("it is in region {region}; this stack looks after its own region alone.")
        }
        Refusal::AlarmStale { at } => {
            format!("the alarm changed at {}, too long ago to act on.", at.strftime("%H:%M UTC"))
        }
        Refusal::AlarmNewborn { until } => {
            format!("the alarm is new; it is read again at {}.", until.strftime("%H:%M UTC"))
        }
        Refusal::AlarmAlreadyClear => "the alarm is no longer in ALARM.".into(),
        Refusal::NoNews => "the change of state is no news.".into(),
        Refusal::ActionsSuppressed { by } => format!("the alarm's actions are suppressed by {by}."),
        Refusal::ActionsDisabled => "somebody switched the alarm's actions off.".into(),
        Refusal::TargetTracking => "the alarm belongs to Application Auto Scaling.".into(),
        Refusal::OfADependency { of } => {
            let of = of.as_deref().unwrap_or("a service");
            format!("it watches what {of} depends on: evidence for the alarms of that, and no incident of its own.")
        }
        Refusal::ReleaseNotToBlame => "the evidence does not blame the newest release.".into(),
        Refusal::NoRemedyForCause => "no automatic remedy helps against this cause.".into(),
        Refusal::RollbackUnderWay => "the service is already being changed.".into(),
        Refusal::NeverRollBackARollback => "what runs is itself the result of a rollback.".into(),
        Refusal::NothingGoodToReturnTo => "no earlier release ran well for long enough.".into(),
        Refusal::TargetInactive { task_definition } => format!("{} is INACTIVE or gone.", task_definition.short()),
        Refusal::TargetImageGone { image } => format!("image {image} is gone from its repository."),
        Refusal::TargetTagMoved { image } => {
            format!("{image} no longer means, or cannot be shown to mean, the image that ran well.")
        }
        Refusal::RollbackMarkedUnsafe { task_definition } => {
            format!("{} is tagged nightshift:rollback-safe=false.", task_definition.short())
        }
        Refusal::CrossesUnsafeRelease { task_definition } => {
            format!("the way back crosses {}, tagged nightshift:rollback-safe=false.", task_definition.short())
        }
        Refusal::DiffersBeyondTaskDefinition => {
            "the releases differ in network, load balancers or capacity, which a new task definition cannot undo."
                .into()
        }
        Refusal::StackUpdating { stack } => format!("CloudFormation stack {stack} is being updated."),
        Refusal::ControllerNotOurs { controller } => format!("the service is deployed by {controller}."),
        Refusal::LeftToCircuitBreaker => "its circuit breaker counts the failures and goes back by itself.".into(),
        Refusal::PausedAtHook => "the deployment waits for a person at a pause hook.".into(),
        Refusal::CoolingDown { until } => {
            format!("the same remedy was taken lately; again from {}.", until.strftime("%H:%M UTC"))
        }
        Refusal::AlreadyTried => "a remedy was already taken in this incident.".into(),
        Refusal::BudgetSpent => "the service has had its remedies for 24 hours.".into(),
        Refusal::FleetBudgetSpent => "the cap on remedies over all services is reached.".into(),
        Refusal::FleetWide { services } => format!("{services} services are hit at once; that is no single release."),
        Refusal::ProviderEvent { code } => format!("AWS reports {code}."),
        Refusal::Parked => "the service is parked by off-hours.".into(),
        Refusal::Frozen { window } => format!("freeze {window:?} stops remedies."),
        Refusal::Halted => "remedies are halted; nightshift resume lets them go on.".into(),
        Refusal::AtCeiling => "there is no room to scale out.".into(),
        Refusal::NotPermitted { action, resource } => {
            format!("IAM denies {action} on {resource}. {}", allow(action, resource))
        }
        Refusal::ConfidenceTooLow { percent } => format!("{percent} % is not sure enough."),
        Refusal::NotObserved { operation } => format!("{operation} could not be read, and the decision needs it."),
        Refusal::ImageRuns { services } => format!(
            "{services} {} it already: keeping it from being deployed again would help nobody.",
            if *services == 1 { "service runs" } else { "services run" }
        ),
        Refusal::ImageLastKnownGood { service } => format!("{service} would go back to it."),
        Refusal::NoWorseThanWhatRuns => "what runs of this repository has the same findings.".into(),
        Refusal::TooManyServices { services } => {
            format!("{services} services run images with it: what fixes it must be let through.")
        }
        Refusal::RunsNotKnown => {
            "which images run is known once the daily look was at every service; it is decided then.".into()
        }
        Refusal::OnlyADrill => "a drill acts on the drill service alone.".into(),
        Refusal::Overtaken => "the service changed in between.".into(),
    }
}

/// The service as a policy names it; any other resource as it is.
pub(crate) fn in_policy(resource: String, service: &ServiceRef) -> String {
    if resource == service.to_string() { service.arn() } else { resource }
}

/// The line of policy that would allow it. What people read the name of and IAM does
/// not is no resource for it.
pub fn allow(action: &str, resource: &str) -> String {
    let resource = if resource.starts_with("arn:") { resource } else { "*" };
    format!(
        "Allow it: add {{\"Effect\": \"Allow\", \"Action\": \"{action}\", \"Resource\": \"{resource}\"}} to the \
         function's role, or check the tag that its condition asks for."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_policy_names_what_iam_knows() {
        let service = ServiceRef {
            account: "111122223333".into(),
            region: "eu-west-1".into(),
            cluster: "prod".into(),
            service: "web".into(),
        };
        let arn = "arn:aws:ecs:eu-west-1:111122223333:service/prod/web";
        assert_eq!(in_policy("prod/web".into(), &service), arn);
        assert_eq!(in_policy("prod/api".into(), &service), "prod/api");
        assert!(allow("ecs:UpdateService", arn).contains(&format!("\"Resource\": \"{arn}\"")));
        for name in ["prod", "this account", "RequestCount", "prod/web"] {
            assert!(allow("ecs:ListServices", name).contains("\"Resource\": \"*\""), "{name}");
        }
    }
}
