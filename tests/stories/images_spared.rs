//! What is not quarantined, and what a quarantine does not stop.

use jiff::SignedDuration;
use nightshift::night::Night;
use nightshift_core::incident::Phase;
use nightshift_core::notice::NoticeKind;
use nightshift_core::policy::Policy;
use nightshift_core::timer::Timer;
use nightshift_sim::{Delivery, Scenario, Story};
use serde_json::json;

use super::guard::operations;
use super::images::{ACT, BAD, RELEASED, headlines, image, scenario, sweep, swept, told};
use super::images_disturbed::scanned;

/// Why the image was spared when it was last looked at.
fn spared(story: &Story, reference: &str) -> Option<String> {
    story.image_record_of(&image(story, reference)).spared.map(|refusal| refusal.name())
}

/// A critical flaw with a fix that is known from 02:05 on.
const NEWS: &str = "[[vulnerability]]\nid = \"CVE-2026-3003\"\nseverity = \"critical\"\npackage = \"glibc\"\n\
                    installed = \"2.38\"\nfixed_in = \"2.39\"\nknown_at = \"2026-11-20T02:05:00Z\"\n";

/// The same, with that flaw in what runs.
fn flawed(more: &str) -> Scenario {
    let mut scenario = scenario(ACT, &format!("{more}{NEWS}"));
    scenario.service_mut("web").unwrap().releases[1].findings.push("CVE-2026-3003".into());
    scenario
}

#[test]
fn what_runs_already_is_not_quarantined_nor_what_is_no_worse() {
    let fix = "[[image]]\nrepository = \"web\"\ntag = \"fix\"\nat = \"2026-11-20T02:10:00Z\"\n\
               findings = [\"CVE-2026-3003\"]\n";
    let (story, _) = swept(flawed(fix), 20);
    assert_eq!(spared(&story, "web:42").as_deref(), Some("ImageRuns"));
    assert_eq!(spared(&story, "web:fix").as_deref(), Some("NoWorseThanWhatRuns"));
    assert!(story.image_writes().iter().all(|write| !write.change.contains("quarantine")));
}

#[test]
fn what_a_service_would_go_back_to_is_not_quarantined() {
    let next = "[[service.release]]\nrevision = 43\nat = \"2026-11-20T02:00:00Z\"\n";
    let (story, mut night) = swept(flawed(next), 10);
    sweep(&mut night, "daily");
    assert_eq!(spared(&story, "web:42").as_deref(), Some("ImageLastKnownGood"));
}

#[test]
fn a_flaw_that_is_everywhere_stops_no_deployment() {
    let mut text = format!("{NEWS}[[image]]\nrepository = \"other\"\ntag = \"1\"\nat = \"2026-11-20T02:20:00Z\"\n");
    text.push_str("findings = [\"CVE-2026-3003\"]\n[[repository]]\nname = \"other\"\nscanning = \"enhanced\"\n");
    text.push_str("scans = \"continuous\"\ntags = { nightshift = \"act\" }\n");
    for number in 0..6 {
        text.push_str(&format!(
            "[[repository]]\nname = \"s{number}\"\nscanning = \"enhanced\"\nscans = \"continuous\"\n\
             [[service]]\nname = \"s{number}\"\n[[service.release]]\nrevision = 1\nat = \"-3d\"\n\
             findings = [\"CVE-2026-3003\"]\n"
        ));
    }
    let (story, _) = swept(scenario(ACT, &text), 30);
    assert_eq!(spared(&story, "other:1").as_deref(), Some("TooManyServices"));
    let says = "would be quarantined (TooManyServices)";
    assert!(headlines(&story).iter().any(|headline| headline.contains(says)), "{:?}", headlines(&story));
}

#[test]
fn what_was_told_can_be_decided_again_from_its_case() {
    let (story, _) = swept(scenario(ACT, &format!("{BAD}{RELEASED}")), 8);
    let cases: Vec<_> = story.cases().into_iter().filter(|(_, _, case)| case.function == "image-guard").collect();
    assert_eq!(cases.len(), told(&story).len(), "one for each notice");
    for (thread, sequence, case) in cases {
        let text = serde_json::to_string(&case).unwrap();
        let again = nightshift::decide::decide(&text).unwrap();
        assert_eq!(again.difference, "", "{thread} {sequence}");
    }
}

#[test]
fn what_was_let_through_is_not_stopped_by_its_next_event() {
    let crashing = RELEASED.replace("content", "crash = { kind = \"exit\", every = \"20m\" }\ncontent");
    let (story, mut night) = swept(scenario(ACT, &format!("{BAD}{crashing}")), 30);
    assert_eq!(operations(&story), ["ecs:StopServiceDeployment"]);
    let web = story.service_ref("web").unwrap();
    assert!(story.person_deploys(&web, 43));
    let began = story.now();
    while story.now() < began + SignedDuration::from_mins(6) {
        night.run_until(story.now() + SignedDuration::from_secs(10));
        // Whatever ECS says of it once more, it is let through.
        let event = json!({
            "version": "0", "id": story.now().to_string(), "source": "aws.ecs", "account": "123456789012",
            "detail-type": "ECS Service Action", "region": "eu-west-1", "time": story.now(),
            "resources": ["arn:aws:ecs:eu-west-1:123456789012:service/prod/web"],
            "detail": {"eventType": "WARN", "eventName": "SERVICE_TASK_START_IMPAIRED"},
        });
        night.deliver(Delivery::Deployment { event, at: story.now() }, 0);
    }
    assert_eq!(operations(&story).len(), 1);
}

#[test]
fn what_is_found_while_it_is_let_through_does_not_stop_it_again() {
    let flaw = "[[vulnerability]]\nid = \"CVE-2026-3003\"\nseverity = \"critical\"\npackage = \"curl\"\n\
                installed = \"8.0.0\"\nfixed_in = \"8.0.1\"\nexploit = true\nknown_at = \"2026-11-20T02:38:20Z\"\n";
    let bad = BAD.replace("[\"CVE-2026-1001\"]", "[\"CVE-2026-1001\", \"CVE-2026-3003\"]");
    let (story, mut night) = swept(scenario(ACT, &format!("{flaw}{bad}{RELEASED}")), 40);
    assert_eq!(operations(&story).len(), 1, "it is stopped");
    let found = || story.image_record_of(&image(&story, "web:43")).quarantine.map(|held| held.because.len());
    assert_eq!(found(), Some(1));
    assert!(story.person_deploys(&story.service_ref("web").unwrap(), 43));
    night.run_until(story.now() + SignedDuration::from_secs(40));
    night.deliver(Delivery::Image { event: scanned(&story), at: story.now() }, 0);
    assert_eq!(found(), Some(2), "its deployment is on its way");
    night.run_until(story.now() + SignedDuration::from_mins(30));
    assert_eq!(operations(&story).len(), 1);
    assert_eq!(found(), None, "it runs");
}

#[test]
fn what_is_found_during_its_rollout_stops_nothing_and_stays_a_way_back() {
    // Pushed and deployed at once: the scan ends while it rolls out.
    let more = "[[service.release]]\nrevision = 43\nat = \"2026-11-20T02:00:00Z\"\nfindings = [\"CVE-2026-1001\"]\n\
                [[service.release]]\nrevision = 44\nat = \"2026-11-20T04:00:00Z\"\ncrash = { kind = \"oom\", every = \"20s\" }\n";
    let (story, _) = swept(scenario(ACT, more), 180);
    assert_eq!(operations(&story), ["ecs:StopServiceDeployment"], "of web:44 alone");
    let web = story.service_ref("web").unwrap();
    assert!(story.record(&web).denied.iter().all(|denied| denied.quarantined.is_none()));
    let healed = story.notices().into_iter().find(|notice| notice.kind == NoticeKind::Resolved).unwrap();
    assert_eq!(healed.impact["task definition"], "web:43");
}

#[test]
fn an_old_image_that_was_deployed_away_is_not_brought_up_again() {
    let fixed = "[[service.release]]\nrevision = 43\nat = \"2026-11-20T02:20:00Z\"\n\
                 [[service.release]]\nrevision = 44\nat = \"2026-11-20T05:00:00Z\"\n";
    let (story, mut night) = swept(flawed(fixed), 300);
    sweep(&mut night, "daily");
    let of_old: Vec<_> =
        told(&story).into_iter().filter(|notice| notice.headline.contains("web:42")).map(|it| it.phase).collect();
    assert_eq!(of_old.last(), Some(&Phase::Resolved), "{of_old:?}");
    assert_eq!(of_old.iter().filter(|phase| **phase == Phase::Resolved).count(), 1);
}

#[test]
fn nothing_is_quarantined_before_what_runs_is_known_and_all_that_waited_afterwards() {
    // It runs when Nightshift is installed, and its scan ends before the first daily look.
    let story = Story::new(flawed(BAD));
    let mut night = Night::new(story.account(), &Policy::default());
    night.run_until(story.now() + SignedDuration::from_mins(20));
    for reference in ["web:42", "web:43"] {
        assert_eq!(spared(&story, reference).as_deref(), Some("RunsNotKnown"), "{reference}");
    }
    assert_eq!(story.image_writes(), []);
    sweep(&mut night, "daily");
    assert_eq!(spared(&story, "web:42").as_deref(), Some("ImageRuns"));
    assert!(story.image_record_of(&image(&story, "web:43")).quarantine.is_some());
    // Three days without a daily look: what is held stays held, and nothing is added.
    night.run_until(story.now() + SignedDuration::from_hours(72));
    let again = Timer::look(&image(&story, "web:43"), ("123456789012", "eu-west-1"), story.now());
    night.deliver(Delivery::Timer(again), 0);
    assert!(story.image_record_of(&image(&story, "web:43")).quarantine.is_some());
}

#[test]
fn what_runs_without_a_deployment_of_ecs_has_run_since_its_task_set() {
    let by_codedeploy = "[[service]]\nname = \"shop\"\ncontroller = \"CODE_DEPLOY\"\n\
                         [[service.release]]\nrevision = 1\nat = \"2026-11-18T10:00:00Z\"\n";
    let (story, _) = swept(scenario("", by_codedeploy), 1);
    let shop = story.service_ref("shop").unwrap();
    let since: Vec<_> = story.images_of(&shop).runs.iter().map(|run| run.since.to_string()).collect();
    assert_eq!(since, ["2026-11-18T10:00:00Z"]);
}

#[test]
fn what_is_on_many_services_by_the_time_of_a_deployment_does_not_stop_it() {
    let mut more = format!("{BAD}{}", RELEASED.replace("02:10", "03:00"));
    for number in 0..6 {
        more.push_str(&format!(
            "[[repository]]\nname = \"s{number}\"\nscanning = \"enhanced\"\nscans = \"continuous\"\n\
             [[service]]\nname = \"s{number}\"\n[[service.release]]\nrevision = 1\nat = \"-3d\"\n\
             [[service.release]]\nrevision = 2\nat = \"2026-11-20T02:10:00Z\"\nfindings = [\"CVE-2026-1001\"]\n"
        ));
    }
    let (story, _) = swept(scenario(ACT, &more), 90);
    assert!(
        headlines(&story).iter().any(|headline| headline.contains("web:43 is quarantined")),
        "{:?}",
        headlines(&story)
    );
    assert_eq!(operations(&story), Vec::<String>::new());
}
