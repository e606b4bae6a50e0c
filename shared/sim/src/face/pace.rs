//! How fast an account behind the HTTP face moves: with the wall's clock, by a
//! factor, and further when it is told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};

use crate::account::Account;

/// An account that moves.
#[derive(Clone, Debug)]
pub struct Pace {
    account: Account,
    began: Timestamp,
    since: Instant,
    factor: u32,
    /// Seconds it was told to skip.
    skipped: Arc<AtomicI64>,
}

impl Pace {
    /// The account moves from where it stands, `factor` seconds in each second.
    pub fn new(account: Account, factor: u32) -> Self {
        let began = account.now();
        Self { account, began, since: Instant::now(), factor, skipped: Arc::default() }
    }

    /// The account.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Lets happen what should have happened by now.
    pub fn catch_up(&self) {
        let passed = i64::try_from(self.since.elapsed().as_millis()).unwrap_or(i64::MAX);
        let seconds = passed.saturating_mul(i64::from(self.factor)) / 1000 + self.skipped.load(Ordering::SeqCst);
        let to = self.began.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX);
        self.account.advance_to(to);
    }

    /// Skips so many seconds.
    pub fn skip(&self, seconds: u32) {
        self.skipped.fetch_add(i64::from(seconds), Ordering::SeqCst);
        self.catch_up();
    }
}
