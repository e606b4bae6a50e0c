//! Answers of AWS that are written down beforehand, for tests.

use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;

/// Gives these answers in order, and panics when there is none left.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    answers: Arc<Mutex<Vec<(u16, &'static str)>>>,
    asked: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Script {
    /// Status and body of each answer.
    pub(crate) fn of(answers: &[(u16, &'static str)]) -> Self {
        Self { answers: Arc::new(Mutex::new(answers.iter().rev().copied().collect())), asked: Arc::default() }
    }

    /// So many were not asked for.
    pub(crate) fn left(&self) -> usize {
        self.answers.lock().unwrap().len()
    }

    /// The bodies of what was asked for, in order.
    pub(crate) fn asked(&self) -> Vec<Vec<u8>> {
        self.asked.lock().unwrap().clone()
    }
}

impl HttpConnector for Script {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.asked.lock().unwrap().push(request.body().bytes().unwrap_or_default().to_owned());
        let (status, body) = self.answers.lock().unwrap().pop().unwrap();
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body))))
    }
}

impl HttpClient for Script {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
