//! Runs the floor; `nightshift_bench::floor` says what it is.

use nightshift_bench::floor::{Failed, run};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failed> {
    run().await
}
