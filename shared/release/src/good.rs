//! Where one may return to: the newest release that ran well.

use jiff::Timestamp;
use nightshift_core::ids::Digest;
use nightshift_core::incident::Denied;
use nightshift_core::release::Revision;
use nightshift_core::span::Span;
use nightshift_core::verdict::{DeploymentKind, Release, Verdict};

use crate::kind::same;

/// A release that ran well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Good<'a> {
    /// Which.
    pub release: &'a Release,
    /// When it was replaced.
    pub until: Timestamp,
    /// How long it had run by then, in seconds.
    pub soaked_s: i64,
}

/// The newest release before the first of `releases` (newest first) that got
/// there, soaked without an incident, and is not denied.
pub fn last_good<'a>(releases: &'a [Release], denied: &[Denied], soak: Span, now: Timestamp) -> Option<Good<'a>> {
    let (suspect, earlier) = releases.split_first()?;
    let mut until = suspect.began_at;
    for release in earlier {
        let replaced = until;
        until = release.began_at;
        let Verdict::Healthy { since } = release.verdict else { continue };
        let soaked_s = replaced.duration_since(since).as_secs();
        let fits = !same(&release.target, &suspect.target)
            && release.troubled.is_none()
            && soaked_s >= soak.as_seconds()
            // A quarantine forbids what is new, and never the way back.
            && !denied.iter().any(|it| it.quarantined.is_none() && it.until > now && denies(it, &release.target));
        if fits {
            return Some(Good { release, until: replaced, soaked_s });
        }
    }
    None
}

/// The denial means this revision: its task definition, or all the images that
/// the denied one had of its own. One of them alone may be half a fix.
pub fn denies(denied: &Denied, revision: &Revision) -> bool {
    let runs = |digest: &Digest| revision.images.values().any(|image| image.digest.as_ref() == Some(digest));
    denied.task_definition == revision.task_definition
        || (!denied.digests.is_empty() && denied.digests.iter().all(runs))
}

/// A release of the first of `releases` is still on trial at `now`: it runs
/// for less than `soak`.
pub fn on_trial(release: &Release, soak: Span, now: Timestamp) -> bool {
    release.kind != DeploymentKind::Rollback
        && match release.verdict {
            Verdict::InProgress => true,
            Verdict::Healthy { since } => soak.after(since) > now,
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use nightshift_core::ids::{IncidentId, TaskDefinitionArn};
    use nightshift_core::release::DeploymentStatus;

    use super::*;
    use crate::judge::tests::{at, release};

    /// Release number `index`, an hour after the one before, healthy.
    fn healthy(index: usize) -> Release {
        let since = at(60 * index as i64 + 3);
        Release { verdict: Verdict::Healthy { since }, ..release(index, DeploymentStatus::Successful, 0) }
    }

    #[track_caller]
    fn check(newest_first: &[Release], denied: &[Denied], expect: Option<&str>) {
        let good = last_good(newest_first, denied, Span::minutes(30), at(1000));
        assert_eq!(good.map(|good| good.release.name()), expect);
    }

    #[test]
    fn good_is_what_soaked_without_an_incident_and_is_not_denied() {
        check(&[healthy(3), healthy(2), healthy(1)], &[], Some("web:2"));
        check(&[healthy(3)], &[], None);
        let troubled = Release { troubled: Some(IncidentId::new("i")), ..healthy(2) };
        check(&[healthy(3), troubled, healthy(1)], &[], Some("web:1"));
        let failed = Release { verdict: Verdict::Superseded, ..healthy(2) };
        check(&[healthy(3), failed, healthy(1)], &[], Some("web:1"));
        let quick = Release { verdict: Verdict::Healthy { since: at(151) }, ..healthy(2) };
        check(&[healthy(3), quick, healthy(1)], &[], Some("web:1"));
        let same_again = Release { target: healthy(2).target, ..healthy(3) };
        check(&[same_again, healthy(2), healthy(1)], &[], Some("web:1"));
    }

    #[test]
    fn a_denial_counts_until_it_expires() {
        let denied = |until| Denied {
            task_definition: TaskDefinitionArn::new("task-definition/web:2"),
            digests: Vec::new(),
            incident: IncidentId::new("i"),
            at: at(0),
            until: at(until),
            enforced: None,
            quarantined: None,
        };
        check(&[healthy(3), healthy(2), healthy(1)], &[denied(1001)], Some("web:1"));
        check(&[healthy(3), healthy(2), healthy(1)], &[denied(1000)], Some("web:2"));
    }
}
