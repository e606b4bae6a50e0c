//! Amazon CloudWatch Logs: what a container said last, and log groups.

mod groups;

use std::collections::VecDeque;

use aws_sdk_cloudwatchlogs::types::OutputLogEvent;
use futures_util::FutureExt as _;
use nightshift_core::fault::FaultKind;
use nightshift_core::ports::{Answer, LogReads};
use nightshift_core::release::LogPlace;

use crate::client::Account;
use crate::fault::{fault, unreadable};

const OPERATION: &str = "logs:GetLogEvents";
/// The most that one request may ask for.
const MOST: u32 = 10_000;
/// A page may be empty although older ones are not; a stream that goes on like
/// that is not worth more of an invocation.
const PAGES: usize = 4;

impl LogReads for Account {
    async fn last_lines(&self, place: &LogPlace, container: &str, task: &str, lines: u32) -> Answer<Vec<String>> {
        let task = task.rsplit('/').next().unwrap_or(task);
        let stream = format!("{}/{container}/{task}", place.prefix);
        self.logs_are_here(place, &stream)?;
        let wanted = usize::try_from(lines).unwrap_or(usize::MAX);
        let (mut last, mut token) = (VecDeque::new(), None);
        for _ in 0..PAGES {
            if last.len() >= wanted {
                break;
            }
            let request = self.logs.get_log_events().log_group_name(&place.group).log_stream_name(&stream);
            let request = request.start_from_head(false).limit(i32::try_from(lines.min(MOST)).unwrap_or(i32::MAX));
            let page = match request.set_next_token(token.clone()).send().boxed().await {
                Ok(page) => page,
                Err(error) => {
                    let fault = fault(OPERATION, format!("{} {stream}", place.group), &error);
                    return if fault.kind == FaultKind::NotFound { Ok(Vec::new()) } else { Err(fault) };
                }
            };
            add_older(&mut last, page.events(), wanted);
            let older = page.next_backward_token().map(ToOwned::to_owned);
            // The same token again: the stream begins here.
            if older.is_none() || older == token {
                break;
            }
            token = older;
        }
        Ok(last.into())
    }
}

impl Account {
    /// A group of that name in this region would be another one.
    fn logs_are_here(&self, place: &LogPlace, stream: &str) -> Answer<()> {
        let here = &self.settings.region;
        match place.region.as_ref().filter(|region| *region != here) {
            None => Ok(()),
            Some(region) => {
                let name = format!("{} {stream}", place.group);
                Err(unreadable(OPERATION, name, format!("the log is in {region}, this stack in {here}")))
            }
        }
    }
}

/// Puts a page, which lies before what is there, in front of it, until there
/// are as many lines as wanted. An event may hold several lines.
fn add_older(last: &mut VecDeque<String>, events: &[OutputLogEvent], wanted: usize) {
    let mut events: Vec<&OutputLogEvent> = events.iter().collect();
    // Within a page AWS puts the oldest first; nothing says that it must.
    events.sort_by_key(|event| event.timestamp());
    for line in events.iter().rev().flat_map(|event| event.message().unwrap_or_default().lines().rev()) {
        if last.len() >= wanted {
            return;
        }
        last.push_front(line.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(at: i64, message: &str) -> OutputLogEvent {
        OutputLogEvent::builder().timestamp(at).message(message).build()
    }

    #[test]
    fn pages_are_put_together_backwards_and_lines_counted_not_events() {
        let mut last = VecDeque::new();
        add_older(&mut last, &[event(3, "panic:\n  at main\n"), event(4, "exit 1")], 5);
        assert_eq!(last, ["panic:", "  at main", "exit 1"]);
        add_older(&mut last, &[], 5);
        add_older(&mut last, &[event(1, "first"), event(1, "second"), event(2, "third")], 5);
        assert_eq!(last, ["second", "third", "panic:", "  at main", "exit 1"]);
    }

    #[test]
    fn a_page_in_the_other_order_reads_the_same() {
        let mut last = VecDeque::new();
        add_older(&mut last, &[event(2, "later"), event(1, "earlier")], 1);
        assert_eq!(last, ["later"]);
    }
}
