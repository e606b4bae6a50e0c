//! A bad release, found after its rollout was complete.

use nightshift_sim::Story;

use super::{run, scenario};

#[test]
fn it_heals_itself() {
    let story = Story::new(scenario("bad-release"));
    run(&story);
    let writes: Vec<String> = story.production_writes().into_iter().map(|write| write.change).collect();
    assert_eq!(writes, ["task definition checkout:42"]);
    let told: Vec<String> = story.notices().into_iter().map(|notice| notice.headline).collect();
    assert_eq!(
        told,
        [
            "P2 · prod/checkout · production · prod-checkout-5xx — rolling back checkout:43 → checkout:42",
            "P2 · prod/checkout · production · prod-checkout-5xx — rolled back checkout:43 → checkout:42, checking",
            "P2 · prod/checkout · production · prod-checkout-5xx — healed automatically in 4 m, no human: rolled back checkout:43 → checkout:42",
        ]
    );
}
