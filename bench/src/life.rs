//! One process from its start to its end: init, events, and what they took.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};
use tokio::sync::oneshot;

use crate::authority::Authority;
use crate::book::Book;
use crate::cloud::Cloud;
use crate::event;
use crate::runtime_api::{Answer, News, RuntimeApi};
use crate::share::Share;
use crate::usage::Usage;
use crate::variant::Variant;

/// Nobody takes so long who comes to an end at all: at the share of 128 MB Python has a
/// cold start of seconds.
const PATIENCE: Duration = Duration::from_secs(60);
/// So much of what a process says is shown if it goes wrong.
const SAID: usize = 16 * 1024;

/// Where a process lives.
#[derive(Debug)]
pub struct World {
    /// Hands out the events.
    pub api: RuntimeApi,
    /// Answers the calls.
    pub cloud: Cloud,
    /// Is trusted.
    pub authority: Authority,
}

/// Why a process was of no use.
#[derive(Debug, thiserror::Error)]
pub enum Died {
    /// It could not be started.
    #[error("{name} cannot be started")]
    Start {
        /// Which variant.
        name: String,
        /// Why.
        source: std::io::Error,
    },
    /// It ended, or did nothing any more.
    #[error("{name} {what}; it said:\n{said}")]
    Useless {
        /// Which variant.
        name: String,
        /// What happened.
        what: String,
        /// What it had said by then.
        said: String,
    },
}

/// A process that waits for an event.
#[derive(Debug)]
pub struct Life {
    name: String,
    child: Child,
    said: Arc<Mutex<Vec<u8>>>,
    spawned: Instant,
    give: Option<oneshot::Sender<Value>>,
    /// From the start to the first time it asked for an event.
    pub init: Duration,
    /// Connections of its init.
    pub init_book: Book,
}

/// One event, from the hand to the answer.
#[derive(Debug)]
pub struct Event {
    /// When it was given, since the process was started.
    pub given: Duration,
    /// From being given to its answer.
    pub took: Duration,
    /// From being given to the remedy's request; `None` if no remedy was taken.
    pub to_remedy: Option<Duration>,
    /// From being given to the answer to the remedy's request.
    pub to_remedy_done: Option<Duration>,
    /// When it was given.
    pub at: Instant,
    /// What was asked of AWS meanwhile.
    pub book: Book,
    /// What the function answered.
    pub answer: Answer,
}

impl Life {
    /// Starts a variant and waits until its init is over; `share` is its CPU from then on.
    ///
    /// # Errors
    /// If it does not get so far.
    pub async fn start(world: &mut World, variant: &Variant, share: Option<&Share>) -> Result<Self, Died> {
        world.api.forget();
        world.cloud.begin(Timestamp::now());
        let failed = |source| Died::Start { name: variant.name.clone(), source };
        if let Some(share) = share {
            share.open().map_err(failed)?;
        }
        let (program, arguments) =
            variant.command.split_first().ok_or_else(|| failed(std::io::Error::other("no command")))?;
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&variant.folder).env_clear().envs(environment(world, variant));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let spawned = Instant::now();
        let mut child = command.spawn().map_err(failed)?;
        if let (Some(share), Some(id)) = (share, child.id()) {
            share.take(id).map_err(failed)?;
        }
        let said = Arc::default();
        keep(child.stdout.take(), &said);
        keep(child.stderr.take(), &said);
        let mut life = Self {
            name: variant.name.clone(),
            child,
            said,
            spawned,
            give: None,
            init: Duration::ZERO,
            init_book: Book::default(),
        };
        life.init = life.asked(world).await?.duration_since(spawned);
        life.init_book = world.cloud.taken();
        if let Some(share) = share {
            share.close().map_err(failed)?;
        }
        Ok(life)
    }

    /// Gives it a fresh event and waits for the answer and for its asking for the next.
    ///
    /// # Errors
    /// If it dies, or does not answer.
    pub async fn event(&mut self, world: &mut World) -> Result<Event, Died> {
        let now = Timestamp::now();
        let event = event::fresh(now).map_err(|error| self.useless(error.to_string()))?;
        world.cloud.begin(now);
        let Some(give) = self.give.take() else { return Err(self.useless("does not ask for events".into())) };
        let at = Instant::now();
        if give.send(event).is_err() {
            return Err(self.useless("hung up".into()));
        }
        let (answered, answer) = self.answered(world).await?;
        let book = world.cloud.taken();
        self.asked(world).await?;
        let remedy = book.remedy();
        Ok(Event {
            given: at.duration_since(self.spawned),
            took: answered.duration_since(at),
            to_remedy: remedy.map(|call| call.begun.duration_since(at)),
            to_remedy_done: remedy.map(|call| call.ended.duration_since(at)),
            at,
            book,
            answer,
        })
    }

    /// What it has used so far.
    ///
    /// # Errors
    /// If it is gone.
    pub fn usage(&self) -> Result<Usage, Died> {
        let process = self.child.id().ok_or_else(|| self.useless("is gone".into()))?;
        Usage::of(process).map_err(|error| self.useless(error.to_string()))
    }

    /// Ends it.
    pub async fn end(mut self) {
        // It may be gone already.
        let _ = self.child.kill().await;
    }

    async fn asked(&mut self, world: &mut World) -> Result<Instant, Died> {
        match self.news(world).await? {
            News::Asks(at, give) => {
                self.give = Some(give);
                Ok(at)
            }
            News::Failed(says) => Err(self.useless(format!("could not begin: {says}"))),
            News::Answered(..) => Err(self.useless("answered an event that it was not given".into())),
        }
    }

    async fn answered(&mut self, world: &mut World) -> Result<(Instant, Answer), Died> {
        match self.news(world).await? {
            News::Answered(at, answer) => Ok((at, answer)),
            other => Err(self.useless(format!("did not answer the event: {other:?}"))),
        }
    }

    async fn news(&mut self, world: &mut World) -> Result<News, Died> {
        tokio::select! {
            news = world.api.news() => news.ok_or_else(|| self.useless("has no Runtime API".into())),
            status = self.child.wait() => {
                let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
                Err(self.useless(format!("ended ({status})")))
            }
            () = tokio::time::sleep(PATIENCE) => Err(self.useless(format!("did nothing for {PATIENCE:?}"))),
        }
    }

    fn useless(&self, what: String) -> Died {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        Died::Useless { name: self.name.clone(), what, said: String::from_utf8_lossy(&said).into_owned() }
    }
}

/// Keeps the end of what it says, and lets it say it: a full pipe would stop it.
fn keep(pipe: Option<impl AsyncRead + Unpin + Send + 'static>, said: &Arc<Mutex<Vec<u8>>>) {
    let (Some(mut pipe), said) = (pipe, Arc::clone(said)) else { return };
    tokio::spawn(async move {
        let mut buffer = [0; 8 * 1024];
        while let Ok(read @ 1..) = pipe.read(&mut buffer).await {
            let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
            said.extend_from_slice(buffer.get(..read).unwrap_or_default());
            let surplus = said.len().saturating_sub(SAID);
            said.drain(..surplus);
        }
    });
}

/// What a function finds in its environment, and nothing of ours.
fn environment(world: &World, variant: &Variant) -> BTreeMap<String, String> {
    let file = |path: &Path| path.display().to_string();
    let Authority { alone, among_others, .. } = &world.authority;
    let lambda = [
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ("LANG", "en_US.UTF-8"),
        ("TZ", ":UTC"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_DEFAULT_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "ASIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        ("AWS_SESSION_TOKEN", "canned"),
        ("AWS_LAMBDA_FUNCTION_NAME", "nightshift-alarm-responder"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/nightshift-alarm-responder"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
        ("NIGHTSHIFT_STACK", "nightshift"),
        ("NIGHTSHIFT_ACCOUNT", "123456789012"),
        ("NIGHTSHIFT_TABLE", crate::ledger::TABLE),
        ("NIGHTSHIFT_NOTICE_TOPIC", "arn:aws:sns:eu-west-1:123456789012:nightshift-notices"),
        ("NIGHTSHIFT_PAGE_TOPIC", "arn:aws:sns:eu-west-1:123456789012:nightshift-pages"),
        ("NIGHTSHIFT_TIMER_GROUP", "nightshift-timers"),
        ("NIGHTSHIFT_TIMER_ROLE", "arn:aws:iam::123456789012:role/nightshift-timer"),
        ("NIGHTSHIFT_TIMER_TARGET", "arn:aws:lambda:eu-west-1:123456789012:function:nightshift-remedy-verifier:live"),
        ("NIGHTSHIFT_TIMER_DLQ", "arn:aws:sqs:eu-west-1:123456789012:nightshift-timer-dlq"),
        ("NIGHTSHIFT_HALT_PARAMETER", "/nightshift/halt"),
        ("NIGHTSHIFT_DEFAULT_MODE", "observe"),
    ];
    let mut all: BTreeMap<String, String> =
        lambda.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    all.insert("AWS_LAMBDA_RUNTIME_API".into(), world.api.address().to_owned());
    all.insert("SSL_CERT_FILE".into(), file(among_others));
    all.insert("AWS_CA_BUNDLE".into(), file(among_others));
    all.insert("REQUESTS_CA_BUNDLE".into(), file(among_others));
    // Node has the others built in.
    all.insert("NODE_EXTRA_CA_CERTS".into(), file(alone));
    all.extend(world.cloud.endpoints().clone());
    all.extend(variant.environment.clone());
    all
}
