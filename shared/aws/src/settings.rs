//! Where the account is and what the stack calls its parts, from environment
//! variables, read once at init.

use std::collections::BTreeMap;

use aws_credential_types::Credentials;
#[cfg(any(
    feature = "ledger",
    feature = "notices",
    feature = "pictures",
    feature = "timers",
    feature = "switches"
))]
use nightshift_core::ports::Answer;
use nightshift_core::settings::{SettingsError, Variables};

/// What a function needs of the stack. A function says so itself rather than
/// by Cargo features, since features add up over all packages of one build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The ledger's table.
    Ledger,
    /// The topic of typed notices.
    Notices,
    /// The topic of plain pages.
    Pages,
    /// The schedule group, role, target and dead-letter queue of timers.
    Timers,
    /// The kill switch.
    Switch,
}

/// The timers' part of the stack. Its four variables are set together or not
/// at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimerSettings {
    /// Name of the schedule group.
    pub group: String,
    /// ARN of the role that Scheduler takes on.
    pub role: String,
    /// ARN of the function that a timer wakes.
    pub target: String,
    /// ARN of the function that a deployment's watchdog wakes; only that
    /// function sets any.
    pub watch_target: Option<String>,
    /// ARN of the queue for timers that reached nobody.
    pub dead_letters: String,
}

/// Everything that [`crate::Account`] is built from.
#[derive(Clone, Debug)]
pub struct Settings {
    /// For example `eu-west-1`.
    pub region: String,
    /// Name of the ledger's table.
    pub table: Option<String>,
    /// ARN of the topic of typed notices.
    pub notice_topic: Option<String>,
    /// ARN of the topic of plain pages.
    pub page_topic: Option<String>,
    /// The timers' part.
    pub timers: Option<TimerSettings>,
    /// Name of the SSM parameter that is the kill switch.
    pub halt_parameter: Option<String>,
    /// Name of the bucket for pictures.
    pub picture_bucket: Option<String>,
    /// `AWS_ENDPOINT_URL` and `AWS_ENDPOINT_URL_<SERVICE>` by their names.
    pub(crate) endpoints: BTreeMap<String, String>,
    /// Their `Debug` shows no secret.
    pub(crate) credentials: Credentials,
}

const TABLE: &str = "NIGHTSHIFT_TABLE";
const NOTICE_TOPIC: &str = "NIGHTSHIFT_NOTICE_TOPIC";
const PAGE_TOPIC: &str = "NIGHTSHIFT_PAGE_TOPIC";
const TIMER_GROUP: &str = "NIGHTSHIFT_TIMER_GROUP";
const TIMER_ROLE: &str = "NIGHTSHIFT_TIMER_ROLE";
const TIMER_TARGET: &str = "NIGHTSHIFT_TIMER_TARGET";
const WATCH_TARGET: &str = "NIGHTSHIFT_WATCH_TARGET";
const TIMER_DLQ: &str = "NIGHTSHIFT_TIMER_DLQ";
const HALT_PARAMETER: &str = "NIGHTSHIFT_HALT_PARAMETER";
const PICTURE_BUCKET: &str = "NIGHTSHIFT_PICTURE_BUCKET";

impl Settings {
    /// Reads the environment: region and credentials are required, what the
    /// stack names is taken where set; see [`Settings::needing`].
    ///
    /// # Errors
    /// If region or credentials are missing, or only some of the timers'
    /// variables are set.
    pub fn read(variables: &Variables) -> Result<Self, SettingsError> {
        let named = |variable| variables.get(variable).map(ToOwned::to_owned);
        let endpoints =
            variables.0.iter().filter(|(name, url)| name.starts_with(crate::client::ENDPOINT) && !url.is_empty());
        Ok(Self {
            region: variables.required("AWS_REGION", "a region like eu-west-1")?,
            table: named(TABLE),
            notice_topic: named(NOTICE_TOPIC),
            page_topic: named(PAGE_TOPIC),
            timers: timers(variables)?,
            halt_parameter: named(HALT_PARAMETER),
            picture_bucket: named(PICTURE_BUCKET),
            endpoints: endpoints.map(|(name, url)| (name.clone(), url.clone())).collect(),
            credentials: credentials(variables)?,
        })
    }

    /// The same settings, once it is certain that they name all of `needs`.
    ///
    /// # Errors
    /// If a variable that a need stands for is missing.
    pub fn needing(self, needs: &[Need]) -> Result<Self, SettingsError> {
        for need in needs {
            let (there, variable, expected) = match need {
                Need::Ledger => (self.table.is_some(), TABLE, "the name of the ledger's table"),
                Need::Notices => (self.notice_topic.is_some(), NOTICE_TOPIC, "the ARN of the notice topic"),
                Need::Pages => (self.page_topic.is_some(), PAGE_TOPIC, "the ARN of the page topic"),
                Need::Timers => (self.timers.is_some(), TIMER_GROUP, "the name of the schedule group"),
                Need::Switch => {
                    (self.halt_parameter.is_some(), HALT_PARAMETER, "the name of the kill switch's parameter")
                }
            };
            if !there {
                return Err(SettingsError { variable, value: None, expected: expected.to_owned() });
            }
        }
        Ok(self)
    }
}

impl Settings {
    /// Whether something answers that knows no TLS, as emulators do.
    pub(crate) fn without_tls(&self) -> bool {
        self.endpoints.values().any(|url| url.starts_with("http:"))
    }
}

/// A setting that an operation cannot do without.
#[cfg(any(feature = "ledger", feature = "notices", feature = "pictures", feature = "timers", feature = "switches"))]
fn needed<'a, T>(setting: &'a Option<T>, operation: &str, variable: &str) -> Answer<&'a T> {
    let missing =
        || crate::fault::unreadable(operation, variable, format!("environment variable {variable} is not set"));
    setting.as_ref().ok_or_else(missing)
}

#[cfg(any(feature = "ledger", feature = "notices", feature = "pictures", feature = "timers", feature = "switches"))]
impl Settings {
    /// Whether emulators answer.
    #[cfg(any(feature = "ecr", feature = "pictures"))]
    pub(crate) fn emulated(&self) -> bool {
        !self.endpoints.is_empty()
    }

    #[cfg(feature = "ledger")]
    pub(crate) fn table(&self, operation: &str) -> Answer<&String> {
        needed(&self.table, operation, TABLE)
    }

    #[cfg(feature = "notices")]
    pub(crate) fn notice_topic(&self) -> Answer<&String> {
        needed(&self.notice_topic, "sns:Publish", NOTICE_TOPIC)
    }

    #[cfg(feature = "notices")]
    pub(crate) fn page_topic(&self) -> Answer<&String> {
        needed(&self.page_topic, "sns:Publish", PAGE_TOPIC)
    }

    #[cfg(feature = "pictures")]
    pub(crate) fn picture_bucket(&self, operation: &str) -> Answer<&String> {
        needed(&self.picture_bucket, operation, PICTURE_BUCKET)
    }

    #[cfg(feature = "timers")]
    pub(crate) fn timers(&self) -> Answer<&TimerSettings> {
        needed(&self.timers, "scheduler:CreateSchedule", TIMER_GROUP)
    }

    #[cfg(feature = "switches")]
    pub(crate) fn halt_parameter(&self, operation: &str) -> Answer<&String> {
        needed(&self.halt_parameter, operation, HALT_PARAMETER)
    }
}

fn timers(variables: &Variables) -> Result<Option<TimerSettings>, SettingsError> {
    if [TIMER_GROUP, TIMER_ROLE, TIMER_TARGET, TIMER_DLQ].iter().all(|name| variables.get(name).is_none()) {
        return Ok(None);
    }
    Ok(Some(TimerSettings {
        group: variables.required(TIMER_GROUP, "the name of the schedule group")?,
        role: variables.required(TIMER_ROLE, "the ARN of the role that Scheduler takes on")?,
        target: variables.required(TIMER_TARGET, "the ARN of the function that a timer wakes")?,
        watch_target: variables.get(WATCH_TARGET).map(ToOwned::to_owned),
        dead_letters: variables.required(TIMER_DLQ, "the ARN of the queue for timers that reached nobody")?,
    }))
}

/// Lambda sets them for the life of the process; they are not refreshed.
fn credentials(variables: &Variables) -> Result<Credentials, SettingsError> {
    let key = variables.required("AWS_ACCESS_KEY_ID", "an access key id; export credentials into the environment")?;
    let secret = variables.required("AWS_SECRET_ACCESS_KEY", "the secret of the access key")?;
    let mut builder = Credentials::builder().access_key_id(key).secret_access_key(secret).provider_name("environment");
    builder.set_session_token(variables.get("AWS_SESSION_TOKEN").map(ToOwned::to_owned));
    Ok(builder.build())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: [(&str, &str); 3] =
        [("AWS_REGION", "eu-west-1"), ("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", "hunter2")];

    fn variables(more: &[(&str, &str)]) -> Variables {
        Variables(BASE.iter().chain(more).map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
    }

    #[test]
    fn what_a_function_needs_is_missed_at_init_by_name() {
        let settings = Settings::read(&variables(&[(TABLE, "ledger")])).unwrap();
        let settings = settings.needing(&[Need::Ledger]).unwrap();
        let missing = settings.needing(&[Need::Ledger, Need::Pages]).unwrap_err();
        assert_eq!(
            missing.to_string(),
            "environment variable NIGHTSHIFT_PAGE_TOPIC is not set; expected the ARN of the page topic"
        );
    }

    #[test]
    fn the_timers_variables_come_together_or_not_at_all() {
        let half = Settings::read(&variables(&[(TIMER_GROUP, "night")])).unwrap_err();
        assert_eq!(half.variable, TIMER_ROLE);
        assert_eq!(Settings::read(&variables(&[])).unwrap().timers, None);
    }

    #[test]
    fn settings_never_show_the_secret() {
        let settings = Settings::read(&variables(&[("AWS_SESSION_TOKEN", "swordfish")])).unwrap();
        let shown = format!("{settings:?}");
        assert!(!shown.contains("hunter2") && !shown.contains("swordfish"), "{shown}");
    }
}
