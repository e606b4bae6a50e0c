//! A storm on simulated time: what begins in one second is answered at once, call by
//! call, under the limits.

use std::pin::Pin;

use jiff::{SignedDuration, Timestamp};
use nightshift_core::policy::Policy;
use nightshift_core::timer::Purpose;
use nightshift_sim::{Account, Delivery, Scenario, poll_in_turn};

use super::lambda::{Lambda, Places};
use super::limits::RATES;
use crate::night::{RETRIES, stack};
use crate::simulate::invariants::Ended;
use nightshift_sim::dice::Dice;

/// Alarms of one evaluation reach the function over so many seconds.
const SPREAD_S: usize = 59;
/// A round trip of one call, several of which go at once.
const CALL_MS: u64 = 15;
/// Calls that go at once, on average.
const AT_ONCE: u64 = 2;
/// What an invocation takes besides.
const BESIDE_MS: u64 = 30;
/// Whatever is open so long after the alarms stays open.
const LONGEST: SignedDuration = SignedDuration::from_hours(6);

/// An event on its way, and how often it failed.
#[derive(Clone, Debug)]
struct Parcel {
    delivery: Delivery,
    attempt: usize,
}

/// What is left when the storm is over.
#[derive(Debug)]
pub struct Over {
    /// What is judged.
    pub ended: Ended,
    /// What Lambda did.
    pub lambda: Lambda,
    /// The account.
    pub account: Account,
    /// Seconds from the first alarm to the last event.
    pub seconds: i64,
}

/// Runs the storm on that scenario with so many invocations at once; `each` hears how
/// many seconds have gone by.
pub fn run(scenario: Scenario, concurrency: usize, dice: &mut Dice, mut each: impl FnMut(i64)) -> Over {
    let account = Account::new(scenario);
    account.measure(&RATES);
    let (policy, stack) = (Policy::default(), stack(&account));
    let functions = Functions {
        responder: alarm_responder::Handler::new(account.clone(), stack.clone(), policy.clone()),
        verifier: remedy_verifier::Handler::new(account.clone(), stack, policy.clone()),
    };
    let start = account.now();
    let last = start.saturating_add(LONGEST).unwrap_or(Timestamp::MAX);
    let mut places = Places::new(concurrency);
    let mut dead = Vec::new();
    let mut busy_until = start;
    loop {
        let next = places.next().map_or(last, |ms| Timestamp::from_millisecond(up(ms)).unwrap_or(last));
        let due = account.advance_until_due(next.min(last));
        let now_ms = account.now().as_millisecond();
        for delivery in due {
            let later = match &delivery {
                // A schedule fires within its minute.
                Delivery::Alarm { .. } | Delivery::Timer(_) => dice.whole(0, SPREAD_S) as i64 * 1000,
                _ => continue,
            };
            places.send(now_ms + later, Parcel { delivery, attempt: 0 });
        }
        let (begun, expired) = places.begin(now_ms);
        dead.extend(expired.iter().map(|parcel| format!("it grew too old: {}", name(&parcel.delivery))));
        if !begun.is_empty() {
            busy_until = account.now();
            answer(&functions, &account, begun, &mut places, dice, &mut dead);
        }
        each((account.now().as_second() - start.as_second()).max(0));
        let idle = places.next().is_none() && account.waiting_timers().is_empty();
        if account.now() >= last || (idle && over(&account)) {
            break;
        }
    }
    let seconds = busy_until.as_second() - start.as_second();
    Over { ended: Ended::of(&account, &policy, dead), lambda: places.lambda, account, seconds }
}

/// The outage is over, and what follows from it has had its time.
fn over(account: &Account) -> bool {
    let scenario = account.scenario();
    let ends = scenario.outages.iter().filter_map(|outage| outage.until);
    let end = ends.map(|until| until.second(scenario.event.as_second())).max().unwrap_or(i64::MIN);
    account.now().as_second() > end + 600
}

/// Up to the next whole second, which is what the account's clock knows.
fn up(ms: i64) -> i64 {
    (ms + 999).div_euclid(1000) * 1000
}

struct Functions {
    responder: alarm_responder::Handler<Account>,
    verifier: remedy_verifier::Handler<Account>,
}

type Answer<'a> = Pin<Box<dyn Future<Output = Result<(), String>> + 'a>>;

fn answer(
    functions: &Functions,
    account: &Account,
    begun: Vec<Parcel>,
    places: &mut Places<Parcel>,
    dice: &mut Dice,
    dead: &mut Vec<String>,
) {
    account.forget_calls();
    let now = account.now();
    account.interleave();
    let answers = {
        let futures: Vec<Answer<'_>> = begun.iter().map(|parcel| functions.answer(parcel, now)).collect();
        poll_in_turn(futures, |left| dice.whole(0, left - 1))
    };
    account.one_by_one();
    let calls = account.calls().len() as u64 / begun.len().max(1) as u64;
    let lasts = BESIDE_MS + calls * CALL_MS / AT_ONCE;
    let now_ms = now.as_millisecond();
    places.run(begun.len(), now_ms, lasts.cast_signed());
    for (parcel, answer) in begun.into_iter().zip(answers) {
        let Err(why) = answer else { continue };
        match RETRIES.get(parcel.attempt) {
            Some(pause) => {
                let due = now_ms + pause.as_millis() as i64 + dice.whole(0, SPREAD_S) as i64 * 1000;
                places.send(due, Parcel { attempt: parcel.attempt + 1, ..parcel });
            }
            None => dead.push(format!("{}: {why}", name(&parcel.delivery))),
        }
    }
}

impl Functions {
    fn answer<'a>(&'a self, parcel: &'a Parcel, now: Timestamp) -> Answer<'a> {
        fn said<T, E: std::error::Error>(answer: Result<T, E>) -> Result<(), String> {
            answer.map(drop).map_err(|error| error.to_string())
        }
        match &parcel.delivery {
            Delivery::Alarm { event, .. } => Box::pin(async move { said(self.responder.handle(event, now).await) }),
            Delivery::Timer(timer)
                if matches!(timer.purpose, Purpose::Verify { .. } | Purpose::Reread { .. } | Purpose::Fleet { .. }) =>
            {
                let event = serde_json::to_value(timer).unwrap_or_default();
                Box::pin(async move { said(self.verifier.handle(&event, now).await) })
            }
            _ => Box::pin(async { Ok(()) }),
        }
    }
}

fn name(delivery: &Delivery) -> String {
    match delivery {
        Delivery::Alarm { event, .. } => event["detail"]["alarmName"].as_str().unwrap_or("an alarm").to_owned(),
        Delivery::Timer(timer) => timer.name.clone(),
        _ => "something else".to_owned(),
    }
}
