//! Running steps and workflows in tests: in memory with skipped time and crashes at will
//! ([`Lab`]), and the suite that every step passes ([`suite`]).

mod lab;
pub mod suite;

pub use crate::history::MemoryHistory;
pub use crate::journal::{CrashPoint, Side};
pub use lab::{Lab, LabError};
