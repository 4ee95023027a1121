//! The TikTok client against recorded answers.

mod failures;
mod posting;
mod reading;
mod refusals;
mod tokens;
mod upload;
mod webhooks;

use std::error::Error;
use std::io;
use std::path::Path;
use std::time::Duration;

use platforms::PlatformError;
use platforms::tiktok::{
    AccessToken, ChunkPlan, Clip, CreatorInfo, LEAST_CHUNK, NewPost, PrivacyLevel, PublishId,
    TikTok, TikTokConfig, UploadUrl,
};
use url::Url;

use crate::vendor::{Reply, Vendor};

pub(crate) const TOKEN: &str = "act.canary-token";
/// Two chunks, of which the last has what is left over.
pub(crate) const TOTAL: u64 = 15_000_000;

pub(crate) fn config(base: &Url) -> TikTokConfig {
    TikTokConfig {
        request_timeout: Duration::from_secs(5),
        chunk_bytes: LEAST_CHUNK,
        ..TikTokConfig::new(base.clone(), "aw-key".to_owned(), "canary-secret".into())
    }
}

pub(crate) async fn start() -> Result<(Vendor, TikTok), Box<dyn Error>> {
    let vendor = Vendor::start().await?;
    let tiktok = TikTok::new(config(&vendor.base))?;
    Ok((vendor, tiktok))
}

pub(crate) fn token() -> AccessToken {
    AccessToken::from_stored(TOKEN.into())
}

pub(crate) fn creator() -> CreatorInfo {
    CreatorInfo {
        username: "oddloop".to_owned(),
        nickname: "Odd Loop".to_owned(),
        privacy_levels: vec![PrivacyLevel::PublicToEveryone, PrivacyLevel::SelfOnly],
        comments_disabled: false,
        duets_disabled: false,
        stitches_disabled: true,
        longest_video_s: 300,
    }
}

pub(crate) fn post() -> NewPost {
    NewPost {
        caption: "Save money on groceries".to_owned(),
        hashtags: vec!["#money".to_owned()],
        privacy: PrivacyLevel::SelfOnly,
        allow_comments: true,
        allow_duets: false,
        allow_stitches: true,
        cover_ms: Some(1000),
        made_by_ai: true,
        paid_partnership: false,
        own_business: false,
    }
}

pub(crate) fn clip() -> Clip {
    Clip {
        bytes: TOTAL,
        duration: Duration::from_secs(31),
        width: 1080,
        height: 1920,
        frame_rate: Some(30.0),
    }
}

pub(crate) fn plan() -> Result<ChunkPlan, &'static str> {
    ChunkPlan::new(TOTAL, LEAST_CHUNK).ok_or("no plan")
}

pub(crate) fn publish_id() -> PublishId {
    PublishId::from_stored("v_pub_file~v2-1.123456789".to_owned())
}

pub(crate) fn upload_url(vendor: &Vendor) -> UploadUrl {
    UploadUrl::from_stored(format!("{}/upload?upload_token=canary-upload", vendor.base))
}

/// The recorded answer to an `init`, with an address on the vendor.
pub(crate) fn begun(vendor: &Vendor) -> io::Result<Reply> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tiktok/init_file_upload.json");
    let recorded = "https://open-upload.tiktokapis.com/video/?upload_id=67890&upload_token=Xza123";
    let body = std::fs::read_to_string(path)?;
    Ok(Reply::text(
        200,
        &body.replace(recorded, upload_url(vendor).expose()),
    ))
}

/// A recorded answer of TikTok.
pub(crate) fn fixture(status: u16, name: &str) -> io::Result<Reply> {
    Reply::fixture(status, &format!("tiktok/{name}"))
}

/// The error of a call that has to fail.
pub(crate) fn failure<T: std::fmt::Debug>(
    result: Result<T, PlatformError>,
) -> Result<PlatformError, Box<dyn Error>> {
    match result {
        Err(error) => Ok(error),
        Ok(value) => Err(format!("succeeded with {value:?}").into()),
    }
}
