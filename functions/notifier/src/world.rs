//! A world for tests: the simulated chat, and a ledger, a secret and a page
//! topic that record. Every call is a place where another invocation can come
//! in between, or where this one can be killed.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use nightshift_core::fault::{Fault, FaultKind};
use nightshift_core::https::{HttpsAnswer, HttpsRequest};
use nightshift_core::ids::IncidentId;
use nightshift_core::ledger::{ChatThread, Versioned};
use nightshift_core::notice::Notice;
use nightshift_core::ports::{Answer, ChatLedger, Https, NoticeWrites, PictureWrites, SecretReads};
use nightshift_core::tally::{Counter, Family, Tallied, Tally};
use nightshift_sim::chat::Chat;

pub const TOKEN: &str = "xoxb-123-hush";
pub const ROUTING_KEY: &str = "R0123456789abcdef0123456789hushx";

#[derive(Default)]
pub struct State {
    pub threads: BTreeMap<IncidentId, Versioned<ChatThread>>,
    /// What Secrets Manager answers; `None`: it fails for now.
    pub secret: Option<String>,
    pub secret_reads: u32,
    pub pages: Vec<(String, String)>,
    pub ledger_down: bool,
    /// Each picture that was kept, by name; the same again is there again.
    pub pictures: Vec<(String, Vec<u8>)>,
    /// What keeps pictures from being kept.
    pub bucket_fails: Option<FaultKind>,
    /// Places passed so far.
    pub passed: u32,
    /// The invocation never gets past this place.
    pub killed_at: Option<u32>,
}

#[derive(Clone)]
pub struct Desk {
    pub chat: Chat,
    state: Arc<Mutex<State>>,
    tally: Tally,
}

impl Desk {
    /// A world whose secret holds this JSON.
    pub fn new(secret: &str) -> Self {
        let state = State { secret: Some(secret.to_owned()), ..State::default() };
        let chat = Chat::new(TOKEN, &[("C0INCIDENTS", "#incidents"), ("C0PAYMENTS", "#payments")]);
        Self { chat, state: Arc::new(Mutex::new(state)), tally: Tally::default() }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub fn thread_of(&self, notice: &Notice) -> ChatThread {
        self.state().threads.get(&notice.incident).map(|kept| kept.value.clone()).unwrap_or_default()
    }

    /// Lets others run once, or never goes on.
    async fn place(&self) {
        let killed = {
            let mut state = self.state();
            state.passed += 1;
            state.killed_at == Some(state.passed)
        };
        let mut waited = false;
        let pause = |_: &mut Context<'_>| {
            if waited && !killed {
                Poll::Ready(())
            } else {
                waited = true;
                Poll::Pending
            }
        };
        poll_fn(pause).await;
    }

    fn ledger(&self) -> Answer<MutexGuard<'_, State>> {
        let state = self.state();
        let down = || Fault::new("dynamodb:GetItem", "ledger", FaultKind::Transient, "timed out");
        if state.ledger_down { Err(down()) } else { Ok(state) }
    }
}

impl Tallied for Desk {
    fn tally(&self) -> &Tally {
        &self.tally
    }
}

impl ChatLedger for Desk {
    async fn thread(&self, incident: &IncidentId) -> Answer<Versioned<ChatThread>> {
        self.place().await;
        let none = Versioned { version: 0, value: ChatThread::default() };
        Ok(self.ledger()?.threads.get(incident).cloned().unwrap_or(none))
    }

    async fn keep_thread(&self, incident: &IncidentId, thread: &Versioned<ChatThread>) -> Answer<bool> {
        self.place().await;
        let kept = {
            let mut state = self.ledger()?;
            let at = state.threads.get(incident).map_or(0, |kept| kept.version);
            let fits = at == thread.version;
            if fits {
                let next = Versioned { version: at + 1, value: thread.value.clone() };
                state.threads.insert(incident.clone(), next);
            }
            fits
        };
        self.place().await;
        Ok(kept)
    }
}

impl Https for Desk {
    async fn post(&self, request: &HttpsRequest) -> Answer<HttpsAnswer> {
        self.place().await;
        let answer = self.chat.post(request).await;
        self.place().await;
        answer
    }

    async fn wait(&self, seconds: u64) {
        self.place().await;
        self.chat.wait(seconds).await;
    }
}

impl SecretReads for Desk {
    async fn secret(&self, arn: &str) -> Answer<String> {
        self.place().await;
        let mut state = self.state();
        state.secret_reads += 1;
        let failed = || Fault::new("secretsmanager:GetSecretValue", arn, FaultKind::Transient, "throttled");
        state.secret.clone().ok_or_else(failed)
    }
}

impl PictureWrites for Desk {
    async fn keep_picture(&self, name: &str, png: &[u8]) -> Answer<String> {
        self.place().await;
        if let Some(kind) = self.state().bucket_fails {
            return Err(Fault::new("s3:PutObject", name, kind, "AccessDenied"));
        }
        self.state().pictures.push((name.to_owned(), png.to_vec()));
        self.place().await;
        Ok(format!("https://night.s3.eu-west-1.amazonaws.com/{name}?X-Amz-Signature=hush"))
    }
}

impl NoticeWrites for Desk {
    async fn publish(&self, notice: &Notice) -> Answer<()> {
        Err(Fault::new("sns:Publish", notice.key(), FaultKind::Denied, "the notifier publishes no notices"))
    }

    async fn page_plainly(&self, subject: &str, text: &str) -> Answer<()> {
        self.place().await;
        self.state().pages.push((subject.to_owned(), text.to_owned()));
        self.tally.add(Counter::all(Family::PlainPage));
        self.place().await;
        Ok(())
    }
}

/// Runs to the end.
#[track_caller]
pub fn run<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    step(&mut future, 10_000).unwrap_or_else(|| panic!("it never ends"))
}

/// Runs for so long; what is not done by then is dropped by the caller.
pub fn step<T, F: Future<Output = T> + ?Sized>(future: &mut Pin<&mut F>, polls: u32) -> Option<T> {
    let mut context = Context::from_waker(Waker::noop());
    (0..polls).find_map(|_| match future.as_mut().poll(&mut context) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    })
}
