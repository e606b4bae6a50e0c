//! What Cost Explorer was paid for, and what people were told of costs.

use jiff::civil::Date;
use nightshift_core::cost::CostTold;
use nightshift_core::ledger::Versioned;
use nightshift_core::ports::{Answer, CostLedger};
use serde_json::Value;

use crate::account::Account;

const GET: &str = "dynamodb:GetItem";
const PUT: &str = "dynamodb:PutItem";

impl CostLedger for Account {
    async fn answered(&self, question: &str, day: Date) -> Answer<Option<Value>> {
        let key = (day, question.to_owned());
        self.read(GET, format!("answer of {day}"), |state| Ok(state.ledger.costs.answers.get(&key).cloned())).await
    }

    async fn keep_answer(&self, question: &str, day: Date, answer: &Value) -> Answer<()> {
        self.write(PUT, format!("answer of {day}"), |state| {
            state.ledger.costs.answers.insert((day, question.to_owned()), answer.clone());
            Ok(())
        })
        .await
    }

    async fn cost_told(&self, matter: &str) -> Answer<Versioned<CostTold>> {
        self.read(GET, format!("told of {matter}"), |state| Ok(state.ledger.costs.told(matter))).await
    }

    async fn keep_cost_told(&self, matter: &str, told: &Versioned<CostTold>) -> Answer<bool> {
        self.write(PUT, format!("told of {matter}"), |state| Ok(state.ledger.costs.keep_told(matter, told))).await
    }
}
