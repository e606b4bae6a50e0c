//! ECS's circuit breaker: when it is at it, and when it should have been.

use nightshift_core::service::{Breaker, Service, Strategy};

/// ECS's circuit breaker trips at half of the tasks wanted unless it is told
/// otherwise, but not below this, …
const BREAKER_LEAST: u32 = 3;
/// … nor above.
const BREAKER_MOST: u32 = 200;

/// Whether a circuit breaker watches the service and goes back by itself.
pub fn protected(service: &Service) -> bool {
    matches!(service.breaker, Some(Breaker { enabled: true, rolls_back: true, .. }))
}

/// Its circuit breaker counts what fails, and will go back. AWS's pages differ on
/// whether it does where traffic is shifted: there it is not waited for, and a
/// stop of what goes back already changes nothing.
pub fn left_to_breaker(service: &Service) -> bool {
    service.strategy == Strategy::Rolling && protected(service)
}

/// By so many failures a circuit breaker that works has long tripped. Where that
/// is more than are counted, at a threshold of more than ten, the deployment is
/// left to it until it hangs.
pub(crate) fn late(service: &Service) -> u32 {
    let usual = service.desired.div_ceil(2).clamp(BREAKER_LEAST, BREAKER_MOST);
    let set = service.breaker.and_then(|breaker| breaker.threshold);
    set.unwrap_or(usual).saturating_mul(2)
}
