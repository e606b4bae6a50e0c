//! What images are made of, and the manifests that come of it.

use std::collections::{BTreeMap, BTreeSet};

use nightshift_core::ids::Digest;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::scenario::{ImageSetup, Release, Scenario, ServiceSetup};

/// Media types of a manifest and of an index of manifests, by OCI and Docker.
const OCI: (&str, &str) = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json");
const DOCKER: (&str, &str) = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
);

/// What images are made of, by the scenario's word for it.
#[derive(Clone, Debug, Default)]
pub(super) struct Contents(BTreeMap<String, Content>);

/// What is in an image.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    pub(super) findings: BTreeSet<String>,
    platforms: Vec<String>,
    docker: bool,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) annotations: BTreeMap<String, String>,
    /// How its scan ends, if not well.
    pub(super) scan: Option<String>,
}

/// An image as it is pushed.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) digest: Digest,
    pub(super) manifest: String,
    pub(super) media_type: String,
    /// Content and image of its platforms, where it is an index.
    pub(super) platforms: Vec<(String, Made)>,
}

/// The digest of a manifest.
pub(crate) fn digest(manifest: &str) -> Digest {
    Digest::new(format!("sha256:{}", hex::encode(Sha256::digest(manifest.as_bytes()))))
}

/// The word for what is in a release's image.
pub(crate) fn of_release(setup: &ServiceSetup, truth: &Release) -> String {
    let image = truth.image.clone().unwrap_or_else(|| format!("{}:{}", setup.name, truth.revision));
    truth.content.clone().unwrap_or_else(|| format!("{} {image} {}", setup.cluster, truth.revision))
}

/// The word for what is in the image of that place.
pub(super) fn of_image(setup: &ImageSetup, place: usize) -> String {
    let ImageSetup { repository, tag, content, .. } = setup;
    content.clone().unwrap_or_else(|| format!("{repository} {} {place}", tag.as_deref().unwrap_or("-")))
}

impl Contents {
    pub(super) fn of(scenario: &Scenario) -> Self {
        let mut all = Self::default();
        for service in &scenario.services {
            for release in &service.releases {
                let Release { findings, platforms, scan, labels, annotations, .. } = release;
                let content = all.add(of_release(service, release), findings, platforms, false, scan.as_ref());
                content.labels.extend(labels.clone());
                content.annotations.extend(annotations.clone());
            }
        }
        for (place, image) in scenario.images.iter().enumerate() {
            let ImageSetup { findings, platforms, docker, scan, .. } = image;
            all.add(of_image(image, place), findings, platforms, *docker, scan.as_ref());
        }
        all
    }

    /// The same word at several places: what each of them says counts.
    fn add(
        &mut self,
        word: String,
        findings: &[String],
        platforms: &[String],
        docker: bool,
        scan: Option<&String>,
    ) -> &mut Content {
        let content = self.0.entry(word).or_default();
        content.findings.extend(findings.iter().cloned());
        let new = platforms.iter().filter(|platform| !content.platforms.contains(platform)).cloned();
        let new: Vec<String> = new.collect();
        content.platforms.extend(new);
        content.docker |= docker;
        content.scan = content.scan.take().or_else(|| scan.cloned());
        content
    }

    /// What is in it; a platform's image has what its index has. `None`:
    /// nobody said.
    pub(super) fn get(&self, word: &str) -> Option<&Content> {
        self.0.get(word).or_else(|| self.0.get(word.rsplit_once(" on ")?.0))
    }

    /// The image that is made of it.
    pub(super) fn image(&self, word: &str) -> Made {
        let content = self.0.get(word);
        let docker = self.get(word).is_some_and(|content| content.docker);
        let types = if docker { DOCKER } else { OCI };
        let platforms = content.map_or(&[][..], |content| &content.platforms);
        if platforms.is_empty() {
            return Made::of(types.0, annotated(self.single(word, types.0), content), Vec::new());
        }
        let of = |platform: &String| {
            let word = format!("{word} on {platform}");
            let image = Made::of(types.0, self.single(&word, types.0), Vec::new());
            (word, image)
        };
        let images: Vec<(String, Made)> = platforms.iter().map(of).collect();
        let manifests: Vec<Value> =
            platforms.iter().zip(&images).map(|(platform, (_, made))| entry(platform, made)).collect();
        let manifest = json!({ "schemaVersion": 2, "mediaType": types.1, "manifests": manifests });
        Made::of(types.1, annotated(manifest, content), images)
    }

    /// The configuration of an image that is no index, as it lies in its
    /// repository: what it is run as, and its labels.
    pub(super) fn configuration(&self, word: &str) -> String {
        let platform = word.rsplit_once(" on ").map_or("linux/arm64", |(_, platform)| platform);
        let (os, architecture) = platform.split_once('/').unwrap_or(("linux", platform));
        let labels = self.get(word).map(|content| &content.labels).filter(|labels| !labels.is_empty());
        let layer = digest(&format!("layer of {word}"));
        json!({
            "architecture": architecture,
            "os": os,
            "config": { "Labels": labels },
            "rootfs": { "type": "layers", "diff_ids": [layer] },
        })
        .to_string()
    }

    fn single(&self, word: &str, media_type: &str) -> Value {
        let oci = media_type == OCI.0;
        let (config, layer) = if oci {
            ("application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.layer.v1.tar+gzip")
        } else {
            ("application/vnd.docker.container.image.v1+json", "application/vnd.docker.image.rootfs.diff.tar.gzip")
        };
        let configuration = self.configuration(word);
        let layer_digest = digest(&format!("layer of {word}"));
        json!({
            "schemaVersion": 2,
            "mediaType": media_type,
            "config": { "mediaType": config, "digest": digest(&configuration), "size": configuration.len() },
            "layers": [{ "mediaType": layer, "digest": layer_digest, "size": super::SIZE }],
        })
    }
}

/// A manifest with its content's annotations.
fn annotated(mut manifest: Value, content: Option<&Content>) -> Value {
    if let Some(content) = content.filter(|content| !content.annotations.is_empty()) {
        manifest["annotations"] = json!(content.annotations);
    }
    manifest
}

impl Made {
    fn of(media_type: &str, manifest: Value, platforms: Vec<(String, Self)>) -> Self {
        // Spread over lines, as builders write it: whoever reads it as JSON and
        // writes it again gets another digest.
        let manifest = format!("{manifest:#}");
        Self { digest: digest(&manifest), manifest, media_type: media_type.to_owned(), platforms }
    }
}

fn entry(platform: &str, made: &Made) -> Value {
    let (os, architecture) = platform.split_once('/').unwrap_or(("linux", platform));
    json!({
        "mediaType": made.media_type,
        "digest": made.digest,
        "size": made.manifest.len(),
        "platform": { "architecture": architecture, "os": os },
    })
}
