//! The status of CloudFormation stacks.

use nightshift_core::ports::StackReads;

use crate::{Verdict, same};

/// Runs the suite.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn stacks<W: StackReads>(world: &W) -> Verdict {
    let complete = Ok(Some("CREATE_COMPLETE".to_owned()));
    same("a stack that was made", &world.stack_status("conform-shop").await, &complete)?;
    // Where stacks can be deleted, one of that name was.
    for gone in ["conform-deleted", "conform-sho"] {
        same(gone, &world.stack_status(gone).await, &Ok(None))?;
    }
    Ok(())
}
