//! What an ECR lifecycle policy would do to a repository's images, before it
//! happens.
//!
//! Pure rules over the policy's text and the images as ECR describes them; who
//! asks takes the images that a service needs and looks up the [`Fate`] of each.
//! Read in this order: [`mod@policy`] (the text), [`mod@select`] (which images
//! a rule is about), [`mod@fate`] (what may become of one), [`mod@judge`] (what
//! does), [`mod@keep`] (the rule that spares what is needed). Nothing here writes a policy: it deletes
//! images, and whether to change it is for people.
//!
//! # What AWS documents
//!
//! User guide, "Automate the cleanup of images by using lifecycle policies",
//! "Lifecycle policy properties" and "Examples of lifecycle policies":
//!
//! - A smaller `rulePriority` goes first. All rules are evaluated at once and
//!   then applied in that order; at most one of them takes an image.
//! - An image that meets a rule's tag requirements cannot be taken by a later
//!   rule, even if the earlier one leaves it alone. Hence only the *first* rule
//!   that selects an image decides about it.
//! - A rule still counts the images that earlier rules select or take: the
//!   guide's example for all images has five in its last rule, four of them
//!   selected before. (Another example says that the later rule "would see no
//!   images"; its outcome is the same either way.)
//! - `tagPrefixList` and `tagPatternList`: an image must meet all entries, each
//!   by any of its tags. One rule has one of the two lists. A pattern has four
//!   `*` at most, each of which stands for any characters.
//! - `tagStatus` `any` selects every image and must come last.
//! - A rule selects images of one storage class, `standard` if it names none.
//!   The guide's example archives `any` image and then expires `any` archived
//!   one: a rule of one class claims nothing of the other.
//! - `imageCountMoreThan`: sorted by the time of the push, youngest first, all
//!   beyond the count are taken. `sinceImagePushed`: older than so many days.
//!   `sinceImagePulled`: the last pull is, or the push if there was none.
//!   `sinceImageTransitioned`: it was archived longer ago than that.
//! - An image that a manifest list refers to is not taken before the list is
//!   deleted or archived.
//! - What is due is done within 24 hours. An archived image cannot be pulled.
//!
//! # What AWS documents and images here do not show
//!
//! - An image that was archived and restored counts from its restoration
//!   instead of its push. Here it counts from its push: the answer comes too
//!   early, and others in a count rule may rank one place too well.
//! - When an image was archived: such a rule's answer is "not understood".
//! - Signatures and SBOMs follow their subject within 24 hours.
//!
//! # What AWS does not document, and what is assumed
//!
//! - The order of images pushed at the same time: where a count ends between
//!   them the answer is "not understood", else the unluckiest order is taken.
//! - Whether one tag may meet two entries of a list: it may.
//! - Whether a list's own images count for the rules that select them: they do.
//! - The storage class of an image on its way back from the archive: standard.
//! - Days: of 24 hours; what is exactly as old as the limit is not yet taken.
//!
//! Tags count as they are now: a tag that moves on to the next push leaves the
//! image to other rules.

pub mod policy;

pub mod select;

pub mod fate;
pub mod judge;

pub mod keep;

#[cfg(test)]
mod tests;

pub use fate::{Action, Doomed, Fate};
pub use keep::with_keep_rule;
pub use policy::{Policy, PolicyError, Why};
