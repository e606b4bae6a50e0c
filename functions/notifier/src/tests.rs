//! Stories: the handler in a simulated chat.

mod counted;
mod drilled;
mod linked;
mod picture;
mod races;
mod sinks;
mod slack;

use std::sync::OnceLock;

use jiff::Timestamp;
use nightshift_core::notice::Notice;
use nightshift_core::policy::Policy;
use nightshift_core::settings::Variables;
use serde_json::{Value, json};

use crate::world::{Desk, ROUTING_KEY, TOKEN, run};
use crate::{Config, Error, Handler, Report, samples};

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The secret with these keys alone.
pub fn secret(keys: &[&str]) -> String {
    let all = json!({
        "slack_bot_token": TOKEN,
        "slack_webhook_url": "https://hooks.slack.com/services/T0/B0/hush",
        "pagerduty_routing_key": ROUTING_KEY,
        "webhook_url": "https://ops.example.com/nightshift?token=hush",
        "webhook_key": "hush-key",
    });
    let only = |(key, _): &(&String, &Value)| keys.contains(&key.as_str());
    Value::Object(all.as_object().unwrap().iter().filter(only).map(|(k, v)| (k.clone(), v.clone())).collect())
        .to_string()
}

pub fn handler(desk: &Desk) -> Handler<Desk> {
    handler_in(desk, "")
}

/// The same in a stack with that bucket for pictures.
pub fn handler_in(desk: &Desk, bucket: &str) -> Handler<Desk> {
    let variables = [
        ("NIGHTSHIFT_SECRET", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:chat"),
        ("NIGHTSHIFT_SLACK_CHANNEL", "#incidents"),
        ("NIGHTSHIFT_PICTURE_BUCKET", bucket),
    ];
    let variables = Variables(variables.map(|(k, v)| (k.to_owned(), v.to_owned())).into());
    let policy = Policy::parse("[teams.payments]\nchannel = \"C0PAYMENTS\"\n").unwrap();
    Handler::new(desk.clone(), Config::read(&variables).unwrap(), policy)
}

pub fn event(notices: &[Notice]) -> Value {
    let record = |notice: &Notice| json!({"Sns": {"Message": serde_json::to_string(notice).unwrap()}});
    json!({"Records": notices.iter().map(record).collect::<Vec<_>>()})
}

/// One invocation of a fresh function.
pub fn tell(desk: &Desk, notice: &Notice) -> Result<Report, Error> {
    run(handler(desk).handle(event(std::slice::from_ref(notice)), at("2026-11-20T02:15:00Z")))
}

/// The whole story of the samples' incident, in order.
pub fn story() -> Vec<Notice> {
    static STORY: OnceLock<Vec<Notice>> = OnceLock::new();
    let read = || ["opened", "acting", "verifying", "updated", "escalated", "resolved"].map(samples::notice).into();
    STORY.get_or_init(read).clone()
}
