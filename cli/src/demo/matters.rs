//! Images that people were told of, each with a picture of where it ran.

use std::collections::BTreeMap;

use image_guard::plan::Decision;
use image_guard::{Looked, Report};
use jiff::{SignedDuration, Timestamp};
use nightshift_core::image::ImageId;
use nightshift_core::incident::Phase;
use nightshift_core::metric::Point;
use nightshift_core::notice::{Notice, NoticeKind};
use nightshift_core::ports::{FleetReads, ServiceReads};
use nightshift_core::span::words;
use nightshift_sim::{Account, poll_once};

use super::image_lines::{finding, name, push};
use super::shoot::remedies;
use super::{Chart, Incident, Mark, Moment, Posted, Track};
use crate::night::{Happened, What};

/// Shown before the first and after the last moment.
const AROUND: SignedDuration = SignedDuration::from_mins(6);

/// Tasks of each revision, `web:42`, minute by minute.
#[derive(Default)]
pub(super) struct Watch {
    minutes: Vec<Timestamp>,
    tasks: BTreeMap<String, Vec<Point>>,
}

impl Watch {
    /// Counts the tasks that run right now.
    pub(super) fn note(&mut self, account: &Account) {
        let at = account.now();
        let services = poll_once(account.all_services()).and_then(Result::ok).unwrap_or_default();
        let none = |at: Timestamp| Point { at, value: 0.0 };
        for points in self.tasks.values_mut() {
            points.push(none(at));
        }
        for deployment in services.iter().flat_map(|service| &service.deployments) {
            let revision = deployment.task_definition.short().to_owned();
            let before = &self.minutes;
            let points =
                self.tasks.entry(revision).or_insert_with(|| before.iter().copied().chain([at]).map(none).collect());
            if let Some(last) = points.last_mut() {
                last.value += f64::from(deployment.running);
            }
        }
        self.minutes.push(at);
    }

    fn track(&self, revision: &str, from: Timestamp, to: Timestamp) -> Option<Track> {
        let points = self.tasks.get(revision)?.iter().filter(|point| point.at >= from && point.at <= to);
        let points: Vec<Point> = points.copied().collect();
        let label = format!("Tasks that run {revision}");
        (!points.is_empty()).then(|| Track { label, unit: String::new(), counts: false, points })
    }
}

/// The matters of all images, in the order in which they came up.
pub(super) fn matters(account: &Account, happened: &[Happened], watch: &Watch) -> Vec<Incident> {
    let mut threads: Vec<Vec<Notice>> = Vec::new();
    for notice in account.notices().into_iter().filter(|notice| notice.kind == NoticeKind::Image) {
        match threads.iter_mut().find(|thread| thread[0].incident == notice.incident) {
            Some(thread) => thread.push(notice),
            None => threads.push(vec![notice]),
        }
    }
    threads.into_iter().filter_map(|thread| matter(thread, account, happened, watch)).collect()
}

fn matter(thread: Vec<Notice>, account: &Account, happened: &[Happened], watch: &Watch) -> Option<Incident> {
    let (first, last) = (thread.first()?, thread.last()?);
    let written = first.impact.get("image")?;
    let image = looks(happened).map(|(_, looked)| &looked.image).find(|image| image.to_string() == *written)?;
    let name = name(image, account);
    let closed_at = (last.phase == Phase::Resolved).then_some(last.at);
    let held = account.image_record_of(image).quarantine;
    let moments = moments(&thread, image, &name, (account, happened), closed_at);
    let remedy = held.as_ref().map(|held| {
        let because: Vec<String> = held.because.iter().cloned().collect();
        format!("keep {name} from being deployed, for {}", because.join(", "))
    });
    Some(Incident {
        id: first.incident.to_string(),
        service: format!("image {name}"),
        image: true,
        mode: first.mode.to_string(),
        severity: first.severity.to_string(),
        severity_because: first.severity_because.clone(),
        opened_at: first.opened_at,
        closed_at,
        ending: ending(first, closed_at, remedy.is_some(), &last.done),
        remedy,
        would: None,
        refusal: None,
        pages: 0,
        diagnosis: None,
        chart: chart(image, &name, moments, watch),
        notices: thread.into_iter().map(Posted::from).collect(),
    })
}

fn ending(first: &Notice, closed_at: Option<Timestamp>, held: bool, done: &[String]) -> String {
    let how = match (closed_at, held) {
        (Some(at), _) => {
            let how = done.first().and_then(|line| line.split_once(": ")).map_or("it is over.", |(_, how)| how);
            format!("Closed after {}: {how}", words(at.duration_since(first.opened_at)))
        }
        (None, true) => "Quarantined before anybody ran it.".to_owned(),
        (None, false) => "Told, and not cured yet.".to_owned(),
    };
    format!("{how} One message, and nobody was woken.")
}

fn looks(happened: &[Happened]) -> impl Iterator<Item = (Timestamp, &Looked)> {
    happened.iter().filter_map(|event| match &event.what {
        What::Image { report, .. } => match report.as_ref() {
            Report::Image(looked) => Some((event.at, looked)),
            _ => None,
        },
        _ => None,
    })
}

fn moments(
    thread: &[Notice],
    image: &ImageId,
    name: &str,
    (account, happened): (&Account, &[Happened]),
    closed_at: Option<Timestamp>,
) -> Vec<Moment> {
    let moment = |at: Timestamp, mark: Mark, label: String| Moment { at, mark, label };
    let mut moments = Vec::new();
    for event in happened {
        let What::Image { event: incoming, report } = &event.what else { continue };
        if push(incoming).is_some_and(|(_, _, digest)| digest == image.digest.as_str()) {
            moments.push(moment(event.at, Mark::Release, format!("{name} is pushed")));
        }
        if let (Report::Settling { image: found, .. }, Some(id)) = (report.as_ref(), finding(incoming))
            && found == image
            && moments.iter().all(|moment| moment.mark != Mark::Finding)
        {
            moments.push(moment(event.at, Mark::Finding, format!("{id} is found")));
        }
    }
    let held = looks(happened).filter(|(_, looked)| looked.image == *image);
    let held = held.filter(|(_, looked)| looked.decisions.contains(&Decision::Quarantined));
    moments.extend(held.map(|(at, _)| moment(at, Mark::Quarantined, "quarantined".to_owned())));
    moments.extend(thread.first().map(|notice| moment(notice.at, Mark::Told, "one message".to_owned())));
    moments.extend(of_service(account, image, moments.first().map(|first| first.at)));
    moments.extend(closed_at.map(|at| moment(at, Mark::Healed, "closed".to_owned())));
    moments.sort_by_key(|moment| moment.at);
    moments
}

/// Releases of the service that the repository is named after, from `since` on,
/// and what was done about them.
fn of_service(account: &Account, image: &ImageId, since: Option<Timestamp>) -> Vec<Moment> {
    let (Some(service), Some(since)) = (account.service_ref(&image.repository), since) else { return Vec::new() };
    let history = poll_once(account.history(&service)).and_then(Result::ok).unwrap_or_default();
    let recent = history.iter().filter(|release| release.created_at >= since);
    let mut moments: Vec<Moment> = recent
        .map(|release| Moment {
            at: release.created_at,
            mark: Mark::Release,
            label: format!("release {}", release.target.task_definition.short()),
        })
        .collect();
    let mut all = account.closed_incidents();
    all.extend(account.record(&service).incident);
    let family = format!("{}:", service.service);
    let its = |kept: &&nightshift_core::incident::Incident| {
        kept.suspect.as_ref().is_some_and(|suspect| suspect.task_definition.short().starts_with(&family))
    };
    for kept in all.iter().filter(its) {
        if let (Some(_), Some(intent)) = (remedies(kept).next(), kept.intents.first()) {
            moments.push(Moment { at: intent.claimed_at, mark: Mark::Remedy, label: "stopped".to_owned() });
        }
    }
    moments
}

/// Tasks that run the image, and below it those of the service's other revisions.
fn chart(image: &ImageId, name: &str, moments: Vec<Moment>, watch: &Watch) -> Option<Chart> {
    let (first, last) = (moments.first()?.at, moments.last()?.at);
    let from = first.checked_sub(AROUND).ok()?.max(*watch.minutes.first()?);
    let to = last.checked_add(AROUND).ok()?.min(*watch.minutes.last()?);
    let metric = watch.track(name, from, to)?;
    let of_it = |revision: &&String| revision.starts_with(&format!("{}:", image.repository)) && *revision != name;
    let others = watch.tasks.keys().filter(of_it).filter_map(|revision| watch.track(revision, from, to));
    let below = others.filter(|track| track.points.iter().any(|point| point.value > 0.0)).collect();
    // While it runs with what was found in it, it stands in red.
    let at = |mark: Mark| moments.iter().find(|moment| moment.mark == mark).map(|moment| moment.at);
    let runs = metric.points.iter().any(|point| point.value > 0.0);
    let exposed = at(Mark::Finding).filter(|_| runs).map(|found| (found, at(Mark::Healed).unwrap_or(to)));
    let in_alarm = exposed.into_iter().collect();
    Some(Chart { from, to, metric, alarm: String::new(), threshold: None, in_alarm, below, moments })
}
