//! Notices of what AWS says about costs by itself. Pure: the same news gives
//! the same notice.

use jiff::{Timestamp, ToSpan as _};
use nightshift_core::cost::{CostTold, RootCause};
use nightshift_core::ids::{IncidentId, fingerprint};
use nightshift_core::incident::Phase;
use nightshift_core::notice::{Link, Notice, NoticeKind, Section};
use nightshift_core::policy::Costs;
use nightshift_incident::stack::Home;
use rust_decimal::Decimal;

use crate::ask::day_of;
use crate::event::{AnomalyNews, BillingNews, BudgetNews, RawNews};
use crate::wording::{amount, cut, weekday};

/// An anomaly is told again once it has cost half as much more, in per cent of
/// what was told.
const GROWN: i64 = 150;
/// On a month's first days estimated charges fall to nothing.
const DAYS_TO_BEGIN_ANEW: i8 = 3;
/// Characters of a name from outside, of a sentence, and of a whole message.
const NAME: usize = 80;
const SENTENCE: usize = 400;
const LINES: usize = 20;
/// AWS names none with an anomaly.
const CURRENCY: &str = "Amounts are in the currency that the account is billed in.";
/// Causes that are named.
const MOST_CAUSES: usize = 10;

/// What is to be remembered and told of an anomaly. `None`: nothing new.
pub fn anomaly(
    found: &AnomalyNews,
    told: &CostTold,
    (home, policy): (&Home, &Costs),
    now: Timestamp,
) -> Option<CostTold> {
    let impact = found.anomaly.impact;
    // Cents are listed in the reports.
    if impact < policy.floor.into() {
        return None;
    }
    let grown = impact.saturating_mul(Decimal::ONE_HUNDRED) >= told.impact.saturating_mul(GROWN.into());
    if told.sequence > 0 && !(grown && impact > told.impact) {
        return None;
    }
    let (sequence, since) = (told.sequence.saturating_add(1), told.since.unwrap_or(now));
    let notice = of_anomaly(found, home, (sequence, since, now));
    Some(CostTold { sequence, since: Some(since), impact, unpublished: Some(notice), ..told.clone() })
}

fn of_anomaly(found: &AnomalyNews, home: &Home, (sequence, since, now): (u32, Timestamp, Timestamp)) -> Notice {
    let it = &found.anomaly;
    let about = it.about.clone().or_else(|| it.causes.iter().find_map(|cause| cause.service.clone()));
    let about = about.map_or_else(|| "something".to_owned(), |about| cut(&about, NAME));
    let account = match &found.account {
        (number, Some(name)) => format!("{} ({})", cut(name, NAME), cut(number, NAME)),
        (number, None) => cut(number, NAME),
    };
    let grew = if sequence > 1 { " and grows" } else { "" };
    let headline = format!("{about} costs {} more than AWS expected{grew}, in account {account}", amount(it.impact));
    let days = match (it.from, it.to) {
        (Some(from), Some(to)) if from == to => format!("On {}.", weekday(from)),
        (Some(from), Some(to)) => format!("From {} to {}, as far as AWS knows.", weekday(from), weekday(to)),
        (Some(from), None) => format!("Since {}; it goes on.", weekday(from)),
        _ => "AWS does not say since when.".to_owned(),
    };
    let spent = match (it.actual, it.expected) {
        (Some(actual), Some(expected)) => {
            Some(format!("{} were spent where {} were expected.", amount(actual), amount(expected)))
        }
        _ => None,
    };
    let mut causes: Vec<String> = it.causes.iter().take(MOST_CAUSES).map(cause).collect();
    if causes.is_empty() {
        causes.push("AWS names none.".to_owned());
    }
    let link = it.link.iter().map(|url| Link { label: "The anomaly".to_owned(), url: url.clone() });
    let incident = IncidentId::new(format!("cost-anomaly-{}", it.id));
    let says = (headline, Section::part("Where it comes from", causes).into_iter().collect());
    Notice {
        sequence,
        opened_at: since,
        why: std::iter::once(days).chain(spent).chain([CURRENCY.to_owned()]).collect(),
        links: link.collect(),
        ..written(incident, home, now, says)
    }
}

fn cause(cause: &RootCause) -> String {
    let account = cause.account_name.as_ref().or(cause.account.as_ref()).map(|account| format!("account {account}"));
    let parts = [cause.service.clone(), cause.usage_type.clone(), cause.region.clone(), account];
    let parts: Vec<String> = parts.into_iter().flatten().map(|part| cut(&part, NAME)).collect();
    let says = if parts.is_empty() { "unnamed".to_owned() } else { parts.join(", ") };
    match cause.contribution {
        Some(contribution) => format!("{says}: {}", amount(contribution)),
        None => says,
    }
}

/// A budget's notice. AWS warns once in a budget's period; the same letter again
/// is the same notice.
pub fn budget(news: &BudgetNews, home: &Home) -> Notice {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let name = cut(&news.name, NAME);
    let amount = cut(&news.amount, NAME);
    let of = news.budgeted.as_ref().map_or_else(String::new, |of| format!(" of {}", cut(of, NAME)));
    let headline = match news.alert.as_str() {
        "FORECASTED" => format!("Budget {name}: {amount}{of} expected"),
        _ => format!("Budget {name}: {amount}{of} spent"),
    };
    let threshold = news.threshold.as_ref().map(|it| format!("Asked for beyond: {}", cut(it, NAME)));
    let kind = news.kind.as_ref().map(|it| format!("Type of budget: {}", cut(it, NAME)));
    let account = news.account.as_ref().map(|it| format!("Account: {}", cut(it, NAME)));
    // Without the letter's own date, that of its coming: the next month warns anew.
    let date = news.date.clone().unwrap_or_else(|| day_of(news.at).to_string());
    let key = [text(&news.account), date, news.name.clone(), news.alert.clone(), text(&news.threshold)];
    let key = fingerprint(&key.iter().map(String::as_str).collect::<Vec<_>>());
    let lines = [threshold, kind, account].into_iter().flatten().collect();
    let says = (headline, Section::part("The budget", lines).into_iter().collect());
    written(IncidentId::new(format!("cost-budget-{key}")), home, news.at, says)
}

/// Under what is kept what was told of an alarm on the bill: estimated charges
/// begin anew each month, and so does what is told of them.
pub fn matter_of(news: &BillingNews) -> String {
    let day = day_of(news.at);
    // What ends the alarm of the month before.
    let anew = !news.rings && day.day() <= DAYS_TO_BEGIN_ANEW;
    let month = if anew { day.saturating_sub(1.months()) } else { day };
    format!("news-bill-{}", fingerprint(&[&news.alarm, &month.strftime("%Y-%m").to_string()]))
}

/// What is to be remembered and told of an alarm on the bill. `None`: it was told
/// before, never rang, or comes too late.
pub fn billing(news: &BillingNews, told: &CostTold, home: &Home) -> Option<CostTold> {
    // The first notice of a month is of one that rings, and each other turns it.
    let rang = told.sequence % 2 == 1;
    let late = told.at.is_some_and(|at| news.at <= at);
    if rang == news.rings || late {
        return None;
    }
    let sequence = told.sequence.saturating_add(1);
    let since = told.since.unwrap_or(news.at);
    let name = cut(&news.name, NAME);
    let headline = match news.rings {
        true => format!("Billing alarm {name} rings"),
        false => format!("Billing alarm {name} is over"),
    };
    let incident = IncidentId::new(format!("cost-{}", matter_of(news).trim_start_matches("news-")));
    let notice = Notice {
        sequence,
        opened_at: since,
        phase: if news.rings { Phase::Noted } else { Phase::Resolved },
        why: vec![cut(&news.reason, SENTENCE)],
        ..written(incident, home, news.at, (headline, Vec::new()))
    };
    let at = Some(news.at);
    Some(CostTold { sequence, since: Some(since), at, unpublished: Some(notice), ..told.clone() })
}

/// What cannot be read is told as it came, rather than lost.
pub fn raw(news: &RawNews, home: &Home) -> Notice {
    let subject = news.subject.as_deref().unwrap_or("a message without a subject");
    let headline = format!("On costs, unread: {}", cut(subject, NAME));
    let pieces = news.text.lines().filter(|line| !line.trim().is_empty()).flat_map(pieces);
    let mut lines: Vec<String> = pieces.take(LINES + 1).collect();
    if lines.len() > LINES {
        lines.truncate(LINES);
        lines.push("… and more, which is too long for a message".to_owned());
    }
    if lines.is_empty() {
        lines.push("It is empty.".to_owned());
    }
    let part = Section { title: "The message".to_owned(), lines, aligned: false };
    let key = fingerprint(&[&news.id]);
    written(IncidentId::new(format!("cost-message-{key}")), home, news.at, (headline, vec![part]))
}

/// A long line in pieces that fit.
fn pieces(line: &str) -> Vec<String> {
    let letters: Vec<char> = line.chars().take(SENTENCE * LINES).collect();
    letters.chunks(SENTENCE).map(|piece| piece.iter().collect()).collect()
}

fn written(incident: IncidentId, home: &Home, at: Timestamp, (headline, sections): (String, Vec<Section>)) -> Notice {
    let notice = Notice::report(incident, (&home.account, &home.region), (at, at), headline, sections);
    Notice {
        kind: NoticeKind::Cost,
        phase: Phase::Noted,
        severity_because: "money is no emergency".to_owned(),
        ..notice
    }
}
