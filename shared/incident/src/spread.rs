//! Many checks that would fall into one minute are spread, each by its incident's name, so
//! that AWS lets them through.

use nightshift_core::ids::IncidentId;
use nightshift_core::span::Span;

/// One to three times as long.
pub fn spread(hold: Span, incident: &IncidentId) -> Span {
    let share = incident.as_str().bytes().fold(7_i64, |sum, byte| (sum * 31 + i64::from(byte)) % 256);
    Span::seconds(hold.as_seconds() * (128 + share) / 128)
}

/// As long at most, a third of it at least.
pub fn within(most: Span, incident: &IncidentId) -> Span {
    spread(Span::seconds(most.as_seconds() / 3), incident)
}

#[cfg(test)]
mod tests {
    use nightshift_core::ids::{EventId, ServiceRef};

    use super::*;

    #[test]
    fn checks_fall_all_over_the_time_there_is_for_them() {
        let service = ServiceRef::from_arn("arn:aws:ecs:eu-west-1:123456789012:service/prod/checkout").unwrap();
        let of = |n: i64| IncidentId::of(&service, "20261129-0300", &EventId::of(&[&n.to_string()]));
        let ids = (0..1000).map(of);
        let mut waits: Vec<i64> = ids.map(|id| within(Span::minutes(15), &id).as_seconds()).collect();
        waits.sort_unstable();
        assert!(300 <= waits[0] && waits[999] <= 900, "{} to {}", waits[0], waits[999]);
        assert!(waits[100] < 370 && waits[500].abs_diff(600) < 40 && waits[900] > 830, "{waits:?}");
    }
}
