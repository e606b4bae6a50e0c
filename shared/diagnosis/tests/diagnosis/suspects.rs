//! Which release is under suspicion.

use nightshift_core::fault::Sight;
use nightshift_core::release::{DeploymentStatus, ServiceDeployment};

use crate::night::{Night, ago, release, runs};

/// 5xx began five minutes ago; which revision is suspected?
#[track_caller]
fn check(history: Vec<ServiceDeployment>, expect: Option<u32>) {
    let diagnosis = Night::failing(5).history(history).diagnose();
    assert_eq!(diagnosis.suspect.map(|suspect| suspect.task_definition), expect.map(runs));
}

fn base() -> ServiceDeployment {
    release(42, 7200, Some(7195))
}

#[test]
fn the_newest_release_before_the_onset_is_suspected() {
    check(vec![release(43, 12, Some(8)), base()], Some(43));
    check(vec![release(44, 12, None), release(43, 30, Some(26)), base()], Some(44));
    // A fix that came after the onset did not cause it.
    check(vec![release(44, 2, None), release(43, 12, Some(8)), base()], Some(43));
    check(vec![base()], None);
    check(Vec::new(), None);
}

#[test]
fn a_release_after_the_onset_is_named_where_none_came_before() {
    check(vec![release(43, 3, None), base()], Some(43));
    let diagnosis = Night::failing(5).history(vec![release(43, 3, None), base()]).diagnose();
    assert!(!diagnosis.release_gate);
}

#[test]
fn a_rollback_is_not_suspected_and_neither_is_what_it_took_back() {
    let back = ServiceDeployment { target: base().target, ..release(42, 10, Some(7)) };
    check(vec![back, release(43, 30, Some(26)), base()], None);
    // One that came after the onset leaves the suspect as it was.
    let late = ServiceDeployment { target: base().target, ..release(42, 3, None) };
    check(vec![late, release(43, 12, Some(8)), base()], Some(43));
}

#[test]
fn what_ecs_took_back_itself_before_the_onset_is_not_suspected() {
    let taken_back = |finished| ServiceDeployment {
        status: DeploymentStatus::RollbackSuccessful,
        finished_at: Some(ago(finished)),
        ..release(43, 20, None)
    };
    check(vec![taken_back(9), base()], None);
    check(vec![taken_back(2), base()], Some(43));
    // The same release again is new against what ran in between.
    check(vec![release(43, 8, None), taken_back(9), base()], Some(43));
}

#[test]
fn a_restart_of_the_same_images_is_looked_through() {
    let again = |began| ServiceDeployment { target: release(43, 12, None).target, ..release(43, began, None) };
    check(vec![again(7), release(43, 12, Some(8)), base()], Some(43));
    check(vec![again(7), release(43, 700, Some(695)), base()], None);
    let mut moved = release(43, 7, None);
    moved.target.images.get_mut("app").unwrap().digest = None;
    check(vec![moved, release(43, 700, Some(695)), base()], Some(43));
}

#[test]
fn releases_of_one_task_definition_are_told_apart_by_who_started_their_tasks() {
    use nightshift_core::ids::DeploymentId;
    use nightshift_core::task::{Crash, StoppedTask};

    let mut moved = release(43, 12, Some(8));
    moved.target.images.get_mut("app").unwrap().digest = None;
    let by = |id: &str, at| StoppedTask {
        started_by: Some(DeploymentId::new(id)),
        ..crate::night::stopped(43, Crash::Exit, at)
    };
    let night = |tasks| Night::failing(5).history(vec![moved.clone(), release(43, 7200, Some(7195))]).stopped(tasks);
    let has = |night: Night, name: &str| crate::night::names(&night.diagnose()).contains(&name);
    assert!(has(night(vec![by("ecs-svc/43", 4), by("ecs-svc/43", 3)]), "crashes-of-new-alone"));
    assert!(has(night(vec![by("ecs-svc/42", 4), by("ecs-svc/42", 3)]), "crashes-of-old-alone"));
    let mut unseen = night(vec![by("ecs-svc/43", 4), by("ecs-svc/43", 3)]);
    unseen.view.service = Sight::Seen(None);
    assert!(!has(unseen, "crashes-of-new-alone"));
}
