//! The status of CloudFormation stacks, and what they put out.

use std::collections::BTreeMap;

use nightshift_core::ports::StackReads;

use crate::{Verdict, same};

/// Runs the suite.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn stacks<W: StackReads>(world: &W) -> Verdict {
    let complete = Ok(Some("CREATE_COMPLETE".to_owned()));
    same("a stack that was made", &world.stack_status("conform-shop").await, &complete)?;
    let shop = [("ShopTable", "shop"), ("ShopUrl", "https://shop.example/?a=b&c=d")];
    let shop: BTreeMap<String, String> = shop.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    same("what it puts out", &world.outputs("conform-shop").await, &Ok(Some(shop)))?;
    same("what a silent one puts out", &world.outputs("conform-silent").await, &Ok(Some(BTreeMap::new())))?;
    // Where stacks can be deleted, one of that name was.
    for gone in ["conform-deleted", "conform-sho"] {
        same(gone, &world.stack_status(gone).await, &Ok(None))?;
        same(gone, &world.outputs(gone).await, &Ok(None))?;
    }
    Ok(())
}
