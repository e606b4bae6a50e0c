//! The nights that schedules are drawn over, each with an end: what the functions
//! leave broken a person mends.

use nightshift_core::service::MODE_TAG;
use nightshift_core::span::Span;
use nightshift_sim::Scenario;
use nightshift_sim::scenario::{Moment, Outage, Release, ScenarioError, builtin};

use nightshift_sim::dice::Dice;

/// Minutes after the alarm at which a person mends what is still broken.
pub const MENDED: i64 = 45;

/// What goes wrong in a night.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// A release that breaks its service once its rollout is over.
    BadRelease,
    /// The same, while its rollout goes on.
    InFlight,
    /// More load than the tasks can bear.
    Load,
    /// The bad release on a service that nobody opted in.
    Observed,
    /// The way back is gone.
    NoWayBack,
    /// An outage of a few minutes: the alarm goes back by itself.
    Passing,
}

impl Trouble {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::BadRelease, Self::InFlight, Self::Load, Self::Observed, Self::NoWayBack, Self::Passing];

    /// Its name in figures.
    pub fn name(self) -> &'static str {
        match self {
            Self::BadRelease => "bad release",
            Self::InFlight => "bad release, in flight",
            Self::Load => "load",
            Self::Observed => "observed service",
            Self::NoWayBack => "no way back",
            Self::Passing => "passes by itself",
        }
    }

    fn builtin(self) -> &'static str {
        match self {
            Self::BadRelease | Self::Passing => "bad-release",
            Self::InFlight => "in-flight",
            Self::Load => "load-spike",
            Self::Observed => "observe-mode",
            Self::NoWayBack => "image-gone",
        }
    }
}

/// The night of a seed: another seed, another trouble, severity, number of alarms,
/// and events of deployments or not.
pub fn night(dice: &mut Dice, seed: u64) -> Result<(Trouble, Scenario), ScenarioError> {
    let trouble = Trouble::ALL[dice.whole(0, Trouble::ALL.len() - 1)];
    let mut scenario = builtin(trouble.builtin()).unwrap_or_else(|| Scenario::parse(""))?;
    scenario.seed = seed;
    scenario.deployment_events = dice.percent(50.0);
    let tier_1 = dice.percent(40.0);
    for service in &mut scenario.services {
        if tier_1 {
            service.tags.insert("tier".into(), "1".into());
        }
        if trouble == Trouble::Passing {
            service.releases.iter_mut().for_each(|release| release.errors_percent = None);
            service.tags.insert(MODE_TAG.into(), ["act", "approve", "observe"][dice.whole(0, 2)].into());
        }
        if trouble == Trouble::NoWayBack {
            // What ran before is gone for a person, too: they deploy what mends it.
            let good = service.releases.first().cloned();
            let mends =
                |good: Release| Release { revision: 44, at: Moment::minutes(MENDED), image_gone: false, ..good };
            service.releases.extend(good.map(mends));
        }
        for load in &mut service.loads {
            load.until = Some(Moment::minutes(12));
        }
    }
    if trouble == Trouble::Passing {
        let until = Some(Moment::minutes(dice.whole(2, 6) as i64));
        let services = vec!["checkout".to_owned()];
        let at = Moment::minutes(-4);
        let name = "orders-db".to_owned();
        scenario.outages.push(Outage {
            name,
            at,
            until,
            services,
            errors_percent: 30.0,
            latency_factor: 1.0,
            grows_over: Span::seconds(0),
            every: None,
        });
    }
    if dice.percent(50.0) {
        // A second alarm of the same service, at the same minute or a little later.
        let mut second = scenario.alarms.first().cloned().into_iter().collect::<Vec<_>>();
        for alarm in &mut second {
            alarm.name = format!("{}-too", alarm.name);
            alarm.evaluation_periods += dice.whole(0, 2) as u32;
        }
        scenario.alarms.extend(second);
    }
    Ok((trouble, scenario))
}
