//! One GET of a presigned address, by the SDK's own HTTP stack.
//!
//! Whoever has the address can read what lies there: it is never part of an
//! error, and no redirect is followed.

use std::time::Duration;

use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Connector, tls};
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::byte_stream::ByteStream;
use nightshift_core::fault::{Fault, FaultKind};

/// A configuration has a few kilobytes. What is larger is something else.
const MOST: usize = 1024 * 1024;
/// S3 answers in tens of milliseconds, and nothing but a label rests on it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why nothing was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unread {
    kind: FaultKind,
    why: String,
}

impl Unread {
    fn new(kind: FaultKind, why: impl Into<String>) -> Self {
        Self { kind, why: why.into() }
    }

    /// The fault of that operation on that resource.
    pub(super) fn at(self, operation: &str, resource: &str) -> Fault {
        Fault::new(operation, resource, self.kind, self.why)
    }
}

/// What lies at `url`, which is of `https` unless an emulator gave it.
pub(super) async fn get(url: &str, emulated: bool) -> Result<Vec<u8>, Unread> {
    let safe = url.starts_with("https://") || (emulated && url.starts_with("http://"));
    if !safe {
        return Err(Unread::new(FaultKind::Permanent, "the layer's address is not one of https"));
    }
    match tokio::time::timeout(PATIENCE, read(url)).await {
        Ok(read) => read,
        Err(_) => Err(Unread::new(FaultKind::Transient, "the layer was not read in time")),
    }
}

async fn read(url: &str) -> Result<Vec<u8>, Unread> {
    let request =
        HttpRequest::get(url).map_err(|_| Unread::new(FaultKind::Permanent, "the layer's address is none"))?;
    let connector = Connector::builder().tls_provider(tls::Provider::Rustls(CryptoMode::Ring)).build();
    let broken = || Unread::new(FaultKind::Transient, "the connection to the layer's address failed");
    let answer = connector.call(request).await.map_err(|_| broken())?;
    let status = answer.status().as_u16();
    if status != 200 {
        let kind = if status >= 500 { FaultKind::Transient } else { FaultKind::Permanent };
        return Err(Unread::new(kind, format!("the layer's address answered with status {status}")));
    }
    let mut parts = ByteStream::new(answer.into_body());
    let mut body = Vec::new();
    while let Some(part) = parts.try_next().await.map_err(|_| broken())? {
        if body.len() + part.len() > MOST {
            return Err(Unread::new(FaultKind::Permanent, format!("the layer has more than {MOST} bytes")));
        }
        body.extend_from_slice(&part);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    /// What is read of a server that answers once.
    fn read_of(answer: impl Into<Vec<u8>>) -> Result<Vec<u8>, Unread> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/layer?X-Amz-Signature=hush", listener.local_addr().unwrap());
        let answer = answer.into();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 4096];
            let length = stream.read(&mut request).unwrap();
            // Whoever has read enough hangs up.
            let _ = stream.write_all(&answer);
            String::from_utf8_lossy(&request[..length]).into_owned()
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let read = runtime.block_on(get(&url, true));
        let request = server.join().unwrap();
        assert!(request.starts_with("GET /layer?X-Amz-Signature=hush HTTP/1.1"), "{request}");
        assert!(!request.to_lowercase().contains("authorization"), "{request}");
        read
    }

    #[test]
    fn a_layer_is_read_whole() {
        let read = read_of(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
        assert_eq!(read.unwrap(), b"{}");
    }

    #[test]
    fn what_is_not_there_is_a_fault_without_the_address() {
        let gone = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";
        let fault = read_of(gone).unwrap_err().at("ecr:GetDownloadUrlForLayer", "web:1");
        assert!(!fault.transient() && !fault.to_string().contains("hush"), "{fault}");
        let away = b"HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
        assert!(read_of(away).unwrap_err().why.ends_with("status 307"), "no redirect is followed");
    }

    #[test]
    fn what_is_too_large_is_not_read_to_its_end() {
        let mut answer = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
        answer.resize(2 * MOST, b' ');
        let fault = read_of(answer).unwrap_err();
        assert_eq!(fault, Unread::new(FaultKind::Permanent, "the layer has more than 1048576 bytes"));
    }

    #[test]
    fn an_address_without_tls_is_not_asked_but_of_an_emulator() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let fault = runtime.block_on(get("http://127.0.0.1:1/hush", false)).unwrap_err();
        assert!(fault.kind == FaultKind::Permanent && !fault.why.contains("hush"), "{fault:?}");
        let fault = runtime.block_on(get("file:///etc/passwd", true)).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Permanent);
    }
}
