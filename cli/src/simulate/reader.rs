//! Who reads what is told: a chat, a pager, and the notifier in front of them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use nightshift_core::notice::{Notice, Pager};
use nightshift_core::policy::Policy;
use nightshift_core::settings::Variables;
use nightshift_sim::Account;
use nightshift_sim::chat::Chat;
use notifier::joined::Joined;
use notifier::render::slack::line;
use serde_json::{Value, json};

const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:nightshift";

/// The notifier as it stands in a night.
pub type Notifier = notifier::Handler<Joined<Account, Chat>>;

/// A chat channel and a pager.
#[derive(Default)]
pub struct Reader {
    chat: Chat,
    /// Keys of pages that came when their incident was over: nobody is woken by them.
    late: BTreeSet<String>,
    over: BTreeSet<String>,
    /// Nobody reads: what is told is only counted.
    absent: bool,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("messages", &self.chat.messages().len()).finish_non_exhaustive()
    }
}

impl Reader {
    /// A channel in which nothing was said yet.
    pub fn new() -> Self {
        Self { chat: Chat::new("xoxb-local", &[("C0000000001", "#incidents")]), ..Self::default() }
    }

    /// Nobody.
    pub fn absent() -> Self {
        Self { absent: true, ..Self::default() }
    }

    /// The notifier in front of it. `None`: its settings are wrong.
    pub fn notifier(&self, account: &Account) -> Option<Notifier> {
        let secret = json!({"slack_bot_token": "xoxb-local", "pagerduty_routing_key": "R".repeat(32)});
        account.put_secret(SECRET, &secret.to_string());
        let set = [("NIGHTSHIFT_SECRET", SECRET), ("NIGHTSHIFT_SLACK_CHANNEL", "#incidents")];
        let variables = Variables(set.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
        let world = Joined { account: account.clone(), outside: self.chat.clone() };
        Some(notifier::Handler::new(world, notifier::Config::read(&variables).ok()?, Policy::default()))
    }

    /// Notes what arrives at one moment, to know later which page came too late to wake
    /// anybody: that its incident is over may be read before it, whichever was sent first.
    pub fn expects(&mut self, notices: &[&Notice]) {
        let pagers = || notices.iter().filter_map(|notice| notice.pager.as_ref());
        let keys = pagers().filter_map(|pager| if let Pager::Resolve { keys } = pager { Some(keys) } else { None });
        self.over.extend(keys.flatten().cloned());
        let rings = pagers().filter_map(|pager| if let Pager::Trigger { key } = pager { Some(key) } else { None });
        self.late.extend(rings.filter(|key| self.over.contains(*key)).cloned());
    }

    /// What the chat lacks of these notices of one incident.
    pub fn lacks(&self, notices: &BTreeMap<u32, &Notice>) -> Option<String> {
        let (last, newest) = notices.last_key_value().filter(|_| !self.absent)?;
        let roots = self.chat.roots();
        let texts: Vec<Vec<String>> = roots.iter().map(|root| self.chat.thread(&root.ts)).collect();
        let wanted: Vec<String> = notices.values().map(|notice| line(notice)).collect();
        let has = |lines: &Vec<String>, said: &String| lines.iter().any(|line| line == said);
        let whole = roots.iter().zip(&texts).any(|(root, lines)| {
            root.body["metadata"]["event_payload"]["sequence"] == json!(last)
                && wanted.iter().all(|said| has(lines, said))
        });
        (!whole).then(|| format!("the chat does not tell all of {}, up to {:?}", newest.incident, newest.kind))
    }

    /// What the pager lacks of this page.
    pub fn misses(&self, key: &str) -> Option<String> {
        match self.chat.alerts().get(key) {
            None if self.absent || self.late.contains(key) => None,
            None => Some(format!("the pager never got {key}")),
            Some(alert) if alert.open => Some(format!("nobody took {key} back")),
            Some(_) => None,
        }
    }

    /// So many messages stand in the channel by themselves.
    pub fn messages(&self) -> usize {
        self.chat.roots().len()
    }
}

/// A notice as its topic hands it to the notifier.
pub fn by_topic(notice: &Notice, at: Timestamp) -> Value {
    let message = serde_json::to_string(notice).unwrap_or_default();
    json!({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": message, "Timestamp": at.to_string()}}]})
}
