//! GetCostAndUsage and GetTags: pieces of days, shared out as far as the
//! question needs it, and added up.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan as _;
use jiff::civil::Date;
use nightshift_core::cost::{CostMetric, Granularity, GroupBy};

use super::Bill;
use super::day::{Piece, next};
use super::split::split;
use crate::state::releases::AwsError;

/// So many months of days may be asked for.
const HISTORY_MONTHS: i32 = 14;
/// A question tells apart by at most so many.
const GROUPINGS: usize = 2;

/// What is asked for.
pub(crate) struct Question {
    pub(crate) from: Date,
    /// The day after the last one.
    pub(crate) to: Date,
    pub(crate) granularity: Granularity,
    pub(crate) metric: CostMetric,
    pub(crate) by: Vec<GroupBy>,
    pub(crate) filter: Filter,
}

/// What counts.
#[derive(Clone, Debug)]
pub(crate) enum Filter {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    /// It has one of these values there; an empty one: it carries no such tag.
    Is(GroupBy, Vec<String>),
}

/// The answer for one day or month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) from: Date,
    pub(crate) to: Date,
    pub(crate) estimated: bool,
    /// Millionths by keys; without a grouping, one without keys.
    pub(crate) groups: BTreeMap<Vec<String>, i64>,
}

/// A part of a piece that everything is known of.
struct Cell<'a> {
    piece: &'a Piece<'a>,
    account: &'a str,
    /// Values of the tags, in the order of the scenario, as far as they are needed.
    tags: Vec<&'a str>,
    amount: i64,
}

/// How far pieces must be shared out.
struct Depth {
    accounts: bool,
    tags: usize,
}

impl Bill<'_> {
    /// Period by period, oldest first.
    ///
    /// # Errors
    /// If AWS would refuse the question.
    pub(crate) fn answer(&self, asked: &Question) -> Result<Vec<Period>, AwsError> {
        let wrong = |says: &str| Err(AwsError::new("ValidationException", says));
        if asked.from >= asked.to {
            return wrong("Start date (and hour) should be before end date (and hour)");
        }
        if asked.by.len() > GROUPINGS {
            return wrong("Only 2 groupings are allowed.");
        }
        if asked.to > next(self.today.last_of_month()) {
            return wrong("end date past the beginning of next month");
        }
        if self.today.checked_sub(HISTORY_MONTHS.months()).is_ok_and(|oldest| asked.from < oldest) {
            return wrong("You haven't enabled historical data beyond 14 months");
        }
        Ok(periods(asked).map(|(from, to)| self.period(asked, from, to)).collect())
    }

    pub(super) fn period(&self, asked: &Question, from: Date, to: Date) -> Period {
        let depth = self.depth(asked);
        let mut groups = BTreeMap::new();
        let mut estimated = false;
        for day in days(from, to) {
            estimated |= self.estimated(day);
            for piece in &self.pieces(day, asked.metric) {
                self.share_out(piece, &depth, &mut |cell| {
                    if self.counts(&asked.filter, cell) {
                        let keys: Vec<&str> = asked.by.iter().map(|by| self.value(by, cell)).collect();
                        add(&mut groups, &keys, cell.amount);
                    }
                });
            }
        }
        if asked.by.is_empty() {
            groups.entry(Vec::new()).or_insert(0);
        } else {
            groups.retain(|_, amount| *amount != 0);
        }
        Period { from, to, estimated, groups }
    }

    /// Values that a tag had, the empty one among them where something was
    /// without it.
    ///
    /// # Errors
    /// If AWS would refuse the question.
    pub(crate) fn tag_values(&self, key: &str, from: Date, to: Date) -> Result<BTreeSet<String>, AwsError> {
        let asked = Question {
            from,
            to,
            granularity: Granularity::Daily,
            metric: CostMetric::Unblended,
            by: vec![GroupBy::Tag(key.to_owned())],
            filter: Filter::All(Vec::new()),
        };
        let periods = self.answer(&asked)?;
        Ok(periods.into_iter().flat_map(|period| period.groups.into_keys().flatten()).collect())
    }

    fn depth(&self, asked: &Question) -> Depth {
        let mut named: Vec<&GroupBy> = asked.by.iter().collect();
        asked.filter.names(&mut named);
        let place = |by: &&GroupBy| match by {
            GroupBy::Tag(key) => self.place(key).map_or(0, |place| place + 1),
            _ => 0,
        };
        let tags = named.iter().map(place).max().unwrap_or(0);
        Depth { accounts: tags > 0 || named.contains(&&GroupBy::LinkedAccount), tags }
    }

    fn place(&self, tag: &str) -> Option<usize> {
        self.setup.tags.iter().position(|known| known.key == tag)
    }

    /// Always in the same order, so that whoever asks for less gets the sums of
    /// those who ask for more.
    fn share_out<'b>(&'b self, piece: &'b Piece<'b>, depth: &Depth, take: &mut impl FnMut(&Cell<'b>)) {
        let mut cells = vec![Cell { piece, account: "", tags: Vec::new(), amount: piece.amount }];
        if depth.accounts {
            let whole = cells.remove(0);
            let parts = self.accounts(piece);
            let shares: Vec<u32> = parts.iter().map(|(_, share)| *share).collect();
            let parts = parts.iter().zip(split(whole.amount, &shares));
            cells.extend(parts.map(|((account, _), amount)| Cell { piece, account, tags: Vec::new(), amount }));
        }
        for place in 0..depth.tags {
            let values = self.values(piece, place);
            let shares: Vec<u32> = values.iter().map(|(_, share)| *share).collect();
            let under = |cell: Cell<'b>| {
                let parts = values.iter().zip(split(cell.amount, &shares));
                let parts = parts.filter(|(_, amount)| *amount != 0);
                let of = |((value, _), amount): (&(&'b str, u32), i64)| Cell {
                    tags: [&cell.tags[..], &[*value]].concat(),
                    amount,
                    ..cell
                };
                parts.map(of).collect::<Vec<_>>()
            };
            cells = cells.into_iter().flat_map(under).collect();
        }
        cells.iter().for_each(take);
    }

    /// The accounts that share a piece.
    fn accounts<'b>(&'b self, piece: &'b Piece<'b>) -> Vec<(&'b str, u32)> {
        let all = &self.setup.accounts;
        match piece.account {
            Some(account) => vec![(account, 1)],
            None if all.is_empty() => vec![(&self.scenario.account, 1)],
            None => all.iter().map(|account| (account.id.as_str(), account.share)).collect(),
        }
    }

    /// The values of a tag that share a piece; the empty one: what lacks it.
    fn values<'b>(&'b self, piece: &'b Piece<'b>, place: usize) -> Vec<(&'b str, u32)> {
        let tag = &self.setup.tags[place];
        match piece.tags.map(|named| named.get(&tag.key)) {
            None => vec![("", 1)],
            Some(Some(value)) => vec![(value, 1)],
            Some(None) => {
                let named = tag.values.iter().map(|(value, share)| (value.as_str(), *share));
                let counted = self.counted.get(place).into_iter().flatten().map(|value| (value.as_str(), 1));
                [("", tag.untagged)].into_iter().chain(named).chain(counted).collect()
            }
        }
    }

    fn value<'b>(&self, by: &GroupBy, cell: &Cell<'b>) -> &'b str {
        match by {
            GroupBy::Service => cell.piece.service,
            GroupBy::UsageType => cell.piece.usage_type,
            GroupBy::RecordType => cell.piece.record_type,
            GroupBy::LinkedAccount => cell.account,
            // One that nobody activated is on nothing.
            GroupBy::Tag(key) => self.place(key).and_then(|place| cell.tags.get(place).copied()).unwrap_or(""),
        }
    }

    fn counts(&self, filter: &Filter, cell: &Cell<'_>) -> bool {
        match filter {
            Filter::All(parts) => parts.iter().all(|part| self.counts(part, cell)),
            Filter::Any(parts) => parts.iter().any(|part| self.counts(part, cell)),
            Filter::Not(part) => !self.counts(part, cell),
            Filter::Is(by, values) => values.iter().any(|value| value == self.value(by, cell)),
        }
    }
}

impl Filter {
    fn names<'a>(&'a self, named: &mut Vec<&'a GroupBy>) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.names(named)),
            Self::Not(part) => part.names(named),
            Self::Is(by, _) => named.push(by),
        }
    }
}

fn add(groups: &mut BTreeMap<Vec<String>, i64>, keys: &[&str], amount: i64) {
    let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
    *groups.entry(keys).or_insert(0) += amount;
}

pub(super) fn days(from: Date, to: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(from), |day| Some(next(*day))).take_while(move |day| *day < to)
}

/// The days or months between, each with the day after its last one.
pub(super) fn periods(asked: &Question) -> impl Iterator<Item = (Date, Date)> {
    let (to, monthly) = (asked.to, asked.granularity == Granularity::Monthly);
    let end = move |from: Date| if monthly { next(from.last_of_month()).min(to) } else { next(from) };
    let starts = std::iter::successors(Some(asked.from), move |from| Some(end(*from)));
    starts.take_while(move |from| *from < to).map(move |from| (from, end(from)))
}
