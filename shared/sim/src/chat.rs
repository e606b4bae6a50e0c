//! A chat workspace, a pager and web hooks behind the `Https` port.
//!
//! It keeps what was posted, uploaded, edited and paged, refuses what the real
//! ones refuse (unknown channels, deleted messages, blocks beyond their limits, a
//! wrong token), and can be told to throttle, fail or lose an answer. Time stamps
//! of messages count up from one, so that two runs are the same.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nightshift_core::fault::{Fault, FaultKind};
use nightshift_core::https::{HttpsAnswer, HttpsRequest};
use nightshift_core::ports::{Answer, Https};
use serde_json::{Value, json};

mod files;
mod history;
mod limits;

pub use files::File;

/// A message as it stands now.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The channel's id.
    pub channel: String,
    /// Its id in the channel.
    pub ts: String,
    /// The root it replies to.
    pub thread: Option<String>,
    /// The reply is shown in the channel too.
    pub broadcast: bool,
    /// How often it was edited.
    pub edits: u32,
    /// What was posted or edited last.
    pub body: Value,
}

impl Message {
    /// The text that a phone shows.
    pub fn text(&self) -> &str {
        self.body["text"].as_str().unwrap_or_default()
    }
}

/// An alert at the pager, by its key.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Alert {
    /// Somebody is being woken.
    pub open: bool,
    /// Triggers that arrived, repetitions included.
    pub triggers: u32,
    /// The newest payload.
    pub payload: Value,
}

/// What goes wrong with a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Mishap {
    /// 429 with `Retry-After` in seconds.
    Throttled(u64),
    /// Another status, with an empty body.
    Status(u16),
    /// Status 200 with `ok: false` and this error.
    Refused(String),
    /// The connection breaks before anything happened.
    Lost,
    /// It happens, and the answer never arrives.
    Unanswered,
}

#[derive(Default)]
struct Workspace {
    channels: BTreeMap<String, String>,
    token: String,
    messages: Vec<Message>,
    posted: u64,
    alerts: BTreeMap<String, Alert>,
    hooks: Vec<HttpsRequest>,
    files: files::Files,
    requests: Vec<String>,
    mishaps: BTreeMap<String, VecDeque<Mishap>>,
    waited_s: u64,
}

/// The workspace; clones are the same workspace.
#[derive(Clone, Default)]
pub struct Chat(Arc<Mutex<Workspace>>);

impl Chat {
    /// A workspace that lets this bot token in and has these channels, each
    /// an id and a name such as `#incidents`.
    pub fn new(token: &str, channels: &[(&str, &str)]) -> Self {
        let chat = Self::default();
        let ids = channels.iter().flat_map(|(id, name)| [(*name, *id), (*id, *id)]);
        chat.open().channels = ids.map(|(name, id)| (name.to_owned(), id.to_owned())).collect();
        token.clone_into(&mut chat.open().token);
        chat
    }

    /// The next request that is for `what` (a method such as `chat.update`,
    /// `enqueue`, `upload`, or `hook`) meets this; several meet one after the other.
    pub fn next(&self, what: &str, mishap: Mishap) {
        self.open().mishaps.entry(what.to_owned()).or_default().push_back(mishap);
    }

    /// Somebody deletes a message.
    pub fn delete(&self, ts: &str) {
        self.open().messages.retain(|message| message.ts != ts);
    }

    /// Somebody revokes the token and issues this one.
    pub fn rotate(&self, token: &str) {
        token.clone_into(&mut self.open().token);
    }

    /// All messages that are there, oldest first.
    pub fn messages(&self) -> Vec<Message> {
        self.open().messages.clone()
    }

    /// Messages that stand in a channel by themselves.
    pub fn roots(&self) -> Vec<Message> {
        self.messages().into_iter().filter(|message| message.thread.is_none()).collect()
    }

    /// Texts of the replies to a root, in order.
    pub fn thread(&self, root: &str) -> Vec<String> {
        let replies = self.messages().into_iter().filter(|message| message.thread.as_deref() == Some(root));
        replies.map(|message| message.text().to_owned()).collect()
    }

    /// Alerts at the pager by key.
    pub fn alerts(&self) -> BTreeMap<String, Alert> {
        self.open().alerts.clone()
    }

    /// What arrived at web hooks.
    pub fn hooks(&self) -> Vec<HttpsRequest> {
        self.open().hooks.clone()
    }

    /// Files that people see, oldest first.
    pub fn files(&self) -> Vec<File> {
        self.open().files.there.clone()
    }

    /// What was posted to where files are taken.
    pub fn uploads(&self) -> Vec<HttpsRequest> {
        self.open().files.posts.clone()
    }

    /// From now on it names this address when asked where a file is to go.
    pub fn mislead(&self, url: &str) {
        self.open().files.misled = Some(url.to_owned());
    }

    /// Every request by what it was for, in order, refused ones included.
    pub fn requests(&self) -> Vec<String> {
        self.open().requests.clone()
    }

    /// Seconds that senders have waited because they were told to.
    pub fn waited_s(&self) -> u64 {
        self.open().waited_s
    }

    fn open(&self) -> MutexGuard<'_, Workspace> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Https for Chat {
    async fn post(&self, request: &HttpsRequest) -> Answer<HttpsAnswer> {
        let mut workspace = self.open();
        let what = what_for(&request.url);
        workspace.requests.push(what.to_owned());
        let lost = || Fault::new("https:Post", request.what.clone(), FaultKind::Transient, "connection reset");
        let mishap = workspace.mishaps.get_mut(what).and_then(VecDeque::pop_front);
        match mishap {
            Some(Mishap::Lost) => Err(lost()),
            Some(Mishap::Throttled(seconds)) => {
                Ok(HttpsAnswer { status: 429, retry_after_s: Some(seconds), body: String::new() })
            }
            Some(Mishap::Status(status)) => Ok(answer(status, String::new())),
            Some(Mishap::Refused(error)) => Ok(answer(200, json!({"ok": false, "error": error}).to_string())),
            Some(Mishap::Unanswered) => {
                workspace.take(what, request);
                Err(lost())
            }
            None => Ok(workspace.take(what, request)),
        }
    }

    async fn wait(&self, seconds: u64) {
        self.open().waited_s += seconds;
    }
}

fn what_for(url: &str) -> &str {
    let last = url.rsplit('/').next().unwrap_or_default();
    match last {
        _ if last == "enqueue" || ["chat.", "files.", "conversations."].iter().any(|of| last.starts_with(of)) => last,
        _ if url.starts_with("https://files.slack.com/") => "upload",
        _ => "hook",
    }
}

fn placed(channel: String, ts: String) -> Value {
    json!({"ok": true, "channel": channel, "ts": ts})
}

fn answer(status: u16, body: String) -> HttpsAnswer {
    HttpsAnswer { status, retry_after_s: None, body }
}

impl Workspace {
    fn take(&mut self, what: &str, request: &HttpsRequest) -> HttpsAnswer {
        let body: Value = serde_json::from_str(request.body.text()).unwrap_or(Value::Null);
        match what {
            "enqueue" => self.enqueue(&body),
            "hook" => {
                self.hooks.push(request.clone());
                answer(200, "ok".to_owned())
            }
            "upload" => self.files.receive(request),
            method => {
                let bearer = format!("Bearer {}", self.token);
                let named = |(name, _): &&(String, String)| name.eq_ignore_ascii_case("authorization");
                let let_in = request.headers.iter().find(named).is_some_and(|(_, value)| *value == bearer);
                let known = |channel: &str| self.channels.values().any(|id| id == channel);
                let form = request.body.text();
                let done = match method.split('.').next() {
                    _ if !let_in => Err("invalid_auth"),
                    Some("files") => self.files.call(method, form, known),
                    Some("conversations") => history::call(&self.messages, method, form, known),
                    _ => self.call(method, body),
                };
                let said = done.unwrap_or_else(|error| json!({"ok": false, "error": error}));
                answer(200, said.to_string())
            }
        }
    }

    fn call(&mut self, method: &str, body: Value) -> Result<Value, &'static str> {
        let asked = body["channel"].as_str().unwrap_or_default();
        let channel = self.channels.get(asked).ok_or("channel_not_found")?.clone();
        if method != "chat.delete" {
            limits::check(&body)?;
        }
        if method == "chat.postMessage" {
            return Ok(self.post(channel, body));
        }
        // Editing and deleting take the channel's id, never its name.
        let ts = body["ts"].as_str().unwrap_or_default().to_owned();
        let at = self.messages.iter().position(|message| message.channel == asked && message.ts == ts);
        let at = at.ok_or("message_not_found")?;
        match method {
            "chat.update" => {
                self.messages[at].edits += 1;
                self.messages[at].body = body;
            }
            "chat.delete" => drop(self.messages.remove(at)),
            _ => return Err("unknown_method"),
        }
        Ok(placed(channel, ts))
    }

    fn post(&mut self, channel: String, body: Value) -> Value {
        self.posted += 1;
        let ts = format!("1763604840.{:06}", self.posted);
        let thread = body["thread_ts"].as_str().map(ToOwned::to_owned);
        let broadcast = body["reply_broadcast"] == json!(true);
        self.messages.push(Message { channel: channel.clone(), ts: ts.clone(), thread, broadcast, edits: 0, body });
        placed(channel, ts)
    }

    fn enqueue(&mut self, body: &Value) -> HttpsAnswer {
        let invalid = |says: &str| answer(400, json!({"status": "invalid event", "message": says}).to_string());
        if body["routing_key"].as_str().is_none_or(|key| key.len() != 32) {
            return invalid("Event object is invalid: routing_key");
        }
        let Some(key) = body["dedup_key"].as_str() else { return invalid("dedup_key is missing") };
        match body["event_action"].as_str() {
            Some("trigger") => {
                let alert = self.alerts.entry(key.to_owned()).or_default();
                (alert.open, alert.payload) = (true, body["payload"].clone());
                alert.triggers += 1;
            }
            // A resolve without an open alert is dropped without a word.
            Some("resolve") => {
                if let Some(alert) = self.alerts.get_mut(key) {
                    alert.open = false;
                }
            }
            _ => return invalid("event_action is unknown"),
        }
        answer(202, json!({"status": "success", "message": "Event processed", "dedup_key": key}).to_string())
    }
}
