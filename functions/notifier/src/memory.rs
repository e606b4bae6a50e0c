//! Where the incident stands in the chat, kept in the ledger under a version.

use nightshift_core::fault::{Fault, FaultKind};
use nightshift_core::ids::IncidentId;
use nightshift_core::ledger::{ChatThread, Versioned};
use nightshift_core::ports::{Answer, ChatLedger};

/// Attempts before the ledger counts as out of reach. Every lost race is a
/// write of another invocation, and all of an incident's have fewer than this.
const MOST_RACES: u32 = 64;

/// The record as last read or written.
pub struct Memory<'a, W> {
    world: &'a W,
    incident: &'a IncidentId,
    kept: Versioned<ChatThread>,
}

impl<'a, W: ChatLedger> Memory<'a, W> {
    /// Reads the record.
    ///
    /// # Errors
    /// If the ledger cannot be reached.
    pub async fn read(world: &'a W, incident: &'a IncidentId) -> Answer<Self> {
        Ok(Self { world, incident, kept: world.thread(incident).await? })
    }

    /// The record.
    pub fn thread(&self) -> &ChatThread {
        &self.kept.value
    }

    /// Nobody has written a record yet.
    pub fn is_new(&self) -> bool {
        self.kept.version == 0
    }

    /// Reads the record again.
    ///
    /// # Errors
    /// If the ledger cannot be reached.
    pub async fn reread(&mut self) -> Answer<()> {
        self.kept = self.world.thread(self.incident).await?;
        Ok(())
    }

    /// Changes the record; on a lost race the change is made again on what the
    /// winner wrote. `true` if there was such a race. Whether or not there was
    /// something to write, the record is then no older than this call.
    ///
    /// # Errors
    /// If the ledger cannot be reached, or every race was lost.
    pub async fn change(&mut self, change: impl Fn(&mut ChatThread) + Send) -> Answer<bool> {
        let (mut raced, mut fresh) = (false, false);
        for _ in 0..MOST_RACES {
            let mut wanted = self.kept.clone();
            change(&mut wanted.value);
            if wanted.value == self.kept.value {
                if fresh {
                    return Ok(raced);
                }
            } else if self.world.keep_thread(self.incident, &wanted).await? {
                wanted.version += 1;
                self.kept = wanted;
                return Ok(raced);
            } else {
                raced = true;
            }
            self.reread().await?;
            fresh = true;
        }
        Err(Fault::new("dynamodb:PutItem", self.incident.as_str(), FaultKind::Transient, "every race was lost"))
    }
}
