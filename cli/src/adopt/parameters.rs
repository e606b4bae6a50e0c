//! The parameter file of a service's companion stack, and the commands that
//! deploy it.

use std::collections::BTreeMap;
use std::path::Path;

use nightshift_core::fault::Sight;
use nightshift_core::ids::{ServiceRef, fingerprint};
use nightshift_core::service::{Controller, Service};
use serde::Serialize;

use super::Asked;
use super::observe::{Companion as Whose, Observed};

/// What CloudFormation takes as a stack's name.
const LONGEST_STACK: usize = 128;
/// What the template takes as a log group's.
const LONGEST_LOG_GROUP: usize = 150;
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

/// The name of a service's companion stack: both its names with two hyphens
/// between them, which no other stack is likely to have.
pub fn stack_name(service: &ServiceRef) -> String {
    let plain = |name: &str| {
        let sound = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        sound && !name.contains("--") && !name.starts_with('-') && !name.ends_with('-')
    };
    let whole = format!("{}--{}", service.cluster, service.service);
    let begins = whole.starts_with(|letter: char| letter.is_ascii_alphabetic());
    if begins && plain(&service.cluster) && plain(&service.service) && whole.len() <= LONGEST_STACK {
        return whole;
    }
    // Two services must not share a name because of what was replaced or cut.
    let letter = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
    let name: String = format!("service-{whole}").chars().map(letter).collect();
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
    let stack = stack_name(&service.service);
    if seen.companion.seen() == Some(&Whose::Foreign) {
        return Err(format!(
            "stack {stack} is there and has no output UnwellAlarmArn: it is another one, or was never completed. To \
             deploy over it would delete what it holds"
        ));
    }
    let mut notes = Vec::new();
    let mut parameters = BTreeMap::from([
        ("Cluster", service.service.cluster.clone()),
        ("Service", service.service.service.clone()),
        ("Environment", of_tag(service, ("Environment", &["environment", "env"], "production", 50), &mut notes)),
        ("Tier", tag(service, &["tier"]).filter(|tier| matches!(*tier, "1" | "2" | "3")).unwrap_or("2").to_owned()),
        ("Team", of_tag(service, ("Team", &["team", "owner"], "unowned", 100), &mut notes)),
        ("NightshiftStack", asked.stack.clone()),
    ]);
    parameters.extend(reached(seen, asked, &mut notes)?);
    parameters.extend(scaled(seen, &mut notes));
    parameters.extend(of_tasks(seen, &mut notes));
    if let Some(runbooks) = &asked.runbooks {
        parameters.insert("RunbookBase", runbooks.clone());
    }
    match seen.main.seen() {
        Some(Some(outputs)) if outputs.contains_key("AlarmTopicArn") => {
            parameters.extend(outputs.get("AlarmTopicArn").map(|topic| ("AlarmTopicArn", topic.clone())));
        }
        Some(_) => notes.push(format!(
            "AlarmTopicArn: stack {} does not name it. Deploy that first, then run this again.",
            asked.stack
        )),
        None => notes.push(format!(
            "AlarmTopicArn: stack {} could not be read. Add it by hand, from that stack's outputs.",
            asked.stack
        )),
    }
    Ok(Companion { stack, parameters, notes })
}

fn tag<'a>(service: &'a Service, keys: &[&str]) -> Option<&'a str> {
    keys.iter().find_map(|key| service.tag(key)).filter(|value| !value.is_empty())
}

/// What a tag says, if the template takes it. SAM would take a blank or a sign of
/// equality for the beginning of another parameter.
fn of_tag(
    service: &Service,
    (name, keys, otherwise, longest): (&str, &[&str], &str, usize),
    notes: &mut Vec<String>,
) -> String {
    let sound = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    let takes = |value: &&str| value.len() <= longest && value.bytes().all(sound);
    let said = tag(service, keys);
    if let Some(value) = said.filter(takes) {
        return value.to_owned();
    }
    notes.push(match said {
        Some(_) => format!("{name}: the tag's value holds what a parameter cannot. Replace \"{otherwise}\"."),
        None => format!("{name}: no tag of the service says it. Replace \"{otherwise}\" if that is wrong."),
    });
    otherwise.to_owned()
}

/// Whether Application Auto Scaling can move its number of tasks.
pub fn scalable(service: &Service) -> bool {
    !service.daemon && service.controller != Controller::External
}

/// How requests, or messages, come to it.
fn reached(seen: &Observed, asked: &Asked, notes: &mut Vec<String>) -> Result<Vec<(&'static str, String)>, Refused> {
    let dead = asked.dead_letters.iter().map(|queue| ("DeadLetterQueueName", queue.clone()));
    let mut found: Vec<_> = asked.queue.iter().map(|queue| ("QueueName", queue.clone())).chain(dead).collect();
    match balanced(seen, notes) {
        Ok(balancer) => found.extend(balancer),
        Err(why) if found.is_empty() => return Err(why),
        // Its queue alone tells how its work goes.
        Err(_) => {}
    }
    Ok(found)
}

/// The load balancer before it.
fn balanced(seen: &Observed, notes: &mut Vec<String>) -> Result<Vec<(&'static str, String)>, Refused> {
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
    if service.controller == Controller::CodeDeploy && groups.len() == 1 {
        notes.push(
            "SecondTargetGroup: CodeDeploy moves traffic to a second target group, which ECS does not name; without it \
             the alarms watch an empty one after every other deployment."
                .to_owned(),
        );
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
    let left = match &seen.scaling {
        _ if !scalable(&seen.service) => Some("AWS scales no service of this kind"),
        Sight::Seen(Some(_)) if !ours => Some("somebody scales it already"),
        Sight::Seen(None) if desired == 0 => Some("no task is wanted, and scaling would start some"),
        Sight::Unseen(_) => Some("its scaling could not be read"),
        Sight::Seen(_) => None,
    };
    if let Some(why) = left {
        notes.push(format!("ManageScaling: {why}; the stack leaves that alone."));
        return vec![("ManageScaling", "false".to_owned())];
    }
    let bounds = seen.scaling.seen().and_then(Option::as_ref);
    // No fewer than are wanted now: nobody knows yet how many are needed.
    let min = bounds.map_or(FEWEST.max(desired), |bounds| bounds.min);
    let max = bounds.map_or(MOST.max(desired.saturating_mul(2)), |bounds| bounds.max);
    // AWS scales by the requests of one target group; by those the stack does so once told how many.
    let by_requests = policies.iter().any(|policy| policy.by == "ALBRequestCountPerTarget");
    if seen.service.target_groups.len() == 1 && !by_requests {
        notes.push(
            "RequestsPerTarget: it scales by processor alone until told what a task can take (load/README.md)."
                .to_owned(),
        );
    }
    vec![("ManageScaling", "true".to_owned()), ("MinCapacity", min.to_string()), ("MaxCapacity", max.to_string())]
}

fn of_tasks(seen: &Observed, notes: &mut Vec<String>) -> Vec<(&'static str, String)> {
    let insights = seen.setup.seen().is_some_and(|setup| setup.insights);
    let mut found = vec![("ContainerInsights", insights.to_string())];
    let containers = seen.task.seen().and_then(Option::as_ref).map(|task| task.containers.as_slice());
    let group = containers.unwrap_or_default().iter().find_map(|it| it.log_group.clone());
    if group.as_ref().is_some_and(|group| group.len() > LONGEST_LOG_GROUP) {
        notes.push("LogGroup: its name is longer than an alarm's description has room for.".to_owned());
    }
    found.extend(group.filter(|group| group.len() <= LONGEST_LOG_GROUP).map(|group| ("LogGroup", group)));
    found.extend(seen.repositories.first().map(|(name, _)| ("Repository", name.clone())));
    found
}

/// How the first line of a file begins.
const WRITTEN: &str = "# Written by nightshift adopt, ";

/// Whether a file is as it was written: it may be written anew.
pub fn untouched(file: &str) -> bool {
    let Some((first, rest)) = file.split_once('\n') else { return false };
    first.strip_prefix(WRITTEN) == Some(print(rest).as_str())
}

fn print(text: &str) -> String {
    fingerprint(&[text])[..FINGERPRINT].to_owned()
}

impl Companion {
    /// The file for `sam deploy --config-file`. Its first line tells whether
    /// somebody has changed the others.
    pub fn file(&self) -> String {
        let text = self.text();
        format!("{WRITTEN}{}\n{text}", print(&text))
    }

    fn text(&self) -> String {
        let mut text = format!(
            "# Parameters of stacks/service.yaml, which describes each. Read and change what you like.\nversion = 0.1\n\n[default.deploy.parameters]\n\
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
