//! Posts: one row per (video, platform, account). Its state alone decides whether bytes may leave,
//! so the row is written before any request that acts.
//!
//! The moves between states are in `post_moves`; nothing else may change a state.

use jiff::Timestamp;
use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue::Set, ConnectionTrait, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};

use crate::error::failed;
use crate::insert::insert_or_ignore;
use crate::{SchemaError, accounts, instant};

pub use crate::post_moves::{
    Move, SeenAs, Session, Transition, arrived, name, open, posted, publishing, reject, reopen,
    sent, start_sending, unknown,
};

/// One video on one account.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "posts")]
pub struct Model {
    /// `video/platform/account`, see [`id`].
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    /// The video.
    #[sea_orm(column_type = "Text")]
    pub video_id: String,
    /// The platform's name.
    #[sea_orm(column_type = "Text")]
    pub platform: String,
    /// The account's id, `platform:name`.
    #[sea_orm(column_type = "Text")]
    pub account_id: String,
    /// How far it got.
    pub state: PostState,
    /// What the platform handed out to upload into: a URL or an id, and what else is needed to go on
    /// with it. A secret.
    #[sea_orm(column_type = "Text", nullable)]
    pub session: Option<String>,
    /// The platform's id of what is being made, where it has one apart from the session: TikTok's
    /// publish id, Instagram's container.
    #[sea_orm(column_type = "Text", nullable)]
    pub upload_id: Option<String>,
    /// Size of the file that the session was opened for, in bytes.
    pub total_bytes: Option<i64>,
    /// Hash of that file, lower-case hex.
    #[sea_orm(column_type = "Text", nullable)]
    pub content_sha256: Option<String>,
    /// The platform's id of the post.
    #[sea_orm(column_type = "Text", nullable)]
    pub platform_post_id: Option<String>,
    /// Where people see it.
    #[sea_orm(column_type = "Text", nullable)]
    pub url: Option<String>,
    /// Why it was rejected or is unknown, as a code.
    #[sea_orm(column_type = "Text", nullable)]
    pub error_code: Option<String>,
    /// The same in words.
    #[sea_orm(column_type = "Text", nullable)]
    pub error_message: Option<String>,
    /// When the row was made.
    pub prepared_at_ms: i64,
    /// When the present session was opened.
    pub opened_at_ms: Option<i64>,
    /// When the first byte was allowed to leave.
    pub sending_at_ms: Option<i64>,
    /// When the platform said that all bytes are there, where it says so before it takes the post.
    pub arrived_at_ms: Option<i64>,
    /// When the platform was first asked to publish what it has of the present upload, where that is a
    /// call of its own.
    pub publishing_at_ms: Option<i64>,
    /// How many uploads never became a post, and had another opened in their place.
    pub reopened: i64,
    /// When the platform published it, by its clock if it says so.
    pub published_at_ms: Option<i64>,
    /// When the platform last said that the post is no longer there. A later reading says otherwise.
    pub gone_at_ms: Option<i64>,
    /// When the state last moved.
    pub updated_at_ms: i64,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// When the row was made.
    #[must_use]
    pub fn prepared_at(&self) -> Timestamp {
        instant::from_millis(self.prepared_at_ms)
    }

    /// When the present session was opened.
    #[must_use]
    pub fn opened_at(&self) -> Option<Timestamp> {
        self.opened_at_ms.map(instant::from_millis)
    }

    /// When the first byte was allowed to leave.
    #[must_use]
    pub fn sending_at(&self) -> Option<Timestamp> {
        self.sending_at_ms.map(instant::from_millis)
    }

    /// When the platform was first asked to publish the present upload.
    #[must_use]
    pub fn publishing_at(&self) -> Option<Timestamp> {
        self.publishing_at_ms.map(instant::from_millis)
    }

    /// When the platform published it.
    #[must_use]
    pub fn published_at(&self) -> Option<Timestamp> {
        self.published_at_ms.map(instant::from_millis)
    }

    /// When the state last moved.
    #[must_use]
    pub fn updated_at(&self) -> Timestamp {
        instant::from_millis(self.updated_at_ms)
    }
}

/// How far a post got.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum PostState {
    /// Intended; the platform was not asked for anything yet.
    Prepared,
    /// The platform handed out a session; no byte was sent.
    Open,
    /// Bytes may have left.
    Sending,
    /// The platform has all of it.
    Processing,
    /// The platform says that it is published. Final.
    Posted,
    /// It will not be published. Final.
    Rejected,
    /// It may or may not be published, and we could not find out.
    Unknown,
}

/// What a post is made of before anything happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPost {
    /// The video; its row must exist.
    pub video_id: String,
    /// The platform's name.
    pub platform: String,
    /// The account's name on that platform; its row must exist.
    pub account: String,
}

/// The id of a post: `v_1/youtube/main`.
#[must_use]
pub fn id(video_id: &str, platform: &str, account: &str) -> String {
    format!("{video_id}/{platform}/{account}")
}

/// Makes sure that the post has its row, and returns it in whatever state it is.
pub async fn prepare(
    db: &impl ConnectionTrait,
    post: NewPost,
    now: Timestamp,
) -> Result<Model, SchemaError> {
    let now_ms = now.as_millisecond();
    let row = Model {
        id: id(&post.video_id, &post.platform, &post.account),
        account_id: accounts::id(&post.platform, &post.account),
        video_id: post.video_id,
        platform: post.platform,
        state: PostState::Prepared,
        session: None,
        upload_id: None,
        total_bytes: None,
        content_sha256: None,
        platform_post_id: None,
        url: None,
        error_code: None,
        error_message: None,
        prepared_at_ms: now_ms,
        opened_at_ms: None,
        sending_at_ms: None,
        arrived_at_ms: None,
        publishing_at_ms: None,
        reopened: 0,
        published_at_ms: None,
        gone_at_ms: None,
        updated_at_ms: now_ms,
    };
    if insert_or_ignore::<Entity>(db, "prepare the post", row.clone()).await? {
        return Ok(row);
    }
    // Names with a slash could give two targets one id; such a row is not this post.
    match get(db, &row.id).await? {
        Some(known) if known.video_id == row.video_id && known.account_id == row.account_id => {
            Ok(known)
        }
        _ => Err(SchemaError::IdTaken {
            table: "posts",
            id: row.id,
        }),
    }
}

/// The post, if it was prepared.
pub async fn get(db: &impl ConnectionTrait, id: &str) -> Result<Option<Model>, SchemaError> {
    Entity::find_by_id(id)
        .one(db)
        .await
        .map_err(failed("read the post"))
}

/// Keeps that the platform says that the post is no longer there. No move: it was published.
pub async fn gone(
    db: &impl ConnectionTrait,
    post_id: &str,
    now: Timestamp,
) -> Result<(), SchemaError> {
    Entity::update_many()
        .set(ActiveModel {
            gone_at_ms: Set(Some(now.as_millisecond())),
            ..Default::default()
        })
        .filter(COLUMN.id.eq(post_id))
        .exec(db)
        .await
        .map_err(failed("keep that a post is gone"))?;
    Ok(())
}

/// Our post behind a platform's post, if any is linked to it.
pub async fn by_platform_post(
    db: &impl ConnectionTrait,
    platform: &str,
    platform_post_id: &str,
) -> Result<Option<Model>, SchemaError> {
    Entity::find()
        .filter(COLUMN.platform.eq(platform))
        .filter(COLUMN.platform_post_id.eq(platform_post_id))
        .one(db)
        .await
        .map_err(failed("find the post behind a platform's post"))
}

/// Our post behind an upload that the platform speaks of, if there is one.
pub async fn by_upload(
    db: &impl ConnectionTrait,
    platform: &str,
    upload_id: &str,
) -> Result<Option<Model>, SchemaError> {
    Entity::find()
        .filter(COLUMN.platform.eq(platform))
        .filter(COLUMN.upload_id.eq(upload_id))
        .one(db)
        .await
        .map_err(failed("find the post behind an upload"))
}

/// The account's other posts without a name that the platform has all of, or may have published.
pub async fn unnamed(
    db: &impl ConnectionTrait,
    account_id: &str,
    but: &str,
) -> Result<Vec<Model>, SchemaError> {
    Entity::find()
        .filter(COLUMN.account_id.eq(account_id))
        .filter(Column::State.is_in([PostState::Processing, PostState::Unknown]))
        .filter(Column::PlatformPostId.is_null())
        .filter(COLUMN.id.ne(but))
        .all(db)
        .await
        .map_err(failed("list the account's posts without a name"))
}

/// Up to `limit` posts in `state`, the one that has been there longest first.
pub async fn in_state(
    db: &impl ConnectionTrait,
    state: PostState,
    limit: u64,
) -> Result<Vec<Model>, SchemaError> {
    Entity::find()
        .filter(Column::State.eq(state))
        .order_by_asc(Column::UpdatedAtMs)
        .order_by_asc(Column::Id)
        .limit(limit)
        .all(db)
        .await
        .map_err(failed("list posts by state"))
}
