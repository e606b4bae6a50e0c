//! Pictures of charts as they come, and as they should never come.

use jiff::civil::{Date, date};
use nightshift_core::notice::{Chart, Layer};
use proptest::prelude::*;
use resvg::tiny_skia::Pixmap;
use resvg::usvg::{Node, Tree};
use rust_decimal::Decimal;

use crate::axis::Axis;
use crate::png::options;
use crate::stack::{Stack, float};
use crate::{HEIGHT, WIDTH, alt, png, svg};

/// A month as it comes: weekdays dearer than weekends, and a dear Thursday.
fn month() -> Chart {
    let names = [
        ("Amazon Elastic Container Service", 96),
        ("AWS Lambda", 33),
        ("Amazon Relational Database Service", 61),
        ("Amazon Elastic Load Balancing", 21),
        ("AmazonCloudWatch", 17),
        ("Amazon Simple Storage Service", 14),
        ("EC2 - Other", 12),
        ("Amazon DynamoDB", 9),
        ("AWS Key Management Service", 3),
        ("AWS Secrets Manager", 2),
    ];
    let from = date(2026, 10, 30);
    let spent = |at: i64, (which, base): (usize, i64)| {
        let weekend = crate::day(from, at as usize).weekday().to_monday_zero_offset() > 4;
        let wave = (at * (7 + which as i64) % 11) - 5;
        let leap = if which == 1 && at >= 20 { 92 + at } else { 0 };
        let cut = if at == 29 { 45 } else { 100 };
        Decimal::new((base * (if weekend { 78 } else { 100 }) + base * wave + leap * 100) * cut / 100, 2)
    };
    let layer = |(which, (name, base)): (usize, &(&str, i64))| Layer {
        name: (*name).to_owned(),
        days: (0..30).map(|at| spent(at, (which, *base))).collect(),
    };
    Chart {
        title: "What production cost, by service".to_owned(),
        currency: "USD".to_owned(),
        from,
        settled: 27,
        layers: names.iter().enumerate().map(layer).collect(),
    }
}

fn small(days: &[&[&str]], settled: u32) -> Chart {
    let layer = |(at, days): (usize, &&[&str])| Layer {
        name: format!("layer {at}"),
        days: days.iter().map(|day| day.parse().unwrap()).collect(),
    };
    let layers = days.iter().enumerate().map(layer).collect();
    Chart { title: "Costs".into(), currency: "USD".into(), from: date(2026, 11, 2), settled, layers }
}

/// Every text stands inside of the picture, and no name runs into its amount.
fn texts_have_their_room(svg: &str) {
    let tree = Tree::from_str(svg, &options()).unwrap();
    let mut texts = Vec::new();
    fn collect(group: &resvg::usvg::Group, texts: &mut Vec<(f32, f32, f32)>) {
        for node in group.children() {
            match node {
                Node::Group(group) => collect(group, texts),
                Node::Text(text) => {
                    let place = text.abs_bounding_box();
                    texts.push((place.left(), place.right(), place.top()));
                }
                _ => {}
            }
        }
    }
    collect(tree.root(), &mut texts);
    for (at, (left, right, top)) in texts.iter().enumerate() {
        assert!(*left >= 0.0 && *right <= WIDTH as f32 && *top >= 0.0, "{at}: {left} {right} {top}");
    }
    // A legend's line is a name and an amount, one after the other.
    let lines = texts.windows(2).filter(|pair| pair[0].0 > 740.0 && pair[1].0 > 740.0 && pair[1].0 > pair[0].0);
    for pair in lines {
        assert!((pair[0].2 - pair[1].2).abs() > 30.0 || pair[0].1 < pair[1].0, "{pair:?}");
    }
}

#[track_caller]
fn check(chart: &Chart) -> String {
    let drawn = svg(chart);
    assert!(!drawn.contains("NaN") && !drawn.contains("inf"), "{drawn}");
    assert_eq!(drawn, svg(chart));
    let pixels = Pixmap::decode_png(&png(chart).unwrap()).unwrap();
    assert_eq!((pixels.width(), pixels.height()), (WIDTH, HEIGHT));
    assert!(pixels.pixels().iter().all(|pixel| pixel.alpha() == 255), "the ground has a hole");
    texts_have_their_room(&drawn);
    assert!(alt(chart).chars().count() <= 1000);
    drawn
}

#[test]
fn a_month_is_drawn_as_it_always_was() {
    insta::assert_snapshot!(check(&month()));
    insta::assert_snapshot!(alt(&month()));
}

#[test]
fn what_has_no_place_of_its_own_is_summed() {
    let stack = Stack::of(&month());
    assert_eq!(stack.layers.len(), 9);
    assert_eq!((stack.layers[8].name.as_str(), stack.layers[8].rest), ("other", true));
    let chart = month();
    assert_eq!(stack.layers[8].days[3], chart.layers[8].days[3] + chart.layers[9].days[3]);
    let whole: Decimal = chart.layers.iter().flat_map(|layer| &layer.days[..27]).sum();
    assert_eq!(stack.settled_total(), whole);
}

#[test]
fn what_may_change_is_striped_and_named_so() {
    assert!(svg(&month()).contains(">provisional</text>"));
    assert!(!svg(&small(&[&["1", "2"]], 2)).contains(">provisional</text>"));
    let nothing_settled = check(&small(&[&["1", "2"]], 0));
    assert!(nothing_settled.contains(">provisional</text>") && nothing_settled.contains(">no settled day</text>"));
    // More settled days than there are is all of them.
    assert!(check(&small(&[&["1", "2"]], u32::MAX)).contains(">2 days</text>"));
}

#[test]
fn what_is_odd_is_drawn_all_the_same() {
    check(&small(&[], 0));
    check(&small(&[&[]], 5));
    assert!(check(&small(&[&["0", "0"]], 2)).contains("nothing was spent"));
    check(&small(&[&["7.5"]], 1));
    check(&small(&[&["1", "1", "1"], &["1", "1", "1"]], 3));
    check(&small(&[&["0.01", "1000000000", "0.01"]], 3));
    check(&small(&[&["79228162514264337593543950335"][..]; 10], 1));
    check(&small(&[&["0.0000000000000000000000000001"]], 1));
    check(&small(&[&["-5", "3"], &["4", "-79228162514264337593543950335"]], 2));
    check(&small(&[&["1"], &["1", "2", "3"]], 2));
    let last = Chart { from: Date::MAX, ..small(&[&["1", "2", "3"]], 3) };
    check(&last);
}

#[test]
fn a_year_and_more_is_drawn() {
    let layer = |name: &str| Layer { name: name.into(), days: (0..400).map(|at| Decimal::new(at % 90, 0)).collect() };
    let layers = ["a", "b", "c"].map(layer).to_vec();
    check(&Chart { layers, settled: 398, ..month() });
}

#[test]
fn text_from_outside_stays_text() {
    for evil in
        ["</text><script>alert(1)</script>", "&#x0;\u{0}\u{b}\u{fffe}", "\u{202e}مرحبا", "<![CDATA[", "𝕎🔥\u{301}"]
    {
        let mut chart = month();
        (chart.title, chart.currency) = (evil.repeat(40), evil.to_owned());
        chart.layers.iter_mut().for_each(|layer| layer.name = evil.repeat(40));
        let drawn = check(&chart);
        assert!(!drawn.contains("<script") && !drawn.contains('\u{202e}') && !drawn.contains("<!["), "{drawn}");
    }
}

prop_compose! {
    fn charts()(
        title in any::<String>(),
        currency in prop_oneof![Just("USD".to_owned()), any::<String>()],
        (day, settled) in (0i32..4000, 0u32..40),
        layers in prop::collection::vec((any::<String>(), prop::collection::vec(amounts(), 0..40)), 0..12),
    ) -> Chart {
        let from = crate::day(date(2026, 1, 1), day as usize);
        let layers = layers.into_iter().map(|(name, days)| Layer { name, days }).collect();
        Chart { title, currency, from, settled, layers }
    }
}

fn amounts() -> impl Strategy<Value = Decimal> {
    let any = (any::<i64>(), 0u32..28).prop_map(|(number, scale)| Decimal::new(number, scale));
    prop_oneof![8 => (0i64..1_000_000).prop_map(|cents| Decimal::new(cents, 2)), 1 => any, 1 => Just(Decimal::MAX)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_chart_is_a_picture(chart in charts()) {
        check(&chart);
    }

    #[test]
    fn the_parts_of_a_bar_are_the_day(chart in charts()) {
        let stack = Stack::of(&chart);
        let axis = Axis::up_to(float(stack.most()));
        for day in 0..stack.days {
            let tops = stack.tops(day, &axis);
            prop_assert!(tops.is_sorted() && tops.iter().all(|top| (0.0..=1.0).contains(top)), "{:?}", tops);
            let whole = tops.last().copied().unwrap_or_default() * axis.end();
            let total = float(stack.total(day));
            prop_assert!((whole - total).abs() <= total * 1e-9, "{} {}", whole, total);
            let of_chart = chart.layers.iter().filter_map(|layer| layer.days.get(day));
            let of_chart = of_chart.fold(Decimal::ZERO, |sum, spent| sum.saturating_add((*spent).max(Decimal::ZERO)));
            let (one, other) = (float(of_chart), float(stack.total(day)));
            prop_assert!((one - other).abs() <= one * 1e-9, "{} {}", one, other);
        }
    }
}
