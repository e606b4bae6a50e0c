//! The generic web hook: every notice as the JSON it is, signed.
//!
//! A retry may bring the same notice again; `X-Nightshift-Notice` is the same
//! then, for receivers that must not act twice.

use hmac::{Hmac, KeyInit, Mac};
use nightshift_core::fault::FaultKind;
use nightshift_core::https::{Body, HttpsRequest};
use nightshift_core::notice::Notice;
use nightshift_core::ports::{Answer, Https};
use sha2::Sha256;

use crate::secrets::{Secret, Sinks};
use crate::wire::{Wire, fault, quoted};

/// Posts the notice.
///
/// # Errors
/// `Permanent` if the receiver refuses it, `Transient` if a retry helps.
pub async fn send<W: Https>(wire: &mut Wire<'_, W>, (sinks, url): (&Sinks, &Secret), notice: &Notice) -> Answer<()> {
    let mut request = HttpsRequest {
        what: "webhook".into(),
        url: url.reveal().to_owned(),
        headers: vec![("content-type".into(), "application/json".into()), ("x-nightshift-notice".into(), notice.key())],
        body: Body::Text(String::new()),
    };
    let body =
        serde_json::to_string(notice).map_err(|error| fault(&request, FaultKind::Permanent, error.to_string()))?;
    if let Some(signature) = sinks.webhook_key.as_ref().and_then(|key| signature(key, &body)) {
        request.headers.push(("x-nightshift-signature".into(), signature));
    }
    request.body = Body::Text(body);
    let answer = wire.post(&request).await?;
    match answer.status {
        200..300 => Ok(()),
        _ => Err(fault(&request, FaultKind::Permanent, sinks.redact(&quoted(&answer)))),
    }
}

/// `sha256=` and the HMAC of the body in hex. A key of any length will do, so
/// there is always one.
fn signature(key: &Secret, body: &str) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.reveal().as_bytes()).ok()?;
    mac.update(body.as_bytes());
    Some(format!("sha256={}", hex::encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_rfc_4231() {
        let sinks = Sinks::parse(r#"{"webhook_key":"Jefe"}"#).unwrap();
        let signature = signature(&sinks.webhook_key.unwrap(), "what do ya want for nothing?");
        let expect = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(signature.as_deref(), Some(expect));
    }
}
