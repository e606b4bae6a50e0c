//! The kill switch.

use nightshift_core::ports::{SwitchReads, SwitchWrites};

use crate::{Verdict, same};

/// Runs the suite on a switch that nobody has thrown yet. It leaves it at running.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn switch<W: SwitchReads + SwitchWrites>(world: &W) -> Verdict {
    same("a switch that nobody touched", &world.halted().await, &Ok(false))?;
    for halted in [true, true, false, false] {
        same("setting it", &world.set_halted(halted).await, &Ok(()))?;
        same("what was set", &world.halted().await, &Ok(halted))?;
    }
    Ok(())
}
