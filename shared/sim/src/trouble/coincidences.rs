//! Where a release and a trouble come together, and only looking closer tells
//! whether one is the other's cause.

use nightshift_core::cause::Cause;

use crate::scenario::Cures;

use super::sketch::{MINUTE, Sketch};
use super::tables::Table;
use super::watched::Watching;
use super::{elsewhere, load};

/// The first of two is bad, and the second has all that the first has.
pub(super) fn two_releases(night: &mut Sketch) {
    let watching = Watching::roll(&mut night.dice).errors();
    let requests = night.main().requests;
    let fault = Table::default().about("errors_percent", watching.seen_errors(&mut night.dice, requests));
    let second = night.dice.whole(60, 150) as i64;
    let guilty = [night.release(0, fault.clone()), night.release(second, fault)];
    night.because_of(&guilty, Cures::Yes);
    night.watched(watching);
}

/// Somebody has deployed the fix before anybody could go back.
pub(super) fn fixed_forward(night: &mut Sketch) {
    let watching = Watching::roll(&mut night.dice).errors();
    let requests = night.main().requests;
    let fault = Table::default().about("errors_percent", watching.seen_errors(&mut night.dice, requests));
    let second = night.minutes(2, 12);
    let guilty = [night.release(0, fault)];
    night.release(second, Table::default());
    night.because_of(&guilty, Cures::InTime);
    night.watched(watching);
}

/// What it has done to the data, earlier releases cannot read. Two in three
/// teams have marked it.
pub(super) fn schema_change(night: &mut Sketch) {
    let watching = Watching::roll(&mut night.dice).errors();
    let requests = night.main().requests;
    let mut release =
        Table::default().about("errors_percent", watching.seen_errors(&mut night.dice, requests)).with("lasting", true);
    if night.dice.percent(67.0) {
        release.set("tags", "{ \"nightshift:rollback-safe\" = \"false\" }");
    }
    let guilty = [night.release(0, release)];
    night.because_of(&guilty, Cures::InVain);
    night.watched(watching);
}

/// Somebody deploys in the middle of a spike, perhaps because of it.
pub(super) fn release_in_spike(night: &mut Sketch) {
    let watching = Watching::roll(&mut night.dice).busy(&mut night.dice);
    let before = night.dice.whole(60, 15 * 60) as i64;
    load::comes(night, -before);
    night.release(0, Table::default());
    night.because(Cause::Load);
    night.watched(watching);
}

/// A harmless release, minutes before something else fails.
pub(super) fn release_before_outage(night: &mut Sketch) {
    let ago = night.dice.whole(30, 12 * 60) as i64;
    night.release(-ago, Table::default());
    elsewhere::fails(night);
    night.because(Cause::Dependency);
}

/// Seconds until something is over.
pub(super) fn some_time(night: &mut Sketch, low: usize, high: usize) -> i64 {
    night.dice.whole(low, high) as i64 * MINUTE
}
