//! Events of images: whose they are, and what came of them.

use image_guard::event::Incoming;
use image_guard::plan::Decision;
use image_guard::{Looked, Report};
use nightshift_incident::refusals::sentence;
use serde_json::{Value, json};

use super::recognise::{Function, Recognised};
use super::run::bare;
use super::{ReplayError, Replayed, Why};

/// An event of ECR or Inspector, a look that was put off, or the weekly sweep.
/// A finished deployment and the daily sweep are the deployment guard's as well,
/// and are replayed as that.
pub(super) fn of_image(event: &Value) -> Result<Option<Recognised>, ReplayError> {
    let kind = event.get("detail-type").and_then(Value::as_str).unwrap_or_default();
    let looks = event.pointer("/purpose/purpose").is_some_and(|purpose| purpose == "look");
    let weekly = event.get("sweep").is_some_and(|sweep| sweep == "weekly");
    if !looks && !weekly && !kind.starts_with("ECR ") && !kind.starts_with("Inspector2 ") {
        return Ok(None);
    }
    let incoming = image_guard::event::parse(event).map_err(|error| ReplayError::Event(error.to_string()))?;
    let at = event.get("time").or(event.get("at")).and_then(Value::as_str).and_then(|time| time.parse().ok());
    let says = match incoming {
        Incoming::Image(news) | Incoming::Finding(news) => format!("{} of image {}", news.what, news.image),
        Incoming::Look { image } => format!("the look at image {image} is due"),
        Incoming::Deployed { service } => format!("{service} has other images"),
        Incoming::Sweep(_) => "the weekly look at every image in use".to_owned(),
        Incoming::Ignored { .. } => "nothing that a function acts on".to_owned(),
    };
    Ok(Some(Recognised { function: Function::ImageGuard, at, signals: Vec::new(), timer: None, says }))
}

/// What came of the event, in words.
pub(super) fn looked(report: &Report) -> Replayed {
    let says = |outcome: &str, sentence: String| {
        let why = Why { sentence: Some(sentence), ..Why::default() };
        bare(Function::ImageGuard, outcome, json!(report), why)
    };
    match report {
        Report::Image(looked) => of_one(report, looked),
        Report::Settling { at, .. } => says(
            "settling",
            format!("Findings come in: the image is looked at once, at {}.", at.strftime("%H:%M:%S UTC")),
        ),
        Report::Deployed { service, looked } => {
            says("deployed", format!("{service}: {} images were looked at.", looked.len()))
        }
        Report::Sweep { services, refreshed, looked, .. } => says(
            "swept",
            format!(
                "Looked at {services} services; events had missed something of {}; {} images had news.",
                refreshed.len(),
                looked.len()
            ),
        ),
        Report::Refused { refusal } => Replayed { refusal: Some(refusal.name()), ..says("silent", sentence(refusal)) },
        Report::Ignored { why } => says("ignored", format!("{why}.")),
    }
}

fn of_one(report: &Report, looked: &Looked) -> Replayed {
    let mut why = Why { sentence: Some("Nothing about it asks for a message.".to_owned()), ..Why::default() };
    let (mut outcome, mut refusal) = ("quiet", None);
    for decision in &looked.decisions {
        match decision {
            Decision::Quiet => {}
            Decision::Told { headlines } => (outcome, why.sentence) = ("told", headlines.first().cloned()),
            Decision::Quarantined => {
                (outcome, why.sentence) = ("quarantined", Some("Kept from being deployed.".into()))
            }
            Decision::Released => (outcome, why.sentence) = ("released", Some("It may be deployed again.".into())),
            Decision::Spared { refusal: rule } => {
                (outcome, why.sentence, refusal) = ("spared", Some(sentence(rule)), Some(rule.name()));
            }
        }
    }
    Replayed { refusal, ..bare(Function::ImageGuard, outcome, json!(report), why) }
}
