//! Connections are opened while the function starts.
//!
//! At its start a function has a whole processor, and afterwards the share that its
//! memory buys: at 128 MB fourteen times less. A TLS handshake and the first run of a
//! client's code are worth doing then, and a first event finds a warm function. What is
//! sent is `GET /`, unsigned and empty, in the place of a request that went through all of
//! the client: it asks for nothing, needs no permission, and counts against no quota of an
//! operation. Whatever the answer is, the connection stays open. If none comes within a
//! second, the first event opens its own.

use std::time::Duration;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;

use nightshift_core::tally::Tallied;

use crate::client::Account;

/// The function starts with or without them.
const LONGEST: Duration = Duration::from_secs(1);

/// An endpoint of AWS, as a function knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Endpoint {
    #[cfg(feature = "alarms")]
    CloudWatch,
    #[cfg(feature = "ecs")]
    Ecs,
    #[cfg(feature = "ecr")]
    Ecr,
    #[cfg(feature = "ledger")]
    DynamoDb,
    #[cfg(feature = "notices")]
    Sns,
    #[cfg(feature = "scaling")]
    Autoscaling,
    #[cfg(feature = "stacks")]
    CloudFormation,
    #[cfg(feature = "switches")]
    Ssm,
    #[cfg(feature = "targets")]
    LoadBalancing,
    #[cfg(feature = "timers")]
    Scheduler,
}

/// So many calls at once are made of each by whoever looks at a service and rolls it back.
const AT_ONCE: &[(Endpoint, usize)] = &[
    #[cfg(feature = "ledger")]
    (Endpoint::DynamoDb, 3),
    #[cfg(feature = "ecs")]
    (Endpoint::Ecs, 4),
    #[cfg(feature = "alarms")]
    (Endpoint::CloudWatch, 4),
    #[cfg(feature = "targets")]
    (Endpoint::LoadBalancing, 2),
    #[cfg(feature = "scaling")]
    (Endpoint::Autoscaling, 1),
    #[cfg(feature = "ecr")]
    (Endpoint::Ecr, 1),
    #[cfg(feature = "stacks")]
    (Endpoint::CloudFormation, 1),
    #[cfg(feature = "switches")]
    (Endpoint::Ssm, 1),
    #[cfg(feature = "timers")]
    (Endpoint::Scheduler, 1),
    #[cfg(feature = "notices")]
    (Endpoint::Sns, 1),
];

/// Nothing of the request leaves but where it would have gone.
#[derive(Debug)]
struct Blank;

impl Intercept for Blank {
    fn name(&self) -> &'static str {
        "Blank"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        let names: Vec<String> = request.headers().iter().map(|(name, _)| name.to_owned()).collect();
        for name in names {
            request.headers_mut().remove(name);
        }
        *request.body_mut() = SdkBody::empty();
        request.set_method("GET")?;
        let root = root(request.uri()).ok_or("the request goes nowhere")?.to_owned();
        request.set_uri(root)?;
        Ok(())
    }
}

/// `https://host:port/` of a URL.
fn root(url: &str) -> Option<&str> {
    let host = url.find("://")? + 3;
    let end = url[host..].find('/').map_or(url.len(), |slash| host + slash + 1);
    Some(&url[..end])
}

/// A call that is not made: only its connection is. One that the function makes anyway, so
/// that no other's code is linked for it, and one that would change nothing.
macro_rules! blank {
    ($call:expr) => {{
        // What is answered, or that nothing is, makes no difference.
        let _ = tokio::time::timeout(LONGEST, $call.customize().interceptor(Blank).send()).await;
    }};
}

impl Account {
    /// Opens as many connections as a decision needs at once, all at once. Emulators without
    /// TLS have nothing that is worth it.
    pub async fn prime(&self) {
        if self.settings.without_tls() {
            return;
        }
        let each = AT_ONCE.iter().flat_map(|(endpoint, times)| std::iter::repeat_n(*endpoint, *times));
        futures_util::future::join_all(each.map(|endpoint| Box::pin(self.connect(endpoint)))).await;
        // That it is answered without a signature is no denial, and nothing was called.
        drop(self.tally().take());
    }

    async fn connect(&self, endpoint: Endpoint) {
        match endpoint {
            #[cfg(feature = "alarms")]
            Endpoint::CloudWatch => blank!(self.cloudwatch.describe_alarms()),
            #[cfg(feature = "ecs")]
            Endpoint::Ecs => blank!(self.ecs.describe_services().services("-")),
            #[cfg(feature = "ecr")]
            Endpoint::Ecr => blank!(self.ecr.batch_get_image().repository_name("-")),
            #[cfg(feature = "ledger")]
            Endpoint::DynamoDb => blank!(self.dynamodb.query().table_name("-")),
            #[cfg(feature = "notices")]
            Endpoint::Sns => blank!(self.sns.publish().topic_arn("-").message("-")),
            #[cfg(feature = "scaling")]
            Endpoint::Autoscaling => blank!(self.scaling.describe_scalable_targets().service_namespace("ecs".into())),
            #[cfg(feature = "stacks")]
            Endpoint::CloudFormation => blank!(self.cloudformation.describe_stacks()),
            #[cfg(feature = "switches")]
            Endpoint::Ssm => blank!(self.ssm.get_parameter().name("-")),
            #[cfg(feature = "targets")]
            Endpoint::LoadBalancing => blank!(self.elb.describe_target_health().target_group_arn("-")),
            #[cfg(feature = "timers")]
            Endpoint::Scheduler => blank!(self.scheduler.create_schedule().name("-")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use aws_smithy_runtime_api::client::http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
    };
    use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};

    use super::*;

    /// Keeps what was sent, and denies it.
    #[derive(Clone, Debug, Default)]
    struct Wire(Arc<Mutex<Vec<String>>>);

    impl HttpConnector for Wire {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            let (headers, body) = (request.headers().len(), request.body().bytes().map(<[u8]>::len));
            self.0.lock().unwrap().push(format!("{} {} {headers} {body:?}", request.method(), request.uri()));
            HttpConnectorFuture::ready(Ok(HttpResponse::new(403.try_into().unwrap(), SdkBody::empty())))
        }
    }

    impl HttpClient for Wire {
        fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
            SharedHttpConnector::new(self.clone())
        }
    }

    #[test]
    #[cfg(feature = "switches")]
    fn nothing_of_a_request_leaves_but_where_it_goes() {
        let wire = Wire::default();
        let config = aws_sdk_ssm::Config::builder()
            .behavior_version(aws_sdk_ssm::config::BehaviorVersion::latest())
            .region(aws_sdk_ssm::config::Region::new("eu-west-1"))
            .credentials_provider(aws_sdk_ssm::config::Credentials::new("AKID", "hush", None, None, "test"))
            .http_client(wire.clone())
            .build();
        let client = aws_sdk_ssm::Client::from_conf(config);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async { blank!(client.get_parameter().name("/nightshift/halt")) });
        assert_eq!(*wire.0.lock().unwrap(), ["GET https://ssm.eu-west-1.amazonaws.com/ 0 Some(0)"]);
    }

    #[test]
    fn the_root_of_a_url_is_its_host() {
        assert_eq!(
            root("https://ecs.eu-west-1.amazonaws.com/schedules/a?b=c"),
            Some("https://ecs.eu-west-1.amazonaws.com/")
        );
        assert_eq!(root("https://localhost:4566"), Some("https://localhost:4566"));
        assert_eq!(root("nowhere"), None);
    }
}
