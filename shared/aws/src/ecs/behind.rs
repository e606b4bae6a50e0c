//! Which services stand behind a target group. No call answers that, so all
//! services of the account are looked at; whoever asks remembers the answer.

use std::collections::BTreeSet;

use aws_sdk_ecs::Client;
use nightshift_core::ids::ServiceRef;
use nightshift_core::ports::Answer;

use super::listing::{self, BATCH};
use super::service::target_groups;

/// All of them, even once every group has one: of two services behind a group,
/// whoever knows one would take it for the only one.
pub(super) async fn read(client: &Client, wanted: &[String]) -> Answer<Vec<ServiceRef>> {
    let mut found = BTreeSet::new();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    for cluster in listing::clusters(client).await? {
        for batch in listing::services(client, &cluster).await?.chunks(BATCH) {
            let described = listing::describe(client, &cluster, batch.to_vec()).await?;
            let behind = described.iter().filter(|service| {
                let groups = target_groups(service);
                wanted.iter().any(|group| groups.contains(group))
            });
            found.extend(behind.filter_map(|service| listing::named(&cluster, service)));
        }
    }
    Ok(found.into_iter().collect())
}
