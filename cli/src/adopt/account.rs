//! Where the service is: in the account that the environment names, or in a
//! simulated one.

use nightshift_core::fault::Fault;
use nightshift_core::ids::ServiceRef;
use nightshift_core::settings::Variables;
use nightshift_sim::scenario::ScenarioError;
use nightshift_sim::{Account as Simulated, Scenario, poll_once};

use super::{Adoption, Asked, Fleet, ObserveError, adopt, fleet};
use crate::switch::AccountError;

/// Services in several states of undress, for whoever has no account at hand.
const SAMPLE: &str = include_str!("../../scenarios/adopt.toml");

/// In which account.
#[derive(Clone, Debug)]
pub enum Place {
    /// In the one that these variables name.
    Real(Variables),
    /// In this one.
    Simulated {
        /// The account.
        account: Box<Simulated>,
        /// Its number.
        number: String,
        /// Its region.
        region: String,
    },
}

/// Why nothing can be said.
#[derive(Debug, thiserror::Error)]
pub enum AdoptError {
    /// The account does not answer.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The service is not to be seen.
    #[error(transparent)]
    Observe(#[from] ObserveError),
    /// The services are not to be seen.
    #[error("the services cannot be listed")]
    Services(#[source] Fault),
    /// The simulated account is wrong.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// The simulated account did not answer.
    #[error("the simulated account did not answer")]
    Interrupted,
}

impl Place {
    /// The simulated account of the demo, at the moment of its event.
    ///
    /// # Errors
    /// If the scenario is wrong.
    pub fn sample() -> Result<Self, AdoptError> {
        Ok(Self::of(Scenario::parse(SAMPLE)?))
    }

    /// A simulated account at the moment of its event.
    pub fn of(scenario: Scenario) -> Self {
        let (event, number, region) = (scenario.event, scenario.account.clone(), scenario.region.clone());
        let account = Simulated::new(scenario);
        account.advance_to(event);
        Self::Simulated { account: Box::new(account), number, region }
    }
}

/// One service.
///
/// # Errors
/// If the account does not answer, or the service is not there.
pub fn one(place: Place, cluster: &str, service: &str, asked: &Asked) -> Result<Adoption, AdoptError> {
    let named = |account: &str, region: &str| ServiceRef {
        account: account.to_owned(),
        region: region.to_owned(),
        cluster: cluster.to_owned(),
        service: service.to_owned(),
    };
    match place {
        Place::Simulated { account, number, region } => {
            let service = named(&number, &region);
            Ok(poll_once(adopt(&*account, &service, asked)).ok_or(AdoptError::Interrupted)??)
        }
        // The account's number is told by what it answers.
        Place::Real(variables) => real::one(variables, |region| named("", region), asked),
    }
}

/// All services.
///
/// # Errors
/// If the account does not answer.
pub fn all(place: Place, each: impl FnMut(usize, usize)) -> Result<Fleet, AdoptError> {
    match place {
        Place::Simulated { account, .. } => {
            poll_once(fleet(&*account, each)).ok_or(AdoptError::Interrupted)?.map_err(AdoptError::Services)
        }
        Place::Real(variables) => real::all(variables, each),
    }
}

#[cfg(not(feature = "account"))]
mod real {
    use super::{AccountError, AdoptError, Adoption, Asked, Fleet, ServiceRef, Variables};

    pub(super) fn one(_: Variables, _: impl FnOnce(&str) -> ServiceRef, _: &Asked) -> Result<Adoption, AdoptError> {
        Err(AccountError::NotInThisBuild.into())
    }

    pub(super) fn all(_: Variables, _: impl FnMut(usize, usize)) -> Result<Fleet, AdoptError> {
        Err(AccountError::NotInThisBuild.into())
    }
}

#[cfg(feature = "account")]
mod real {
    use nightshift_aws::{Account, Settings};

    use super::{AccountError, AdoptError, Adoption, Asked, Fleet, ServiceRef, Variables, adopt, fleet};

    pub(super) fn one(
        variables: Variables,
        named: impl FnOnce(&str) -> ServiceRef,
        asked: &Asked,
    ) -> Result<Adoption, AdoptError> {
        let account = Account::new(Settings::read(&variables).map_err(AccountError::from)?);
        let service = named(&account.settings().region);
        Ok(runtime()?.block_on(adopt(&account, &service, asked))?)
    }

    pub(super) fn all(variables: Variables, each: impl FnMut(usize, usize)) -> Result<Fleet, AdoptError> {
        let account = Account::new(Settings::read(&variables).map_err(AccountError::from)?);
        runtime()?.block_on(fleet(&account, each)).map_err(AdoptError::Services)
    }

    fn runtime() -> Result<tokio::runtime::Runtime, AdoptError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Ok(runtime.map_err(AccountError::from)?)
    }
}
