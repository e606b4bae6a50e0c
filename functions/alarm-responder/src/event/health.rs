//! AWS Health events: is it AWS itself that is unwell?

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use nightshift_core::health::HealthIssue;
use nightshift_door::{DoorError, if_readable, quoted, read};
use serde::Deserialize;

use super::reading::HealthTime;
use super::{Incoming, ignored};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Category {
    event_type_category: String,
}

/// Pages and backup copies of an event repeat these fields, so each of them
/// gives the same issue; nothing has to be put together again.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    event_arn: String,
    service: String,
    event_type_code: String,
    start_time: HealthTime,
    status_code: String,
    // Younger than the event itself.
    #[serde(default, deserialize_with = "if_readable")]
    event_region: Option<String>,
}

/// Reads a Health event; all but issues are ignored.
pub(super) fn parse(event: &EventBridgeEvent) -> Result<Incoming, DoorError> {
    let Category { event_type_category } = read(&event.detail, "detail")?;
    if event_type_category != "issue" {
        let category = quoted(&event_type_category);
        return Ok(ignored(format!("a Health event of category {category}, not an issue")));
    }
    let detail: Detail = read(&event.detail, "detail")?;
    let open = match detail.status_code.as_str() {
        "open" => true,
        "closed" => false,
        other => {
            let status = quoted(other);
            return Ok(ignored(format!("a Health issue neither open nor closed, but {status}")));
        }
    };
    let region = detail
        .event_region
        .or_else(|| region_of(&detail.event_arn))
        .ok_or_else(|| DoorError::at("detail.eventRegion", "expected a region, as the event's ARN names none"))?;
    Ok(Incoming::Health(HealthIssue {
        arn: detail.event_arn,
        service: detail.service,
        region,
        code: detail.event_type_code,
        since: detail.start_time.0,
        open,
    }))
}

/// The region in `arn:aws:health:REGION::event/…`. The envelope's region will
/// not do: it is the one that delivered the event, maybe as a backup copy.
fn region_of(arn: &str) -> Option<String> {
    arn.split(':').nth(3).filter(|region| !region.is_empty()).map(str::to_owned)
}
