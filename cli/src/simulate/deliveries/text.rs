//! What came of many schedules, for a terminal.

use super::Delivered;
use crate::paint::{Ink, Paint};

/// So many schedules that broke something are told whole.
const TOLD: usize = 10;

/// The figures, and for each schedule that broke something how to run it again.
pub fn text(delivered: &Delivered, paint: Paint) -> String {
    let Delivered { schedules, first_seed, deliveries, killed, incidents, remedies, nights, failed } = delivered;
    let title = format!("{schedules} schedules of deliveries from seed {first_seed} on");
    let mut text = format!("\n  {}\n\n", paint.ink(Ink::Bold, &title));
    text.push_str(&format!("  {deliveries} deliveries, {killed} of them killed in the middle\n"));
    text.push_str(&format!("  {incidents} incidents, {remedies} remedies\n"));
    let each: Vec<String> = nights.iter().map(|(name, times)| format!("{name} {times}")).collect();
    text.push_str(&format!("  nights: {}\n\n", each.join(", ")));
    for one in failed.iter().take(TOLD) {
        text.push_str(&format!("  seed {} ({})\n", one.seed, one.night));
        one.broken.iter().for_each(|broken| text.push_str(&format!("    {broken}\n")));
        let again = format!("nightshift simulate deliveries --seeds 1 --first-seed {}", one.seed);
        text.push_str(&format!("    {}\n", paint.ink(Ink::Dim, &again)));
    }
    let says = match failed.len() {
        0 => "Every invariant held.".to_owned(),
        one => format!("{one} broke an invariant."),
    };
    text.push_str(&format!("  {}\n\n", paint.ink(Ink::Bold, &says)));
    text
}
