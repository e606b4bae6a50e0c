//! The CPU that Lambda gives a function of so much memory: a share of one, by a quota of Linux.
//! During init it gives all of it, and so does the bench.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Lambda gives one CPU at 1769 MB.
const MEMORY_OF_A_CPU_MB: u64 = 1769;
/// The least that a function can have.
const SMALLEST_MB: u64 = 128;
/// The kernel deals the share out once in so many microseconds, as in Lambda.
const PERIOD_US: u64 = 20_000;
const NAME: &str = "nightshift-bench";

/// A control group of its own; removed when it is dropped.
#[derive(Debug)]
pub struct Share {
    /// Memory of the function.
    pub memory_mb: u64,
    folder: PathBuf,
    version: Version,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

/// Why a table is missing, and what would cure it.
#[derive(Debug, thiserror::Error)]
#[error("no CPU quota can be set ({says}); cure: run the bench as root where /sys/fs/cgroup can be written")]
pub struct NoShare {
    says: String,
}

impl Share {
    /// Makes the control group for 128 MB, without a quota yet.
    ///
    /// # Errors
    /// If this machine lets nobody make one here.
    pub fn make() -> Result<Self, NoShare> {
        let first = Self::of(Path::new("/sys/fs/cgroup/cpu"), Version::One);
        first.or_else(|one| {
            let two = Self::of(Path::new("/sys/fs/cgroup"), Version::Two);
            two.map_err(|two| NoShare { says: format!("version 1: {one}; version 2: {two}") })
        })
    }

    fn of(root: &Path, version: Version) -> io::Result<Self> {
        let share = Self { memory_mb: SMALLEST_MB, folder: root.join(NAME), version };
        if !share.folder.is_dir() {
            fs::create_dir(&share.folder)?;
        }
        if version == Version::One {
            fs::write(share.folder.join("cpu.cfs_period_us"), PERIOD_US.to_string())?;
        }
        share.open()?;
        Ok(share)
    }

    /// Puts a process into it.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn take(&self, process: u32) -> io::Result<()> {
        fs::write(self.folder.join("cgroup.procs"), process.to_string())
    }

    /// As much CPU as there is.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn open(&self) -> io::Result<()> {
        match self.version {
            Version::One => fs::write(self.folder.join("cpu.cfs_quota_us"), "-1"),
            Version::Two => fs::write(self.folder.join("cpu.max"), format!("max {PERIOD_US}")),
        }
    }

    /// From now on no more than the share.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn close(&self) -> io::Result<()> {
        let quota = PERIOD_US * self.memory_mb / MEMORY_OF_A_CPU_MB;
        match self.version {
            Version::One => fs::write(self.folder.join("cpu.cfs_quota_us"), quota.to_string()),
            Version::Two => fs::write(self.folder.join("cpu.max"), format!("{quota} {PERIOD_US}")),
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        // It stays if a process is still in it; the next bench takes it over.
        let _ = fs::remove_dir(&self.folder);
    }
}
