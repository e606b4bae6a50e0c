//! What Cost Explorer was paid for, and what people were told of costs.

use jiff::civil::Date;
use nightshift_core::cost::CostTold;
use nightshift_core::ledger::Versioned;
use nightshift_core::ports::{Answer, CostLedger};
use serde_json::Value;

use super::{GET, Key, item, pack};
use crate::client::Account;
use crate::fault::unreadable;

impl CostLedger for Account {
    async fn answered(&self, question: &str, day: Date) -> Answer<Option<Value>> {
        let key = Key::answer(question, day);
        let Some(found) = self.item(&key).await? else { return Ok(None) };
        let packed = found.get(item::ANSWER).and_then(|value| value.as_b().ok());
        let packed = packed.ok_or_else(|| unreadable(GET, key.to_string(), "it holds no answer"))?;
        pack::unpacked(&key.to_string(), packed.as_ref()).map(Some)
    }

    async fn keep_answer(&self, question: &str, day: Date, answer: &Value) -> Answer<()> {
        let key = Key::answer(question, day);
        let packed = pack::squeezed(&key.to_string(), answer)?;
        self.put(item::answer(&key, packed, day)).await
    }

    async fn cost_told(&self, matter: &str) -> Answer<Versioned<CostTold>> {
        let key = Key::cost_told(matter);
        let found = self.item(&key).await?;
        item::versioned(&key, found, CostTold::default)
    }

    async fn keep_cost_told(&self, matter: &str, told: &Versioned<CostTold>) -> Answer<bool> {
        let key = Key::cost_told(matter);
        self.put_in_place_of(&key, told.version, item::cost_told(&key, told)?).await
    }
}
