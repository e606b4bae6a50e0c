//! DynamoDB as far as an event needs it: items by table and key, forgotten before
//! the next event, so that each does its whole work. What is there from the start is what
//! `deployment-guard` had written down of the service's releases.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::wire::moment;

/// The ledger's table, in the environment of every variant.
pub const TABLE: &str = "nightshift-ledger";
/// What is remembered of the service.
const RECORD: &str = include_str!("../answers/dynamodb/record.json");

/// Attributes that are a key, by table: Nightshift's two, or the one of Powertools'
/// idempotency.
const KEYS: [&[&str]; 2] = [&["pk", "sk"], &["id"]];

/// The items, by table and key.
#[derive(Debug, Default)]
pub struct Ledger(BTreeMap<String, Value>);

impl Ledger {
    /// As it is before an event that happens at `now`.
    ///
    /// # Errors
    /// If the document is no JSON.
    pub fn at(now: Timestamp) -> serde_json::Result<Self> {
        let document = dated(&serde_json::from_str(RECORD)?, now).to_string();
        let item = json!({
            "pk": { "S": "service#123456789012/eu-west-1/prod/checkout" },
            "sk": { "S": "head" },
            "version": { "N": "3" },
            "document": { "S": document },
        });
        let mut ledger = Self::default();
        ledger.put(&json!({ "TableName": TABLE, "Item": item }));
        Ok(ledger)
    }

    /// Answers an operation of `dynamodb:`; `None` if it is none that is known.
    ///
    /// Conditions are not looked at: nobody else writes.
    pub fn answer(&mut self, operation: &str, input: &Value) -> Option<Value> {
        match operation {
            "GetItem" => Some(match self.0.get(&name(&input["TableName"], &input["Key"])) {
                Some(item) => json!({ "Item": item }),
                None => json!({}),
            }),
            "BatchGetItem" => {
                let tables = input["RequestItems"].as_object().into_iter().flatten();
                let found: Map<String, Value> =
                    tables.map(|(table, wanted)| (table.clone(), self.batch(table, wanted))).collect();
                Some(json!({ "Responses": found, "UnprocessedKeys": {} }))
            }
            "PutItem" => {
                self.put(input);
                Some(json!({}))
            }
            "UpdateItem" | "DeleteItem" => Some(json!({})),
            "TransactWriteItems" => {
                for write in input["TransactItems"].as_array().into_iter().flatten() {
                    self.put(&write["Put"]);
                }
                Some(json!({}))
            }
            // No other incident is open, nor any issue of AWS Health.
            "Query" => Some(json!({ "Items": [], "Count": 0, "ScannedCount": 0 })),
            _ => None,
        }
    }

    fn batch(&self, table: &str, wanted: &Value) -> Value {
        let keys = wanted["Keys"].as_array().into_iter().flatten();
        keys.filter_map(|key| self.0.get(&name(&json!(table), key)).cloned()).collect()
    }

    fn put(&mut self, put: &Value) {
        let item = &put["Item"];
        let of = |names: &&[&str]| names.iter().all(|name| item.get(name).is_some());
        let Some(names) = KEYS.iter().find(|names| of(names)) else { return };
        let key: Map<String, Value> = names.iter().map(|name| ((*name).to_owned(), item[*name].clone())).collect();
        self.0.insert(name(&put["TableName"], &Value::Object(key)), item.clone());
    }
}

/// With moments in the place of what is relative to `now`.
fn dated(value: &Value, now: Timestamp) -> Value {
    match value {
        Value::String(text) => moment(text, now).map_or_else(|| value.clone(), |at| json!(at.to_string())),
        Value::Array(all) => all.iter().map(|one| dated(one, now)).collect(),
        Value::Object(all) => all.iter().map(|(key, one)| (key.clone(), dated(one, now))).collect(),
        other => other.clone(),
    }
}

fn name(table: &Value, key: &Value) -> String {
    format!("{table} {key}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_until_the_next_event() {
        let mut ledger = Ledger::default();
        let item = json!({ "pk": { "S": "service#x" }, "sk": { "S": "head" }, "version": { "N": "1" } });
        let get = json!({ "TableName": "t", "Key": { "pk": { "S": "service#x" }, "sk": { "S": "head" } } });
        assert_eq!(ledger.answer("GetItem", &get), Some(json!({})));
        let write = json!({ "TransactItems": [{ "Put": { "TableName": "t", "Item": item } }] });
        assert_eq!(ledger.answer("TransactWriteItems", &write), Some(json!({})));
        assert_eq!(ledger.answer("GetItem", &get), Some(json!({ "Item": item })));
        let nobody = json!({ "pk": { "S": "fleet" }, "sk": { "S": "head" } });
        let batch = json!({ "RequestItems": { "t": { "Keys": [nobody, get["Key"]] } } });
        let found = json!({ "Responses": { "t": [item] }, "UnprocessedKeys": {} });
        assert_eq!(ledger.answer("BatchGetItem", &batch), Some(found));
        assert_eq!(ledger.answer("Scan", &json!({})), None);
    }
}
