//! The certificate authority of the canned AWS: made when the bench starts, and
//! trusted by nobody but the processes that it starts.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;

/// Where Linux keeps the authorities it trusts; the first that is there.
const SYSTEM: [&str; 2] = ["/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt"];

/// Files that clients are told of, and what the server shows.
#[derive(Debug)]
pub struct Authority {
    /// This authority alone.
    pub alone: PathBuf,
    /// This authority after all that the system trusts: as many as a function finds in
    /// Lambda, and each costs a little of a cold start.
    pub among_others: PathBuf,
    /// What the server shows.
    pub server: Arc<ServerConfig>,
}

/// Why there is no authority.
#[derive(Debug, thiserror::Error)]
pub enum NoAuthority {
    /// A certificate could not be made.
    #[error("a certificate cannot be made")]
    Made(#[from] rcgen::Error),
    /// The server does not take it.
    #[error("the server does not take its certificate")]
    Taken(#[from] rustls::Error),
    /// It could not be written.
    #[error("{}", .0.display())]
    Written(PathBuf, #[source] io::Error),
}

impl Authority {
    /// Makes one, with its files in `folder`.
    ///
    /// # Errors
    /// If that fails.
    pub fn make(folder: &Path) -> Result<Self, NoAuthority> {
        let (key, params) = (KeyPair::generate()?, of_authority()?);
        let certificate = params.self_signed(&key)?;
        let issuer = Issuer::new(params, key);
        let leaf_key = KeyPair::generate()?;
        let leaf = of_server()?.signed_by(&leaf_key, &issuer)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = PrivateKeyDer::Pkcs8(leaf_key.serialize_der().into());
        let mut server = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key)?;
        // As AWS's endpoints: no HTTP/2.
        server.alpn_protocols = vec![b"http/1.1".to_vec()];
        let pem = certificate.pem();
        let system = SYSTEM.iter().find_map(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
        Ok(Self {
            alone: written(folder.join("ca.pem"), &pem)?,
            among_others: written(folder.join("roots.pem"), &format!("{system}\n{pem}"))?,
            server: Arc::new(server),
        })
    }
}

fn written(path: PathBuf, text: &str) -> Result<PathBuf, NoAuthority> {
    match std::fs::write(&path, text) {
        Ok(()) => Ok(path),
        Err(error) => Err(NoAuthority::Written(path, error)),
    }
}

fn of_authority() -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.distinguished_name = named("Nightshift bench");
    Ok(params)
}

fn of_server() -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()])?;
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.distinguished_name = named("localhost");
    Ok(params)
}

fn named(name: &str) -> DistinguishedName {
    let mut named = DistinguishedName::new();
    named.push(DnType::CommonName, name);
    named
}
