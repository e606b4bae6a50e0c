//! What AWS says about costs by itself: readable, and each thing once.

use cost_reporter::Report;
use nightshift_core::notice::Notice;
use serde_json::json;

use super::costs::{begin, delivered, sample, scenario, told};

#[test]
fn an_anomaly_is_one_thread_that_is_told_again_when_it_has_grown_by_half() {
    let (story, mut night) = begin(scenario(""));
    let mut published = Vec::new();
    for name in ["anomaly", "anomaly", "anomaly-grows", "anomaly", "anomaly-grows"] {
        let Report::News { published: keys } = delivered(&mut night, sample(name)) else { panic!() };
        published.push(keys.len());
    }
    assert_eq!(published, [1, 0, 1, 0, 0]);
    let told = told(&story);
    assert_eq!(told.iter().map(|notice| notice.sequence).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(told[0].incident, told[1].incident);
    let mut slightly = sample("anomaly-grows");
    slightly["detail"]["impact"]["totalImpact"] = json!(180.0);
    assert_eq!(delivered(&mut night, slightly), Report::News { published: vec![] });
}

#[test]
fn what_aws_says_reads_well() {
    let (story, mut night) = begin(scenario(""));
    for name in [
        "anomaly",
        "anomaly-grows",
        "anomaly-without-causes",
        "sns-anomaly",
        "sns-budget-actual",
        "sns-budget-forecast",
        "sns-budget-other-currency",
        "sns-unread",
        "sns-billing-alarm",
        "sns-billing-alarm-over",
    ] {
        delivered(&mut night, sample(name));
        delivered(&mut night, sample(name));
    }
    let keys: std::collections::BTreeSet<String> = told(&story).iter().map(Notice::key).collect();
    assert_eq!(keys.len(), 10, "each by a name of its own, whatever comes twice");
    let mut seen = std::collections::BTreeSet::new();
    let once = told(&story).into_iter().filter(|notice| seen.insert(notice.key()));
    let texts: Vec<String> = once.map(|notice| nightshift_core::notice::plain::plain(&notice)).collect();
    insta::assert_snapshot!(texts.join("\n---\n"));
}

#[test]
fn an_alarm_on_the_bill_may_ring_again_and_is_then_not_over() {
    let (story, mut night) = begin(scenario(""));
    let over = || {
        let mut event = sample("sns-billing-alarm-over");
        let text = event["Records"][0]["Sns"]["Message"].as_str().unwrap().replace("2026-12-01", "2026-11-21");
        event["Records"][0]["Sns"]["Message"] = json!(text);
        event
    };
    for event in
        [over(), sample("sns-billing-alarm"), sample("sns-billing-alarm"), over(), over(), sample("sns-billing-alarm")]
    {
        assert!(matches!(delivered(&mut night, event), Report::News { .. }));
    }
    let told: Vec<(u32, bool)> =
        told(&story).iter().map(|notice| (notice.sequence, notice.headline.ends_with("rings"))).collect();
    // The same alarm once more after its end comes too late; another one is news.
    assert_eq!(told, [(1, true), (2, false)]);
    let mut again = sample("sns-billing-alarm");
    let text = again["Records"][0]["Sns"]["Message"].as_str().unwrap().replace("2026-11-20T", "2026-11-22T");
    again["Records"][0]["Sns"]["Message"] = json!(text);
    delivered(&mut night, again);
    let last = super::costs::told(&story).pop().unwrap();
    assert_eq!((last.sequence, last.headline.as_str()), (3, "Billing alarm bill-over-1000 rings"));
}
