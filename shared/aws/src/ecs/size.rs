//! How large a task is.

use aws_sdk_ecs::types::{CpuArchitecture, OsFamily, RuntimePlatform, TaskDefinition};
use futures_util::FutureExt as _;
use nightshift_core::ids::TaskDefinitionArn;
use nightshift_core::ports::{Answer, TaskSizeReads};
use nightshift_core::waste::{Platform, TaskSize};

use crate::client::Account;
use crate::fault::{absent, fault};

impl TaskSizeReads for Account {
    async fn task_size(&self, task_definition: &TaskDefinitionArn) -> Answer<Option<TaskSize>> {
        match self.ecs.describe_task_definition().task_definition(task_definition.as_str()).send().boxed().await {
            Ok(found) => Ok(found.task_definition().and_then(size)),
            Err(error) => {
                let fault = fault("ecs:DescribeTaskDefinition", task_definition.as_str(), &error);
                if super::is_no_task_definition(&fault) { Ok(None) } else { absent(fault) }
            }
        }
    }
}

/// Without a size of its own a task takes what its containers reserve, which
/// only instances allow.
fn size(found: &TaskDefinition) -> Option<TaskSize> {
    let units = |text: Option<&str>| text?.trim().parse::<u32>().ok().filter(|units| *units > 0);
    Some(TaskSize {
        cpu_units: units(found.cpu())?,
        memory_mib: units(found.memory())?,
        platform: platform(found.runtime_platform()),
    })
}

/// Missing means Linux on x86. What AWS adds has prices that nobody here knows.
fn platform(found: Option<&RuntimePlatform>) -> Platform {
    let Some(found) = found else { return Platform::LinuxX86 };
    match (found.operating_system_family(), found.cpu_architecture()) {
        (None | Some(OsFamily::Linux), None | Some(CpuArchitecture::X8664)) => Platform::LinuxX86,
        (None | Some(OsFamily::Linux), Some(CpuArchitecture::Arm64)) => Platform::LinuxArm,
        _ => Platform::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_that_is_not_said_is_unknown() {
        let of = |cpu: Option<&str>, memory: Option<&str>| {
            let found = TaskDefinition::builder().set_cpu(cpu.map(Into::into)).set_memory(memory.map(Into::into));
            size(&found.build()).map(|size| (size.cpu_units, size.memory_mib))
        };
        assert_eq!(of(Some("256"), Some("512")), Some((256, 512)));
        assert_eq!(of(Some("256"), None), None);
        assert_eq!(of(None, Some("512")), None);
        assert_eq!(of(Some(".25 vCPU"), Some("512")), None);
        assert_eq!(of(Some("0"), Some("512")), None);
    }

    #[test]
    fn a_platform_that_aws_adds_later_is_another_one() {
        let of = |os: &str, cpu: &str| {
            let found = RuntimePlatform::builder().operating_system_family(os.into()).cpu_architecture(cpu.into());
            platform(Some(&found.build()))
        };
        assert_eq!(of("LINUX", "X86_64"), Platform::LinuxX86);
        assert_eq!(of("LINUX", "ARM64"), Platform::LinuxArm);
        assert_eq!(of("LINUX", "RISCV"), Platform::Other);
        assert_eq!(of("WINDOWS_SERVER_2022_CORE", "X86_64"), Platform::Other);
        assert_eq!(platform(None), Platform::LinuxX86);
        assert_eq!(platform(Some(&RuntimePlatform::builder().build())), Platform::LinuxX86);
    }
}
