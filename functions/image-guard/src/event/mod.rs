//! The doors: what arrives, read once into what it says.
//!
//! An event only says that it is time to look at an image or at a service; what
//! is true is read from the account. So no order, no repetition and no loss of
//! events changes what comes out, and read strictly is only what it is about.

mod ecr;
mod ecs;
mod inspector;
#[cfg(test)]
mod tests;

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use nightshift_core::ids::{EventId, ServiceRef};
use nightshift_core::image::ImageId;
use nightshift_core::timer::{Purpose, Timer};
use nightshift_door::{DoorError, quoted, read};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What an invocation brought.
#[derive(Clone, Debug, PartialEq)]
pub enum Incoming {
    /// News of one image: it is looked at now.
    Image(News),
    /// One finding of many: it is looked at once they have come in.
    Finding(News),
    /// A service has another deployment.
    Deployed {
        /// Which service.
        service: ServiceRef,
    },
    /// A look that was put off is due.
    Look {
        /// At which image.
        image: ImageId,
    },
    /// The daily look at everything, or the weekly report on it.
    Sweep(Sweep),
    /// Nothing for this function.
    Ignored {
        /// Why not, in words for the log.
        why: String,
    },
}

/// News of one image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct News {
    /// What makes two deliveries the same event.
    pub event: EventId,
    /// Which image.
    pub image: ImageId,
    /// Whose registry it is in.
    pub account: String,
    /// In which region.
    pub region: String,
    /// What was said: `PUSH`, `DELETE`, `COMPLETE`, `FAILED`, a finding's id.
    pub what: String,
}

/// Which look at everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// What events have missed.
    Daily,
    /// The same, and a report.
    Weekly,
}

/// What the schedules send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sweep {
    /// Which one.
    pub sweep: Kind,
    /// When it was due.
    pub at: jiff::Timestamp,
    /// The time zone of whoever reads the report.
    #[serde(default = "utc")]
    pub zone: String,
}

fn utc() -> String {
    "UTC".to_owned()
}

/// Recognises an event by its content and reads it.
///
/// # Errors
/// The event is one of ours, and a field that the plan needs is missing or
/// unreadable.
pub fn parse(event: &Value) -> Result<Incoming, DoorError> {
    if event.get("purpose").is_some() {
        let timer: Timer = read(event, "")?;
        return Ok(match timer.purpose {
            Purpose::Look { image } => Incoming::Look { image },
            other => ignored(format!("a timer of another function: {}", quoted(&format!("{other:?}")))),
        });
    }
    if event.get("sweep").is_some() {
        let sweep: Sweep = read(event, "")?;
        let unknown = |_| DoorError::at("zone", format!("expected an IANA time zone, found {}", quoted(&sweep.zone)));
        jiff::tz::TimeZone::get(&sweep.zone).map_err(unknown)?;
        return Ok(Incoming::Sweep(sweep));
    }
    if event.get("detail-type").is_none() {
        return Ok(ignored("neither an EventBridge event, nor a timer, nor the sweep's schedule"));
    }
    let event: EventBridgeEvent = read(event, "")?;
    match (event.detail_type.as_str(), event.source.as_str()) {
        ("ECR Image Scan", "aws.ecr") => ecr::scan(&event),
        ("ECR Image Action", "aws.ecr") => ecr::action(&event),
        ("Inspector2 Scan", "aws.inspector2") => inspector::scan(&event),
        ("Inspector2 Finding", "aws.inspector2") => inspector::finding(&event),
        ("ECS Deployment State Change", "aws.ecs") => ecs::deployment(&event),
        (detail_type, source) => Ok(ignored(format!(
            "detail-type {} of source {} is nothing this function acts on",
            quoted(detail_type),
            quoted(source),
        ))),
    }
}

/// Not for us, and why.
fn ignored(why: impl Into<String>) -> Incoming {
    Incoming::Ignored { why: why.into() }
}

/// An event without an id has one of what it says: the same news is the same.
fn id_of(event: &EventBridgeEvent) -> EventId {
    match event.id.as_deref().filter(|id| !id.is_empty()) {
        Some(id) => EventId::new(id),
        None => EventId::of(&[&event.detail_type, &event.detail.to_string()]),
    }
}

/// The envelope's account and region, which every event of AWS has.
fn place(event: &EventBridgeEvent) -> Result<(String, String), DoorError> {
    let missing = |field: &str| DoorError::at(field, "missing field");
    let account = event.account.clone().filter(|account| !account.is_empty()).ok_or_else(|| missing("account"))?;
    let region = event.region.clone().filter(|region| !region.is_empty()).ok_or_else(|| missing("region"))?;
    Ok((account, region))
}
