//! The sample events, for tests.

use nightshift_core::notice::Notice;
use serde_json::Value;

/// One for each kind of notice, and the awkward ones.
pub const NAMES: [&str; 9] =
    ["opened", "acting", "verifying", "updated", "escalated", "resolved", "refused", "hostile-text", "report"];

/// `events/notifier/NAME.json`.
pub fn event(name: &str) -> Value {
    let path = format!("{}/../../events/notifier/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The sample's first notice.
pub fn notice(name: &str) -> Notice {
    crate::event::read(&event(name)).unwrap().remove(0).unwrap()
}
