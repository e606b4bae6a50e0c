//! What is on its way to a function, and how it is delivered: how often, how late,
//! by which door.

use jiff::SignedDuration;
use nightshift_core::timer::Purpose;
use nightshift_sim::Delivery;

use crate::courier::by_sns;
use nightshift_sim::dice::Dice;

/// An event on its way, and how often it has been tried.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// What it is.
    pub delivery: Delivery,
    /// Why each attempt so far failed.
    pub failed: Vec<String>,
}

impl Parcel {
    /// Its name, where it is lost.
    pub fn name(&self) -> String {
        match &self.delivery {
            Delivery::Alarm { event, .. } | Delivery::Deployment { event, .. } => {
                let said = event["detail-type"].as_str().unwrap_or("an alarm by SNS");
                let state = event["detail"]["state"]["value"].as_str().or(event["detail"]["eventName"].as_str());
                format!("{said} {}", state.unwrap_or_default())
            }
            Delivery::Timer(timer) => timer.name.clone(),
            Delivery::Notice(notice) => format!("notice {}", notice.key()),
            _ => "something else".to_owned(),
        }
    }
}

/// The copies of a delivery, each with how much later it arrives.
pub fn copies(dice: &mut Dice, delivery: &Delivery) -> Vec<(SignedDuration, Delivery)> {
    match delivery {
        Delivery::Alarm { event, at } => {
            let together = dice.percent(50.0).then(|| late(dice, true));
            let both = dice.percent(50.0);
            let copy = |dice: &mut Dice| {
                let sns = both && dice.percent(50.0) && event["source"] == "aws.cloudwatch";
                let event = if sns { by_sns(event) } else { event.clone() };
                (together.unwrap_or_else(|| late(dice, true)), Delivery::Alarm { event, at: *at })
            };
            (0..number(dice)).map(|_| copy(dice)).collect()
        }
        Delivery::Deployment { .. } => (0..number(dice)).map(|_| (late(dice, true), delivery.clone())).collect(),
        // A schedule fires within its minute; its own queue drops what is older.
        Delivery::Timer(timer) => {
            let copies = if dice.percent(15.0) { 2 } else { 1 };
            let look = matches!(timer.purpose, Purpose::Look { .. });
            if look { Vec::new() } else { (0..copies).map(|_| (soon(dice), delivery.clone())).collect() }
        }
        Delivery::Notice(_) => {
            let copies = if dice.percent(20.0) { dice.whole(2, 4) } else { 1 };
            (0..copies).map(|_| (late(dice, false), delivery.clone())).collect()
        }
        Delivery::Image { .. } | Delivery::Cost { .. } | Delivery::PlainPage { .. } => Vec::new(),
    }
}

/// One to ten, mostly few.
fn number(dice: &mut Dice) -> usize {
    match dice.whole(0, 9) {
        0..=4 => 1,
        5..=7 => 2,
        8 => dice.whole(3, 5),
        _ => dice.whole(6, 10),
    }
}

/// Mostly seconds, up to a day for what may be that late.
fn late(dice: &mut Dice, by_a_day: bool) -> SignedDuration {
    let seconds = match dice.whole(0, 39) {
        0..=15 => 0,
        16..=27 => dice.whole(1, 30),
        28..=33 => dice.whole(30, 120),
        34..=37 => dice.whole(120, 900),
        38 => dice.whole(900, 7200),
        // So late few are: a quiet day is long to simulate.
        _ if by_a_day && dice.percent(20.0) => dice.whole(7200, 86_400),
        _ => dice.whole(0, 5),
    };
    SignedDuration::from_secs(seconds as i64)
}

fn soon(dice: &mut Dice) -> SignedDuration {
    let seconds = match dice.whole(0, 19) {
        0..=9 => 0,
        10..=17 => dice.whole(1, 59),
        18 => dice.whole(60, 120),
        _ => dice.whole(120, 900),
    };
    SignedDuration::from_secs(seconds as i64)
}
