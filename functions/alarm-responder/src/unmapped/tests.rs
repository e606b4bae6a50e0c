use nightshift_core::alarm::{AlarmKind, Door};
use nightshift_core::fault::FaultKind;
use nightshift_core::ids::{EventId, ServiceRef};
use nightshift_incident::stack::Home;

use super::*;

/// An ALARM of this account whose tags and description are these, and for
/// which no service was found.
fn observed(tags: &[(&str, &str)], description: Option<&str>) -> Observed {
    let home = Home { account: "123456789012".into(), region: "eu-west-1".into() };
    let arn = AlarmArn::new("arn:aws:cloudwatch:eu-west-1:123456789012:alarm:nightly-report");
    let live = LiveAlarm {
        arn: arn.clone(),
        name: "nightly-report".into(),
        kind: AlarmKind::Metric,
        state: AlarmState::Alarm,
        since: None,
        configured_at: None,
        actions_enabled: true,
        suppressed_by: None,
        reason: None,
        description: description.map(Into::into),
        tags: tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        metrics: Vec::new(),
        children: Vec::new(),
        threshold: None,
        breaches_above: true,
        period_s: 60,
        evaluation_periods: 1,
    };
    let signal = AlarmSignal {
        event: EventId::new("e"),
        door: Door::EventBridge,
        arn,
        name: "nightly-report".into(),
        account: home.account.clone(),
        region: home.region.clone(),
        kind: AlarmKind::Metric,
        state: AlarmState::Alarm,
        previous: None,
        suppressed_by: None,
        was_suppressed: false,
        at: "2026-11-20T02:14:33Z".parse().unwrap(),
        reason: "Threshold Crossed: 1 datapoint [1.0] was greater than the threshold (0.0).".into(),
        description: None,
        tags: BTreeMap::new(),
        metrics: Vec::new(),
        children: Vec::new(),
        drill: false,
    };
    Observed {
        signal,
        home,
        live: Sight::Seen(Some(live)),
        symptom: None,
        service: Sight::Seen(None),
        counted: None,
        standing: None,
        many_told: false,
        scene: None,
    }
}

fn asking() -> Observed {
    observed(&[(NOTIFY_TAG, "true")], None)
}

fn unseen<T>(kind: FaultKind) -> Sight<T> {
    Sight::Unseen(Fault::new("ecs:ListServices", "prod", kind, "no"))
}

#[track_caller]
fn check(observed: &Observed, expect: Option<&str>) {
    assert_eq!(worth_a_message(observed).map(|refusal| refusal.name()).as_deref(), expect, "{observed:?}");
}

#[test]
fn only_an_alarm_that_asks_for_a_message_gets_one() {
    check(&asking(), Some("Unmapped"));
    check(&observed(&[(NOTIFY_TAG, " TRUE ")], None), Some("Unmapped"));
    check(&observed(&[], Some("{\"nightshift:notify\": true}")), Some("Unmapped"));
    check(&observed(&[], Some("{\"nightshift:notify\": \"true\"}")), Some("Unmapped"));
    check(&observed(&[], None), None);
    check(&observed(&[], Some("nightshift:notify = true")), None);
    check(&observed(&[(NOTIFY_TAG, "yes")], None), None);
    // The tag is the nearer word.
    check(&observed(&[(NOTIFY_TAG, "false")], Some("{\"nightshift:notify\": true}")), None);
}

#[test]
fn what_is_no_news_asks_in_vain() {
    let of = |change: fn(&mut Observed)| {
        let mut asking = asking();
        change(&mut asking);
        asking
    };
    check(&of(|seen| seen.signal.state = AlarmState::Ok), None);
    check(&of(|seen| seen.signal.suppressed_by = Some("Alarm".into())), None);
    check(&of(|seen| seen.signal.name = "TargetTracking-service/prod/web".into()), None);
    check(&of(|seen| seen.live = Sight::Seen(None)), None);
    let service = ServiceRef::from_arn("arn:aws:ecs:eu-west-1:123456789012:service/prod/web");
    let mut known = asking();
    known.service = Sight::Seen(service);
    check(&known, None);
}

#[test]
fn what_services_depend_on_is_told_if_it_asks() {
    let mut dependency = observed(&[], None);
    dependency.signal.description = Some("{\"dependency_of\":\"prod/web\"}".into());
    check(&dependency, None);
    dependency.signal.tags.insert(NOTIFY_TAG.into(), "true".into());
    check(&dependency, Some("OfADependency"));
}

#[test]
fn what_is_elsewhere_is_told_by_that_name_if_it_asks() {
    let mut elsewhere = asking();
    elsewhere.signal.account = "210987654321".into();
    // Nothing of it is read here: only what the event brought along counts.
    elsewhere.live = Sight::Seen(None);
    check(&elsewhere, None);
    elsewhere.signal.tags.insert(NOTIFY_TAG.into(), "true".into());
    check(&elsewhere, Some("AnotherAccounts"));
    elsewhere.signal.account.clone_from(&elsewhere.home.account);
    elsewhere.signal.region = "us-east-1".into();
    check(&elsewhere, Some("AnotherRegions"));
}

#[test]
fn a_lookup_that_iam_denies_is_told_whatever_the_alarm_says() {
    let with = |service: Sight<Option<ServiceRef>>| Observed { service, ..observed(&[], None) };
    check(&with(unseen(FaultKind::Denied)), Some("NotPermitted"));
    check(&with(unseen(FaultKind::Permanent)), Some("NotObserved"));
    // A retry may cure it; the event comes again.
    check(&with(unseen(FaultKind::Transient)), None);
    // The alarm's own tags may name the service, and nobody can read them.
    let unread = |kind| Observed { live: unseen(kind), ..observed(&[], None) };
    check(&unread(FaultKind::Denied), Some("NotPermitted"));
    check(&unread(FaultKind::Transient), None);
}

#[test]
fn the_message_says_who_what_and_what_to_do() {
    let tags = [(NOTIFY_TAG, "true"), ("team", "finance"), ("severity", "p3")];
    let page = message(&observed(&tags, None), &Refusal::Unmapped);
    assert_eq!(page.subject, "P3 - nightly-report - in ALARM, no service is known for it");
    insta::assert_snapshot!(page.text);
}

#[test]
fn the_message_of_a_denied_lookup_names_the_action() {
    let denied = Observed { service: unseen(FaultKind::Denied), ..observed(&[], None) };
    let page = message(&denied, &worth_a_message(&denied).unwrap());
    assert_eq!(page.subject, "P2 - nightly-report - needs you: its service cannot be looked up");
    insta::assert_snapshot!(page.text);
}
