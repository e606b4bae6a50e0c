//! What happens in the registry by itself: pushes of a scenario, ends of
//! scans, and flaws that become known.

use std::collections::VecDeque;

use nightshift_core::ids::Digest;
use nightshift_core::image::{ImageId, ScanFrequency};

use crate::scenario::{ImageSetup, Scanning, Scenario};

use super::manifest::{Made, of_image};
use super::{Image, Registry, Repo, Storage};
use crate::state::image_news::News;

/// Seconds from a push until its scan is done.
const SCAN_S: i64 = 30;

/// Something that will happen.
#[derive(Clone, Debug)]
pub(super) enum Due {
    /// Somebody pushes this image, which is of that content.
    Push { image: Box<ImageSetup>, content: String },
    /// Its scan is done.
    Scanned(ImageId),
    /// Scanners come to know this flaw.
    Known(String),
}

/// What is kept of an image that is pushed.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) manifest: String,
    pub(super) media_type: String,
    pub(super) platforms: Vec<Digest>,
    pub(super) content: String,
}

/// What a scenario lets happen, in order of time.
pub(super) fn of(scenario: &Scenario) -> VecDeque<(i64, Due)> {
    let event = scenario.event_second();
    let push = |(place, image): (usize, &ImageSetup)| {
        let due = Due::Push { image: Box::new(image.clone()), content: of_image(image, place) };
        (image.at.second(event), due)
    };
    let pushes = scenario.images.iter().enumerate().map(push);
    let known = scenario.vulnerabilities.iter().map(|flaw| (flaw.known_at.second(event), Due::Known(flaw.id.clone())));
    // What was known before the clock starts, nobody hears of any more.
    let start = scenario.start.second(event);
    let mut all: Vec<(i64, Due)> = pushes.chain(known.filter(|(at, _)| *at > start)).collect();
    all.sort_by_key(|(at, _)| *at);
    all.into()
}

impl Registry {
    /// When something will happen by itself; `i64::MAX`: never.
    pub(crate) fn wake(&self) -> i64 {
        self.agenda.front().map_or(i64::MAX, |(at, _)| *at)
    }

    /// Everything that is due by now.
    pub(crate) fn step(&mut self) {
        while let Some((_, due)) = self.agenda.pop_front_if(|(at, _)| *at <= self.now) {
            match due {
                Due::Push { image, content } => {
                    let digest = self.push_to(&image.repository, image.tag.as_deref(), &content);
                    let pushed =
                        self.repositories.get_mut(&image.repository).and_then(|repo| repo.images.get_mut(&digest));
                    if let Some(pushed) = pushed.filter(|_| image.archived) {
                        pushed.storage = Storage::Archive;
                    }
                }
                Due::Scanned(image) => self.scanned(image),
                Due::Known(id) => self.become_known(&id),
            }
        }
    }

    /// Somebody pushes an image under the reference's tag.
    pub(crate) fn push(&mut self, image: &str, content: &str) {
        let Some(local) = self.local(image).map(str::to_owned) else { return };
        let (name, tag) = local.split_once(':').unwrap_or((&local, "latest"));
        self.push_to(name, Some(tag), content);
    }

    /// A task is started from this image.
    pub(crate) fn pull(&mut self, image: &str, digest: &Digest) {
        let Some(name) = self.local(image).map(super::repository).map(str::to_owned) else { return };
        let now = self.now;
        if let Some(image) = self.repositories.get_mut(&name).and_then(|repo| repo.images.get_mut(digest)) {
            image.pulled_at = Some(now);
        }
    }

    /// The same, given the repository's name; without a tag too.
    pub(crate) fn push_to(&mut self, name: &str, tag: Option<&str>, content: &str) -> Digest {
        let made = self.contents.image(content);
        for (word, image) in &made.platforms {
            self.take(name, None, word, image.clone());
        }
        let digest = made.digest.clone();
        self.take(name, tag, content, made);
        digest
    }

    fn take(&mut self, name: &str, tag: Option<&str>, content: &str, made: Made) {
        let Made { digest, manifest, media_type, platforms } = made;
        let platforms = platforms.into_iter().map(|(_, image)| image.digest).collect();
        let kept = Kept { manifest, media_type, platforms, content: content.to_owned() };
        self.keep(name, tag, digest, kept);
    }

    /// Puts an image where it is not yet, and its tag on it.
    pub(super) fn keep(&mut self, name: &str, tag: Option<&str>, digest: Digest, kept: Kept) {
        let Kept { manifest, media_type, platforms, content } = kept;
        let pushed_at = self.now;
        let repo = self.repositories.entry(name.to_owned()).or_insert_with(|| Repo::plain(name));
        let id = ImageId::new(name, digest.clone());
        let scans = matches!(repo.setup.scans, ScanFrequency::OnPush | ScanFrequency::Continuous);
        let scan_at = (scans && platforms.is_empty()).then_some(pushed_at + SCAN_S);
        let new = !repo.images.contains_key(&digest);
        if new {
            let storage = Storage::Standard;
            let image =
                Image { manifest, media_type, platforms, content, pushed_at, pulled_at: None, scan_at, storage };
            repo.images.insert(digest.clone(), image);
            if let Some(at) = scan_at {
                let place = self.agenda.partition_point(|(other, _)| *other <= at);
                self.agenda.insert(place, (at, Due::Scanned(id.clone())));
            }
        }
        let moved = tag.is_some_and(|tag| repo.tags.insert(tag.to_owned(), digest.clone()).as_ref() != Some(&digest));
        if new || moved {
            self.news.push(News::Pushed { image: id, tag: tag.map(str::to_owned) });
        }
    }

    fn scanned(&mut self, image: ImageId) {
        let Ok(shown) = self.scan(&image) else { return };
        let findings: Vec<_> = shown.findings.iter().map(|flaw| (*flaw).clone()).collect();
        let (enhanced, done) = (shown.enhanced, shown.done());
        if enhanced && !done {
            // Inspector says nothing of what it does not scan.
            return;
        }
        self.news.push(News::Scanned(image.clone()));
        if enhanced {
            self.news
                .extend(findings.into_iter().map(|flaw| News::Found { image: image.clone(), flaw: Box::new(flaw) }));
        }
    }

    /// Where images are scanned continuously, those that have it are told of.
    fn become_known(&mut self, id: &str) {
        let flaws = self.flaws.get(id).cloned().unwrap_or_default();
        let mut news = Vec::new();
        for (name, repo) in &self.repositories {
            if repo.setup.scanning != Scanning::Enhanced || repo.setup.scans != ScanFrequency::Continuous {
                continue;
            }
            for digest in repo.images.keys() {
                let image = ImageId::new(name, digest.clone());
                let has = self.scan(&image).is_ok_and(|shown| shown.findings.iter().any(|flaw| flaw.of == id));
                if has {
                    let found = |flaw: &super::Flaw| News::Found { image: image.clone(), flaw: Box::new(flaw.clone()) };
                    news.extend(flaws.iter().map(found));
                }
            }
        }
        self.news.extend(news);
    }
}
