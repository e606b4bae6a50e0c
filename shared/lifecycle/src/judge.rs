//! What a policy decides about each image: the first rule that selects it does.

use std::collections::BTreeMap;

use jiff::Timestamp;
use nightshift_core::ids::Digest;
use nightshift_core::image::{ImageDetail, ImageStatus};
use nightshift_core::span::Span;

use crate::fate::{Doomed, Fate};
use crate::policy::{Policy, Rule, Taking, When, Why};

/// So many pushes away is as good as kept: nobody plans that far ahead.
pub(crate) const FAR: u32 = 1000;

impl Policy {
    /// What becomes of each of a repository's `images`, which must be all there
    /// are. `children` are the images that each index consists of; an index that
    /// is missing there keeps none of them, so that the answer errs on the side
    /// of a warning.
    pub fn fates(
        &self,
        images: &[ImageDetail],
        children: &BTreeMap<Digest, Vec<Digest>>,
        now: Timestamp,
    ) -> BTreeMap<Digest, Fate> {
        let images = once(images);
        let ranks: Vec<Ranks> = self.rules.iter().map(|rule| Ranks::of(rule, &images)).collect();
        let own = |image| self.rules.iter().zip(&ranks).find_map(|(rule, ranks)| rule.judge(image, ranks, now));
        let mut fates: BTreeMap<Digest, Fate> =
            images.iter().map(|(digest, image)| ((*digest).clone(), own(image).unwrap_or(Fate::Kept))).collect();
        let is_there = |index: &Digest| images.get(index).is_some_and(|image| image.status != ImageStatus::Archived);
        let indexes: Vec<_> = children.iter().filter(|(index, _)| is_there(index)).collect();
        // An index may be part of another one.
        while wait_for(&indexes, &mut fates) {}
        fates
    }

    /// What becomes of one of a repository's images; `None` if it is not there.
    pub fn fate(
        &self,
        digest: &Digest,
        images: &[ImageDetail],
        children: &BTreeMap<Digest, Vec<Digest>>,
        now: Timestamp,
    ) -> Option<Fate> {
        self.fates(images, children, now).remove(digest)
    }

    /// What it takes within a day, the oldest first.
    pub fn preview(
        &self,
        images: &[ImageDetail],
        children: &BTreeMap<Digest, Vec<Digest>>,
        now: Timestamp,
    ) -> Vec<Doomed> {
        let fates = self.fates(images, children, now);
        let mut doomed: Vec<(Option<Timestamp>, Doomed)> = once(images)
            .into_iter()
            .filter_map(|(digest, image)| match *fates.get(digest)? {
                Fate::Doomed { rule, action, since: at } => {
                    let description = self.description(rule).to_owned();
                    Some((image.pushed_at, Doomed { digest: digest.clone(), rule, description, action, at }))
                }
                _ => None,
            })
            .collect();
        doomed.sort_by(|(a, first), (b, second)| (a, &first.digest).cmp(&(b, &second.digest)));
        doomed.into_iter().map(|(_, doomed)| doomed).collect()
    }

    /// What the policy says of a rule; text from outside, cut.
    pub fn description(&self, rule: u32) -> &str {
        self.rules.iter().find(|other| other.priority == rule).map_or("", |rule| &rule.description)
    }
}

/// Each image once. One that changed while it was listed may come twice: the
/// newer one counts, in whichever order they came.
pub(crate) fn once(images: &[ImageDetail]) -> BTreeMap<&Digest, &ImageDetail> {
    let mut by_digest: BTreeMap<&Digest, &ImageDetail> = BTreeMap::new();
    let age = |image: &ImageDetail| (image.pushed_at, image.pulled_at, image.tags.clone(), image.status as u8);
    for image in images {
        let known = by_digest.entry(&image.digest).or_insert(image);
        if age(image) > age(known) {
            *known = image;
        }
    }
    by_digest
}

/// Lets the images of each index wait for it; whether any has to.
fn wait_for(indexes: &[(&Digest, &Vec<Digest>)], fates: &mut BTreeMap<Digest, Fate>) -> bool {
    let mut changed = false;
    for (index, children) in indexes {
        let Some(gone) = fates.get(*index).cloned() else { continue };
        for child in *children {
            if let Some(fate) = fates.get_mut(child).filter(|fate| fate.order() < gone.order()) {
                *fate = fate.after(&gone);
                changed = true;
            }
        }
    }
    changed
}

/// When the images were pushed that a rule counts.
struct Ranks {
    /// In order.
    times: Vec<Timestamp>,
    /// How many there are beside them.
    undated: usize,
}

impl Ranks {
    fn of(rule: &Rule, images: &BTreeMap<&Digest, &ImageDetail>) -> Self {
        let selects = |image: &&&ImageDetail| rule.selects.as_ref().is_ok_and(|selection| selection.has(image));
        let selected: Vec<Option<Timestamp>> = images.values().filter(selects).map(|image| image.pushed_at).collect();
        let mut times: Vec<Timestamp> = selected.iter().flatten().copied().collect();
        times.sort();
        Self { undated: selected.len() - times.len(), times }
    }

    /// The best and the worst place that an image may have, youngest first.
    fn places(&self, pushed_at: Option<Timestamp>) -> (usize, usize) {
        let Some(at) = pushed_at else { return (1, self.times.len() + self.undated) };
        let younger = self.times.len() - self.times.partition_point(|other| *other <= at);
        let no_older = self.times.len() - self.times.partition_point(|other| *other < at);
        (younger + 1, no_older + self.undated)
    }
}

impl Rule {
    /// What it decides about an image; `None` if that is for another rule.
    fn judge(&self, image: &ImageDetail, ranks: &Ranks, now: Timestamp) -> Option<Fate> {
        let unclear = |why: &Why| Some(Fate::NotUnderstood { rule: self.priority, why: why.clone() });
        let taking = match (&self.selects, &self.takes) {
            (Err(why), _) => return unclear(why),
            (Ok(selection), _) if !selection.has(image) => return None,
            (Ok(_), Err(why)) => return unclear(why),
            (Ok(_), Ok(taking)) => *taking,
        };
        let fate = match taking.when {
            When::MoreThan(most) => self.by_count(most, taking, image.pushed_at, ranks),
            When::Pushed(age) => self.by_age(age, taking, image.pushed_at, now),
            When::Pulled(age) => self.by_age(age, taking, image.pulled_at.or(image.pushed_at), now),
            When::Archived(_) => Err(Why::Archived),
        };
        fate.map_or_else(|why| unclear(&why), Some)
    }

    fn by_age(&self, age: Span, taking: Taking, from: Option<Timestamp>, now: Timestamp) -> Result<Fate, Why> {
        let (rule, action) = (self.priority, taking.action);
        let at = age.after(from.ok_or(Why::Undated)?);
        Ok(if at < now { Fate::Doomed { rule, action, since: Some(at) } } else { Fate::In { rule, action, at } })
    }

    fn by_count(&self, most: u32, taking: Taking, pushed: Option<Timestamp>, ranks: &Ranks) -> Result<Fate, Why> {
        let (rule, action) = (self.priority, taking.action);
        let (best, worst) = ranks.places(pushed);
        let left = |place: usize| most.checked_sub(u32::try_from(place).unwrap_or(u32::MAX));
        match (left(best), left(worst)) {
            (None, _) => Ok(Fate::Doomed { rule, action, since: None }),
            (_, Some(spare)) if spare >= FAR => Ok(Fate::Kept),
            (_, Some(spare)) => Ok(Fate::AfterPushes { rule, action, pushes: spare + 1 }),
            _ if pushed.is_none() || ranks.undated > 0 => Err(Why::Undated),
            _ => Err(Why::SameTime),
        }
    }
}
