use jiff::{SignedDuration, Timestamp};
use nightshift_core::ports::{RegistryWrites as _, RunningReads as _, ScanReads as _};
use serde_json::Value;

use crate::{Account, Delivery, Scenario, poll_once};

const SERVICE: &str = "[[service]]\nname = \"web\"\n[[service.release]]\nrevision = 1\nat = \"-3d\"\n";
const FLAWS: &str = "[[vulnerability]]\nid = \"CVE-1\"\nseverity = \"critical\"\npackage = \"zlib\"\nfixed_in = \"2\"\n\
                     [[vulnerability]]\nid = \"CVE-2\"\nseverity = \"high\"\nknown_at = \"+30m\"\n\
                     [[vulnerability]]\nid = \"CVE-3\"\nseverity = \"low\"\ncount = 3000\n";

fn account(repository: &str, image: &str) -> Account {
    let text = format!(
        "image_events = true\n{SERVICE}{FLAWS}[[repository]]\nname = \"api\"\ntags.nightshift = \"act\"\n{repository}\n\
         [[image]]\nrepository = \"api\"\nat = \"-5m\"\n{image}\n"
    );
    Account::new(Scenario::parse(&text).unwrap())
}

/// Events of the registry until then, by detail-type.
fn heard(account: &Account, minutes: i64) -> Vec<(String, Value)> {
    let end: Timestamp = account.now() + SignedDuration::from_mins(minutes);
    let mut heard = Vec::new();
    while account.now() < end {
        for delivery in account.advance_until_due(end) {
            if let Delivery::Image { event, .. } = delivery {
                heard.push((event["detail-type"].as_str().unwrap().to_owned(), event));
            }
        }
    }
    heard
}

fn kinds(heard: &[(String, Value)]) -> Vec<&str> {
    heard.iter().map(|(kind, _)| kind.as_str()).collect()
}

#[test]
fn basic_scanning_tells_of_a_push_and_then_of_a_scan() {
    let account = account("", "tag = \"1\"\nfindings = [\"CVE-1\", \"CVE-2\"]");
    let told = heard(&account, 60);
    assert_eq!(kinds(&told), ["ECR Image Action", "ECR Image Scan"]);
    let (push, scan) = (&told[0].1, &told[1].1);
    assert_eq!((&push["detail"]["action-type"], &push["resources"]), (&"PUSH".into(), &serde_json::json!([])));
    assert_eq!(push["detail"]["image-tag"], "1");
    assert_eq!(scan["detail"]["scan-status"], "COMPLETE");
    assert_eq!(scan["detail"]["finding-severity-counts"], serde_json::json!({ "CRITICAL": 1 }));
    assert_eq!(scan["detail"]["repository-name"], "api");
}

#[test]
fn a_failed_scan_counts_nothing_and_an_untagged_image_has_no_tags() {
    let account = account("", "scan = \"FAILED\"");
    let told = heard(&account, 12);
    assert_eq!(kinds(&told), ["ECR Image Action", "ECR Image Scan"]);
    assert_eq!(told[0].1["detail"].get("image-tag"), None);
    let scan = &told[1].1["detail"];
    assert_eq!((&scan["scan-status"], scan.get("finding-severity-counts")), (&"FAILED".into(), None));
    assert_eq!(scan["image-tags"], serde_json::json!([]));
}

#[test]
fn continuous_scanning_tells_of_what_becomes_known_in_what_is_there() {
    let account =
        account("scanning = \"enhanced\"\nscans = \"continuous\"", "tag = \"1\"\nfindings = [\"CVE-1\", \"CVE-2\"]");
    let first = heard(&account, 20);
    assert_eq!(kinds(&first), ["ECR Image Action", "Inspector2 Scan", "Inspector2 Finding"]);
    assert_eq!(first[1].1["detail"]["repository-name"], "arn:aws:ecr:eu-west-1:123456789012:repository/api");
    assert_eq!(first[1].1["detail"]["finding-severity-counts"], serde_json::json!({ "CRITICAL": 1, "TOTAL": 1 }));
    let finding = &first[2].1["detail"];
    assert_eq!((&finding["fixAvailable"], finding.get("exploitAvailable")), (&"YES".into(), None));
    assert_eq!(finding["firstObservedAt"], "Nov 20, 2026, 2:09:30 AM");
    let later = heard(&account, 60);
    assert_eq!(kinds(&later), ["Inspector2 Finding"]);
    assert_eq!(later[0].1["detail"]["packageVulnerabilityDetails"]["vulnerabilityId"], "CVE-2");
}

#[test]
fn thousands_of_findings_come_at_once() {
    let account = account("scanning = \"enhanced\"", "tag = \"1\"\nfindings = [\"CVE-3\"]");
    let told = heard(&account, 12);
    assert_eq!(told.iter().filter(|(kind, _)| kind == "Inspector2 Finding").count(), 3000);
    let scan = poll_once(account.scan(&account.tagged("api:1").unwrap())).unwrap().unwrap();
    assert_eq!((scan.findings.len(), scan.cut), (3000, false));
}

#[test]
fn a_tag_of_our_own_is_told_as_a_push_too_and_each_platform_by_itself() {
    let account = account("", "tag = \"1\"\nplatforms = [\"linux/amd64\", \"linux/arm64\"]");
    let pushes = heard(&account, 12);
    // Two platforms, the index, and a scan of each platform.
    let scans = kinds(&pushes).into_iter().filter(|kind| *kind == "ECR Image Scan").count();
    assert_eq!((pushes.len(), scans), (5, 2));
    let index = account.tagged("api:1").unwrap();
    poll_once(account.add_tag(&index, "mark")).unwrap().unwrap();
    let told = heard(&account, 1);
    assert_eq!(told[0].1["detail"]["image-tag"], "mark");
    assert_eq!(told[0].1["detail"]["image-digest"].as_str(), Some(index.digest.as_str()));
}

#[test]
fn without_a_word_of_the_scenario_nothing_is_told() {
    let account = Account::new(Scenario::parse(SERVICE).unwrap());
    account.person_pushes("web", Some("2"), "new");
    assert_eq!(heard(&account, 10), []);
}

#[test]
fn a_task_of_an_index_runs_the_manifest_of_its_first_platform() {
    let text = format!("{SERVICE}platforms = [\"linux/amd64\", \"linux/arm64\"]\n");
    let account = Account::new(Scenario::parse(&text).unwrap());
    let web = account.service_ref("web").unwrap();
    let running = poll_once(account.running_images(&web)).unwrap().unwrap();
    let index = account.tagged("web:1").unwrap().digest;
    assert_eq!(running.len(), 1);
    assert!(running[0].digest.as_ref().is_some_and(|digest| *digest != index), "{running:?}");
}
