//! Lambda as far as a storm feels it: so many at once, the rest waits in the queue of
//! asynchronous events, is tried again with backoff, and expires.

use std::collections::BTreeMap;

/// `MaximumEventAgeInSeconds` of the functions that answer, in `template.yaml`.
const EVENT_AGE_MS: i64 = 900_000;
/// The longest pause between two tries of a throttled event.
const LONGEST_PAUSE_MS: i64 = 300_000;

/// What became of the events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Lambda {
    /// Invocations, retries included.
    pub invocations: u64,
    /// Tries that found no free place.
    pub throttled: u64,
    /// Most at once.
    pub most_at_once: u64,
    /// Events that grew too old in the queue.
    pub expired: u64,
    /// Milliseconds of all invocations.
    pub milliseconds: u64,
}

/// The places that run and the events that wait.
#[derive(Debug)]
pub struct Places<T> {
    limit: usize,
    /// Ends of running invocations.
    ends: Vec<i64>,
    waiting: BTreeMap<(i64, u64), Waiting<T>>,
    sent: u64,
    /// What became of the events so far.
    pub lambda: Lambda,
}

#[derive(Debug)]
struct Waiting<T> {
    since: i64,
    tries: u32,
    event: T,
}

impl<T> Places<T> {
    /// So many at once.
    pub fn new(limit: usize) -> Self {
        Self { limit, ends: Vec::new(), waiting: BTreeMap::new(), sent: 0, lambda: Lambda::default() }
    }

    /// An event arrives then.
    pub fn send(&mut self, at_ms: i64, event: T) {
        self.put(at_ms, Waiting { since: at_ms, tries: 0, event });
    }

    fn put(&mut self, at_ms: i64, waiting: Waiting<T>) {
        self.sent += 1;
        self.waiting.insert((at_ms, self.sent), waiting);
    }

    /// When the next event is to be tried.
    pub fn next(&self) -> Option<i64> {
        self.waiting.keys().next().map(|(at, _)| *at)
    }

    /// The events that begin to be answered in the second before `now_ms`, and those
    /// that have expired.
    pub fn begin(&mut self, now_ms: i64) -> (Vec<T>, Vec<T>) {
        self.ends.retain(|end| *end > now_ms);
        let later = self.waiting.split_off(&(now_ms + 1, 0));
        let due = std::mem::replace(&mut self.waiting, later);
        let (mut begun, mut expired) = (Vec::new(), Vec::new());
        for waiting in due.into_values() {
            if now_ms - waiting.since > EVENT_AGE_MS {
                self.lambda.expired += 1;
                expired.push(waiting.event);
            } else if self.ends.len() + begun.len() < self.limit {
                begun.push(waiting.event);
            } else {
                self.lambda.throttled += 1;
                let pause = (1000_i64 << waiting.tries.min(20)).min(LONGEST_PAUSE_MS);
                self.put(now_ms + pause, Waiting { tries: waiting.tries + 1, ..waiting });
            }
        }
        (begun, expired)
    }

    /// So many run for so long from now on.
    pub fn run(&mut self, begun: usize, now_ms: i64, lasts_ms: i64) {
        self.ends.extend(std::iter::repeat_n(now_ms + lasts_ms, begun));
        self.lambda.invocations += begun as u64;
        self.lambda.milliseconds += begun as u64 * lasts_ms.unsigned_abs();
        self.lambda.most_at_once = self.lambda.most_at_once.max(self.ends.len() as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_finds_no_place_is_tried_again_and_expires_in_the_end() {
        let mut places = Places::new(1);
        places.send(0, 'a');
        places.send(0, 'b');
        assert_eq!(places.begin(0), (vec!['a'], vec![]));
        places.run(1, 0, 1500);
        assert_eq!(places.begin(1000), (vec![], vec![]));
        assert_eq!(places.next(), Some(3000));
        assert_eq!(places.begin(3000), (vec!['b'], vec![]));
        places.run(1, 3000, i64::from(u32::MAX));
        places.send(3000, 'c');
        let mut expired = Vec::new();
        while let Some(next) = places.next() {
            expired.extend(places.begin(next).1);
        }
        assert_eq!((expired, places.lambda.expired, places.lambda.invocations), (vec!['c'], 1, 2));
    }
}
