//! What a process has used, as Linux tells it.
//!
//! Not from `wait4`: there the peak of a process is never below that of whoever
//! started it, and the bench is larger than what it measures.

use std::fs;
use std::io;
use std::time::Duration;

/// CPU and memory of a process so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// CPU time of all threads that live.
    pub cpu: Duration,
    /// Largest resident set, in bytes.
    pub peak_rss: u64,
}

impl Usage {
    /// Of a process that lives.
    ///
    /// # Errors
    /// If it is gone.
    pub fn of(process: u32) -> io::Result<Self> {
        let status = fs::read_to_string(format!("/proc/{process}/status"))?;
        let mut cpu = Duration::ZERO;
        for thread in fs::read_dir(format!("/proc/{process}/task"))? {
            // A thread may end while it is looked at.
            if let Ok(text) = fs::read_to_string(thread?.path().join("schedstat")) {
                cpu += on_cpu(&text);
            }
        }
        Ok(Self { cpu, peak_rss: peak(&status) })
    }
}

/// The first of `schedstat`'s three numbers: nanoseconds on a CPU.
fn on_cpu(text: &str) -> Duration {
    Duration::from_nanos(text.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or_default())
}

/// The line `VmHWM:    8460 kB`.
fn peak(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next()).and_then(|number| number.parse::<u64>().ok());
    number.unwrap_or_default() * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_process_uses_what_linux_says() {
        assert_eq!(on_cpu("1500 20 3\n"), Duration::from_nanos(1500));
        assert_eq!(peak("Name:\tx\nVmHWM:\t    8460 kB\n"), 8460 * 1024);
        assert!(Usage::of(std::process::id()).unwrap().peak_rss > 0);
    }
}
