//! What one day costs, piece by piece. All else adds pieces up.

use std::collections::BTreeMap;

use jiff::civil::Date;
use nightshift_core::cost::CostMetric;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::Bill;
use super::split::split;
use crate::noise::Noise;
use crate::scenario::{CostCharge, CostJump, CostService};

/// Money is counted in millionths.
const MICRO: Decimal = Decimal::from_parts(1_000_000, 0, 0, false, 0);

/// Something that was charged, before it is shared out to accounts and tags.
#[derive(Clone, Debug)]
pub(super) struct Piece<'a> {
    pub(super) service: &'a str,
    pub(super) usage_type: &'a str,
    pub(super) record_type: &'a str,
    /// Millionths.
    pub(super) amount: i64,
    /// The account it is of; `None`: of all by their shares.
    pub(super) account: Option<&'a str>,
    /// Tags that it carries; `None`: it cannot carry any.
    pub(super) tags: Option<&'a BTreeMap<String, String>>,
}

/// No tag is named: each is shared out.
static ANY: BTreeMap<String, String> = BTreeMap::new();

/// Millionths of an amount.
fn micro(amount: Decimal) -> i64 {
    (amount * MICRO).round().to_i64().unwrap_or(0)
}

fn scaled(amount: i64, factor: f64) -> i64 {
    (amount as f64 * factor).round() as i64
}

/// The day's number, whatever the calendar.
pub(super) fn number(day: Date) -> i64 {
    Date::constant(1970, 1, 1).duration_until(day).as_hours() / 24
}

impl<'a> Bill<'a> {
    /// All that was charged on that day, as far as it is known by now.
    pub(super) fn pieces(&self, day: Date, metric: CostMetric) -> Vec<Piece<'a>> {
        let mut all = Vec::new();
        if day < self.since || self.known(day) == 0.0 {
            return all;
        }
        for service in &self.setup.services {
            self.usage(service, day, &mut all);
        }
        for charge in &self.setup.charges {
            let counts = charge.metric.is_none_or(|counted| counted == metric);
            if counts && self.within(day, charge.from, charge.until) {
                let amount = self.charge(charge, day, &all);
                let (service, usage_type, record_type) = (&charge.service, &charge.usage_type, &charge.record_type);
                all.push(Piece { service, usage_type, record_type, amount, account: None, tags: None });
            }
        }
        all.retain(|piece| piece.amount != 0);
        all
    }

    fn usage(&self, service: &'a CostService, day: Date, all: &mut Vec<Piece<'a>>) {
        if !self.within(day, service.from, service.until) {
            return;
        }
        let tags = (!service.untagged).then_some(&ANY);
        let name = service.name.as_str();
        let piece = |usage_type: &'a str, amount, account, tags| Piece {
            service: name,
            usage_type,
            record_type: "Usage",
            amount,
            account,
            tags,
        };
        let parts = self.parts(service, day);
        all.extend(parts.iter().map(|(usage_type, amount)| piece(usage_type, *amount, None, tags)));
        for jump in self.setup.jumps.iter().filter(|jump| jump.service == *name) {
            for (usage_type, amount) in self.jumped(jump, service, &parts, day) {
                let tags = tags.map(|_| &jump.tags);
                all.push(piece(usage_type, amount, jump.account.as_deref(), tags));
            }
        }
        if day.day() == 1 {
            all.push(piece(&service.monthly_usage_type, micro(service.monthly_fee), None, tags));
        }
    }

    /// A service's ordinary usage by its types.
    fn parts(&self, service: &'a CostService, day: Date) -> Vec<(&'a str, i64)> {
        let days = Decimal::from(number(day) - number(self.event));
        let level = (service.daily + service.trend_per_day * days).max(Decimal::ZERO);
        let weekday = service.weekdays[usize::try_from(day.weekday().to_monday_zero_offset()).unwrap_or(0)];
        let noise = if self.foresees {
            0.0
        } else {
            let noise = Noise::new(self.seed, "costs").under(&service.name);
            noise.wobble(number(day)) * service.noise_percent / 100.0
        };
        let amount = scaled(micro(level), weekday * (1.0 + noise) * self.known(day));
        let weights: Vec<u32> = service.usage.values().copied().collect();
        service.usage.keys().map(String::as_str).zip(split(amount, &weights)).collect()
    }

    /// What a jump adds on that day, by usage type.
    fn jumped(
        &self,
        jump: &'a CostJump,
        service: &'a CostService,
        parts: &[(&'a str, i64)],
        day: Date,
    ) -> Vec<(&'a str, i64)> {
        if !self.goes_on(jump, day) {
            return Vec::new();
        }
        let wanted = jump.usage_type.as_deref();
        if let Some(factor) = jump.factor {
            let touched = parts.iter().filter(|(usage_type, _)| wanted.is_none_or(|wanted| wanted == *usage_type));
            return touched.map(|(usage_type, amount)| (*usage_type, scaled(*amount, factor - 1.0))).collect();
        }
        let more = scaled(micro(jump.per_day.unwrap_or_default()), self.known(day));
        if let Some(usage_type) = wanted {
            return vec![(usage_type, more)];
        }
        let weights: Vec<u32> = service.usage.values().copied().collect();
        service.usage.keys().map(String::as_str).zip(split(more, &weights)).collect()
    }

    fn goes_on(&self, jump: &CostJump, day: Date) -> bool {
        // Nobody foresees what has not begun.
        let begun = jump.from.is_some_and(|from| self.day(from) <= self.today);
        self.within(day, jump.from, jump.until) && (begun || !self.foresees)
    }

    /// What a jump adds on that day in all, and what its service costs then.
    pub(super) fn impact(&self, jump: &'a CostJump, day: Date) -> (i64, i64) {
        let Some(service) = self.setup.services.iter().find(|service| service.name == jump.service) else {
            return (0, 0);
        };
        let mut all = Vec::new();
        self.usage(service, day, &mut all);
        let added = self.jumped(jump, service, &self.parts(service, day), day);
        (added.iter().map(|(_, amount)| amount).sum(), all.iter().map(|piece| piece.amount).sum())
    }

    fn charge(&self, charge: &CostCharge, day: Date, usage: &[Piece<'a>]) -> i64 {
        let first = day.day() == 1;
        match charge {
            CostCharge { per_day: Some(amount), .. } => scaled(micro(*amount), self.known(day)),
            CostCharge { per_month: Some(amount), .. } if first => micro(*amount),
            CostCharge { percent: Some(percent), .. } => scaled(self.of(charge, usage), percent / 100.0),
            CostCharge { percent_of_month: Some(percent), .. } if first => {
                let month = self.last_month(charge, day);
                scaled(month, percent / 100.0)
            }
            _ => 0,
        }
    }

    /// Usage of the service that the charge is booked on, or of all.
    fn of(&self, charge: &CostCharge, usage: &[Piece<'a>]) -> i64 {
        let alone = self.setup.services.iter().any(|service| service.name == charge.service);
        let counted = |piece: &&Piece| piece.record_type == "Usage" && (!alone || piece.service == charge.service);
        usage.iter().filter(counted).map(|piece| piece.amount).sum()
    }

    fn last_month(&self, charge: &CostCharge, first: Date) -> i64 {
        let mut sum = 0;
        let mut day = first.yesterday().unwrap_or(first).first_of_month();
        while day < first {
            let mut usage = Vec::new();
            if day >= self.since {
                self.setup.services.iter().for_each(|service| self.usage(service, day, &mut usage));
            }
            sum += self.of(charge, &usage);
            day = next(day);
        }
        sum
    }
}

/// The day after.
pub(super) fn next(day: Date) -> Date {
    day.tomorrow().unwrap_or(day)
}
