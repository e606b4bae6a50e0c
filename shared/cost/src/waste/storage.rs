//! What is kept for ever: logs and images.

use nightshift_core::waste::LogGroup;

use super::prices::{LISTED, gigabytes};
use super::{Prices, Seen, StoredImages, Waste, WasteKind, entry};

/// Log groups without a retention.
pub(super) fn logs<'a>(seen: &'a Seen, prices: &'a Prices) -> impl Iterator<Item = Waste> + 'a {
    let kept = |group: &&LogGroup| group.retention_days.is_none();
    seen.log_groups.iter().filter(kept).map(|group| {
        let (stored, price) = (gigabytes(group.stored_bytes), prices.logs_gb_month);
        let how = format!(
            "It stores {stored:.1} GB and no retention ever deletes any: up to {stored:.1} GB at {price} USD a month \
             ({LISTED}). How much of it is older than, say, 90 days is unknown, and AWS bills the compressed size: \
             this is an upper bound, and it grows."
        );
        entry(WasteKind::LogsKeptForEver, &group.name, stored * price, how)
    })
}

/// Repositories without a lifecycle policy.
pub(super) fn images<'a>(seen: &'a Seen, prices: &'a Prices) -> impl Iterator<Item = Waste> + 'a {
    let kept = |repository: &&StoredImages| !repository.has_lifecycle;
    seen.repositories.iter().filter(kept).map(|repository| {
        let (stored, price) = (gigabytes(repository.stored_bytes), prices.images_gb_month);
        let how = format!(
            "Its images add up to {stored:.1} GB and no lifecycle policy ever deletes any: up to {stored:.1} GB at \
             {price} USD a month ({LISTED}). Layers that images share are stored once, and what is needed stays: this \
             is an upper bound, and it grows."
        );
        entry(WasteKind::ImagesKeptForEver, &repository.name, stored * price, how)
    })
}
