//! The daily look at every service, for what events have missed.

use futures_util::future::join_all;
use jiff::Timestamp;
use nightshift_core::ids::EventId;
use nightshift_core::incident::ServiceRecord;
use nightshift_core::service::Service;
use serde_json::Value;

use crate::event::News;
use crate::{Handler, Report, World};
use nightshift_incident::respond::Unfinished;

/// Services that one sweep looks into, so that it ends within the function's
/// time. Events lose few; whoever has more finds the rest in the next sweep.
const LOOKED_AT: usize = 200;
/// So many at once: far below what AWS allows.
const AT_ONCE: usize = 8;

impl<W: World> Handler<W> {
    /// Counts the services for the fleet brake, and looks into those whose
    /// record does not fit what is there.
    pub(crate) async fn sweep(&self, event: &Value, id: &EventId, now: Timestamp) -> Result<Report, Unfinished> {
        let services = self.world.all_services().await?;
        let count = u32::try_from(services.len()).unwrap_or(u32::MAX);
        self.world.keep_number_of_services(count).await?;
        let mut due = Vec::new();
        for some in services.chunks(AT_ONCE) {
            let records = join_all(some.iter().map(|service| self.world.record(&service.service))).await;
            for (service, record) in some.iter().zip(records) {
                if missed(service, &record?.value) {
                    due.push(service);
                }
            }
        }
        let left = due.len().saturating_sub(LOOKED_AT);
        due.truncate(LOOKED_AT);
        let mut looked_at = Vec::new();
        let mut failed = None;
        for some in due.chunks(AT_ONCE) {
            let told: Vec<News> = some.iter().map(|service| news(id, service, now)).collect();
            let looks = join_all(told.iter().map(|news| self.news(event, news, None, now))).await;
            // One that fails does not keep the others from being looked at.
            for (service, looked) in some.iter().zip(looks) {
                match looked {
                    Ok(_) => looked_at.push(service.service.to_string()),
                    Err(error) => failed = Some(error),
                }
            }
        }
        failed.map_or(Ok(Report::Sweep { services: services.len(), looked_at, left }), Err)
    }
}

fn news(sweep: &EventId, service: &Service, now: Timestamp) -> News {
    let event = EventId::of(&[sweep.as_str(), &service.service.key()]);
    News { event, service: service.service.clone(), what: "sweep".into(), at: now, told: None, drill: false }
}

/// What is there is not what was last heard of: a deployment nobody told us
/// of, or one that we believe to be on its way and that is not, or is still.
pub fn missed(service: &Service, record: &ServiceRecord) -> bool {
    let Some(newest) = record.releases.first() else {
        // Nothing was heard yet. What stands there complete can wait for its
        // next deployment, which brings its history with it.
        return !service.settled();
    };
    let another = match (&newest.deployment, service.primary()) {
        (Some(known), Some(primary)) => *known != primary.id && newest.rolled_back_to.is_none(),
        _ => false,
    };
    let other_tasks = newest.target.task_definition != service.task_definition && newest.rolled_back_to.is_none();
    !newest.over() || another || other_tasks
}
