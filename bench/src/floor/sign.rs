//! AWS Signature Version 4, as far as these calls need it.

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::{Timestamp, tz::TimeZone};
use sha2::{Digest as _, Sha256};

use super::{Failed, variable};
use crate::book::Sent;

/// Who signs.
pub(super) struct Signer {
    key: String,
    secret: String,
    token: String,
}

impl Signer {
    pub(super) fn of_environment() -> Result<Self, Failed> {
        Ok(Self {
            key: variable("AWS_ACCESS_KEY_ID")?,
            secret: variable("AWS_SECRET_ACCESS_KEY")?,
            token: variable("AWS_SESSION_TOKEN")?,
        })
    }

    /// The headers of a request beside its host, the signature among them.
    pub(super) fn headers(&self, sent: &Sent, body: &[u8]) -> Vec<(String, String)> {
        self.signed(sent, body, Timestamp::now())
    }

    fn signed(&self, sent: &Sent, body: &[u8], now: Timestamp) -> Vec<(String, String)> {
        let now = now.to_zoned(TimeZone::UTC);
        let (day, moment) = (now.strftime("%Y%m%d").to_string(), now.strftime("%Y%m%dT%H%M%SZ").to_string());
        let mut headers = sent.headers.clone();
        headers.push(("x-amz-date".to_owned(), moment.clone()));
        headers.push(("x-amz-security-token".to_owned(), self.token.clone()));
        let mut signed: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        signed.push(("host", &sent.host));
        signed.sort_unstable();
        let names: Vec<&str> = signed.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        let lines: String = signed.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
        let (path, query) = sent.path.split_once('?').unwrap_or((&sent.path, ""));
        let body = hex::encode(Sha256::digest(body));
        let canonical = format!("{}\n{path}\n{query}\n{lines}\n{names}\n{body}", sent.method);
        let (service, region) = &sent.scope;
        let scope = format!("{day}/{region}/{service}/aws4_request");
        let digest = hex::encode(Sha256::digest(canonical));
        let text = format!("AWS4-HMAC-SHA256\n{moment}\n{scope}\n{digest}");
        let mut key = mac(format!("AWS4{}", self.secret).as_bytes(), &day);
        for part in [region, service, "aws4_request"] {
            key = mac(&key, part);
        }
        let signature = hex::encode(mac(&key, &text));
        let credential = format!("{}/{scope}", self.key);
        let authorization =
            format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={signature}");
        headers.push(("authorization".to_owned(), authorization));
        headers
    }
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_derived_as_aws_documents_it() {
        let mut key = mac(b"AWS4wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20120215");
        for part in ["us-east-1", "iam", "aws4_request"] {
            key = mac(&key, part);
        }
        assert_eq!(hex::encode(key), "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d");
    }
}
