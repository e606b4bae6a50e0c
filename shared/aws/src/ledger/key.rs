//! The keys. `docs/ledger.md` lists them; whoever changes one changes both.

use std::fmt;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};
use nightshift_core::health::HealthIssue;
use nightshift_core::ids::{AlarmArn, EventId, IncidentId, ServiceRef, fingerprint};
use nightshift_core::image::{ImageId, Role, Run};
use nightshift_core::ledger::Silent;
use nightshift_core::verdict::PastRelease;

use super::item::{HEALTH, Item, PK, SK, text};

/// Where an item stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) pk: String,
    sk: String,
}

impl Key {
    fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }

    pub(super) fn head(service: &ServiceRef) -> Self {
        Self::new(format!("service#{}", service.key()), "head")
    }

    pub(super) fn closed(service: &ServiceRef, incident: &IncidentId) -> Self {
        Self::new(format!("service#{}", service.key()), format!("incident#{incident}"))
    }

    pub(super) fn fleet() -> Self {
        Self::new("fleet", "head")
    }

    pub(super) fn event(event: &EventId) -> Self {
        Self::new(format!("event#{event}"), "event")
    }

    pub(super) fn timeline(incident: &IncidentId, sequence: u32) -> Self {
        Self::new(format!("incident#{incident}"), format!("timeline#{sequence:06}"))
    }

    pub(super) fn case(incident: &IncidentId, sequence: u32) -> Self {
        Self::new(format!("incident#{incident}"), format!("case#{sequence:06}"))
    }

    pub(super) fn chat(incident: &IncidentId) -> Self {
        Self::new(format!("incident#{incident}"), "chat")
    }

    pub(super) fn silent(silent: &Silent) -> Self {
        Self::new(silent_of(day_of(silent.at)), format!("{}#{}", silent.refusal.name(), silent.event))
    }

    pub(super) fn past_release(past: &PastRelease) -> Self {
        let PastRelease { service, release, .. } = past;
        Self::new(releases_of(day_of(release.began_at)), format!("{}#{}", service.key(), release.id))
    }

    pub(super) fn past_incident(incident: &IncidentId, ended_at: Timestamp) -> Self {
        Self::new(incidents_of(day_of(ended_at)), incident.as_str())
    }

    pub(super) fn health(issue: &HealthIssue) -> Self {
        Self::new(HEALTH, &issue.arn)
    }

    pub(super) fn alarm(alarm: &AlarmArn) -> Self {
        Self::new(format!("alarm#{alarm}"), "service")
    }

    pub(super) fn image(image: &ImageId) -> Self {
        Self::new(format!("image#{image}"), "head")
    }

    pub(super) fn run(run: &Run) -> Self {
        let Run { service, container, role, image, .. } = run;
        let role = match role {
            Role::Runs => "runs",
            Role::LastGood => "last-good",
        };
        let digest = &image.digest;
        Self::new(repository_of(&image.repository), format!("runs#{}#{container}#{role}#{digest}", service.key()))
    }

    pub(super) fn runs_known() -> Self {
        Self::new("fleet", "images")
    }

    pub(super) fn service_images(service: &ServiceRef) -> Self {
        Self::new(format!("service#{}", service.key()), "images")
    }

    /// Questions are long: their fingerprint stands for them.
    pub(super) fn answer(question: &str, day: Date) -> Self {
        Self::new(format!("costs#{day}"), format!("answer#{}", fingerprint(&[question])))
    }

    pub(super) fn cost_told(matter: &str) -> Self {
        Self::new(format!("costs#{matter}"), "told")
    }

    pub(super) fn spread(finding: &str, image: &ImageId) -> Self {
        Self::new(finding_of(finding), image.to_string())
    }

    /// The key of an item.
    pub(super) fn of(item: &Item) -> Self {
        Self::new(text(item, PK).unwrap_or_default(), text(item, SK).unwrap_or_default())
    }

    pub(super) fn item(&self) -> Item {
        let Self { pk, sk } = self.clone();
        Item::from([(PK.to_owned(), AttributeValue::S(pk)), (SK.to_owned(), AttributeValue::S(sk))])
    }
}

fn day_of(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

/// Under what stands what was counted in silence on that day.
pub(super) fn silent_of(day: Date) -> String {
    format!("silent#{day}")
}

/// Under what stand the releases that began on that day.
pub(super) fn releases_of(day: Date) -> String {
    format!("releases#{day}")
}

/// Under what stand the incidents that ended on that day.
pub(super) fn incidents_of(day: Date) -> String {
    format!("incidents#{day}")
}

/// Under what stands who needs an image of that repository.
pub(super) fn repository_of(name: &str) -> String {
    format!("repository#{name}")
}

/// Under what stand the images with that finding that run.
pub(super) fn finding_of(id: &str) -> String {
    format!("finding#{id}")
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.pk, self.sk)
    }
}

#[cfg(test)]
mod tests {
    use super::super::past::release;
    use super::*;
    use nightshift_core::refusal::Refusal;

    fn web() -> ServiceRef {
        ServiceRef::from_arn("arn:aws:ecs:eu-west-1:111122223333:service/prod/web").unwrap()
    }

    #[test]
    fn keys_are_those_that_the_documentation_names() {
        let incident = IncidentId::new("20261120-0300-0a1b2c3d");
        let silent = Silent {
            event: EventId::new("e1"),
            at: "2026-11-20T03:00:00Z".parse().unwrap(),
            alarm: None,
            service: None,
            refusal: Refusal::NoNews,
            told: false,
        };
        let keys = [
            Key::head(&web()),
            Key::closed(&web(), &incident),
            Key::fleet(),
            Key::event(&silent.event),
            Key::timeline(&incident, 7),
            Key::case(&incident, 7),
            Key::chat(&incident),
            Key::silent(&silent),
            Key::past_release(&release(&web(), "arn:x:service-deployment/prod/web/1", silent.at)),
            Key::past_incident(&incident, silent.at),
            Key::alarm(&AlarmArn::new("arn:x:alarm:web-5xx")),
        ];
        insta::assert_snapshot!(keys.map(|key| key.to_string()).join("\n"), @r"
        service#111122223333/eu-west-1/prod/web head
        service#111122223333/eu-west-1/prod/web incident#20261120-0300-0a1b2c3d
        fleet head
        event#e1 event
        incident#20261120-0300-0a1b2c3d timeline#000007
        incident#20261120-0300-0a1b2c3d case#000007
        incident#20261120-0300-0a1b2c3d chat
        silent#2026-11-20 NoNews#e1
        releases#2026-11-20 111122223333/eu-west-1/prod/web#arn:x:service-deployment/prod/web/1
        incidents#2026-11-20 20261120-0300-0a1b2c3d
        alarm#arn:x:alarm:web-5xx service
        ");
    }

    #[test]
    fn a_day_is_that_of_utc_and_the_same_to_whoever_reads_it() {
        let last: Timestamp = "2026-11-20T23:59:59.999Z".parse().unwrap();
        let incident = IncidentId::new("i1");
        let day = jiff::civil::date(2026, 11, 20);
        assert_eq!(Key::past_incident(&incident, last).pk, incidents_of(day));
        assert_eq!(Key::past_release(&release(&web(), "d1", last)).pk, releases_of(day));
        let next = last.checked_add(jiff::SignedDuration::from_millis(1)).unwrap();
        assert_eq!(Key::past_incident(&incident, next).pk, incidents_of(day.tomorrow().unwrap()));
    }
}
