//! The calls of one event, by name: what a budget is set on and rivals are compared by.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::book::Book;

/// How often each operation is called in an event, in how many rounds, and what for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calls {
    /// Calls in all.
    pub calls: usize,
    /// Calls strictly one after the other before the remedy.
    pub rounds_before_remedy: usize,
    /// Connections that init opened.
    pub connections_of_init: u64,
    /// Connections that the first event opened.
    pub connections_of_first_event: u64,
    /// Connections that a later event opened.
    pub connections_of_later_event: u64,
    /// Bytes of the requests' bodies; no budget has them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub sent: usize,
    /// Bytes of the answers' bodies; no budget has them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub received: usize,
    /// Calls by operation.
    pub by_operation: BTreeMap<String, usize>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl Calls {
    /// What three books say: those of an init, of its first event and of a later one. The
    /// calls are the later event's.
    pub fn of(init: &Book, first: &Book, later: &Book) -> Self {
        let mut by_operation: BTreeMap<String, usize> = BTreeMap::new();
        for call in &later.calls {
            *by_operation.entry(call.operation.clone()).or_default() += 1;
        }
        Self {
            calls: later.calls.len(),
            rounds_before_remedy: later.rounds_before_remedy().unwrap_or_default(),
            connections_of_init: init.connections,
            connections_of_first_event: first.connections,
            connections_of_later_event: later.connections,
            sent: later.calls.iter().map(|call| call.sent).sum(),
            received: later.calls.iter().map(|call| call.received).sum(),
            by_operation,
        }
    }
}

/// The calls line by line: begin and end in milliseconds since the event, the round, the
/// connection, the operation.
pub fn listed(book: &Book, at: Instant) -> String {
    let mut text = String::from("  begin     end  round  conn  sent  recvd  operation\n");
    for (round, call) in book.rounds() {
        let since = |moment: Instant| moment.saturating_duration_since(at).as_secs_f64() * 1000.0;
        let known = if call.known { "" } else { "  UNKNOWN" };
        let (begin, end, operation) = (since(call.begun), since(call.ended), &call.operation);
        let (connection, sent, received) = (call.connection, call.sent, call.received);
        let _ =
            writeln!(text, "{begin:7.1} {end:7.1} {round:6} {connection:5} {sent:5} {received:6}  {operation}{known}");
    }
    text
}
