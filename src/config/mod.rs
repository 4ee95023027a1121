//! Settings: `flywheel.toml` over the built-in defaults, credentials from the environment, and
//! what follows from both: which platform is the real one and which the sandbox.

mod environment;
mod error;
mod file;
mod origin;
mod outside;
mod settings;
mod steps;

pub(crate) use environment::Environment;
pub(crate) use error::ConfigError;
pub(crate) use file::suggestion;
pub(crate) use outside::{Outside, Sides, World};
pub(crate) use settings::{Config, Read, std_duration};
