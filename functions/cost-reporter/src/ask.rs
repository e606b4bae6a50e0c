//! What Cost Explorer is asked. Each question costs a cent, so it is asked once
//! a day whatever retries there are, and only so many in one report.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use nightshift_core::cost::{CostAnomaly, CostMetric, CostQuery, Costs, Forecast, Granularity, GroupBy};
use nightshift_core::fault::{Fault, FaultKind, Sight};
use nightshift_core::ports::{Answer, CostLedger, CostReads};
use nightshift_cost::waste::last_month;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Months before this one that days are compared with.
const MONTHS: i32 = 3;
/// Days before a mover's that its usage types are compared with.
const DAYS_OF_USAGE: i64 = 56;
/// Record types that are no usage: what comes back, and tax.
const BESIDE_USAGE: [&str; 3] = ["Credit", "Refund", "Tax"];
/// Record types that can carry no tag.
const UNTAGGABLE: [&str; 4] = ["Credit", "Refund", "Tax", "Support"];

/// What may be asked in one report, and has been.
#[derive(Debug)]
pub struct Purse<'a, W> {
    world: &'a W,
    today: Date,
    left: u32,
    /// Requests that were paid for.
    pub spent: u32,
    /// Answers are written down for whoever asks again today.
    keeps: bool,
    /// What a retry can cure ends this attempt; there is another one.
    pub patient: bool,
}

impl<'a, W: CostReads + CostLedger> Purse<'a, W> {
    /// A purse with `most` questions for a report that is due `today`.
    pub fn new(world: &'a W, today: Date, most: u32) -> Self {
        Self { world, today, left: most, spent: 0, keeps: true, patient: true }
    }

    /// The purse of somebody who only looks, and leaves no trace.
    pub fn of_a_visitor(world: &'a W, today: Date, most: u32) -> Self {
        Self { keeps: false, ..Self::new(world, today, most) }
    }

    /// Days by service and kind of charge, with what is paid in advance spread
    /// over the days it is for: what days are compared by.
    ///
    /// # Errors
    /// A fault that a retry can cure; so for all that is asked here.
    pub async fn days(&mut self) -> Result<Sight<Costs>, Fault> {
        let month = self.today.first_of_month();
        let by = vec![GroupBy::Service, GroupBy::RecordType];
        let from = month.saturating_sub(MONTHS.months());
        match self.costs(&self.query(from, Granularity::Daily, CostMetric::Amortized, by)).await? {
            // Without these there is no report at all.
            Sight::Unseen(fault) if fault.transient() => Err(fault),
            seen => Ok(seen),
        }
    }

    /// Days of this month and the last two by kind of charge, as they are charged.
    ///
    /// # Errors
    /// As of [`Purse::days`].
    pub async fn charged(&mut self) -> Result<Sight<Costs>, Fault> {
        let from = self.today.first_of_month().saturating_sub(2.months());
        self.costs(&self.query(from, Granularity::Daily, CostMetric::Unblended, vec![GroupBy::RecordType])).await
    }

    /// Days from `from` on by something and by kind of charge.
    ///
    /// # Errors
    /// As of [`Purse::days`].
    pub async fn days_by(&mut self, from: Date, by: GroupBy) -> Result<Sight<Costs>, Fault> {
        let by = vec![by, GroupBy::RecordType];
        self.costs(&self.query(from, Granularity::Daily, CostMetric::Amortized, by)).await
    }

    /// What the month of `day` has cost by something, up to that day, without
    /// what can carry no tag. Amortized: what Savings Plans cover is tagged, and
    /// what they take off again is not.
    ///
    /// # Errors
    /// As of [`Purse::days`].
    pub async fn shares(&mut self, day: Date, by: GroupBy) -> Result<Sight<Costs>, Fault> {
        let query = self.query(day.first_of_month(), Granularity::Monthly, CostMetric::Amortized, vec![by]);
        let to = day.saturating_add(1.days());
        self.costs(&CostQuery { to, without: UNTAGGABLE.map(ToOwned::to_owned).to_vec(), ..query }).await
    }

    /// Days up to `day` of some services by usage type.
    ///
    /// # Errors
    /// As of [`Purse::days`].
    pub async fn usage(&mut self, day: Date, services: Vec<String>) -> Result<Sight<Costs>, Fault> {
        let by = vec![GroupBy::Service, GroupBy::UsageType];
        let from = day.saturating_sub(DAYS_OF_USAGE.days());
        let query = self.query(from, Granularity::Daily, CostMetric::Amortized, by);
        let without = BESIDE_USAGE.map(ToOwned::to_owned).to_vec();
        self.costs(&CostQuery { to: day.saturating_add(1.days()), services, without, ..query }).await
    }

    /// The last whole month by usage type: some of them are of what nobody uses.
    ///
    /// # Errors
    /// As of [`Purse::days`].
    pub async fn last_month(&mut self) -> Result<Sight<Costs>, Fault> {
        self.costs(&last_month(self.today)).await
    }

    /// What AWS expects to be charged from today to the end of the month.
    ///
    /// # Errors
    /// As of [`Purse::days`].
    pub async fn forecast(&mut self) -> Result<Sight<Forecast>, Fault> {
        let (world, today) = (self.world, self.today);
        let ask = async || Ok((world.forecast(CostMetric::Unblended, today).await?, 1));
        self.once("forecast", "ce:GetCostForecast", ask).await
    }

    /// Whether the tag has any value in the month of `day`.
    ///
    /// # Errors
    /// As of [`Purse::days`].
    pub async fn tag_is_known(&mut self, key: &str, day: Date) -> Result<Sight<bool>, Fault> {
        let (world, from, to) = (self.world, day.first_of_month(), self.today.saturating_add(1.days()));
        let ask = async || Ok((!world.tag_values(key, from, to).await?.is_empty(), 1));
        self.once(&format!("tag {key} {from}"), "ce:GetTags", ask).await
    }

    /// What AWS itself found strange since `from`.
    ///
    /// # Errors
    /// As of [`Purse::days`].
    pub async fn anomalies(&mut self, from: Date) -> Result<Sight<Vec<CostAnomaly>>, Fault> {
        let (world, to) = (self.world, self.today.saturating_add(1.days()));
        let ask = async || Ok((world.anomalies(from, to).await?, 1));
        self.once(&format!("anomalies {from}"), "ce:GetAnomalies", ask).await
    }

    /// Until today.
    fn query(&self, from: Date, granularity: Granularity, metric: CostMetric, by: Vec<GroupBy>) -> CostQuery {
        let to = self.today.saturating_add(1.days());
        CostQuery { from, to, granularity, metric, by, services: Vec::new(), without: Vec::new() }
    }

    async fn costs(&mut self, query: &CostQuery) -> Result<Sight<Costs>, Fault> {
        let question = serde_json::to_string(query).unwrap_or_default();
        let world = self.world;
        let ask = async || world.costs(query).await.map(|costs| (costs.requests, costs)).map(|(asked, it)| (it, asked));
        self.once(&question, "ce:GetCostAndUsage", ask).await
    }

    /// Asks, unless it was asked before today, or the purse is empty.
    async fn once<T>(
        &mut self,
        question: &str,
        operation: &str,
        ask: impl AsyncFnOnce() -> Answer<(T, u32)>,
    ) -> Result<Sight<T>, Fault>
    where
        T: Serialize + DeserializeOwned,
    {
        if let Some(known) = self.known(question).await? {
            return Ok(Sight::Seen(known));
        }
        if self.left == 0 {
            let says = format!("the report's {} questions are spent (costs.most_requests)", self.spent);
            return Ok(Sight::Unseen(Fault::new(operation, "", FaultKind::Permanent, says)));
        }
        match ask().await {
            Ok((answer, asked)) => {
                self.spent += asked;
                self.left = self.left.saturating_sub(asked);
                self.keep(question, &answer).await;
                Ok(Sight::Seen(answer))
            }
            Err(fault) if fault.transient() && self.patient => Err(fault),
            Err(fault) => {
                // Whoever is denied is not charged; of other refusals nobody says so.
                self.spent += 1;
                self.left = self.left.saturating_sub(1);
                Ok(Sight::Unseen(fault))
            }
        }
    }

    /// A ledger that is out of reach costs a cent, not a report.
    async fn known<T: DeserializeOwned>(&self, question: &str) -> Result<Option<T>, Fault> {
        match self.world.answered(question, self.today).await {
            Ok(known) => Ok(known.and_then(|known| serde_json::from_value(known).ok())),
            Err(fault) if fault.transient() => Err(fault),
            Err(fault) => {
                tracing::info!(%fault, "no earlier answer could be looked up");
                Ok(None)
            }
        }
    }

    async fn keep<T: Serialize>(&self, question: &str, answer: &T) {
        let Some(answer) = self.keeps.then(|| serde_json::to_value(answer).ok()).flatten() else { return };
        if let Err(fault) = self.world.keep_answer(question, self.today, &answer).await {
            tracing::warn!(%fault, "an answer was not kept: whoever asks again pays again");
        }
    }
}

/// The UTC day of a moment.
pub fn day_of(at: Timestamp) -> Date {
    at.to_zoned(jiff::tz::TimeZone::UTC).date()
}
