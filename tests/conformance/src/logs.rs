//! What containers said last.

use nightshift_core::fault::FaultKind;
use nightshift_core::ports::{LogReads, ServiceReads};
use nightshift_core::release::LogPlace;
use nightshift_core::task::StoppedTask;

use crate::{Place, Verdict, fails, got, holds, same, there};

/// Runs the suite.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn logs<W: LogReads + ServiceReads>(world: &W, place: &Place) -> Verdict {
    let tasks = got("stopped tasks", world.stopped_tasks(&place.prod("mailer")).await)?;
    // Ended a while ago: whoever copied the logs has copied all of it.
    let task = tasks.last().ok_or("no stopped task of mailer")?;
    let definition = there("mailer:3", world.task_definition(&task.task_definition).await)?;
    let log = definition.logs.get("app").ok_or("no log of the container")?;
    same("where the log goes", &log.group.as_str(), &"/ecs/mailer")?;
    same("in which region", &log.region.as_ref(), &Some(&place.region))?;
    let suite = Suite { world, log, task };
    suite.the_last_lines_come_oldest_first().await?;
    suite.fewer_are_the_last_of_more().await?;
    suite.a_task_is_named_by_its_arn_or_its_id().await?;
    suite.what_nobody_wrote_is_empty().await?;
    suite.a_log_of_another_region_is_a_fault().await
}

struct Suite<'a, W> {
    world: &'a W,
    log: &'a LogPlace,
    task: &'a StoppedTask,
}

impl<W: LogReads> Suite<'_, W> {
    async fn last(&self, lines: u32) -> Result<Vec<String>, String> {
        got("last lines", self.world.last_lines(self.log, "app", &self.task.arn, lines).await)
    }

    async fn the_last_lines_come_oldest_first(&self) -> Verdict {
        let said = self.last(100).await?;
        let first = said.first().is_some_and(|line| line.contains("mailer:3 listens"));
        let last = said.last().is_some_and(|line| line.contains("exits with code 3"));
        holds("from its first words to its last", &said, first && last && said.len() > 3)
    }

    async fn fewer_are_the_last_of_more(&self) -> Verdict {
        let all = self.last(100).await?;
        for lines in [0, 1, 2, all.len() - 1, all.len()] {
            let found = self.last(u32::try_from(lines).unwrap_or(u32::MAX)).await?;
            same("so many of them", &found.as_slice(), &&all[all.len() - lines..])?;
        }
        Ok(())
    }

    async fn a_task_is_named_by_its_arn_or_its_id(&self) -> Verdict {
        let id = self.task.arn.rsplit('/').next().unwrap_or_default();
        same("by its id", &self.world.last_lines(self.log, "app", id, 3).await, &Ok(self.last(3).await?))
    }

    async fn what_nobody_wrote_is_empty(&self) -> Verdict {
        let nowhere = LogPlace { group: "/ecs/nobody".into(), ..self.log.clone() };
        let elsewhere = LogPlace { prefix: "nobody".into(), ..self.log.clone() };
        let nothing = Ok(Vec::new());
        same("no such group", &self.world.last_lines(&nowhere, "app", &self.task.arn, 3).await, &nothing)?;
        same("no such prefix", &self.world.last_lines(&elsewhere, "app", &self.task.arn, 3).await, &nothing)?;
        same("no such container", &self.world.last_lines(self.log, "envoy", &self.task.arn, 3).await, &nothing)?;
        same("no such task", &self.world.last_lines(self.log, "app", "0123456789abcdef", 3).await, &nothing)
    }

    async fn a_log_of_another_region_is_a_fault(&self) -> Verdict {
        let elsewhere = LogPlace { region: Some("ap-southeast-2".into()), ..self.log.clone() };
        let found = self.world.last_lines(&elsewhere, "app", &self.task.arn, 3).await;
        fails("a log of another region", found, FaultKind::Permanent)
    }
}
