//! Links into the AWS console that open at the incident's time, whenever
//! somebody follows them.

mod notation;

use std::collections::BTreeMap;

use jiff::{Timestamp, Unit};
use nightshift_core::ids::{AlarmArn, ServiceRef};
use nightshift_core::image::ImageId;
use nightshift_core::incident::{About, JoinedAlarm};
use nightshift_core::notice::Link;
use nightshift_core::span::Span;

use self::notation::{segment, text};
use crate::stack::Home;

/// What went on before the first alarm is half of the story.
const BEFORE: Span = Span::minutes(30);

/// What one types first. Where nobody said which log group is the service's,
/// the person still picks that.
const QUERY: &str = "fields @timestamp, @logStream, @message\n\
                     | filter @message like /(?i)(error|exception|fatal|panic|timeout|timed out)/\n\
                     | sort @timestamp desc\n\
                     | limit 200";

/// The service, its deployments, alarm, metrics and logs, from half an hour
/// before the first alarm until `now`, or the end if this is it.
///
/// The pages of the ECS console have no range of time: they show what is.
/// A region without a public console has no links.
pub fn of_incident(
    service: &ServiceRef,
    alarms: &BTreeMap<AlarmArn, JoinedAlarm>,
    about: &About,
    opened_at: Timestamp,
    now: Timestamp,
) -> Vec<Link> {
    let first = alarms.values().map(|alarm| alarm.at).fold(opened_at, Timestamp::min);
    links(service, alarms.keys().next(), about, Around::new(first, now))
}

/// All alarms that fire, and what AWS says of itself: of many services no single page
/// tells more.
pub fn of_the_fleet(region: &str) -> Vec<Link> {
    let Some(console) = console(region) else { return Vec::new() };
    let firing = format!("{console}/cloudwatch/home?region={region}#alarmsV2:?~(alarmStateFilter~'ALARM)");
    let mut links = vec![link("Alarms", firing)];
    // Other partitions have pages of their own.
    let health = console.ends_with(".console.aws.amazon.com").then_some("https://health.aws.amazon.com/health/home");
    links.extend(health.map(|url| link("AWS Health", url.to_owned())));
    links
}

/// The same for a deployment that makes no incident.
pub fn of_release(service: &ServiceRef, began_at: Timestamp, now: Timestamp) -> Vec<Link> {
    links(service, None, &About::default(), Around::new(began_at, now))
}

/// The repository's page, which lists the image with its findings.
pub fn of_image(home: &Home, image: &ImageId) -> Vec<Link> {
    let Home { account, region } = home;
    let Some(console) = console(region) else { return Vec::new() };
    let repository = image.repository.split('/').map(segment).collect::<Vec<_>>().join("/");
    let private = format!("{console}/ecr/repositories/private/{}/{repository}", segment(account));
    vec![
        link("Image", format!("{private}/_/image/{}/details?region={region}", segment(image.digest.as_str()))),
        link("Repository", format!("{private}?region={region}")),
    ]
}

fn links(service: &ServiceRef, alarm: Option<&AlarmArn>, about: &About, around: Around) -> Vec<Link> {
    let ServiceRef { region, cluster, service: name, .. } = service;
    let Some(console) = console(region) else { return Vec::new() };
    let ecs = format!("{console}/ecs/v2/clusters/{}/services/{}", segment(cluster), segment(name));
    let cloudwatch = format!("{console}/cloudwatch/home?region={region}");
    let Around { from, to } = around;
    let alarm = alarm.map(|alarm| {
        let name = segment(alarm.name());
        let range = format!("~(timeRange~(startDate~{}~endDate~{}))", moment(from), moment(to));
        link("Alarm", format!("{cloudwatch}#alarmsV2:alarm/{name}?{range}"))
    });
    let mut links = vec![
        link("Service", format!("{ecs}/health?region={region}")),
        link("Deployments", format!("{ecs}/deployments?region={region}")),
    ];
    links.extend(alarm);
    links.extend(about.dashboard.as_deref().map(|name| {
        let range = format!("start={}&end={}", moment_of_page(from), moment_of_page(to));
        link("Dashboard", format!("{cloudwatch}#dashboards/dashboard/{}?{range}", segment(name)))
    }));
    links.push(link("Metrics", format!("{cloudwatch}#metricsV2:graph={}", graph(service, around))));
    let logs = if about.log_group.is_some() { "Logs Insights" } else { "Logs Insights (pick the log group)" };
    let query = query(around, about.log_group.as_deref());
    links.push(link(logs, format!("{cloudwatch}#logsV2:logs-insights$3FqueryDetail$3D{query}")));
    links
}

/// A range of whole minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Around {
    from: Timestamp,
    to: Timestamp,
}

impl Around {
    fn new(first: Timestamp, now: Timestamp) -> Self {
        let minute = |at: Timestamp, over: Span| {
            let at = over.after(at);
            let rounded = at.round(Unit::Minute).unwrap_or(at);
            if rounded > at { Span::minutes(1).before(rounded) } else { rounded }
        };
        // The last minute in full: its datapoint is the one people want to see.
        Self { from: minute(BEFORE.before(first), Span::seconds(0)), to: minute(now.max(first), Span::seconds(59)) }
    }
}

/// Where the console of a region is; `None` if it has no public one, or if it
/// is none: regions come from events, and must not become somebody's host.
fn console(region: &str) -> Option<String> {
    let sound = !region.is_empty() && region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let isolated = region.split('-').nth(1).is_some_and(|area| area.starts_with("iso"));
    if !sound || isolated {
        return None;
    }
    Some(match region.split('-').next() {
        Some("cn") => format!("https://{region}.console.amazonaws.cn"),
        // This one has a single host for its regions.
        Some("eusc") => "https://console.amazonaws-eusc.eu".to_owned(),
        _ if region.starts_with("us-gov-") => format!("https://{region}.console.amazonaws-us-gov.com"),
        _ => format!("https://{region}.console.aws.amazon.com"),
    })
}

/// Processor and memory of the service: what every account has. The alarm's
/// own metric is on the alarm's page.
fn graph(service: &ServiceRef, Around { from, to }: Around) -> String {
    let ServiceRef { region, cluster, service, .. } = service;
    let (cluster, service) = (text(cluster), text(service));
    let metrics = format!(
        "~(~(~{}~'CPUUtilization~'ClusterName~{cluster}~'ServiceName~{service})~(~'.~'MemoryUtilization~'.~'.~'.~'.))",
        text("AWS/ECS")
    );
    format!(
        "~(metrics{metrics}~view~'timeSeries~stacked~false~region~{}~stat~'Average~period~60~start~{}~end~{})",
        text(region),
        moment(from),
        moment(to)
    )
}

fn query(Around { from, to }: Around, log_group: Option<&str>) -> String {
    let (from, to) = (moment(from), moment(to));
    let source = log_group.map_or_else(String::new, |name| format!("~source~(~{})", text(name)));
    format!("~(end~{to}~start~{from}~timeType~'ABSOLUTE~tz~'UTC~editorString~{}{source})", text(QUERY))
}

fn link(label: &str, url: String) -> Link {
    Link { label: label.into(), url }
}

fn moment(at: Timestamp) -> String {
    text(&instant(at))
}

/// A dashboard's page takes its range as a plain query. Should a console take
/// none, it opens at its usual range.
fn moment_of_page(at: Timestamp) -> String {
    segment(&instant(at))
}

fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}

#[cfg(test)]
mod tests {
    use nightshift_core::alarm::AlarmState;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn of(region: &str, alarm: &str) -> Vec<(String, String)> {
        of_one(region, alarm, &About::default())
    }

    fn of_one(region: &str, alarm: &str, about: &About) -> Vec<(String, String)> {
        let (account, cluster, name) = ("123456789012", "prod", "web");
        let service = ServiceRef {
            account: account.into(),
            region: region.into(),
            cluster: cluster.into(),
            service: name.into(),
        };
        let joined = |alarm: &str, time: &str| {
            let arn = AlarmArn::new(format!("arn:aws:cloudwatch:{region}:{account}:alarm:{alarm}"));
            (arn, JoinedAlarm { name: alarm.into(), state: AlarmState::Alarm, at: at(time), times: 1, signal: None })
        };
        // It was in ALARM for a while before Nightshift heard of it.
        let alarms = [joined(alarm, "2026-11-20T02:14:15Z"), joined("zz", "2026-11-20T02:16:00Z")].into();
        let (opened_at, now) = (at("2026-11-20T02:15:20Z"), at("2026-11-20T02:18:15Z"));
        let links = of_incident(&service, &alarms, about, opened_at, now);
        links.into_iter().map(|link| (link.label, link.url)).collect()
    }

    #[test]
    fn every_link_that_can_opens_from_half_an_hour_before_the_first_alarm() {
        let cloudwatch = "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1";
        let ecs = "https://eu-west-1.console.aws.amazon.com/ecs/v2/clusters/prod/services/web";
        let (from, to) = ("'2026-11-20T01*3a44*3a00.000Z", "'2026-11-20T02*3a19*3a00.000Z");
        let expect = [
            ("Service", format!("{ecs}/health?region=eu-west-1")),
            ("Deployments", format!("{ecs}/deployments?region=eu-west-1")),
            (
                "Alarm",
                format!("{cloudwatch}#alarmsV2:alarm/web%205xx%2F1?~(timeRange~(startDate~{from}~endDate~{to}))"),
            ),
            (
                "Metrics",
                format!(
                    "{cloudwatch}#metricsV2:graph=~(metrics~(~(~'AWS*2fECS~'CPUUtilization~'ClusterName~'prod\
                     ~'ServiceName~'web)~(~'.~'MemoryUtilization~'.~'.~'.~'.))~view~'timeSeries~stacked~false\
                     ~region~'eu-west-1~stat~'Average~period~60~start~{from}~end~{to})"
                ),
            ),
            (
                "Logs Insights (pick the log group)",
                format!(
                    "{cloudwatch}#logsV2:logs-insights$3FqueryDetail$3D~(end~{to}~start~{from}~timeType~'ABSOLUTE\
                     ~tz~'UTC~editorString~'fields*20*40timestamp*2c*20*40logStream*2c*20*40message*0a*7c*20filter\
                     *20*40message*20like*20*2f*28*3fi*29*28error*7cexception*7cfatal*7cpanic*7ctimeout*7ctimed*20out\
                     *29*2f*0a*7c*20sort*20*40timestamp*20desc*0a*7c*20limit*20200)"
                ),
            ),
        ];
        let expect: Vec<(String, String)> = expect.into_iter().map(|(label, url)| (label.to_owned(), url)).collect();
        assert_eq!(of("eu-west-1", "web 5xx/1"), expect);
    }

    #[test]
    fn what_the_alarm_names_is_linked_too() {
        let named = |name: &str| Some(name.to_owned());
        let about = About { dashboard: named("prod web"), log_group: named("/ecs/web"), ..About::default() };
        let links = of_one("eu-west-1", "web", &about);
        let (label, url) = &links[3];
        assert_eq!(label, "Dashboard");
        let range = "start=2026-11-20T01%3A44%3A00.000Z&end=2026-11-20T02%3A19%3A00.000Z";
        assert!(url.ends_with(&format!("#dashboards/dashboard/prod%20web?{range}")), "{url}");
        let (label, url) = links.last().unwrap();
        assert_eq!(label, "Logs Insights");
        assert!(url.ends_with("limit*20200~source~(~'*2fecs*2fweb))"), "{url}");
    }

    #[track_caller]
    fn hosted(region: &str, host: &str) {
        let links = of(region, "web");
        assert!(
            links.len() == 5 && links.iter().all(|(_, url)| url.starts_with(&format!("https://{host}/"))),
            "{links:?}"
        );
        assert!(links.iter().all(|(_, url)| url.contains(&format!("?region={region}"))), "{links:?}");
    }

    #[test]
    fn every_partition_has_its_own_console() {
        hosted("us-east-1", "us-east-1.console.aws.amazon.com");
        hosted("cn-north-1", "cn-north-1.console.amazonaws.cn");
        hosted("us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com");
        hosted("eusc-de-east-1", "console.amazonaws-eusc.eu");
        assert_eq!(of("us-iso-east-1", "web"), []);
        assert_eq!(of("eu-isoe-west-1", "web"), []);
    }

    #[test]
    fn what_is_no_region_becomes_nobodys_host() {
        for region in ["", "evil.example/", "evil.example#", "a@b", "é"] {
            assert_eq!(of(region, "web"), [], "{region:?}");
        }
    }

    #[test]
    fn the_range_holds_the_whole_of_the_last_minute_and_never_ends_before_it_begins() {
        let range = |first, now| {
            let Around { from, to } = Around::new(at(first), at(now));
            (from.to_string(), to.to_string())
        };
        let told = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        assert_eq!(
            range("2026-11-20T02:14:59.9Z", "2026-11-20T02:15:00Z"),
            told("2026-11-20T01:44:00Z", "2026-11-20T02:15:00Z")
        );
        assert_eq!(
            range("2026-11-20T00:10:00Z", "2026-11-20T02:15:01Z"),
            told("2026-11-19T23:40:00Z", "2026-11-20T02:16:00Z")
        );
        assert_eq!(
            range("2026-11-20T02:14:30Z", "2026-11-20T01:00:00Z"),
            told("2026-11-20T01:44:00Z", "2026-11-20T02:15:00Z")
        );
    }
}
