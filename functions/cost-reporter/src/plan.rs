//! What a report says, in figures: pure rules over what was observed. Words come
//! later.

use jiff::civil::Date;
use nightshift_core::cost::{CostAnomaly, Costs, Forecast};
use nightshift_core::fault::{Fault, Sight};
use nightshift_core::policy;
use nightshift_cost::waste::{self, Prices, Waste};
use rust_decimal::Decimal;
use serde::Serialize;

use crate::hints::{Happened, Hint, Kept, hints};
use crate::month::{Estimate, Month, estimate, month};
use crate::moves::Moves;
use crate::shares::{Shares, shares};

/// What a report is made from, beside what moved.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// Days of two months by kind of charge.
    pub charged: Sight<Costs>,
    /// What AWS expects.
    pub forecast: Sight<Forecast>,
    /// The month by tag.
    pub tags: Sight<Costs>,
    /// Whether Cost Explorer knows the tag; asked only if nothing carries it.
    pub tag_known: Option<bool>,
    /// The month by account.
    pub accounts: Sight<Costs>,
    /// Days of the movers by usage type; `None`: nothing moved.
    pub usage: Option<Sight<Costs>>,
    /// What AWS found strange.
    pub anomalies: Sight<Vec<CostAnomaly>>,
    /// What is paid for and not used; `None`: it is not looked for.
    pub waste: Option<waste::Seen>,
    /// Why the last month is not known by usage type, where that was asked.
    pub last_month: Option<Fault>,
    /// Log groups that keep their events for ever, and repositories that keep
    /// their images: where one of those services moved.
    pub kept: Kept,
    /// What happened in the account, with what of it could not be read.
    pub happened: (Happened, Vec<Fault>),
}

/// What a report says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// What moved.
    #[serde(flatten)]
    pub moves: Moves,
    /// Hints on each mover, in their order.
    pub hints: Vec<Vec<Hint>>,
    /// The month so far.
    pub month: Option<Month>,
    /// What a month will have cost in the end.
    pub estimate: Option<Estimate>,
    /// The tag by which the month is told apart.
    pub tag: String,
    /// Whether Cost Explorer knows the tag; asked only if nothing carries it.
    pub tag_known: Option<bool>,
    /// The month by tag.
    pub tags: Option<Shares>,
    /// The month by account, where there are several.
    pub accounts: Option<Shares>,
    /// What AWS found strange in the days that the report is about.
    pub anomalies: Vec<CostAnomaly>,
    /// What is paid for and not used, the dearest first; `None`: it was not looked for.
    pub waste: Option<Vec<Waste>>,
    /// What of that could not be looked at.
    pub waste_unseen: Vec<String>,
    /// What could not be read, and what of the report lacks it.
    pub unseen: Vec<(String, Fault)>,
    /// Questions that were paid for.
    pub requests: u32,
}

/// Puts the figures together.
pub fn figures(
    moves: Moves,
    seen: Seen,
    (policy, budget): (&policy::Costs, Option<Decimal>),
    today: Date,
    requests: u32,
) -> Figures {
    let currency = moves.currency().unwrap_or_default().to_owned();
    let usage = seen.usage.as_ref().and_then(Sight::seen);
    let hints = moves.movers.iter().map(|mover| hints(mover, usage, (&seen.happened.0, &seen.kept), today)).collect();
    let charged = seen.charged.seen();
    let several = |shares: &Shares| shares.named.len() > 1;
    let touches = |anomaly: &CostAnomaly| {
        let begun = anomaly.from.is_none_or(|from| from <= moves.day);
        begun && anomaly.to.is_none_or(|to| to >= moves.from)
    };
    let anomalies = seen.anomalies.seen().into_iter().flatten().filter(|it| touches(it)).cloned().collect();
    let forecast = seen.forecast.seen();
    Figures {
        hints,
        month: charged.and_then(|charged| month(charged, moves.day, today)),
        estimate: charged.zip(forecast).and_then(|(charged, it)| estimate(charged, it, today, budget)),
        tag: policy.tag.clone(),
        tag_known: seen.tag_known,
        tags: seen.tags.seen().and_then(|tags| shares(tags, &currency)),
        accounts: seen.accounts.seen().and_then(|accounts| shares(accounts, &currency)).filter(several),
        anomalies,
        waste: seen.waste.as_ref().map(|it| waste::waste(it, &Prices::default())),
        unseen: unseen(&seen),
        waste_unseen: seen.waste.map_or_else(Vec::new, |it| it.unseen),
        requests,
        moves,
    }
}

/// What is missing, by the part of the report that lacks it.
fn unseen(seen: &Seen) -> Vec<(String, Fault)> {
    let usage = seen.usage.as_ref().and_then(Sight::fault);
    let parts = [
        ("The month", seen.charged.fault()),
        ("The month in the end", seen.forecast.fault()),
        ("The month by tag", seen.tags.fault()),
        ("The month by account", seen.accounts.fault()),
        ("What moved, by usage type", usage),
        ("What AWS itself found strange", seen.anomalies.fault()),
        ("Idle addresses", seen.last_month.as_ref()),
    ];
    let costs = parts.into_iter().filter_map(|(part, fault)| Some((part.to_owned(), fault?.clone())));
    costs
        .chain(seen.happened.1.iter().map(|fault| ("What happened at the same time".to_owned(), fault.clone())))
        .collect()
}
