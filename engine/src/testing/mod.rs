//! Running steps and workflows in tests: in memory with skipped time and crashes at will
//! ([`Lab`]), on a real Restate server ([`Stage`]), and the suite that every step passes
//! ([`suite`]).

mod alone;
mod lab;
mod server;
mod stage;
pub mod suite;

pub use crate::controls::MemoryControls;
pub use crate::history::MemoryHistory;
pub use crate::journal::{CrashPoint, Side};
pub use alone::Alone;
pub use lab::{Lab, LabError};
pub use server::RestateServer;
pub use stage::{Stage, StageError};
