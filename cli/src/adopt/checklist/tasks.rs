//! What its tasks are made of: task definition, logs, images.

use nightshift_core::fault::Sight;
use nightshift_core::image::{KEEP_TAG, Mutability, Reference, Repository, ScanFrequency};
use nightshift_core::service::{environment, production};
use nightshift_core::setup::ContainerSetup;
use nightshift_lifecycle::Policy;

use super::List;
use crate::adopt::observe::Observed;

pub(super) fn tasks(list: &mut List, seen: &Observed) {
    const AREA: &str = "Tasks";
    let Sight::Seen(Some(task)) = &seen.task else {
        let why = if seen.task.fault().is_some() { "could not be read" } else { "is gone" };
        return list.unknown(AREA, "tasks", format!("its task definition {why}"));
    };
    let which = |wrong: fn(&ContainerSetup) -> bool| -> Vec<&str> {
        let wrong = task.containers.iter().filter(|container| wrong(container));
        wrong.map(|container| container.name.as_str()).collect()
    };
    let root = which(ContainerSetup::root);
    let unsaid = which(|container| container.user.is_none());
    let says = match (root.as_slice(), unsaid.as_slice()) {
        ([], []) => "no container runs as root".to_owned(),
        ([], unsaid) => format!("whom {} runs as is left to its image", unsaid.join(", ")),
        (root, _) => format!("{} runs as root", root.join(", ")),
    };
    list.add(AREA, "non-root", root.is_empty() && unsaid.is_empty(), says, "set user to a number that is not 0");
    let writable = which(|container| !container.read_only);
    let says = if writable.is_empty() {
        "no root file system can be written".to_owned()
    } else {
        format!("the root file system of {} can be written", writable.join(", "))
    };
    list.add(
        AREA,
        "read-only-root",
        writable.is_empty(),
        says,
        "set readonlyRootFilesystem, with a volume for what is written",
    );
    let plain: Vec<String> = task
        .containers
        .iter()
        .flat_map(|container| container.plain_secrets.iter().map(move |name| format!("{}/{name}", container.name)))
        .collect();
    let says = match plain.as_slice() {
        [] => "no environment variable looks like a secret".to_owned(),
        names => format!("in plain text, and looks like a secret: {}", names.join(", ")),
    };
    list.add(
        AREA,
        "no-plain-secrets",
        plain.is_empty(),
        says,
        "name them under secrets, by valueFrom of Secrets Manager",
    );
    let checked = !seen.service.target_groups.is_empty() || task.containers.iter().any(|it| it.health_check);
    list.add(
        AREA,
        "health-check",
        checked,
        if checked { "somebody asks it whether it is well" } else { "nobody asks it whether it is well" },
        "give the container a healthCheck",
    );
    let apart = task.task_role.is_none() || task.task_role != task.execution_role;
    list.add(
        AREA,
        "roles-apart",
        apart,
        if apart { "its code has a role of its own, or none" } else { "its code has the role that ECS pulls with" },
        "give taskRoleArn a role of its own",
    );
    if let Sight::Seen(setup) = &seen.setup {
        list.add(
            AREA,
            "no-public-address",
            !setup.public_address,
            if setup.public_address { "its tasks have public addresses" } else { "its tasks have no public address" },
            "assignPublicIp DISABLED, with a NAT gateway or endpoints",
        );
        let exposed = setup.exec && environment(&seen.service).is_none_or(production);
        list.add(
            AREA,
            "no-shell",
            !exposed,
            if exposed {
                "a shell may be opened in production (ECS Exec)"
            } else {
                "no shell may be opened in production"
            },
            "set enableExecuteCommand to false",
        );
    }
}

pub(super) fn logs(list: &mut List, seen: &Observed) {
    const AREA: &str = "Logs";
    let Sight::Seen(Some(task)) = &seen.task else { return };
    let silent: Vec<&str> =
        task.containers.iter().filter(|it| it.log_driver.is_none()).map(|it| it.name.as_str()).collect();
    list.add(
        AREA,
        "logs",
        silent.is_empty(),
        if silent.is_empty() {
            "every container logs".to_owned()
        } else {
            format!("{} logs nowhere", silent.join(", "))
        },
        "give it a logConfiguration",
    );
    let Sight::Seen(groups) = &seen.log_groups else {
        return list.unknown(AREA, "log-retention", "its log groups could not be read");
    };
    let mut named: Vec<&String> = task.containers.iter().filter_map(|it| it.log_group.as_ref()).collect();
    named.dedup();
    for gone in named.into_iter().filter(|name| !groups.iter().any(|group| group.name == **name)) {
        let cure = format!("no task starts without it: aws logs create-log-group --log-group-name {gone}");
        list.add(AREA, "log-group", false, format!("{gone} is not there"), &cure);
    }
    for group in groups {
        let says = match group.retention_days {
            Some(days) => format!("{} keeps {days} days", group.name),
            None => format!("{} keeps everything for ever", group.name),
        };
        let cure = format!("aws logs put-retention-policy --log-group-name {} --retention-in-days 30", group.name);
        list.add(AREA, "log-retention", group.retention_days.is_some(), says, &cure);
    }
}

pub(super) fn images(list: &mut List, seen: &Observed) {
    const AREA: &str = "Images";
    if let Sight::Seen(Some(task)) = &seen.task {
        let pinned = |container: &&ContainerSetup| !container.image.contains('@');
        let moving: Vec<&str> = task.containers.iter().filter(pinned).map(|it| it.name.as_str()).collect();
        let here = |container: &&ContainerSetup| {
            let (home, reference) = (&seen.service.service, Reference::parse(&container.image));
            let ours = reference.filter(|it| it.account == home.account && it.region == home.region);
            let name = ours.map(|it| it.repository);
            let found = seen.repositories.iter().find(|(repository, _)| name == Some(repository.as_str()));
            let immutable =
                |found: &Option<Repository>| found.as_ref().is_some_and(|it| it.mutability == Mutability::Immutable);
            found.is_some_and(|(_, found)| found.seen().is_some_and(immutable))
        };
        let frozen = task.containers.iter().filter(pinned).all(|container| here(&container));
        let says = match (moving.as_slice(), frozen) {
            ([], _) => "every image is named by its digest".to_owned(),
            (_, true) => "its tags cannot be moved".to_owned(),
            (names, false) => format!("the tag of {} may mean another image tomorrow", names.join(", ")),
        };
        list.add(
            AREA,
            "pinned",
            moving.is_empty() || frozen,
            says,
            "deploy by digest, or make the repository's tags immutable",
        );
    }
    for (name, repository) in &seen.repositories {
        let Sight::Seen(found) = repository else {
            list.unknown(AREA, "scanned", format!("repository {name} could not be read"));
            continue;
        };
        let Some(found) = found else {
            list.add(
                AREA,
                "scanned",
                false,
                format!("repository {name} is gone"),
                "tasks that are replaced will not start",
            );
            continue;
        };
        let scanned = !matches!(found.scans, ScanFrequency::Manual);
        let says = format!("{name} is {}", if scanned { "scanned" } else { "not scanned" });
        let cure = format!(
            "aws ecr put-image-scanning-configuration --repository-name {name} --image-scanning-configuration scanOnPush=true"
        );
        list.add(AREA, "scanned", scanned, says, &cure);
        let keeps = |text: &str| Policy::parse(text).is_ok_and(|policy| policy.keeps(KEEP_TAG));
        let kept = found.lifecycle.as_deref().map(keeps);
        let (ready, says) = match kept {
            None => (false, format!("{name} has no lifecycle policy: it grows for ever")),
            Some(true) => (true, format!("{name}'s lifecycle policy keeps what runs")),
            Some(false) => (false, format!("{name}'s lifecycle policy does not look at what runs")),
        };
        list.add(AREA, "lifecycle", ready, says, "nightshift keep-rule prints one that keeps what runs");
    }
}
