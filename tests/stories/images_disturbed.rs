//! The image guard when processes die, calls fail and people do as they like:
//! it ends as if nothing had happened, and deletes nothing.

use jiff::SignedDuration;
use nightshift::night::{Night, What};
use nightshift_core::fault::FaultKind;
use nightshift_core::image::Marked;
use nightshift_core::notice::Notice;
use nightshift_core::policy::Policy;
use nightshift_sim::{Delivery, Scenario, Story};
use proptest::prelude::{Strategy, any, prop_oneof};
use serde_json::{Value, json};

use super::guard::operations;
use super::images::{ACT, BAD, RELEASED, image, scenario, sweep, swept, told};

/// What is left in the end: the registry, what is remembered, what was told.
fn end(story: &Story) -> Value {
    let bad = image(story, "web:43");
    let record = story.image_record_of(&bad);
    json!({
        "tags": story.image_tags(&bad),
        "kept": story.image_tags(&image(story, "web:42")),
        "quarantined": record.quarantine.map(|held| (held.because, held.mark)),
        "unpublished": record.unpublished,
        "told": told(story).into_iter().map(|notice| notice.key()).collect::<std::collections::BTreeSet<_>>(),
        "deleted": story.deleted_images(),
    })
}

/// A night with something disturbed at its first event, and the daily look
/// that comes after it in any case.
fn disturbed(of: &Scenario, disturb: impl Fn(&Story)) -> Story {
    let story = Story::new(of.clone());
    let mut night = Night::new(story.account(), &Policy::default());
    sweep(&mut night, "daily");
    disturb(&story);
    night.run_until(story.now() + SignedDuration::from_mins(30));
    sweep(&mut night, "daily");
    story
}

/// Calls of the undisturbed night after its first look.
fn calls(of: &Scenario) -> usize {
    let story = Story::new(of.clone());
    let mut night = Night::new(story.account(), &Policy::default());
    sweep(&mut night, "daily");
    let first = story.calls().len();
    night.run_until(story.now() + SignedDuration::from_mins(4));
    story.calls().len() - first
}

#[test]
fn a_quarantine_killed_or_throttled_at_any_call_ends_the_same() {
    let of = scenario(ACT, BAD);
    let calm = end(&disturbed(&of, |_| {}));
    assert_eq!(calm["unpublished"], json!([]));
    assert!(calm["quarantined"].is_array(), "{calm:#}");
    let calls = calls(&of);
    assert!((20..200).contains(&calls), "{calls} calls");
    for k in 1..=calls {
        let check = |what: &str, story: Story| assert_eq!(end(&story), calm, "{what} call {k}");
        check("killed before", disturbed(&of, |story| story.stop_before(k)));
        check("killed after", disturbed(&of, |story| story.stop_after(k)));
        check("throttled at", disturbed(&of, |story| story.fault_at(k, FaultKind::Transient)));
    }
}

#[test]
fn a_tag_that_iam_denies_is_said_and_the_quarantine_holds_by_the_ledger() {
    let story = disturbed(&scenario(ACT, BAD), |story| story.fault_on("ecr:PutImage", FaultKind::Denied, 100));
    let end = end(&story);
    assert_eq!(end["quarantined"][1]["marked"], "cannot");
    let said = told(&story).into_iter().flat_map(|notice| notice.done).collect::<Vec<_>>();
    assert!(said.iter().any(|line| line.contains("IAM denies ecr:PutImage")), "{said:?}");
}

/// Something that happens to the registry, or is told of it.
#[derive(Clone, Copy, Debug)]
enum Act {
    Sweep,
    Push,
    Untie,
    Mark,
    OptIn(bool),
    Deploy(u32),
    Wait(i64),
    Tell(bool),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        proptest::prelude::Just(Act::Sweep),
        proptest::prelude::Just(Act::Push),
        proptest::prelude::Just(Act::Untie),
        proptest::prelude::Just(Act::Mark),
        any::<bool>().prop_map(Act::OptIn),
        (41u32..44).prop_map(Act::Deploy),
        (1i64..200).prop_map(Act::Wait),
        any::<bool>().prop_map(Act::Tell),
    ];
    proptest::collection::vec(act, 1..14)
}

/// ECR's event of a scan that is done.
pub(super) fn scanned(story: &Story) -> Value {
    let digest = story.tagged("web:43").map(|image| image.digest.as_str().to_owned());
    json!({
        "version": "0", "id": "1", "detail-type": "ECR Image Scan", "source": "aws.ecr", "account": "123456789012",
        "region": "eu-west-1", "time": story.now(), "resources": [],
        "detail": {"scan-status": "COMPLETE", "repository-name": "web", "image-digest": digest, "image-tags": ["43"]},
    })
}

fn does(act: Act, story: &Story, night: &mut Night) {
    let bad = story.tagged("web:43");
    match act {
        Act::Sweep => drop(sweep(night, "daily")),
        Act::Push => drop(story.person_pushes("web", Some("43"), "another")),
        // A person takes our marker off, where it is not the last tag.
        Act::Untie => {
            if let Some(bad) = bad.filter(|bad| story.image_tags(bad).len() > 1) {
                story.person_unties("web", &bad.quarantine_tag());
            }
        }
        Act::Mark => drop(bad.map(|bad| story.person_pushes("web", Some(&bad.keep_tag()), "web-43"))),
        Act::OptIn(act) => story.person_tags_repository("web", "nightshift", Some(if act { "act" } else { "observe" })),
        Act::Deploy(revision) => drop(story.service_ref("web").map(|web| story.person_deploys(&web, revision))),
        Act::Wait(minutes) => night.run_until(story.now() + SignedDuration::from_mins(minutes)),
        Act::Tell(_) if bad.is_none() => {}
        Act::Tell(twice) => {
            for _ in 0..=usize::from(twice) {
                night.deliver(Delivery::Image { event: scanned(story), at: story.now() }, 0);
            }
        }
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 60, failure_persistence: None, ..Default::default() })]
    #[test]
    fn no_sequence_deletes_an_image_or_tells_the_same_twice(acts in acts()) {
        let released = "[[service.release]]\nrevision = 43\nat = \"2026-11-20T23:10:00Z\"\ncontent = \"web-43\"\n";
        let story = Story::new(scenario(ACT, &format!("{BAD}{released}")));
        let mut night = Night::new(story.account(), &Policy::default());
        sweep(&mut night, "daily");
        for act in acts {
            does(act, &story, &mut night);
        }
        proptest::prop_assert_eq!(story.deleted_images(), vec![]);
        // Each notice has a key of its own, and what is told again is what changed.
        let told = told(&story);
        let keys: std::collections::BTreeSet<_> = told.iter().map(|notice| notice.key()).collect();
        proptest::prop_assert_eq!(keys.len(), told.len());
        // Whatever happened: looked at twice, the second look finds nothing to do.
        sweep(&mut night, "daily");
        let (writes, notices) = (story.image_writes().len(), story.notices().len());
        sweep(&mut night, "daily");
        proptest::prop_assert_eq!((story.image_writes().len(), story.notices().len()), (writes, notices));
    }
}

/// The night of a repository that opted in, at 02:04, with its flaw known to be
/// none from then on.
fn held() -> (Story, Night) {
    let story = Story::new(scenario(ACT, BAD));
    let mut night = Night::new(story.account(), &Policy::default());
    sweep(&mut night, "daily");
    night.run_until(story.now() + SignedDuration::from_mins(4));
    assert!(story.image_record_of(&image(&story, "web:43")).quarantine.is_some());
    (story, night)
}

#[test]
fn a_release_killed_at_any_call_is_not_taken_for_a_persons() {
    let excepted = Policy::parse(
        "[[images.exception]]\nfinding = \"CVE-2026-1001\"\nowner = \"platform\"\nreason = \"not reachable\"\n\
         until = \"2026-12-01\"\n",
    )
    .unwrap();
    let release = |disturb: &dyn Fn(&Story)| {
        let (story, _) = held();
        let mut night = Night::new(story.account(), &excepted);
        disturb(&story);
        night.deliver(Delivery::Image { event: scanned(&story), at: story.now() }, 0);
        night.run_until(story.now() + SignedDuration::from_mins(5));
        let record = story.image_record_of(&image(&story, "web:43"));
        (record.released, record.quarantine, story.image_tags(&image(&story, "web:43")))
    };
    let calm = release(&|_| {});
    assert_eq!((calm.0.len(), calm.1.is_none(), calm.2.clone()), (0, true, vec!["43".to_owned()]));
    for k in 1..60 {
        assert_eq!(release(&|story: &Story| story.stop_before(k)), calm, "killed before call {k}");
        assert_eq!(release(&|story: &Story| story.stop_after(k)), calm, "killed after call {k}");
    }
}

#[test]
fn somebody_who_takes_the_marker_off_is_heard_at_once() {
    let (story, mut night) = held();
    let bad = image(&story, "web:43");
    story.person_unties("web", &bad.quarantine_tag());
    night.run_until(story.now() + SignedDuration::from_mins(1));
    let record = story.image_record_of(&bad);
    assert_eq!(record.quarantine, None);
    assert_eq!(record.released.len(), 1);
}

/// The error of each delivery that failed; each ends in the dead-letter queue unless a retry cures it.
fn failed(night: &Night) -> Vec<String> {
    let error = |what: &What| match what {
        What::Failed { error: Some(error), .. } => Some(error.clone()),
        _ => None,
    };
    night.happened().iter().filter_map(|happened| error(&happened.what)).collect()
}

/// The look of that kind in which `operation` is denied once, at its last delivery: by which
/// errors its event ends in the dead-letter queue, and the report.
fn denied_once(operation: &str, kind: &str) -> (Vec<String>, Option<Notice>) {
    let (story, mut night) = swept(scenario(ACT, BAD), 30);
    story.fault_on(operation, FaultKind::Denied, 1);
    let event = json!({"sweep": kind, "at": story.now(), "zone": "Europe/Berlin"});
    night.deliver(Delivery::Image { event, at: story.now() }, 2);
    let report = story.notices().into_iter().find(|notice| notice.incident.as_str().starts_with("report-images"));
    (failed(&night), report)
}

#[test]
fn a_look_that_may_not_see_something_looks_at_the_rest_and_says_so_by_name() {
    for operation in ["ecr:DescribeImages", "ecr:BatchGetImage"] {
        let (errors, report) = denied_once(operation, "daily");
        assert!(errors.len() == 1 && errors[0].contains(operation), "{errors:?}");
        assert_eq!(report, None);
        // What is told by the report fails no look: each retry would publish it once more.
        let (errors, report) = denied_once(operation, "weekly");
        assert_eq!(errors, Vec::<String>::new());
        let report = report.unwrap_or_else(|| panic!("{operation}: no report"));
        let part = report.sections.iter().find(|part| part.title == "Could not be looked at");
        let said = part.map(|part| part.lines.join("\n")).unwrap_or_default();
        assert!(said.contains(operation), "{report:?}");
    }
}

/// The tag of what runs is told by no notice, unlike the marker of what is quarantined.
#[test]
fn a_keep_tag_that_iam_denies_fails_the_look_by_name() {
    let story = Story::new(scenario(ACT, ""));
    let mut night = Night::new(story.account(), &Policy::default());
    story.fault_on("ecr:PutImage", FaultKind::Denied, 1);
    let event = json!({"sweep": "daily", "at": story.now(), "zone": "Europe/Berlin"});
    night.deliver(Delivery::Image { event, at: story.now() }, 2);
    let failed = failed(&night);
    assert!(failed.len() == 1 && failed[0].contains("ecr:PutImage"), "{failed:?}");
    assert_eq!(told(&story), vec![]);
    let kept = || story.image_tags(&image(&story, "web:42"));
    assert_eq!(kept(), ["42"]);
    sweep(&mut night, "daily");
    assert!(kept().contains(&image(&story, "web:42").keep_tag()), "{:?}", kept());
}

#[test]
fn a_repository_that_has_opted_in_by_half_fails_no_deployment() {
    let story = Story::new(scenario(ACT, RELEASED));
    let mut night = Night::new(story.account(), &Policy::default());
    story.fault_on("ecr:PutImage", FaultKind::Denied, 1000);
    night.run_until(story.now() + SignedDuration::from_mins(40));
    assert!(operations(&story).is_empty());
    assert_eq!(failed(&night), Vec::<String>::new());
    let tried =
        |what: &What| matches!(what, What::Image { report, .. } if format!("{report:?}").contains("step: Keep"));
    assert!(night.happened().iter().any(|happened| tried(&happened.what)));
}

/// The switch is denied at the k-th time that it is read for a bad image until that is marked.
fn switch_denied(k: usize) -> (Story, Night) {
    let of = scenario(ACT, BAD);
    let (story, mut night) = swept(of.clone(), 0);
    let first = story.calls().len();
    night.run_until(story.now() + SignedDuration::from_mins(4));
    let calls: Vec<String> = story.calls()[first..].iter().map(|call| call.operation.clone()).collect();
    let marked = calls.iter().position(|operation| operation == "ecr:PutImage").unwrap();
    let reads = |at: &usize| calls[*at] == "ssm:GetParameter";
    let at: Vec<usize> = (0..marked).filter(reads).collect();
    // At a look before its scan is done, at the one after, and once more right before.
    assert_eq!((at.len(), at.last()), (3, Some(&(marked - 1))), "{calls:?}");
    let (story, mut night) = swept(of, 0);
    story.fault_at(at[k] + 1, FaultKind::Denied);
    night.run_until(story.now() + SignedDuration::from_mins(4));
    (story, night)
}

#[test]
fn a_kill_switch_that_cannot_be_read_forbids_the_marker_is_said_and_the_next_look_puts_it() {
    for k in [1, 2] {
        let (story, mut night) = switch_denied(k);
        let marker = image(&story, "web:43").quarantine_tag();
        let failed = failed(&night);
        assert!(failed.len() == 1 && failed[0].contains("ssm:GetParameter"), "{k}: {failed:?}");
        sweep(&mut night, "daily");
        assert!(story.image_tags(&image(&story, "web:43")).contains(&marker), "{k}");
        let held = story.image_record_of(&image(&story, "web:43")).quarantine.unwrap();
        assert_eq!(held.mark, Marked::Tagged, "{k}");
    }
}

/// Nothing would have been done: that nobody may look whether it is halted is nobody's concern.
#[test]
fn a_kill_switch_that_cannot_be_read_matters_only_where_something_would_be_done() {
    let story = Story::new(scenario("", BAD));
    let mut night = Night::new(story.account(), &Policy::default());
    story.fault_on("ssm:GetParameter", FaultKind::Denied, 200);
    sweep(&mut night, "daily");
    night.run_until(story.now() + SignedDuration::from_mins(4));
    assert_eq!(failed(&night), Vec::<String>::new());
    assert!(!told(&story).is_empty());
}
