//! What a report is made from.

use std::collections::BTreeMap;

use jiff::Timestamp;
use nightshift_core::fault::{Fault, Sight};
use nightshift_core::ids::ServiceRef;
use nightshift_core::incident::{Denied, Incident};
use nightshift_core::policy::Policy;
use nightshift_core::span::Span;
use nightshift_incident::stack::Stack;

use crate::World;
use crate::event::{Due, Kind};
use crate::history::{self, History, Window, ended_at};

/// Denials are looked for no further back, whatever the policy says.
const LONGEST_DENIAL: Span = Span::hours(60 * 24);
/// Days that a report may come late and still know which incidents were open
/// when it was due: half a day it is tried again, and fourteen it waits in its
/// queue. Each is one query, empty for a report that is on time.
const LATEST: u32 = 15;

/// Everything a report is made from.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// Which report.
    pub due: Due,
    /// Whose report it is.
    pub stack: Stack,
    /// What was recorded: in the day of a digest, or in the two weeks of a
    /// scorecard.
    pub history: History,
    /// Incidents that were open when it was due, with their services, as they
    /// were last seen.
    pub open: Sight<Vec<(ServiceRef, Incident)>>,
    /// Denied releases by the service that must not run them: of those denied
    /// before it was due, the ones that still are.
    pub denied: BTreeMap<ServiceRef, Vec<Denied>>,
}

impl Observed {
    /// What could not be read, each operation once.
    pub fn unseen(&self) -> impl Iterator<Item = &Fault> {
        let known = |fault: &&Fault| self.history.unseen.iter().any(|known| known.operation == fault.operation);
        self.history.unseen.iter().chain(self.open.fault().filter(|fault| !known(fault)))
    }

    /// Open incidents, as far as they could be read.
    pub fn open(&self) -> &[(ServiceRef, Incident)] {
        self.open.seen().map_or(&[], Vec::as_slice)
    }
}

/// Reads the ledger, and leaves out what came after the report was due: it may
/// be made late, and again.
pub async fn observe<W: World>(world: &W, due: Due, stack: &Stack, policy: &Policy) -> Observed {
    let window = match due.report {
        Kind::Daily => due.window,
        Kind::Weekly => Window { from: due.before.from, to: due.window.to },
    };
    let mut history = history::recorded(world, &window).await.until(window.to);
    let open = open_at(world, window.to, &mut history).await;
    let mut denied = BTreeMap::new();
    if due.report == Kind::Daily {
        let deniers = deniers(world, &due, policy, (&mut history, &open)).await;
        for service in deniers {
            match world.record(&service).await {
                Ok(record) => {
                    // One that was lifted since is gone, and nothing says when.
                    let mut then = record.value.denied;
                    then.retain(|denied| denied.at < window.to);
                    denied.insert(service, then);
                }
                Err(fault) => {
                    history.unseen.push(fault);
                    break;
                }
            }
        }
    }
    Observed { due, stack: stack.clone(), history, open, denied }
}

/// Incidents that were open at `at`: of those that are, the older ones, and
/// those that ended since. Oldest first.
async fn open_at<W: World>(world: &W, at: Timestamp, history: &mut History) -> Sight<Vec<(ServiceRef, Incident)>> {
    // In this order: one that ends in between is read twice, and not missed.
    let open = world.open_incidents().await;
    let mut since = history::incidents(world, &Window::of_days_after(LATEST, at)).await;
    history.miss(since.unseen);
    since.incidents.retain(|(_, incident)| at <= ended_at(incident));
    let open = match open {
        Ok(open) => open,
        Err(fault) => return Sight::Unseen(fault),
    };
    let found = open.into_iter().chain(since.incidents).filter(|(_, incident)| incident.opened_at < at);
    let by_age = found.map(|(service, incident)| ((incident.opened_at, incident.id.clone()), (service, incident)));
    Sight::Seen(by_age.collect::<BTreeMap<_, _>>().into_values().collect())
}

/// Services in whose incidents something was denied that may still be so. A
/// denial ends long after its incident, so these are looked for further back
/// than the report reaches.
async fn deniers<W: World>(
    world: &W,
    due: &Due,
    policy: &Policy,
    (history, open): (&mut History, &Sight<Vec<(ServiceRef, Incident)>>),
) -> Vec<ServiceRef> {
    let length = policy.rollback.deny_for.min(LONGEST_DENIAL);
    let reach = Window { from: length.before(due.window.to), to: due.window.to };
    let found = history::incidents(world, &reach).await;
    history.miss(found.unseen);
    let open = open.seen().into_iter().flatten();
    let deniers = open.chain(&found.incidents).filter(|(_, incident)| denies(incident));
    let mut deniers: Vec<ServiceRef> = deniers.map(|(service, _)| service.clone()).collect();
    deniers.sort();
    deniers.dedup();
    deniers
}

fn denies(incident: &Incident) -> bool {
    incident.taken().is_some_and(|intent| intent.deny.is_some())
}
