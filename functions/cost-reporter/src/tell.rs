//! Tells people: each thing once, however often it comes.

use jiff::Timestamp;
use nightshift_core::cost::CostTold;
use nightshift_core::fault::Fault;
use nightshift_core::notice::Notice;
use nightshift_incident::respond::Unfinished;

use crate::event::News;
use crate::{Handler, World, news};

/// Others that write the same item in between.
const TRIES: u32 = 8;

impl<W: World> Handler<W> {
    pub(crate) async fn publish(&self, notice: Option<Notice>) -> Result<Option<String>, Fault> {
        let Some(notice) = notice else { return Ok(None) };
        self.world.publish(&notice).await?;
        Ok(Some(notice.key()))
    }

    /// Tells one piece of news; returns the notice's key, if it was told now.
    pub(crate) async fn news(&self, news: &News, now: Timestamp) -> Result<Option<String>, Unfinished> {
        match news {
            News::Anomaly(found) => {
                let matter = format!("news-anomaly-{}", found.anomaly.id);
                let of = (&self.stack.home, &self.policy.costs);
                self.once(&matter, |told| news::anomaly(found, told, of, now)).await
            }
            News::Billing(billing) => {
                let matter = news::matter_of(billing);
                self.once(&matter, |told| news::billing(billing, told, &self.stack.home)).await
            }
            // Their notices follow from them alone: the same news is the same notice.
            News::Budget(budget) => Ok(self.publish(Some(news::budget(budget, &self.stack.home))).await?),
            News::Raw(raw) => Ok(self.publish(Some(news::raw(raw, &self.stack.home))).await?),
        }
    }

    /// Tells what `next` makes of what was told. A notice is written down first, so
    /// that whoever is interrupted, or comes at the same time, tells the same.
    async fn once(
        &self,
        matter: &str,
        next: impl Fn(&CostTold) -> Option<CostTold>,
    ) -> Result<Option<String>, Unfinished> {
        let mut key = None;
        for _ in 0..TRIES {
            let mut told = self.world.cost_told(matter).await?;
            if let Some(notice) = told.value.unpublished.take() {
                key = self.publish(Some(notice)).await?;
                // If somebody wrote in between, it is looked at again.
                if !self.world.keep_cost_told(matter, &told).await? {
                    continue;
                }
                told.version += 1;
            }
            let Some(new) = next(&told.value) else { return Ok(key) };
            told.value = new;
            // What was written is published by the next look.
            self.world.keep_cost_told(matter, &told).await?;
        }
        Err(Unfinished::Contended)
    }
}
