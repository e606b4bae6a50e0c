//! The functions, each on its event.

use alarm_responder::Report;
use jiff::{SignedDuration, Timestamp};
use nightshift_core::alarm::AlarmState;
use nightshift_core::notice::Notice;
use nightshift_core::policy::Policy;
use nightshift_core::refusal::Refusal;
use nightshift_core::remedy::Outcome;
use nightshift_core::settings::Variables;
use nightshift_core::timer::{Purpose, Timer};
use nightshift_incident::plan::{Decision, Plan};
use nightshift_incident::refusals::sentence;
use nightshift_sim::chat::Chat;
use nightshift_sim::{Account, Delivery, Scenario, poll_once};
use notifier::joined::Joined;
use serde_json::{Value, json};

use super::recognise::{Function, Recognised};
use super::{ReplayError, Replayed, Why};
use crate::night::{Night, What};

/// Where the simulated workspace's secret is.
const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:nightshift";

/// Runs the event on the scenario's account.
pub(super) fn run(
    event: &Value,
    recognised: &Recognised,
    scenario: Scenario,
    (assumed, policy): (bool, &Policy),
) -> Result<Replayed, ReplayError> {
    let account = Account::new(scenario);
    let mut night = Night::new(account.clone(), policy);
    let at = recognised.at.map_or(account.now(), next_second).max(account.now());
    play_up_to(&mut night, recognised, at);
    let told = account.notices().len();
    let mut replayed = match recognised.function {
        Function::Notifier => notifier(event, &account)?,
        Function::AlarmResponder => {
            night.deliver(Delivery::Alarm { event: event.clone(), at }, 0);
            answered(night.happened().last().map(|happened| &happened.what), recognised)?
        }
        Function::DeploymentGuard => {
            night.deliver(Delivery::Deployment { event: event.clone(), at }, 0);
            answered(night.happened().last().map(|happened| &happened.what), recognised)?
        }
        Function::ImageGuard => {
            night.deliver(Delivery::Image { event: event.clone(), at }, 0);
            answered(night.happened().last().map(|happened| &happened.what), recognised)?
        }
        Function::CostReporter => {
            night.deliver(Delivery::Cost { event: event.clone(), at }, 0);
            answered(night.happened().last().map(|happened| &happened.what), recognised)?
        }
        Function::RemedyVerifier => {
            let timer =
                recognised.timer.clone().map(|timer| if assumed { of_open_incident(timer, &account) } else { timer });
            let Some(timer) = timer else { return Err(ReplayError::Event("event: it is no timer".into())) };
            night.deliver(Delivery::Timer(timer), 0);
            answered(night.happened().last().map(|happened| &happened.what), recognised)?
        }
    };
    if recognised.function != Function::Notifier {
        replayed.notices = account.notices().split_off(told);
        replayed.why.cases =
            account.cases().into_iter().map(|(_, _, case)| case).filter(|case| case.now >= at).collect();
    }
    replayed.why.says.clone_from(&recognised.says);
    Ok(replayed)
}

/// What the functions have heard of before the event comes.
fn play_up_to(night: &mut Night, recognised: &Recognised, at: Timestamp) {
    // An ALARM is the first that the functions hear of the night. Whatever
    // else comes is about what they have done before, so they do it first.
    if recognised.signals.iter().any(|signal| signal.state == AlarmState::Alarm) {
        night.account().advance_to(at);
        night.account().take_due();
    } else {
        // A timer stands for the one that the night itself has set for then.
        let before = SignedDuration::from_secs(i64::from(recognised.timer.is_some()));
        night.run_until(at.checked_sub(before).unwrap_or(at));
        if recognised.timer.is_some() {
            night.account().advance_to(at);
            night.account().take_due();
        }
    }
}

/// The timer of the incident that is open in an assumed account: nobody can
/// have known its id.
fn of_open_incident(timer: Timer, account: &Account) -> Timer {
    let open = account.record(&timer.service).incident;
    match (&timer.purpose, open) {
        (Purpose::Verify { .. }, Some(open)) => Timer::verify(&timer.service, &open.id, open.checks, timer.at),
        _ => timer,
    }
}

/// Events are handled after they happened.
fn next_second(at: Timestamp) -> Timestamp {
    at.checked_add(SignedDuration::from_millis(999)).and_then(|at| Timestamp::from_second(at.as_second())).unwrap_or(at)
}

fn answered(what: Option<&What>, recognised: &Recognised) -> Result<Replayed, ReplayError> {
    match what {
        Some(What::Alarm { report, .. }) => Ok(reported(report, recognised.function)),
        Some(What::Deployment { report, .. }) => Ok(guarded(report, recognised.function)),
        Some(What::Image { report, .. }) => Ok(super::images::looked(report)),
        Some(What::Cost { report, .. }) => Ok(super::costs::told(report)),
        Some(What::Timer { report, .. }) => Ok(planned(&report.plan, report.outcome.as_ref(), recognised.function)),
        Some(What::Failed { error: Some(error), .. }) => Err(ReplayError::Event(error.clone())),
        _ => Err(ReplayError::Event("the function gave no answer".into())),
    }
}

fn guarded(report: &deployment_guard::Report, function: Function) -> Replayed {
    use deployment_guard::Report;
    let says = |sentence: String| Why { sentence: Some(sentence), ..Why::default() };
    match report {
        Report::Deployment { plan, outcome } => planned(plan, outcome.as_ref(), function),
        Report::Sweep { services, looked_at, left } => {
            let why = says(format!(
                "Looked at {services} services; events had missed something of {}; {left} left for the next sweep.",
                looked_at.len(),
            ));
            bare(function, "swept", Value::Null, why)
        }
        Report::Nameless { arn } => {
            let why = says(format!("{arn} names no cluster: the daily sweep finds what this told of."));
            bare(function, "silent", Value::Null, why)
        }
        Report::Ignored { why } => bare(function, "ignored", Value::Null, says(format!("{why}."))),
    }
}

fn reported(report: &Report, function: Function) -> Replayed {
    match report {
        Report::Alarm { plan, outcome } => planned(plan, outcome.as_ref(), function),
        Report::Alarms { reports } => several(reports, function),
        Report::Health { issue } => {
            let sentence = match issue.open {
                true => "Kept as evidence: while it is open, no release is blamed lightly.",
                false => "Kept as over: from now on it excuses no release.",
            };
            let why = Why { sentence: Some(sentence.to_owned()), ..Why::default() };
            bare(function, "recorded", json!(issue), why)
        }
        Report::Ignored { why } => {
            let said = Why { sentence: Some(format!("{why}.")), ..Why::default() };
            bare(function, "ignored", Value::Null, said)
        }
    }
}

/// Several alarms in one delivery: the first that is not silent speaks for
/// all; the plan holds each.
fn several(reports: &[Report], function: Function) -> Replayed {
    let each: Vec<Replayed> = reports.iter().map(|report| reported(report, function)).collect();
    let plans: Vec<Value> = each.iter().map(|one| one.plan.clone()).collect();
    let telling = each.iter().position(|one| one.outcome != "unmapped" && one.outcome != "silent").unwrap_or(0);
    let speaks = each.into_iter().nth(telling);
    let none = || bare(function, "ignored", Value::Null, Why::default());
    Replayed { plan: Value::Array(plans), ..speaks.unwrap_or_else(none) }
}

pub(super) fn bare(function: Function, outcome: &str, plan: Value, why: Why) -> Replayed {
    Replayed {
        event: String::new(),
        function,
        outcome: outcome.to_owned(),
        refusal: None,
        plan,
        notices: Vec::new(),
        assumed: None,
        why,
    }
}

fn planned(plan: &Plan, outcome: Option<&Outcome>, function: Function) -> Replayed {
    let incident = plan.record().and_then(|record| record.incident.as_ref());
    let mut why = Why {
        diagnosis: incident.and_then(|incident| incident.diagnosis.clone()),
        page: plan.plain.as_ref().map(|page| page.subject.clone()),
        ..Why::default()
    };
    let word = json!(plan.decision)["decision"].as_str().unwrap_or_default().to_owned();
    let (mut word, mut refusal) = (word, None);
    match &plan.decision {
        Decision::Silent { refusal: Refusal::Unmapped } => {
            refusal = Some(Refusal::Unmapped);
            word = "unmapped".to_owned();
        }
        Decision::Silent { refusal: found } | Decision::Told { refusal: found } => refusal = Some(found.clone()),
        Decision::Refused { refusal: found, would } => (refusal, why.would) = (Some(found.clone()), would.clone()),
        Decision::Remedy { remedy } => match outcome {
            Some(Outcome::Withheld { refusal: found }) => {
                (refusal, why.would) = (Some(found.clone()), Some(remedy.clone()));
                word = "refused".to_owned();
            }
            _ => why.remedy = Some(remedy.clone()),
        },
        Decision::Judged { release, verdict, refusal: found } => {
            why.sentence = Some(format!("{release}: {}.", verdict.name()));
            refusal.clone_from(found);
        }
        Decision::CheckAgain { waiting_for } => why.sentence = Some(format!("Waits for: {}.", waiting_for.join("; "))),
        Decision::SelfDrill => {
            why.sentence = Some("The stack tries itself out: the notifier counts it, and nobody is told.".to_owned());
        }
        Decision::Settled => {
            why.sentence =
                Some("Nothing is left to do: it was dealt with before, or is of nothing that is there.".to_owned())
        }
        _ => {}
    }
    why.sentence = match (refusal.as_ref().map(sentence), why.sentence) {
        (Some(rule), Some(said)) => Some(format!("{said} Left alone: {rule}")),
        (rule, said) => rule.or(said),
    };
    let plan = serde_json::to_value(plan).unwrap_or_default();
    Replayed { refusal: refusal.map(|refusal| refusal.name()), ..bare(function, &word, plan, why) }
}

/// Tells the notices to a simulated workspace and pager.
fn notifier(event: &Value, account: &Account) -> Result<Replayed, ReplayError> {
    let chat = Chat::new("xoxb-local", &[("C0000000001", "#incidents")]);
    account.put_secret(
        SECRET,
        &json!({"slack_bot_token": "xoxb-local", "pagerduty_routing_key": "R".repeat(32)}).to_string(),
    );
    let set = [("NIGHTSHIFT_SECRET", SECRET), ("NIGHTSHIFT_SLACK_CHANNEL", "#incidents")];
    let variables = Variables(set.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    let config = notifier::Config::read(&variables).map_err(|error| ReplayError::Event(error.to_string()))?;
    let world = Joined { account: account.clone(), outside: chat.clone() };
    let handler = notifier::Handler::new(world, config, Policy::default());
    let answer = poll_once(handler.handle(event.clone(), account.now()));
    let report = match answer {
        Some(Ok(report)) => report,
        Some(Err(error)) => return Err(ReplayError::Event(error.to_string())),
        None => return Err(ReplayError::Event("the notifier gave no answer".into())),
    };
    let texts: Vec<String> = chat.messages().iter().map(|message| unescaped(message.text())).collect();
    let sentence = format!("Slack shows: {}", texts.join(" ┆ "));
    let why = Why { sentence: Some(sentence), ..Why::default() };
    Ok(Replayed { notices: notices(event), ..bare(Function::Notifier, "told", json!(report), why) })
}

/// As people see it: Slack knows three escapes.
fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

fn notices(event: &Value) -> Vec<Notice> {
    let records = event["Records"].as_array().into_iter().flatten();
    records.filter_map(|record| serde_json::from_str(record["Sns"]["Message"].as_str()?).ok()).collect()
}
