//! One file per command.

pub(crate) mod bench;
pub(crate) mod chaos;
pub(crate) mod ci;
pub(crate) mod demo;
pub(crate) mod new_step;
pub(crate) mod test;
