//! The Instagram client against recorded answers.

mod failures;
mod making;
mod publishing;
mod reading;
mod recent;

use std::time::Duration;

use platforms::PlatformError;
use platforms::instagram::{ContainerId, Instagram, InstagramConfig, MediaId, NewReel};
use url::Url;

use crate::vendor::Vendor;

pub(crate) const TOKEN: &str = "EAAB-canary-token";
pub(crate) const USER: &str = "17841405822304914";

pub(crate) fn config(base: &Url) -> InstagramConfig {
    let mut upload_base = base.clone();
    upload_base.set_path(&format!("{}/upload", base.path().trim_end_matches('/')));
    InstagramConfig {
        request_timeout: Duration::from_secs(5),
        upload_timeout: Duration::from_secs(5),
        ..InstagramConfig::new(base.clone(), upload_base, TOKEN.into(), USER.to_owned())
    }
}

pub(crate) async fn start() -> Result<(Vendor, Instagram), Box<dyn std::error::Error>> {
    let vendor = Vendor::start().await?;
    let instagram = Instagram::new(config(&vendor.base))?;
    Ok((vendor, instagram))
}

pub(crate) fn reel() -> NewReel {
    NewReel {
        caption: "Three ways to save on groceries.\n\n#money #groceries".to_owned(),
        share_to_feed: true,
        duration_ms: 31_000,
        bytes: 9,
        frame_rate: Some(30.0),
    }
}

pub(crate) fn container() -> ContainerId {
    ContainerId::from_stored("17889455560051444".to_owned())
}

pub(crate) fn post() -> MediaId {
    MediaId::from_stored("17918195224117851".to_owned())
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
