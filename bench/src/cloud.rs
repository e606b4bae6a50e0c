//! The canned AWS: TLS on loopback, one port for each service, as each has a host of
//! its own and so connections of its own.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::answers::Answers;
use crate::book::{Book, Call};
use crate::ledger::Ledger;
use crate::wire::{self, Asked};

/// Services with a port of their own, as `AWS_ENDPOINT_URL_` spells them. All others
/// share one, so that what nobody thought of is answered, and named, too.
const SERVICES: [&str; 12] = [
    "APPLICATION_AUTO_SCALING",
    "CLOUDFORMATION",
    "CLOUDWATCH",
    "CLOUDWATCH_LOGS",
    "CODEDEPLOY",
    "DYNAMODB",
    "ECR",
    "ECS",
    "ELASTIC_LOAD_BALANCING_V2",
    "SCHEDULER",
    "SNS",
    "SSM",
];

/// The endpoint, which runs until the runtime ends.
#[derive(Clone, Debug)]
pub struct Cloud(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    answers: Answers,
    tls: Arc<ServerConfig>,
    /// Microseconds that each answer takes longer.
    latency: AtomicU64,
    connections: AtomicU64,
    state: Mutex<State>,
    endpoints: BTreeMap<String, String>,
}

/// What belongs to one event.
#[derive(Debug)]
struct State {
    now: Timestamp,
    ledger: Ledger,
    book: Book,
}

impl Cloud {
    /// Opens the ports.
    ///
    /// # Errors
    /// If a port cannot be opened, or a document cannot be read.
    pub async fn open(tls: Arc<ServerConfig>) -> io::Result<Self> {
        let (mut endpoints, mut listeners) = (BTreeMap::new(), Vec::new());
        for service in [""].iter().chain(&SERVICES) {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            let name = if service.is_empty() { String::new() } else { format!("_{service}") };
            let url = format!("https://localhost:{}", listener.local_addr()?.port());
            endpoints.insert(format!("AWS_ENDPOINT_URL{name}"), url);
            listeners.push(listener);
        }
        let now = Timestamp::UNIX_EPOCH;
        let state = State { now, ledger: Ledger::at(now)?, book: Book::default() };
        let cloud = Self(Arc::new(Inner {
            answers: Answers::read()?,
            tls,
            latency: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            state: Mutex::new(state),
            endpoints,
        }));
        for listener in listeners {
            tokio::spawn(cloud.clone().listen(listener));
        }
        Ok(cloud)
    }

    /// Variables that lead a client here.
    pub fn endpoints(&self) -> &BTreeMap<String, String> {
        &self.0.endpoints
    }

    /// From now on each answer takes so much longer.
    pub fn delay(&self, latency: Duration) {
        self.0.latency.store(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// A new event begins: the account is as it was made, relative to `now`, and what was
    /// written down so far is given away.
    pub fn begin(&self, now: Timestamp) -> Book {
        let mut state = self.state();
        state.now = now;
        // Read once before, when the ports were opened.
        state.ledger = Ledger::at(now).unwrap_or_default();
        std::mem::take(&mut state.book)
    }

    /// What was written down since.
    pub fn taken(&self) -> Book {
        std::mem::take(&mut self.state().book)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn listen(self, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            let connection = self.0.connections.fetch_add(1, Ordering::Relaxed);
            self.state().book.connections += 1;
            tokio::spawn(self.clone().connection(stream, connection));
        }
    }

    /// A client that goes away, or does not trust us, ends its connection and no more.
    async fn connection(self, stream: TcpStream, number: u64) {
        let _ = stream.set_nodelay(true);
        let Ok(stream) = TlsAcceptor::from(Arc::clone(&self.0.tls)).accept(stream).await else { return };
        self.state().book.handshakes += 1;
        let answer = service_fn(|request| {
            let cloud = self.clone();
            async move { Ok::<_, Infallible>(cloud.answer(request, number).await) }
        });
        let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
    }

    async fn answer(&self, request: Request<Incoming>, connection: u64) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        let Ok(body) = body.collect().await.map(http_body_util::Collected::to_bytes) else {
            return answer_of(StatusCode::BAD_REQUEST, "text/plain", Vec::new());
        };
        let begun = Instant::now();
        if opens_a_connection(&head, &body) {
            self.wait_until(begun + self.latency()).await;
            self.state().book.blank += 1;
            return answer_of(StatusCode::NOT_FOUND, "text/plain", Vec::new());
        }
        let asked = wire::asked(head.uri.path(), &head.headers, &body);
        let (known, (kind, answer)) = self.decide(&asked);
        self.wait_until(begun + self.latency()).await;
        self.state().book.calls.push(Call {
            operation: asked.operation,
            begun,
            ended: Instant::now(),
            connection,
            known,
            sent: body.len(),
            received: answer.len(),
            request: crate::book::Sent::of(&head, &body),
        });
        answer_of(if known { StatusCode::OK } else { StatusCode::BAD_REQUEST }, kind, answer)
    }

    fn latency(&self) -> Duration {
        Duration::from_micros(self.0.latency.load(Ordering::Relaxed))
    }

    fn decide(&self, asked: &Asked) -> (bool, (&'static str, Vec<u8>)) {
        let mut state = self.state();
        let now = state.now;
        let found = match asked.operation.strip_prefix("dynamodb:") {
            Some(operation) => state.ledger.answer(operation, &asked.input),
            None => self.0.answers.to(asked, now),
        };
        match found {
            Some(found) => (true, wire::answered(asked, &found, now)),
            None => {
                let says = format!("the canned account has no answer to {}", asked.operation);
                (false, wire::refused(asked, "UnknownOperationException", &says))
            }
        }
    }

    /// A thread that sleeps is woken within some fifty microseconds; tokio's timers
    /// round up to a millisecond, of which every call would have one.
    async fn wait_until(&self, moment: Instant) {
        let left = moment.saturating_duration_since(Instant::now());
        if !left.is_zero() {
            let _ = tokio::task::spawn_blocking(move || {
                std::thread::sleep(moment.saturating_duration_since(Instant::now()));
            })
            .await;
        }
    }
}

/// `GET /`, unsigned and empty: whoever sends it wants a connection and no answer. AWS
/// answers with some error and keeps the connection.
fn opens_a_connection(head: &Parts, body: &[u8]) -> bool {
    let signed = head.headers.contains_key(AUTHORIZATION);
    head.method == Method::GET && head.uri.path() == "/" && body.is_empty() && !signed
}

fn answer_of(status: StatusCode, kind: &'static str, body: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    // The SDKs for JavaScript tell the protocol by it.
    if kind == "application/cbor" {
        response.headers_mut().insert("smithy-protocol", hyper::header::HeaderValue::from_static("rpc-v2-cbor"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_asks_for_nothing_opens_a_connection_and_is_no_call() {
        let check = |method: Method, path: &str, signed: bool, body: &[u8], expect: bool| {
            let request = Request::builder().method(method).uri(path);
            let request = if signed { request.header(AUTHORIZATION, "AWS4-HMAC-SHA256") } else { request };
            let (head, ()) = request.body(()).unwrap().into_parts();
            assert_eq!(opens_a_connection(&head, body), expect, "{path}");
        };
        check(Method::GET, "/", false, b"", true);
        check(Method::GET, "/", true, b"", false);
        check(Method::GET, "/schedules/x", false, b"", false);
        check(Method::POST, "/", false, b"", false);
        check(Method::GET, "/", false, b"{}", false);
    }
}
