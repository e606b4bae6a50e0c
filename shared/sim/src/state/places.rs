//! Where things are in the account: a fleet has thousands of services and alarms, and every
//! call names one of them.

use std::collections::BTreeMap;

use nightshift_core::ids::ServiceRef;

use super::alarms::Alarm;
use super::service::Machine;

/// Places in the account's lists, by name.
#[derive(Debug, Default)]
pub(crate) struct Places {
    services: BTreeMap<ServiceRef, usize>,
    /// By `name`, the first that is called so, and by `cluster/name`.
    named: BTreeMap<String, usize>,
    /// By ARN and by metric dimension: more than one service may stand behind one.
    groups: BTreeMap<String, Vec<usize>>,
    alarms: BTreeMap<String, usize>,
}

impl Places {
    /// Those of the services.
    pub(crate) fn of(machines: &[Machine]) -> Self {
        let mut places = Self::default();
        for (place, machine) in machines.iter().enumerate() {
            places.services.insert(machine.name.clone(), place);
            let full = format!("{}/{}", machine.setup.cluster, machine.setup.name);
            for name in [machine.setup.name.clone(), full] {
                places.named.entry(name).or_insert(place);
            }
            for group in &machine.groups {
                for name in [&group.arn, &group.dimension] {
                    places.groups.entry(name.clone()).or_default().push(place);
                }
            }
        }
        places
    }

    /// And of the alarms.
    pub(crate) fn with(mut self, alarms: &[Alarm]) -> Self {
        for (place, alarm) in alarms.iter().enumerate() {
            self.alarms.entry(alarm.setup.name.clone()).or_insert(place);
        }
        self
    }

    pub(crate) fn service(&self, service: &ServiceRef) -> Option<usize> {
        self.services.get(service).copied()
    }

    /// By `name` or `cluster/name`.
    pub(crate) fn named(&self, name: &str) -> Option<usize> {
        self.named.get(name).copied()
    }

    /// Those behind the target group of that ARN or dimension.
    pub(crate) fn behind(&self, group: &str) -> &[usize] {
        self.groups.get(group).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn alarm(&self, name: &str) -> Option<usize> {
        self.alarms.get(name).copied()
    }
}
