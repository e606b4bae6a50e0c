//! Slack's Web API and its incoming web hooks.

use nightshift_core::fault::{Fault, FaultKind};
use nightshift_core::https::{Body, HttpsRequest};
use nightshift_core::notice::Notice;
use nightshift_core::ports::{Answer, Https};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::render::slack::{fallback, illustrated_blocks, line, root_blocks};
use crate::secrets::{Secret, Sinks};
use crate::sinks::history::{Page, Posted, mark};
use crate::wire::{Wire, fault, quoted};

/// Where a message is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The channel's id, as Slack answered it.
    pub channel: String,
    /// The message's time stamp, its id in the channel.
    pub ts: String,
}

/// Why Slack did not do it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The message, its thread or its channel is no longer there or can no
    /// longer be edited: post anew.
    Gone(Fault),
    /// Anything else.
    Fault(Fault),
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Refused> for Fault {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Gone(fault) | Refused::Fault(fault) => fault,
        }
    }
}

/// What any method answers; each fills in its own part.
#[derive(Deserialize)]
pub struct Said {
    ok: bool,
    #[serde(default)]
    error: String,
    #[serde(default)]
    channel: String,
    #[serde(default)]
    ts: String,
    /// Where a file is to be posted to.
    #[serde(default)]
    pub upload_url: String,
    /// The file's id.
    #[serde(default)]
    pub file_id: String,
    /// What stands in a channel or a thread.
    #[serde(default)]
    pub messages: Vec<Posted>,
    /// Where to go on.
    #[serde(default)]
    pub response_metadata: Page,
}

/// The Web API by bot token.
pub struct Api<'a, 'w, W> {
    /// The way out.
    pub wire: &'a mut Wire<'w, W>,
    /// Base URL.
    pub base: &'a str,
    /// The bot's token.
    pub token: &'a Secret,
}

impl<W: Https> Api<'_, '_, W> {
    /// `chat.postMessage` of a root.
    pub async fn post_root(&mut self, channel: &str, notice: &Notice) -> Result<Place, Refused> {
        let mut body = root(notice);
        body["channel"] = json!(channel);
        self.with_blocks("chat.postMessage", body).await
    }

    /// `chat.update` of a root.
    pub async fn edit_root(&mut self, at: &Place, notice: &Notice) -> Result<Place, Refused> {
        let mut body = root(notice);
        body["channel"] = json!(at.channel);
        body["ts"] = json!(at.ts);
        self.with_blocks("chat.update", body).await
    }

    /// `chat.postMessage` of the notice's line in the root's thread.
    pub async fn post_line(&mut self, root: &Place, notice: &Notice, broadcast: bool) -> Result<Place, Refused> {
        let body = json!({
            "channel": root.channel, "thread_ts": root.ts, "reply_broadcast": broadcast, "text": line(notice),
            "parse": "none", "link_names": false, "unfurl_links": false, "unfurl_media": false,
            "metadata": mark(notice),
        });
        self.call("chat.postMessage", &body).await
    }

    /// `chat.delete` of a message of ours.
    pub async fn delete(&mut self, at: &Place) -> Result<Place, Refused> {
        self.call("chat.delete", &json!({"channel": at.channel, "ts": at.ts})).await
    }

    /// A message whose blocks are refused still has its text.
    async fn with_blocks(&mut self, method: &str, mut body: Value) -> Result<Place, Refused> {
        match self.call(method, &body).await {
            Err(Refused::Fault(fault)) if fault.causes.iter().any(|cause| BLOCKS.contains(&cause.as_str())) => {
                tracing::warn!(%fault, "posted without blocks");
                // An empty list takes the old blocks away when editing.
                body["blocks"] = json!([]);
                self.call(method, &body).await
            }
            done => done,
        }
    }

    async fn call(&mut self, method: &str, body: &Value) -> Result<Place, Refused> {
        let said = self.ask(method, "application/json; charset=utf-8", body.to_string()).await;
        let to_something = body.get("ts").or_else(|| body.get("thread_ts")).is_some();
        match said {
            Ok(said) => Ok(Place { channel: said.channel, ts: said.ts }),
            Err(fault) if to_something && gone(&fault) => Err(Refused::Gone(fault)),
            Err(fault) => Err(Refused::Fault(fault)),
        }
    }

    /// Any method, with its arguments as JSON or as a form.
    pub async fn ask(&mut self, method: &str, kind: &str, body: String) -> Answer<Said> {
        let request = HttpsRequest {
            what: format!("slack {method}"),
            url: format!("{}/{method}", self.base),
            headers: vec![
                ("content-type".into(), kind.into()),
                ("authorization".into(), format!("Bearer {}", self.token.reveal())),
            ],
            body: Body::Text(body),
        };
        let answer = self.wire.post(&request).await?;
        if answer.status != 200 {
            return Err(fault(&request, FaultKind::Permanent, format!("status {}", answer.status)));
        }
        let said: Said = serde_json::from_str(&answer.body)
            .map_err(|_| fault(&request, FaultKind::Permanent, "the answer is not Slack's"))?;
        if said.ok {
            return Ok(said);
        }
        // Errors are identifiers; whatever else stands there is not repeated.
        let plain = said.error.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && said.error.len() <= 64;
        let error = if plain { said.error.as_str() } else { "unknown error" };
        Err(refused(&request, method, error))
    }
}

/// Errors about blocks alone.
const BLOCKS: [&str; 4] = ["invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "invalid_metadata_format"];

/// Errors of a message, thread or channel that one cannot come back to.
const GONE: [&str; 6] = [
    "message_not_found",
    "thread_not_found",
    "cant_update_message",
    "edit_window_closed",
    "channel_not_found",
    "is_archived",
];

fn gone(fault: &Fault) -> bool {
    fault.causes.first().is_some_and(|cause| GONE.contains(&cause.as_str()))
}

fn refused(request: &HttpsRequest, method: &str, error: &str) -> Fault {
    let mut fault = fault(request, kind(error), error);
    if let Some(cure) = cure(method, error) {
        fault.causes.push(cure.to_owned());
    }
    fault
}

/// What the caller can do about an error that Slack names with status 200.
fn kind(error: &str) -> FaultKind {
    match error {
        "ratelimited"
        | "rate_limited"
        | "internal_error"
        | "fatal_error"
        | "service_unavailable"
        | "request_timeout"
        | "team_added_to_org" => FaultKind::Transient,
        "invalid_auth"
        | "not_authed"
        | "token_revoked"
        | "token_expired"
        | "account_inactive"
        | "missing_scope"
        | "not_allowed_token_type"
        | "not_in_channel"
        | "restricted_action" => FaultKind::Denied,
        "channel_not_found" | "message_not_found" | "thread_not_found" => FaultKind::NotFound,
        _ => FaultKind::Permanent,
    }
}

fn cure(method: &str, error: &str) -> Option<&'static str> {
    match error {
        "missing_scope" if method.starts_with("files.") => {
            Some("give the app the scope files:write and install it anew, as docs/slack-app.yaml says")
        }
        "not_in_channel" | "channel_not_found" if method.starts_with("files.") => {
            Some("invite the app to the channel: it must be in it to put a file there")
        }
        "not_in_channel" => Some("invite the app to the channel, or give it chat:write.public"),
        "channel_not_found" => Some("the channel does not exist, or is private and the app is not in it"),
        "missing_scope" if method.starts_with("conversations.") => {
            Some("give the app the history scopes and install it anew, as docs/slack-app.yaml says")
        }
        "missing_scope" => Some("the app needs chat:write"),
        "invalid_auth" | "token_revoked" | "token_expired" => Some("slack_bot_token in the secret must be renewed"),
        _ => None,
    }
}

fn root(notice: &Notice) -> Value {
    json!({
        "text": fallback(notice), "blocks": root_blocks(notice),
        "parse": "none", "link_names": false, "unfurl_links": false, "unfurl_media": false,
        "metadata": mark(notice),
    })
}

/// A picture that Slack fetches when the message is posted. Whoever has the link
/// can: it stands in no error.
pub struct Linked {
    /// Where it is.
    pub url: String,
    /// What it shows, for who cannot see it.
    pub alt: String,
}

/// Posts one message through an incoming web hook, which can do no more.
///
/// # Errors
/// `Permanent` if Slack refuses it, `Transient` if a retry helps.
pub async fn send_hook<W: Https>(
    wire: &mut Wire<'_, W>,
    (sinks, url): (&Sinks, &Secret),
    notice: &Notice,
    picture: Option<&Linked>,
) -> Answer<()> {
    let blocks = match picture {
        Some(Linked { url, alt }) => illustrated_blocks(notice, url, alt),
        None => root_blocks(notice),
    };
    let request = HttpsRequest {
        what: "slack webhook".into(),
        url: url.reveal().to_owned(),
        headers: vec![("content-type".into(), "application/json".into())],
        body: Body::Text(json!({"text": fallback(notice), "blocks": blocks, "unfurl_links": false}).to_string()),
    };
    let answer = wire.post(&request).await?;
    let says = match picture {
        None => sinks.redact(&quoted(&answer)),
        // It may repeat the link.
        Some(_) => format!("status {}", answer.status),
    };
    match answer.status {
        200 => Ok(()),
        _ => Err(fault(&request, FaultKind::Permanent, says)),
    }
}
