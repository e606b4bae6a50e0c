//! The parts of a report.

use jiff::civil::Date;
use nightshift_core::cost::{CostAnomaly, Money, Sums};
use nightshift_core::notice::Section;
use nightshift_cost::waste::Waste;
use nightshift_cost::{Episode, Kind as Moved};

use super::text::amount;
use super::{cut, money, of_total, percent, weekday};
use crate::event::{Due, Kind};
use crate::hints::Hint;
use crate::month::{By, Estimate, Month, named};
use crate::moves::Total;
use crate::picture::{DAYS, chart, sparkline};
use crate::plan::Figures;
use crate::shares::{Share, Shares};

/// Characters of a name from outside.
const NAME: usize = 80;
/// Lines about what moved.
const MOST_LINES: usize = 18;
/// Characters of how a saving was computed.
const HOW: usize = 400;
/// Each question costs so many cents.
const CENTS: u32 = 1;

/// All of them, the most telling first.
pub fn parts(figures: &Figures, due: &Due) -> Vec<Section> {
    let moves = &figures.moves;
    let movers = mover_lines(figures);
    let totals = |totals: &[Total]| totals.iter().map(|total| of_total(total, Kind::Daily)).collect::<Vec<_>>();
    let also = moves.also.iter().map(|(day, all)| format!("{}: {}", weekday(*day), totals(all).join(" and ")));
    let provisional = moves.provisional.iter().map(|(day, spent)| format!("{} so far: {}", weekday(*day), all(spent)));
    let tags = figures.tags.iter().flat_map(|tags| share_lines(tags, Some(&figures.tag)));
    let accounts = figures.accounts.iter().flat_map(|accounts| share_lines(accounts, None));
    let what = if due.costs == Kind::Daily { "What moved" } else { "What moved in the week" };
    [
        Section::part(what, movers),
        Section::part("Settled since the last report, too", also.collect()),
        Section::part("The month", month_lines(figures)),
        Section::part(
            &format!("The month to {} by tag {}", weekday(moves.day), cut(&figures.tag, NAME)),
            tags.collect(),
        )
        .map(Section::in_columns)
        .map(|part| tagged(part, figures.tag_known)),
        Section::part(&format!("The month to {} by account", weekday(moves.day)), accounts.collect())
            .map(Section::in_columns),
        Section::part("What AWS itself found strange", figures.anomalies.iter().map(anomaly_line).collect()),
        waste(figures),
        days(figures, due),
        Section::part("Still provisional", provisional.collect()),
        Section::part("Could not be read, and is missing above", unseen(figures)),
        Section::part("This report", vec![price(figures.requests)]),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Where nothing carries the tag, what would change that.
fn tagged(part: Section, known: Option<bool>) -> Section {
    match known {
        None => part,
        Some(true) => part.noted("Nothing carries it in this month."),
        Some(false) => part.noted(
            "Cost Explorer does not know it: activate it as a cost allocation tag in the account that pays. It counts \
             from the next day on.",
        ),
    }
}

fn price(requests: u32) -> String {
    let cents = requests.saturating_mul(CENTS);
    format!("{requests} questions to Cost Explorer, {}.{:02} USD", cents / 100, cents % 100)
}

fn all(spent: &[Money]) -> String {
    let shown: Vec<String> = spent.iter().map(money).collect();
    if shown.is_empty() { "nothing".to_owned() } else { shown.join(" and ") }
}

fn sums(sums: &Sums) -> String {
    all(&sums.0.iter().map(|(currency, amount)| Money::new(*amount, currency.clone())).collect::<Vec<_>>())
}

/// Each mover with its hints, as far as they fit: the movers first of all.
fn mover_lines(figures: &Figures) -> Vec<String> {
    let moves = &figures.moves;
    let mut room = MOST_LINES.saturating_sub(moves.movers.len() + usize::from(moves.more > 0));
    let mut lines = Vec::new();
    let mut told: Vec<&Hint> = Vec::new();
    for (mover, hints) in moves.movers.iter().zip(&figures.hints) {
        lines.push(mover_line(mover, moves.day));
        for hint in hints {
            // What explains two of them is said once.
            if room > 0 && !told.contains(&hint) {
                lines.push(format!("↳ {}", hinted(hint, &mover.peak.spent.currency)));
                told.push(hint);
                room -= 1;
            }
        }
    }
    lines.extend((moves.more > 0).then(|| format!("and {} more", moves.more)));
    lines
}

fn mover_line(mover: &Episode, day: Date) -> String {
    let name = mover.first.key.first().map_or_else(String::new, |name| cut(name, NAME));
    let peak = &mover.peak;
    let share = peak.percent.map_or_else(String::new, |share| format!(" ({})", percent(share)));
    let what = match peak.kind {
        Moved::NewSpend => format!("{name}: {}, and nothing before", money(&peak.spent)),
        Moved::Alone => format!("{name}: {}, {} above its dearest day so far", money(&peak.spent), money(&peak.beyond)),
        Moved::Jump => format!("{name}: {}, {}{share} above usual", money(&peak.spent), money(&peak.beyond)),
    };
    let when = if peak.day == day { String::new() } else { format!(" on {}", weekday(peak.day)) };
    let since = match mover.days {
        0 | 1 => String::new(),
        days => format!("; since {}, on {days} days, {} in all", weekday(mover.first.day), money(&mover.impact)),
    };
    format!("{what}{when}{since}")
}

fn hinted(hint: &Hint, currency: &str) -> String {
    match hint {
        Hint::Usage { usage_type, more, new } => {
            let new = if *new { ", which is new" } else { "" };
            format!("{} more of {}{new}", money(&Money::new(*more, currency)), cut(usage_type, NAME))
        }
        Hint::Release { service, task_definition, day } => {
            format!("{task_definition} was released to {service} on {}", weekday(*day))
        }
        Hint::MoreReleases { number } => format!("and {number} more releases in the same days"),
        Hint::LogsKeptForEver { number } => format!("{number} log groups keep their events for ever: set a retention"),
        Hint::ImagesKeptForEver { number } => format!("{number} repositories have no lifecycle policy"),
        Hint::ScaledOut { service, day } => format!("Nightshift scaled {service} out on {}", weekday(*day)),
    }
}

fn month_lines(figures: &Figures) -> Vec<String> {
    let mut lines: Vec<String> = figures.month.iter().flat_map(month_line).collect();
    lines.extend(figures.estimate.as_ref().map(estimate_line));
    lines
}

/// The month so far, and what it is made of.
pub fn month_line(month: &Month) -> Vec<String> {
    let name = month.from.strftime("%B");
    let open = match month.provisional {
        0 => String::new(),
        1 => ", the last day still provisional".to_owned(),
        days => format!(", the last {days} days still provisional"),
    };
    let before = match &month.compared {
        Some((settled, now, before)) => format!(
            "; to {}, settled: {}, by the same day of the month before {}",
            weekday(*settled),
            sums(now),
            sums(before)
        ),
        None => String::new(),
    };
    let parts = month.split.parts();
    let parts = parts.iter().filter(|(_, sums)| sums.0.values().any(|amount| !amount.is_zero()));
    let parts: Vec<String> = parts.map(|(charge, part)| format!("{} {}", named(*charge), sums(part))).collect();
    let mut lines = vec![format!("{name} to {}{open}: {} as charged{before}", weekday(month.to), sums(&month.total))];
    if parts.len() > 1 {
        lines.push(format!("of that {}", parts.join(", ")));
    }
    lines
}

/// What a month will have cost in the end.
pub fn estimate_line(estimate: &Estimate) -> String {
    let month = estimate.month.strftime("%B");
    let how = match (&estimate.interval, estimate.by) {
        (Some((low, high)), _) => format!(
            "most likely {}; eight times in ten between {} and {}",
            money(&estimate.mean),
            amount(low.amount),
            amount(high.amount)
        ),
        (None, By::Forecast) => money(&estimate.mean),
        (None, By::Rate) => {
            format!(
                "{}, if every day is as those so far: AWS has too little data for a forecast",
                money(&estimate.mean)
            )
        }
    };
    let budget = match (estimate.budget, estimate.percent_of_budget) {
        (Some(budget), Some(share)) => format!("; {} of the budget of {}", percent(share), amount(budget)),
        _ => String::new(),
    };
    format!("{month} in the end: {how}{budget}")
}

fn share_lines(shares: &Shares, tag: Option<&str>) -> Vec<String> {
    let without =
        shares.without.iter().map(|share| (tag.map_or("(none)", |_| "(without the tag)").to_owned(), share.clone()));
    let others = shares.others.iter().map(|(money, number)| {
        let share = crate::moves::percent(money.amount, shares.total.amount);
        (format!("{number} others"), Share { name: String::new(), spent: money.clone(), percent: share })
    });
    let named = shares.named.iter().map(|share| (cut(&share.name, 40), share.clone()));
    let rows: Vec<(String, String, String)> = named
        .chain(others)
        .chain(without)
        .map(|(name, share)| (name, money(&share.spent), share.percent.map_or_else(String::new, percent)))
        .collect();
    let wide = |of: fn(&(String, String, String)) -> &String| {
        rows.iter().map(|row| of(row).chars().count()).max().unwrap_or(0)
    };
    let (names, spent, part) = (wide(|row| &row.0), wide(|row| &row.1), wide(|row| &row.2));
    let line =
        |(name, money, share): &(String, String, String)| format!("{name:names$}  {money:>spent$}  {share:>part$}");
    rows.iter().map(line).collect()
}

/// One line about an anomaly of AWS's.
pub fn anomaly_line(anomaly: &CostAnomaly) -> String {
    let about = anomaly.about.as_deref().map_or("unnamed", |about| about);
    let from = anomaly.from.map_or_else(String::new, |from| format!(" since {}", weekday(from)));
    // AWS gives no currency with it.
    format!("{}{from}: {} beyond what AWS expected", cut(about, NAME), amount(anomaly.impact))
}

/// What is paid for and not used, in one line each.
fn waste(figures: &Figures) -> Option<Section> {
    let all = figures.waste.as_ref()?;
    let total: Vec<Money> = all.iter().map(|waste| waste.saving.clone()).collect();
    let total = Sums::from_iter(&total);
    let line = |waste: &Waste| {
        format!("{}: {} a month; {}", cut(&waste.what, NAME), money(&waste.saving), cut(&waste.how, HOW))
    };
    let part = Section::part("Paid for and not used", all.iter().map(line).collect())?;
    Some(part.noted(&format!("In all about {} a month. Estimates; nothing is changed.", sums(&total))))
}

fn days(figures: &Figures, due: &Due) -> Option<Section> {
    let chart = chart(&figures.moves, due.today(), DAYS)?;
    let bars = sparkline(&chart);
    let length = bars.chars().count();
    let open = length.saturating_sub(usize::try_from(chart.settled).unwrap_or(length));
    let note = match open {
        0 => format!("{length} days from {}", weekday(chart.from)),
        1 => format!("{length} days from {}; the last one is provisional", weekday(chart.from)),
        open => format!("{length} days from {}; the last {open} are provisional", weekday(chart.from)),
    };
    Section::part("Day by day", vec![bars, note])
}

fn unseen(figures: &Figures) -> Vec<String> {
    let faults = figures.unseen.iter().map(|(what, fault)| format!("{what}: {}", cut(&fault.to_string(), HOW)));
    faults.chain(figures.waste_unseen.iter().map(|unseen| cut(unseen, HOW))).collect()
}
