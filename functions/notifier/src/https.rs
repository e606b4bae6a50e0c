//! The way out: HTTPS by `reqwest` on ring, as the AWS SDK uses it.

use std::time::Duration;

use nightshift_core::fault::{Fault, FaultKind};
use nightshift_core::https::{HttpsAnswer, HttpsRequest};
use nightshift_core::ports::{Answer, Https};
use reqwest::header::RETRY_AFTER;

/// A receiver that takes longer is better tried again: other sinks wait.
const TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT: Duration = Duration::from_secs(5);

/// An HTTPS client. Plain `http` works too, for receivers on a laptop.
#[derive(Clone, Debug)]
pub struct Web(reqwest::Client);

impl Web {
    /// A client without a connection yet. It takes no proxy from the
    /// environment and follows no redirect: either could carry a secret to
    /// where it does not belong.
    ///
    /// # Errors
    /// If TLS cannot be set up.
    pub fn new() -> Result<Self, reqwest::Error> {
        // Somebody else may have installed it already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self(client))
    }
}

impl Https for Web {
    async fn post(&self, request: &HttpsRequest) -> Answer<HttpsAnswer> {
        let mut post = self.0.post(&request.url).body(request.body.bytes().to_vec());
        for (name, value) in &request.headers {
            post = post.header(name, value);
        }
        let answer = post.send().await.map_err(|error| fault(request, error))?;
        let status = answer.status().as_u16();
        let seconds = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let body = answer.text().await.map_err(|error| fault(request, error))?;
        Ok(HttpsAnswer { status, retry_after_s: seconds, body })
    }

    async fn wait(&self, seconds: u64) {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }
}

/// The chain of causes without the URL, which may be a secret.
fn fault(request: &HttpsRequest, error: reqwest::Error) -> Fault {
    let kind = if error.is_builder() { FaultKind::Permanent } else { FaultKind::Transient };
    let error = error.without_url();
    let mut fault = Fault::new("https:Post", request.what.clone(), kind, error.to_string());
    // What a builder says further down quotes the URL it could not read.
    let mut cause = std::error::Error::source(&error).filter(|_| !error.is_builder());
    while let Some(deeper) = cause {
        fault.causes.push(deeper.to_string());
        cause = deeper.source();
    }
    fault
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use nightshift_core::https::Body;

    use super::*;

    fn post(url: String) -> Answer<HttpsAnswer> {
        let headers = vec![("x-nightshift-notice".to_owned(), "a#1".to_owned())];
        let request = HttpsRequest { what: "webhook".into(), url, headers, body: Body::Text("{}".into()) };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { Web::new().unwrap().post(&request).await })
    }

    #[test]
    fn an_answer_is_an_answer_whatever_its_status() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hush", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"{}") {
                let mut some = [0; 1024];
                let length = stream.read(&mut some).unwrap();
                request.extend_from_slice(&some[..length]);
            }
            let answer = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nslow";
            stream.write_all(answer).unwrap();
            String::from_utf8(request).unwrap()
        });
        let answer = post(url).unwrap();
        assert_eq!(answer, HttpsAnswer { status: 429, retry_after_s: Some(7), body: "slow".into() });
        let request = server.join().unwrap();
        assert!(
            request.starts_with("POST /hush HTTP/1.1\r\n") && request.contains("x-nightshift-notice: a#1"),
            "{request}"
        );
    }

    #[test]
    fn a_fault_of_the_connection_is_transient_and_shows_no_url() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/services/hush", listener.local_addr().unwrap());
        drop(listener);
        let fault = post(url).unwrap_err();
        assert!(fault.transient() && !fault.to_string().contains("hush"), "{fault}");
    }

    #[test]
    fn an_address_that_is_none_is_permanent_and_not_shown() {
        let fault = post("hush://:x y".to_owned()).unwrap_err();
        assert!(fault.kind == FaultKind::Permanent && !fault.to_string().contains("hush"), "{fault}");
    }
}
