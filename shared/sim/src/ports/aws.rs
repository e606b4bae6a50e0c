//! Alarms, metrics, images, load balancers, scaling, stacks, secrets, and the
//! kill switch.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use nightshift_core::alarm::{AlarmState, LiveAlarm, MOST_FIRING};
use nightshift_core::drill::DrillEvent;
use nightshift_core::fault::{Fault, FaultKind};
use nightshift_core::ids::{Digest, ServiceRef};
use nightshift_core::metric::{InTraffic, MetricId, Series};
use nightshift_core::ports::{
    AlarmListing, AlarmReads, AlarmWrites, Answer, DrillWrites, ImageAges, ImageLabels, ImageReads, MetricReads,
    ScalingReads, ScalingWrites, SecretReads, StackReads, SwitchReads, SwitchWrites, TargetReads, TrafficReads,
};
use nightshift_core::release::ImageNow;
use nightshift_core::service::{ScalableTarget, TargetHealth};

use crate::account::Account;
use crate::state::change::Change;
use crate::state::groups::TargetGroup;
use crate::state::{State, moment};

/// CloudWatch lists so many at once.
const METRICS_OF_A_PAGE: usize = 500;

impl AlarmReads for Account {
    async fn alarm(&self, name: &str) -> Answer<Option<LiveAlarm>> {
        self.read("cloudwatch:DescribeAlarms", name, |state| {
            let event = state.scenario.event_second();
            let found = state.places.alarm(name).and_then(|place| state.alarms.get(place));
            Ok(found.map(|alarm| alarm.live(event, true)))
        })
        .await
    }

    async fn alarms_named(&self, names: &[String]) -> Answer<Vec<LiveAlarm>> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        self.read("cloudwatch:DescribeAlarms", names.join(", "), |state| {
            let event = state.scenario.event_second();
            let places: BTreeSet<usize> = names.iter().filter_map(|name| state.places.alarm(name)).collect();
            let named = places.into_iter().filter_map(|place| state.alarms.get(place));
            let mut named: Vec<LiveAlarm> = named.map(|alarm| alarm.live(event, false)).collect();
            named.sort_by(|a, b| a.arn.cmp(&b.arn));
            Ok(named)
        })
        .await
    }

    async fn alarms_firing(&self) -> Answer<Vec<LiveAlarm>> {
        self.read("cloudwatch:DescribeAlarms", "*", |state| {
            let event = state.scenario.event_second();
            let firing = state.alarms.iter().filter(|alarm| alarm.state == AlarmState::Alarm);
            let mut firing: Vec<LiveAlarm> = firing.take(MOST_FIRING).map(|alarm| alarm.live(event, false)).collect();
            firing.sort_by(|a, b| a.arn.cmp(&b.arn));
            // The first page has been counted.
            let more = (firing.len().saturating_sub(1) / 100) as u64;
            state.meter.throttles("cloudwatch:DescribeAlarms", more, state.now);
            Ok(firing)
        })
        .await
    }
}

impl AlarmListing for Account {
    async fn alarms(&self) -> Answer<Vec<LiveAlarm>> {
        self.read("cloudwatch:DescribeAlarms", "*", |state| {
            let event = state.scenario.event_second();
            let mut all: Vec<LiveAlarm> = state.alarms.iter().map(|alarm| alarm.live(event, false)).collect();
            all.sort_by(|a, b| a.arn.cmp(&b.arn));
            Ok(all)
        })
        .await
    }
}

impl AlarmWrites for Account {
    async fn set_alarm(&self, name: &str, state: AlarmState, reason: &str) -> Answer<()> {
        const OPERATION: &str = "cloudwatch:SetAlarmState";
        self.write(OPERATION, name, |state_of| match state_of.set_by_hand(name, state, reason) {
            true => Ok(()),
            false => Err(Fault::new(OPERATION, name, FaultKind::NotFound, "ResourceNotFound: no such alarm")),
        })
        .await
    }
}

impl DrillWrites for Account {
    async fn put_drill(&self, event: &DrillEvent) -> Answer<()> {
        self.write("events:PutEvents", event.detail_type.clone(), |state| {
            state.drilled(event);
            Ok(())
        })
        .await
    }
}

impl MetricReads for Account {
    async fn series(&self, wanted: &[(MetricId, Timestamp, Timestamp)]) -> Answer<Vec<Series>> {
        self.read("cloudwatch:GetMetricData", "*", |state| {
            // They are what is paid for.
            state.meter.throttles("cloudwatch:GetMetricData metrics", wanted.len() as u64, state.now);
            Ok(wanted.iter().map(|(metric, from, to)| state.series(metric, *from, *to)).collect())
        })
        .await
    }
}

impl TrafficReads for Account {
    async fn in_traffic(&self) -> Answer<Vec<InTraffic>> {
        self.read("cloudwatch:ListMetrics", "RequestCount", |state| {
            let groups = state.machines.iter().flat_map(|machine| &machine.groups);
            let of = |group: &TargetGroup| InTraffic {
                load_balancer: group.load_balancer.clone(),
                target_group: group.dimension.clone(),
            };
            // Services may share one.
            Ok(groups.take(METRICS_OF_A_PAGE).map(of).collect::<BTreeSet<_>>().into_iter().collect())
        })
        .await
    }
}

impl ImageReads for Account {
    async fn image(&self, image: &str) -> Answer<ImageNow> {
        const OPERATION: &str = "ecr:BatchGetImage";
        self.read(OPERATION, image, |state| match state.registry.another_accounts(image) {
            true => Err(Fault::new(OPERATION, image, FaultKind::Denied, "no resource-based policy allows it")),
            false => Ok(state.registry.resolve(image)),
        })
        .await
    }
}

impl ImageAges for Account {
    async fn pushed_at(&self, image: &str, digest: &Digest) -> Answer<Option<Timestamp>> {
        self.read("ecr:DescribeImages", image, |state| Ok(state.registry.pushed_at(image, digest).map(moment))).await
    }
}

impl ImageLabels for Account {
    async fn built_from(&self, image: &str) -> Answer<Option<String>> {
        self.read("ecr:BatchGetImage", image, |state| {
            Ok(state.registry.says(image, "org.opencontainers.image.revision"))
        })
        .await
    }
}

impl TargetReads for Account {
    async fn targets(&self, target_groups: &[String]) -> Answer<TargetHealth> {
        const OPERATION: &str = "elasticloadbalancing:DescribeTargetHealth";
        self.read(OPERATION, target_groups.join(","), |state| {
            state.has_groups(OPERATION, target_groups)?;
            let mut all = TargetHealth::default();
            let behind: BTreeSet<usize> =
                target_groups.iter().flat_map(|group| state.places.behind(group)).copied().collect();
            for machine in behind.into_iter().filter_map(|place| state.machines.get(place)) {
                let targets = machine.targets(target_groups);
                all.healthy += targets.healthy;
                all.unhealthy += targets.unhealthy;
                all.draining += targets.draining;
                all.deregistration_delay_s = all.deregistration_delay_s.max(targets.deregistration_delay_s);
            }
            Ok(all)
        })
        .await
    }

    async fn load_balancers(&self, target_groups: &[String]) -> Answer<BTreeMap<String, String>> {
        const OPERATION: &str = "elasticloadbalancing:DescribeTargetGroups";
        self.read(OPERATION, target_groups.join(","), |state| {
            state.has_groups(OPERATION, target_groups)?;
            let groups = state.machines.iter().flat_map(|machine| &machine.groups);
            let wanted = groups.filter(|group| target_groups.contains(&group.arn));
            Ok(wanted.map(|group| (group.arn.clone(), group.load_balancer.clone())).collect())
        })
        .await
    }
}

impl State {
    /// One group that is not there fails the whole request.
    fn has_groups(&self, operation: &str, target_groups: &[String]) -> Answer<()> {
        let known = |arn: &&String| !self.places.behind(arn).is_empty();
        match target_groups.iter().find(|arn| !known(arn)) {
            None => Ok(()),
            Some(arn) => {
                let says = "TargetGroupNotFound: One or more target groups not found";
                Err(Fault::new(operation, arn, FaultKind::NotFound, says))
            }
        }
    }
}

impl ScalingReads for Account {
    async fn scalable_target(&self, service: &ServiceRef) -> Answer<Option<ScalableTarget>> {
        self.read("application-autoscaling:DescribeScalableTargets", service.to_string(), |state| {
            Ok(state.machine(service).and_then(|machine| machine.scaling))
        })
        .await
    }
}

impl ScalingWrites for Account {
    async fn set_minimum(&self, service: &ServiceRef, minimum: u32) -> Answer<()> {
        const OPERATION: &str = "application-autoscaling:RegisterScalableTarget";
        self.write(OPERATION, service.to_string(), |state| {
            let change = Change::Scale { minimum: Some(minimum), maximum: None };
            let changed = state.change_production(service, change, |machine, _, now| {
                let before = machine.scaling.map(|scaling| scaling.min);
                machine.set_minimum(minimum, now).map(|()| before != Some(minimum))
            });
            // Of a service that is not there it says ValidationException.
            changed.map_err(|fault| Fault { kind: FaultKind::Permanent, ..fault })
        })
        .await
    }
}

impl StackReads for Account {
    async fn stack_status(&self, stack: &str) -> Answer<Option<String>> {
        self.read("cloudformation:DescribeStacks", stack, |state| {
            let owned = state.machines.iter().find(|machine| machine.setup.stack.as_deref() == Some(stack));
            let other = || state.scenario.stacks.iter().find(|setup| setup.name == stack);
            Ok(owned
                .map_or_else(|| other().map(|setup| &setup.status), |owned| Some(&owned.setup.stack_status))
                .cloned())
        })
        .await
    }

    async fn outputs(&self, stack: &str) -> Answer<Option<BTreeMap<String, String>>> {
        self.read("cloudformation:DescribeStacks", stack, |state| {
            let setup = state.scenario.stacks.iter().find(|setup| setup.name == stack);
            let owned = || state.machines.iter().any(|machine| machine.setup.stack.as_deref() == Some(stack));
            Ok(setup.map(|setup| setup.outputs.clone()).or_else(|| owned().then(BTreeMap::new)))
        })
        .await
    }
}

impl SwitchReads for Account {
    async fn halted(&self) -> Answer<bool> {
        self.read("ssm:GetParameter", "halt", |state| Ok(state.halted)).await
    }
}

impl SwitchWrites for Account {
    async fn set_halted(&self, halted: bool) -> Answer<()> {
        self.write("ssm:PutParameter", "halt", |state| {
            state.halted = halted;
            Ok(())
        })
        .await
    }
}

impl SecretReads for Account {
    async fn secret(&self, arn: &str) -> Answer<String> {
        const OPERATION: &str = "secretsmanager:GetSecretValue";
        self.read(OPERATION, arn, |state| {
            let missing =
                || Fault::new(OPERATION, arn, FaultKind::NotFound, "ResourceNotFoundException: no such secret");
            state.secrets.get(arn).cloned().ok_or_else(missing)
        })
        .await
    }
}
