//! Every public call of this crate over loopback HTTP, in one test program: it links once.

mod anthropic;
mod vendor;
mod webhook;
mod youtube;
