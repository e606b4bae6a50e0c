//! How far each finding moves its cause, in hundredths of log-odds (base e):
//! 70 doubles the odds, 161 makes them five times as high, 230 ten times.
//!
//! The values were set by judgement and then checked on seeded scenarios
//! (`tests/diagnosis/fit.rs`), which fail if a change makes the diagnosis worse.

use nightshift_core::cause::Cause;

/// Findings of one group about one cause largely say the same thing; their sum
/// is capped, so that saying it three ways does not prove it thrice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Group {
    /// When the symptom began.
    Onset,
    /// How tasks ended.
    Tasks,
    /// Why tasks could not start, in AWS's own words.
    Start,
    /// How the same metric did before.
    Before,
    /// Requests and CPU.
    Load,
    /// Memory.
    Memory,
    /// Who else is unwell.
    Neighbours,
    /// What AWS admits.
    Provider,
    /// The alarm itself.
    Alarm,
}

impl Group {
    /// The most that the group may move one cause, either way.
    pub(crate) const fn cap(self) -> i32 {
        match self {
            Self::Onset => 450,
            Self::Tasks => 240,
            Self::Start => 500,
            Self::Before => 150,
            Self::Load => 280,
            Self::Memory => 260,
            Self::Neighbours => 280,
            Self::Provider => 480,
            Self::Alarm => 300,
        }
    }
}

/// A named weight.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Weight {
    pub(crate) name: &'static str,
    pub(crate) cause: Cause,
    pub(crate) hundredths: i32,
    pub(crate) group: Group,
}

/// What a cause starts from when an alarm fires and nothing else is known.
pub(crate) const fn prior(cause: Cause) -> i32 {
    match cause {
        // Of the alarms that fire, about every fourth is a release's.
        Cause::Release => -100,
        // Load and dependencies share most of the rest, and each shows itself.
        Cause::Load | Cause::Dependency => -150,
        // Leaks are rarer; what is sparse or over is common but says so.
        Cause::MemoryLeak | Cause::Noise => -200,
        // AWS is seldom to blame, and these last two show in no other way.
        Cause::Provider => -300,
        Cause::Configuration | Cause::ImageUnavailable => -350,
        // Not summed: the complement of the likeliest.
        Cause::Unknown => 0,
    }
}

/// Declares weights: name, cause, hundredths and group, each with its why.
macro_rules! weights {
    ($($(#[doc = $why:literal])+ $constant:ident = $name:literal, $cause:ident, $hundredths:literal, $group:ident;)+) => {
        $($(#[doc = $why])+ pub(crate) const $constant: Weight =
            Weight { name: $name, cause: Cause::$cause, hundredths: $hundredths, group: Group::$group };)+

        #[cfg(test)]
        const ALL: &[Weight] = &[$($constant),+];
    };
}

weights! {
    /// What was not deployed cannot have broken it: this ends the question.
    NO_RELEASE = "no-release", Release, -400, Onset;
    /// An effect does not come before its cause; only a wrong onset could save
    /// the suspicion.
    ONSET_BEFORE_RELEASE = "onset-before-release", Release, -450, Onset;
    /// Within a minute a datapoint cannot tell which came first; new tasks take
    /// most of a minute to serve, so it hardly moves anything.
    ONSET_WITH_RELEASE = "onset-with-release", Release, 20, Onset;
    /// Where the release began early in that minute, its tasks may have served in
    /// it, and a minute is a narrow window for chance: per minute it is as telling
    /// as soon after.
    ONSET_AS_RELEASE_SERVED = "onset-as-release-served", Release, 170, Onset;
    /// Most regressions show as soon as new tasks serve: within four minutes, or
    /// while a slow rollout lasts. Of the unrelated troubles within an hour of a
    /// release about one in fifteen falls there.
    ONSET_AS_TASKS_CAME = "onset-as-tasks-came", Release, 190, Onset;
    /// After that and up to ten minutes, chance is as frequent as what needs some
    /// minutes to show: alone it is a reason to ask, and not to act.
    ONSET_SOON_AFTER_RELEASE = "onset-soon-after-release", Release, 110, Onset;
    /// Later within the blame window chance is a serious rival.
    ONSET_LATER_AFTER_RELEASE = "onset-later-after-release", Release, 70, Onset;
    /// A symptom that shows nowhere cannot be dated, and guilt by date was the
    /// reason to suspect the release.
    ONSET_UNSEEN = "onset-unseen", Release, -60, Onset;

    /// Two tasks of the new release that die by themselves, while those of the
    /// old one did not, are the clearest sign there is.
    CRASHES_OF_NEW_ALONE = "crashes-of-new-alone", Release, 200, Tasks;
    /// One may be chance.
    CRASH_OF_NEW_ALONE = "crash-of-new-alone", Release, 80, Tasks;
    /// Without a sight of how the old ones did, it is half a contrast.
    CRASHES_OF_NEW = "crashes-of-new", Release, 90, Tasks;
    /// Where others fail at the same time or load is high, crashes follow from
    /// that as well.
    CRASHES_OF_NEW_AMID_OTHERS = "crashes-of-new-amid-others", Release, 40, Tasks;
    /// Health checks fail for slowness too, which has many causes.
    HEALTH_CHECKS_OF_NEW_ALONE = "health-checks-of-new-alone", Release, 90, Tasks;
    /// What the new release needs and cannot have came with it; going back
    /// would help, though it is not its code.
    START_FAILURES_OF_NEW = "start-failures-of-new", Release, 130, Tasks;
    /// All its tasks had started once: what keeps later ones from it is newer.
    START_FAILURES_SINCE = "start-failures-since", Release, -240, Tasks;
    /// If both crash, what they have in common is the cause.
    CRASHES_OF_BOTH = "crashes-of-both", Release, -150, Tasks;
    /// The new release is the one that does not crash.
    CRASHES_OF_OLD_ALONE = "crashes-of-old-alone", Release, -240, Tasks;
    /// A pull that fails says what is wrong.
    PULLS_FAIL = "pulls-fail", ImageUnavailable, 500, Start;
    /// So does a secret that cannot be had.
    RESOURCES_FAIL = "resources-fail", Configuration, 500, Start;

    /// It is the contrast that a finished rollout leaves: the same metric under
    /// the release before, for at least its soak.
    PREVIOUS_CLEAN = "previous-clean", Release, 80, Before;
    /// The trouble was there under the release before.
    PREVIOUS_SICK = "previous-sick", Release, -130, Before;
    /// Nothing like it on other days: a little, since most hours are quiet.
    QUIET_ON_OTHER_DAYS = "quiet-on-other-days", Release, 20, Before;
    /// A job, a peak or a backup does this at this hour.
    SAME_YESTERDAY = "same-yesterday", Release, -150, Before;
    /// Weekly jobs exist too.
    SAME_LAST_WEEK = "same-last-week", Release, -110, Before;
    /// What comes at the same hour and goes again is the metric's habit.
    HABIT = "habit", Noise, 120, Before;

    /// At twice the usual rate load explains the symptom by itself.
    LOAD_FAR_ABOVE = "load-far-above", Load, 230, Load;
    /// Above the common headroom it may.
    LOAD_ABOVE = "load-above", Load, 130, Load;
    /// With the usual rate it cannot.
    LOAD_USUAL = "load-usual", Load, -200, Load;
    /// Busy tasks at a high rate are what load looks like.
    CPU_AT_CEILING = "cpu-at-ceiling", Load, 100, Load;
    /// A request takes what it always took, and the tasks are full of them: that is
    /// what load is, whatever is usual at that hour.
    LOAD_FILLS_CPU = "load-fills-cpu", Load, 250, Load;
    /// There is nothing left to scale to.
    AT_MAXIMUM = "at-maximum", Load, 40, Load;
    /// What explains the symptom otherwise takes it from the release.
    LOAD_FAR_ABOVE_INSTEAD = "load-far-above-instead", Release, -250, Load;
    /// Less load, less of an excuse.
    LOAD_ABOVE_INSTEAD = "load-above-instead", Release, -150, Load;
    /// One rival less.
    LOAD_USUAL_THEN = "load-usual-then", Release, 50, Load;
    /// It fails as the load rises, and the release before carried as much at this
    /// hour on another day: it is the release that cannot. Few other troubles wait
    /// for the load.
    LOAD_CARRIED_BEFORE = "load-carried-before", Release, 130, Load;
    /// Without requests to count, CPU at its usual says half as much.
    CPU_USUAL = "cpu-usual", Load, -100, Load;
    /// And so it does here.
    CPU_USUAL_THEN = "cpu-usual-then", Release, 30, Load;
    /// More CPU for the same work: the work has become dearer.
    CPU_UP_AT_USUAL_LOAD = "cpu-up-at-usual-load", Release, 50, Load;

    /// The kernel's word.
    OUT_OF_MEMORY = "out-of-memory", MemoryLeak, 200, Memory;
    /// A steady climb is what a leak looks like.
    MEMORY_CLIMBING = "memory-climbing", MemoryLeak, 150, Memory;
    /// A leak that came with the release is the release's.
    MEMORY_FLAT_BEFORE = "memory-flat-before", MemoryLeak, -180, Memory;
    /// Steady under the release before, and nothing but a climb since: what takes
    /// the memory came with it.
    MEMORY_CLIMBED_SINCE = "memory-climbed-since", Release, 100, Memory;
    /// It leaked before the release; a restart only hid it.
    MEMORY_CLIMBED_BEFORE = "memory-climbed-before", Release, -240, Memory;

    /// Two other services at once share something with this one.
    OTHERS_TOO = "others-too", Dependency, 250, Neighbours;
    /// One may be a coincidence, or a victim of this one.
    ANOTHER_TOO = "another-too", Dependency, 90, Neighbours;
    /// A dependency that failed first is a cause.
    DEPENDENCY_FIRST = "dependency-first", Dependency, 230, Neighbours;
    /// One that failed after may be a victim.
    DEPENDENCY_AFTER = "dependency-after", Dependency, 70, Neighbours;
    /// A broken dependency mostly hurts more than one.
    NEIGHBOURS_QUIET = "neighbours-quiet", Dependency, -60, Neighbours;
    /// One release of one service does not break others at once.
    OTHERS_TOO_INSTEAD = "others-too-instead", Release, -260, Neighbours;
    /// One other is half as telling.
    ANOTHER_TOO_INSTEAD = "another-too-instead", Release, -100, Neighbours;
    /// What the dependency explains the release does not.
    DEPENDENCY_FIRST_INSTEAD = "dependency-first-instead", Release, -230, Neighbours;
    /// A release may also overload its dependency.
    DEPENDENCY_AFTER_INSTEAD = "dependency-after-instead", Release, -60, Neighbours;
    /// The same metric of two other services left its level in the same minutes: what
    /// they share is broken, whether or not their alarms say so.
    OTHERS_FAIL_TOO = "others-fail-too", Dependency, 250, Neighbours;
    /// One may also be a caller of this one.
    ANOTHER_FAILS_TOO = "another-fails-too", Dependency, 150, Neighbours;
    /// What is shared and broken mostly hurts more than one. For the release that says
    /// nothing: most other troubles of a service are its own, too.
    OTHERS_SERVE = "others-serve", Dependency, -80, Neighbours;
    /// Of one alone that may be chance.
    ANOTHER_SERVES = "another-serves", Dependency, -50, Neighbours;
    /// One release does not break others in the same minutes.
    OTHERS_FAIL_TOO_INSTEAD = "others-fail-too-instead", Release, -280, Neighbours;
    /// One that fails with this one is a reason to ask.
    ANOTHER_FAILS_TOO_INSTEAD = "another-fails-too-instead", Release, -180, Neighbours;
    /// Nobody else is unwell: one rival less.
    ALONE = "alone", Release, 30, Neighbours;

    /// AWS admits few issues, and late; an open one counts, and outweighs other
    /// services that are unwell, for they are its victims too.
    PROVIDER_ISSUE = "provider-issue", Provider, 480, Provider;
    /// A rollback during AWS's own trouble makes things worse.
    PROVIDER_ISSUE_INSTEAD = "provider-issue-instead", Release, -300, Provider;

    /// The alarm is not in ALARM any more.
    ALARM_CLEAR = "alarm-clear", Noise, 200, Alarm;
    /// What is over needs no remedy, whoever it was.
    ALARM_CLEAR_INSTEAD = "alarm-clear-instead", Release, -100, Alarm;
    /// Too few datapoints to tell is no symptom.
    ALARM_WITHOUT_DATA = "alarm-without-data", Noise, 120, Alarm;
    /// The metric has gone back by itself.
    BACK_TO_LEVEL = "back-to-level", Noise, 150, Alarm;
    /// One datapoint alone crossed the line.
    ONE_POINT = "one-point", Noise, 60, Alarm;
    /// The release runs on and the symptom does not.
    BACK_TO_LEVEL_INSTEAD = "back-to-level-instead", Release, -120, Alarm;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_weight_has_a_name_of_its_own_and_fits_its_cap() {
        let mut names: Vec<&str> = ALL.iter().map(|weight| weight.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
        for weight in ALL {
            assert!(weight.hundredths.abs() <= weight.group.cap(), "{}", weight.name);
        }
    }
}
