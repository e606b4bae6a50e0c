//! What happened to a deployment, line by line.

use jiff::Timestamp;
use nightshift_core::notice::Section;
use nightshift_core::verdict::{Failure, Release};

use crate::words_of_release::failure_words;

/// Failures that are told one by one; the rest is a number.
const TOLD: usize = 8;

/// The deployment's events as far as they are known, in order.
pub fn course(release: &Release) -> Section {
    let mut lines: Vec<(Timestamp, String)> = vec![(release.began_at, format!("{} begins", release.name()))];
    lines.extend(release.failures.iter().take(TOLD).map(|failure| (failure.at, failed(failure))));
    if let Some(last) = release.failures.get(TOLD..).and_then(|more| more.last()) {
        let more = (release.failed as usize).max(release.failures.len()) - TOLD;
        lines.push((last.at, format!("the last of {more} more failures")));
    }
    lines.extend(release.given_up_at.map(|at| (at, "seen to be given up by ECS".to_owned())));
    lines.extend(release.paused_at.map(|at| (at, "last seen to wait at a pause hook".to_owned())));
    let ended = release.reason.as_deref().unwrap_or("it ended");
    lines.extend(release.ended_at.map(|at| (at, ended.to_owned())));
    lines.sort_by_key(|(at, _)| *at);
    let lines = lines.into_iter().map(|(at, what)| format!("{} {what}", at.strftime("%H:%M:%S"))).collect();
    Section { title: "The deployment, times in UTC".to_owned(), lines, aligned: true }
}

fn failed(failure: &Failure) -> String {
    let task = failure.crash.and_then(|_| failure.of.rsplit('/').next());
    let task = task.map_or_else(String::new, |task| format!("task {}: ", task.chars().take(8).collect::<String>()));
    format!("{task}{}", failure_words(failure))
}
