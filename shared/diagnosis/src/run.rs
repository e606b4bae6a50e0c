//! Whether a symptom that came with one release ran on under the next.

use nightshift_core::metric::Point;
use nightshift_core::release::{DeploymentStatus, ServiceDeployment};
use nightshift_core::service::Strategy;
use nightshift_core::span::Span;

use crate::scene::Symptom;
use crate::trend;
use crate::view::ServiceView;

/// New tasks take most of a minute to serve.
const SERVE: Span = Span::seconds(45);
/// A rollout that is through has replaced all tasks: one minute shows it.
const THROUGH: (usize, f64) = (1, 0.5);
/// One that is not yet has replaced some: two minutes, and hardly a fall. A fix
/// would have taken its share away by then.
const UNDER_WAY: (usize, f64) = (2, 0.7);

/// The symptom of `first` is there under `second` as well, which has taken over
/// since: it has the same fault, and is not the fix.
pub(crate) fn ran_on(
    view: &ServiceView,
    symptom: &Symptom,
    first: &ServiceDeployment,
    second: &ServiceDeployment,
) -> bool {
    let Some(episode) = symptom.episodes.last().filter(|episode| !episode.over) else { return false };
    let taken_over = match (second.status, second.finished_at) {
        (DeploymentStatus::Successful, Some(finished)) => Some((finished, THROUGH)),
        // Stopping it must not lead back to the first one.
        (status, _) if status.in_flight() && first.status != DeploymentStatus::Successful && all_run(view, second) => {
            Some((trend::end_of(SERVE.after(second.began_at())), UNDER_WAY))
        }
        _ => None,
    };
    let Some((served, (minutes, most))) = taken_over else { return false };
    let away = |points: &mut dyn Iterator<Item = &Point>| {
        trend::median(points.map(|point| (point.value - episode.level).abs()).collect())
    };
    let under_it = || symptom.points.iter().filter(|point| trend::end_of(point.at) > served);
    let usual =
        away(&mut symptom.points.iter().filter(|point| point.at >= episode.onset && trend::end_of(point.at) <= served));
    let still = away(&mut under_it()).unwrap_or_default();
    under_it().count() >= minutes && still >= most * usual.unwrap_or(still) && still > 0.0
}

/// As many of its tasks run as are wanted, and take their share of the requests.
fn all_run(view: &ServiceView, deployment: &ServiceDeployment) -> bool {
    let Some(service) = view.live_service().filter(|service| service.strategy == Strategy::Rolling) else {
        return false;
    };
    service.primary().is_some_and(|primary| {
        primary.task_definition == deployment.target.task_definition && primary.running >= primary.desired
    })
}
