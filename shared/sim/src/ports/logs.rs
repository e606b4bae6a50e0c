//! What containers said last.

use nightshift_core::fault::{Fault, FaultKind};
use nightshift_core::ports::{Answer, LogReads};
use nightshift_core::release::LogPlace;

use crate::account::Account;

impl LogReads for Account {
    async fn last_lines(&self, place: &LogPlace, container: &str, task: &str, lines: u32) -> Answer<Vec<String>> {
        const OPERATION: &str = "logs:GetLogEvents";
        let id = task.rsplit('/').next().unwrap_or(task);
        let stream = format!("{} {}/{container}/{id}", place.group, place.prefix);
        self.read(OPERATION, stream.clone(), |state| {
            let here = &state.scenario.region;
            if let Some(region) = place.region.as_ref().filter(|region| *region != here) {
                let says = format!("the log is in {region}, this account is looked at in {here}");
                return Err(Fault::new(OPERATION, stream, FaultKind::Permanent, says));
            }
            let lines = usize::try_from(lines).unwrap_or(usize::MAX);
            let of_place = state.machines.iter().filter(|machine| {
                let its = machine.log_place();
                (&its.group, &its.prefix) == (&place.group, &place.prefix)
            });
            let mut said = of_place.map(|machine| machine.said(container, id, lines, state.now));
            let found = said.find(|said| !said.is_empty()).unwrap_or_default();
            Ok(found.into_iter().map(|(_, line)| line).collect())
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use nightshift_core::ids::ServiceRef;
    use nightshift_core::ports::{LogReads as _, ServiceReads as _};
    use nightshift_core::release::LogPlace;
    use nightshift_core::task::StoppedTask;

    use crate::{Account, Scenario, poll_once};

    fn crashed(crash: &str) -> (Account, ServiceRef, StoppedTask) {
        let text = format!(
            "[[service]]\nname = \"web\"\n[[service.release]]\nrevision = 1\nat = \"-3d\"\n\
             [[service.release]]\nrevision = 2\nat = \"-10m\"\ncrash = {crash}\n"
        );
        let account = Account::new(Scenario::parse(&text).unwrap());
        let web = account.service_ref("web").unwrap();
        account.advance(SignedDuration::from_mins(20));
        let stopped = poll_once(account.stopped_tasks(&web)).unwrap().unwrap();
        let task = stopped.into_iter().find(|task| task.crash().is_some()).unwrap();
        (account, web, task)
    }

    fn last(account: &Account, task: &StoppedTask, lines: u32) -> Vec<String> {
        let definition = poll_once(account.task_definition(&task.task_definition)).unwrap().unwrap().unwrap();
        let place: &LogPlace = &definition.logs["app"];
        poll_once(account.last_lines(place, "app", &task.arn, lines)).unwrap().unwrap()
    }

    #[test]
    fn a_crashed_task_has_said_why_it_ended() {
        let (account, _, task) = crashed("{ kind = \"exit\", code = 3, every = \"2m\" }");
        let said = last(&account, &task, 100);
        assert_eq!(said.first().map(String::as_str), Some("INFO web:2 listens on port 8080"));
        assert_eq!(said.last().map(String::as_str), Some("FATAL exits with code 3"));
        assert_eq!(last(&account, &task, 2), said[said.len() - 2..]);
        assert_eq!(last(&account, &task, 0), Vec::<String>::new());
        let (account, _, task) = crashed("{ kind = \"oom\", every = \"2m\" }");
        assert_eq!(last(&account, &task, 1), ["WARN memory at 99 % of its limit"]);
    }

    #[test]
    fn a_task_that_never_ran_has_said_nothing() {
        let (account, _, task) = crashed("{ kind = \"pull\" }");
        assert_eq!(task.started_at, None);
        assert_eq!(last(&account, &task, 10), Vec::<String>::new());
    }
}
