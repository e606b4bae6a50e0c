//! The conformance suites on the simulated account.

use nightshift_conformance::{chat::chat, ledger::ledger};
use nightshift_sim::scenario::builtin;
use nightshift_sim::{Account, poll_once};

fn account() -> Account {
    Account::new(builtin("bad-release").unwrap().unwrap())
}

#[test]
fn the_simulated_ledger_is_as_every_ledger_must_be() {
    let account = account();
    assert_eq!(poll_once(ledger(&account, "conform", account.now())), Some(Ok(())));
}

#[test]
fn the_simulated_chat_record_is_as_it_must_be() {
    assert_eq!(poll_once(chat(&account(), "conform")), Some(Ok(())));
}
