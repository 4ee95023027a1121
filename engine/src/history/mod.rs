//! History: where events go. One writer per process folds what arrives into batches and commits
//! each batch in one transaction (group commit), so that an acknowledged row costs little.

mod batch;
mod memory;
mod refusal;
mod writer;

use futures::future::BoxFuture;

use crate::error::EngineError;
use crate::event::Event;

pub use memory::MemoryHistory;
pub use writer::HistoryWriter;

/// Where events go.
pub trait History: Send + Sync {
    /// Keeps the event soon; it is lost if the process dies before that.
    fn note(&self, event: Event);

    /// Keeps the event, and comes back once it is committed, however long the database is away. For
    /// the start of an attempt the answer is how often that attempt has been begun by now, else 0.
    fn keep(&self, event: Event) -> BoxFuture<'static, Result<u32, EngineError>>;

    /// Comes back once everything that was noted before is committed.
    fn flush(&self) -> BoxFuture<'static, Result<(), EngineError>>;
}
