//! The YouTube client against recorded answers.

mod failures;
mod reading;
mod search;
mod upload;

use std::time::Duration;

use platforms::PlatformError;
use platforms::youtube::{Clip, NewVideo, Privacy, SessionUri, YouTube, YouTubeConfig};
use url::Url;

use crate::vendor::Vendor;

pub(crate) const TOKEN: &str = "ya29.canary-token";
pub(crate) const STEP: usize = 262_144;
pub(crate) const TOTAL: u64 = 600_000;

pub(crate) fn config(base: &Url) -> YouTubeConfig {
    YouTubeConfig {
        request_timeout: Duration::from_secs(5),
        chunk_bytes: STEP as u64,
        ..YouTubeConfig::new(base.clone(), TOKEN.into())
    }
}

pub(crate) async fn start() -> Result<(Vendor, YouTube), Box<dyn std::error::Error>> {
    let vendor = Vendor::start().await?;
    let youtube = YouTube::new(config(&vendor.base))?;
    Ok((vendor, youtube))
}

pub(crate) fn clip() -> NewVideo {
    NewVideo {
        title: "Save money on groceries".to_owned(),
        description: "Three ways.\n\nref fw-01JD3V7Q9XK2M4".to_owned(),
        tags: vec!["money".to_owned()],
        category_id: "24".to_owned(),
        privacy: Privacy::Unlisted,
    }
}

/// A file of so many bytes.
pub(crate) fn file(bytes: u64) -> Clip {
    Clip {
        bytes,
        duration: Duration::from_secs(9),
    }
}

pub(crate) fn session(vendor: &Vendor) -> SessionUri {
    SessionUri::from_stored(format!("{}/session?upload_id=canary-session", vendor.base))
}

/// Method, path and query of what was asked, a line each.
pub(crate) fn lines(vendor: &Vendor) -> String {
    let lines: Vec<_> = vendor.asked().into_iter().map(|asked| asked.line).collect();
    lines.join("\n")
}

/// The error of a call that has to fail.
pub(crate) fn failure<T: std::fmt::Debug>(
    result: Result<T, PlatformError>,
) -> Result<PlatformError, Box<dyn std::error::Error>> {
    match result {
        Err(error) => Ok(error),
        Ok(value) => Err(format!("succeeded with {value:?}").into()),
    }
}
