//! How large tasks are, and what they run on.

use nightshift_core::ids::TaskDefinitionArn;
use nightshift_core::ports::{ServiceReads, TaskSizeReads};
use nightshift_core::service::Launch;
use nightshift_core::waste::{Platform, TaskSize};

use crate::services::service;
use crate::{Place, Verdict, same, there};

/// Runs the suite. The services say which task definitions there are.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn task_sizes<W: TaskSizeReads + ServiceReads>(world: &W, place: &Place) -> Verdict {
    let expected = [
        ("search", Launch::Fargate, 512, 1024, Platform::LinuxX86),
        ("basket", Launch::Fargate, 1024, 4096, Platform::LinuxArm),
        ("profile", Launch::FargateSpot, 512, 1024, Platform::LinuxX86),
        ("exports", Launch::Instances, 512, 1024, Platform::Other),
    ];
    for (name, launch, cpu_units, memory_mib, platform) in expected {
        let found = service(world, &place.prod(name)).await?;
        same("what it runs on", &found.launch, &Some(launch))?;
        let size = there(name, world.task_size(&found.task_definition).await)?;
        same(name, &size, &TaskSize { cpu_units, memory_mib, platform })?;
    }
    let nobody =
        TaskDefinitionArn::new(format!("arn:aws:ecs:{}:{}:task-definition/nobody:1", place.region, place.account));
    same("of a task definition that is not there", &world.task_size(&nobody).await, &Ok(None))
}
