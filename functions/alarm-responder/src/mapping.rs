//! Which service an alarm watches.
//!
//! In this order: the alarm's tags, JSON in its description, its ECS
//! dimensions, the service behind its target group, the policy's names. A
//! composite has none of these but the first two and the last, and is then
//! known by its children.

use jiff::Timestamp;
use nightshift_core::alarm::{AlarmSignal, AlarmState, LiveAlarm};
use nightshift_core::described::Described;
use nightshift_core::ids::{AlarmArn, ServiceRef, fingerprint};
use nightshift_core::metric::MetricId;
use nightshift_core::policy::Policy;
use nightshift_core::ports::{AlarmMap, AlarmReads, Answer, ServiceReads};
use std::collections::BTreeMap;

/// How many children of a composite are looked at.
const CHILDREN: usize = 10;

/// What names the service of an alarm, as far as the alarm itself knows.
#[derive(Clone, Copy, Debug)]
struct Named<'a> {
    arn: &'a AlarmArn,
    name: &'a str,
    account: &'a str,
    region: &'a str,
    description: Option<&'a str>,
    metrics: &'a [MetricId],
    at: Timestamp,
}

/// What mapping an alarm needs of the world.
pub trait MapWorld: AlarmReads + ServiceReads + AlarmMap {}

impl<W: AlarmReads + ServiceReads + AlarmMap> MapWorld for W {}

/// Finds the alarm's service, and for a composite the child that tells why.
///
/// # Errors
/// If a lookup failed that the answer depends on.
pub async fn service_of<W: MapWorld>(
    world: &W,
    signal: &AlarmSignal,
    live: Option<&LiveAlarm>,
    policy: &Policy,
) -> Answer<(Option<ServiceRef>, Option<LiveAlarm>)> {
    let mut tags = live.map(|live| live.tags.clone()).unwrap_or_default();
    tags.extend(signal.tags.clone());
    let named = Named {
        arn: &signal.arn,
        name: &signal.name,
        account: &signal.account,
        region: &signal.region,
        description: signal.description.as_deref().or(live.and_then(|live| live.description.as_deref())),
        metrics: &signal.metrics,
        at: signal.at,
    };
    let children: Vec<String> = match signal.children.is_empty() {
        false => signal.children.iter().map(|child| child.name().to_owned()).collect(),
        true => live.map(|live| live.children.clone()).unwrap_or_default(),
    };
    let own = find(world, named, &tags, policy).await?;
    let mut telling: Option<(Option<ServiceRef>, LiveAlarm)> = None;
    for child in children.iter().take(CHILDREN) {
        let child = match world.alarm(child).await {
            Ok(Some(child)) => child,
            // The service is known already; the child would only tell more.
            Err(_) if own.is_some() => continue,
            Ok(None) => continue,
            Err(fault) => return Err(fault),
        };
        let named = Named {
            arn: &child.arn,
            name: &child.name,
            description: child.description.as_deref(),
            metrics: &child.metrics,
            ..named
        };
        let found = if own.is_some() { own.clone() } else { find(world, named, &child.tags, policy).await? };
        // One that fires tells more than one that happens to be named first.
        let fires = |child: &LiveAlarm| child.state == AlarmState::Alarm;
        let tells_more = telling.as_ref().is_none_or(|(_, told)| fires(&child) && !fires(told));
        if found.is_some() && tells_more && !child.metrics.is_empty() {
            telling = Some((found, child));
        }
    }
    match telling {
        Some((found, child)) => Ok((own.or(found), Some(child))),
        None => Ok((own, None)),
    }
}

/// The service that the signal of a metric alarm names by itself. The alarm as it is now
/// may still say otherwise.
pub fn service_named(signal: &AlarmSignal) -> Option<ServiceRef> {
    let alone = signal.children.is_empty() && !signal.metrics.is_empty();
    let named = Named {
        arn: &signal.arn,
        name: &signal.name,
        account: &signal.account,
        region: &signal.region,
        description: signal.description.as_deref(),
        metrics: &signal.metrics,
        at: signal.at,
    };
    alone.then(|| by_itself(named, &signal.tags)).flatten()
}

async fn find<W: MapWorld>(
    world: &W,
    named: Named<'_>,
    tags: &BTreeMap<String, String>,
    policy: &Policy,
) -> Answer<Option<ServiceRef>> {
    if let Some(found) = by_itself(named, tags) {
        return Ok(Some(found));
    }
    let groups = target_groups(named);
    if !groups.is_empty() {
        // An alarm that is pointed at other groups is another question.
        let asked: Vec<&str> = groups.iter().map(String::as_str).collect();
        let key = map_key(named, &asked);
        // The map only saves a search: without it, it is searched each time.
        match world.mapped(&key).await {
            Ok(Some(found)) => return Ok(Some(found)),
            Ok(None) => {}
            Err(fault) => tracing::warn!(%fault, "which service this alarm watches was not looked up in the ledger"),
        }
        // Several services behind one group: nobody can say which it is.
        if let [found] = world.services_behind(&groups).await?.as_slice() {
            if let Err(fault) = world.map(&key, found, named.at).await {
                tracing::warn!(%fault, "which service this alarm watches was not kept");
            }
            return Ok(Some(found.clone()));
        }
    }
    Ok(by_name(named, policy))
}

/// Under which a found service is kept: for a day, since services move and
/// others join them.
fn map_key(named: Named<'_>, groups: &[&str]) -> AlarmArn {
    let day = named.at.strftime("%F").to_string();
    AlarmArn(format!("{}#{}", named.arn, fingerprint(&[groups, &[day.as_str()]].concat())))
}

/// By tags, description or dimensions: all that the alarm says itself.
fn by_itself(named: Named<'_>, tags: &BTreeMap<String, String>) -> Option<ServiceRef> {
    let dimension = |key: &str| named.metrics.iter().find_map(|metric| metric.dimensions.get(key)).map(String::as_str);
    let pair = |cluster: Option<&str>, service: Option<&str>| Some(service_ref(named, cluster?, service?));
    let (tags, text) = (Described::in_tags(tags), Described::in_text(named.description));
    let said = tags.pair().or_else(|| text.pair());
    said.map(|(cluster, service)| service_ref(named, cluster, service))
        .or_else(|| pair(dimension("ClusterName"), dimension("ServiceName")))
}

fn by_name(named: Named<'_>, policy: &Policy) -> Option<ServiceRef> {
    // The longest prefix is the most telling one.
    let fits = policy.services.iter().filter(|(prefix, _)| named.name.starts_with(prefix.as_str()));
    let (_, service) = fits.max_by_key(|(prefix, _)| prefix.len())?;
    let (cluster, service) = service.split_once('/')?;
    Some(service_ref(named, cluster, service))
}

fn service_ref(named: Named<'_>, cluster: &str, service: &str) -> ServiceRef {
    ServiceRef {
        account: named.account.to_owned(),
        region: named.region.to_owned(),
        cluster: cluster.rsplit('/').next().unwrap_or(cluster).to_owned(),
        service: service.rsplit('/').next().unwrap_or(service).to_owned(),
    }
}

/// ARNs of the target groups among the alarm's dimensions.
fn target_groups(named: Named<'_>) -> Vec<String> {
    let partition = named.arn.as_str().split(':').nth(1).unwrap_or("aws");
    let dimensions = named.metrics.iter().filter_map(|metric| metric.dimensions.get("TargetGroup"));
    let mut groups: Vec<String> = dimensions
        .map(|group| format!("arn:{partition}:elasticloadbalancing:{}:{}:{group}", named.region, named.account))
        .collect();
    groups.sort();
    groups.dedup();
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, description: Option<&str>, tags: &[(&str, &str)], expect: Option<&str>) {
        let arn = AlarmArn::new(format!("arn:aws:cloudwatch:eu-west-1:123456789012:alarm:{name}"));
        let (account, region) = ("123456789012", "eu-west-1");
        let named = Named { arn: &arn, name, account, region, description, metrics: &[], at: Timestamp::UNIX_EPOCH };
        let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let policy =
            Policy::parse("[services]\n\"prod-\" = \"prod/web\"\n\"prod-checkout\" = \"prod/checkout\"\n").unwrap();
        let found = by_itself(named, &tags).or_else(|| by_name(named, &policy));
        assert_eq!(found.map(|found| found.to_string()).as_deref(), expect, "{name} {description:?} {tags:?}");
    }

    #[test]
    fn what_says_more_goes_first() {
        let json = Some("{\"cluster\": \"prod\", \"service\": \"search\"}");
        check("prod-checkout-5xx", json, &[("cluster", "prod"), ("service", "payments")], Some("prod/payments"));
        check("prod-checkout-5xx", json, &[("service", "payments")], Some("prod/search"));
        check("prod-checkout-5xx", Some("ratio of failures"), &[], Some("prod/checkout"));
        check("prod-5xx", None, &[], Some("prod/web"));
        check("staging-5xx", None, &[], None);
        let own = [("cluster", "a"), ("service", "b"), ("nightshift:cluster", "prod"), ("nightshift:service", "api")];
        check("x", None, &own, Some("prod/api"));
    }
}
