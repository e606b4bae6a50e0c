//! A file in a thread of Slack's: ask where to, post it there, say whose it is.

use nightshift_core::fault::FaultKind;
use nightshift_core::https::{Body, HttpsRequest};
use nightshift_core::ports::{Answer, Https};
use serde_json::json;

use super::slack::{Api, Place, Said};
use crate::wire::fault;

/// Slack's documentation takes JSON too for these methods. Its own clients send
/// forms, and so do we.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// A picture for people.
pub struct Picture {
    /// PNG.
    pub bytes: Vec<u8>,
    /// What stands above it.
    pub title: String,
    /// What it shows, for who cannot see it; at most a thousand characters.
    pub alt: String,
}

/// Puts the picture into the thread of that root. A retry after any of the
/// three calls begins anew; a file that nobody called theirs is seen by nobody.
///
/// # Errors
/// `Transient` if a retry helps.
pub async fn upload<W: Https>(api: &mut Api<'_, '_, W>, root: &Place, picture: &Picture) -> Answer<()> {
    let length = picture.bytes.len().to_string();
    let wanted = form(&[("filename", "chart.png"), ("length", &length), ("alt_txt", &picture.alt)]);
    let said = api.ask("files.getUploadURLExternal", FORM, wanted).await?;
    post(api, &said, &picture.bytes).await?;
    let files = json!([{"id": said.file_id, "title": picture.title}]).to_string();
    let whose = form(&[("files", &files), ("channel_id", &root.channel), ("thread_ts", &root.ts)]);
    api.ask("files.completeUploadExternal", FORM, whose).await.map(drop)
}

/// Posts the bytes. The address is its own permission: it comes without the
/// token, and stands in no error.
async fn post<W: Https>(api: &mut Api<'_, '_, W>, said: &Said, bytes: &[u8]) -> Answer<()> {
    let request = HttpsRequest {
        what: "slack upload".to_owned(),
        url: said.upload_url.clone(),
        headers: vec![("content-type".into(), "application/octet-stream".into())],
        body: Body::Bytes(bytes.to_vec()),
    };
    if !takes_files(api.base, &request.url) {
        let cause = "the address for the file is not Slack's; nothing was sent to it";
        return Err(fault(&request, FaultKind::Permanent, cause));
    }
    let answer = api.wire.post(&request).await?;
    match answer.status {
        200 => Ok(()),
        status => Err(fault(&request, FaultKind::Permanent, format!("status {status}"))),
    }
}

/// Slack takes files at the host `files.` of its own, over TLS. A stand-in on a
/// laptop, which has none, takes them where it is.
fn takes_files(base: &str, url: &str) -> bool {
    let Some((scheme, rest)) = base.split_once("://") else { return false };
    let host = rest.split('/').next().unwrap_or_default();
    let files = if scheme == "https" { "files." } else { "" };
    url.starts_with(&format!("{scheme}://{files}{host}/"))
}

/// Fields as a form, all but letters, digits and `-._~` written out.
pub fn form(fields: &[(&str, &str)]) -> String {
    let written = |text: &str| -> String {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        text.bytes()
            .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
            .collect()
    };
    fields.iter().map(|(name, text)| format!("{name}={}", written(text))).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_goes_to_slack_and_to_nobody_else() {
        let slack = |url: &str| takes_files("https://slack.com/api", url);
        assert!(slack("https://files.slack.com/upload/v1/ABC"));
        for url in [
            "http://files.slack.com/upload",
            "https://files.slack.com",
            "https://files.slack.com.evil.example/",
            "https://files.slack.com@evil.example/",
            "https://files.slack.com\\@evil.example/",
            "https://slack.com/upload",
            "https://evil.example/files.slack.com/",
            "//files.slack.com/",
            "",
        ] {
            assert!(!slack(url), "{url}");
        }
        let laptop = |url: &str| takes_files("http://127.0.0.1:8/api", url);
        assert!(laptop("http://127.0.0.1:8/upload") && !laptop("http://127.0.0.1:80/upload"));
        assert!(!laptop("https://files.slack.com/upload"));
    }

    #[test]
    fn a_form_keeps_what_it_is_given() {
        let form = form(&[("files", "[{\"id\":\"F1\"}]"), ("alt_txt", "1 Nov – $2 & más")]);
        assert_eq!(form, "files=%5B%7B%22id%22%3A%22F1%22%7D%5D&alt_txt=1%20Nov%20%E2%80%93%20%242%20%26%20m%C3%A1s");
    }
}
