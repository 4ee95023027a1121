#![doc = include_str!("../README.md")]
//! The modules, in reading order: what a user writes ([`step`], [`workflow`]), what happens to it
//! ([`ending`], [`policy`], the attempt loop), where it is kept (journal, history, tables), and the
//! processes around it ([`worker`], [`client`], [`reconciler`]).
//!
//! Nothing in here knows what a video is, and only `restate/`, and `testing/` where it starts a
//! server, know that Restate exists.

pub mod secret;
pub mod step;
pub mod workflow;

pub mod ending;
pub mod policy;

mod attempts;
mod context;
mod controls;
mod journal;
mod story;

pub mod event;
pub mod events;
pub mod history;
pub mod limits;
pub mod metrics;
pub mod operations;
pub mod outcomes;
pub mod prune;
pub mod registry;
pub mod replay;
pub mod runs;
pub mod schedules;
pub mod tables;
pub mod waits;

pub mod client;
pub mod reconciler;
mod restate;
pub mod worker;

pub mod testing;

mod error;
mod migrations;

pub use client::Client;
pub use context::WorkflowContext;
pub use ending::{Failure, FailureKind, StepError};
pub use error::EngineError;
pub use events::{NewEvent, SentEvent, Trigger};
pub use migrations::{migrate, pending_migrations};
pub use operations::{Actor, Operations};
pub use policy::{OnExhausted, Policy};
pub use registry::Registry;
pub use step::{Asked, Step, StepContext};
pub use worker::{RestateUrls, Worker};
pub use workflow::Workflow;
