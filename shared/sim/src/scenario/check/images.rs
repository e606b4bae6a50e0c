//! What is wrong with repositories, images and flaws.

use nightshift_core::image::ScanFrequency;

use super::Wrong;
use crate::scenario::{Scanning, Scenario};

/// The first thing that is wrong with them.
pub(super) fn wrong(scenario: &Scenario) -> Option<Wrong> {
    repositories(scenario).or_else(|| flaws(scenario)).or_else(|| findings(scenario))
}

fn repositories(scenario: &Scenario) -> Option<Wrong> {
    scenario.repositories.iter().enumerate().find_map(|(index, repository)| {
        let at = |field: &str| format!("repository[{index}].{field}");
        let name = &repository.name;
        if scenario.repositories[..index].iter().any(|other| other.name == *name) {
            return Some((at("name"), format!("{name:?} is there twice")));
        }
        let continuous = repository.scans == ScanFrequency::Continuous && repository.scanning == Scanning::Basic;
        continuous.then(|| (at("scans"), "only enhanced scanning is continuous".into()))
    })
}

fn flaws(scenario: &Scenario) -> Option<Wrong> {
    scenario.vulnerabilities.iter().enumerate().find_map(|(index, flaw)| {
        let twice = scenario.vulnerabilities[..index].iter().any(|other| other.id == flaw.id);
        twice.then(|| (format!("vulnerability[{index}].id"), format!("{:?} is there twice", flaw.id)))
    })
}

fn findings(scenario: &Scenario) -> Option<Wrong> {
    let unknown = |at: String, ids: &[String]| {
        let missing = ids.iter().find(|id| !scenario.vulnerabilities.iter().any(|flaw| flaw.id == **id));
        missing.map(|id| (format!("{at}.findings"), format!("there is no vulnerability {id:?}")))
    };
    let images = scenario.images.iter().enumerate();
    let of_images = images.map(|(index, image)| (format!("image[{index}]"), &image.findings));
    let services = scenario.services.iter().enumerate();
    let releases = services.flat_map(|(i, service)| service.releases.iter().enumerate().map(move |(j, it)| (i, j, it)));
    let of_releases = releases.map(|(i, j, release)| (format!("service[{i}].release[{j}]"), &release.findings));
    of_images.chain(of_releases).find_map(|(at, ids)| unknown(at, ids))
}
