//! A case, compressed and capped: an item holds 400 KB in all.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use nightshift_core::case::NewCase;
use nightshift_core::ports::Answer;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::{GET, PUT};
use crate::fault::unreadable;

/// Bytes of the compressed case.
const CAP: usize = 350 * 1024;
/// Bytes of a case that we are ready to unpack.
const LARGEST: u64 = 64 * 1024 * 1024;

/// The case as gzip of JSON. One that is too large goes without its event,
/// which is in the log, rather than not at all.
pub(super) fn packed(name: &str, case: &NewCase<'_, impl Serialize, impl Serialize>) -> Answer<Vec<u8>> {
    let whole = gzip(name, case)?;
    if whole.len() <= CAP {
        return Ok(whole);
    }
    let left_out = json!({"left_out": "too large for the ledger"});
    let without = gzip(name, &NewCase { event: &left_out, ..*case })?;
    if without.len() <= CAP {
        return Ok(without);
    }
    Err(unreadable(PUT, name, format!("the case has {} bytes even without its event; {CAP} fit", without.len())))
}

pub(super) fn unpacked<T: DeserializeOwned>(name: &str, bytes: &[u8]) -> Answer<T> {
    let mut json = String::new();
    let read = GzDecoder::new(bytes).take(LARGEST).read_to_string(&mut json);
    read.map_err(|error| unreadable(GET, name, error.to_string()))?;
    serde_json::from_str(&json).map_err(|error| unreadable(GET, name, error.to_string()))
}

/// Any other value as gzip of JSON; one that does not fit is refused.
pub(super) fn squeezed<T: Serialize>(name: &str, value: &T) -> Answer<Vec<u8>> {
    let whole = gzip(name, value)?;
    if whole.len() <= CAP {
        return Ok(whole);
    }
    Err(unreadable(PUT, name, format!("it has {} bytes; {CAP} fit", whole.len())))
}

fn gzip<T: Serialize>(name: &str, value: &T) -> Answer<Vec<u8>> {
    let failed = |error: std::io::Error| unreadable(PUT, name, error.to_string());
    let json = serde_json::to_vec(value).map_err(|error| unreadable(PUT, name, error.to_string()))?;
    // A remedy waits for the processor that this takes, and a quarter more bytes cost less.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&json).map_err(failed)?;
    encoder.finish().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nightshift_core::case::{Case, SCHEMA};
    use nightshift_core::ids::fingerprint;
    use nightshift_core::policy::Policy;
    use serde_json::Value;

    /// A case packed, and what will be read of it.
    fn kept(event: &Value, observed: &Value) -> (Answer<Vec<u8>>, Case) {
        let policy = Policy::default();
        let new = NewCase {
            schema: SCHEMA,
            build: "0.1.0",
            function: "alarm-responder",
            incident: None,
            service: None,
            event,
            observed,
            policy: &policy,
            now: "2026-11-20T03:00:00Z".parse().unwrap(),
            plan: &Value::Null,
        };
        (packed("incident#1 case#000001", &new), Case::of(&new).unwrap())
    }

    /// Text that gzip cannot make smaller than half.
    fn noise() -> Value {
        (0..60_000).map(|number: u32| Value::from(fingerprint(&[&number.to_string()]))).collect()
    }

    #[test]
    fn a_case_comes_back_as_it_was_kept() {
        let (packed, case) = kept(&json!({"id": "ä"}), &json!([1.5]));
        assert_eq!(unpacked("case", &packed.unwrap()), Ok(case));
    }

    #[test]
    fn a_case_that_is_too_large_goes_without_its_event() {
        let (packed, whole) = kept(&noise(), &json!(1));
        let without: Case = unpacked("case", &packed.unwrap()).unwrap();
        assert_eq!(without, Case { event: json!({"left_out": "too large for the ledger"}), ..whole });
    }

    #[test]
    fn a_case_that_is_still_too_large_is_refused() {
        let fault = kept(&json!(1), &noise()).0.unwrap_err();
        assert!(fault.to_string().starts_with("dynamodb:PutItem incident#1 case#000001 failed"), "{fault}");
    }

    #[test]
    fn bytes_that_are_no_case_are_a_fault() {
        assert!(unpacked::<Case>("case", b"not gzip").is_err());
    }
}
