//! Beginning a post: TikTok gives it an id, and an address for its bytes or none.

use std::error::Error as _;

use serde::{Deserialize, Serialize};
use url::Url;

use super::new_post::PostInfo;
use super::{
    AccessToken, ChunkPlan, Clip, CreatorInfo, Envelope, NewPost, PublishId, SERVICE, TikTok,
    UploadUrl, meaning, parse_secret,
};
use crate::{Meaning, PlatformError, Violation, violation};

/// An upload that TikTok waits for: store it before its first byte leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// What to ask [`TikTok::status`] about.
    pub publish_id: PublishId,
    /// Where the bytes go, within an hour.
    pub upload_url: UploadUrl,
    /// In which pieces they go there; TikTok has been told so.
    pub plan: ChunkPlan,
}

impl TikTok {
    /// Begins a post whose bytes we send. Nothing is posted by this, nor before the last byte has
    /// arrived: one that gets no bytes disappears. TikTok allows 6 of these a minute per token.
    /// Scope `video.publish`.
    ///
    /// # Errors
    /// `tiktok_invalid_post` names every rule that post and file break, without asking TikTok;
    /// else as in the table of this module's meanings. Any failure may be repeated, under one
    /// rule: a second `init` after a stored one only once [`status`](Self::status) has said that
    /// the first will not become a post.
    pub async fn init_file_upload(
        &self,
        token: &AccessToken,
        post: &NewPost,
        clip: &Clip,
        creator: &CreatorInfo,
    ) -> Result<Upload, PlatformError> {
        const OPERATION: &str = "init_file_upload";
        let violations = post.violations(clip, creator);
        refuse(OPERATION, &violations)?;
        let plan = ChunkPlan::new(clip.bytes, self.config.chunk_bytes)
            .ok_or_else(|| SERVICE.unreadable(OPERATION, "no chunks fit the file"))?;
        let source = SourceInfo::FileUpload {
            video_size: plan.total_bytes(),
            chunk_size: plan.chunk_bytes(),
            total_chunk_count: plan.count(),
        };
        let begun = self
            .init(OPERATION, token, post.info(creator), source)
            .await?;
        let upload_url = begun
            .upload_url
            .map(UploadUrl::from_stored)
            .ok_or_else(|| SERVICE.unreadable(OPERATION, "the answer names no upload_url"))?;
        upload_url.checked(OPERATION, &self.config.base_url)?;
        Ok(Upload {
            publish_id: publish_id(OPERATION, begun.publish_id)?,
            upload_url,
            plan,
        })
    }

    /// Begins a post whose bytes TikTok fetches itself, from an https address that does not
    /// redirect, lies below a prefix which the app has verified, and stays for an hour. The clip
    /// is what is there. TikTok allows 6 of these a minute per token. Scope `video.publish`.
    ///
    /// # Errors
    /// `tiktok_invalid_post` as in [`init_file_upload`](Self::init_file_upload); else as in the
    /// table of this module's meanings. TikTok may fetch and post the video although its answer
    /// was lost, and then nobody has the id to ask about: an answer that did not come, or says
    /// nothing certain, is `unknown`.
    pub async fn init_pull_from_url(
        &self,
        token: &AccessToken,
        post: &NewPost,
        clip: &Clip,
        creator: &CreatorInfo,
        video_url: &Url,
    ) -> Result<PublishId, PlatformError> {
        const OPERATION: &str = "init_pull_from_url";
        let mut violations = post.violations(clip, creator);
        if video_url.scheme() != "https" {
            violations.push(Violation {
                field: "video_url",
                problem: "is not https".to_owned(),
            });
        }
        refuse(OPERATION, &violations)?;
        let source = SourceInfo::PullFromUrl {
            video_url: video_url.as_str(),
        };
        self.init(OPERATION, token, post.info(creator), source)
            .await
            .and_then(|begun| publish_id(OPERATION, begun.publish_id))
            .map_err(in_doubt)
    }

    async fn init(
        &self,
        operation: &'static str,
        token: &AccessToken,
        post_info: PostInfo,
        source_info: SourceInfo<'_>,
    ) -> Result<Begun, PlatformError> {
        let request = self
            .post("v2/post/publish/video/init/", token)?
            .json(&Init {
                post_info,
                source_info,
            });
        let answer = self.ask(operation, request).await?;
        let envelope: Envelope<Begun> = parse_secret(operation, &answer)?;
        Ok(envelope.data)
    }
}

#[derive(Serialize)]
struct Init<'a> {
    post_info: PostInfo,
    source_info: SourceInfo<'a>,
}

#[derive(Serialize)]
#[serde(tag = "source", rename_all = "SCREAMING_SNAKE_CASE")]
enum SourceInfo<'a> {
    FileUpload {
        video_size: u64,
        chunk_size: u64,
        total_chunk_count: u64,
    },
    PullFromUrl {
        video_url: &'a str,
    },
}

#[derive(Deserialize)]
struct Begun {
    publish_id: String,
    upload_url: Option<String>,
}

fn publish_id(operation: &'static str, id: String) -> Result<PublishId, PlatformError> {
    PublishId::given(id)
        .ok_or_else(|| SERVICE.unreadable(operation, "the answer's publish_id is none"))
}

/// Something that we do not even ask for.
fn refuse(operation: &'static str, violations: &[Violation]) -> Result<(), PlatformError> {
    violation::refuse(&SERVICE, operation, "tiktok_invalid_post", violations)
}

/// What a call failed with that may have acted all the same; a connection that never stood has
/// carried no request.
fn in_doubt(error: PlatformError) -> PlatformError {
    let says_nothing = matches!(
        error.code(),
        "tiktok_timeout"
            | "tiktok_unavailable"
            | "tiktok_unreachable"
            | "tiktok_unreadable_answer"
            | meaning::UNEXPECTED
    );
    let never_left = error
        .source()
        .and_then(|cause| cause.downcast_ref::<reqwest::Error>())
        .is_some_and(reqwest::Error::is_connect);
    if says_nothing && !never_left {
        error.meaning_instead(Meaning::Unknown)
    } else {
        error
    }
}
