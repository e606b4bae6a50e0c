//! What already stands in Slack. A post whose answer never came may have been made:
//! Slack knows no key that would keep it from being made twice, so the message carries
//! its own, and whoever posts again looks for it first.

use nightshift_core::notice::Notice;
use nightshift_core::ports::{Answer, Https};
use serde::Deserialize;
use serde_json::{Value, json};

use super::files::{FORM, form};
use super::slack::{Api, Place};

const EVENT: &str = "nightshift_incident";

/// Pages of 200 messages each that are looked through, the newest first. What is looked
/// for was posted minutes ago.
const MOST_PAGES: u32 = 5;

/// A message as Slack shows it.
#[derive(Clone, Debug, Deserialize)]
pub struct Posted {
    ts: String,
    #[serde(default)]
    metadata: Value,
}

impl Posted {
    /// The notice of that incident that it shows.
    fn shows(&self, notice: &Notice) -> Option<u32> {
        let payload = &self.metadata["event_payload"];
        let ours = self.metadata["event_type"] == EVENT && payload["incident"] == notice.incident.as_str();
        let sequence = payload["sequence"].as_u64().filter(|_| ours)?;
        sequence.try_into().ok()
    }
}

/// Where the list goes on; empty: it does not.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Page {
    #[serde(default)]
    next_cursor: String,
}

/// What a message of ours says of itself, for whoever looks for it.
pub fn mark(notice: &Notice) -> Value {
    json!({
        "event_type": EVENT,
        "event_payload": {"incident": notice.incident.as_str(), "sequence": notice.sequence},
    })
}

/// The incident's root in that channel and the notice that it shows, if it is not the one
/// that is known to be of no use.
///
/// # Errors
/// `Denied` if the app may not read the channel, `NotFound` if the channel goes by a name:
/// history takes ids alone.
pub async fn root_of<W: Https>(
    api: &mut Api<'_, '_, W>,
    channel: &str,
    (notice, useless): (&Notice, &str),
) -> Answer<Option<(Place, u32)>> {
    // A second earlier: the two clocks are not the same.
    let oldest = notice.opened_at.as_second().saturating_sub(1).to_string();
    let place = [("channel", channel), ("oldest", &oldest)];
    let ours = |posted: &Posted| posted.shows(notice).filter(|_| posted.ts != useless);
    let found = find(api, "conversations.history", &place, ours).await?;
    Ok(found.map(|(ts, sequence)| (Place { channel: channel.to_owned(), ts }, sequence)))
}

/// Whether the root's thread has the notice's line.
///
/// # Errors
/// `Denied` if the app may not read the channel.
pub async fn has_line<W: Https>(api: &mut Api<'_, '_, W>, root: &Place, notice: &Notice) -> Answer<bool> {
    let place = [("channel", root.channel.as_str()), ("ts", root.ts.as_str())];
    // The root comes with its thread.
    let ours =
        |posted: &Posted| posted.shows(notice).filter(|sequence| *sequence == notice.sequence && posted.ts != root.ts);
    Ok(find(api, "conversations.replies", &place, ours).await?.is_some())
}

async fn find<W: Https>(
    api: &mut Api<'_, '_, W>,
    method: &str,
    place: &[(&str, &str)],
    ours: impl Fn(&Posted) -> Option<u32>,
) -> Answer<Option<(String, u32)>> {
    let mut cursor = String::new();
    for _ in 0..MOST_PAGES {
        let mut fields = place.to_vec();
        fields.extend([("include_all_metadata", "true"), ("limit", "200"), ("cursor", &cursor)]);
        let said = api.ask(method, FORM, form(&fields)).await?;
        if let Some(found) = said.messages.iter().find_map(|posted| Some((posted.ts.clone(), ours(posted)?))) {
            return Ok(Some(found));
        }
        cursor = said.response_metadata.next_cursor;
        if cursor.is_empty() {
            break;
        }
    }
    Ok(None)
}
