//! The one secret and what it holds: read rarely, shown never.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use nightshift_core::fault::{Fault, FaultKind};
use nightshift_core::ports::{Answer, SecretReads};
use serde_json::{Map, Value};

/// A rotated secret is in use after this at the latest. Reading it for each
/// notice would cost more than the rest of the invocation.
const KEPT_FOR: SignedDuration = SignedDuration::from_mins(5);

/// A value that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The value, for the request that needs it and for nothing else.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Whom the secret lets us reach; each is optional.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sinks {
    /// `slack_bot_token`, `xoxb-…`: posts, edits and threads.
    pub slack_bot: Option<Secret>,
    /// `slack_webhook_url`: can only post.
    pub slack_webhook: Option<Secret>,
    /// `pagerduty_routing_key`: Events API v2.
    pub pagerduty: Option<Secret>,
    /// `webhook_url`: gets every notice as JSON.
    pub webhook: Option<Secret>,
    /// `webhook_key`: signs what the web hook gets.
    pub webhook_key: Option<Secret>,
}

impl Sinks {
    /// One of them is read by a person.
    pub fn reach_people(&self) -> bool {
        self.slack_bot.is_some() || self.slack_webhook.is_some() || self.pagerduty.is_some()
    }

    /// Reads the secret's JSON. Keys that are none of ours are left alone.
    ///
    /// # Errors
    /// What is wrong, in words that quote nothing of the secret.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let object: Map<String, Value> = serde_json::from_str(text).map_err(|_| "the secret is no JSON object")?;
        let held = |key: &str| match object.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => {
                Ok(Some(text.trim()).filter(|text| !text.is_empty()).map(|text| Secret(text.into())))
            }
            Some(_) => Err("a key of the secret holds no string"),
        };
        Ok(Self {
            slack_bot: held("slack_bot_token")?,
            slack_webhook: held("slack_webhook_url")?,
            pagerduty: held("pagerduty_routing_key")?,
            webhook: held("webhook_url")?,
            webhook_key: held("webhook_key")?,
        })
    }

    /// The text without any of the secrets: receivers like to quote what they
    /// refuse, and what they say goes into logs.
    pub fn redact(&self, text: &str) -> String {
        let all = [&self.slack_bot, &self.slack_webhook, &self.pagerduty, &self.webhook, &self.webhook_key];
        let hide = |text: String, secret: &Secret| text.replace(secret.reveal(), "***");
        all.into_iter().flatten().fold(text.to_owned(), hide)
    }
}

/// Keeps the secret for a few minutes.
#[derive(Debug, Default)]
pub struct Keyring(Mutex<Option<(Timestamp, Arc<Sinks>)>>);

impl Keyring {
    /// The sinks, read at most every five minutes. If the secret cannot be
    /// read again, the one read before still serves.
    ///
    /// # Errors
    /// If it cannot be read and never was, or does not hold what it should.
    pub async fn sinks<W: SecretReads>(&self, world: &W, arn: Option<&str>, now: Timestamp) -> Answer<Arc<Sinks>> {
        let Some(arn) = arn else { return Ok(Arc::default()) };
        let kept = self.lock().clone();
        if let Some((_, sinks)) = kept.as_ref().filter(|(at, _)| now.duration_since(*at) < KEPT_FOR) {
            return Ok(Arc::clone(sinks));
        }
        let read = world.secret(arn).await.and_then(|text| {
            let wrong = |says| Fault::new("secretsmanager:GetSecretValue", arn, FaultKind::Permanent, says);
            Sinks::parse(&text).map(Arc::new).map_err(wrong)
        });
        match (read, kept) {
            (Ok(sinks), _) => {
                *self.lock() = Some((now, Arc::clone(&sinks)));
                Ok(sinks)
            }
            (Err(fault), Some((_, sinks))) => {
                tracing::warn!(%fault, "the secret read before still serves");
                Ok(sinks)
            }
            (Err(fault), None) => Err(fault),
        }
    }

    /// Forgets the secret: somebody refused it, it may have been rotated.
    pub fn forget(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<(Timestamp, Arc<Sinks>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: &str = r#"{"slack_bot_token":"xoxb-1-2-hush","slack_webhook_url":"","pagerduty_routing_key":"R0",
        "webhook_url":"https://example.com/hush","webhook_key":null,"other":1}"#;

    #[test]
    fn each_key_is_optional_and_an_empty_one_is_absent() {
        let sinks = Sinks::parse(FULL).unwrap();
        assert_eq!(sinks.slack_bot.as_ref().map(Secret::reveal), Some("xoxb-1-2-hush"));
        assert_eq!((&sinks.slack_webhook, &sinks.webhook_key), (&None, &None));
        assert_eq!(Sinks::parse("{}"), Ok(Sinks::default()));
    }

    #[test]
    fn a_secret_is_not_shown_by_debug_nor_by_the_error_of_a_wrong_one() {
        let shown = format!("{:?}", Sinks::parse(FULL).unwrap());
        assert!(shown.contains("***") && !shown.contains("hush") && !shown.contains("R0"), "{shown}");
        assert_eq!(Sinks::parse("xoxb-hush"), Err("the secret is no JSON object"));
        assert_eq!(Sinks::parse(r#"{"webhook_key":{"hush":1}}"#), Err("a key of the secret holds no string"));
    }

    #[test]
    fn what_a_receiver_quotes_is_redacted() {
        let sinks = Sinks::parse(FULL).unwrap();
        assert_eq!(sinks.redact("bad token xoxb-1-2-hush for R0"), "bad token *** for ***");
    }
}
