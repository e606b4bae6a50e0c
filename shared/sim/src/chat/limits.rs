//! What a message may hold.

use serde_json::Value;

/// What the real one refuses in a message: no text, or blocks past a limit.
pub(super) fn check(body: &Value) -> Result<(), &'static str> {
    if body["text"].as_str().unwrap_or_default().is_empty() {
        return Err("no_text");
    }
    let blocks = body["blocks"].as_array().map_or(&[][..], Vec::as_slice);
    let length = |text: &Value| text["text"].as_str().map_or(0, |text| text.chars().count());
    let within = |text: &Value, limit: usize| (1..=limit).contains(&length(text));
    let valid = |block: &Value| match block["type"].as_str() {
        Some("header") => within(&block["text"], 150),
        Some("section") => {
            let fields = block["fields"].as_array().map_or(&[][..], Vec::as_slice);
            let text = fields.is_empty() || !block["text"].is_null();
            (!text || within(&block["text"], 3000))
                && fields.len() <= 10
                && fields.iter().all(|field| within(field, 2000))
        }
        Some("context") => block["elements"].as_array().is_some_and(|all| (1..=10).contains(&all.len())),
        other => other == Some("divider"),
    };
    if blocks.len() <= 50 && blocks.iter().all(valid) { Ok(()) } else { Err("invalid_blocks") }
}
