//! What stands in a channel, and in a thread.

use serde_json::{Value, json};

use super::Message;
use super::files::fields;

/// A method of the Web API that reads messages; `known` says whether a channel has that id.
pub(super) fn call(
    messages: &[Message],
    method: &str,
    form: &str,
    known: impl Fn(&str) -> bool,
) -> Result<Value, &'static str> {
    let form = fields(form);
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let channel = field("channel");
    if !known(channel) {
        return Err("channel_not_found");
    }
    let here = messages.iter().filter(|message| message.channel == channel);
    let found: Vec<&Message> = match method {
        // The newest first; of threads only what is shown in the channel too.
        "conversations.history" => here.rev().filter(|message| message.thread.is_none() || message.broadcast).collect(),
        "conversations.replies" => {
            let root = field("ts");
            let of = |message: &&Message| message.ts == root || message.thread.as_deref() == Some(root);
            let found: Vec<&Message> = here.filter(of).collect();
            if found.is_empty() {
                return Err("thread_not_found");
            }
            found
        }
        _ => return Err("unknown_method"),
    };
    let all = field("include_all_metadata") == "true";
    let (begin, limit) = (field("cursor").parse().unwrap_or(0), field("limit").parse().unwrap_or(100));
    let shown = found.iter().skip(begin).take(limit).map(|message| {
        let mut shown = json!({"type": "message", "ts": message.ts, "text": message.text()});
        if all && !message.body["metadata"].is_null() {
            shown["metadata"] = message.body["metadata"].clone();
        }
        shown
    });
    let (shown, next): (Vec<Value>, usize) = (shown.collect(), begin + limit);
    let cursor = if next < found.len() { next.to_string() } else { String::new() };
    Ok(json!({"ok": true, "messages": shown, "response_metadata": {"next_cursor": cursor}}))
}
