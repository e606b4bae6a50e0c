//! The clients, built by hand from the environment.
//!
//! By hand because the SDK's own loader looks at profiles, instance metadata
//! and more that Lambda does not have, at a cost that every cold start pays;
//! and with ring for TLS because the default provider gathers its entropy for
//! some twenty milliseconds of CPU at the first connection.

use std::collections::BTreeMap;
#[cfg(feature = "codedeploy")]
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Builder, tls};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
#[cfg(any(feature = "codedeploy", feature = "ecs"))]
use nightshift_core::ids::ServiceRef;
#[cfg(any(feature = "codedeploy", feature = "ecs"))]
use nightshift_core::ports::Answer;
use nightshift_core::tally::{Tallied, Tally};

use crate::meter::Meter;
use crate::settings::Settings;

/// Overrides every service's endpoint; with `_ECS` and the like behind it, one
/// service's.
pub(crate) const ENDPOINT: &str = "AWS_ENDPOINT_URL";

/// First attempt included; the SDK backs off with jitter between them.
const ATTEMPTS: u32 = 5;
/// AWS answers these calls in tens of milliseconds: a connection that takes
/// longer is better tried again.
const CONNECT: Duration = Duration::from_secs(2);
const ATTEMPT: Duration = Duration::from_secs(6);
/// All attempts of one operation. A function has sixty seconds in all.
const OPERATION: Duration = Duration::from_secs(20);

/// An AWS account in one region: implements the ports of
/// `nightshift_core::ports`, each behind the Cargo feature of its service.
///
/// Cloning it is cheap; the clones share their connections.
#[derive(Clone, Debug)]
pub struct Account {
    pub(crate) settings: Settings,
    tally: Tally,
    #[cfg(feature = "alarms")]
    pub(crate) cloudwatch: aws_sdk_cloudwatch::Client,
    #[cfg(feature = "codedeploy")]
    pub(crate) codedeploy: Later<aws_sdk_codedeploy::Client>,
    #[cfg(feature = "costs")]
    pub(crate) costs: aws_sdk_costexplorer::Client,
    #[cfg(feature = "ecs")]
    pub(crate) ecs: aws_sdk_ecs::Client,
    #[cfg(feature = "ecr")]
    pub(crate) ecr: aws_sdk_ecr::Client,
    #[cfg(feature = "permissions")]
    pub(crate) iam: aws_sdk_iam::Client,
    #[cfg(feature = "events")]
    pub(crate) events: aws_sdk_eventbridge::Client,
    #[cfg(feature = "ledger")]
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
    #[cfg(feature = "logs")]
    pub(crate) logs: aws_sdk_cloudwatchlogs::Client,
    #[cfg(feature = "notices")]
    pub(crate) sns: aws_sdk_sns::Client,
    #[cfg(feature = "pictures")]
    pub(crate) s3: aws_sdk_s3::Client,
    #[cfg(feature = "scaling")]
    pub(crate) scaling: aws_sdk_applicationautoscaling::Client,
    #[cfg(feature = "secrets")]
    pub(crate) secrets: aws_sdk_secretsmanager::Client,
    #[cfg(feature = "stacks")]
    pub(crate) cloudformation: aws_sdk_cloudformation::Client,
    #[cfg(feature = "switches")]
    pub(crate) ssm: aws_sdk_ssm::Client,
    #[cfg(feature = "targets")]
    pub(crate) elb: aws_sdk_elasticloadbalancingv2::Client,
    #[cfg(feature = "timers")]
    pub(crate) scheduler: aws_sdk_scheduler::Client,
}

/// A client that few events need: each costs an init some two million instructions.
#[cfg(feature = "codedeploy")]
type Later<C> = Arc<LazyLock<C, Box<dyn FnOnce() -> C + Send>>>;

/// A client whose calls are measured.
macro_rules! client {
    ($sdk:ident, $config:ident, $meter:ident) => {{
        let config = $sdk::config::Builder::from(&$config).interceptor($meter.clone());
        $sdk::Client::from_conf(config.build())
    }};
}

impl Tallied for Account {
    fn tally(&self) -> &Tally {
        &self.tally
    }
}

impl Account {
    /// Builds the clients; no connection is made yet.
    pub fn new(settings: Settings) -> Self {
        let config = sdk_config(&settings);
        let tally = Tally::default();
        let meter = Meter(tally.clone());
        Self {
            #[cfg(feature = "alarms")]
            cloudwatch: client!(aws_sdk_cloudwatch, config, meter),
            #[cfg(feature = "codedeploy")]
            codedeploy: {
                let (config, meter) = (config.clone(), meter.clone());
                Arc::new(LazyLock::new(Box::new(move || client!(aws_sdk_codedeploy, config, meter))))
            },
            #[cfg(feature = "costs")]
            costs: {
                let config = at_costs(&settings, &config);
                client!(aws_sdk_costexplorer, config, meter)
            },
            #[cfg(feature = "ecs")]
            ecs: client!(aws_sdk_ecs, config, meter),
            #[cfg(feature = "ecr")]
            ecr: client!(aws_sdk_ecr, config, meter),
            #[cfg(feature = "permissions")]
            iam: client!(aws_sdk_iam, config, meter),
            #[cfg(feature = "events")]
            events: client!(aws_sdk_eventbridge, config, meter),
            #[cfg(feature = "ledger")]
            dynamodb: client!(aws_sdk_dynamodb, config, meter),
            #[cfg(feature = "logs")]
            logs: client!(aws_sdk_cloudwatchlogs, config, meter),
            #[cfg(feature = "notices")]
            sns: client!(aws_sdk_sns, config, meter),
            #[cfg(feature = "pictures")]
            s3: crate::pictures::client(&settings, &config, meter.clone()),
            #[cfg(feature = "scaling")]
            scaling: client!(aws_sdk_applicationautoscaling, config, meter),
            #[cfg(feature = "secrets")]
            secrets: client!(aws_sdk_secretsmanager, config, meter),
            #[cfg(feature = "stacks")]
            cloudformation: client!(aws_sdk_cloudformation, config, meter),
            #[cfg(feature = "switches")]
            ssm: client!(aws_sdk_ssm, config, meter),
            #[cfg(feature = "targets")]
            elb: client!(aws_sdk_elasticloadbalancingv2, config, meter),
            #[cfg(feature = "timers")]
            scheduler: client!(aws_sdk_scheduler, config, meter),
            settings,
            tally,
        }
    }

    /// What it was built from.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Calls name cluster and service, not ARNs: those of another region would
    /// reach a namesake here.
    #[cfg(any(feature = "codedeploy", feature = "ecs"))]
    pub(crate) fn is_here(&self, operation: &str, service: &ServiceRef) -> Answer<()> {
        let here = &self.settings.region;
        if service.region == *here {
            return Ok(());
        }
        Err(crate::fault::unreadable(
            operation,
            service.to_string(),
            format!("the service is in {}, this stack in {here}", service.region),
        ))
    }
}

fn sdk_config(settings: &Settings) -> SdkConfig {
    let http = Builder::new().tls_provider(tls::Provider::Rustls(CryptoMode::Ring)).build_https();
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(OPERATION)
        .build();
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(settings.region.clone()))
        .credentials_provider(SharedCredentialsProvider::new(settings.credentials.clone()))
        .http_client(http)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(timeouts)
        // An attempt ends with the last byte of its answer, and has its own limit of time.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .service_config(Endpoints(settings.endpoints.clone()));
    config.set_endpoint_url(settings.endpoints.get(ENDPOINT).cloned());
    config.build()
}

/// Cost Explorer adds up what may be years of a large account before it answers,
/// and each attempt is paid for.
#[cfg(feature = "costs")]
const ATTEMPT_AT_COSTS: Duration = Duration::from_secs(20);
#[cfg(feature = "costs")]
const OPERATION_AT_COSTS: Duration = Duration::from_secs(45);

/// Cost Explorer answers in one region of a partition, for all of them.
#[cfg(feature = "costs")]
fn at_costs(settings: &Settings, config: &SdkConfig) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT_AT_COSTS)
        .operation_timeout(OPERATION_AT_COSTS)
        .build();
    let region = if settings.region.starts_with("cn-") { "cn-northwest-1" } else { "us-east-1" };
    config.clone().into_builder().region(Region::new(region)).timeout_config(timeouts).build()
}

/// What a client asks for its own endpoint; without it a configuration built
/// by hand would know the common one alone.
#[derive(Debug)]
struct Endpoints(BTreeMap<String, String>);

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().to_uppercase().replace(' ', "_");
        self.0.get(&format!("{}_{service}", key.env())).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_may_have_an_endpoint_of_its_own() {
        let of_one = "AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2";
        let endpoints = Endpoints(BTreeMap::from([(of_one.to_owned(), "http://localhost:1".to_owned())]));
        let ask = |service| {
            let key = ServiceConfigKey::builder().service_id(service).env(ENDPOINT).profile("endpoint_url").build();
            endpoints.load_config(key.unwrap())
        };
        assert_eq!(ask("Elastic Load Balancing v2").as_deref(), Some("http://localhost:1"));
        assert_eq!(ask("ECS"), None);
    }

    #[test]
    #[cfg(feature = "costs")]
    fn costs_are_asked_for_in_the_one_region_that_knows_them() {
        let of = |region: &str| {
            let named = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            let variables = nightshift_core::settings::Variables(
                [named("AWS_REGION", region), named("AWS_ACCESS_KEY_ID", "AKIA"), named("AWS_SECRET_ACCESS_KEY", "x")]
                    .into(),
            );
            let account = Account::new(Settings::read(&variables).unwrap());
            account.costs.config().region().map(ToString::to_string)
        };
        assert_eq!(of("eu-west-1").as_deref(), Some("us-east-1"));
        assert_eq!(of("cn-north-1").as_deref(), Some("cn-northwest-1"));
    }
}
