//! Amazon EventBridge Scheduler: one-shot timers.

use aws_sdk_scheduler::types::{
    ActionAfterCompletion, DeadLetterConfig, FlexibleTimeWindow, FlexibleTimeWindowMode, RetryPolicy, Target,
};
use futures_util::FutureExt as _;
use jiff::Timestamp;
use nightshift_core::fault::{Fault, FaultKind};
use nightshift_core::ports::{Answer, TimerWrites};
use nightshift_core::span::Span;
use nightshift_core::timer::{Purpose, Timer};

use crate::client::Account;
use crate::fault::{code, fault, unreadable};
use crate::settings::TimerSettings;

const OPERATION: &str = "scheduler:CreateSchedule";
/// Minutes rather than the default day: a check that late checks nothing.
const RETRY_FOR_S: i32 = 900;
const RETRIES: i32 = 10;
/// Seconds ahead that a moment must lie, so that it is none of the past once the
/// request arrives.
const SOON_S: i64 = 5;

impl TimerWrites for Account {
    async fn set_timer(&self, timer: &Timer) -> Answer<()> {
        let group = &self.settings.timers()?.group;
        let request = self
            .scheduler
            .create_schedule()
            .name(&timer.name)
            .group_name(group)
            .schedule_expression(at(soonest(timer.at, Timestamp::now())))
            .schedule_expression_timezone("UTC")
            .flexible_time_window(window().map_err(|text| wrong(timer, text))?)
            // Without it finished schedules pile up against the account's quota.
            .action_after_completion(ActionAfterCompletion::Delete)
            .target(self.target(timer)?);
        match request.send().boxed().await {
            Ok(_) => Ok(()),
            Err(error) if code(&error) == Some("ConflictException") => Ok(()),
            Err(error) => Err(fault(OPERATION, &timer.name, &error)),
        }
    }
}

impl Account {
    fn target(&self, timer: &Timer) -> Answer<Target> {
        let settings = self.settings.timers()?;
        let input =
            serde_json::to_string(timer).map_err(|error| unreadable(OPERATION, &timer.name, error.to_string()))?;
        let retry = RetryPolicy::builder().maximum_event_age_in_seconds(RETRY_FOR_S).maximum_retry_attempts(RETRIES);
        let target = Target::builder()
            .arn(wakes(timer, settings)?)
            .role_arn(&settings.role)
            .dead_letter_config(DeadLetterConfig::builder().arn(&settings.dead_letters).build())
            .retry_policy(retry.build())
            .input(input);
        target.build().map_err(|error| wrong(timer, error.to_string()))
    }
}

/// The function that the timer wakes.
fn wakes<'a>(timer: &Timer, settings: &'a TimerSettings) -> Answer<&'a str> {
    match timer.purpose {
        Purpose::Verify { .. } | Purpose::Reread { .. } | Purpose::Fleet { .. } | Purpose::SelfDrill { .. } => {
            Ok(&settings.target)
        }
        Purpose::Watch { .. } | Purpose::Look { .. } => settings
            .watch_target
            .as_deref()
            .ok_or_else(|| wrong(timer, "the function that watchdogs wake is not set".into())),
    }
}

/// The moment itself, or the first that can still be set: whoever goes on with
/// a dead run's work may come when its timer is due already, and AWS refuses
/// moments of the past.
fn soonest(at: Timestamp, now: Timestamp) -> Timestamp {
    at.max(Span::seconds(SOON_S).after(now))
}

fn window() -> Result<FlexibleTimeWindow, String> {
    FlexibleTimeWindow::builder().mode(FlexibleTimeWindowMode::Off).build().map_err(|error| error.to_string())
}

fn wrong(timer: &Timer, text: String) -> Fault {
    Fault::new(OPERATION, &timer.name, FaultKind::Permanent, text)
}

/// `at(2026-11-20T21:00:00)`, in UTC. Up to the next whole second, so that no
/// timer fires before its time.
fn at(at: Timestamp) -> String {
    let whole = if at.subsec_nanosecond() > 0 { at.as_second().saturating_add(1) } else { at.as_second() };
    let whole = Timestamp::from_second(whole).unwrap_or(at);
    format!("at({})", whole.strftime("%Y-%m-%dT%H:%M:%S"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_is_set_to_a_whole_second_and_never_early() {
        let check = |moment: &str, expect: &str| assert_eq!(at(moment.parse().unwrap()), expect);
        check("2026-11-20T21:00:00Z", "at(2026-11-20T21:00:00)");
        check("2026-11-20T21:00:59.001Z", "at(2026-11-20T21:01:00)");
        check("2026-11-20T23:00:00+02:00", "at(2026-11-20T21:00:00)");
    }

    #[test]
    fn a_timer_of_the_past_is_set_to_a_moment_that_can_still_be_set() {
        let moment = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = moment("2026-11-20T21:00:00Z");
        assert_eq!(soonest(moment("2026-11-20T20:59:00Z"), now), moment("2026-11-20T21:00:05Z"));
        assert_eq!(soonest(moment("2026-11-20T21:01:00Z"), now), moment("2026-11-20T21:01:00Z"));
    }
}
