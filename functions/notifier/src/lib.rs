//! Posts notices to Slack, PagerDuty and a web hook.
//!
//! Wakes on the notice topic. It changes nothing but the record of what it has
//! posted and the pictures that it links to, and is the only function that holds
//! secrets. It does not converge:
//! what was posted is in the ledger, one record for each incident, and every
//! step is decided from that record, so that a retry goes on where it stopped,
//! and repeats a message rather than lose it.
//!
//! In Slack an incident is one message, edited through its phases, with a
//! thread that tells the story; figures of a notice are drawn and put into it,
//! or, where there is a web hook alone, kept in a bucket and linked from the
//! message; but a message counts as told without its picture. PagerDuty is triggered and
//! resolved under the page's key and never acknowledged. The web hook gets the
//! notice itself, signed; it may get the same one twice. A sink that fails does
//! not stop the others; a page that could not be delivered goes to the plain page
//! topic, and where there is no pager each does.
//!
//! The daily self-drill ends here: it is counted, and told to nobody.

pub mod event;
mod memory;
mod secrets;
mod wire;

mod config;
mod conversation;
mod delivery;
mod plan;
mod report;
mod sinks;

pub mod joined;
pub mod render;

#[cfg(feature = "deploy")]
pub mod https;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod world;

use jiff::Timestamp;
use nightshift_core::alarm::Door;
use nightshift_core::drill;
use nightshift_core::notice::Notice;
use nightshift_core::policy::Policy;
use nightshift_core::ports::{ChatLedger, Https, NoticeWrites, PictureWrites, SecretReads};
use nightshift_core::tally::{Counter, Family, Tallied, Topic, Undecided};
use serde_json::Value;

use crate::delivery::{Delivery, without_secret};
use crate::memory::Memory;
use crate::secrets::Keyring;

pub use crate::config::Config;
pub use crate::plan::Sink;
pub use crate::report::{Error, Outcome, Report, Told};

/// What the notifier needs of the world. Of `NoticeWrites` it uses the plain
/// page alone.
pub trait World: ChatLedger + Https + SecretReads + NoticeWrites + PictureWrites + Tallied {}

impl<T: ChatLedger + Https + SecretReads + NoticeWrites + PictureWrites + Tallied> World for T {}

/// The function.
pub struct Handler<W> {
    world: W,
    config: Config,
    policy: Policy,
    keyring: Keyring,
}

impl<W: World> Handler<W> {
    /// A handler that has read no secret yet.
    pub fn new(world: W, config: Config, policy: Policy) -> Self {
        Self { world, config, policy, keyring: Keyring::default() }
    }

    /// Tells every notice of the event to every sink.
    ///
    /// # Errors
    /// After all was tried: if the event or a record of it is malformed, or if
    /// something was not delivered that a retry may deliver or that nothing
    /// made up for.
    pub async fn handle(&self, event: Value, now: Timestamp) -> Result<Report, Error> {
        let (mut told, mut wrong) = (Vec::new(), Vec::new());
        let tally = self.world.tally();
        let records = event::read(&event).inspect_err(|_| tally.undecided(Undecided::Malformed));
        for record in records.map_err(Error::Event)? {
            match record {
                // On the heap: the SDK's futures nest so deep that the compiler
                // gives up on the layout of all of them in one.
                Ok(notice) => told.push(Box::pin(self.tell(&notice, now)).await),
                Err(malformed) => {
                    tally.undecided(Undecided::Malformed);
                    wrong.push(malformed.to_string());
                }
            }
        }
        for told in &told {
            told.count(tally);
            let faults = told.unsettled().map(|(sink, fault)| format!("notice {} to {sink}: {fault}", told.notice));
            wrong.extend(faults);
        }
        if wrong.is_empty() { Ok(Report { told }) } else { Err(Error::Undelivered(wrong)) }
    }

    async fn tell(&self, notice: &Notice, now: Timestamp) -> Told {
        if let Some(door) = drill::door_of(notice) {
            return self.drilled(notice, door, now).await;
        }
        self.world.tally().about(Topic::Service, &notice.service);
        self.world.tally().about(Topic::Incident, &notice.incident);
        let team = notice.team.as_ref().and_then(|team| self.policy.teams.get(team));
        let channel = team.and_then(|team| team.channel.as_deref()).or(self.config.slack_channel.as_deref());
        let Self { world, config, keyring, .. } = self;
        let nobody = secrets::Sinks::default();
        let told = match keyring.sinks(world, config.secret.as_deref(), now).await {
            Ok(sinks) => Delivery { world, config, sinks: &sinks, notice, channel }.deliver().await,
            Err(fault) => without_secret(&Delivery { world, config, sinks: &nobody, notice, channel }, fault).await,
        };
        if told.faults().any(|(_, fault)| fault.kind == nightshift_core::fault::FaultKind::Denied) {
            keyring.forget();
        }
        told
    }

    /// Does for a self-drill what comes before anybody is told, and counts it if
    /// somebody could have been: an alarm rings where nothing is counted for a day.
    async fn drilled(&self, notice: &Notice, door: Door, now: Timestamp) -> Told {
        let Self { world, config, keyring, .. } = self;
        let mut told = Told { drilled: true, ..Told::new(notice.key()) };
        told.secret = keyring.sinks(world, config.secret.as_deref(), now).await.err();
        // Each day over the last: it is no incident, and nothing piles up.
        let noted = async {
            let mut memory = Memory::read(world, &notice.incident).await?;
            memory.change(|thread| thread.newest = Some(notice.clone())).await
        };
        told.unrecorded = noted.await.err();
        if told.secret.is_none() && told.unrecorded.is_none() {
            world.tally().add(Counter::of(Family::SelfDrill, &door));
        }
        told
    }
}
