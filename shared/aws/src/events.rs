//! Amazon EventBridge: the events of a drill.

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use futures_util::FutureExt as _;
use nightshift_core::drill::{DrillEvent, SOURCE};
use nightshift_core::fault::{Fault, FaultKind};
use nightshift_core::ports::{Answer, DrillWrites};

use crate::client::Account;
use crate::fault::fault;

const OPERATION: &str = "events:PutEvents";

impl DrillWrites for Account {
    async fn put_drill(&self, event: &DrillEvent) -> Answer<()> {
        let entry = PutEventsRequestEntry::builder()
            .source(SOURCE)
            .detail_type(&event.detail_type)
            .set_resources(Some(event.resources.clone()))
            .detail(event.detail.to_string());
        let request = self.events.put_events().entries(entry.build());
        let put = request.send().boxed().await.map_err(|error| fault(OPERATION, &event.detail_type, &error))?;
        // What is refused comes back with HTTP 200.
        match put.entries().iter().find_map(|entry| Some((entry.error_code()?, entry.error_message()))) {
            Some((code, says)) => {
                let cause = format!("{code}: {}", says.unwrap_or("no reason given"));
                Err(Fault::new(OPERATION, &event.detail_type, FaultKind::Permanent, cause))
            }
            None => Ok(()),
        }
    }
}
