//! The image guard: what runs is told of, what does not run yet is kept from
//! being deployed, and no image is ever deleted.

use jiff::SignedDuration;
use nightshift::night::{Night, What};
use nightshift_core::image::{ImageId, Marked};
use nightshift_core::incident::Phase;
use nightshift_core::notice::{Notice, NoticeKind};
use nightshift_core::policy::Policy;
use nightshift_sim::{Delivery, Scenario, Story};
use serde_json::json;

use super::guard::operations;

/// A service that runs revision 42, whose image has a flaw that is not known
/// yet, and a vulnerable image 43 that is pushed at 02:00. `more` is added.
pub(super) fn scenario(repository: &str, more: &str) -> Scenario {
    let text = format!(
        "deployment_events = true\nimage_events = true\nstart = \"2026-11-20T01:58:00Z\"\n\
         [[repository]]\nname = \"web\"\nscanning = \"enhanced\"\nscans = \"continuous\"\n{repository}\n\
         [[vulnerability]]\nid = \"CVE-2026-1001\"\nseverity = \"critical\"\npackage = \"openssl\"\ninstalled = \"3.0.1\"\n\
         fixed_in = \"3.0.9\"\nexploit = true\n\
         [[vulnerability]]\nid = \"CVE-2026-2002\"\nseverity = \"high\"\npackage = \"zlib\"\ninstalled = \"1.2.1\"\n\
         fixed_in = \"1.3.0\"\nknown_at = \"2026-11-20T02:05:00Z\"\ncount = 400\n\
         [[service]]\nname = \"web\"\ndesired = 4\n\
         tags = {{ nightshift = \"act\", environment = \"production\", team = \"shop\" }}\n\
         [[service.release]]\nrevision = 41\nat = \"2026-11-17T10:00:00Z\"\n\
         [[service.release]]\nrevision = 42\nat = \"2026-11-18T10:00:00Z\"\nfindings = [\"CVE-2026-2002\"]\n\
         {more}\n"
    );
    Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

pub(super) const ACT: &str = "tags = { nightshift = \"act\" }";
/// Nobody runs it, and a release brings it at 02:10.
pub(super) const BAD: &str = "[[image]]\nrepository = \"web\"\ntag = \"43\"\nat = \"2026-11-20T02:00:00Z\"\n\
                              content = \"web-43\"\nfindings = [\"CVE-2026-1001\"]\n";
pub(super) const RELEASED: &str =
    "[[service.release]]\nrevision = 43\nat = \"2026-11-20T02:10:00Z\"\ncontent = \"web-43\"\n";

pub(super) fn told(story: &Story) -> Vec<Notice> {
    story.notices().into_iter().filter(|notice| notice.kind == NoticeKind::Image).collect()
}

pub(super) fn headlines(story: &Story) -> Vec<String> {
    told(story).into_iter().map(|notice| notice.headline).collect()
}

pub(super) fn image(story: &Story, reference: &str) -> ImageId {
    story.tagged(reference).unwrap_or_else(|| panic!("no {reference}"))
}

/// The daily look, now.
pub(super) fn sweep(night: &mut Night, kind: &str) -> image_guard::Report {
    let at = night.account().now();
    let event = json!({"sweep": kind, "at": at, "zone": "Europe/Berlin"});
    night.deliver(Delivery::Image { event, at }, 0);
    match night.happened().iter().rev().find_map(|happened| match &happened.what {
        What::Image { report, .. } => Some(report.as_ref().clone()),
        _ => None,
    }) {
        Some(report) => report,
        None => panic!("{:?}", night.happened().last()),
    }
}

/// What the services need is known from the first daily look on.
pub(super) fn swept(scenario: Scenario, minutes: i64) -> (Story, Night) {
    let story = Story::new(scenario);
    let mut night = Night::new(story.account(), &Policy::default());
    sweep(&mut night, "daily");
    night.run_until(story.now() + SignedDuration::from_mins(minutes));
    (story, night)
}

#[test]
fn a_storm_of_findings_in_what_runs_is_one_message() {
    let (story, night) = swept(scenario("", ""), 20);
    let events = night.happened().iter().filter(|happened| matches!(happened.what, What::Image { .. })).count();
    assert!(events >= 400, "{events} events");
    let told = told(&story);
    let [notice] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(notice.headline, "P3 · image web:42: 200 high; it runs in prod/web");
    assert_eq!((notice.team.as_deref(), notice.phase), (Some("shop"), Phase::Noted));
    assert_eq!(story.image_writes(), [], "nobody opted in");
    let calls = story.calls().iter().filter(|call| call.operation == "ecr:DescribeImageScanFindings").count();
    assert!(calls < 10, "{calls} scans were read");
}

#[test]
fn a_vulnerable_image_is_quarantined_and_its_deployment_stopped_once() {
    let (story, mut night) = swept(scenario(ACT, &format!("{BAD}{RELEASED}")), 40);
    let record = story.image_record_of(&image(&story, "web:43"));
    assert_eq!(record.quarantine.map(|held| held.mark), Some(Marked::Tagged));
    assert!(story.image_tags(&image(&story, "web:43")).iter().any(|tag| tag.starts_with("quarantine-")));
    assert_eq!(operations(&story), ["ecs:StopServiceDeployment"]);
    let notices = story.notices();
    let stopped = notices.iter().find(|notice| notice.kind == NoticeKind::Acting).unwrap();
    let says = "web:43 deploys an image that is quarantined for CVE-2026-1001 (web@";
    assert!(stopped.headline.contains(says), "{}", stopped.headline);
    // A person deploys it again after that was told, and means it.
    let web = story.service_ref("web").unwrap();
    assert!(story.person_deploys(&web, 43));
    night.run_until(story.now() + SignedDuration::from_mins(30));
    assert_eq!(operations(&story).len(), 1);
    assert!(story.notices().iter().any(|notice| notice.headline.contains("let through")));
    let record = story.image_record_of(&image(&story, "web:43"));
    assert_eq!(record.quarantine, None, "what runs is not kept from running");
}

#[test]
fn a_service_that_only_observes_is_told_and_left_alone() {
    let mut scenario = scenario(ACT, &format!("{BAD}{RELEASED}"));
    scenario.service_mut("web").unwrap().tags.remove("nightshift");
    let (story, _) = swept(scenario, 40);
    assert_eq!(super::changes(&story), Vec::<String>::new());
    let refused = story.notices().into_iter().find(|notice| notice.kind == NoticeKind::Opened).unwrap();
    assert!(refused.done.iter().any(|line| line.contains("NotOptedIn")), "{:?}", refused.done);
}

#[test]
fn a_repository_that_has_not_opted_in_is_not_written_to_and_says_what_would_be() {
    for tags in ["", "tags = { nightshift = \"observe\" }", "tags = { nightshift = \"approve\" }"] {
        let (story, _) = swept(scenario(tags, BAD), 4);
        assert_eq!(story.image_writes(), []);
        let told = headlines(&story);
        let expect =
            "P3 · image web:43 would be quarantined (NotOptedIn): 1 critical (1 known to be used); it runs nowhere";
        assert_eq!(told, [expect]);
    }
}

#[test]
fn what_runs_and_what_is_last_known_good_carry_a_tag_that_keeps_them() {
    let (story, mut night) = swept(scenario(ACT, ""), 1);
    let kept = |story: &Story, reference: &str| {
        story.image_tags(&image(story, reference)).iter().any(|tag| tag.starts_with("nightshift-keep-"))
    };
    assert!(kept(&story, "web:42"));
    // What it would go back to is known once the guard has seen a deployment.
    let more = "[[service.release]]\nrevision = 43\nat = \"2026-11-20T02:00:00Z\"\n\
                [[service.release]]\nrevision = 44\nat = \"2026-11-20T03:30:00Z\"\n";
    let (later, mut after) = swept(scenario(ACT, more), 60);
    sweep(&mut after, "daily");
    assert!(kept(&later, "web:43") && kept(&later, "web:42") && !kept(&later, "web:41"));
    after.run_until(later.now() + SignedDuration::from_mins(90));
    sweep(&mut after, "daily");
    assert!(kept(&later, "web:44") && kept(&later, "web:43") && !kept(&later, "web:42"));
    // Looked at again, nothing is written.
    let before = later.image_writes().len();
    sweep(&mut after, "daily");
    assert_eq!(later.image_writes().len(), before);
    sweep(&mut night, "daily");
}

#[test]
fn a_fix_that_is_deployed_ends_the_matter() {
    let fixed = "[[service.release]]\nrevision = 43\nat = \"2026-11-20T02:20:00Z\"\n";
    let (story, _) = swept(scenario("", fixed), 60);
    let told = told(&story);
    let [first, last] = told.as_slice() else { panic!("{:?}", headlines(&story)) };
    assert_eq!((first.sequence, last.sequence, &first.incident), (1, 2, &last.incident));
    assert_eq!(last.phase, Phase::Resolved);
    assert_eq!(last.headline, "Image web:42: no service runs it any more");
}

#[test]
fn an_index_is_one_image_whichever_platform_a_finding_is_about() {
    let more = BAD.replace("content", "platforms = [\"linux/amd64\", \"linux/arm64\"]\ncontent");
    let (story, _) = swept(scenario(ACT, &more), 8);
    let index = image(&story, "web:43");
    assert!(story.image_record_of(&index).quarantine.is_some());
    assert_eq!(headlines(&story).len(), 1, "{:?}", headlines(&story));
    let tagged: Vec<_> = story.image_writes().into_iter().map(|write| write.change).collect();
    assert_eq!(tagged.iter().filter(|change| change.contains("quarantine-")).count(), 1, "{tagged:?}");
}

/// CI pushes each platform from a job of its own, and the list of them last.
#[test]
fn a_platform_that_is_there_before_its_index_is_told_with_the_whole_from_then_on() {
    let amd64 = BAD.replace("\"43\"", "\"43-amd64\"").replace("web-43", "web-43 on linux/amd64");
    let index = BAD.replace("content", "platforms = [\"linux/amd64\"]\ncontent").replace("02:00", "02:06");
    let (story, _) = swept(scenario(ACT, &format!("{amd64}{index}")), 20);
    let platform = image(&story, "web:43-amd64");
    let of_it: Vec<_> =
        told(&story).into_iter().filter(|notice| notice.incident.as_str().contains(platform.short())).collect();
    let headlines: Vec<_> = of_it.iter().map(|notice| notice.headline.as_str()).collect();
    assert_eq!(headlines.len(), 2, "{headlines:?}");
    assert!(headlines[0].contains("is quarantined") && headlines[1].ends_with("told with the whole from now on"));
    assert_eq!(of_it[1].phase, Phase::Resolved);
    assert!(story.image_record_of(&image(&story, "web:43")).quarantine.is_some());
}

/// It was rolled back, and its image is quarantined as well.
#[test]
fn what_is_denied_twice_over_is_stopped_once() {
    let again = |time: &str, more: &str| {
        format!("[[service.release]]\nrevision = 43\nat = \"2026-11-20T{time}:00Z\"\ncontent = \"web-43\"\n{more}\n")
    };
    let flaw = "[[vulnerability]]\nid = \"CVE-2026-3003\"\nseverity = \"critical\"\npackage = \"curl\"\n\
                installed = \"8.0.0\"\nfixed_in = \"8.0.1\"\nexploit = true\nknown_at = \"2026-11-20T02:40:00Z\"\n";
    let bad = "findings = [\"CVE-2026-3003\"]\ncrash = { kind = \"exit\", every = \"20s\" }";
    let more = format!("{flaw}{}{}{}", again("02:05", bad), again("03:10", ""), again("03:50", ""));
    let (story, mut night) = swept(scenario(ACT, &more), 110);
    assert!(story.image_record_of(&image(&story, "web:43")).quarantine.is_some());
    assert_eq!(operations(&story).len(), 2, "rolled back, and stopped");
    let before = story.notices().len();
    night.run_until("2026-11-20T05:00:00Z".parse().unwrap());
    let after: Vec<String> = story.notices()[before..].iter().map(|notice| notice.headline.clone()).collect();
    assert!(after.iter().any(|headline| headline.ends_with("let through")), "{after:?}");
    // It fails as it did before, which is told; by what denies it nobody is told again.
    assert!(!after.iter().any(|headline| headline.contains("comes again") || headline.contains("deploys an image")));
}

#[test]
fn what_events_lose_the_daily_look_finds() {
    let silent = Scenario { image_events: false, ..scenario(ACT, BAD) };
    let (story, mut night) = swept(silent, 30);
    assert_eq!(headlines(&story), Vec::<String>::new());
    let report = sweep(&mut night, "daily");
    assert_eq!(headlines(&story), ["P3 · image web:42: 200 high; it runs in prod/web"]);
    assert!(matches!(report, image_guard::Report::Sweep { services: 1, .. }));
    let calls = story.calls().len();
    sweep(&mut night, "daily");
    assert_eq!(headlines(&story).len(), 1, "and says it once");
    assert!(story.calls().len() > calls);
}

#[test]
fn the_weekly_look_reports_what_runs_and_what_is_wrong_with_repositories() {
    let (story, mut night) = swept(scenario("", ""), 20);
    let report = sweep(&mut night, "weekly");
    let image_guard::Report::Sweep { published: Some(key), .. } = report else { panic!("{report:?}") };
    let notice = story.notices().into_iter().find(|notice| notice.key() == key).unwrap();
    assert_eq!(notice.headline, "Images, week to Fri 20 Nov: 1 of 1 that run ask for something, 0 overdue");
    let parts: Vec<&str> = notice.sections.iter().map(|part| part.title.as_str()).collect();
    assert_eq!(parts, ["What runs and asks for something", "Repositories"]);
    // Made again it is the same.
    sweep(&mut night, "weekly");
    let reports: Vec<_> = story.notices().into_iter().filter(|notice| notice.kind == NoticeKind::Report).collect();
    assert!(reports.iter().all(|again| *again == notice), "{reports:?}");
}

#[test]
fn an_image_that_is_deleted_under_a_service_is_told_at_once() {
    let (story, mut night) = swept(scenario("", ""), 4);
    let gone = image(&story, "web:42");
    story.person_deletes_image(&gone);
    sweep(&mut night, "daily");
    let told = told(&story);
    assert!(told.last().unwrap().headline.starts_with("P2 · image web:42 is gone from its repository"), "{told:?}");
}

#[test]
fn a_halted_stack_tells_and_writes_nothing() {
    let (story, _) = swept(Scenario { halted: true, ..scenario(ACT, BAD) }, 4);
    assert_eq!(story.image_writes(), []);
    assert!(headlines(&story)[0].contains("would be quarantined (Halted)"), "{:?}", headlines(&story));
}
