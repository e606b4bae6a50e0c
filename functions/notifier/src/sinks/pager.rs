//! PagerDuty, Events API v2. It triggers and resolves and never acknowledges:
//! that would silence the human the page was for.

use nightshift_core::fault::FaultKind;
use nightshift_core::https::{Body, HttpsRequest};
use nightshift_core::notice::Notice;
use nightshift_core::ports::{Answer, Https};
use serde_json::json;

use crate::plan::Call;
use crate::render::pager::{client_links, payload};
use crate::secrets::{Secret, Sinks};
use crate::wire::{Wire, fault, quoted};

/// Sends the calls in order. All of them are idempotent by their key.
///
/// # Errors
/// `Permanent` if PagerDuty refuses the event, `Transient` if a retry helps.
pub async fn send<W: Https>(
    wire: &mut Wire<'_, W>,
    base: &str,
    (sinks, key): (&Sinks, &Secret),
    notice: &Notice,
    calls: &[Call],
) -> Answer<()> {
    for call in calls {
        let request = request(base, key, notice, call);
        let answer = wire.post(&request).await?;
        if answer.status != 202 && answer.status != 200 {
            return Err(fault(&request, FaultKind::Permanent, sinks.redact(&quoted(&answer))));
        }
    }
    Ok(())
}

fn request(base: &str, key: &Secret, notice: &Notice, call: &Call) -> HttpsRequest {
    let (what, body) = match call {
        Call::Trigger(page) => (
            "pagerduty trigger",
            json!({
                "routing_key": key.reveal(),
                "event_action": "trigger",
                "dedup_key": page,
                "payload": payload(notice),
                "links": client_links(notice),
                "client": "Nightshift",
            }),
        ),
        Call::Resolve(page) => {
            ("pagerduty resolve", json!({"routing_key": key.reveal(), "event_action": "resolve", "dedup_key": page}))
        }
    };
    HttpsRequest {
        what: what.to_owned(),
        url: format!("{base}/v2/enqueue"),
        headers: vec![("content-type".into(), "application/json".into())],
        body: Body::Text(body.to_string()),
    }
}
