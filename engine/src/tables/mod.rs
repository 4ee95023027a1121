//! The engine's own tables: `runs`, `run_tags`, `step_attempts`. History and search; what is running
//! is Restate's to say.

pub mod run_tags;
pub mod runs;
pub mod step_attempts;

mod rows;

pub(crate) use rows::storable;
pub use rows::{AttemptRow, RunRow, TagRow};
pub use runs::RunStatus;
