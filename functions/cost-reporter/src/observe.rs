//! What a report is made from.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use jiff::ToSpan as _;
use jiff::civil::Date;
use nightshift_core::cost::{CostGroup, Costs, GroupBy};
use nightshift_core::fault::{Fault, Sight};
use nightshift_core::policy;
use nightshift_core::ports::{CostLedger, CostReads, HistoryReads};

use nightshift_core::waste::LogGroup;
use nightshift_cost::waste::observe::{WasteWorld, Window, observe_waste};
use nightshift_cost::waste::{by_usage_type, last_month};

use crate::ask::Purse;
use crate::event::{Due, Kind};
use crate::hints::{Happened, Kept, keeps_images, keeps_logs};
use crate::moves::Moves;
use crate::plan::Seen;

/// Reads at once.
const AT_ONCE: usize = 8;
/// Days after a mover's in which an incident of its day may have ended.
const DAYS_TO_END: i64 = 2;

/// Asks what is not known yet of a report that has something to say. The most
/// telling comes first: whatever comes last may have to do without.
///
/// # Errors
/// A fault that a retry can cure; what was answered until then is not asked again.
pub async fn observe<W>(
    world: &W,
    purse: &mut Purse<'_, W>,
    moves: &Moves,
    (due, policy): (&Due, &policy::Costs),
) -> Result<Seen, Fault>
where
    W: CostReads + CostLedger + HistoryReads + WasteWorld,
{
    let charged = purse.charged().await?;
    let forecast = purse.forecast().await?;
    let mut services: Vec<String> = moves.movers.iter().filter_map(|mover| mover.first.key.first().cloned()).collect();
    services.sort();
    services.dedup();
    let patient = purse.patient;
    let kept = kept(world, &services, patient).await?;
    let usage = match services.is_empty() {
        true => None,
        false => Some(purse.usage(moves.day, services).await?),
    };
    let tags = purse.shares(moves.day, GroupBy::Tag(policy.tag.clone())).await?;
    // Nothing carries it: does Cost Explorer know it at all?
    let untagged = tags.seen().is_some_and(|tags| groups(tags).all(|group| group.keys.iter().all(String::is_empty)));
    let tag_known = match untagged {
        true => Some(purse.tag_is_known(&policy.tag, moves.day).await?),
        false => None,
    };
    let (waste, last_month) = match due.costs {
        Kind::Daily => (None, None),
        Kind::Weekly => {
            let (waste, fault) = waste(world, purse, due, policy).await?;
            (Some(waste), fault)
        }
    };
    Ok(Seen {
        charged,
        forecast,
        usage,
        tags,
        tag_known: tag_known.and_then(|known| known.seen().copied()),
        accounts: purse.shares(moves.day, GroupBy::LinkedAccount).await?,
        anomalies: purse.anomalies(moves.from).await?,
        waste,
        last_month,
        kept,
        happened: happened(world, moves, patient).await?,
    })
}

fn groups(costs: &Costs) -> impl Iterator<Item = &CostGroup> {
    costs.periods.iter().flat_map(|period| &period.groups)
}

/// What is paid for and not used.
async fn waste<W>(
    world: &W,
    purse: &mut Purse<'_, W>,
    due: &Due,
    policy: &policy::Costs,
) -> Result<(nightshift_cost::waste::Seen, Option<Fault>), Fault>
where
    W: CostReads + CostLedger + WasteWorld,
{
    let month = purse.last_month().await?;
    let by = last_month(due.today()).by;
    let costs = month.seen().map_or_else(BTreeMap::new, |month| by_usage_type(&by, &month.periods));
    let seen = match observe_waste(world, Window::before(due.at, policy.idle_days), costs).await {
        Err(fault) if purse.patient => return Err(fault),
        Err(fault) => nightshift_cost::waste::Seen { unseen: vec![fault.to_string()], ..Default::default() },
        Ok(seen) => seen,
    };
    Ok((seen, month.fault().cloned()))
}

/// What is kept for ever, where the service that keeps it moved. What cannot be
/// seen gives no hint.
async fn kept<W: WasteWorld>(world: &W, services: &[String], patient: bool) -> Result<Kept, Fault> {
    let mut kept = Kept::default();
    if services.iter().any(|service| keeps_logs(service)) {
        let groups = or_none(world.log_groups().await, patient)?;
        let without = |groups: Vec<LogGroup>| groups.iter().filter(|group| group.retention_days.is_none()).count();
        kept.log_groups = groups.map(without);
    }
    if services.iter().any(|service| keeps_images(service)) {
        let mut without = 0;
        for some in or_none(world.repositories().await, patient)?.unwrap_or_default().chunks(AT_ONCE) {
            for found in join_all(some.iter().map(|name| world.repository(name))).await {
                without += usize::from(or_none(found, patient)?.flatten().is_some_and(|it| it.lifecycle.is_none()));
            }
        }
        kept.repositories = Some(without);
    }
    Ok(kept)
}

fn or_none<T>(read: Result<T, Fault>, patient: bool) -> Result<Option<T>, Fault> {
    match read {
        Ok(found) => Ok(Some(found)),
        Err(fault) if fault.transient() && patient => Err(fault),
        Err(fault) => {
            tracing::info!(%fault, "a hint is not given");
            Ok(None)
        }
    }
}

/// What Nightshift knows of the days of the movers, and of those before.
async fn happened<W: HistoryReads>(world: &W, moves: &Moves, patient: bool) -> Result<(Happened, Vec<Fault>), Fault> {
    let mut happened = Happened::default();
    let mut unseen = Vec::new();
    for day in days(moves) {
        happened.releases.extend(or_not(world.releases_of(day).await, &mut unseen, patient)?);
    }
    let mut ended: Vec<Date> = days(moves);
    ended.extend((1..=DAYS_TO_END).map(|after| moves.day.saturating_add(after.days())));
    ended.sort();
    ended.dedup();
    if !moves.movers.is_empty() {
        for day in ended {
            happened.incidents.extend(or_not(world.incidents_of(day).await, &mut unseen, patient)?);
        }
        happened.incidents.extend(or_not(world.open_incidents().await, &mut unseen, patient)?);
    }
    Ok((happened, unseen))
}

fn days(moves: &Moves) -> Vec<Date> {
    let of = |day: Date| [day.saturating_sub(1.days()), day];
    let mut days: Vec<Date> =
        moves.movers.iter().flat_map(|mover| [mover.first.day, mover.peak.day]).flat_map(of).collect();
    days.sort();
    days.dedup();
    days
}

/// What cannot be read for good leaves the report with a hole that it names.
fn or_not<T>(read: Result<Vec<T>, Fault>, unseen: &mut Vec<Fault>, patient: bool) -> Result<Vec<T>, Fault> {
    match Sight::from(read) {
        Sight::Seen(all) => Ok(all),
        Sight::Unseen(fault) if fault.transient() && patient => Err(fault),
        Sight::Unseen(fault) => {
            unseen.push(fault);
            Ok(Vec::new())
        }
    }
}
