//! The engine's own tables, one file each. History and search, and what people and other systems told
//! the runs; what is running is Restate's to say.

pub mod engine_events;
pub mod holds;
pub mod limits;
pub mod operations;
pub mod permits;
pub mod run_entries;
pub mod run_tags;
pub mod runs;
pub mod schedules;
pub mod step_attempts;
pub mod waits;

mod rows;

pub(crate) use rows::storable;
pub use rows::{AttemptRow, EntryRow, RunRow, TagRow};
pub use run_entries::EntryKind;
pub use runs::RunStatus;
pub use schedules::Missed;
pub use waits::WaitKind;
