//! How services are set up, by what they scale, and what a role may do.

use nightshift_core::ids::TaskDefinitionArn;
use nightshift_core::ports::{PermissionReads, ScalingPolicyReads, ServiceReads, SetupReads};
use nightshift_core::setup::ScalingPolicy;

use crate::services::service;
use crate::{Place, Verdict, same, there};

/// Runs the suite of services and their tasks.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn setup<W: SetupReads + ServiceReads>(world: &W, place: &Place) -> Verdict {
    let reports = place.prod("reports");
    let found = there("reports", world.service_setup(&reports).await)?;
    same("alarms of deployments", &found.deployment_alarms, &vec!["prod-checkout-cpu".to_owned()])?;
    same("what they do", &found.alarms_roll_back, &true)?;
    same("shells and addresses", &(found.exec, found.public_address), &(true, true))?;
    same("subnets", &found.subnets, &2)?;
    same("whether the cluster counts tasks", &found.insights, &true)?;
    let plain = there("invoices", world.service_setup(&place.prod("invoices")).await)?;
    same("what nobody said", &(plain.exec, plain.public_address, plain.alarms_roll_back), &(false, false, false))?;
    same("of a service that is not there", &world.service_setup(&place.prod("nobody")).await, &Ok(None))?;

    let seen = service(world, &reports).await?;
    let task = there("its task", world.task_setup(&seen.task_definition).await)?;
    let [container] = task.containers.as_slice() else {
        return Err(format!("expected one container, and got {:?}", task.containers));
    };
    same("its user", &container.user.as_deref(), &Some("1000:1000"))?;
    same("its file system and its check", &(container.read_only, container.health_check), &(true, true))?;
    same("secrets in plain text", &container.plain_secrets, &vec!["DB_PASSWORD".to_owned()])?;
    same("its log", &container.log_group.as_deref(), &Some("/ecs/reports"))?;
    same("its roles", &(task.task_role == task.execution_role), &true)?;
    let other = service(world, &place.prod("invoices")).await?;
    let other = there("its task", world.task_setup(&other.task_definition).await)?;
    same("roles apart", &(other.task_role == other.execution_role), &false)?;
    same("no user", &other.containers.first().and_then(|container| container.user.clone()), &None)?;
    let nobody =
        TaskDefinitionArn::new(format!("arn:aws:ecs:{}:{}:task-definition/nobody:1", place.region, place.account));
    same("of a task definition that is not there", &world.task_setup(&nobody).await, &Ok(None))
}

/// Runs the suite of scaling policies.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn scaling_policies<W: ScalingPolicyReads>(world: &W, place: &Place) -> Verdict {
    let by = ["ALBRequestCountPerTarget", "ECSServiceAverageCPUUtilization"];
    let expected = by.map(|by| ScalingPolicy { name: format!("prod--reports-{by}"), by: by.into() });
    same("by what it scales", &world.scaling_policies(&place.prod("reports")).await, &Ok(expected.to_vec()))?;
    same("of one that does not", &world.scaling_policies(&place.prod("invoices")).await, &Ok(Vec::new()))
}

/// Runs the suite of permissions: role `conform` may look at services, and no more.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn permissions<W: PermissionReads>(world: &W, place: &Place) -> Verdict {
    let role = format!("arn:aws:iam::{}:role/conform", place.account);
    let web = format!("arn:aws:ecs:{}:{}:service/prod/checkout", place.region, place.account);
    let asked = ["ecs:UpdateService", "ecs:DescribeServices", "ecs:StopServiceDeployment"];
    let refused = world.refused_actions(&role, &asked, &web, &[("aws:ResourceTag/nightshift", "act")]).await;
    same("what is refused", &refused, &Ok(vec![asked[0].to_owned(), asked[2].to_owned()]))
}
