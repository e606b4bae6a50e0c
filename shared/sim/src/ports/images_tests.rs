use nightshift_core::image::ImageStatus;
use proptest::prelude::*;

use super::*;
use crate::{Scenario, poll_once};

const REPOSITORIES: [&str; 3] = ["open", "fixed", "mixed"];

/// Repositories of each mutability, with a plain image, an untagged one, one
/// of Docker's, an index, and one that is archived.
fn account() -> Account {
    let mut text = "[[service]]\nname = \"web\"\n[[service.release]]\nrevision = 1\nat = \"-3d\"\n".to_owned();
    for (name, mutability) in REPOSITORIES.iter().zip(["mutable", "immutable", "mixed"]) {
        text +=
            &format!("[[repository]]\nname = \"{name}\"\nmutability = \"{mutability}\"\ntags.nightshift = \"act\"\n");
        for more in [
            "tag = \"latest\"",
            "content = \"untagged\"",
            "tag = \"docker\"\ndocker = true",
            "tag = \"multi\"\nplatforms = [\"linux/amd64\", \"linux/arm64\"]",
            "tag = \"old\"\narchived = true",
        ] {
            text += &format!("[[image]]\nrepository = \"{name}\"\n{more}\n");
        }
    }
    Account::new(Scenario::parse(&text).unwrap())
}

fn now<T>(future: impl Future<Output = T>) -> T {
    poll_once(future).expect("the account never waits")
}

fn all(account: &Account) -> Vec<(String, ImageDetail)> {
    let of = |name: &&str| {
        let images = now(account.images_in(name)).unwrap();
        images.into_iter().map(|image| ((*name).to_owned(), image)).collect::<Vec<_>>()
    };
    REPOSITORIES.iter().flat_map(of).collect()
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Add,
    Remove,
    Archive,
    Restore,
    ScanOnPush,
    MakeImmutable,
}

fn steps() -> impl Strategy<Value = Vec<(Step, usize, usize)>> {
    use Step::{Add, Archive, MakeImmutable, Remove, Restore, ScanOnPush};
    let step = prop::sample::select(vec![Add, Add, Remove, Remove, Archive, Restore, ScanOnPush, MakeImmutable]);
    prop::collection::vec((step, 0..32_usize, 0..6_usize), 1..40)
}

const TAGS: [&str; 6] = ["latest", "docker", "multi", "old", "quarantine-0123456789ab", "nightshift-keep-0123456789ab"];

proptest! {
    #[test]
    fn no_sequence_of_writes_deletes_an_image_or_takes_a_tag_from_another(steps in steps()) {
        let account = account();
        let images = all(&account);
        let digests = |images: &[(String, ImageDetail)]| -> Vec<(String, Digest)> {
            images.iter().map(|(name, image)| (name.clone(), image.digest.clone())).collect()
        };
        for (step, image, tag) in steps {
            let (name, image) = &images[image % images.len()];
            let id = ImageId::new(name.clone(), image.digest.clone());
            let before = all(&account);
            match step {
                Step::Add => drop(now(account.add_tag(&id, TAGS[tag]))),
                Step::Remove => drop(now(account.remove_tag(&id, TAGS[tag]))),
                Step::Archive => now(account.archive(&id, true)).unwrap(),
                Step::Restore => now(account.archive(&id, false)).unwrap(),
                Step::ScanOnPush => now(account.scan_on_push(name)).unwrap(),
                Step::MakeImmutable => now(account.make_immutable(name)).unwrap(),
            }
            let after = all(&account);
            prop_assert_eq!(digests(&before), digests(&after));
            for ((_, was), (_, is)) in before.iter().zip(&after).filter(|((of, was), _)| (of, &was.digest) != (name, &image.digest)) {
                prop_assert_eq!(was, is);
            }
        }
        prop_assert_eq!(account.deleted_images(), []);
        prop_assert_eq!(account.broken(), Vec::<String>::new());
    }

    #[test]
    fn a_tag_that_is_added_and_removed_leaves_everything_as_it_was(image in 0..32_usize, tag in 0..6_usize) {
        let account = account();
        let before = all(&account);
        let (name, image) = &before[image % before.len()];
        let id = ImageId::new(name.clone(), image.digest.clone());
        let had = image.tags.contains(TAGS[tag]);
        match now(account.add_tag(&id, TAGS[tag])) {
            Ok(Tagging::There) if had => return Ok(()),
            Ok(Tagging::There) => {}
            Ok(Tagging::Taken) => {
                prop_assert_eq!(all(&account), before);
                return Ok(());
            }
            other => {
                prop_assert_eq!(image.status, ImageStatus::Archived, "{:?}", other);
                prop_assert_eq!(all(&account), before);
                return Ok(());
            }
        }
        let removed = now(account.remove_tag(&id, TAGS[tag])).unwrap();
        if removed == Untagging::Last {
            prop_assert!(image.tags.is_empty());
        } else {
            prop_assert_eq!(removed, Untagging::Removed);
            prop_assert_eq!(all(&account), before);
        }
    }
}

#[test]
fn a_write_where_nobody_opted_in_breaks_the_story_and_so_does_an_image_that_goes() {
    let account = account();
    account.person_tags_repository("open", "nightshift", Some("observe"));
    let id = account.tagged("open:docker").unwrap();
    assert_eq!(now(account.add_tag(&id, "mark")), Ok(Tagging::There));
    let writes = account.image_writes();
    assert_eq!((writes.len(), writes[0].operation.as_str()), (1, "ecr:PutImage"));
    assert!(account.broken()[0].ends_with("although its tag nightshift is not act"), "{:?}", account.broken());
    account.person_tags_repository("open", "nightshift", Some("act"));
    let named = Named { digest: Some(id.digest.clone()), tag: None };
    account.state().delete_images("open", &[named]).unwrap();
    assert_eq!(account.broken()[1], format!("ecr:BatchDeleteImage deleted {id}"));
    assert_eq!(now(account.add_tag(&id, "mark")), Ok(Tagging::Gone));
}

#[test]
fn a_person_may_delete_what_a_call_may_not() {
    let account = account();
    let id = account.tagged("open:docker").unwrap();
    account.person_unties("open", "docker");
    assert_eq!(account.deleted_images(), [id]);
    assert_eq!(account.broken(), Vec::<String>::new());
}

#[test]
fn an_archived_image_is_neither_scanned_nor_pulled_and_comes_back_later() {
    let account = account();
    let id = account.tagged("open:docker").unwrap();
    now(account.archive(&id, true)).unwrap();
    assert_eq!(now(account.scan(&id)).unwrap().state, ScanState::Archived);
    assert!(now(account.add_tag(&id, "mark")).unwrap_err().to_string().contains("ImageInaccessible"));
    now(account.archive(&id, false)).unwrap();
    assert_eq!(now(account.image_detail(&id)).unwrap().unwrap().status, ImageStatus::Activating);
    account.advance(jiff::SignedDuration::from_mins(21));
    assert_eq!(now(account.image_detail(&id)).unwrap().unwrap().status, ImageStatus::Active);
    assert_eq!(now(account.scan(&id)).unwrap().state, ScanState::Done);
}
