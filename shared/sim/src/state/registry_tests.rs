use nightshift_core::release::ImageNow;

use super::*;
use crate::scenario::Scenario;

fn registry() -> Registry {
    let text = "[[service]]\nname = \"web\"\n[[service.release]]\nrevision = 1\nat = \"-3d\"\n";
    let mut registry = Registry::new(&Scenario::parse(text).unwrap());
    registry.now = 0;
    registry
}

#[test]
fn a_deleted_image_takes_its_tags_along_and_leaves_the_others() {
    let mut registry = registry();
    let image = registry.full("web:1");
    let (old, new) = (registry.digest_of("old"), registry.digest_of("new"));
    registry.push(&image, "old");
    registry.push(&registry.full("web:2"), "new");
    registry.delete(&image, &old);
    assert_eq!(registry.resolve(&image), ImageNow::Gone);
    assert!(!registry.has(&image, &old));
    assert_eq!(registry.resolve(&registry.full("web:2")), ImageNow::At(new.clone()));
    assert_eq!(registry.resolve(&registry.full(&format!("web@{new}"))), ImageNow::At(new));
}

#[test]
fn an_image_elsewhere_is_unknown_and_can_always_be_pulled() {
    let registry = registry();
    assert_eq!(registry.resolve("public.ecr.aws/nginx/nginx:1"), ImageNow::Unknown);
    assert!(registry.has("public.ecr.aws/nginx/nginx:1", &Digest::new("sha256:a")));
}

#[test]
fn a_digest_is_that_of_the_manifest_and_a_moved_tag_leaves_the_old_image_there() {
    let mut registry = registry();
    let (old, new) = (registry.push_to("web", Some("1"), "old"), registry.push_to("web", Some("1"), "new"));
    let left = registry.get(&ImageId::new("web", old.clone())).unwrap();
    assert_eq!(manifest::digest(&left.manifest), old);
    assert_eq!(registry.detail(&ImageId::new("web", old)).unwrap().tags.len(), 0);
    assert_eq!(registry.detail(&ImageId::new("web", new)).unwrap().tags.len(), 1);
}
