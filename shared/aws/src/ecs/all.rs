//! Every service of the account.

use aws_sdk_ecs::Client;
use nightshift_core::ports::Answer;
use nightshift_core::service::Service;
use tokio::task::JoinSet;

use super::listing::{self, BATCH};
use super::service;
use crate::fault::unreadable;

/// Requests under way at once. ECS counts reads of a whole account and Region
/// together, and functions that heal need theirs.
const AT_ONCE: usize = 4;

/// In order of their names.
pub(super) async fn read(client: &Client) -> Answer<Vec<Service>> {
    let clusters = listing::clusters(client).await?;
    let lists: Vec<_> = clusters.into_iter().map(|cluster| one_list(client.clone(), cluster)).collect();
    let mut batches = Vec::new();
    for (cluster, services) in few_at_once(lists).await? {
        let batch = |batch: &[String]| one_batch(client.clone(), cluster.clone(), batch.to_vec());
        batches.extend(services.chunks(BATCH).map(batch));
    }
    let described = few_at_once(batches).await?;
    let mut all: Vec<Service> = described.into_iter().flatten().collect();
    all.sort_by(|a, b| a.service.cmp(&b.service));
    Ok(all)
}

async fn one_list(client: Client, cluster: String) -> Answer<(String, Vec<String>)> {
    let services = listing::services(&client, &cluster).await?;
    Ok((cluster, services))
}

async fn one_batch(client: Client, cluster: String, batch: Vec<String>) -> Answer<Vec<Service>> {
    let described = listing::describe(&client, &cluster, batch).await?;
    let found = described.iter().filter_map(|found| Some(service::of(&listing::named(&cluster, found)?, found)));
    Ok(found.collect())
}

/// All answers in no order, or the first fault; what is under way then is
/// dropped.
async fn few_at_once<T: Send + 'static>(
    requests: Vec<impl Future<Output = Answer<T>> + Send + 'static>,
) -> Answer<Vec<T>> {
    let (mut waiting, mut running, mut done) = (requests.into_iter(), JoinSet::new(), Vec::new());
    loop {
        while running.len() < AT_ONCE
            && let Some(next) = waiting.next()
        {
            running.spawn(next);
        }
        let Some(joined) = running.join_next().await else { return Ok(done) };
        done.push(joined.map_err(|error| unreadable("ecs:ListServices", "this account", error.to_string()))??);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use nightshift_core::fault::{Fault, FaultKind};

    #[tokio::test]
    async fn every_request_is_made_and_few_at_once() {
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let requests = (0..3 * AT_ONCE).map(|number| {
            let (running, most) = (running.clone(), most.clone());
            async move {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                running.fetch_sub(1, Ordering::SeqCst);
                Ok(number)
            }
        });
        let mut done = few_at_once(requests.collect()).await.unwrap();
        done.sort_unstable();
        assert_eq!(done, (0..3 * AT_ONCE).collect::<Vec<_>>());
        assert_eq!(most.load(Ordering::SeqCst), AT_ONCE);
    }

    #[tokio::test]
    async fn one_fault_is_the_answer() {
        let fault = Fault::new("ecs:ListServices", "prod", FaultKind::Denied, "no");
        let answers = [Ok(1), Err(fault.clone()), Ok(2)];
        assert_eq!(few_at_once(answers.map(std::future::ready).into()).await, Err(fault));
    }
}
