//! Limits: how many attempts act at once for a key, and how many begin in a time, across workers.
//!
//! Who needs a permit draws a ticket; the first `at_once` tickets of a key may act, the others sleep
//! until it is their turn. The ticket is drawn for one attempt, and given back when that has ended or is
//! given up. A rate gives out slots, evenly spaced, each to one attempt; who gets one in the future
//! sleeps until then. Both are first come, first served.

mod line;
mod rate;
mod rules;

pub use line::{Place, places};
pub(crate) use line::{free_of_ended_runs, has_turn, leave, line_up, waiting_keys};
pub(crate) use rate::reserve_slot;
pub use rules::{LimitRule, Limits, Rate};
