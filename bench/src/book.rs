//! What was asked during one event: calls with their times, connections, bytes.

use std::time::Instant;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::read::GzDecoder;
use hyper::http::request::Parts;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The call that is the remedy.
pub const REMEDY: &str = "ecs:UpdateService";

/// What was written down during one event.
#[derive(Debug, Default)]
pub struct Book {
    /// In the order of their answers.
    pub calls: Vec<Call>,
    /// TCP connections that were opened.
    pub connections: u64,
    /// TLS handshakes that were finished.
    pub handshakes: u64,
    /// Requests that ask for nothing and only open a connection.
    pub blank: u64,
}

/// One call.
#[derive(Clone, Debug)]
pub struct Call {
    /// As IAM spells it.
    pub operation: String,
    /// When the whole request had arrived.
    pub begun: Instant,
    /// When its answer was sent.
    pub ended: Instant,
    /// Which connection it came by.
    pub connection: u64,
    /// Whether the account has an answer to it.
    pub known: bool,
    /// Bytes of the request's body.
    pub sent: usize,
    /// Bytes of the answer's body.
    pub received: usize,
    /// The request itself.
    pub request: Sent,
}

/// A request as it can be sent once more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// `POST` and the like.
    pub method: String,
    /// `localhost:PORT`.
    pub host: String,
    /// Path and query.
    pub path: String,
    /// Headers that say what is asked for; those of the signature are made anew.
    pub headers: Vec<(String, String)>,
    /// The service and region of the signature.
    pub scope: (String, String),
    /// Texts as they are; CBOR as hexadecimal digits after `hex:`.
    pub body: String,
}

/// Headers that an answer depends on.
const TELLING: [&str; 4] = ["content-type", "x-amz-target", "smithy-protocol", "accept"];

impl Sent {
    /// What can be sent once more of a request.
    pub fn of(head: &Parts, body: &[u8]) -> Self {
        let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let telling = TELLING.iter().map(|name| ((*name).to_owned(), text(name).to_owned()));
        let credential = text("authorization").split("Credential=").nth(1).unwrap_or_default();
        let mut scope = credential.split('/').skip(2).map(ToOwned::to_owned);
        let (region, service) = (scope.next().unwrap_or_default(), scope.next().unwrap_or_default());
        Self {
            method: head.method.to_string(),
            host: text("host").to_owned(),
            path: head.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
            headers: telling.filter(|(_, value)| !value.is_empty()).collect(),
            scope: (service, region),
            body: match std::str::from_utf8(body) {
                Ok(text) => text.to_owned(),
                Err(_) => format!("hex:{}", hex::encode(body)),
            },
        }
    }

    /// The body's bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let coded = self.body.strip_prefix("hex:").and_then(|digits| hex::decode(digits).ok());
        coded.unwrap_or_else(|| self.body.clone().into_bytes())
    }
}

impl Book {
    /// The call that is the remedy.
    pub fn remedy(&self) -> Option<&Call> {
        self.calls.iter().find(|call| call.operation == REMEDY)
    }

    /// Operations that the account has no answer to.
    pub fn unknown(&self) -> Vec<String> {
        let unknown = self.calls.iter().filter(|call| !call.known);
        let mut names: Vec<String> = unknown.map(|call| call.operation.clone()).collect();
        names.sort();
        names.dedup();
        names
    }

    /// The case of the decision, as it was written into the ledger.
    pub fn case(&self) -> Option<Value> {
        let puts = self.calls.iter().filter(|call| call.operation == "dynamodb:PutItem");
        puts.filter_map(|call| {
            let put: Value = serde_json::from_str(&call.request.body).ok()?;
            let packed = BASE64_STANDARD.decode(put["Item"]["case"]["B"].as_str()?).ok()?;
            serde_json::from_reader(GzDecoder::new(&packed[..])).ok()
        })
        .next()
    }

    /// The calls by their beginning, each with its round: 0 for one before which no other
    /// had ended, and one more than the latest that had ended before it began.
    pub fn rounds(&self) -> Vec<(usize, &Call)> {
        let mut calls: Vec<&Call> = self.calls.iter().collect();
        calls.sort_by_key(|call| call.begun);
        let mut placed: Vec<(usize, &Call)> = Vec::new();
        for call in calls {
            let before = placed.iter().filter(|(_, other)| other.ended <= call.begun);
            let round = before.map(|(round, _)| round + 1).max().unwrap_or_default();
            placed.push((round, call));
        }
        placed
    }

    /// How many calls come strictly one after the other before the remedy.
    pub fn rounds_before_remedy(&self) -> Option<usize> {
        self.rounds().into_iter().find(|(_, call)| call.operation == REMEDY).map(|(round, _)| round)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn book(calls: &[(&str, u64, u64)]) -> Book {
        let zero = Instant::now();
        let sent = Sent {
            method: String::new(),
            host: String::new(),
            path: String::new(),
            headers: Vec::new(),
            scope: Default::default(),
            body: String::new(),
        };
        let call = |(operation, begun, ended): &(&str, u64, u64)| Call {
            operation: (*operation).to_owned(),
            begun: zero + Duration::from_millis(*begun),
            ended: zero + Duration::from_millis(*ended),
            connection: 0,
            known: !operation.ends_with('?'),
            sent: 0,
            received: 0,
            request: sent.clone(),
        };
        Book { calls: calls.iter().map(call).collect(), ..Book::default() }
    }

    #[test]
    fn what_runs_at_once_is_one_round() {
        let book = book(&[("a", 0, 20), ("b", 1, 21), ("c", 22, 42), (REMEDY, 43, 63), ("d", 23, 43)]);
        assert_eq!(book.rounds_before_remedy(), Some(2));
        let rounds: Vec<_> = book.rounds().iter().map(|(round, call)| (*round, call.operation.as_str())).collect();
        assert_eq!(rounds, [(0, "a"), (0, "b"), (1, "c"), (1, "d"), (2, REMEDY)]);
    }

    #[test]
    fn what_the_account_does_not_know_is_named_once() {
        assert_eq!(book(&[("a", 0, 1), ("s3:?", 2, 3), ("s3:?", 4, 5)]).unknown(), ["s3:?"]);
        assert_eq!(book(&[]).rounds_before_remedy(), None);
    }
}
