//! What infrastructure tells about the stack itself.

use nightshift_core::alarm::AlarmSignal;
use nightshift_core::drill;
use nightshift_core::ids::ServiceRef;
use nightshift_core::mode::Mode;
use nightshift_core::refusal::Refusal;
use nightshift_core::settings::{SettingsError, Variables};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a stack is. What lies elsewhere it can neither see nor change: its
/// calls name clusters and services, not ARNs, and would reach a namesake here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Home {
    /// Twelve digits.
    pub account: String,
    /// For example `eu-west-1`.
    pub region: String,
}

impl Home {
    /// Refuses what is not of this account and region.
    pub fn elsewhere(&self, account: &str, region: &str) -> Option<Refusal> {
        if account != self.account {
            return Some(Refusal::AnotherAccounts { account: account.to_owned() });
        }
        (region != self.region).then(|| Refusal::AnotherRegions { region: region.to_owned() })
    }

    /// The same for a service.
    pub fn not_here(&self, service: &ServiceRef) -> Option<Refusal> {
        self.elsewhere(&service.account, &service.region)
    }
}

/// The functions that may change a service.
const FUNCTIONS_THAT_ACT: [&str; 3] = ["alarm-responder", "deployment-guard", "remedy-verifier"];

/// The stack that a function belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stack {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub home: Home,
    /// The mode of services that carry no tag.
    pub default_mode: Mode,
    /// The one service a drill may act on.
    pub drill_service: Option<String>,
}

impl Stack {
    /// Whether the alarm watches this stack itself.
    pub fn own_alarm(&self, name: &str) -> bool {
        name.strip_prefix(self.name.as_str()).is_some_and(|rest| rest.starts_with("-self-"))
    }

    /// Whether it is the alarm by which this stack tries itself out. The name is
    /// made from the stack's: nothing that an event says of itself makes a drill.
    pub fn drill_alarm(&self, signal: &AlarmSignal) -> bool {
        signal.name == drill::alarm_of(&self.name) && self.home.elsewhere(&signal.account, &signal.region).is_none()
    }

    /// Whether the principal `ROLE/SESSION` is one of this stack's functions:
    /// Lambda calls the session of a function's role by the function's name.
    pub fn own_session(&self, principal: &str) -> bool {
        let session = principal.split_once('/').map(|(_, session)| session);
        let function = session.and_then(|session| session.strip_prefix(self.name.as_str())?.strip_prefix('-'));
        function.is_some_and(|function| FUNCTIONS_THAT_ACT.contains(&function))
    }

    /// Reads `NIGHTSHIFT_STACK`, `NIGHTSHIFT_ACCOUNT`, `AWS_REGION`,
    /// `NIGHTSHIFT_DEFAULT_MODE` and `NIGHTSHIFT_DRILL_SERVICE`.
    ///
    /// # Errors
    /// The first variable that is missing or wrong.
    pub fn read(variables: &Variables) -> Result<Self, SettingsError> {
        Ok(Self {
            name: variables.required("NIGHTSHIFT_STACK", "the stack's name")?,
            home: Home {
                account: variables.required("NIGHTSHIFT_ACCOUNT", "the stack's account, twelve digits")?,
                region: variables.required("AWS_REGION", "a region like eu-west-1")?,
            },
            default_mode: variables.parsed("NIGHTSHIFT_DEFAULT_MODE", Mode::Observe)?,
            drill_service: variables.get("NIGHTSHIFT_DRILL_SERVICE").map(ToOwned::to_owned),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> Home {
        Home { account: "123456789012".into(), region: "eu-west-1".into() }
    }

    #[test]
    fn a_stack_is_read_from_its_environment() {
        let set = [
            ("NIGHTSHIFT_STACK", "nightshift"),
            ("NIGHTSHIFT_ACCOUNT", "123456789012"),
            ("AWS_REGION", "eu-west-1"),
            ("NIGHTSHIFT_DRILL_SERVICE", "drill/web"),
        ];
        let variables = |set: &[(&str, &str)]| {
            Variables(set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
        };
        let read = Stack::read(&variables(&set)).unwrap();
        let drill_service = Some("drill/web".to_owned());
        let expect = Stack { name: "nightshift".into(), home: home(), default_mode: Mode::Observe, drill_service };
        assert_eq!(read, expect);
        assert!(read.own_alarm("nightshift-self-alarm-responder-errors"));
        assert!(!read.own_alarm("nightshift-checkout-5xx"), "a team may call its stack like its services");
        assert!(read.own_session("nightshift-DeploymentGuardRole-1AB/nightshift-deployment-guard"));
        assert!(!read.own_session("ci/nightshift-web"));
        assert!(!read.own_session("nightshift-deployment-guard"), "a user of that name is somebody else");
        let homeless = Stack::read(&variables(&set[..1])).unwrap_err();
        assert_eq!(homeless.variable, "NIGHTSHIFT_ACCOUNT");
    }

    #[test]
    fn what_is_elsewhere_is_refused_by_account_and_then_by_region() {
        let check = |account: &str, region: &str| home().elsewhere(account, region).map(|refusal| refusal.name());
        assert_eq!(check("123456789012", "eu-west-1"), None);
        assert_eq!(check("123456789012", "us-east-1").as_deref(), Some("AnotherRegions"));
        assert_eq!(check("210987654321", "eu-west-1").as_deref(), Some("AnotherAccounts"));
        assert_eq!(check("210987654321", "us-east-1").as_deref(), Some("AnotherAccounts"));
    }
}
