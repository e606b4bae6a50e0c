//! What is uploaded to Lambda, zipped.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// A zip's headers around its one file.
const HEADERS: u64 = 150;

/// Bytes of the zip: of a program, as `cargo lambda` would zip it.
///
/// # Errors
/// If it cannot be read.
pub fn zipped(artifact: &Path) -> io::Result<u64> {
    if artifact.extension().is_some_and(|kind| kind == "zip") {
        return Ok(fs::metadata(artifact)?.len());
    }
    let mut encoder = DeflateEncoder::new(Counter::default(), Compression::default());
    encoder.write_all(&fs::read(artifact)?)?;
    Ok(encoder.finish()?.0 + HEADERS)
}

/// Counts what is written and keeps none of it.
#[derive(Debug, Default)]
struct Counter(u64);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
