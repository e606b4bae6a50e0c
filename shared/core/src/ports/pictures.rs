//! The port of whoever shows people a picture that cannot travel in the message.

use std::future::Future;

use super::Answer;

/// Keeps pictures where whoever has the link can fetch them.
pub trait PictureWrites: Sync {
    /// `s3:PutObject`: the PNG under this name, over whatever is there, so that a
    /// retry keeps one picture. The answer is a link to it, a presigned
    /// `s3:GetObject` for twelve hours: a role's session ends by then, and with it
    /// whatever it signed, often earlier. That suffices, for Slack fetches a picture
    /// when its message is posted and shows its own copy. The link is a permission
    /// of its own: it stands in the message and nowhere else.
    fn keep_picture(&self, name: &str, png: &[u8]) -> impl Future<Output = Answer<String>> + Send;
}
