//! How calls, money and time grow with the number of services: once one of them is ill,
//! once all are at the same minute. `docs/simulate.md` says how it is modelled.

use std::collections::BTreeMap;

use nightshift_sim::meter::Called;
use nightshift_sim::scenario::ScenarioError;
use serde::Serialize;

use super::storm::text::table;
use super::storm::{Stormed, Wanted, storm};
use crate::paint::{Ink, Paint};

/// Alarms of a service.
const ALARMS: u32 = 5;
/// So much more of anything for each service is still no growth: one in ten acts, one in
/// five pages, and small fleets have more or fewer of them.
const ABOUT: f64 = 1.25;
/// Calls that grow by fewer than that are of a few services more or less that were looked
/// at in full.
const FEW: f64 = 100.0;

/// The document of `nightshift simulate scale --json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scaled {
    /// Invocations at once.
    pub concurrency: u32,
    /// Which services do what.
    pub seed: u64,
    /// From one service up.
    pub steps: Vec<Step>,
    /// What grows faster than the number of services, or with it although one is ill.
    pub faster: Vec<String>,
}

/// A fleet of one size.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// Services.
    pub services: u32,
    /// One of them is ill.
    pub one: Stormed,
    /// All are, within a minute.
    pub all: Stormed,
}

/// Runs fleets of 1, 10, 100, … services, up to `most`; `each` hears what is run.
///
/// # Errors
/// If a scenario is wrong, which would be a mistake of this build.
pub fn scale(most: u32, concurrency: u32, seed: u64, mut each: impl FnMut(&str)) -> Result<Scaled, ScenarioError> {
    let sizes = std::iter::successors(Some(1_u32), |size| size.checked_mul(10)).take_while(|size| *size <= most);
    let mut steps = Vec::new();
    for services in sizes {
        let mut run = |ill: u32| {
            let wanted = Wanted { services, ill, alarms: services * ALARMS, concurrency, seed };
            each(&format!("{ill} of {services} services ill"));
            storm(wanted, |_| ())
        };
        steps.push(Step { services, one: run(1)?, all: run(services)? });
    }
    let faster = faster(&steps);
    Ok(Scaled { concurrency, seed, steps, faster })
}

/// What is used of anything, by name.
fn used(stormed: &Stormed) -> BTreeMap<String, f64> {
    let calls = stormed.calls.iter().map(|(name, limited)| (name.clone(), limited.called.all as f64));
    let read = stormed.ledger.iter().map(|(kind, units)| (format!("read units of {kind}"), units.read));
    let write = stormed.ledger.iter().map(|(kind, units)| (format!("write units of {kind}"), units.write));
    let more = [
        ("invocations".to_owned(), stormed.lambda.invocations as f64),
        ("notices".to_owned(), stormed.notices.values().sum::<u64>() as f64),
        ("minutes".to_owned(), stormed.seconds as f64 / 60.0),
    ];
    calls.chain(read).chain(write).chain(more).collect()
}

/// What each fleet uses more of, for each service that is ill, than any smaller one.
fn faster(steps: &[Step]) -> Vec<String> {
    let mut faster = Vec::new();
    let mut compare = |of: &str, fleets: Vec<(u32, u32, &Stormed)>| {
        let mut most: BTreeMap<String, (f64, u32)> = BTreeMap::new();
        for (services, ill, stormed) in fleets {
            for (name, is) in used(stormed) {
                let each = is / f64::from(ill);
                match most.get(&name) {
                    Some((was, smaller)) if is > was * f64::from(ill) * ABOUT + FEW => faster.push(format!(
                        "{of}: {name}, {each:.1} for each with {services} services, {was:.1} with {smaller}"
                    )),
                    _ => {}
                }
                let known = most.entry(name).or_insert((each, services));
                if each > known.0 {
                    *known = (each, services);
                }
            }
        }
    };
    compare("one ill", steps.iter().map(|step| (step.services, 1, &step.one)).collect());
    compare("all ill", steps.iter().map(|step| (step.services, step.services, &step.all)).collect());
    faster
}

/// The table: what one incident takes beside what all together take.
pub fn text(scaled: &Scaled, paint: Paint) -> String {
    let mut text = format!("\n  {}\n\n", paint.ink(Ink::Bold, "One of so many services is ill"));
    let head = ["services", "invocations", "calls", "ledger units", "messages", "USD", "minutes"];
    text.push_str(&table(&under(&head, scaled.steps.iter().map(|step| of_one(step.services, &step.one))), paint));
    text.push_str(&format!("  {}\n\n", paint.ink(Ink::Bold, "All are, within the same minute")));
    let head = ["services", "invocations", "of each", "calls", "of each", "USD", "messages", "pages", "minutes"];
    text.push_str(&table(&under(&head, scaled.steps.iter().map(|step| of_all(step.services, &step.all))), paint));
    scaled.steps.iter().for_each(|step| text.push_str(&beyond(step)));
    text.push('\n');
    for one in &scaled.faster {
        text.push_str(&format!("  {one}\n"));
    }
    if scaled.faster.is_empty() {
        let holds = "Nothing grows faster than the services that are ill.";
        text.push_str(&format!("  {}\n", paint.ink(Ink::Bold, holds)));
    }
    text.push('\n');
    text
}

fn of_one(services: u32, one: &Stormed) -> Vec<String> {
    let (calls, units) = (calls(one), units(one));
    let Stormed { lambda, messages, seconds, .. } = one;
    let usd: f64 = one.usd.values().sum();
    let minutes = seconds / 60;
    vec![
        services.to_string(),
        lambda.invocations.to_string(),
        calls.to_string(),
        format!("{units:.0}"),
        messages.to_string(),
        format!("{usd:.4}"),
        minutes.to_string(),
    ]
}

fn of_all(services: u32, all: &Stormed) -> Vec<String> {
    let each = |sum: u64| format!("{:.1}", sum as f64 / f64::from(services));
    let usd: f64 = all.usd.values().sum();
    vec![
        services.to_string(),
        all.lambda.invocations.to_string(),
        each(all.lambda.invocations),
        calls(all).to_string(),
        each(calls(all)),
        format!("{usd:.4}"),
        all.messages.to_string(),
        all.pages.to_string(),
        (all.seconds / 60).to_string(),
    ]
}

/// Where AWS let calls wait, or fail.
fn beyond(step: &Step) -> String {
    let limited = step.all.calls.iter().filter(|(_, limited)| limited.called.waited + limited.called.failed > 0);
    let said: Vec<String> = limited
        .map(|(name, limited)| {
            let Called { all, waited, failed, .. } = limited.called;
            format!("{name}: {waited} of {all} waited, {failed} failed")
        })
        .collect();
    match said.is_empty() {
        true => format!("  {} services: nothing is beyond a limit\n", step.services),
        false => format!("  {} services: {}\n", step.services, said.join("; ")),
    }
}

/// Metrics are counted beside the calls that ask for them.
fn calls(stormed: &Stormed) -> u64 {
    let calls = stormed.calls.iter().filter(|(name, _)| !name.contains(' '));
    calls.map(|(_, limited)| limited.called.all).sum()
}

fn units(stormed: &Stormed) -> f64 {
    stormed.ledger.values().map(|units| units.read + units.write).sum()
}

fn under(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Vec<Vec<String>> {
    std::iter::once(head.iter().map(|word| (*word).to_owned()).collect()).chain(rows).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_ten_costs_what_one_alone_costs_and_ten_no_more_than_ten_times_that() {
        let scaled = scale(10, 1000, 1, |_| ()).unwrap();
        assert_eq!(scaled.faster, Vec::<String>::new());
        let [alone, ten] = &scaled.steps[..] else { panic!("two sizes: {}", scaled.steps.len()) };
        assert_eq!(alone.one, alone.all);
        let of = |stormed: &Stormed| {
            let mut calls = stormed.calls.clone();
            let looks = ["cloudwatch:GetMetricData", "cloudwatch:GetMetricData metrics"]
                .map(|name| calls.remove(name).unwrap_or_else(|| panic!("no {name}")).called.all);
            ((calls, stormed.lambda.invocations, stormed.notices.clone()), looks)
        };
        let ((calls_alone, looks_alone), (calls_of_one, looks_of_one)) = (of(&alone.one), of(&ten.one));
        assert_eq!(calls_of_one, calls_alone);
        // Eight others are looked at, at each decision: symptom and requests of each, in one call.
        let [decisions, metrics] = [0, 1].map(|at| looks_of_one[at] - looks_alone[at]);
        assert!(decisions > 0 && metrics == decisions * 16, "{decisions} {metrics}");
        assert!(ten.all.incidents == 10 && calls(&ten.all) > calls(&alone.all), "{:?}", ten.all);
    }

    #[test]
    fn what_grows_faster_is_named() {
        let mut scaled = scale(1, 1000, 1, |_| ()).unwrap();
        let mut more = scaled.steps[0].clone();
        more.services = 10;
        more.one.lambda.invocations += 130;
        more.all.lambda.invocations = more.all.lambda.invocations * 20 + 200;
        scaled.steps.push(more);
        let faster = faster(&scaled.steps);
        assert_eq!(faster.len(), 2, "{faster:?}");
        assert!(faster[0].starts_with("one ill: invocations, "), "{faster:?}");
        assert!(faster[1].starts_with("all ill: invocations, "), "{faster:?}");
    }
}
