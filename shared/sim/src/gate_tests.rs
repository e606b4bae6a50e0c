use nightshift_core::fault::FaultKind;
use nightshift_core::ids::{ServiceRef, TaskDefinitionArn};
use nightshift_core::ports::{Answer, ServiceReads as _, ServiceWrites as _};

use crate::scenario::builtin;
use crate::{Account, Story, poll_once};

fn now<T>(future: impl Future<Output = Answer<T>>) -> T {
    poll_once(future).expect("the account never waits").unwrap()
}

/// The bad release at its event moment, and what ran well before it.
fn bad_release() -> (Account, ServiceRef, TaskDefinitionArn) {
    let account = Account::new(builtin("bad-release").unwrap().unwrap());
    account.advance_to(account.scenario().event);
    let checkout = account.service_ref("checkout").unwrap();
    let good = now(account.history(&checkout))[1].target.task_definition.clone();
    (account, checkout, good)
}

#[test]
fn a_killed_process_takes_effect_or_not_and_leaves_the_gate_open() {
    for takes_effect in [false, true] {
        let (account, checkout, good) = bad_release();
        if takes_effect {
            account.stop_after(2)
        } else {
            account.stop_before(2)
        }
        let killed = poll_once(async {
            account.service(&checkout).await?;
            account.deploy(&checkout, &good).await
        });
        assert_eq!(killed, None);
        assert_eq!(account.production_writes().len(), usize::from(takes_effect));
        now(account.deploy(&checkout, &good));
        assert_eq!(account.production_writes().len(), 1);
    }
}

#[test]
fn a_fault_can_be_ordered_for_a_call_or_an_operation() {
    let (account, checkout, _) = bad_release();
    let before = account.calls().len();
    account.fault_at(2, FaultKind::Denied);
    account.fault_on("ecs:ListTasks", FaultKind::Transient, 1);
    assert!(poll_once(account.service(&checkout)).unwrap().is_ok());
    assert_eq!(poll_once(account.service(&checkout)).unwrap().unwrap_err().kind, FaultKind::Denied);
    assert!(poll_once(account.stopped_tasks(&checkout)).unwrap().unwrap_err().transient());
    assert!(poll_once(account.stopped_tasks(&checkout)).unwrap().is_ok());
    assert_eq!(account.calls().len() - before, 4);
}

#[test]
fn a_change_of_production_without_a_claim_breaks_the_story() {
    let (account, checkout, good) = bad_release();
    now(account.deploy(&checkout, &good));
    assert_eq!(
        account.broken(),
        ["ecs:UpdateService prod/checkout (task definition checkout:42) without a claimed intent"]
    );
    account.person_tags(&checkout, "nightshift", None);
    let primary = now(account.service(&checkout)).unwrap().deployments[0].id.clone();
    now(account.restart(&checkout, &primary));
    assert_eq!(account.broken().len(), 3);
}

#[test]
#[should_panic(expected = "the story broke what no story may break")]
fn a_broken_story_says_so_when_it_ends() {
    let (account, checkout, good) = bad_release();
    let _story = Story::of(account.clone());
    now(account.deploy(&checkout, &good));
}
