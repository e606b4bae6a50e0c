//! AWS Systems Manager: the kill switch, one parameter.

use aws_sdk_ssm::operation::get_parameter::GetParameterError;
use aws_sdk_ssm::types::ParameterType;
use futures_util::FutureExt as _;
use nightshift_core::ports::{Answer, SwitchReads, SwitchWrites};

use crate::client::Account;
use crate::fault::fault;

const GET: &str = "ssm:GetParameter";
const PUT: &str = "ssm:PutParameter";

const RUNNING: &str = "running";
const HALTED: &str = "halted";

impl SwitchReads for Account {
    async fn halted(&self) -> Answer<bool> {
        let name = self.settings.halt_parameter(GET)?;
        match self.ssm.get_parameter().name(name).send().boxed().await {
            Ok(found) => Ok(says_halted(found.parameter().and_then(|parameter| parameter.value()))),
            // It is made by whoever halts first: a stack would set what it owns back.
            Err(error) if error.as_service_error().is_some_and(GetParameterError::is_parameter_not_found) => Ok(false),
            Err(error) => Err(fault(GET, name, &error)),
        }
    }
}

impl SwitchWrites for Account {
    async fn set_halted(&self, halted: bool) -> Answer<()> {
        let name = self.settings.halt_parameter(PUT)?;
        let value = if halted { HALTED } else { RUNNING };
        let request = self.ssm.put_parameter().name(name).value(value).r#type(ParameterType::String).overwrite(true);
        request.send().boxed().await.map(drop).map_err(|error| fault(PUT, name, &error))
    }
}

/// Only the one word says that remedies may run; whatever else somebody typed
/// in a hurry halts them.
fn says_halted(value: Option<&str>) -> bool {
    value.map(str::trim) != Some(RUNNING)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_running_runs() {
        assert!(!says_halted(Some("running")));
        assert!(!says_halted(Some("running\n")));
        assert!(says_halted(Some("halted")));
        assert!(says_halted(Some("STOP!!")));
        assert!(says_halted(Some("Running")));
        assert!(says_halted(None));
    }
}
