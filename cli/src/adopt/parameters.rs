//! The parameter file of a service's companion stack, and the commands that
//! deploy it.

use std::collections::BTreeMap;
use std::path::Path;

use nightshift_core::fault::Sight;
use nightshift_core::ids::{ServiceRef, fingerprint};
use nightshift_core::service::Service;
use serde::Serialize;

use super::Asked;
use super::observe::Observed;

/// What CloudFormation takes as a stack's name.
const LONGEST_STACK: usize = 128;
/// Digits that tell apart what was cut.
const FINGERPRINT: usize = 8;
/// Tasks that scaling may want, where the service says nothing else.
const FEWEST: u32 = 2;
const MOST: u32 = 10;

/// The stack that gives the service its alarms, dashboard and scaling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Companion {
    /// Its name.
    pub stack: String,
    /// Its parameters, by name.
    pub parameters: BTreeMap<&'static str, String>,
    /// What to know of them, or to fill in.
    pub notes: Vec<String>,
}

/// Why no parameter file is written, in a sentence.
pub type Refused = String;

/// The name of a service's companion stack: its own, as far as CloudFormation
/// takes it.
pub fn stack_name(service: &ServiceRef) -> String {
    let letter = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
    let whole: String = format!("{}-{}", service.cluster, service.service).chars().map(letter).collect();
    let begins = whole.starts_with(|letter: char| letter.is_ascii_alphabetic());
    let name = if begins { whole } else { format!("service-{whole}") };
    let plain = name == format!("{}-{}", service.cluster, service.service);
    if plain && name.len() <= LONGEST_STACK {
        return name;
    }
    // Two services must not share a name because of what was replaced or cut.
    let print = fingerprint(&[&service.cluster, &service.service]);
    let room = LONGEST_STACK - FINGERPRINT - 1;
    format!("{}-{}", &name[..name.len().min(room)], &print[..FINGERPRINT])
}

/// The stack's parameters, as far as they can be seen.
///
/// # Errors
/// Why there are none.
pub fn companion(seen: &Observed, asked: &Asked) -> Result<Companion, Refused> {
    let service = &seen.service;
    let mut notes = Vec::new();
    let mut parameters = BTreeMap::from([
        ("Cluster", service.service.cluster.clone()),
        ("Service", service.service.service.clone()),
        ("Environment", tag(service, &["environment", "env"]).unwrap_or("production").to_owned()),
        ("Tier", tag(service, &["tier"]).filter(|tier| matches!(*tier, "1" | "2" | "3")).unwrap_or("2").to_owned()),
        ("NightshiftStack", asked.stack.clone()),
    ]);
    let team = tag(service, &["team", "owner"]).unwrap_or_else(|| {
        notes.push("Team: nobody is named by a tag of the service. Replace \"unowned\".".to_owned());
        "unowned"
    });
    parameters.insert("Team", team.to_owned());
    if tag(service, &["environment", "env"]).is_none() {
        notes.push("Environment: no tag says it. Replace \"production\" where it is none.".to_owned());
    }
    parameters.extend(reached(seen, asked, &mut notes)?);
    parameters.extend(scaled(seen, &mut notes));
    parameters.extend(of_tasks(seen));
    if let Some(runbooks) = &asked.runbooks {
        parameters.insert("RunbookBase", runbooks.clone());
    }
    match seen.main.seen().and_then(Option::as_ref).and_then(|outputs| outputs.get("AlarmTopicArn")) {
        Some(topic) => drop(parameters.insert("AlarmTopicArn", topic.clone())),
        None => notes.push(format!(
            "AlarmTopicArn: stack {} does not name it. Deploy that first, then run this again.",
            asked.stack
        )),
    }
    Ok(Companion { stack: stack_name(&service.service), parameters, notes })
}

fn tag<'a>(service: &'a Service, keys: &[&str]) -> Option<&'a str> {
    keys.iter().find_map(|key| service.tag(key)).filter(|value| !value.is_empty())
}

/// How requests, or messages, come to it.
fn reached(seen: &Observed, asked: &Asked, notes: &mut Vec<String>) -> Result<Vec<(&'static str, String)>, Refused> {
    if let Some(queue) = &asked.queue {
        let dead = asked.dead_letters.iter().map(|queue| ("DeadLetterQueueName", queue.clone()));
        return Ok(std::iter::once(("QueueName", queue.clone())).chain(dead).collect());
    }
    let service = &seen.service;
    if service.target_groups.is_empty() {
        return Err("it has no load balancer, so nothing says how its work goes. If a queue feeds it, say which: \
                    --queue NAME [--dead-letters NAME]"
            .to_owned());
    }
    let Sight::Seen(balancers) = &seen.balancers else {
        return Err("its load balancer could not be read, and the alarms need its name".to_owned());
    };
    let of_ours = service.target_groups.iter().filter_map(|arn| Some((arn, balancers.get(arn)?)));
    let applications: Vec<(&String, &String)> = of_ours.filter(|(_, name)| name.starts_with("app/")).collect();
    let Some((_, balancer)) = applications.first() else {
        return Err("no Application Load Balancer is before it: one of another kind counts no requests and no errors"
            .to_owned());
    };
    let groups: Vec<&str> =
        applications.iter().filter(|(_, name)| name == balancer).filter_map(|(arn, _)| dimension(arn)).collect();
    if applications.iter().any(|(_, name)| name != balancer) || groups.len() > 2 {
        notes
            .push("It has more target groups than the stack watches: the first, and at most its other one.".to_owned());
    }
    let others =
        balancers.iter().filter(|(arn, name)| name == balancer && !service.target_groups.contains(arn)).count();
    if others > 0 {
        notes.push(format!(
            "SharedLoadBalancer: target groups of others hang on {balancer} too ({others}); errors that it answers itself are left out."
        ));
    }
    let mut found = vec![("LoadBalancer", (*balancer).clone()), ("SharedLoadBalancer", (others > 0).to_string())];
    found.extend(groups.first().map(|group| ("TargetGroup", (*group).to_owned())));
    found.extend(groups.get(1).map(|group| ("SecondTargetGroup", (*group).to_owned())));
    Ok(found)
}

/// `targetgroup/NAME/ID`, the metric's dimension, of an ARN.
fn dimension(arn: &str) -> Option<&str> {
    arn.rsplit(':').next().filter(|name| name.starts_with("targetgroup/"))
}

fn scaled(seen: &Observed, notes: &mut Vec<String>) -> Vec<(&'static str, String)> {
    let desired = seen.service.desired;
    let own = format!("{}-", stack_name(&seen.service.service));
    let policies = seen.policies.seen().map(Vec::as_slice).unwrap_or_default();
    let ours = policies.iter().any(|policy| policy.name.starts_with(&own));
    let (manages, bounds) = match &seen.scaling {
        Sight::Seen(None) => (true, None),
        Sight::Seen(Some(bounds)) if ours => (true, Some(bounds)),
        Sight::Seen(Some(_)) => {
            notes.push("ManageScaling: somebody scales it already; the stack leaves that alone.".to_owned());
            (false, None)
        }
        Sight::Unseen(_) => {
            notes.push("ManageScaling: its scaling could not be read, so the stack leaves it alone.".to_owned());
            (false, None)
        }
    };
    if !manages {
        return vec![("ManageScaling", "false".to_owned())];
    }
    let min = bounds.map_or(FEWEST, |bounds| bounds.min);
    let max = bounds.map_or(MOST.max(desired.saturating_mul(2)), |bounds| bounds.max);
    vec![("ManageScaling", "true".to_owned()), ("MinCapacity", min.to_string()), ("MaxCapacity", max.to_string())]
}

fn of_tasks(seen: &Observed) -> Vec<(&'static str, String)> {
    let insights = seen.setup.seen().is_some_and(|setup| setup.insights);
    let mut found = vec![("ContainerInsights", insights.to_string())];
    let containers =
        seen.task.seen().and_then(Option::as_ref).map(|task| task.containers.as_slice()).unwrap_or_default();
    found.extend(containers.iter().find_map(|it| it.log_group.clone()).map(|group| ("LogGroup", group)));
    found.extend(seen.repositories.first().map(|(name, _)| ("Repository", name.clone())));
    found
}

impl Companion {
    /// The file for `sam deploy --config-file`.
    pub fn file(&self) -> String {
        let mut text = format!(
            "# Parameters of stacks/service.yaml, as nightshift adopt found them. Read and change what you like.\n\
             # Every parameter is described there.\nversion = 0.1\n\n[default.deploy.parameters]\n\
             stack_name = \"{}\"\nresolve_s3 = true\nparameter_overrides = [\n",
            self.stack
        );
        for note in &self.notes {
            text.push_str(&format!("    # {note}\n"));
        }
        for (name, value) in &self.parameters {
            text.push_str(&format!("    {},\n", toml::Value::String(format!("{name}={value}"))));
        }
        text.push_str("]\n");
        text
    }
}

/// The commands that deploy the main stack, where it is not there yet, and the
/// companion.
pub fn commands(seen: &Observed, asked: &Asked, file: &Path) -> Vec<String> {
    let region = &seen.service.service.region;
    let missing = seen.main.seen().is_some_and(Option::is_none);
    let main = [
        "make package".to_owned(),
        format!(
            "sam deploy --guided --config-file \"$PWD/samconfig.toml\" --template-file .aws-sam/arm64/template.yaml \
             --stack-name {} --region {region}",
            asked.stack
        ),
    ];
    // SAM looks for a relative one beside the template.
    let here = if file.is_relative() { "$PWD/" } else { "" };
    let own = format!(
        "sam deploy --template-file stacks/service.yaml --config-file \"{here}{}\" --region {region}",
        file.display()
    );
    main.into_iter().filter(|_| missing).chain([own]).collect()
}
