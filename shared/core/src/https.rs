//! Requests to receivers outside AWS, and their answers.

use std::fmt;

/// A POST. Its URL, headers and body may hold secrets and are never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpsRequest {
    /// To whom, in words fit for an error: `slack chat.postMessage`.
    pub what: String,
    /// Where.
    pub url: String,
    /// Header names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Body,
}

/// What is posted. What it is besides is in the headers.
#[derive(Clone, PartialEq, Eq)]
pub enum Body {
    /// JSON or a form.
    Text(String),
    /// A file.
    Bytes(Vec<u8>),
}

impl Body {
    /// The body as it is sent.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }

    /// The body as text; a file has none.
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Bytes(_) => "",
        }
    }
}

impl fmt::Debug for HttpsRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpsRequest").field("what", &self.what).finish_non_exhaustive()
    }
}

/// What came back, whatever its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpsAnswer {
    /// HTTP status.
    pub status: u16,
    /// `Retry-After` in seconds.
    pub retry_after_s: Option<u64>,
    /// The body.
    pub body: String,
}
