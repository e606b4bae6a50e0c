//! Why a service is unwell, and when it is well again.
//!
//! [`observe_beside`] looks, [`diagnose`] weighs, [`recovery`] checks what
//! came of a remedy. Only the first does I/O, and it only reads; the other two
//! are pure, so a stored view gives the same answer on every machine: weights
//! are integers, per cent come from a table ([`percent`]), and of floating
//! point only `+ − × ÷` and comparisons are used.
//!
//! Read in this order: `view` and `observe` (what is looked at), `trend`, `moved`,
//! `suspect`, `run`, `traffic` and `neighbours` (what a scene shows), `evidence`
//! (what speaks for what), `weights` (how much), `gate`, `causes` (the sum),
//! `recovery`.

mod observe;
mod signals;
mod view;

mod demand;
mod moved;
mod neighbours;
mod others;
mod run;
mod scene;
mod shifts;
mod suspect;
mod traffic;
mod trend;

mod causes;
mod evidence;
mod gate;
mod percent;
mod weights;
mod words;

mod recovery;

pub use causes::{diagnose, reconsider};
pub use demand::{has_grown, in_use};
pub use gate::Gate;
pub use observe::{Beside, LOOKBACK, Looked, ServiceWorld, observe_beside, observe_health};
pub use others::Other;
pub use percent::percent;
pub use recovery::{Recovery, deadline, recovery};
pub use view::ServiceView;
