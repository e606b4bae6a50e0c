//! Links into the AWS console that open at the right time range.

use jiff::{Timestamp, Unit};
use nightshift_core::ids::{AlarmArn, ServiceRef};
use nightshift_core::notice::Link;
use nightshift_core::span::Span;

/// The service, its deployments, its alarm, all around the incident.
pub fn of_incident(service: &ServiceRef, alarm: Option<&AlarmArn>, opened_at: Timestamp) -> Vec<Link> {
    let ServiceRef { region, cluster, service: name, .. } = service;
    let console = format!("https://{region}.console.aws.amazon.com");
    let page = format!("{console}/ecs/v2/clusters/{}/services/{}", segment(cluster), segment(name));
    let mut links = vec![
        link("Service", format!("{page}/health?region={region}")),
        link("Deployments", format!("{page}/deployments?region={region}")),
    ];
    if let Some(alarm) = alarm {
        let name = segment(alarm.name());
        links.push(link("Alarm", format!("{console}/cloudwatch/home?region={region}#alarmsV2:alarm/{name}")));
    }
    let (from, to) = (Span::minutes(60).before(opened_at), Span::minutes(30).after(opened_at));
    let range = format!("start={}&end={}", minute(from), minute(to));
    let dashboard = format!("{console}/cloudwatch/home?region={region}#home:dashboards/ECS?{range}");
    links.push(link("Metrics", dashboard));
    links
}

fn link(label: &str, url: String) -> Link {
    Link { label: label.into(), url }
}

fn minute(at: Timestamp) -> String {
    at.round(Unit::Minute).unwrap_or(at).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// One URL path segment, percent-encoded: names come from outside.
fn segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_cannot_leave_their_segment() {
        assert_eq!(segment("a/b?c#d e>|é"), "a%2Fb%3Fc%23d%20e%3E%7C%C3%A9");
    }
}
