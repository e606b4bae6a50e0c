//! Rollbacks that nobody announced.
//!
//! ECS marks its own by their status; a person's, and ours, look like any other
//! deployment. They are known by what they deploy: what ran before the release
//! that they replace. Histories are newest first, as AWS gives them.

use nightshift_core::release::ServiceDeployment;
use nightshift_release::kind::{is_older, same};

/// Whether the deployment at `index` went back: it replaced a release by an
/// older one, see [`is_older`]. The same tasks again are a restart and no
/// rollback; a restart of what a rollback brought still is one.
pub fn goes_back(history: &[ServiceDeployment], index: usize) -> bool {
    let Some(one) = history.get(index) else { return false };
    let before = &history[index + 1..];
    let replaced = before.iter().position(|other| !same(&one.target, &other.target));
    replaced.is_some_and(|place| is_older(history, index, index + 1 + place))
}

/// Whether somebody fled from the release at `index`: a later deployment went
/// back behind it.
pub fn taken_back(history: &[ServiceDeployment], index: usize) -> bool {
    (0..index).any(|later| is_older(history, later, index))
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;
    use nightshift_core::ids::{Digest, RevisionArn, ServiceDeploymentArn, TaskDefinitionArn};
    use nightshift_core::release::{DeploymentStatus, Revision, RevisionImage};

    use super::*;

    /// Minutes that a release runs.
    const RUNS: i64 = 60;
    const RUNS_BRIEFLY: i64 = 10;

    /// A history from words like `web:42@a`, oldest first: what runs, and its
    /// image's digest if that is known. `!` marks one that never completed, `~`
    /// one that was soon replaced.
    pub(crate) fn history(words: &str) -> Vec<ServiceDeployment> {
        let mut minute = 0;
        let deployment = |word: &str| {
            let (begun, brief) = (minute, word.ends_with('~'));
            minute += if brief { RUNS_BRIEFLY } else { RUNS };
            let stopped = word.ends_with('!');
            let (runs, digest) = word.trim_end_matches(['~', '!']).split_once('@').unwrap_or((word, ""));
            let runs = runs.trim_end_matches(['~', '!']);
            let digest = (!digest.is_empty()).then(|| Digest::new(digest));
            let at = Timestamp::from_second(begun * 60).unwrap();
            ServiceDeployment {
                arn: ServiceDeploymentArn::new(format!("deployment/{begun}")),
                status: if stopped { DeploymentStatus::Stopped } else { DeploymentStatus::Successful },
                created_at: at,
                started_at: Some(at),
                finished_at: Some(at),
                target: Revision {
                    arn: RevisionArn::new(format!("revision/{begun}")),
                    task_definition: TaskDefinitionArn::new(runs),
                    created_at: Some(at),
                    images: BTreeMap::from([("app".to_owned(), RevisionImage { image: "web:latest".into(), digest })]),
                    surroundings: String::new(),
                },
                sources: Vec::new(),
                reason: None,
                rolled_back_to: None,
                paused_at_hook: None,
                rolls_back: false,
                stage: None,
                planned_wait_s: 0,
            }
        };
        let mut history: Vec<ServiceDeployment> = words.split(' ').map(deployment).collect();
        history.reverse();
        history
    }

    #[track_caller]
    fn check(words: &str, expect: bool) {
        assert_eq!(goes_back(&history(words), 0), expect, "{words}");
    }

    #[test]
    fn a_rollback_is_known_by_what_it_deploys() {
        check("web:41@a web:42@b web:41@a", true);
        // Registered anew, with the images of what ran before.
        check("web:41@a web:42@b web:43@a", true);
        // Under the same tag, moved there and back.
        check("web:1@a web:1@b web:1@a", true);
        // To a family that ran before.
        check("blue:7@a green:1@b blue:7@a", true);
        // Older than what the history still knows.
        check("web:42@b web:40@x", true);
        // A configuration alone, taken back.
        check("web:41@a web:42@a web:41@a", true);
        // Restarted since, and fled from before it had even completed.
        check("web:41@a web:42@b web:41@a web:41@a", true);
        check("web:41@a web:42@b! web:41@a", true);
        check("web:41 web:42 web:41", true);
    }

    #[test]
    fn what_goes_on_is_no_rollback() {
        check("web:41@a", false);
        check("web:41@a web:42@b", false);
        check("web:41@a web:41@a", false);
        check("web:41@a web:42@b web:42@b", false);
        check("web:1@a web:1@b", false);
        check("web:1 web:1", false);
        // The same images with another configuration, again and again.
        check("web:41@a web:42@a web:43@a", false);
        check("web:41@a web:42@b web:41@a web:43@a", false);
        // What was fled from, once more.
        check("web:41@a web:42@b web:41@a web:42@b", false);
        check("web:41@a web:42@b web:43@a web:44@b", false);
        // A second attempt at what never completed.
        check("web:41@a web:42@b! web:43@c web:44@b", false);
    }

    #[test]
    fn what_a_rollback_goes_back_behind_is_taken_back() {
        // Newest first: the rollback, the two it flees from, what it returns to.
        let fled = history("web:41@a web:42@b web:43@c web:44@a");
        let taken: Vec<bool> = (0..4).map(|index| taken_back(&fled, index)).collect();
        assert_eq!(taken, [false, true, true, false]);
        // Deployed once more later, and not fled from again.
        let again = history("web:41@a web:42@b web:41@a web:42@b web:43@c");
        let taken: Vec<bool> = (0..5).map(|index| taken_back(&again, index)).collect();
        assert_eq!(taken, [false, false, false, true, false]);
    }
}
