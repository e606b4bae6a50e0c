//! How much CPU the requests of now take.

use jiff::Timestamp;
use nightshift_core::metric::Signal;
use nightshift_core::span::Span;

use crate::scene::Scene;
use crate::traffic::{EARLIER, TOO_FEW};
use crate::trend;
use crate::view::ServiceView;

/// The last minutes.
const LATELY: Span = Span::minutes(5);

/// Beyond that tasks are at their limit.
const LIMIT: f64 = 95.0;

/// So many times as many requests are more.
const GROWN: f64 = 1.1;

/// The CPU that the requests of now take, in per cent of what the tasks have; beyond 100
/// there is not enough. At their limit tasks show no more than 100 % of it, whatever they
/// would need: that is known from what as many requests took before. `None`: requests or
/// CPU were not seen, or did not go together.
pub(crate) fn demand(scene: &Scene) -> Option<u32> {
    let onset = scene.onset.unwrap_or_else(|| LATELY.before(scene.now));
    // A request takes then what it usually does; right before the onset the tasks may have
    // been at their limit.
    let (from, to) = (EARLIER.0.before(onset), EARLIER.1.before(onset));
    let (requests, cpu) = (scene.view.points(Signal::Requests), scene.view.points(Signal::Cpu));
    let (rate, cpu) = (trend::level(&requests, from, to)?, trend::level(&cpu, from, to)?);
    // The newest minute may not be reported in full, and load still grows.
    let most = requests.iter().filter(|point| point.at >= to).map(|point| point.value).fold(0.0, f64::max);
    let demand = cpu * most / rate;
    // Tasks that have CPU left show all that is needed: somebody may have added some.
    let demand = shown(scene.view, scene.now).filter(|shown| *shown < LIMIT).map_or(demand, |shown| demand.min(shown));
    (rate >= TOO_FEW && demand > 0.0 && demand < f64::from(u16::MAX)).then_some(demand as u32)
}

/// The most CPU that was in use in the last minutes.
fn shown(view: &ServiceView, now: Timestamp) -> Option<f64> {
    let lately = view.signal(Signal::Cpu)?.0.iter().filter(|point| point.at >= LATELY.before(now));
    lately.map(|point| point.value).max_by(f64::total_cmp)
}

/// The CPU in use in the last minutes, in per cent of what the tasks have.
pub fn in_use(view: &ServiceView, now: Timestamp) -> Option<u32> {
    Some(trend::level(&view.points(Signal::Cpu), LATELY.before(now), now)? as u32)
}

/// There are more requests than at that moment, by a tenth at least. What nobody counts has
/// not been seen to grow.
pub fn has_grown(view: &ServiceView, since: Timestamp, now: Timestamp) -> bool {
    let requests = view.points(Signal::Requests);
    let until = |at: Timestamp| trend::level(&requests, LATELY.before(at), at);
    until(since).zip(until(now)).is_some_and(|(then, now)| then > 0.0 && now >= then * GROWN)
}
