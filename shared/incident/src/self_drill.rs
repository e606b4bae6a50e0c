//! The self-drill's two steps: heard by the responder, sent on by the verifier.
//! Both write the ledger as an incident would; neither looks at a service.

use jiff::Timestamp;
use nightshift_core::alarm::{AlarmSignal, Door};
use nightshift_core::drill;
use nightshift_core::fault::Sight;
use nightshift_core::ids::EventId;
use nightshift_core::policy::Policy;

use crate::life;
use crate::plan::{Decision, Plan};
use crate::scene::Standing;

/// The stack's test alarm rang: claims it, and sets the timer that carries it on
/// after as long as a check would wait.
pub fn heard(standing: &Sight<Standing>, signal: &AlarmSignal, policy: &Policy, now: Timestamp) -> Plan {
    let standing = match known(standing) {
        Ok(standing) => standing,
        // Whoever claimed it had set the timer before.
        Err(plan) => return *plan,
    };
    let record = standing.record.value.clone();
    let claim = life::claim(standing, &drill::event_of(signal), record, None, now);
    let timers = vec![drill::timer_of(signal, policy.verify.every.after(now))];
    Plan { timers, ..Plan::claiming(Decision::SelfDrill, claim) }
}

/// Its timer fired: claims that, and tells the notifier. The notice is dated by
/// the alarm, not by the claim, so that no case is kept of it: it holds nothing
/// that anybody decided.
pub fn checked(
    standing: &Sight<Standing>,
    (event, door, rang_at): (&EventId, Door, Timestamp),
    now: Timestamp,
) -> Plan {
    let standing = match known(standing) {
        Ok(standing) => standing,
        Err(plan) => return *plan,
    };
    let mut record = standing.record.value.clone();
    record.unpublished.push(drill::notice(&record.service, door, rang_at));
    Plan::claiming(Decision::SelfDrill, life::claim(standing, event, record, None, now))
}

/// What is remembered, or what to do instead: an event that was claimed may have
/// left notices that are not published yet.
pub(crate) fn known(standing: &Sight<Standing>) -> Result<&Standing, Box<Plan>> {
    match standing {
        Sight::Unseen(fault) => Err(Box::new(Plan::of(Decision::Blind { fault: fault.clone() }))),
        Sight::Seen(standing) if standing.seen => {
            let left = (!standing.record.value.unpublished.is_empty()).then(|| standing.record.clone());
            Err(Box::new(Plan { standing: left, ..Plan::of(Decision::Settled) }))
        }
        Sight::Seen(standing) => Ok(standing),
    }
}
