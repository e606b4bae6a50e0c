//! The one gate that every call of a port passes: it remembers the call, and
//! can be told to let it fail or never end.

use std::collections::BTreeMap;
use std::future::pending;

use jiff::Timestamp;
use nightshift_core::fault::{Fault, FaultKind};
use nightshift_core::ports::Answer;

use crate::account::Account;
use crate::meter::{Rate, Used};
use crate::once::yield_once;
use crate::state::{State, moment};

/// A call that passed the gate, whether or not it came to an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// As IAM spells it.
    pub operation: String,
    /// What it was done to.
    pub resource: String,
    /// It changes something.
    pub write: bool,
    /// When.
    pub at: Timestamp,
}

/// The gate that every call passes.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    pub(crate) calls: Vec<Call>,
    /// The call that never ends, and whether it takes effect.
    stop: Option<(usize, bool)>,
    /// A process died here: nothing passes until it is dropped.
    closed: bool,
    /// Every call lets others go first, once.
    yields: bool,
    faults_at: BTreeMap<usize, FaultKind>,
    faults_on: Vec<(String, FaultKind, u32)>,
}

enum Passage {
    Free,
    Faulty(Fault),
    Stopped { takes_effect: bool },
    Closed,
}

/// Held by a call that never ends; when the killed process is dropped, the
/// gate opens for the next one.
struct Corpse(Account);

impl Drop for Corpse {
    fn drop(&mut self) {
        self.0.state().gate.closed = false;
    }
}

impl Account {
    /// The `k`-th call from now (from 1) never completes and has no effect. Its
    /// process is dead: until its future is dropped, nothing else passes.
    pub fn stop_before(&self, k: usize) {
        self.stop(k, false);
    }

    /// The same, but the call has taken effect.
    pub fn stop_after(&self, k: usize) {
        self.stop(k, true);
    }

    fn stop(&self, k: usize, takes_effect: bool) {
        let mut state = self.state();
        let at = state.gate.calls.len() + k;
        state.gate.stop = Some((at, takes_effect));
    }

    /// From now on every call lets others go first, once: several handlers
    /// polled in turn then meet at every call ([`crate::poll_in_turn`]).
    pub fn interleave(&self) {
        self.state().gate.yields = true;
    }

    /// From now on a call no longer lets others go first.
    pub fn one_by_one(&self) {
        self.state().gate.yields = false;
    }

    /// Whether a call is stopped right now, its process not yet dropped.
    pub fn stopped(&self) -> bool {
        self.state().gate.closed
    }

    /// The `k`-th call from now (from 1) fails like this.
    pub fn fault_at(&self, k: usize, kind: FaultKind) {
        let mut state = self.state();
        let at = state.gate.calls.len() + k;
        state.gate.faults_at.insert(at, kind);
    }

    /// The next `times` calls of `operation` fail like this.
    pub fn fault_on(&self, operation: &str, kind: FaultKind, times: u32) {
        self.state().gate.faults_on.push((operation.to_owned(), kind, times));
    }

    /// From now on what calls use is measured, and held back at these rates.
    pub fn measure(&self, rates: &[(&str, Rate)]) {
        let mut state = self.state();
        state.meter.on = true;
        rates.iter().for_each(|(operation, rate)| state.meter.limit(operation, *rate));
    }

    /// What was used since then.
    pub fn used(&self) -> Used {
        self.state().meter.used()
    }

    /// Forgets the calls so far, and the cases, which nobody reads: in a storm there are
    /// millions.
    pub fn forget_calls(&self) {
        let mut state = self.state();
        state.gate.calls.clear();
        state.ledger.cases.clear();
    }

    /// A call that only reads.
    pub(crate) async fn read<T: Send>(
        &self,
        operation: &str,
        resource: impl Into<String> + Send,
        effect: impl FnOnce(&mut State) -> Answer<T> + Send,
    ) -> Answer<T> {
        self.call(operation, resource.into(), false, effect).await
    }

    /// A call that changes something.
    pub(crate) async fn write<T: Send>(
        &self,
        operation: &str,
        resource: impl Into<String> + Send,
        effect: impl FnOnce(&mut State) -> Answer<T> + Send,
    ) -> Answer<T> {
        self.call(operation, resource.into(), true, effect).await
    }

    async fn call<T: Send>(
        &self,
        operation: &str,
        resource: String,
        write: bool,
        effect: impl FnOnce(&mut State) -> Answer<T> + Send,
    ) -> Answer<T> {
        if self.state().gate.yields {
            yield_once().await;
        }
        let passage = self.state().pass(operation, resource, write);
        match passage {
            Passage::Free => effect(&mut self.state()),
            Passage::Faulty(fault) => Err(fault),
            Passage::Stopped { takes_effect } => {
                let _corpse = Corpse(self.clone());
                if takes_effect {
                    // Nobody lives to hear the answer.
                    let _unheard = effect(&mut self.state());
                }
                pending().await
            }
            Passage::Closed => pending().await,
        }
    }
}

impl State {
    fn pass(&mut self, operation: &str, resource: String, write: bool) -> Passage {
        let at = moment(self.now);
        let gate = &mut self.gate;
        if gate.closed {
            return Passage::Closed;
        }
        gate.calls.push(Call { operation: operation.to_owned(), resource: resource.clone(), write, at });
        let number = gate.calls.len();
        if let Some((_, takes_effect)) = gate.stop.take_if(|(stop, _)| *stop == number) {
            gate.closed = true;
            return Passage::Stopped { takes_effect };
        }
        let throttled = self.meter.throttles(operation, 1, self.now).then_some(FaultKind::Transient);
        match self.gate.fault(number, operation).or(throttled) {
            Some(kind) => Passage::Faulty(Fault::new(operation, resource, kind, cause(kind, operation))),
            None => Passage::Free,
        }
    }

    /// Notes a call that is answered at once, for the HTTP face.
    pub(crate) fn note_call(&mut self, operation: &str, resource: String, write: bool) {
        let at = moment(self.now);
        self.gate.calls.push(Call { operation: operation.to_owned(), resource, write, at });
    }
}

impl Gate {
    fn fault(&mut self, number: usize, operation: &str) -> Option<FaultKind> {
        if let Some(kind) = self.faults_at.remove(&number) {
            return Some(kind);
        }
        let ordered = self.faults_on.iter_mut().find(|(on, _, times)| on == operation && *times > 0)?;
        ordered.2 -= 1;
        Some(ordered.1)
    }
}

fn cause(kind: FaultKind, operation: &str) -> String {
    match kind {
        FaultKind::Transient => "ThrottlingException: Rate exceeded".into(),
        FaultKind::Denied => format!("AccessDeniedException: not authorized to perform: {operation}"),
        FaultKind::NotFound => "ResourceNotFoundException: it is not there".into(),
        FaultKind::Permanent => "ValidationException: the request is wrong".into(),
    }
}

#[cfg(test)]
#[path = "gate_tests.rs"]
mod tests;
