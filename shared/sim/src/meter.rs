//! What calls use, and where AWS would hold them back: the ledger's units by key and
//! second, calls by operation and second, and the rates that AWS lets.
//!
//! Off until it is asked for, since it measures every item.

use std::collections::BTreeMap;

use serde::Serialize;

/// An SDK tries again for about so long, with backoff, before a throttled call fails.
const PATIENCE_S: f64 = 7.0;
/// Keys, version and time to live of an item, about.
const BESIDE_THE_DOCUMENT: usize = 160;
/// An item of an index that holds keys alone, with what DynamoDB adds to each.
pub(crate) const KEYS: usize = 300;

/// How fast an operation may be called in one account and Region.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rate {
    /// Calls a second, for as long as one likes.
    pub per_second: f64,
    /// Calls at once, after a rest.
    pub burst: f64,
}

/// What was called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Called {
    /// Calls, pages of one counted each.
    pub all: u64,
    /// Most in one second.
    pub peak: u64,
    /// Held back until the SDK tried again.
    pub waited: u64,
    /// Held back for longer than an SDK tries: the function saw a fault.
    pub failed: u64,
}

/// Units of the ledger that one kind of item used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Units {
    /// Read units.
    pub read: f64,
    /// Write units.
    pub write: f64,
    /// Most read units of one key in one second.
    pub peak_read: f64,
    /// Most write units of one key in one second.
    pub peak_write: f64,
}

/// What was used since the meter was switched on.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Used {
    /// By operation, as IAM spells it.
    pub calls: BTreeMap<String, Called>,
    /// By kind of item.
    pub units: BTreeMap<&'static str, Units>,
}

/// The meter and its limits.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    pub(crate) on: bool,
    rates: BTreeMap<String, Rate>,
    /// Calls left now, below 0 if some wait, and when that was.
    left: BTreeMap<String, (f64, i64)>,
    second: i64,
    calls_now: BTreeMap<String, u64>,
    units_now: BTreeMap<(&'static str, String), (f64, f64)>,
    used: Used,
}

impl Meter {
    pub(crate) fn limit(&mut self, operation: &str, rate: Rate) {
        self.rates.insert(operation.to_owned(), rate);
    }

    /// Counts calls of this second; `true`: AWS throttles beyond an SDK's patience.
    pub(crate) fn throttles(&mut self, operation: &str, calls: u64, now: i64) -> bool {
        if !self.on {
            return false;
        }
        self.turn(now);
        let called = self.used.calls.entry(operation.to_owned()).or_default();
        called.all += calls;
        let this_second = self.calls_now.entry(operation.to_owned()).or_default();
        *this_second += calls;
        called.peak = called.peak.max(*this_second);
        let Some(rate) = self.rates.get(operation) else { return false };
        let (left, since) = self.left.entry(operation.to_owned()).or_insert((rate.burst, now));
        *left = (*left + (now - *since) as f64 * rate.per_second).min(rate.burst);
        *since = now;
        if *left - (calls as f64) < -PATIENCE_S * rate.per_second {
            called.failed += calls;
            return true;
        }
        *left -= calls as f64;
        called.waited += if *left < 0.0 { calls } else { 0 };
        false
    }

    /// Reads so many bytes of one key; not consistently costs half.
    pub(crate) fn read(&mut self, kind: &'static str, key: &str, bytes: usize, consistent: bool, now: i64) {
        let units = bytes.max(1).div_ceil(4096) as f64 * if consistent { 1.0 } else { 0.5 };
        self.add(kind, key, (units, 0.0), now);
    }

    /// Writes so many bytes of one key; in a transaction costs double.
    pub(crate) fn write(&mut self, kind: &'static str, key: &str, bytes: usize, transaction: bool, now: i64) {
        let units = bytes.max(1).div_ceil(1024) as f64 * if transaction { 2.0 } else { 1.0 };
        self.add(kind, key, (0.0, units), now);
    }

    fn add(&mut self, kind: &'static str, key: &str, (read, write): (f64, f64), now: i64) {
        if !self.on {
            return;
        }
        self.turn(now);
        let of_key = self.units_now.entry((kind, key.to_owned())).or_default();
        of_key.0 += read;
        of_key.1 += write;
        let units = self.used.units.entry(kind).or_default();
        units.read += read;
        units.write += write;
        units.peak_read = units.peak_read.max(of_key.0);
        units.peak_write = units.peak_write.max(of_key.1);
    }

    /// Another second begins.
    fn turn(&mut self, now: i64) {
        if self.second != now {
            self.second = now;
            self.calls_now.clear();
            self.units_now.clear();
        }
    }

    pub(crate) fn used(&self) -> Used {
        self.used.clone()
    }
}

/// Bytes of an item that holds this document.
pub(crate) fn bytes(document: &impl Serialize) -> usize {
    BESIDE_THE_DOCUMENT + serde_json::to_vec(document).map_or(0, |text| text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_lets_a_burst_through_then_holds_back_then_fails() {
        let mut meter = Meter { on: true, ..Meter::default() };
        meter.limit("ecs:X", Rate { per_second: 2.0, burst: 10.0 });
        let failed = (0..30).filter(|_| meter.throttles("ecs:X", 1, 0)).count();
        // Ten at once, and fourteen that the SDK's attempts bring through.
        assert_eq!(failed, 6);
        assert!(!meter.throttles("ecs:X", 1, 1));
        let called = meter.used().calls["ecs:X"];
        assert_eq!(called, Called { all: 31, peak: 30, waited: 15, failed: 6 });
    }

    #[test]
    fn units_are_counted_as_dynamodb_counts_them() {
        let mut meter = Meter { on: true, ..Meter::default() };
        meter.read("service", "a", 4097, true, 0);
        meter.read("index", "1", 4096, false, 0);
        meter.write("service", "a", 1025, true, 0);
        meter.write("service", "b", 1, false, 0);
        meter.write("service", "a", 1, false, 1);
        let units = meter.used().units;
        assert_eq!((units["service"].read, units["index"].read), (2.0, 0.5));
        assert_eq!((units["service"].write, units["service"].peak_write), (6.0, 4.0));
    }
}
