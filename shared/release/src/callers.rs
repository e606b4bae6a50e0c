//! Who began a release, from the calls that CloudTrail tells of.
//!
//! CloudTrail is minutes late and loses calls, so a call may come before its
//! release is known, after it, or never. All calls are matched anew with all
//! releases each time: what comes of it depends on what is known, not on when
//! it came.

use std::collections::BTreeSet;

use jiff::Timestamp;
use nightshift_core::origin::Call;
use nightshift_core::span::Span;
use nightshift_core::verdict::Release;

use crate::learn::Told;

/// A deployment begins after the call that asked for it, by two clocks.
const CLOCKS_APART: Span = Span::seconds(5);
/// Without the deployment's id, a release that began so long after the call is
/// not taken for its own.
const BEGINS_WITHIN: Span = Span::minutes(2);
/// A call waits so long for its release to be known.
const WAITS: Span = Span::minutes(60);
/// Calls that wait, the newest ones.
const KEPT: usize = 8;

/// Every call that is known: those of releases, those that wait, and the one
/// that the event tells of.
fn all(known: &[Release], waiting: &[Call], told: &[Told]) -> BTreeSet<Call> {
    let told = told.iter().filter_map(|told| match told {
        Told::Called { call } => Some(call),
        Told::Task { .. } | Told::NotPlaced { .. } => None,
    });
    known.iter().filter_map(|release| release.call.as_ref()).chain(waiting).chain(told).cloned().collect()
}

/// Gives each of `releases` the call that began it.
pub(crate) fn join(releases: &mut [Release], known: &[Release], waiting: &[Call], told: &[Told]) {
    let calls = all(known, waiting, told);
    let mut found: Vec<Option<(Fit, &Call)>> = vec![None; releases.len()];
    for call in &calls {
        let fits = releases.iter().enumerate().filter_map(|(index, release)| Some((fit(call, release)?, index)));
        let Some((fit, index)) = fits.min() else { continue };
        let place = &mut found[index];
        if place.is_none_or(|held| (fit, call) < held) {
            *place = Some((fit, call));
        }
    }
    for (release, found) in releases.iter_mut().zip(found) {
        release.call = found.map(|(_, call)| call.clone());
    }
}

/// The calls that are of none of `releases`, or not yet: to be remembered.
pub fn waiting(releases: &[Release], known: &[Release], waiting: &[Call], told: &[Told], now: Timestamp) -> Vec<Call> {
    let calls = all(known, waiting, told).into_iter();
    let left = calls.filter(|call| releases.iter().all(|release| release.call.as_ref() != Some(call)));
    let mut left: Vec<Call> = left.filter(|call| WAITS.after(call.at) > now).collect();
    left.drain(..left.len().saturating_sub(KEPT));
    left
}

/// How well a call and a release fit: first those that share the deployment's
/// id, then those that begin soonest after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Fit {
    guessed: bool,
    apart_ms: u64,
}

fn fit(call: &Call, release: &Release) -> Option<Fit> {
    // What ran before the call was not begun by it, though its answer may name
    // it: an update that changes nothing begins no deployment.
    if CLOCKS_APART.after(release.began_at) < call.at {
        return None;
    }
    let apart_ms = (release.began_at.as_millisecond() - call.at.as_millisecond()).unsigned_abs();
    match (&call.deployment, &release.deployment) {
        (Some(called), Some(own)) => (called == own).then_some(Fit { guessed: false, apart_ms }),
        _ => {
            let soon = release.began_at <= BEGINS_WITHIN.after(call.at);
            let asked = call.task_definition.as_deref().is_some_and(|asked| means(asked, release));
            (soon && asked).then_some(Fit { guessed: true, apart_ms })
        }
    }
}

/// A task definition may be asked for by its ARN, its family and revision, or
/// its family alone.
fn means(asked: &str, release: &Release) -> bool {
    let deployed = &release.target.task_definition;
    let family = deployed.short().split(':').next();
    asked == deployed.as_str() || asked == deployed.short() || Some(asked) == family
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use nightshift_core::ids::DeploymentId;
    use nightshift_core::release::DeploymentStatus;
    use proptest::prelude::{Just, Strategy};

    use super::*;
    use crate::judge::tests::{at, release};

    /// A call `seconds` after release 1 began, by its answer's deployment.
    fn call(by: &str, seconds: i64, deployment: Option<&str>, asked: &str) -> Call {
        Call {
            at: at(60) + SignedDuration::from_secs(seconds),
            event: format!("event-of-{by}"),
            by: by.into(),
            deployment: deployment.map(DeploymentId::new),
            task_definition: Some(asked.into()),
        }
    }

    /// Release 1, by its classic id where that is known.
    fn known(deployment: Option<&str>) -> Release {
        let deployment = deployment.map(DeploymentId::new);
        Release { deployment, ..release(1, DeploymentStatus::InProgress, 0) }
    }

    #[track_caller]
    fn check(release: Release, calls: &[Call], expect: Option<&str>) {
        let mut releases = [release];
        join(&mut releases, &[], calls, &[]);
        assert_eq!(releases[0].by(), expect);
    }

    #[test]
    fn a_call_is_known_by_its_deployment_or_else_by_what_it_asked_for_and_when() {
        let own = Some("ecs-svc/1");
        check(known(own), &[call("ci", -1, own, "")], Some("ci"));
        check(known(own), &[call("ci", -1, Some("ecs-svc/2"), "web:1")], None);
        check(known(own), &[call("ci", 600, own, "web:1")], None);
        for asked in ["web:1", "web", "task-definition/web:1"] {
            check(known(None), &[call("ci", -1, own, asked)], Some("ci"));
            check(known(own), &[call("ci", -1, None, asked)], Some("ci"));
        }
        check(known(None), &[call("ci", -1, None, "web:2")], None);
        check(known(None), &[call("ci", -121, None, "web:1")], None);
        check(known(None), &[call("ci", 6, None, "web:1")], None);
        check(known(own), &[call("ci", -1, None, "web:1"), call("maria", -9, own, "")], Some("maria"));
        check(known(None), &[call("ci", -9, None, "web:1"), call("maria", -1, None, "web:1")], Some("maria"));
    }

    #[test]
    fn a_tag_says_it_before_a_call_and_a_call_before_whoever_registered_it() {
        let registered = |by: Option<&str>| {
            let mut release = known(None);
            release.origin.registered_by = Some("registrar".into());
            release.origin.by = by.map(Into::into);
            release
        };
        check(registered(None), &[], Some("registrar"));
        check(registered(None), &[call("ci", -1, None, "web:1")], Some("ci"));
        check(registered(Some("platform")), &[call("ci", -1, None, "web:1")], Some("platform"));
    }

    #[test]
    fn a_call_waits_for_its_release_and_not_for_ever() {
        let one = call("ci", 0, None, "web:1");
        let told = [Told::Called { call: one.clone() }];
        assert_eq!(waiting(&[], &[], &[], &told, at(61)), std::slice::from_ref(&one));
        assert_eq!(waiting(&[], &[], std::slice::from_ref(&one), &told, at(119)).len(), 1, "told twice");
        assert_eq!(waiting(&[], &[], std::slice::from_ref(&one), &[], at(121)), []);
        let found = Release { call: Some(one), ..known(None) };
        assert_eq!(waiting(&[found], &[], &[], &told, at(61)), []);
    }

    proptest::proptest! {
        #[test]
        fn no_order_of_calls_and_releases_changes_who_deployed(
            order in Just((0..6).collect::<Vec<usize>>()).prop_shuffle(),
        ) {
            // The second release began a minute after the first, of the same task definition.
            let again = |own: Option<&str>| {
                let began_at = at(61);
                Release { id: release(2, DeploymentStatus::InProgress, 0).id, began_at, ..known(own) }
            };
            let calls = [
                call("ci", -1, Some("ecs-svc/1"), "web:1"),
                call("maria", 59, Some("ecs-svc/2"), "web:1"),
                call("nobody", 30, Some("ecs-svc/9"), "web:1"),
            ];
            let mut releases: Vec<Release> = Vec::new();
            let mut waits: Vec<Call> = Vec::new();
            for step in order {
                let before = releases.clone();
                let mut told = Vec::new();
                match step {
                    0 | 1 => releases.insert(0, if step == 0 { known(None) } else { again(None) }),
                    // The second one's id is learnt later, if it is there by then.
                    2 => for release in &mut releases {
                        if release.began_at == at(61) {
                            release.deployment = Some(DeploymentId::new("ecs-svc/2"));
                        }
                    },
                    told_of => told.push(Told::Called { call: calls[told_of - 3].clone() }),
                }
                join(&mut releases, &before, &waits, &told);
                waits = waiting(&releases, &before, &waits, &told, at(62));
            }
            let of = |began| releases.iter().find(|release| release.began_at == began).and_then(Release::by);
            proptest::prop_assert_eq!(of(at(60)), Some("ci"));
            proptest::prop_assert_eq!(of(at(61)), Some("maria"));
        }
    }
}
