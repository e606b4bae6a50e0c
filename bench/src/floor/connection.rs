//! A connection that is kept, over TLS or plain.

use std::io;
use std::path::Path;
use std::sync::Arc;

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::HOST;
use hyper::{HeaderMap, Method, Request};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::Failed;

/// The one authority that is trusted.
pub(super) struct Trust(TlsConnector);

impl Trust {
    pub(super) fn of(file: &Path) -> Result<Self, Failed> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(file)?)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(Arc::new(config).into()))
    }
}

/// One request at a time.
pub(super) struct Connection(SendRequest<Full<Bytes>>);

/// The headers of an answer whose body was read to its end.
pub(super) struct Answered(HeaderMap);

impl Answered {
    pub(super) fn header(&self, name: &str) -> Result<String, Failed> {
        let value = self.0.get(name).ok_or_else(|| io::Error::other(format!("no {name}")))?;
        Ok(value.to_str()?.to_owned())
    }
}

impl Connection {
    pub(super) async fn plain(host: &str) -> Result<Self, Failed> {
        Self::over(tcp(host).await?).await
    }

    pub(super) async fn secure(host: &str, trust: &Trust) -> Result<Self, Failed> {
        let name = host.split(':').next().unwrap_or(host).to_owned();
        let stream = trust.0.connect(ServerName::try_from(name)?, tcp(host).await?).await?;
        Self::over(stream).await
    }

    async fn over(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Result<Self, Failed> {
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // It ends when the sender is dropped; what goes wrong before shows at the sender.
        tokio::spawn(connection);
        Ok(Self(sender))
    }

    pub(super) async fn send(
        &mut self,
        method: Method,
        host: &str,
        path: &str,
        headers: &[(String, String)],
        body: Bytes,
    ) -> Result<Answered, Failed> {
        self.0.ready().await?;
        let mut request = Request::builder().method(method).uri(path).header(HOST, host);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let response = self.0.send_request(request.body(Full::new(body))?).await?;
        let (head, body) = response.into_parts();
        body.collect().await?;
        if !head.status.is_success() {
            return Err(io::Error::other(format!("{path}: status {}", head.status)).into());
        }
        Ok(Answered(head.headers))
    }
}

async fn tcp(host: &str) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(host).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
