//! What speaks against a second look, and against more tasks a second time: what a check
//! decided in a story, decided once more on something else.

use jiff::{SignedDuration, Timestamp};
use nightshift_core::alarm::LiveAlarm;
use nightshift_core::fault::{FaultKind, Sight};
use nightshift_core::fleet::FleetIncident;
use nightshift_core::ids::{EventId, IncidentId};
use nightshift_core::metric::{Series, Signal};
use nightshift_core::notice::NoticeKind;
use nightshift_core::policy::Policy;
use nightshift_core::remedy::RemedyKind;
use nightshift_incident::plan::Decision;
use nightshift_incident::scene::Standing;
use nightshift_sim::Story;
use remedy_verifier::observe::Observed;
use remedy_verifier::plan::plan;

use super::again::{growing, unseen_at_first};
use super::{run, run_under, scenario};

/// A check as it was decided.
struct Check {
    observed: Observed,
    policy: Policy,
    now: Timestamp,
}

impl Check {
    /// The story's check that took a remedy of that kind.
    #[track_caller]
    fn that_took(story: &Story, kind: RemedyKind) -> Self {
        let cases = story.cases().into_iter().map(|(_, _, case)| case);
        let checks = cases.filter(|case| case.function == "remedy-verifier").map(|case| {
            let observed = serde_json::from_value(case.observed).unwrap();
            Self { observed, policy: case.policy, now: case.now }
        });
        checks.into_iter().find(|check| check.takes() == Some(kind)).unwrap()
    }

    /// Which kind of remedy it takes.
    fn takes(&self) -> Option<RemedyKind> {
        match plan(&self.observed, &self.policy, self.now).decision {
            Decision::Remedy { remedy } => Some(remedy.kind()),
            _ => None,
        }
    }

    /// Which it takes if something is not as it was.
    fn takes_if(&self, change: impl FnOnce(&mut Self)) -> Option<RemedyKind> {
        let mut other = Self { observed: self.observed.clone(), policy: self.policy.clone(), now: self.now };
        change(&mut other);
        other.takes()
    }

    /// None of these lets it take a remedy, each by itself.
    #[track_caller]
    fn is_held_back_by(&self, against: &[fn(&mut Self)]) {
        for (which, change) in against.iter().enumerate() {
            assert_eq!(self.takes_if(change), None, "{which}");
        }
    }

    fn standing(&mut self) -> &mut Standing {
        let Sight::Seen(standing) = &mut self.observed.scene.standing else { panic!("the ledger was read") };
        standing
    }

    fn alarm(&mut self) -> &mut LiveAlarm {
        let mut alarms = self.observed.alarms.values_mut();
        let Some(Sight::Seen(Some(alarm))) = alarms.next() else { panic!("its alarm was read") };
        alarm
    }

    fn signal(&mut self, signal: Signal) -> &mut Series {
        let Sight::Seen(metrics) = &mut self.observed.scene.view.metrics else { panic!("metrics were read") };
        metrics.get_mut(&signal).unwrap()
    }

    fn many_are_ill(&mut self) {
        let since = self.now;
        self.standing().fleet.value.incident = Some(FleetIncident {
            id: IncidentId::new("many"),
            by: EventId::new("another"),
            since,
            pages: true,
            told: 5,
            most: 5,
            check: 1,
            due: since,
        });
    }
}

#[test]
fn a_second_look_is_none_of_one_of_many_nor_for_an_alarm_that_is_silenced() {
    let story = unseen_at_first(scenario("bad-release"));
    run(&story);
    let look = Check::that_took(&story, RemedyKind::RollBack);
    assert!(look.observed.weighed().is_some());
    assert_eq!(look.takes_if(|_| ()), Some(RemedyKind::RollBack));
    look.is_held_back_by(&[
        Check::many_are_ill,
        |check| check.alarm().actions_enabled = false,
        |check| check.alarm().suppressed_by = Some("maintenance".into()),
        // It was looked at again before: this check is another's.
        |check| check.standing().record.value.incident.as_mut().unwrap().checks = 3,
    ]);
}

#[test]
fn more_tasks_a_second_time_want_load_that_grows_and_tasks_that_are_full() {
    let story = Story::new(growing());
    run_under(&story, &Policy::default(), 40);
    let more = Check::that_took(&story, RemedyKind::ScaleOut);
    assert_eq!(more.takes_if(|_| ()), Some(RemedyKind::ScaleOut));
    more.is_held_back_by(&[
        Check::many_are_ill,
        |check| check.alarm().actions_enabled = false,
        |check| check.standing().halted = true,
        |check| check.signal(Signal::Requests).0.iter_mut().for_each(|point| point.value = 600.0),
        |check| check.signal(Signal::Requests).0.clear(),
        |check| check.signal(Signal::Cpu).0.iter_mut().for_each(|point| point.value = 70.0),
        // Somebody has set another minimum since.
        |check| {
            let Sight::Seen(Some(target)) = &mut check.observed.scene.view.scaling else { panic!("it scales") };
            target.min += 1;
        },
        // Those that were added last do not serve yet.
        |check| check.now = check.now.saturating_sub(SignedDuration::from_mins(5)).unwrap(),
    ]);
}

#[test]
fn tasks_that_are_added_again_have_as_long_to_help_as_the_first() {
    let story = Story::new(growing());
    run_under(&story, &Policy::default(), 40);
    let mut more = Check::that_took(&story, RemedyKind::ScaleOut);
    let after = plan(&more.observed, &more.policy, more.now).record().and_then(|record| record.incident.clone());
    let before = more.standing().record.value.incident.clone().unwrap();
    let first = before.deadline.duration_since(before.opened_at);
    assert_eq!(after.unwrap().deadline.duration_since(more.now), first);
}

#[test]
fn a_question_that_a_second_look_comes_to_is_told_anew() {
    let story = unseen_at_first(scenario("bad-release"));
    run_under(&story, &Policy::parse("[confidence]\nact_at = 100\n").unwrap(), 55);
    let told: Vec<_> = story.notices().into_iter().map(|notice| (notice.kind, notice.timeline)).collect();
    let (kind, line) = &told[1];
    assert_eq!(*kind, NoticeKind::Escalated, "{told:?}");
    assert!(line.starts_with("looked again: ") && line.contains("ConfidenceTooLow"), "{told:?}");
    assert!(story.production_writes().is_empty());
}

/// One service alone on its database: what showed when the alarm rang shows again, and that
/// is looked at, but no news.
#[test]
fn nothing_new_is_no_news_however_often_it_is_looked_at() {
    let mut alone = scenario("dependency-outage");
    alone.outages[0].services.retain(|service| service == "checkout");
    let story = Story::new(alone);
    run(&story);
    let told: Vec<String> = story.notices().into_iter().map(|notice| notice.timeline).collect();
    assert!(told.iter().all(|line| !line.starts_with("looked again")), "{told:?}");
    let calls = story.calls();
    let looks = calls.iter().filter(|call| call.operation == "ecs:ListServiceDeployments");
    let looks: Vec<(&str, Timestamp)> = looks.map(|call| (call.resource.as_str(), call.at)).collect();
    assert!(looks.iter().all(|(service, _)| *service == "prod/checkout"), "{looks:?}");
    assert_eq!(looks.len(), 4, "the answer and three looks: {looks:?}");
}

#[test]
fn what_aws_does_not_answer_to_two_looks_either_it_answers_to_the_third() {
    let story = Story::new(scenario("bad-release"));
    story.fault_on("ecs:ListServiceDeployments", FaultKind::Transient, 3);
    run(&story);
    let told: Vec<String> = story.notices().into_iter().map(|notice| notice.timeline).collect();
    assert_eq!(told[1], "looked again: rolling back checkout:43 → checkout:42", "{told:?}");
    let releases = story.calls().into_iter().filter(|call| call.operation == "ecs:ListServiceDeployments");
    assert!(releases.count() >= 4);
}
