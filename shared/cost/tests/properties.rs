//! What holds for whatever is spent.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use nightshift_core::cost::{CostGroup, CostPeriod, Costs, GroupBy, Money, Sums};
use nightshift_cost::{Charge, Episode, Floors, Mover, Series, baseline, detect, episodes, movers, series, split};
use proptest::prelude::*;
use rust_decimal::Decimal;

const FIRST: Date = date(2027, 12, 20);
const DAYS: usize = 80;
const BY: [GroupBy; 2] = [GroupBy::Service, GroupBy::RecordType];
const KINDS: [&str; 9] = [
    "Usage",
    "Credit",
    "Refund",
    "Tax",
    "Support",
    "SavingsPlanNegation",
    "DiscountedUsage",
    "RIFee",
    "Something of next year",
];

fn day(index: usize) -> Date {
    FIRST.saturating_add(i32::try_from(index).unwrap().days())
}

/// Long after: every day is settled.
fn later() -> Date {
    day(DAYS + 20)
}

fn group(service: &str, kind: &str, amount: Decimal) -> CostGroup {
    CostGroup { keys: vec![service.to_owned(), kind.to_owned()], spent: Money::new(amount, "USD") }
}

fn costs(days: Vec<Vec<CostGroup>>) -> Costs {
    let period = |(index, groups)| CostPeriod { from: day(index), estimated: false, groups };
    Costs { periods: days.into_iter().enumerate().map(period).collect(), requests: 1 }
}

/// Costs of one service by day, in cents.
fn of_one(cents: &[i64]) -> Series {
    let groups = |cents: &i64| vec![group("one", "Usage", Decimal::new(*cents, 2))];
    let mut all = series(&BY, &costs(cents.iter().map(groups).collect()), later());
    all.remove(0)
}

fn found(series: &Series, floors: &Floors) -> Vec<Mover> {
    (0..series.days.len()).filter_map(|index| detect(series, day(index), floors)).collect()
}

fn told(costs: &Costs) -> (Vec<Vec<Mover>>, Vec<Episode>) {
    let (all, floors) = (series(&BY, costs, later()), Floors::default());
    let moved = (0..DAYS).map(|index| movers(&all, day(index), &floors)).collect();
    let lasting = all.iter().flat_map(|series| episodes(series, FIRST, day(DAYS), &floors)).collect();
    (moved, lasting)
}

/// Any amount that AWS could write, credits and all.
fn any_amount() -> impl Strategy<Value = Decimal> {
    (-10_000_000_000_i64..10_000_000_000, 0_u32..=10).prop_map(|(digits, scale)| Decimal::new(digits, scale))
}

fn any_group() -> impl Strategy<Value = CostGroup> {
    (0_usize..3, 0_usize..KINDS.len(), any_amount())
        .prop_map(|(service, kind, amount)| group(["a", "b", "c"][service], KINDS[kind], amount))
}

fn any_costs() -> impl Strategy<Value = Costs> {
    prop::collection::vec(prop::collection::vec(any_group(), 0..6), DAYS).prop_map(costs)
}

/// Days of about a hundred dollars with, now and then, a jump in them.
fn any_days() -> impl Strategy<Value = Vec<i64>> {
    let day = prop_oneof![8 => 8_000_i64..12_000, 1 => 12_000_i64..90_000, 1 => 0_i64..100];
    prop::collection::vec(day, DAYS)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_parts_sum_to_the_total_to_the_last_digit(costs in any_costs()) {
        let split = split(&BY, &costs.periods).unwrap();
        let charges: Vec<&Money> = costs.periods.iter().flat_map(|period| &period.groups).map(|group| &group.spent).collect();
        prop_assert_eq!(split.total(), charges.iter().copied().collect::<Sums>());
        let beside = [&split.credits, &split.refunds, &split.tax].map(|part| part.0.get("USD").copied().unwrap_or_default());
        let spent = split.spent().0.get("USD").copied().unwrap_or_default();
        let total = split.total().0.get("USD").copied().unwrap_or_default();
        prop_assert_eq!(spent + beside.iter().sum::<Decimal>(), total);
    }

    #[test]
    fn a_credit_reduces_no_usage_and_changes_no_finding(costs in any_costs(), credits in prop::collection::vec(any_amount(), DAYS)) {
        let mut credited = costs.clone();
        for (period, credit) in credited.periods.iter_mut().zip(credits) {
            period.groups.extend(["a", "new"].map(|service| group(service, "Credit", -credit.abs())));
        }
        let usage = |costs: &Costs| split(&BY, &costs.periods).unwrap().usage;
        prop_assert_eq!(usage(&credited), usage(&costs));
        prop_assert_eq!(told(&credited), told(&costs));
    }

    #[test]
    fn the_order_of_days_and_keys_does_not_matter(costs in any_costs(), by in 0_usize..DAYS) {
        let mut other = costs.clone();
        other.periods.rotate_left(by);
        other.periods.iter_mut().for_each(|period| period.groups.reverse());
        prop_assert_eq!(series(&BY, &other, later()), series(&BY, &costs, later()));
        let mut all = series(&BY, &costs, later());
        let forwards = movers(&all, day(DAYS - 1), &Floors::default());
        all.reverse();
        prop_assert_eq!(movers(&all, day(DAYS - 1), &Floors::default()), forwards);
    }

    #[test]
    fn what_costs_the_same_every_day_never_alarms(cents in 0_i64..100_000_000, floor in 0_i64..100) {
        let floors = Floors { money: floor.into(), percent: 0, new_spend: floor.into(), alone: floor.into() };
        prop_assert_eq!(found(&of_one(&[cents; DAYS]), &floors), vec![]);
    }

    #[test]
    fn ten_times_the_money_is_ten_times_the_finding(days in any_days()) {
        let (ten, floors) = (Decimal::TEN, Floors::default());
        let tenfold: Vec<i64> = days.iter().map(|cents| cents * 10).collect();
        let scaled = Floors { money: floors.money * ten, new_spend: floors.new_spend * ten, alone: floors.alone * ten, ..floors.clone() };
        let small = found(&of_one(&days), &floors).into_iter().map(|mut mover| {
            for money in [&mut mover.spent, &mut mover.usual, &mut mover.beyond] {
                money.amount *= ten;
            }
            mover
        });
        let small: Vec<Mover> = small.collect();
        prop_assert_eq!(found(&of_one(&tenfold), &scaled), small);
    }

    #[test]
    fn later_days_have_no_say(days in any_days(), cut in 0_usize..DAYS) {
        let (all, until) = (of_one(&days), of_one(&days[..=cut]));
        let floors = Floors::default();
        prop_assert_eq!(detect(&all, day(cut), &floors), detect(&until, day(cut), &floors));
    }

    #[test]
    fn a_finding_is_beyond_the_floors_and_its_sums_are_right(costs in any_costs()) {
        let floors = Floors::default();
        for series in series(&BY, &costs, later()) {
            for mover in found(&series, &floors) {
                prop_assert_eq!(mover.usual.amount + mover.beyond.amount, mover.spent.amount);
                // What is usual is known to a millionth.
                prop_assert!(mover.beyond.amount + Decimal::new(1, 6) >= floors.money);
            }
            for episode in episodes(&series, FIRST, later(), &floors) {
                prop_assert!(episode.peak.beyond >= episode.first.beyond && episode.impact >= episode.peak.beyond);
            }
        }
    }

    #[test]
    fn the_largest_amounts_that_fit_break_nothing(digits in any::<i64>(), huge in 0_usize..DAYS) {
        let mut days = vec![vec![group("a", "Usage", Decimal::from(digits))]; DAYS];
        days[huge] = vec![group("a", "Usage", Decimal::MAX)];
        days[DAYS - 1 - huge] = vec![group("a", "Usage", Decimal::MIN)];
        let all = series(&BY, &costs(days), later());
        for index in 0..DAYS {
            let _: (Option<Mover>, _) = (detect(&all[0], day(index), &Floors::default()), baseline(&all[0], day(index)));
        }
    }
}

#[test]
fn every_record_type_has_one_kind() {
    let kinds = KINDS.map(Charge::of);
    let periods = costs(vec![KINDS.map(|kind| group("a", kind, Decimal::ONE)).to_vec()]).periods;
    let parts: Decimal =
        split(&BY, &periods).unwrap().parts().iter().filter_map(|(_, sums)| sums.0.get("USD").copied()).sum();
    assert_eq!(parts, Decimal::from(kinds.len()));
}
