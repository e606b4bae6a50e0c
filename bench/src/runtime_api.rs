//! Lambda's Runtime API on loopback: hands out one event at a time, and says when it
//! was asked and answered.

use std::convert::Infallible;
use std::io;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

/// As the template sets it.
const TIMEOUT: Duration = Duration::from_secs(60);
const VERSION: &str = "/2018-06-01/runtime/";
const FUNCTION_ARN: &str = "arn:aws:lambda:eu-west-1:123456789012:function:nightshift-alarm-responder:live";

/// What the function did.
#[derive(Debug)]
pub enum News {
    /// It asks for an event: the first time, its init is over.
    Asks(Instant, oneshot::Sender<Value>),
    /// It answered one.
    Answered(Instant, Answer),
    /// It could not begin.
    Failed(String),
}

/// What became of an event.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A response.
    Response(Value),
    /// An error, which Lambda would deliver the event again for.
    Error(String),
}

/// The server, and the news of whoever runs under it.
#[derive(Debug)]
pub struct RuntimeApi {
    address: String,
    news: mpsc::UnboundedReceiver<News>,
}

impl RuntimeApi {
    /// Opens a port. It runs until the runtime ends.
    ///
    /// # Errors
    /// If no port can be opened.
    pub async fn open() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let (tell, news) = mpsc::unbounded_channel();
        tokio::spawn(listen(listener, tell));
        Ok(Self { address, news })
    }

    /// What `AWS_LAMBDA_RUNTIME_API` is set to.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The next news; `None` once nobody can bring any.
    pub async fn news(&mut self) -> Option<News> {
        self.news.recv().await
    }

    /// Forgets the news of a process that is gone.
    pub fn forget(&mut self) {
        while self.news.try_recv().is_ok() {}
    }
}

async fn listen(listener: TcpListener, tell: mpsc::UnboundedSender<News>) {
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        let tell = tell.clone();
        tokio::spawn(async move {
            let answer = service_fn(|request| {
                let tell = tell.clone();
                async move { Ok::<_, Infallible>(answer(request, tell).await) }
            });
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
        });
    }
}

async fn answer(request: Request<Incoming>, tell: mpsc::UnboundedSender<News>) -> Response<Full<Bytes>> {
    let at = Instant::now();
    let path = request.uri().path().to_owned();
    let Some(path) = path.strip_prefix(VERSION) else {
        return status(StatusCode::NOT_FOUND);
    };
    if request.method() == Method::GET && path == "invocation/next" {
        return next(at, &tell).await;
    }
    let path = path.to_owned();
    let Ok(body) = request.into_body().collect().await.map(http_body_util::Collected::to_bytes) else {
        return status(StatusCode::BAD_REQUEST);
    };
    let news = match path.rsplit('/').next() {
        Some("response") => News::Answered(at, Answer::Response(serde_json::from_slice(&body).unwrap_or(Value::Null))),
        Some("error") if path.starts_with("init") => News::Failed(told(&body)),
        Some("error") => News::Answered(at, Answer::Error(told(&body))),
        _ => return status(StatusCode::NOT_FOUND),
    };
    // Nobody listens any more: the bench is over.
    let _ = tell.send(news);
    status(StatusCode::ACCEPTED)
}

/// What an error says, without the stack that runtimes add.
fn told(body: &[u8]) -> String {
    let error: Value = serde_json::from_slice(body).unwrap_or_default();
    let says = error["errorMessage"].as_str().map(ToOwned::to_owned);
    says.unwrap_or_else(|| String::from_utf8_lossy(body).into_owned())
}

/// Waits for an event, as long as it takes.
async fn next(at: Instant, tell: &mpsc::UnboundedSender<News>) -> Response<Full<Bytes>> {
    let (give, given) = oneshot::channel();
    let _ = tell.send(News::Asks(at, give));
    let Ok(event) = given.await else {
        return status(StatusCode::GONE);
    };
    let mut response = Response::new(Full::new(Bytes::from(event.to_string())));
    let headers = response.headers_mut();
    let deadline = Timestamp::now().as_millisecond() + i64::try_from(TIMEOUT.as_millis()).unwrap_or(i64::MAX);
    // The event's own id is as good as any, and tells events apart in logs.
    let request = event["id"].as_str().and_then(|id| HeaderValue::from_str(id).ok());
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let set = [
        ("lambda-runtime-aws-request-id", request.unwrap_or(HeaderValue::from_static("request"))),
        ("lambda-runtime-deadline-ms", deadline.into()),
        ("lambda-runtime-invoked-function-arn", HeaderValue::from_static(FUNCTION_ARN)),
        (
            "lambda-runtime-trace-id",
            HeaderValue::from_static("Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1"),
        ),
    ];
    for (name, value) in set {
        headers.insert(HeaderName::from_static(name), value);
    }
    response
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(b"{\"status\":\"OK\"}")));
    *response.status_mut() = status;
    response
}
