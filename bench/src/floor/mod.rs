//! The floor: what the same calls cost whoever does nothing else.
//!
//! It makes the calls of a recording, round by round, each signed anew, and posts the
//! recorded response. It parses no answer, decides nothing and writes no log; what lies
//! between it and a real function is what can still be won.

mod connection;
mod sign;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use futures_util::future::try_join_all;
use hyper::Method;
use hyper::body::Bytes;

use crate::book::Sent;
use crate::recording::Recording;
use connection::{Connection, Trust};
use sign::Signer;

/// What the floor ends with.
pub type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Variable that names the recording.
pub const RECORDING: &str = "NIGHTSHIFT_BENCH_RECORDING";
/// Variable that names the one authority it trusts.
pub const TRUST: &str = "NIGHTSHIFT_BENCH_TRUST";

/// A recorded request, ready to be sent.
struct Ready {
    host: Arc<str>,
    sent: Sent,
    body: Bytes,
}

/// Connections that wait for a request, by host.
type Idle = BTreeMap<Arc<str>, Vec<Connection>>;

/// Runs until the Runtime API goes away.
///
/// # Errors
/// If a variable is missing, or a call fails.
pub async fn run() -> Result<(), Failed> {
    let trust = Trust::of(Path::new(&variable(TRUST)?))?;
    let recording = Recording::read(Path::new(&variable(RECORDING)?))?;
    let ready = |sent: Sent| Ready { host: sent.host.as_str().into(), body: sent.bytes().into(), sent };
    let rounds: Vec<Vec<Ready>> =
        recording.rounds.into_iter().map(|round| round.into_iter().map(ready).collect()).collect();
    let response = Bytes::from(recording.response.to_string());
    let signer = Signer::of_environment()?;
    let api = variable("AWS_LAMBDA_RUNTIME_API")?;
    let mut runtime = Connection::plain(&api).await?;
    let mut idle = opened(&trust, &rounds).await?;
    loop {
        let event = runtime.send(Method::GET, &api, "/2018-06-01/runtime/invocation/next", &[], Bytes::new()).await?;
        let request = event.header("lambda-runtime-aws-request-id")?;
        for round in &rounds {
            idle = at_once(idle, round, &trust, &signer).await?;
        }
        let path = format!("/2018-06-01/runtime/invocation/{request}/response");
        runtime.send(Method::POST, &api, &path, &[], response.clone()).await?;
    }
}

/// As many connections to each host as any round needs at once, opened during init.
async fn opened(trust: &Trust, rounds: &[Vec<Ready>]) -> Result<Idle, Failed> {
    let mut most: BTreeMap<Arc<str>, usize> = BTreeMap::new();
    for round in rounds {
        let mut of_round: BTreeMap<Arc<str>, usize> = BTreeMap::new();
        for call in round {
            *of_round.entry(Arc::clone(&call.host)).or_default() += 1;
        }
        for (host, number) in of_round {
            let known = most.entry(host).or_default();
            *known = number.max(*known);
        }
    }
    let hosts = most.into_iter().flat_map(|(host, number)| std::iter::repeat_n(host, number));
    let all = hosts.map(|host| async move {
        let connection = Connection::secure(&host, trust).await?;
        Ok::<_, Failed>((host, connection))
    });
    let mut idle = Idle::new();
    for (host, connection) in try_join_all(all).await? {
        idle.entry(host).or_default().push(connection);
    }
    Ok(idle)
}

/// Makes the calls of one round, each by a connection of its own.
async fn at_once(mut idle: Idle, round: &[Ready], trust: &Trust, signer: &Signer) -> Result<Idle, Failed> {
    let mut calls = Vec::with_capacity(round.len());
    for call in round {
        let connection = idle.get_mut(&call.host).and_then(Vec::pop);
        calls.push(async move {
            let mut connection = match connection {
                Some(connection) => connection,
                None => Connection::secure(&call.host, trust).await?,
            };
            let headers = signer.headers(&call.sent, &call.body);
            let method = Method::from_bytes(call.sent.method.as_bytes())?;
            let host = &call.host;
            connection.send(method, host, &call.sent.path, &headers, call.body.clone()).await?;
            Ok::<_, Failed>((Arc::clone(host), connection))
        });
    }
    for (host, connection) in try_join_all(calls).await? {
        idle.entry(host).or_default().push(connection);
    }
    Ok(idle)
}

fn variable(name: &str) -> Result<String, Failed> {
    std::env::var(name).map_err(|_| io::Error::other(format!("environment variable {name} is not set")).into())
}
