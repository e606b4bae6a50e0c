//! The claim: one transaction, all of it or nothing.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{CancellationReason, Put, TransactWriteItem};
use futures_util::FutureExt as _;
use nightshift_core::fault::{Fault, FaultKind};
use nightshift_core::ledger::{Claim, ClaimError, TimelineEntry};

use super::item::{self, Item};
use super::key::Key;
use crate::fault::{fault, unreadable};

pub(super) const OPERATION: &str = "dynamodb:TransactWriteItems";
const CONDITION: &str = "ConditionalCheckFailed";
/// What one transaction takes. It takes 4 MB too, which are not counted here:
/// of items of 400 KB at most, all but releases and lines are five; a release,
/// whose failures are capped, has a few kilobytes, and a line is a sentence.
const MOST: usize = 100;
/// Lines of the time line in one claim: far more than one decision tells. Where nothing
/// could be published for days the record holds more, and a claim must not fail by it.
const LINES: usize = 20;

pub(super) async fn write(client: &Client, table: &str, claim: &Claim) -> Result<(), ClaimError> {
    let name = Key::head(&claim.record.service).to_string();
    let puts = puts(table, claim, &name).map_err(ClaimError::Fault)?;
    let writes = puts.into_iter().map(|put| TransactWriteItem::builder().put(put).build()).collect();
    let done = client.transact_write_items().set_transact_items(Some(writes)).send().boxed().await;
    let Err(error) = done else { return Ok(()) };
    let failed = fault(OPERATION, name, &error);
    Err(match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(canceled)) => {
            refused(claim.event.is_some(), canceled.cancellation_reasons(), failed)
        }
        _ => ClaimError::Fault(failed),
    })
}

/// The event first, if there is one: reasons come in the order of the writes.
fn puts(table: &str, claim: &Claim, name: &str) -> Result<Vec<Put>, Fault> {
    let built = |put: Result<Put, BuildError>| put.map_err(|error| unreadable(OPERATION, name, error.to_string()));
    let mut puts = Vec::new();
    if let Some(event) = &claim.event {
        // Version 0: it must not be there yet.
        puts.push(built(item::put_if_unchanged(table, item::event(event, claim.at), 0))?);
    }
    let head = item::head(claim.expected, &claim.record)?;
    puts.push(built(item::put_if_unchanged(table, head, claim.expected))?);
    if let Some(fleet) = &claim.fleet {
        let next = item::next(&Key::fleet(), fleet.version, &fleet.value)?;
        puts.push(built(item::put_if_unchanged(table, next, fleet.version))?);
    }
    for item in history(claim)? {
        puts.push(built(Put::builder().table_name(table).set_item(Some(item)).build())?);
    }
    if puts.len() > MOST {
        let says = format!("the claim has {} items; {MOST} fit into one transaction", puts.len());
        return Err(unreadable(OPERATION, name, says));
    }
    Ok(puts)
}

/// What is kept for reports, and the time line's lines of what is about to be told,
/// without a condition: the same key is newer news of the same thing.
fn history(claim: &Claim) -> Result<Vec<Item>, Fault> {
    let mut items = Vec::new();
    if let Some(closed) = &claim.closed {
        items.push(item::closed(&claim.record.service, closed, claim.at)?);
        items.push(item::past_incident(&claim.record.service, closed, claim.at)?);
    }
    for (index, past) in claim.releases.iter().enumerate() {
        // A transaction may name an item once: the last news of it counts.
        let key = Key::past_release(past);
        let again = claim.releases[index + 1..].iter().any(|later| Key::past_release(later) == key);
        if !again {
            items.push(item::past_release(past, claim.at)?);
        }
    }
    // Older ones had theirs in the claim that they came with.
    let told = &claim.record.unpublished;
    let told = &told[told.len().saturating_sub(LINES)..];
    for (index, notice) in told.iter().enumerate() {
        if !told[index + 1..].iter().any(|later| later.key() == notice.key()) {
            items.push(item::timeline(&TimelineEntry::of(notice))?);
        }
    }
    Ok(items)
}

/// What a cancelled transaction means: a condition or another writer may be to
/// blame; else it `failed`, for now if a part of it was throttled.
fn refused(with_event: bool, reasons: &[CancellationReason], failed: Fault) -> ClaimError {
    let codes: Vec<&str> = reasons.iter().map(|reason| reason.code().unwrap_or("None")).collect();
    let any = |wanted: &[&str]| codes.iter().any(|code| wanted.contains(code));
    if with_event && codes.first() == Some(&CONDITION) {
        ClaimError::EventSeen
    } else if any(&[CONDITION, "TransactionConflict"]) {
        ClaimError::Conflict
    } else if any(&["ThrottlingError", "ProvisionedThroughputExceeded"]) {
        ClaimError::Fault(Fault { kind: FaultKind::Transient, ..failed })
    } else {
        ClaimError::Fault(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::super::past::release;
    use super::*;
    use nightshift_core::ids::{EventId, ServiceRef};
    use nightshift_core::incident::ServiceRecord;
    use nightshift_core::ledger::{Fleet, Versioned};
    use nightshift_core::notice::Notice;
    use nightshift_core::verdict::PastRelease;

    fn failed(kind: FaultKind) -> ClaimError {
        ClaimError::Fault(Fault::new(OPERATION, "prod/web", kind, "cancelled"))
    }

    #[track_caller]
    fn check(with_event: bool, codes: &[&str], expect: &ClaimError) {
        let reasons: Vec<_> = codes.iter().map(|code| CancellationReason::builder().code(*code).build()).collect();
        let ClaimError::Fault(fault) = failed(FaultKind::Permanent) else { unreachable!("failed() makes a fault") };
        assert_eq!(refused(with_event, &reasons, fault), *expect, "{codes:?}");
    }

    #[test]
    fn an_event_that_was_seen_wins_over_every_other_reason() {
        check(true, &[CONDITION, CONDITION], &ClaimError::EventSeen);
        check(true, &[CONDITION, "TransactionConflict"], &ClaimError::EventSeen);
        check(true, &["None", CONDITION], &ClaimError::Conflict);
        check(true, &["TransactionConflict", "None"], &ClaimError::Conflict);
        check(false, &[CONDITION, "None"], &ClaimError::Conflict);
        check(true, &["None", "ThrottlingError"], &failed(FaultKind::Transient));
        check(true, &["None", "ValidationError"], &failed(FaultKind::Permanent));
    }

    fn claim() -> Claim {
        let service = ServiceRef::from_arn("arn:aws:ecs:eu-west-1:111122223333:service/prod/web").unwrap();
        Claim {
            event: Some(EventId::new("e1")),
            expected: 3,
            record: ServiceRecord::new(service),
            fleet: Some(Versioned { version: 0, value: Fleet::default() }),
            releases: Vec::new(),
            closed: None,
            at: "2026-11-20T03:00:00Z".parse().unwrap(),
        }
    }

    fn releases(ids: &[&str]) -> Vec<PastRelease> {
        ids.iter().map(|id| release(&claim().record.service, id, claim().at)).collect()
    }

    #[test]
    fn a_claim_checks_the_event_and_the_versions_and_nothing_else() {
        let claim = Claim { releases: releases(&["d1"]), ..claim() };
        let puts = puts("ledger", &claim, "name").unwrap();
        let conditions: Vec<_> = puts.iter().map(|put| put.condition_expression().unwrap_or("none")).collect();
        assert_eq!(conditions, ["attribute_not_exists(#pk)", "#version = :read", "attribute_not_exists(#pk)", "none"]);
    }

    #[test]
    fn a_release_told_of_twice_in_one_claim_is_written_once_as_told_last() {
        let mut releases = releases(&["d1", "d2", "d1"]);
        releases[2].release.sequence = 9;
        let items = history(&Claim { releases, ..claim() }).unwrap();
        let kept: Vec<PastRelease> = items.iter().map(|item| item::document("release", item).unwrap()).collect();
        let kept: Vec<_> = kept.iter().map(|past| (past.release.id.as_str(), past.release.sequence)).collect();
        assert_eq!(kept, [("d2", 0), ("d1", 9)]);
    }

    #[test]
    fn what_is_about_to_be_told_has_its_line_in_the_claim_itself() {
        let mut claim = claim();
        let sample = include_str!("../../../../events/notifier/opened.json");
        let sample: serde_json::Value = serde_json::from_str(sample).unwrap();
        let notice = sample["Records"][0]["Sns"]["Message"].as_str().unwrap();
        // An item may stand in a transaction once.
        claim.record.unpublished = vec![serde_json::from_str(notice).unwrap(); 2];
        let [line] = &history(&claim).unwrap()[..] else { panic!("one line") };
        assert_eq!(line[item::SK].as_s().unwrap(), "timeline#000001");
        let entry: TimelineEntry = item::document("time line", line).unwrap();
        assert_eq!(entry.says, claim.record.unpublished[0].timeline);
        let late = |sequence| Notice { sequence, ..claim.record.unpublished[0].clone() };
        claim.record.unpublished = (1..=200).map(late).collect();
        let lines = history(&claim).unwrap();
        assert_eq!(lines.len(), LINES, "the newest, and no more than a transaction takes");
        assert_eq!(lines[LINES - 1][item::SK].as_s().unwrap(), "timeline#000200");
    }

    #[test]
    fn a_claim_too_large_for_one_transaction_is_refused_before_it_is_sent() {
        let ids: Vec<String> = (0..MOST).map(|number| number.to_string()).collect();
        let all: Vec<&str> = ids.iter().map(String::as_str).collect();
        let fits = Claim { releases: releases(&all[3..]), ..claim() };
        assert_eq!(puts("ledger", &fits, "name").map(|puts| puts.len()), Ok(MOST));
        let fault = puts("ledger", &Claim { releases: releases(&all[2..]), ..claim() }, "name").unwrap_err();
        assert!(fault.to_string().contains("the claim has 101 items; 100 fit"), "{fault}");
    }
}
