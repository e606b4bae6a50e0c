//! Notices that are decided on and not yet known to be published: the record
//! holds them until they are, so that no crash loses one.

use jiff::Timestamp;
use nightshift_core::fault::{Fault, FaultKind};
use nightshift_core::ids::ServiceRef;
use nightshift_core::incident::ServiceRecord;
use nightshift_core::ledger::{Claim, Versioned};
use nightshift_core::notice::Notice;
use nightshift_core::notice::plain::{plain, subject};
use nightshift_core::ports::{LedgerReads, LedgerWrites, NoticeWrites};

use crate::carry_out::{FOLLOW_UP_TRIES, write};

/// Publishes what the record has not known to be published, in order. What the
/// fleet's incident tells of counts as published.
pub(crate) async fn publish<W: NoticeWrites>(world: &W, record: &ServiceRecord) -> Result<(), Fault> {
    for notice in record.unpublished.iter().filter(|notice| notice.told_by.is_none()) {
        let alone = match world.publish(notice).await {
            Ok(()) => false,
            // No retry cures it: people are told on the plain way instead.
            Err(fault) if !fault.transient() => {
                tracing::error!(%fault, "the notice topic does not take notices");
                true
            }
            Err(fault) => return Err(fault),
        };
        if alone || notice.plainly {
            match world.page_plainly(&subject(&notice.headline), &plain(notice)).await {
                // One of the two ways has told people: the rest may go on.
                Err(fault) if !alone && !fault.transient() => {
                    tracing::error!(%fault, "the page topic does not take pages");
                }
                told => told?,
            }
        }
    }
    Ok(())
}

/// The keys of notices that are published by now.
pub(crate) fn keys(record: &ServiceRecord) -> Vec<String> {
    record.unpublished.iter().map(Notice::key).collect()
}

/// Takes published notices off the record, as it was written last or whoever wrote since.
pub(crate) async fn settle<W: LedgerReads + LedgerWrites>(
    world: &W,
    mut standing: Versioned<ServiceRecord>,
    told: Vec<String>,
    now: Timestamp,
) -> Result<(), Fault> {
    if told.is_empty() {
        return Ok(());
    }
    let service = standing.value.service.clone();
    for _ in 0..FOLLOW_UP_TRIES {
        let mut record = standing.value;
        let before = record.unpublished.len();
        record.unpublished.retain(|notice| !told.contains(&notice.key()));
        if record.unpublished.len() == before {
            return Ok(());
        }
        let claim = Claim {
            event: None,
            expected: standing.version,
            record,
            fleet: None,
            releases: Vec::new(),
            closed: None,
            at: now,
        };
        if write(world, &claim).await?.is_some() {
            return Ok(());
        }
        standing = world.record(&service).await?;
    }
    Err(busy(&service))
}

pub(crate) fn busy(service: &ServiceRef) -> Fault {
    let cause = "others wrote the same record in between, again and again";
    Fault::new("dynamodb:TransactWriteItems", service.to_string(), FaultKind::Transient, cause)
}
