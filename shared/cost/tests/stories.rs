//! Months of one service's costs, and what is told of them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use nightshift_cost::{Day, Floors, Kind, Phase, Series, baseline, detect, episodes, movers};
use rust_decimal::Decimal;

/// A Monday.
const FIRST: Date = date(2026, 6, 1);

fn day(index: usize) -> Date {
    FIRST.saturating_add(i32::try_from(index).unwrap().days())
}

fn series(days: usize, spent: impl Fn(usize) -> i64) -> Series {
    let day = |index| Day { spent: Decimal::from(spent(index)), estimated: false, settled: true };
    Series { key: vec!["ECS".into()], currency: "USD".into(), from: FIRST, days: (0..days).map(day).collect() }
}

/// Which days of them are told, and why.
#[track_caller]
fn check(series: &Series, expect: &[(usize, Kind)]) {
    let floors = Floors::default();
    let told = (0..series.days.len()).filter_map(|index| Some((index, detect(series, day(index), &floors)?.kind)));
    assert_eq!(told.collect::<Vec<_>>(), expect);
}

/// 100 on working days and 20 at week-ends, a little more or less.
fn working(index: usize) -> i64 {
    let wobble = i64::try_from(index * 7 % 5).unwrap() - 2;
    if index % 7 >= 5 { 20 + wobble } else { 100 + wobble }
}

#[test]
fn a_week_of_working_days_is_usual_and_a_working_day_on_a_sunday_is_not() {
    check(&series(70, working), &[]);
    check(&series(70, |index| if index == 48 { 100 } else { working(index) }), &[(48, Kind::Jump)]);
}

#[test]
fn a_mover_says_how_much_it_is_beyond_what_is_usual() {
    let mover = detect(&series(50, |index| if index == 49 { 250 } else { 100 }), day(49), &Floors::default()).unwrap();
    let shown = [&mover.spent, &mover.usual, &mover.beyond].map(ToString::to_string);
    assert_eq!(shown, ["250.00 USD", "100.00 USD", "150.00 USD"]);
    assert_eq!((mover.percent, mover.score), (Some(Decimal::from(150)), None));
}

#[test]
fn a_rise_below_either_floor_is_not_told() {
    let jump = |usual: i64, then: i64| series(50, move |index| if index == 49 { then } else { usual });
    check(&jump(30, 49), &[]);
    check(&jump(30, 50), &[(49, Kind::Jump)]);
    check(&jump(1000, 1349), &[]);
    check(&jump(1000, 1350), &[(49, Kind::Jump)]);
    check(&jump(1000, 0), &[]);
}

#[test]
fn what_always_varies_has_to_rise_further() {
    let varies =
        |top: i64| series(50, move |index| if index == 49 { top } else { 70 + 60 * i64::from(index % 2 == 0) });
    check(&varies(200), &[]);
    check(&varies(900), &[(49, Kind::Jump)]);
}

#[test]
fn with_less_than_two_weeks_only_a_lot_is_told() {
    check(&series(14, |index| if index == 13 { 199 } else { 100 }), &[]);
    check(&series(14, |index| if index == 13 { 200 } else { 100 }), &[(13, Kind::Alone)]);
    check(&series(1, |_| 10_000), &[]);
}

#[test]
fn what_spends_for_the_first_time_is_new_for_two_weeks_and_one_episode() {
    let new = series(60, |index| if index < 30 { 0 } else { 25 });
    check(&new, &(30..44).map(|index| (index, Kind::NewSpend)).collect::<Vec<_>>());
    assert_eq!(episodes(&new, FIRST, day(59), &Floors::default()).len(), 1);
    check(&series(60, |index| if index < 30 { 0 } else { 19 }), &[]);
}

#[test]
fn a_fee_on_the_first_of_a_month_is_known_from_the_month_before() {
    let fee = |date: Date, fee: i64| if date.day() == 1 { fee } else { 0 };
    let (july, august) = (30, 61);
    assert_eq!((day(july), day(august)), (date(2026, 7, 1), date(2026, 8, 1)));
    check(&series(90, |index| 100 + fee(day(index), 150)), &[]);
    // Only in August: nobody knew.
    let once = series(90, |index| 100 + if index == august { 150 } else { 0 });
    check(&once, &[(august, Kind::Jump)]);
    // What it follows was told: it may double, and not more.
    let support = |second: i64| series(62, move |index| fee(day(index), if index == august { second } else { 100 }));
    check(&support(200), &[]);
    check(&support(201), &[(august, Kind::Jump)]);
    let known = baseline(&support(200), day(august)).unwrap();
    assert_eq!((known.usual, known.fee, known.points), (100.into(), 100.into(), 42));
}

#[test]
fn a_run_at_the_end_of_each_month_is_known_too() {
    let run = |index| if day(index) == day(index).last_of_month() { 180 } else { 100 };
    let told: Vec<Date> =
        (31..150).map(day).filter(|day| detect(&series(150, run), *day, &Floors::default()).is_some()).collect();
    assert_eq!(told, Vec::<Date>::new());
}

#[test]
fn an_anomaly_opens_grows_rests_and_is_over() {
    let leak =
        series(60, |index| if (45..50).contains(&index) { 150 + 10 * i64::try_from(index).unwrap() } else { 100 });
    let on = |index: usize| {
        let all = episodes(&leak, FIRST, day(index), &Floors::default());
        all.iter().map(|episode| (episode.phase, episode.days, episode.impact.amount)).collect::<Vec<_>>()
    };
    assert_eq!(on(44), []);
    assert_eq!(on(45), [(Phase::Opened, 1, 500.into())]);
    assert_eq!(on(46), [(Phase::Grows, 2, 1010.into())]);
    assert_eq!(on(51), [(Phase::Rests, 5, 2600.into())]);
    assert_eq!(on(52), [(Phase::Over, 5, 2600.into())]);
    let all = episodes(&leak, FIRST, day(59), &Floors::default());
    assert_eq!((all[0].first.day, all[0].peak.day, all[0].last), (day(45), day(49), day(49)));
}

#[test]
fn what_leaks_on_working_days_is_one_anomaly_over_the_week_end() {
    let leak = series(70, |index| if index >= 56 && index % 7 < 5 { 300 } else { working(index) });
    assert_eq!(episodes(&leak, FIRST, day(69), &Floors::default()).len(), 1);
}

#[test]
fn a_new_level_becomes_usual_after_some_weeks() {
    let step = series(120, |index| if index >= 50 { 300 } else { 100 });
    let all = episodes(&step, FIRST, day(119), &Floors::default());
    assert_eq!(
        all.iter().map(|episode| (episode.first.day, episode.phase)).collect::<Vec<_>>(),
        [(day(50), Phase::Over)]
    );
    assert!((15..=21).contains(&all[0].days), "{}", all[0].days);
}

#[test]
fn a_day_that_is_not_settled_is_neither_told_nor_learned_from() {
    let mut jump = series(60, |index| if index >= 58 { 500 } else { 100 });
    jump.days[59].settled = false;
    check(&jump, &[(58, Kind::Jump)]);
    let mut half = series(60, |index| if index % 7 == 2 { 1 } else { 100 });
    half.days.iter_mut().step_by(7).for_each(|day| day.settled = false);
    assert_eq!(baseline(&half, day(58)).unwrap().points, 36);
}

#[test]
fn five_movers_are_told_the_largest_first() {
    let all: Vec<Series> = (1..=7)
        .map(|number| {
            let mut one = series(50, move |index| if index == 49 { 100 + 50 * number } else { 100 });
            one.key = vec![format!("service {number}")];
            one
        })
        .collect();
    let told = movers(&all, day(49), &Floors::default());
    let beyond: Vec<String> = told.iter().map(|mover| mover.beyond.to_string()).collect();
    assert_eq!(beyond, ["350.00 USD", "300.00 USD", "250.00 USD", "200.00 USD", "150.00 USD"]);
}
