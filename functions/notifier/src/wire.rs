//! One POST with the patience that receivers ask for.

use nightshift_core::fault::{Fault, FaultKind};
use nightshift_core::https::{HttpsAnswer, HttpsRequest};
use nightshift_core::ports::{Answer, Https};

/// Seconds that one notice waits in all because of `Retry-After`; whoever asks
/// for more is served by the retry of the invocation.
const PATIENCE_S: u64 = 20;

/// Longest quotation of a receiver's answer, in characters.
const QUOTED: usize = 200;

/// A way out with what is left of the patience.
pub struct Wire<'a, W> {
    world: &'a W,
    patience_s: u64,
}

impl<'a, W: Https> Wire<'a, W> {
    /// A way out for one notice.
    pub fn new(world: &'a W) -> Self {
        Self { world, patience_s: PATIENCE_S }
    }

    /// Posts, waits once if the receiver says for how long, and gives back
    /// every answer that a retry would not change.
    ///
    /// # Errors
    /// `Transient` for a broken connection, 429 and 5xx.
    pub async fn post(&mut self, request: &HttpsRequest) -> Answer<HttpsAnswer> {
        let mut answer = self.world.post(request).await?;
        if let (429, Some(wait)) = (answer.status, answer.retry_after_s)
            && wait <= self.patience_s
        {
            self.wait(wait).await;
            answer = self.world.post(request).await?;
        }
        match answer.status {
            429 | 500.. => Err(fault(request, FaultKind::Transient, format!("status {}", answer.status))),
            _ => Ok(answer),
        }
    }

    /// Waits, at the expense of the patience.
    pub async fn wait(&mut self, seconds: u64) {
        self.patience_s = self.patience_s.saturating_sub(seconds);
        self.world.wait(seconds).await;
    }
}

/// A fault of that request.
pub fn fault(request: &HttpsRequest, kind: FaultKind, cause: impl Into<String>) -> Fault {
    Fault::new("https:Post", request.what.clone(), kind, cause)
}

/// What an answer says, on one line and short.
pub fn quoted(answer: &HttpsAnswer) -> String {
    let body = answer.body.split_whitespace().collect::<Vec<_>>().join(" ");
    let says: String = body.chars().take(QUOTED).collect();
    format!("status {}: {says}", answer.status)
}

/// A message for Slack that has no place to go to.
pub fn unplaced(cause: &str) -> Fault {
    Fault::new("https:Post", "slack chat.postMessage", FaultKind::Permanent, cause)
}
