//! The items: keys, attributes, and what is written into them.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, Put};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use nightshift_core::cost::CostTold;
use nightshift_core::health::HealthIssue;
use nightshift_core::ids::{AlarmArn, Digest, EventId, ServiceRef};
use nightshift_core::image::{ImageId, ImageRecord};
use nightshift_core::incident::Incident;
use nightshift_core::ledger::{Opening, Silent, TimelineEntry, Versioned};
use nightshift_core::ports::Answer;
use nightshift_core::verdict::PastRelease;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::key::Key;
use super::{GET, PUT, QUERY};
use crate::fault::unreadable;

pub(super) const PK: &str = "pk";
pub(super) const SK: &str = "sk";
pub(super) const VERSION: &str = "version";
pub(super) const DOCUMENT: &str = "document";
pub(super) const CASE: &str = "case";
pub(super) const ANSWER: &str = "answer";
pub(super) const OPEN: &str = "open";
pub(super) const IS_OPEN: &str = "1";
/// In the place of [`IS_OPEN`], of an image that somebody has to look at again.
pub(super) const IS_OPEN_IMAGE: &str = "image";
pub(super) const OPENED_AT: &str = "opened_at";
pub(super) const ISSUE_OPEN: &str = "issue_open";
pub(super) const HEALTH: &str = "health";
const EXPIRES_AT: &str = "expires_at";

/// An event is redelivered for a day at most; a week leaves time for a person
/// who sends one again from a dead-letter queue.
const KEEP_EVENTS: SignedDuration = SignedDuration::from_hours(7 * 24);
/// An alarm's service is looked up under the day it rang: the day after nobody
/// asks for it.
const KEEP_MAPPED: SignedDuration = SignedDuration::from_hours(2 * 24);
/// A weekly digest, four times over.
const KEEP_SILENT: SignedDuration = SignedDuration::from_hours(35 * 24);
/// From the beginning of the day on which they were given.
const KEEP_ANSWERS: SignedDuration = SignedDuration::from_hours(3 * 24);
/// The longest that AWS Health keeps an issue itself.
const KEEP_HEALTH: SignedDuration = SignedDuration::from_hours(90 * 24);
/// A year and a little, for whoever compares with last year.
const KEEP_HISTORY: SignedDuration = SignedDuration::from_hours(400 * 24);

/// What stands under the day of a closed incident; borrowed to write, owned when
/// read.
#[derive(Serialize, Deserialize)]
pub(super) struct PastIncident<S, I> {
    pub(super) service: S,
    pub(super) incident: I,
}

pub(super) type Item = HashMap<String, AttributeValue>;

/// A moment as text that sorts like time: UTC, always nine decimal places.
pub(super) fn sortable(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%9fZ").to_string()
}

pub(super) fn text<'a>(item: &'a Item, attribute: &str) -> Option<&'a str> {
    item.get(attribute)?.as_s().ok().map(String::as_str)
}

fn expiring(mut item: Item, at: Timestamp, keep: SignedDuration) -> Item {
    let at = at.checked_add(keep).unwrap_or(Timestamp::MAX);
    item.insert(EXPIRES_AT.to_owned(), AttributeValue::N(at.as_second().to_string()));
    item
}

/// Key and document.
pub(super) fn with_document<T: Serialize>(key: &Key, value: &T) -> Answer<Item> {
    let json = serde_json::to_string(value).map_err(|error| unreadable(PUT, key.to_string(), error.to_string()))?;
    let mut item = key.item();
    item.insert(DOCUMENT.to_owned(), AttributeValue::S(json));
    Ok(item)
}

/// The document of an item.
pub(super) fn document<T: DeserializeOwned>(name: &str, item: &Item) -> Answer<T> {
    let json = text(item, DOCUMENT).ok_or_else(|| unreadable(GET, name, "it has no document"))?;
    serde_json::from_str(json).map_err(|error| unreadable(GET, name, format!("its document cannot be read: {error}")))
}

/// The item with its version, or what there is before the first: version 0.
pub(super) fn versioned<T: DeserializeOwned>(
    key: &Key,
    item: Option<Item>,
    first: impl FnOnce() -> T,
) -> Answer<Versioned<T>> {
    let Some(item) = item else {
        return Ok(Versioned { version: 0, value: first() });
    };
    let version = item.get(VERSION).and_then(|value| value.as_n().ok()).and_then(|number| number.parse().ok());
    let version = version.ok_or_else(|| unreadable(GET, key.to_string(), "it has no version"))?;
    Ok(Versioned { version, value: document(&key.to_string(), &item)? })
}

/// The item that follows the one read at `version`.
pub(super) fn next<T: Serialize>(key: &Key, version: u64, value: &T) -> Answer<Item> {
    let mut item = with_document(key, value)?;
    item.insert(VERSION.to_owned(), AttributeValue::N((version + 1).to_string()));
    Ok(item)
}

/// Written only if the item still has the version that was read.
pub(super) fn put_if_unchanged(table: &str, item: Item, version: u64) -> Result<Put, BuildError> {
    let put = Put::builder().table_name(table).set_item(Some(item));
    let put = match version {
        0 => put.condition_expression("attribute_not_exists(#pk)").expression_attribute_names("#pk", PK),
        _ => put
            .condition_expression("#version = :read")
            .expression_attribute_names("#version", VERSION)
            .expression_attribute_values(":read", AttributeValue::N(version.to_string())),
    };
    put.build()
}

/// The service that an alarm was found to watch.
pub(super) fn mapped(alarm: &AlarmArn, service: &ServiceRef, at: Timestamp) -> Answer<Item> {
    Ok(expiring(with_document(&Key::alarm(alarm), service)?, at, KEEP_MAPPED))
}

/// The head of a service, in the index while an incident is open.
pub(super) fn head(version: u64, record: &nightshift_core::incident::ServiceRecord) -> Answer<Item> {
    let mut item = next(&Key::head(&record.service), version, record)?;
    if let Some(incident) = &record.incident {
        item.insert(OPEN.to_owned(), AttributeValue::S(IS_OPEN.to_owned()));
        item.insert(OPENED_AT.to_owned(), AttributeValue::S(sortable(incident.opened_at)));
    }
    Ok(item)
}

/// What the index shows of a head.
pub(super) fn opening(item: &Item) -> Answer<Opening> {
    let key = Key::of(item);
    let strange = || unreadable(QUERY, key.to_string(), "no open incident of a service");
    let mut parts = key.pk.strip_prefix("service#").ok_or_else(strange)?.splitn(4, '/').map(ToOwned::to_owned);
    let mut part = || parts.next().ok_or_else(strange);
    let service = ServiceRef { account: part()?, region: part()?, cluster: part()?, service: part()? };
    let at = text(item, OPENED_AT).and_then(|text| text.parse().ok()).ok_or_else(strange)?;
    Ok(Opening { service, at })
}

/// What the index shows of an image.
pub(super) fn open_image(item: &Item) -> Answer<ImageId> {
    let key = Key::of(item);
    let named = key.pk.strip_prefix("image#").and_then(|image| image.rsplit_once('@'));
    let (repository, digest) = named.ok_or_else(|| unreadable(QUERY, key.to_string(), "no image"))?;
    Ok(ImageId::new(repository, Digest::new(digest)))
}

/// An image, in the index while somebody has to look at it again; from then on
/// it is kept like history.
pub(super) fn image(read: &Versioned<ImageRecord>) -> Answer<Item> {
    let record = &read.value;
    let item = next(&Key::image(&record.image), read.version, record)?;
    let told = record.told.values().map(|told| told.since);
    let quarantined = record.quarantine.iter().map(|quarantine| quarantine.at);
    let seen = record.findings.values().map(|known| known.first_seen);
    if record.open() {
        let since = told.chain(quarantined).min().unwrap_or(Timestamp::UNIX_EPOCH);
        let mut item = item;
        item.insert(OPEN.to_owned(), AttributeValue::S(IS_OPEN_IMAGE.to_owned()));
        item.insert(OPENED_AT.to_owned(), AttributeValue::S(sortable(since)));
        return Ok(item);
    }
    let newest = told.chain(quarantined).chain(seen).chain(record.scanned_at).max();
    Ok(match newest {
        Some(newest) => expiring(item, newest, KEEP_HISTORY),
        None => item,
    })
}

pub(super) fn event(event: &EventId, at: Timestamp) -> Item {
    expiring(Key::event(event).item(), at, KEEP_EVENTS)
}

pub(super) fn closed(service: &ServiceRef, incident: &Incident, at: Timestamp) -> Answer<Item> {
    Ok(expiring(with_document(&Key::closed(service, &incident.id), incident)?, at, KEEP_HISTORY))
}

/// The closed incident once more, by the day on which it ended.
pub(super) fn past_incident(service: &ServiceRef, incident: &Incident, at: Timestamp) -> Answer<Item> {
    let key = Key::past_incident(&incident.id, incident.closed_at.unwrap_or(at));
    Ok(expiring(with_document(&key, &PastIncident { service, incident })?, at, KEEP_HISTORY))
}

/// A release by the day on which it began.
pub(super) fn past_release(past: &PastRelease, at: Timestamp) -> Answer<Item> {
    Ok(expiring(with_document(&Key::past_release(past), past)?, at, KEEP_HISTORY))
}

pub(super) fn silent(silent: &Silent) -> Answer<Item> {
    Ok(expiring(with_document(&Key::silent(silent), silent)?, silent.at, KEEP_SILENT))
}

pub(super) fn timeline(entry: &TimelineEntry) -> Answer<Item> {
    let key = Key::timeline(&entry.incident, entry.sequence);
    Ok(expiring(with_document(&key, entry)?, entry.at, KEEP_HISTORY))
}

pub(super) fn case(key: &Key, packed: Vec<u8>, at: Timestamp) -> Item {
    let mut item = key.item();
    item.insert(CASE.to_owned(), AttributeValue::B(Blob::new(packed)));
    expiring(item, at, KEEP_HISTORY)
}

pub(super) fn answer(key: &Key, packed: Vec<u8>, day: Date) -> Item {
    let mut item = key.item();
    item.insert(ANSWER.to_owned(), AttributeValue::B(Blob::new(packed)));
    let at = day.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |day| day.timestamp());
    expiring(item, at, KEEP_ANSWERS)
}

/// An anomaly's expires; the reports' is written anew with each of them.
pub(super) fn cost_told(key: &Key, told: &Versioned<CostTold>) -> Answer<Item> {
    let item = next(key, told.version, &told.value)?;
    Ok(match told.value.since {
        Some(since) => expiring(item, since, KEEP_HISTORY),
        None => item,
    })
}

pub(super) fn health(issue: &HealthIssue) -> Answer<Item> {
    let mut item = with_document(&Key::health(issue), issue)?;
    item.insert(ISSUE_OPEN.to_owned(), AttributeValue::Bool(issue.open));
    Ok(expiring(item, issue.since, KEEP_HEALTH))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nightshift_core::incident::ServiceRecord;
    use proptest::prelude::*;

    fn web() -> ServiceRef {
        ServiceRef::from_arn("arn:aws:ecs:eu-west-1:111122223333:service/prod/web").unwrap()
    }

    #[test]
    fn a_head_without_an_incident_is_not_in_the_index() {
        let item = head(4, &ServiceRecord::new(web())).unwrap();
        assert_eq!(item[VERSION], AttributeValue::N("5".to_owned()));
        assert!(!item.contains_key(OPEN) && !item.contains_key(OPENED_AT));
        let read: Versioned<ServiceRecord> =
            versioned(&Key::head(&web()), Some(item), || ServiceRecord::new(web())).unwrap();
        assert_eq!(read, Versioned { version: 5, value: ServiceRecord::new(web()) });
    }

    #[test]
    fn an_opening_is_read_from_key_and_time_alone() {
        let mut item = Key::head(&web()).item();
        let at: Timestamp = "2026-11-20T03:00:00.000000001Z".parse().unwrap();
        item.insert(OPENED_AT.to_owned(), AttributeValue::S(sortable(at)));
        assert_eq!(opening(&item), Ok(Opening { service: web(), at }));
        assert!(opening(&Key::fleet().item()).is_err());
    }

    #[test]
    fn an_open_image_is_read_from_its_key_alone() {
        let image = ImageId::new("team/web", Digest::new("sha256:0123456789abcdef"));
        assert_eq!(open_image(&Key::image(&image).item()), Ok(image));
        assert!(open_image(&Key::fleet().item()).is_err());
    }

    #[test]
    fn an_item_that_cannot_be_read_is_a_fault_and_never_an_empty_one() {
        let key = Key::head(&web());
        let read = |item| versioned(&key, Some(item), || ServiceRecord::new(web())).unwrap_err().to_string();
        assert!(read(key.item()).ends_with("it has no version"));
        let mut broken = key.item();
        broken.insert(VERSION.to_owned(), AttributeValue::N("1".to_owned()));
        broken.insert(DOCUMENT.to_owned(), AttributeValue::S("{".to_owned()));
        assert!(read(broken).contains("its document cannot be read"));
    }

    proptest! {
        #[test]
        fn times_sort_as_text_as_they_do_as_times(a in 0i64..253_402_207_200, b in 0i64..253_402_207_200, n in 0i32..1_000_000_000) {
            let (a, b) = (Timestamp::new(a, n).unwrap(), Timestamp::new(b, 0).unwrap());
            prop_assert_eq!(a.cmp(&b), sortable(a).cmp(&sortable(b)));
            prop_assert_eq!(sortable(a).parse::<Timestamp>().unwrap(), a);
        }
    }
}
