//! Incidents: the pure rules of their life, and [`carry_out`], the one place
//! that knows in which order a decision becomes real.
//!
//! Rules are functions of what was observed, the policy and the moment; they
//! give a [`plan::Plan`], a value that can be printed, stored and *not*
//! carried out. Whoever wants to know why something was or was not done reads
//! [`decide`](mod@decide) and [`guardrails`]; whoever wants to know what happens after a
//! crash reads [`carry_out`](mod@carry_out) and [`resume`](mod@resume).

pub mod scene;
pub mod stack;

pub mod about;
pub mod again;
pub mod answer;
pub mod course;
pub mod decide;
pub mod deployment;
pub mod fitting;
pub mod flapping;
pub mod fleet;
pub mod guardrails;
pub mod preflight;
pub mod resume;
pub mod rollbacks;
pub mod severity;
pub mod spread;
pub mod stuck;
pub mod target;

pub mod end;
pub mod intent;
pub mod life;
pub mod links;
pub mod more;
pub mod paging;
pub mod rating;
pub mod refusals;
pub mod wording;
pub mod words_of_release;

pub mod carry_out;
pub mod counted;
mod last_look;
mod outbox;
pub mod plan;
pub mod respond;
pub mod self_drill;
