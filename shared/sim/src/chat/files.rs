//! Files: where to post one, the posting, and whose it is.

use std::collections::BTreeMap;

use nightshift_core::https::{HttpsAnswer, HttpsRequest};
use serde_json::{Value, json};

use super::answer;

/// A file that is there for people to see.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    /// The channel's id.
    pub channel: String,
    /// The root that it is below.
    pub thread: Option<String>,
    /// Its name.
    pub name: String,
    /// What stands above it.
    pub title: String,
    /// What it shows, for who cannot see it.
    pub alt: String,
    /// What was uploaded.
    pub bytes: Vec<u8>,
}

/// A file on its way.
#[derive(Clone)]
struct Upload {
    name: String,
    length: usize,
    alt: String,
    bytes: Option<Vec<u8>>,
}

/// Where the workspace takes files, unless it was told to name another place.
const PLACE: &str = "https://files.slack.com/upload/v1";

/// Files of a workspace.
#[derive(Default)]
pub(super) struct Files {
    asked: u32,
    /// What it says instead of where it takes files.
    pub(super) misled: Option<String>,
    uploads: BTreeMap<String, Upload>,
    /// What arrived, refused or not.
    pub(super) posts: Vec<HttpsRequest>,
    /// What people see, oldest first.
    pub(super) there: Vec<File>,
}

impl Files {
    /// A method of the Web API; `known` says whether a channel has that id.
    pub(super) fn call(
        &mut self,
        method: &str,
        form: &str,
        known: impl Fn(&str) -> bool,
    ) -> Result<Value, &'static str> {
        let form = fields(form);
        let field = |name: &str| form.get(name).cloned().unwrap_or_default();
        match method {
            "files.getUploadURLExternal" => {
                let length = field("length").parse().unwrap_or(0);
                self.ask(field("filename"), length, field("alt_txt"))
            }
            "files.completeUploadExternal" => {
                let files: Value = serde_json::from_str(&field("files")).map_err(|_| "invalid_arguments")?;
                let (channel, thread) = (field("channel_id"), form.get("thread_ts").cloned());
                if !known(&channel) {
                    return Err("channel_not_found");
                }
                self.complete(&files[0], channel, thread)
            }
            _ => Err("unknown_method"),
        }
    }

    fn ask(&mut self, name: String, length: usize, alt: String) -> Result<Value, &'static str> {
        if name.is_empty() || length == 0 {
            return Err("missing_argument");
        }
        if alt.chars().count() > 1000 {
            return Err("alt_txt_too_large");
        }
        self.asked += 1;
        let id = format!("F{:08}", self.asked);
        let place = self.misled.clone().unwrap_or_else(|| format!("{PLACE}/{id}"));
        self.uploads.insert(id.clone(), Upload { name, length, alt, bytes: None });
        Ok(json!({"ok": true, "upload_url": place, "file_id": id}))
    }

    /// The address alone says which file it is, and lets it in.
    pub(super) fn receive(&mut self, request: &HttpsRequest) -> HttpsAnswer {
        self.posts.push(request.clone());
        let id = request.url.rsplit('/').next().unwrap_or_default();
        let bytes = request.body.bytes();
        match self.uploads.get_mut(id) {
            Some(upload) if upload.length == bytes.len() => {
                upload.bytes = Some(bytes.to_vec());
                answer(200, format!("OK - {}", bytes.len()))
            }
            Some(_) => answer(400, String::new()),
            None => answer(404, String::new()),
        }
    }

    fn complete(&mut self, file: &Value, channel: String, thread: Option<String>) -> Result<Value, &'static str> {
        let id = file["id"].as_str().unwrap_or_default();
        let upload = self.uploads.get(id).ok_or("file_not_found")?;
        let bytes = upload.bytes.clone().ok_or("file_not_found")?;
        let title = file["title"].as_str().unwrap_or(&upload.name).to_owned();
        let Upload { name, alt, .. } = upload.clone();
        self.there.push(File { channel, thread, name, title, alt, bytes });
        Ok(json!({"ok": true, "files": [{"id": id}]}))
    }
}

/// The fields of a form.
pub(super) fn fields(form: &str) -> BTreeMap<String, String> {
    let pairs = form.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (read(name), read(value))).collect()
}

/// What was written out, read back.
fn read(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let [first, after @ ..] = rest {
        let hex = after.get(..2).and_then(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok());
        let (byte, left) = match (first, hex) {
            (b'%', Some(byte)) => (byte, &after[2..]),
            (b'+', _) => (b' ', after),
            (plain, _) => (*plain, after),
        };
        bytes.push(byte);
        rest = left;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
