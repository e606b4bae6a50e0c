//! Alarms that lead to no service of this stack: who hears of them, and how.
//!
//! There is no incident without a service: nothing says whose it would be,
//! what to look at, or when it is over. So what people are told is no notice
//! but one plain message to the page topic, and nothing follows it up.

use std::collections::BTreeMap;

use nightshift_core::alarm::{AlarmSignal, AlarmState, LiveAlarm, NOTIFY_TAG};
use nightshift_core::fault::{Fault, Sight};
use nightshift_core::ids::AlarmArn;
use nightshift_core::mode::Severity;
use nightshift_core::notice::plain::subject;
use nightshift_core::refusal::Refusal;
use nightshift_incident::decide::unseen;
use nightshift_incident::plan::PlainPage;
use nightshift_incident::refusals::sentence;
use serde_json::Value;

use crate::observe::Observed;
use crate::plan::{not_firing, not_ours_to_answer};

/// Why an ALARM leads to no service, and whether people are to hear of it:
/// where its tags ask for a message, and always where IAM alone keeps its
/// service from being found.
pub fn worth_a_message(observed: &Observed) -> Option<Refusal> {
    let signal = &observed.signal;
    if signal.state != AlarmState::Alarm {
        return None;
    }
    let asks = || asks(signal, observed.live.seen().and_then(Option::as_ref)).is_some();
    match not_ours_to_answer(signal, &observed.home) {
        Some(
            refusal
            @ (Refusal::AnotherAccounts { .. } | Refusal::AnotherRegions { .. } | Refusal::OfADependency { .. }),
        ) => return asks().then_some(refusal),
        Some(_) => return None,
        None if not_firing(observed).is_some() => return None,
        None => {}
    }
    match unfound(observed) {
        Some(fault) => (!fault.transient()).then(|| unseen(fault)),
        None => (observed.service == Sight::Seen(None) && asks()).then_some(Refusal::Unmapped),
    }
}

/// Why nobody can say which service the alarm watches. An alarm that cannot be
/// read may carry the very tags that would name it.
pub fn unfound(observed: &Observed) -> Option<&Fault> {
    match &observed.service {
        Sight::Unseen(fault) => Some(fault),
        Sight::Seen(None) => observed.live.fault(),
        Sight::Seen(Some(_)) => None,
    }
}

/// What an alarm's tags, or its description as JSON, say about its message.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Asked {
    team: Option<String>,
    severity: Severity,
}

/// `None`: it asks for none.
fn asks(signal: &AlarmSignal, live: Option<&LiveAlarm>) -> Option<Asked> {
    let mut tags: BTreeMap<&String, &String> = live.map(|live| live.tags.iter().collect()).unwrap_or_default();
    tags.extend(&signal.tags);
    let described = signal.description.as_deref().or(live.and_then(|live| live.description.as_deref()));
    let described: Option<Value> = described.and_then(|text| serde_json::from_str(text).ok());
    let says = |key: &str| -> Option<String> {
        let tag = tags.iter().find(|(name, _)| name.as_str() == key).map(|(_, value)| (*value).clone());
        tag.or_else(|| match described.as_ref()?.get(key)? {
            Value::String(text) => Some(text.clone()),
            Value::Bool(yes) => Some(yes.to_string()),
            _ => None,
        })
    };
    says(NOTIFY_TAG).filter(|value| value.trim().eq_ignore_ascii_case("true")).map(|_| Asked {
        team: says("team").or_else(|| says("owner")),
        // As everywhere: what says nothing readable is P2.
        severity: says("severity").and_then(|value| value.parse().ok()).unwrap_or(Severity::P2),
    })
}

/// The one message: who, what, why there is no service, and what to do.
pub fn message(observed: &Observed, refusal: &Refusal) -> PlainPage {
    let signal = &observed.signal;
    let AlarmSignal { name, account, region, arn, reason, .. } = signal;
    let asked = asks(signal, observed.live.seen().and_then(Option::as_ref));
    let severity = asked.as_ref().map_or(Severity::P2, |asked| asked.severity);
    let team = asked.and_then(|asked| asked.team).map_or_else(String::new, |team| format!("Team {team}. "));
    let at = signal.at.strftime("%Y-%m-%d %H:%M:%S UTC");
    let hush = match refusal {
        Refusal::NotPermitted { .. } | Refusal::NotObserved { .. } => String::new(),
        _ => {
            format!("\n\nIt is told because the alarm says {NOTIFY_TAG} = true; take that away to hear no more of it.")
        }
    };
    PlainPage {
        subject: subject(&format!("{severity} - {name} - {}", in_short(refusal))),
        text: format!(
            "Alarm {name} is in ALARM since {at}.\n{reason}\n\n\
             Nothing was looked at and nothing was done. {why}\n{cure}{hush}\n\n\
             {team}Account {account}, region {region}.\n{arn}\n",
            why = capital(&sentence(refusal)),
            cure = cure(refusal, arn),
        ),
    }
}

fn in_short(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::AnotherAccounts { .. } => "in another account",
        Refusal::AnotherRegions { .. } => "in another region",
        Refusal::Unmapped => "in ALARM, no service is known for it",
        Refusal::OfADependency { .. } => "in ALARM, services depend on it",
        _ => "needs you: its service cannot be looked up",
    }
}

/// What to do so that it is looked after from now on.
fn cure(refusal: &Refusal, arn: &AlarmArn) -> String {
    match refusal {
        Refusal::Unmapped => format!(
            "Name its service in one of three ways: by tags, aws cloudwatch tag-resource --resource-arn '{arn}' --tags \
             Key=cluster,Value=CLUSTER Key=service,Value=SERVICE; by a description that is JSON, \
             {{\"cluster\": \"CLUSTER\", \"service\": \"SERVICE\"}}; or by the beginning of its name under [services] \
             in config/nightshift.toml."
        ),
        Refusal::OfADependency { .. } => "Its own runbook says what to look at.".to_owned(),
        Refusal::AnotherAccounts { .. } | Refusal::AnotherRegions { .. } => {
            "Deploy Nightshift there to have it looked after.".to_owned()
        }
        _ => "Until then no alarm whose service has to be looked up is answered.".to_owned(),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests;
