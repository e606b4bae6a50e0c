//! What a report is made from.

use jiff::ToSpan as _;
use jiff::civil::Date;
use nightshift_core::cost::GroupBy;
use nightshift_core::fault::{Fault, Sight};
use nightshift_core::policy;
use nightshift_core::ports::{CostLedger, CostReads, HistoryReads};

use crate::ask::Purse;
use crate::figures::Seen;
use crate::hints::Happened;
use crate::moves::Moves;

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
    policy: &policy::Costs,
) -> Result<Seen, Fault>
where
    W: CostReads + CostLedger + HistoryReads,
{
    let charged = purse.charged().await?;
    let forecast = purse.forecast().await?;
    let mut services: Vec<String> = moves.movers.iter().filter_map(|mover| mover.first.key.first().cloned()).collect();
    services.sort();
    services.dedup();
    let usage = match services.is_empty() {
        true => None,
        false => Some(purse.usage(moves.day, services).await?),
    };
    Ok(Seen {
        charged,
        forecast,
        usage,
        tags: purse.shares(moves.day, GroupBy::Tag(policy.tag.clone())).await?,
        accounts: purse.shares(moves.day, GroupBy::LinkedAccount).await?,
        anomalies: purse.anomalies(moves.from).await?,
        happened: happened(world, moves).await?,
    })
}

/// What Nightshift knows of the days of the movers, and of those before.
async fn happened<W: HistoryReads>(world: &W, moves: &Moves) -> Result<(Happened, Vec<Fault>), Fault> {
    let mut happened = Happened::default();
    let mut unseen = Vec::new();
    for day in days(moves) {
        happened.releases.extend(or_not(world.releases_of(day).await, &mut unseen)?);
    }
    let mut ended: Vec<Date> = days(moves);
    ended.extend((1..=DAYS_TO_END).map(|after| moves.day.saturating_add(after.days())));
    ended.sort();
    ended.dedup();
    if !moves.movers.is_empty() {
        for day in ended {
            happened.incidents.extend(or_not(world.incidents_of(day).await, &mut unseen)?);
        }
        happened.incidents.extend(or_not(world.open_incidents().await, &mut unseen)?);
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
fn or_not<T>(read: Result<Vec<T>, Fault>, unseen: &mut Vec<Fault>) -> Result<Vec<T>, Fault> {
    match Sight::from(read) {
        Sight::Seen(all) => Ok(all),
        Sight::Unseen(fault) if fault.transient() => Err(fault),
        Sight::Unseen(fault) => {
            unseen.push(fault);
            Ok(Vec::new())
        }
    }
}
