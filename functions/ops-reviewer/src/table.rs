//! Columns that stand below each other, and figures as people write them.

use jiff::SignedDuration;
use nightshift_core::span::words;
use nightshift_release::dora::{Dora, DoraReport};
use nightshift_release::trend::{Step, Trend, sparkline};

/// Between two columns.
const GAP: &str = "  ";
/// Bars of a trend; more do not fit beside the other columns.
const MOST_BARS: usize = 28;

/// The rows with each column as wide as its widest cell.
pub fn aligned(rows: &[Vec<String>]) -> Vec<String> {
    let wide = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(wide).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join(GAP).trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// What people call the service of a key that [`DoraReport`] has.
pub fn named(key: &str) -> &str {
    key.splitn(3, '/').last().unwrap_or(key)
}

/// DORA's measures, a service in a row and all of them in the last one, with
/// those of the time before in brackets where `before` is given.
pub fn delivery(dora: &DoraReport, before: Option<&DoraReport>, trend: &Trend) -> Vec<Vec<String>> {
    let by = match days_of_a_bar(trend.all.len()) {
        1 => "by day".to_owned(),
        days => format!("by {days} days"),
    };
    let titles = ["service", "releases", "failed", "stayed a day", "recovered in", "took", "lead time", &by];
    let mut rows = vec![titles.map(str::to_owned).to_vec()];
    for (key, measures) in busy(dora) {
        let before = before.map(|before| before.services.get(key));
        rows.push(row(named(key), measures, before, trend.services.get(key)));
    }
    rows.push(row("all", &dora.all, before.map(|before| Some(&before.all)), Some(&trend.all)));
    without_empty(rows)
}

/// Services of which there is something to tell.
fn busy(dora: &DoraReport) -> impl Iterator<Item = (&String, &Dora)> {
    dora.services.iter().filter(|(_, measures)| measures.deployments > 0)
}

fn row(name: &str, now: &Dora, before: Option<Option<&Dora>>, steps: Option<&Vec<Step>>) -> Vec<String> {
    let figure = |shown: fn(&Dora) -> Option<String>| {
        let now = shown(now).unwrap_or_else(|| "-".to_owned());
        match before {
            None => now,
            Some(before) => format!("{now} ({})", before.and_then(shown).unwrap_or_else(|| "-".to_owned())),
        }
    };
    let changes = |steps: &[Step]| steps.iter().map(|step| step.stayed + step.failed).sum();
    // Counted from the end, so that the last bar is as wide as the others.
    let bars = |steps: &Vec<Step>| -> Vec<u32> {
        let mut bars: Vec<u32> = steps.rchunks(days_of_a_bar(steps.len())).map(changes).collect();
        bars.reverse();
        bars
    };
    vec![
        name.to_owned(),
        figure(|dora| Some(dora.deployments.to_string())),
        figure(|dora| dora.change_fail_percent.map(|percent| format!("{percent} %"))),
        figure(|dora| Some(hundredths(dora.per_day_hundredths))),
        figure(|dora| dora.recovery_s.map(length)),
        figure(|dora| dora.duration_s.map(length)),
        figure(|dora| dora.lead_s.map(length)),
        steps.map_or_else(String::new, |steps| sparkline(&bars(steps))),
    ]
}

fn days_of_a_bar(days: usize) -> usize {
    days.div_ceil(MOST_BARS).max(1)
}

/// A column in which nobody knows anything is left out.
fn without_empty(rows: Vec<Vec<String>>) -> Vec<Vec<String>> {
    let known = |column: usize| {
        let mut cells = rows.iter().skip(1).filter_map(|row| row.get(column));
        cells.any(|cell| !matches!(cell.as_str(), "-" | "- (-)"))
    };
    let kept: Vec<bool> = (0..rows.first().map_or(0, Vec::len)).map(known).collect();
    let keep = |row: Vec<String>| row.into_iter().zip(&kept).filter_map(|(cell, keep)| keep.then_some(cell)).collect();
    rows.iter().cloned().map(keep).collect()
}

/// `1.5` for 150 hundredths.
fn hundredths(number: u32) -> String {
    let text = format!("{}.{:02}", number / 100, number % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Seconds in words, without what nobody reads beside hours.
pub fn length(seconds: i64) -> String {
    let precise = SignedDuration::from_secs(seconds);
    words(if seconds < 3600 { precise } else { SignedDuration::from_mins(precise.as_mins()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other_whatever_their_letters() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let shown = aligned(&[row(["service", "n", "x"]), row(["größe", "12", ""])]);
        assert_eq!(shown, ["service  n   x", "größe    12"]);
    }

    #[test]
    fn a_service_is_called_by_cluster_and_name() {
        assert_eq!(named("123456789012/eu-west-1/prod/web"), "prod/web");
        assert_eq!(named("web"), "web");
    }

    #[test]
    fn a_long_trend_is_drawn_in_wider_bars() {
        let from = jiff::Timestamp::UNIX_EPOCH;
        let trend = Trend { all: vec![Step { from, stayed: 1, failed: 0 }; 90], ..Trend::default() };
        let rows = delivery(&DoraReport::default(), None, &trend);
        let (title, bars) = (rows[0].last().unwrap(), rows[1].last().unwrap());
        assert_eq!((title.as_str(), bars.as_str()), ("by 4 days", "▅██████████████████████"));
    }

    #[test]
    fn hundredths_lose_what_says_nothing() {
        assert_eq!([0, 7, 150, 143, 1000].map(hundredths), ["0", "0.07", "1.5", "1.43", "10"]);
    }

    #[test]
    fn lengths_lose_what_nobody_reads() {
        assert_eq!([59, 192, 3600, 7261, 90_061].map(length), ["59 s", "3 m 12 s", "1 h", "2 h 1 m", "1 d 1 h"]);
    }
}
