//! What came of a storm, for a terminal.

use ops_reviewer::table::aligned;

use super::Stormed;
use super::limits::{OF_ONE_KEY, PAGER_PER_MINUTE, SLACK_PER_S};
use crate::paint::{Ink, Paint};

/// The figures: what was used beside what is let, and what it cost.
pub fn text(stormed: &Stormed, paint: Paint) -> String {
    let Stormed { services, alarms, seed, seconds, lambda, incidents, remedies, pages, plain_pages, dead, .. } =
        stormed;
    let title = format!("{alarms} alarms of {services} services in a minute, and the recovery (seed {seed})");
    let mut text = format!("\n  {}\n\n", paint.ink(Ink::Bold, &title));
    let told: u64 = stormed.notices.values().sum();
    let by_kind: Vec<String> = stormed.notices.iter().map(|(kind, times)| format!("{kind} {times}")).collect();
    text.push_str(&format!(
        "  {incidents} incidents of services, {} of many at once, {remedies} remedies, over after {} minutes\n",
        stormed.fleet_incidents,
        seconds / 60
    ));
    text.push_str(&format!(
        "  {} messages in the channel, by {told} notices: {}\n",
        stormed.messages,
        by_kind.join(", ")
    ));
    text.push_str(&format!("  {pages} pages, {plain_pages} plain ones, {dead} events in a dead-letter queue\n"));
    text.push_str(&format!(
        "  Lambda: {} invocations, {} at once, {} tries without a free place, {} events expired\n",
        lambda.invocations, lambda.most_at_once, lambda.throttled, lambda.expired
    ));
    text.push_str(&format!(
        "  Slack takes {SLACK_PER_S} message a second in a channel: {} minutes; PagerDuty {PAGER_PER_MINUTE} events a \
         minute: {} minutes\n\n",
        told / 60 / SLACK_PER_S,
        pages.div_ceil(PAGER_PER_MINUTE)
    ));
    text.push_str(&table(&calls(stormed), paint));
    text.push_str(&table(&ledger(stormed), paint));
    let sum: f64 = stormed.usd.values().sum();
    let each: Vec<String> = stormed.usd.iter().map(|(name, usd)| format!("{name} {usd:.2}")).collect();
    text.push_str(&format!("  {sum:.2} USD: {}\n\n", each.join(", ")));
    for (name, times) in &stormed.broken {
        text.push_str(&format!("  {}: {times} times\n", paint.ink(Ink::Bold, name)));
    }
    stormed.examples.iter().for_each(|one| text.push_str(&format!("    {one}\n")));
    if stormed.broken.is_empty() {
        text.push_str(&format!("  {}\n", paint.ink(Ink::Bold, "Every invariant held.")));
    }
    text.push('\n');
    text
}

fn calls(stormed: &Stormed) -> Vec<Vec<String>> {
    let mut rows =
        vec![["call", "times", "most in a second", "let", "waited", "failed"].map(ToOwned::to_owned).to_vec()];
    for (name, one) in &stormed.calls {
        let limit = one.per_second.map_or_else(|| "-".to_owned(), |rate| format!("{rate}"));
        let called = one.called;
        let figures = [called.all, called.peak].map(|figure| figure.to_string());
        let [all, peak] = figures;
        rows.push(vec![name.clone(), all, peak, limit, called.waited.to_string(), called.failed.to_string()]);
    }
    rows
}

fn ledger(stormed: &Stormed) -> Vec<Vec<String>> {
    let (read, write) = OF_ONE_KEY;
    let most = ["reads of a key in a second", "writes"].map(ToOwned::to_owned);
    let [reads, writes] = most;
    let mut rows = vec![vec!["item".into(), "read units".into(), "write units".into(), reads, writes, String::new()]];
    for (kind, units) in &stormed.ledger {
        let hot = units.peak_read > read || units.peak_write > write;
        let whole = |units: f64| format!("{units:.0}");
        let figures = [units.read, units.write, units.peak_read, units.peak_write].map(whole);
        let mut row = vec![(*kind).to_owned()];
        row.extend(figures);
        row.push(if hot { format!("beyond a partition's {read:.0} and {write:.0}") } else { String::new() });
        rows.push(row);
    }
    rows
}

/// Rows below their head.
pub(in crate::simulate) fn table(rows: &[Vec<String>], paint: Paint) -> String {
    let mut text = String::new();
    for (row, line) in aligned(rows).iter().enumerate() {
        let line = if row == 0 { paint.ink(Ink::Dim, line) } else { line.clone() };
        text.push_str(&format!("  {line}\n"));
    }
    text.push('\n');
    text
}
