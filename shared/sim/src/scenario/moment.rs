//! Moments as a scenario writes them.

use std::str::FromStr;

use jiff::Timestamp;
use nightshift_core::span::Span;
use serde::Deserialize;

/// A moment: an offset from the scenario's event (`-7m`, `+90s`) or a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Moment {
    /// Seconds after the event; negative lies before it.
    Offset(i64),
    /// Whatever the event is.
    At(Timestamp),
}

impl Moment {
    /// So many minutes after the event.
    pub const fn minutes(minutes: i64) -> Self {
        Self::Offset(minutes * 60)
    }

    /// Seconds since the epoch, given those of the event.
    pub fn second(self, event: i64) -> i64 {
        match self {
            Self::Offset(seconds) => event + seconds,
            Self::At(at) => at.as_second(),
        }
    }
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("expected an offset like -7m or +90s, or a time like 2026-11-20T02:14:00Z, found {text:?}");
        let span = |rest: &str| rest.parse::<Span>().map(Span::as_seconds).map_err(|_| wrong());
        match text.split_at_checked(1) {
            Some(("-", rest)) => Ok(Self::Offset(-span(rest)?)),
            Some(("+", rest)) => Ok(Self::Offset(span(rest)?)),
            _ => text.parse().map(Self::At).map_err(|_| wrong()),
        }
    }
}

impl TryFrom<String> for Moment {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// At once, or not at all: what a scenario that says nothing of a duration means.
pub(super) fn no_time() -> Span {
    Span::seconds(0)
}
