//! What a report is made from.

use std::collections::BTreeMap;

use nightshift_core::fault::{Fault, Sight};
use nightshift_core::ids::ServiceRef;
use nightshift_core::incident::{Denied, Incident};
use nightshift_core::policy::Policy;
use nightshift_core::span::Span;
use nightshift_incident::stack::Stack;

use crate::World;
use crate::event::{Due, Kind};
use crate::history::{self, History, Window};

/// Denials are looked for no further back, whatever the policy says.
const LONGEST_DENIAL: Span = Span::hours(60 * 24);

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
    /// Incidents that are open, with their services.
    pub open: Sight<Vec<(ServiceRef, Incident)>>,
    /// Denied releases by the service that must not run them.
    pub denied: BTreeMap<ServiceRef, Vec<Denied>>,
}

impl Observed {
    /// What could not be read, each operation once.
    pub fn unseen(&self) -> impl Iterator<Item = &Fault> {
        let open = self.open.fault().filter(|fault| !known(&self.history.unseen, fault));
        self.history.unseen.iter().chain(open)
    }

    /// Open incidents, as far as they could be read.
    pub fn open(&self) -> &[(ServiceRef, Incident)] {
        self.open.seen().map_or(&[], Vec::as_slice)
    }
}

/// Reads the ledger.
pub async fn observe<W: World>(world: &W, due: Due, stack: &Stack, policy: &Policy) -> Observed {
    let window = match due.report {
        Kind::Daily => due.window,
        Kind::Weekly => Window { from: due.before.from, to: due.window.to },
    };
    let mut history = history::recorded(world, &window).await;
    let open = Sight::from(world.open_incidents().await);
    let mut denied = BTreeMap::new();
    if due.report == Kind::Daily {
        let deniers = deniers(world, &due, policy, (&mut history, &open)).await;
        for service in deniers {
            match world.record(&service).await {
                Ok(record) => {
                    denied.insert(service, record.value.denied);
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
    let news: Vec<Fault> = found.unseen.into_iter().filter(|fault| !known(&history.unseen, fault)).collect();
    history.unseen.extend(news);
    let open = open.seen().into_iter().flatten();
    let deniers = open.chain(&found.incidents).filter(|(_, incident)| denies(incident));
    let mut deniers: Vec<ServiceRef> = deniers.map(|(service, _)| service.clone()).collect();
    deniers.sort();
    deniers.dedup();
    deniers
}

fn known(faults: &[Fault], fault: &Fault) -> bool {
    faults.iter().any(|known| known.operation == fault.operation)
}

fn denies(incident: &Incident) -> bool {
    incident.taken().is_some_and(|intent| intent.deny.is_some())
}
