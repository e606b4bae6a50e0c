//! What a request asks for.

use serde_json::{Value, json};

use crate::state::releases::AwsError;

/// The body of a request.
pub(super) struct Request(Value);

impl Request {
    /// Reads the body; an empty one asks for nothing in particular.
    pub(super) fn parse(body: &[u8]) -> Result<Self, AwsError> {
        if body.is_empty() {
            return Ok(Self(json!({})));
        }
        let wrong = |error: serde_json::Error| AwsError::new("SerializationException", error.to_string());
        serde_json::from_slice(body).map(Self).map_err(wrong)
    }

    /// A field that need not be there.
    pub(super) fn text(&self, field: &str) -> Option<&str> {
        self.0[field].as_str()
    }

    /// A field without which the request is wrong.
    pub(super) fn needed(&self, field: &str) -> Result<&str, AwsError> {
        self.text(field).ok_or_else(|| AwsError::new("InvalidParameterException", format!("{field} is missing")))
    }

    /// A list of texts; a field that is not there is an empty list.
    pub(super) fn texts(&self, field: &str) -> Vec<&str> {
        self.0[field].as_array().map(|list| list.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
    }

    /// A whole number that need not be there.
    pub(super) fn number(&self, field: &str) -> Option<u32> {
        self.0[field].as_u64().and_then(|number| u32::try_from(number).ok())
    }

    /// A switch; off if it is not there.
    pub(super) fn flag(&self, field: &str) -> bool {
        self.0[field].as_bool().unwrap_or(false)
    }

    /// Any field.
    pub(super) fn value(&self, field: &str) -> &Value {
        &self.0[field]
    }

    /// One page of a list, and the token of the next. The token is the place
    /// of its first entry.
    pub(super) fn page<T>(&self, all: Vec<T>, usual: usize) -> Result<(Vec<T>, Option<String>), AwsError> {
        let wrong = |_| AwsError::new("InvalidParameterException", "Invalid token.");
        let from: usize = self.text("nextToken").map_or(Ok(0), str::parse).map_err(wrong)?;
        let size = self.number("maxResults").map_or(usual, |most| most.max(1) as usize);
        let next = (from + size < all.len()).then(|| (from + size).to_string());
        Ok((all.into_iter().skip(from).take(size).collect(), next))
    }
}

/// `{field: list, nextToken}`, the token only where there is a next page.
pub(super) fn paged(field: &str, (list, next): (Vec<Value>, Option<String>)) -> Value {
    let mut answer = json!({ field: list });
    if let Some(next) = next {
        answer["nextToken"] = json!(next);
    }
    answer
}
