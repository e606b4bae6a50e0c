//! DORA's measures of a day as metrics, so that a dashboard can show them.

use std::collections::BTreeMap;

use nightshift_core::tally::{Delivered, Measure};
use nightshift_core::verdict::PastRelease;
use nightshift_release::dora::Dora;

use crate::observe::Observed;
use crate::table::named;

/// How each service was delivered in the day that a digest is about. A service
/// without a release in it has no figures: nothing is known, not that it is zero.
pub fn delivered(observed: &Observed) -> Vec<Delivered> {
    let report = observed.history.dora(&observed.due.window);
    let busy = report.services.iter().filter(|(_, dora)| dora.deployments > 0);
    let environment = |key: &str| newest(&observed.history.releases, key).and_then(|past| past.environment.clone());
    busy.map(|(key, dora)| Delivered {
        service: named(key).to_owned(),
        environment: environment(key).filter(|name| !name.is_empty()),
        measures: measures(dora),
    })
    .collect()
}

fn newest<'a>(releases: &'a [PastRelease], key: &str) -> Option<&'a PastRelease> {
    releases.iter().filter(|past| past.service.key() == key).max_by_key(|past| past.release.began_at)
}

fn measures(dora: &Dora) -> BTreeMap<Measure, u64> {
    let times = [
        (Measure::RecoveryTime, dora.recovery_s),
        (Measure::ReleaseTime, dora.duration_s),
        (Measure::LeadTime, dora.lead_s),
    ];
    let times = times.into_iter().filter_map(|(measure, value)| Some((measure, u64::try_from(value?).ok()?)));
    let counts = [(Measure::Releases, dora.deployments), (Measure::Failed, dora.failed)];
    counts.map(|(measure, number)| (measure, u64::from(number))).into_iter().chain(times).collect()
}

#[cfg(test)]
mod tests {
    use nightshift_core::verdict::{By, Verdict};

    use super::*;
    use crate::event::Kind;
    use crate::history::History;
    use crate::tests::made::{DAY, observed, release};

    #[test]
    fn a_days_releases_are_figures_of_their_service() {
        let mut failed = release("prod/web", DAY - 100);
        failed.release.verdict = Verdict::RolledBack { by: By::CircuitBreaker };
        let releases = vec![release("prod/web", DAY - 300), failed, release("prod/api", -10)];
        let found = delivered(&observed(Kind::Daily, DAY, History { releases, ..History::default() }));
        let measures =
            [(Measure::Releases, 2), (Measure::Failed, 1), (Measure::RecoveryTime, 180), (Measure::ReleaseTime, 180)];
        let expect =
            Delivered { service: "prod/web".into(), environment: Some("prod".into()), measures: measures.into() };
        assert_eq!(found, [expect]);
    }
}
