//! The world in Lambda: the AWS account, and the way out of it.

use nightshift_core::https::{HttpsAnswer, HttpsRequest};
use nightshift_core::ids::IncidentId;
use nightshift_core::ledger::{ChatThread, Versioned};
use nightshift_core::notice::Notice;
use nightshift_core::ports::{Answer, ChatLedger, Https, NoticeWrites, PictureWrites, SecretReads};
use nightshift_core::tally::{Tallied, Tally};

/// Two worlds that are one: what is kept and paged, and what goes out.
#[derive(Clone, Debug)]
pub struct Joined<A, H> {
    /// Ledger, secrets, pictures and topics.
    pub account: A,
    /// Receivers outside.
    pub outside: H,
}

impl<A: ChatLedger, H: Sync> ChatLedger for Joined<A, H> {
    fn thread(&self, incident: &IncidentId) -> impl Future<Output = Answer<Versioned<ChatThread>>> + Send {
        self.account.thread(incident)
    }

    fn keep_thread(
        &self,
        incident: &IncidentId,
        thread: &Versioned<ChatThread>,
    ) -> impl Future<Output = Answer<bool>> + Send {
        self.account.keep_thread(incident, thread)
    }
}

impl<A: Tallied, H: Sync> Tallied for Joined<A, H> {
    fn tally(&self) -> &Tally {
        self.account.tally()
    }
}

impl<A: SecretReads, H: Sync> SecretReads for Joined<A, H> {
    fn secret(&self, arn: &str) -> impl Future<Output = Answer<String>> + Send {
        self.account.secret(arn)
    }
}

impl<A: NoticeWrites, H: Sync> NoticeWrites for Joined<A, H> {
    fn publish(&self, notice: &Notice) -> impl Future<Output = Answer<()>> + Send {
        self.account.publish(notice)
    }

    fn page_plainly(&self, subject: &str, text: &str) -> impl Future<Output = Answer<()>> + Send {
        self.account.page_plainly(subject, text)
    }
}

impl<A: PictureWrites, H: Sync> PictureWrites for Joined<A, H> {
    fn keep_picture(&self, name: &str, png: &[u8]) -> impl Future<Output = Answer<String>> + Send {
        self.account.keep_picture(name, png)
    }
}

impl<A: Sync, H: Https> Https for Joined<A, H> {
    fn post(&self, request: &HttpsRequest) -> impl Future<Output = Answer<HttpsAnswer>> + Send {
        self.outside.post(request)
    }

    fn wait(&self, seconds: u64) -> impl Future<Output = ()> + Send {
        self.outside.wait(seconds)
    }
}
