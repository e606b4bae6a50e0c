//! What is remembered of costs.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use nightshift_core::cost::CostTold;
use nightshift_core::ledger::Versioned;
use nightshift_core::ports::CostLedger;
use serde_json::json;

use crate::{Verdict, got, same};

/// Runs the suite on what is remembered of costs; `prefix` keeps runs on one
/// table apart.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn cost_ledger<W: CostLedger>(world: &W, prefix: &str, day: Date, now: Timestamp) -> Verdict {
    let question = format!("{prefix} {}", "by service ".repeat(400));
    same("not asked yet", &world.answered(&question, day).await, &Ok(None))?;
    let groups: Vec<_> = (0..2000).map(|number| json!({"keys": [number], "amount": "12.3456789"})).collect();
    let answer = json!({"periods": groups});
    for what in ["kept", "and again"] {
        same(what, &world.keep_answer(&question, day, &answer).await, &Ok(()))?;
        same("as it was kept", &world.answered(&question, day).await, &Ok(Some(answer.clone())))?;
    }
    let next = day.saturating_add(1.day());
    same("of another day", &world.answered(&question, next).await, &Ok(None))?;
    same("another question", &world.answered(&format!("{question}?"), day).await, &Ok(None))?;

    let matter = format!("{prefix}-anomaly");
    let unknown = Versioned { version: 0, value: CostTold::default() };
    same("nothing told", &world.cost_told(&matter).await, &Ok(unknown.clone()))?;
    let told = CostTold { sequence: 1, since: Some(now), day: Some(day), ..CostTold::default() };
    let told = Versioned { version: 0, value: told };
    same("told", &world.keep_cost_told(&matter, &told).await, &Ok(true))?;
    same("a stale one", &world.keep_cost_told(&matter, &told).await, &Ok(false))?;
    let read = got("what was told", world.cost_told(&matter).await)?;
    same("all of it", &read, &Versioned { version: 1, value: told.value })?;
    same("the next", &world.keep_cost_told(&matter, &read).await, &Ok(true))
}
