//! The hard gate beside the score: the onset lies after the release began, and at
//! least one sign is specific to it. What was not seen opens nothing.

use std::fmt;

use jiff::Timestamp;
use nightshift_core::alarm::LiveAlarm;
use nightshift_core::policy::Policy;

use crate::evidence::{self, tasks::Ends};
use crate::scene::{Order, Scene};
use crate::traffic::{Rate, Traffic};
use crate::view::ServiceView;
use crate::weights::{self, Weight};

/// Whether a release may be blamed at all, and by what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Shut: nothing was released lately, or nothing shows when the symptom began.
    Undated,
    /// Shut: the symptom was there first.
    Before,
    /// Shut: it came in order, and nothing is specific to it.
    Unspecific,
    /// Open: tasks of the release alone end badly.
    Crashes,
    /// Open: nothing else explains the symptom, and the release before had none of it.
    CleanBefore,
    /// Open: nothing else explains it, and it came soon at the usual rate of requests.
    Soon,
}

/// The pieces of evidence by which the onset has its place, …
const ONSET: [Weight; 5] = [
    weights::ONSET_WITH_RELEASE,
    weights::ONSET_AS_RELEASE_SERVED,
    weights::ONSET_AS_TASKS_CAME,
    weights::ONSET_SOON_AFTER_RELEASE,
    weights::ONSET_LATER_AFTER_RELEASE,
];
/// … and those in which tasks of the release alone end badly.
const ENDS: [Weight; 4] = [
    weights::CRASHES_OF_NEW_ALONE,
    weights::CRASH_OF_NEW_ALONE,
    weights::CRASHES_OF_NEW_AMID_OTHERS,
    weights::START_FAILURES_OF_NEW,
];

impl Gate {
    /// The gate as `diagnose` asked for it.
    pub fn of(view: &ServiceView, alarm: Option<&LiveAlarm>, policy: &Policy, now: Timestamp) -> Self {
        Self::without(&Scene::new(view, alarm, policy, now), None)
    }

    /// The same, had the piece of evidence of that name not been found.
    pub(crate) fn without(scene: &Scene, piece: Option<&str>) -> Self {
        let stands = |weight: &Weight| piece != Some(weight.name);
        let crashes = Ends::of(scene).is_some_and(|ends| ends.specific()) && ENDS.iter().all(stands);
        let nothing_else = scene.explained_elsewhere() == Some(false) && stands(&weights::ALONE);
        let clean = evidence::previous_clean(scene).filter(|clean| !clean || stands(&weights::PREVIOUS_CLEAN));
        let flat = scene.traffic.as_ref().map(Traffic::rate) == Some(Rate::Flat) && stands(&weights::LOAD_USUAL_THEN);
        match scene.order().filter(|order| *order == Order::Before || ONSET.iter().all(stands)) {
            None => Self::Undated,
            Some(Order::Before) => Self::Before,
            Some(_) if crashes => Self::Crashes,
            // A datapoint cannot tell which came first; the tasks can. Where they may
            // have served in that minute, one that had no other trouble can as well.
            Some(Order::SameMinute { early }) => match (early && flat && nothing_else, clean) {
                (true, Some(true)) => Self::CleanBefore,
                _ => Self::Unspecific,
            },
            Some(Order::After(delay)) => {
                let soon = scene.lineup.is_some_and(|lineup| evidence::soon(scene, &lineup, delay));
                match (nothing_else, clean) {
                    (true, Some(true)) => Self::CleanBefore,
                    (true, None) if soon && flat => Self::Soon,
                    _ => Self::Unspecific,
                }
            }
        }
    }

    /// A release may be blamed.
    pub fn open(self) -> bool {
        matches!(self, Self::Crashes | Self::CleanBefore | Self::Soon)
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Undated => "shut: no release is within reach, or nothing shows when the symptom began",
            Self::Before => "shut: the symptom was there before the release",
            Self::Unspecific => "shut: no sign is specific to the release",
            Self::Crashes => "open: the symptom came after the release, and tasks of it alone end badly",
            Self::CleanBefore => {
                "open: the symptom came after the release, the one before had none of it, and nothing else explains it"
            }
            Self::Soon => {
                "open: the symptom came soon after the release at the usual rate of requests, and nothing else explains it"
            }
        })
    }
}
