//! The demo: scenes that end as they are described, and a page that
//! stands by itself.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says where")]

use nightshift::demo::{Demo, Incident, Mark, Scene};
use nightshift::page::page;

#[track_caller]
fn night(seed: u64) -> Demo {
    Demo::play(seed, |_| {}).unwrap()
}

fn count(scene: &Scene, mark: Mark) -> usize {
    scene.lines.iter().filter(|line| line.mark == mark).count()
}

#[track_caller]
fn ends_as_described(seed: u64) {
    let demo = night(seed);
    let scenes: &[Scene; 8] = demo.scenes.as_slice().try_into().unwrap();
    let [bad, hung, denied, load, outage, observed, repeated, flawed] = scenes;
    let healed = |scene: &Scene, operation: &str| {
        let incident = &scene.incidents[0];
        assert_eq!(scene.incidents.len(), 1, "seed {seed}: {}", scene.key);
        assert!(incident.closed_at.is_some() && incident.pages == 0, "seed {seed}: {}", incident.ending);
        assert!(scene.changes.iter().all(|change| change.operation == operation), "seed {seed}: {:?}", scene.changes);
    };
    healed(bad, "ecs:UpdateService");
    assert!(bad.incidents[0].remedy.as_ref().unwrap().starts_with("roll back"), "seed {seed}");
    healed(hung, "ecs:StopServiceDeployment");
    assert!(hung.incidents[0].notices[0].notice.why[0].contains("do not pass health checks"), "seed {seed}");
    assert_eq!(denied.incidents.len(), 2, "seed {seed}");
    assert!(denied.incidents.iter().all(|one| one.closed_at.is_some() && one.pages == 0), "seed {seed}");
    assert!(denied.incidents[1].notices[0].notice.headline.contains("comes again"), "seed {seed}");
    assert_eq!(denied.changes.len(), 2, "seed {seed}: {:?}", denied.changes);
    healed(load, "application-autoscaling:RegisterScalableTarget");
    assert!(load.incidents[0].remedy.as_ref().unwrap().starts_with("raise the minimum"), "seed {seed}");
    assert!(outage.changes.is_empty() && outage.incidents.iter().all(|one| one.pages > 0), "seed {seed}");
    assert!(
        outage.incidents.iter().any(|one| one.refusal.as_ref().unwrap().name == "ReleaseNotToBlame"),
        "seed {seed}"
    );
    assert!(observed.changes.is_empty() && observed.incidents[0].pages == 0, "seed {seed}");
    assert!(observed.incidents[0].would.as_ref().unwrap().starts_with("roll back"), "seed {seed}");
    healed(repeated, "ecs:UpdateService");
    assert_eq!(repeated.changes.len(), 1, "seed {seed}");
    // Twice the same event, once the late one.
    assert_eq!(count(repeated, Mark::Nothing), 3, "seed {seed}");
    assert_eq!(count(repeated, Mark::Remedy), 1, "seed {seed}");
    only_what_runs_is_told_and_only_what_does_not_run_is_stopped(flawed, seed);
    let costs = &demo.costs.as_ref().unwrap().notice;
    assert!(costs.headline.starts_with("Costs for Tue 17 Nov, settled: "), "seed {seed}: {}", costs.headline);
    let moved = &costs.sections[0].lines;
    assert!(moved[0].starts_with("AmazonCloudWatch: "), "seed {seed}: {moved:?}");
    assert!(
        moved.iter().any(|line| line.contains("checkout:119 was released to prod/checkout")),
        "seed {seed}: {moved:?}"
    );
    assert!(costs.chart.is_some(), "seed {seed}");
    let week = &demo.week.as_ref().unwrap().notice;
    assert!(week.headline.contains("11 releases, 3 of them failed"), "seed {seed}: {}", week.headline);
    let advice = week.sections.last().unwrap();
    assert!(advice.lines[0].starts_with("Tag prod/catalog nightshift=act"), "seed {seed}: {:?}", advice.lines);
}

#[track_caller]
fn only_what_runs_is_told_and_only_what_does_not_run_is_stopped(scene: &Scene, seed: u64) {
    let all: &[Incident; 3] = scene.incidents.as_slice().try_into().unwrap();
    let [runs, pushed, stopped] = all;
    let headlines = |incident: &Incident| -> Vec<String> {
        incident.notices.iter().map(|posted| posted.notice.headline.clone()).collect()
    };
    assert!(all.iter().all(|one| one.pages == 0 && one.well()), "seed {seed}: {all:?}");
    assert!(runs.image && runs.closed_at.is_some() && runs.remedy.is_none(), "seed {seed}: {}", runs.ending);
    let [told, over] = &headlines(runs)[..] else { panic!("seed {seed}: {:?}", headlines(runs)) };
    assert!(told.ends_with("1 critical (1 known to be used); it runs in prod/search"), "seed {seed}: {told}");
    assert!(over.ends_with("no service runs it any more"), "seed {seed}: {over}");
    let [kept] = &headlines(pushed)[..] else { panic!("seed {seed}: {:?}", headlines(pushed)) };
    assert!(pushed.image && kept.contains("is quarantined"), "seed {seed}: {kept}");
    let why = &stopped.notices[0].notice.headline;
    assert!(why.contains("quarantined for CVE-2026-20117 (gateway@"), "seed {seed}: {why}");
    let changed: Vec<&str> = scene.changes.iter().map(|change| change.operation.as_str()).collect();
    assert_eq!(changed, ["ecs:StopServiceDeployment"], "seed {seed}");
    assert_eq!(count(scene, Mark::Finding), 1, "seed {seed}");
    assert_eq!(count(scene, Mark::Quarantined), 1, "seed {seed}");
    let bad = runs.chart.as_ref().unwrap().metric.points.last().unwrap();
    assert!(bad.value < 0.5, "seed {seed}: nobody runs it at the end");
}

#[test]
fn every_scene_ends_as_described_whatever_the_seed() {
    for seed in 1..=12 {
        ends_as_described(seed);
    }
}

#[test]
fn a_seed_gives_the_same_night_and_another_one_another() {
    assert_eq!(night(3), night(3));
    assert_ne!(night(3).scenes, night(4).scenes);
}

#[test]
fn the_page_is_made_from_the_document_alone() {
    let demo = night(1);
    let read: Demo = serde_json::from_str(&serde_json::to_string(&demo).unwrap()).unwrap();
    assert_eq!(page(&read), page(&demo));
}

#[test]
fn the_page_needs_nothing_from_anywhere() {
    // A pattern of the page's own is within it.
    let html = page(&night(1)).replace("url(#", "");
    for outside in ["<script", "<link", "<img", "<iframe", " src=", "url(", "@import", " onload=", "javascript:"] {
        assert!(!html.contains(outside), "{outside}");
    }
    assert_eq!(html.matches("<svg class=\"picture\"").count(), 11);
    assert_eq!(html.matches("<article").count(), html.matches("</article>").count());
}

#[test]
fn text_from_outside_stays_text() {
    let mut demo = night(1);
    let evil = "</title><script>alert(1)</script>\"'&<!--";
    let incident = &mut demo.scenes[0].incidents[0];
    incident.service = evil.into();
    incident.ending = evil.into();
    incident.id = evil.into();
    incident.diagnosis.as_mut().unwrap().evidence[0].says = evil.into();
    let chart = incident.chart.as_mut().unwrap();
    chart.alarm = evil.into();
    chart.metric.label = evil.into();
    chart.moments[0].label = evil.into();
    incident.notices[0].line = evil.into();
    incident.notices[0].notice.team = Some(evil.into());
    incident.notices[0].blocks[0]["text"]["text"] = evil.into();
    demo.scenes[0].lines[0].text = evil.into();
    let html = page(&demo);
    assert!(!html.contains("<script") && !html.contains("<!--"), "markup came through");
    assert_eq!(html.matches("</title>").count(), html.matches("<title>").count());
}
