//! Items by their keys, read consistently.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::KeysAndAttributes;
use futures_util::FutureExt as _;
use nightshift_core::ports::Answer;

use super::item::Item;
use super::key::Key;
use super::{BATCH_GET, GET};
use crate::fault::{fault, unreadable};

/// One item.
pub(super) async fn one(client: &Client, table: &str, key: &Key) -> Answer<Option<Item>> {
    let request = client.get_item().table_name(table).consistent_read(true).set_key(Some(key.item()));
    let found = request.send().boxed().await;
    Ok(found.map_err(|error| fault(GET, key.to_string(), &error))?.item)
}

/// Some items in one call; what DynamoDB had no time for, in a call of its own each.
pub(super) async fn at_once<const N: usize>(
    client: &Client,
    table: &str,
    keys: [&Key; N],
) -> Answer<[Option<Item>; N]> {
    let name = || keys.map(ToString::to_string).join(", ");
    let wanted = KeysAndAttributes::builder().consistent_read(true).set_keys(Some(keys.map(Key::item).into()));
    let wanted = wanted.build().map_err(|error| unreadable(BATCH_GET, name(), error.to_string()))?;
    let answer = client.batch_get_item().request_items(table, wanted).send().boxed().await;
    let answer = answer.map_err(|error| fault(BATCH_GET, name(), &error))?;
    let mut found: Vec<Item> = answer.responses.into_iter().flatten().flat_map(|(_, items)| items).collect();
    for left in answer.unprocessed_keys.into_iter().flatten().flat_map(|(_, left)| left.keys) {
        found.extend(one(client, table, &Key::of(&left)).await?);
    }
    // They come in any order.
    Ok(keys.map(|key| {
        let place = found.iter().position(|item| Key::of(item) == *key)?;
        Some(found.swap_remove(place))
    }))
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
    use serde_json::{Value, json};

    use super::*;
    use crate::ledger::item::text;
    use crate::scripted::Script;

    /// What was found, and what DynamoDB was asked for.
    fn read(answers: &[(u16, &'static str)]) -> (Answer<[Option<Item>; 2]>, Vec<Value>) {
        let script = Script::of(answers);
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(Credentials::new("AKID", "hush", None, None, "test"))
            .http_client(script.clone());
        let client = Client::from_conf(config.build());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let keys = [&Key::fleet(), &Key::cost_told("jump")];
        let found = runtime.block_on(at_once(&client, "ledger", keys));
        assert_eq!(script.left(), 0, "every answer was asked for");
        (found, script.asked().iter().map(|body| serde_json::from_slice(body).unwrap()).collect())
    }

    /// Where it was found.
    fn says(item: Option<Item>) -> Option<String> {
        text(&item?, "document").map(ToOwned::to_owned)
    }

    const FLEET: &str = r#"{"Item":{"pk":{"S":"fleet"},"sk":{"S":"head"},"document":{"S":"apart"}}}"#;

    #[test]
    fn what_a_batch_leaves_unread_is_read_apart() {
        const LEFT: &str = r#"{"Responses":{"ledger":[]},"UnprocessedKeys":{"ledger":
            {"ConsistentRead":true,"Keys":[{"pk":{"S":"fleet"},"sk":{"S":"head"}}]}}}"#;
        let (found, asked) = read(&[(200, LEFT), (200, FLEET)]);
        assert_eq!(found.unwrap().map(says), [Some("apart".into()), None]);
        let key = |pk: &str, sk: &str| json!({"pk": {"S": pk}, "sk": {"S": sk}});
        let all = json!({"ConsistentRead": true, "Keys": [key("fleet", "head"), key("costs#jump", "told")]});
        let apart = json!({"TableName": "ledger", "ConsistentRead": true, "Key": key("fleet", "head")});
        assert_eq!(asked, [json!({"RequestItems": {"ledger": all}}), apart]);
    }

    #[test]
    fn what_cannot_be_read_apart_either_is_a_fault() {
        const LEFT: &str = r#"{"UnprocessedKeys":{"ledger":{"Keys":[{"pk":{"S":"fleet"},"sk":{"S":"head"}}]}}}"#;
        let (found, _) = read(&[(200, LEFT), (400, r#"{"__type":"AccessDeniedException"}"#)]);
        assert_eq!(found.unwrap_err().operation, "dynamodb:GetItem");
    }

    #[test]
    fn a_batch_in_another_order_is_told_apart_by_its_keys() {
        const TURNED: &str = r#"{"Responses":{"ledger":[
            {"pk":{"S":"costs#jump"},"sk":{"S":"told"},"document":{"S":"second"}},
            {"pk":{"S":"fleet"},"sk":{"S":"head"},"document":{"S":"first"}}]}}"#;
        let found = read(&[(200, TURNED)]).0.unwrap().map(says);
        assert_eq!(found, [Some("first".into()), Some("second".into())]);
    }
}
