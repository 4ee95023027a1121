//! The moves of a post from state to state: which may start where ([`Move::starts_from`], the one
//! table), and one function for each.
//!
//! Every move is a single compare-and-set, so that of two workers exactly one wins, and the other
//! is handed the row as it is. No move may be made anywhere else.

use jiff::Timestamp;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, Func};
use sea_orm::{ActiveValue::Set, Condition, ConnectionTrait, SqlErr, UpdateMany};

use crate::SchemaError;
use crate::error::failed;
use crate::posts::{ActiveModel, COLUMN, Column, Entity, Model, PostState, get};

/// The moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter)]
pub enum Move {
    /// The platform handed out a session.
    Open,
    /// The next request carries bytes.
    StartSending,
    /// The platform has everything and named the post.
    Sent,
    /// The platform says that it is published.
    Posted,
    /// It will not be published.
    Reject,
    /// It cannot be found out whether it was published.
    Unknown,
}

impl Move {
    /// The table: from which states a move may start. A state is in its own move's list where
    /// making the same move twice is harmless; the functions below say what "the same" is.
    ///
    /// | move | prepared | open | sending | processing | posted | rejected | unknown |
    /// |---|---|---|---|---|---|---|---|
    /// | open | yes | same or replaced session | – | – | – | – | – |
    /// | start sending | – | same session | same session | – | – | – | – |
    /// | sent | – | – | yes | same post | – | – | yes |
    /// | posted | – | – | – | yes | – | – | – |
    /// | reject | yes | yes | yes | yes | – | – | – |
    /// | unknown | – | yes | yes | – | – | – | – |
    #[must_use]
    pub const fn starts_from(self) -> &'static [PostState] {
        use PostState::{Open, Prepared, Processing, Sending, Unknown};
        match self {
            Self::Open => &[Prepared, Open],
            Self::StartSending => &[Open, Sending],
            Self::Sent => &[Sending, Processing, Unknown],
            Self::Posted => &[Processing],
            Self::Reject => &[Prepared, Open, Sending, Processing],
            Self::Unknown => &[Open, Sending],
        }
    }

    /// The state that a move ends in.
    #[must_use]
    pub const fn ends_in(self) -> PostState {
        match self {
            Self::Open => PostState::Open,
            Self::StartSending => PostState::Sending,
            Self::Sent => PostState::Processing,
            Self::Posted => PostState::Posted,
            Self::Reject => PostState::Rejected,
            Self::Unknown => PostState::Unknown,
        }
    }
}

/// What became of a move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transition {
    /// The row as this move left it.
    Applied(Model),
    /// Nothing was written: the row as it is, which did not allow the move.
    Refused(Model),
}

impl Transition {
    /// True if the move was made.
    #[must_use]
    pub fn is_applied(&self) -> bool {
        matches!(self, Self::Applied(_))
    }

    /// The row, whichever way it went.
    #[must_use]
    pub fn into_model(self) -> Model {
        match self {
            Self::Applied(post) | Self::Refused(post) => post,
        }
    }
}

/// An upload session that a platform handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its URL or id.
    pub session: String,
    /// Size of the file it was opened for, in bytes.
    pub total_bytes: i64,
    /// Hash of that file, lower-case hex.
    pub content_sha256: String,
}

/// Records a session: the first one, or one that `replaces` the named one.
///
/// Replacing is possible only as long as no byte was sent. Of two first sessions one wins.
/// Recording the session that is already there changes nothing and is applied.
pub async fn open(
    db: &impl ConnectionTrait,
    post_id: &str,
    opened: Session,
    replaces: Option<&str>,
    now: Timestamp,
) -> Result<Transition, SchemaError> {
    let known = Condition::all().add(Column::State.eq(PostState::Open)).add(
        Column::Session.is_in(
            [Some(opened.session.as_str()), replaces]
                .into_iter()
                .flatten(),
        ),
    );
    let mut allowed = Condition::any().add(known);
    if replaces.is_none() {
        allowed = allowed.add(Column::State.eq(PostState::Prepared));
    }
    let row = ActiveModel {
        session: Set(Some(opened.session)),
        total_bytes: Set(Some(opened.total_bytes)),
        content_sha256: Set(Some(opened.content_sha256)),
        opened_at_ms: Set(Some(now.as_millisecond())),
        ..Default::default()
    };
    let change = Entity::update_many().set(row).filter(allowed);
    make(db, Move::Open, post_id, change, now).await
}

/// Allows bytes to leave into `session`, which must be the row's: whoever holds another one may
/// not send. Asked again for the same session it is applied, and `sending_at` stays the first.
pub async fn start_sending(
    db: &impl ConnectionTrait,
    post_id: &str,
    session: &str,
    now: Timestamp,
) -> Result<Transition, SchemaError> {
    let first = Func::coalesce([
        Expr::col(Column::SendingAtMs),
        Expr::val(now.as_millisecond()),
    ]);
    let change = Entity::update_many()
        .col_expr(Column::SendingAtMs, first.into())
        .filter(COLUMN.session.eq(session));
    make(db, Move::StartSending, post_id, change, now).await
}

/// Links the platform's post. Also the way back from unknown, when the post was found after all.
/// Linking the same post again is applied. A platform's post that another row has is an error.
pub async fn sent(
    db: &impl ConnectionTrait,
    post_id: &str,
    platform_post_id: &str,
    now: Timestamp,
) -> Result<Transition, SchemaError> {
    let allowed = Condition::any()
        .add(Column::State.ne(PostState::Processing))
        .add(Column::PlatformPostId.eq(platform_post_id));
    let row = ActiveModel {
        platform_post_id: Set(Some(platform_post_id.to_owned())),
        error_code: Set(None),
        error_message: Set(None),
        ..Default::default()
    };
    let change = Entity::update_many().set(row).filter(allowed);
    match make(db, Move::Sent, post_id, change, now).await {
        Err(SchemaError::Database { source, .. })
            if matches!(source.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) =>
        {
            let platform = get(db, post_id).await?.map(|post| post.platform);
            Err(SchemaError::PlatformPostLinked {
                platform: platform.unwrap_or_default(),
                platform_post_id: platform_post_id.to_owned(),
            })
        }
        made => made,
    }
}

/// The platform says that it is published, since `published_at`. Final.
pub async fn posted(
    db: &impl ConnectionTrait,
    post_id: &str,
    published_at: Timestamp,
    url: Option<&str>,
    now: Timestamp,
) -> Result<Transition, SchemaError> {
    let row = ActiveModel {
        published_at_ms: Set(Some(published_at.as_millisecond())),
        url: Set(url.map(str::to_owned)),
        ..Default::default()
    };
    let change = Entity::update_many().set(row);
    make(db, Move::Posted, post_id, change, now).await
}

/// It will not be published: the platform refused it, or refused what it was made of. Final.
pub async fn reject(
    db: &impl ConnectionTrait,
    post_id: &str,
    code: &str,
    message: &str,
    now: Timestamp,
) -> Result<Transition, SchemaError> {
    let row = because(code, message);
    let change = Entity::update_many().set(row);
    make(db, Move::Reject, post_id, change, now).await
}

/// It may be published, and the platform cannot be asked. Nothing is sent again without a person.
pub async fn unknown(
    db: &impl ConnectionTrait,
    post_id: &str,
    code: &str,
    message: &str,
    now: Timestamp,
) -> Result<Transition, SchemaError> {
    let row = because(code, message);
    let change = Entity::update_many().set(row);
    make(db, Move::Unknown, post_id, change, now).await
}

fn because(code: &str, message: &str) -> ActiveModel {
    ActiveModel {
        error_code: Set(Some(code.to_owned())),
        error_message: Set(Some(message.to_owned())),
        ..Default::default()
    }
}

/// The compare-and-set behind every move: `change`, if the table and its own filter allow it.
async fn make(
    db: &impl ConnectionTrait,
    step: Move,
    post_id: &str,
    change: UpdateMany<Entity>,
    now: Timestamp,
) -> Result<Transition, SchemaError> {
    let mut moved = change
        .set(ActiveModel {
            state: Set(step.ends_in()),
            updated_at_ms: Set(now.as_millisecond()),
            ..Default::default()
        })
        .filter(COLUMN.id.eq(post_id))
        .filter(Column::State.is_in(step.starts_from().iter().copied()))
        .exec_with_returning(db)
        .await
        .map_err(failed("move the post to its next state"))?;
    if let Some(post) = moved.pop() {
        return Ok(Transition::Applied(post));
    }
    match get(db, post_id).await? {
        Some(post) => Ok(Transition::Refused(post)),
        None => Err(SchemaError::NotFound {
            table: "posts",
            id: post_id.to_owned(),
        }),
    }
}
