//! For which function an event is, by its content alone.

use alarm_responder::event::Incoming;
use jiff::Timestamp;
use nightshift_core::alarm::AlarmSignal;
use nightshift_core::notice::Notice;
use nightshift_core::timer::Timer;
use serde::Serialize;
use serde_json::Value;

use super::ReplayError;

/// A function of the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Function {
    /// Answers alarms.
    AlarmResponder,
    /// Judges deployments.
    DeploymentGuard,
    /// Looks after images.
    ImageGuard,
    /// Reports costs.
    CostReporter,
    /// Answers timers.
    RemedyVerifier,
    /// Tells people.
    Notifier,
}

impl Function {
    /// Its name, as its folder is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::AlarmResponder => "alarm-responder",
            Self::DeploymentGuard => "deployment-guard",
            Self::ImageGuard => "image-guard",
            Self::CostReporter => "cost-reporter",
            Self::RemedyVerifier => "remedy-verifier",
            Self::Notifier => "notifier",
        }
    }
}

/// An event with what it says.
#[derive(Clone, Debug, PartialEq)]
pub struct Recognised {
    /// For which function it is.
    pub function: Function,
    /// When it happened, where it says so.
    pub at: Option<Timestamp>,
    /// The alarms in it.
    pub signals: Vec<AlarmSignal>,
    /// The timer, if it is one.
    pub timer: Option<Timer>,
    /// In one line.
    pub says: String,
}

/// Recognises an event. What no function knows is for the alarm responder,
/// which says why it ignores it.
///
/// # Errors
/// If a field that its function needs is wrong; the message begins with the
/// path of the field.
pub fn recognise(event: &Value) -> Result<Recognised, ReplayError> {
    if event.get("report").is_some() {
        return Err(ReplayError::Report);
    }
    if let Some(recognised) = super::images::of_image(event)? {
        return Ok(recognised);
    }
    if let Some(recognised) = super::costs::of_costs(event)? {
        return Ok(recognised);
    }
    if let Some(recognised) = of_deployment(event)? {
        return Ok(recognised);
    }
    if event.get("purpose").is_some() {
        let timer = remedy_verifier::event::parse(event).map_err(|error| ReplayError::Event(error.to_string()))?;
        let says = format!("timer {} of {}", timer.name, timer.service);
        return Ok(Recognised {
            function: Function::RemedyVerifier,
            at: Some(timer.at),
            signals: Vec::new(),
            timer: Some(timer),
            says,
        });
    }
    if let Some(message) = typed_notice(event) {
        let notice = serde_json::from_value::<Notice>(message).ok();
        let says = notice.as_ref().map_or("a notice".to_owned(), |notice| format!("notice {}", notice.key()));
        let at = notice.map(|notice| notice.at);
        return Ok(Recognised { function: Function::Notifier, at, signals: Vec::new(), timer: None, says });
    }
    let incoming = alarm_responder::event::parse(event).map_err(|error| ReplayError::Event(error.to_string()))?;
    let sent = || event.get("time").and_then(Value::as_str).and_then(|time| time.parse().ok());
    let (at, signals, says) = match incoming {
        Incoming::Alarm(signal) => (Some(signal.at), vec![signal.clone()], said(&signal)),
        Incoming::Alarms(signals) => {
            let says = signals.iter().map(said).collect::<Vec<_>>().join("; ");
            (signals.iter().map(|signal| signal.at).max(), signals, says)
        }
        Incoming::Health(issue) => {
            let state = if issue.open { "open" } else { "closed" };
            (sent(), Vec::new(), format!("AWS Health: {} in {} is {state}", issue.code, issue.region))
        }
        Incoming::Ignored { .. } => (sent(), Vec::new(), "nothing that a function acts on".to_owned()),
    };
    Ok(Recognised { function: Function::AlarmResponder, at, signals, timer: None, says })
}

/// An event of ECS or CodeDeploy, a deployment's watchdog, or the sweep.
fn of_deployment(event: &Value) -> Result<Option<Recognised>, ReplayError> {
    use deployment_guard::event::Incoming;
    let watches = event.pointer("/purpose/purpose").is_some_and(|purpose| purpose == "watch");
    if event.get("purpose").is_some() && !watches {
        return Ok(None);
    }
    let source = event.get("source").and_then(Value::as_str).unwrap_or_default();
    let kind = event.get("detail-type").and_then(Value::as_str).unwrap_or_default();
    let ours = watches
        || event.get("sweep").is_some()
        || matches!(source, "aws.ecs" | "aws.codedeploy")
        || kind.starts_with("ECS ");
    if !ours {
        return Ok(None);
    }
    let incoming = deployment_guard::event::parse(event).map_err(|error| ReplayError::Event(error.to_string()))?;
    let sent = event.get("time").or(event.get("at")).and_then(Value::as_str).and_then(|time| time.parse().ok());
    let (timer, says) = match incoming {
        Incoming::News(news) => (None, format!("{} of {}", news.what, news.service)),
        Incoming::CodeDeploy { deployment, .. } => (None, format!("CodeDeploy deployment {deployment}")),
        Incoming::Watchdog(timer) => (Some(timer.clone()), format!("watchdog {} of {}", timer.name, timer.service)),
        Incoming::Sweep { .. } => (None, "the daily look at every service".to_owned()),
        Incoming::Nameless { arn, .. } => (None, format!("news of {arn}")),
        Incoming::Ignored { .. } => (None, "nothing that a function acts on".to_owned()),
    };
    Ok(Some(Recognised { function: Function::DeploymentGuard, at: sent, signals: Vec::new(), timer, says }))
}

/// The first SNS message that is a typed notice of ours.
fn typed_notice(event: &Value) -> Option<Value> {
    let records = event.get("Records")?.as_array()?;
    records.iter().find_map(|record| {
        let message: Value = serde_json::from_str(record.get("Sns")?.get("Message")?.as_str()?).ok()?;
        (message.get("incident").is_some() && message.get("headline").is_some()).then_some(message)
    })
}

fn said(signal: &AlarmSignal) -> String {
    let state = match signal.state {
        nightshift_core::alarm::AlarmState::Ok => "OK",
        nightshift_core::alarm::AlarmState::Alarm => "ALARM",
        nightshift_core::alarm::AlarmState::InsufficientData => "INSUFFICIENT_DATA",
    };
    format!("alarm {} went to {state} at {}", signal.name, signal.at.strftime("%Y-%m-%d %H:%M:%S UTC"))
}
