//! Secrets.

use nightshift_core::fault::FaultKind;
use nightshift_core::ports::SecretReads;

use crate::{Verdict, fails, got, holds};

/// What the secret holds: not only what is easy to carry.
pub const SECRET: &str = include_str!("../secret.txt");

/// Runs the suite on the secret of this ARN, which must hold [`SECRET`].
///
/// # Errors
/// The first thing that is not as it must be; never what a secret holds.
pub async fn secrets<W: SecretReads>(world: &W, arn: &str) -> Verdict {
    let found = got("the secret", world.secret(arn).await)?;
    holds("what was put into it", &found.len(), found == SECRET)?;
    fails("a secret that is not there", world.secret(&format!("{arn}x")).await, FaultKind::NotFound)
}
