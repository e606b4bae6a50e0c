//! The findings, one family a file. Each looks at the scene and says what it
//! sees; what cannot be seen says nothing.

mod dependency;
mod history;
mod itself;
mod load;
mod memory;
mod onset;
pub(crate) mod provider;
pub(crate) mod tasks;

use crate::scene::Scene;
use crate::weights::Weight;

pub(crate) use history::previous_clean;
pub(crate) use memory::climbed_since;
pub(crate) use onset::soon;

/// One finding with the weight it carries.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) weight: &'static Weight,
    pub(crate) says: String,
}

/// All findings of all families.
pub(crate) fn collect(scene: &Scene) -> Vec<Finding> {
    let mut found = Vec::new();
    for family in [
        onset::find,
        tasks::find,
        history::find,
        load::find,
        memory::find,
        dependency::find,
        provider::find,
        itself::find,
    ] {
        family(scene, &mut found);
    }
    found
}

/// Adds a finding.
fn say(found: &mut Vec<Finding>, weight: &'static Weight, says: impl Into<String>) {
    found.push(Finding { weight, says: says.into() });
}
