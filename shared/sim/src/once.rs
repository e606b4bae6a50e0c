//! Running a handler on the account: its futures never wait, so one poll is a
//! whole run, or a run that was killed.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use crate::account::Account;

/// Polls `future` once and drops it. `None`: it stood at a call that was told
/// never to complete; its process is dead.
pub fn poll_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// Lets another future go first, once.
pub(crate) async fn yield_once() {
    let mut went = false;
    poll_fn(move |_| if std::mem::replace(&mut went, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}

/// Polls the futures until all are done, each time the one that `pick` names
/// among those left: `pick(left)` is below `left`. Gives what they gave, in
/// their order.
pub fn poll_in_turn<'a, T>(
    futures: Vec<Pin<Box<dyn Future<Output = T> + 'a>>>,
    mut pick: impl FnMut(usize) -> usize,
) -> Vec<T> {
    let mut left: Vec<_> = futures.into_iter().enumerate().collect();
    let mut done = Vec::new();
    let mut context = Context::from_waker(Waker::noop());
    while !left.is_empty() {
        let next = pick(left.len()).min(left.len() - 1);
        if let Poll::Ready(output) = left[next].1.as_mut().poll(&mut context) {
            done.push((left.remove(next).0, output));
        }
    }
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, output)| output).collect()
}

/// The same on an account in which a process may die: whoever stands at a call that
/// never completes is dropped, which is `None`, and the others go on.
pub fn poll_until_dead<'a, T>(
    account: &Account,
    futures: Vec<Pin<Box<dyn Future<Output = T> + 'a>>>,
    mut pick: impl FnMut(usize) -> usize,
) -> Vec<Option<T>> {
    let mut left: Vec<_> = futures.into_iter().enumerate().collect();
    let mut done = Vec::new();
    let mut context = Context::from_waker(Waker::noop());
    while !left.is_empty() {
        let next = pick(left.len()).min(left.len() - 1);
        match left[next].1.as_mut().poll(&mut context) {
            Poll::Ready(output) => done.push((left.remove(next).0, Some(output))),
            Poll::Pending if account.stopped() => done.push((left.remove(next).0, None)),
            Poll::Pending => {}
        }
    }
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, output)| output).collect()
}
