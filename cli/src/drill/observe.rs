//! What a drill looks at, before and while it runs. Nothing here writes.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use nightshift_core::alarm::LiveAlarm;
use nightshift_core::ids::{AlarmArn, ServiceRef};
use nightshift_core::incident::{Incident, ServiceRecord};
use nightshift_core::ledger::{ChatThread, Silent};
use nightshift_core::mode::Mode;
use nightshift_core::ports::{
    AlarmListing, AlarmReads, Answer, ChatLedger, HistoryReads, LedgerReads, ServiceReads, StackReads,
};
use nightshift_core::refusal::Refusal;
use nightshift_core::service::Service;
use nightshift_core::span::Span;

use super::{DrillError, Wanted};

/// So much may the clock of whoever drills be ahead of AWS's.
const SKEW: Span = Span::seconds(5);

/// The ports that are read.
pub trait Reads:
    StackReads + AlarmListing + AlarmReads + ServiceReads + LedgerReads + HistoryReads + ChatLedger
{
}

impl<W: StackReads + AlarmListing + AlarmReads + ServiceReads + LedgerReads + HistoryReads + ChatLedger> Reads for W {}

/// What the stack says of itself, by its outputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// Name of the ledger's table.
    pub table: String,
    /// Where the stack is.
    pub account: String,
    /// The same.
    pub region: String,
    /// The one service on which a drill's events may act.
    pub drill_service: Option<String>,
    /// The mode of services that carry no tag.
    pub default_mode: Mode,
    /// Who is told, in words.
    pub told: String,
    /// ARN of the topic of notices.
    pub notice_topic: String,
}

impl Parts {
    /// Reads them from the stack's outputs.
    ///
    /// # Errors
    /// If one is missing.
    pub fn of(stack: &str, outputs: &BTreeMap<String, String>) -> Result<Self, DrillError> {
        let get = |output: &'static str| {
            outputs.get(output).cloned().ok_or(DrillError::NoOutput { stack: stack.to_owned(), output })
        };
        let notice_topic = get("NoticeTopicArn")?;
        let part = |at: usize| notice_topic.split(':').nth(at).unwrap_or_default().to_owned();
        Ok(Self {
            table: get("LedgerTable")?,
            region: part(3),
            account: part(4),
            default_mode: get("DefaultModeName")?.parse().unwrap_or_default(),
            drill_service: outputs.get("DrillServiceName").cloned(),
            told: get("WhoIsTold")?,
            notice_topic,
        })
    }

    /// Something beside the topics' own subscribers is told by the notifier, which
    /// keeps a record of it.
    pub fn has_chat(&self) -> bool {
        !self.told.contains("neither Slack nor PagerDuty")
    }
}

/// Everything a drill is planned from.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The stack.
    pub parts: Parts,
    /// Which service.
    pub service: ServiceRef,
    /// It, as ECS knows it.
    pub found: Service,
    /// All alarms, without tags.
    pub alarms: Vec<LiveAlarm>,
    /// The alarm that was asked for by name.
    pub named: Option<LiveAlarm>,
    /// What the ledger remembers of the service.
    pub record: ServiceRecord,
}

/// Looks at all that a plan needs, and once at all that will be watched: what may
/// not be read is known before anything rings.
///
/// # Errors
/// What is missing, or what AWS refuses.
pub async fn observe<W: Reads>(world: &W, wanted: &Wanted, parts: Parts, now: Timestamp) -> Result<Seen, DrillError> {
    let service = named(&wanted.service, &parts)?;
    let (found, alarms, record) = tokio::join!(world.service(&service), world.alarms(), world.record(&service));
    let (alarms, record) = (alarms?, record?.value);
    let Some(found) = found? else {
        let ServiceRef { cluster, region, .. } = service.clone();
        return Err(DrillError::NoService { service: service.to_string(), cluster, region });
    };
    let named = match &wanted.alarm {
        Some(name) => {
            let missing = || DrillError::NoAlarm(format!("there is no alarm {name:?} in {}", parts.region));
            Some(world.alarm(name).await?.ok_or_else(missing)?)
        }
        None => None,
    };
    let nothing = AlarmArn::new("none");
    look(world, &service, &Watched { alarm: "none", arn: &nothing, since: now, incident: None }, now).await?;
    Ok(Seen { parts, service, found, alarms, named, record })
}

fn named(service: &str, parts: &Parts) -> Result<ServiceRef, DrillError> {
    let pair = service.split_once('/').filter(|(cluster, name)| !cluster.is_empty() && !name.is_empty());
    let (cluster, name) =
        pair.filter(|(_, name)| !name.contains('/')).ok_or_else(|| DrillError::NoName(service.to_owned()))?;
    Ok(ServiceRef {
        account: parts.account.clone(),
        region: parts.region.clone(),
        cluster: cluster.to_owned(),
        service: name.to_owned(),
    })
}

/// What is watched.
#[derive(Clone, Copy, Debug)]
pub struct Watched<'a> {
    /// The alarm that rings.
    pub alarm: &'a str,
    /// The same.
    pub arn: &'a AlarmArn,
    /// Since when.
    pub since: Timestamp,
    /// The incident, once it is known.
    pub incident: Option<&'a Incident>,
}

/// How things stand at a moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The alarm.
    pub alarm: Option<LiveAlarm>,
    /// The service's open incident.
    pub open: Option<Incident>,
    /// Sequences of notices that are decided on and not published yet.
    pub unpublished: Vec<u32>,
    /// The incident, once it is over.
    pub closed: Option<Incident>,
    /// That the alarm was heard, and opened no incident; the newest where there are two.
    pub silent: Option<Silent>,
    /// What the notifier noted.
    pub thread: Option<ChatThread>,
}

/// Looks at how things stand.
///
/// # Errors
/// If AWS does not answer.
pub async fn look<W: Reads>(
    world: &W,
    service: &ServiceRef,
    watched: &Watched<'_>,
    now: Timestamp,
) -> Answer<Snapshot> {
    let (alarm, record) = tokio::join!(world.alarm(watched.alarm), world.record(service));
    let (alarm, record) = (alarm?, record?.value);
    let of_alarm = |incident: &Incident| incident.alarms.contains_key(watched.arn);
    let open = record.incident.filter(of_alarm);
    let unpublished = record.unpublished.iter().map(|notice| notice.sequence).collect();
    let mut snapshot = Snapshot { alarm, open, unpublished, ..Snapshot::default() };
    if snapshot.open.is_none() {
        let day = |at: Timestamp| at.to_zoned(TimeZone::UTC).date();
        for day in BTreeSet::from([day(watched.since), day(now)]) {
            let ended = world.incidents_of(day).await?.into_iter().map(|(_, incident)| incident);
            let mut ended = ended.filter(of_alarm);
            let closed = match watched.incident {
                Some(known) => ended.find(|incident| incident.id == known.id),
                None => ended.find(|incident| incident.opened_at >= SKEW.before(watched.since)),
            };
            let silent = world.silent_of(day).await?.into_iter().filter(|silent| heard(silent, watched));
            snapshot.closed = snapshot.closed.or(closed);
            snapshot.silent = silent.chain(snapshot.silent).max_by_key(|silent| silent.at);
        }
    }
    if let Some(incident) = snapshot.open.as_ref().or(snapshot.closed.as_ref()).or(watched.incident) {
        snapshot.thread =
            Some(world.thread(&incident.id).await?).filter(|kept| kept.version > 0).map(|kept| kept.value);
    }
    Ok(snapshot)
}

/// The drill's ALARM was heard, and opened no incident; its return to OK is no news.
fn heard(silent: &Silent, watched: &Watched<'_>) -> bool {
    let alarm = silent.alarm.as_ref() == Some(watched.arn) && silent.at >= SKEW.before(watched.since);
    alarm && silent.refusal != Refusal::NoNews
}
