//! Every public call of this crate over loopback HTTP, in one test program: it links once.

mod anthropic;
mod fetch;
mod instagram;
mod tiktok;
mod vendor;
mod webhook;
mod youtube;
