//! How large tasks are and what they run on, in ECS's answers.

use nightshift_core::service::Launch;
use nightshift_core::waste::Platform;
use serde_json::{Value, json};

use crate::state::service::Machine;

/// Puts what a service's tasks run on.
pub(super) fn put_launch(service: &mut Value, launch: Launch) {
    match launch {
        Launch::Fargate => service["launchType"] = json!("FARGATE"),
        Launch::FargateSpot => {
            let spot = json!({ "capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0 });
            service["capacityProviderStrategy"] = json!([spot]);
        }
        Launch::Instances => service["launchType"] = json!("EC2"),
    }
    if launch != Launch::Instances {
        service["platformVersion"] = json!("LATEST");
        service["platformFamily"] = json!("Linux");
    }
}

/// Puts the size of a task and what it is built for.
pub(super) fn put_size(definition: &mut Value, machine: &Machine) {
    let size = machine.size();
    // Both as text.
    definition["cpu"] = json!(size.cpu_units.to_string());
    definition["memory"] = json!(size.memory_mib.to_string());
    let instances = machine.setup.launch == Launch::Instances;
    definition["compatibilities"] = json!(["EC2", "FARGATE"]);
    definition["requiresCompatibilities"] = json!([if instances { "EC2" } else { "FARGATE" }]);
    let platform = match size.platform {
        Platform::LinuxX86 => return,
        Platform::LinuxArm => ("ARM64", "LINUX"),
        Platform::Other => ("X86_64", "WINDOWS_SERVER_2022_CORE"),
    };
    definition["runtimePlatform"] = json!({ "cpuArchitecture": platform.0, "operatingSystemFamily": platform.1 });
}
