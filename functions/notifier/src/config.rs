//! What the stack says: environment variables, read once at init.

use nightshift_core::settings::{SettingsError, Variables};

/// Where the notifier finds its secret and its receivers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// `NIGHTSHIFT_SECRET`: ARN of the one secret; without it nobody but the
    /// topic's own subscribers is told.
    pub secret: Option<String>,
    /// `NIGHTSHIFT_SLACK_CHANNEL`: for teams that name no channel of their own.
    pub slack_channel: Option<String>,
    /// `NIGHTSHIFT_SLACK_URL`: where the Web API is, without a slash at the end.
    pub slack_url: String,
    /// `NIGHTSHIFT_PAGERDUTY_REGION`: where PagerDuty takes events; `NIGHTSHIFT_PAGERDUTY_URL`
    /// is for tests.
    pub pagerduty_url: String,
    /// `NIGHTSHIFT_PICTURE_BUCKET` names a bucket; without one what goes through
    /// Slack's web hook has no picture.
    pub keeps_pictures: bool,
}

impl Config {
    /// Reads the environment.
    ///
    /// # Errors
    /// If a URL is none; a base URL that cannot be used must fail at init and
    /// not with the first incident.
    pub fn read(variables: &Variables) -> Result<Self, SettingsError> {
        Ok(Self {
            secret: variables.get("NIGHTSHIFT_SECRET").map(ToOwned::to_owned),
            slack_channel: variables.get("NIGHTSHIFT_SLACK_CHANNEL").map(ToOwned::to_owned),
            slack_url: base(variables, "NIGHTSHIFT_SLACK_URL", "https://slack.com/api")?,
            pagerduty_url: base(variables, "NIGHTSHIFT_PAGERDUTY_URL", pagerduty(variables)?)?,
            keeps_pictures: variables.get("NIGHTSHIFT_PICTURE_BUCKET").is_some(),
        })
    }
}

fn pagerduty(variables: &Variables) -> Result<&'static str, SettingsError> {
    const VARIABLE: &str = "NIGHTSHIFT_PAGERDUTY_REGION";
    match variables.get(VARIABLE) {
        None | Some("us") => Ok("https://events.pagerduty.com"),
        Some("eu") => Ok("https://events.eu.pagerduty.com"),
        Some(other) => {
            Err(SettingsError { variable: VARIABLE, value: Some(other.to_owned()), expected: "us or eu".into() })
        }
    }
}

fn base(variables: &Variables, variable: &'static str, default: &str) -> Result<String, SettingsError> {
    let url = variables.get(variable).unwrap_or(default).trim_end_matches('/');
    if url.starts_with("https://") || url.starts_with("http://") {
        return Ok(url.to_owned());
    }
    Err(SettingsError { variable, value: Some(url.to_owned()), expected: "a URL like https://host".into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Config, SettingsError> {
        Config::read(&Variables(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()))
    }

    #[test]
    fn pagerdutys_region_is_one_of_two() {
        let url = |region| read(&[("NIGHTSHIFT_PAGERDUTY_REGION", region)]).map(|config| config.pagerduty_url);
        assert_eq!(url("us").unwrap(), "https://events.pagerduty.com");
        assert_eq!(url("eu").unwrap(), "https://events.eu.pagerduty.com");
        assert!(url("ap").unwrap_err().to_string().contains("expected us or eu"));
    }

    #[test]
    fn an_empty_environment_tells_nobody_and_knows_the_public_addresses() {
        let config =
            read(&[("NIGHTSHIFT_SECRET", ""), ("NIGHTSHIFT_SLACK_CHANNEL", ""), ("NIGHTSHIFT_PICTURE_BUCKET", "")]);
        let config = config.unwrap();
        assert_eq!((config.secret, config.slack_channel, config.keeps_pictures), (None, None, false));
        assert_eq!(config.slack_url, "https://slack.com/api");
        assert_eq!(config.pagerduty_url, "https://events.pagerduty.com");
    }

    #[test]
    fn a_base_url_that_is_none_fails_at_init() {
        let error = read(&[("NIGHTSHIFT_SLACK_URL", "slack.com")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "environment variable NIGHTSHIFT_SLACK_URL is \"slack.com\"; expected a URL like https://host"
        );
        assert_eq!(
            read(&[("NIGHTSHIFT_SLACK_URL", "http://127.0.0.1:8/api/")]).unwrap().slack_url,
            "http://127.0.0.1:8/api"
        );
    }
}
