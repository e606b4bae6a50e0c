//! What containers say: a first line, a sign of life now and then, and last
//! words that fit the way in which they ended.

use nightshift_core::task::{Crash, StoppedTask};

use super::service::Machine;

/// Seconds from one sign of life to the next.
const ALIVE_S: i64 = 30;
/// The one container of every task.
const CONTAINER: &str = "app";

/// A line and when it was written.
pub(crate) type Line = (i64, String);

/// A task that ran, as far as its log tells of it.
struct Life {
    arn: String,
    release: String,
    from: i64,
    until: i64,
    last_words: Vec<String>,
}

impl Machine {
    /// The last lines of a container of a task, oldest first. A task whose
    /// containers never ran has said nothing.
    pub(crate) fn said(&self, container: &str, task: &str, lines: usize, now: i64) -> Vec<Line> {
        let life = self.lives(now).into_iter().find(|life| container == CONTAINER && id(&life.arn) == task);
        life.map(|life| life.last(lines)).unwrap_or_default()
    }

    /// The streams of tasks that ran within the last hours, by their names, each
    /// with its last lines.
    pub(crate) fn streams(&self, lines: usize, now: i64) -> Vec<(String, Vec<Line>)> {
        let prefix = self.log_place().prefix;
        let stream = |life: Life| (format!("{prefix}/{CONTAINER}/{}", id(&life.arn)), life.last(lines));
        self.lives(now).into_iter().map(stream).collect()
    }

    fn lives(&self, now: i64) -> Vec<Life> {
        let ended = self.stopped.iter().filter_map(|task| {
            let until = task.stopped_at?.as_second();
            let release = task.task_definition.short().to_owned();
            let from = task.started_at?.as_second();
            Some(Life { arn: task.arn.clone(), release, from, until, last_words: last_words(task) })
        });
        let running = self.tasks.iter().filter_map(|task| {
            let number = self.revisions[self.rollouts[task.rollout].revision].number;
            let release = self.task_definition(number).short().to_owned();
            let arn = self.task_arn(task.serial);
            Some(Life { arn, release, from: task.started?, until: now, last_words: Vec::new() })
        });
        ended.chain(running).collect()
    }
}

impl Life {
    fn last(&self, lines: usize) -> Vec<Line> {
        let last_words = self.last_words.iter().rev().map(|words| (self.until, words.clone()));
        let beats = (self.until - self.from - 1).max(0) / ALIVE_S;
        let alive = (1..=beats).rev().map(|beat| {
            let seconds = beat * ALIVE_S;
            (self.from + seconds, format!("INFO alive for {seconds} seconds"))
        });
        let first = (self.from, format!("INFO {} listens on port 8080", self.release));
        let mut last: Vec<Line> = last_words.chain(alive).chain([first]).take(lines).collect();
        last.reverse();
        last
    }
}

fn last_words(task: &StoppedTask) -> Vec<String> {
    let code = task.containers.first().and_then(|end| end.exit_code).unwrap_or_default();
    let words: &[&str] = match task.crash() {
        // The kernel leaves no time for more.
        Some(Crash::OutOfMemory) => &["WARN memory at 91 % of its limit", "WARN memory at 99 % of its limit"],
        Some(Crash::HealthCheck) => &["WARN GET /health answered 503", "INFO got SIGTERM, ends"],
        Some(Crash::Exit) => &["ERROR unhandled error in the main loop", "ERROR cannot go on"],
        Some(_) => &[],
        None => &["INFO got SIGTERM, ends"],
    };
    let exits = (task.crash() == Some(Crash::Exit)).then(|| format!("FATAL exits with code {code}"));
    words.iter().map(|words| (*words).to_owned()).chain(exits).collect()
}

fn id(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}
