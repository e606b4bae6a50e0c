//! Where an incident stands in the chat: compare and set.

use nightshift_core::ids::IncidentId;
use nightshift_core::ledger::{ChatThread, Versioned};
use nightshift_core::ports::ChatLedger;

use crate::{Verdict, same};

/// Runs the suite; `prefix` keeps runs on one table apart.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn chat<W: ChatLedger>(world: &W, prefix: &str) -> Verdict {
    let incident = IncidentId::new(format!("{prefix}-chat"));
    let unknown = Versioned { version: 0, value: ChatThread::default() };
    same("an unknown thread", &world.thread(&incident).await, &Ok(unknown.clone()))?;
    let posted =
        ChatThread { channel: "C1".into(), root: "1.1".into(), shown: 1, threaded: 1, ..ChatThread::default() };
    let first = Versioned { version: 0, value: posted.clone() };
    same("a first writing", &world.keep_thread(&incident, &first).await, &Ok(true))?;
    same("what was written", &world.thread(&incident).await, &Ok(Versioned { version: 1, value: posted }))?;
    same("a stale writing", &world.keep_thread(&incident, &first).await, &Ok(false))
}
