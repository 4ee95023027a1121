//! The only part that knows Restate.

pub(crate) mod admin;
pub(crate) mod binding;
pub(crate) mod diverging;
mod http;
pub(crate) mod ingress;
pub(crate) mod journal;
pub(crate) mod serve;
mod serving;
