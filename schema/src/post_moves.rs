//! The moves of a post from state to state: which may start where ([`Move::starts_from`], the one
//! table), and one function for each.
//!
//! Every move is a single compare-and-set, so that of two workers exactly one wins, and the other
//! is handed the row as it is. A move that follows from a platform's answer takes the row as it was
//! read before the question: what was said of one upload is nothing about another that was opened in
//! its place meanwhile. No move may be made anywhere else.

use jiff::Timestamp;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait as _, Func};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    Condition, ConnectionTrait, SqlErr, UpdateMany,
};

use crate::SchemaError;
use crate::error::failed;
use crate::posts::{ActiveModel, COLUMN, Column, Entity, Model, PostState, get};

/// The moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter)]
pub enum Move {
    /// The platform handed out a session.
    Open,
    /// The platform handed out another session for bytes that will never become a post.
    Reopen,
    /// The next request carries bytes.
    StartSending,
    /// The platform has everything.
    Sent,
    /// The platform says that it is published.
    Posted,
    /// The platform says under which id people see it.
    Name,
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
    /// | reopen | – | – | as it was read | as it was read, no post | – | – | – |
    /// | start sending | – | same session | same session | – | – | – | – |
    /// | sent | – | – | yes | no post, or the same | – | – | yes |
    /// | posted | – | – | – | yes | – | – | – |
    /// | name | – | – | – | – | no name, or the same | – | – |
    /// | reject | yes | yes | yes | yes | – | – | – |
    /// | unknown | – | yes | yes | yes | – | – | – |
    #[must_use]
    pub const fn starts_from(self) -> &'static [PostState] {
        use PostState::{Open, Posted, Prepared, Processing, Sending, Unknown};
        match self {
            Self::Open => &[Prepared, Open],
            Self::Reopen => &[Sending, Processing],
            Self::StartSending => &[Open, Sending],
            Self::Sent => &[Sending, Processing, Unknown],
            Self::Posted => &[Processing],
            Self::Name => &[Posted],
            Self::Reject => &[Prepared, Open, Sending, Processing],
            Self::Unknown => &[Open, Sending, Processing],
        }
    }

    /// The state that a move ends in.
    #[must_use]
    pub const fn ends_in(self) -> PostState {
        match self {
            Self::Open | Self::Reopen => PostState::Open,
            Self::StartSending => PostState::Sending,
            Self::Sent => PostState::Processing,
            Self::Posted | Self::Name => PostState::Posted,
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
    /// Its URL or id, and what else is needed to go on with it. A secret.
    pub session: String,
    /// The platform's id of what is being made, if it has one apart from the session: what webhooks
    /// and questions about it name. Unique on its platform.
    pub upload_id: Option<String>,
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
    let change = Entity::update_many().set(of(opened, now)).filter(allowed);
    make(db, Move::Open, post_id, change, now).await
}

/// Records a session in the place of that of `post`, into which bytes may have gone.
///
/// Only for whom the platform has told that they are no post and never will be; refused if the row
/// has moved since it was read, or a post is linked.
pub async fn reopen(
    db: &impl ConnectionTrait,
    post: &Model,
    opened: Session,
    now: Timestamp,
) -> Result<Transition, SchemaError> {
    let change = Entity::update_many()
        .set(of(opened, now))
        .col_expr(Column::Reopened, Expr::col(Column::Reopened).add(1))
        .filter(same_upload(post))
        .filter(Column::State.eq(post.state))
        .filter(Column::PlatformPostId.is_null());
    make(db, Move::Reopen, &post.id, change, now).await
}

/// The row has the upload that it was read with.
fn same_upload(post: &Model) -> Condition {
    let session = post.session.as_deref();
    let same = session.map_or_else(
        || Column::Session.is_null(),
        |session| Column::Session.eq(session),
    );
    Condition::all().add(same)
}

/// The row has the upload and the post that it was read with.
fn same_post(post: &Model) -> Condition {
    let id = post.platform_post_id.as_deref();
    let same = id.map_or_else(
        || Column::PlatformPostId.is_null(),
        |id| Column::PlatformPostId.eq(id),
    );
    same_upload(post).add(same)
}

fn of(opened: Session, now: Timestamp) -> ActiveModel {
    ActiveModel {
        session: Set(Some(opened.session)),
        upload_id: Set(opened.upload_id),
        total_bytes: Set(Some(opened.total_bytes)),
        content_sha256: Set(Some(opened.content_sha256)),
        opened_at_ms: Set(Some(now.as_millisecond())),
        arrived_at_ms: Set(None),
        publishing_at_ms: Set(None),
        ..Default::default()
    }
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

/// Keeps that all bytes of `session` are there. No move: the platform has not taken them yet.
pub async fn arrived(
    db: &impl ConnectionTrait,
    post_id: &str,
    session: &str,
    now: Timestamp,
) -> Result<(), SchemaError> {
    Entity::update_many()
        .set(ActiveModel {
            arrived_at_ms: Set(Some(now.as_millisecond())),
            ..Default::default()
        })
        .filter(COLUMN.id.eq(post_id))
        .filter(COLUMN.session.eq(session))
        .exec(db)
        .await
        .map_err(failed("keep that all bytes are there"))?;
    Ok(())
}

/// Keeps that the platform is asked to publish the upload of `post`, before it is.
///
/// No move. Refused (`false`) if the row has moved since it was read; the first instant stays.
pub async fn publishing(
    db: &impl ConnectionTrait,
    post: &Model,
    now: Timestamp,
) -> Result<bool, SchemaError> {
    let first = Func::coalesce([
        Expr::col(Column::PublishingAtMs),
        Expr::val(now.as_millisecond()),
    ]);
    let kept = Entity::update_many()
        .col_expr(Column::PublishingAtMs, first.into())
        .filter(COLUMN.id.eq(&post.id))
        .filter(same_post(post))
        .filter(Column::State.eq(post.state))
        .exec(db)
        .await
        .map_err(failed("keep that a post is to be published"))?;
    Ok(kept.rows_affected > 0)
}

/// The platform has all of it; with its id of the post, where it has one already.
///
/// Also the way back from unknown, when the post was found after all. Linking the same post again is
/// applied. A platform's post that another row has is an error.
pub async fn sent(
    db: &impl ConnectionTrait,
    post: &Model,
    platform_post_id: Option<&str>,
    now: Timestamp,
) -> Result<Transition, SchemaError> {
    let mut row = ActiveModel {
        error_code: Set(None),
        error_message: Set(None),
        ..Default::default()
    };
    let mut allowed = Condition::any()
        .add(Column::State.ne(PostState::Processing))
        .add(Column::PlatformPostId.is_null());
    if let Some(id) = platform_post_id {
        row.platform_post_id = Set(Some(id.to_owned()));
        allowed = allowed.add(Column::PlatformPostId.eq(id));
    }
    let change = Entity::update_many()
        .set(row)
        .filter(allowed)
        .filter(same_upload(post));
    let made = make(db, Move::Sent, &post.id, change, now).await;
    linked(db, made, &post.id, platform_post_id).await
}

/// The platform says that it is published, since `published_at`, under an id and an address if it
/// names them. Final.
pub async fn posted(
    db: &impl ConnectionTrait,
    post: &Model,
    published_at: Timestamp,
    seen_as: SeenAs<'_>,
    now: Timestamp,
) -> Result<Transition, SchemaError> {
    let mut row = seen_as.row();
    row.published_at_ms = Set(Some(published_at.as_millisecond()));
    let change = Entity::update_many().set(row).filter(same_upload(post));
    let made = make(db, Move::Posted, &post.id, change, now).await;
    linked(db, made, &post.id, seen_as.platform_post_id).await
}

/// The platform says under which id people see a post that was published without one. A post keeps
/// its first id.
pub async fn name(
    db: &impl ConnectionTrait,
    post_id: &str,
    seen_as: SeenAs<'_>,
    now: Timestamp,
) -> Result<Transition, SchemaError> {
    let allowed = Condition::any()
        .add(Column::PlatformPostId.is_null())
        .add(Column::PlatformPostId.eq(seen_as.platform_post_id));
    let change = Entity::update_many().set(seen_as.row()).filter(allowed);
    let made = make(db, Move::Name, post_id, change, now).await;
    linked(db, made, post_id, seen_as.platform_post_id).await
}

/// How people see a published post. What is missing leaves the row as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeenAs<'a> {
    /// The platform's id of the post.
    pub platform_post_id: Option<&'a str>,
    /// Where they see it.
    pub url: Option<&'a str>,
}

impl SeenAs<'_> {
    fn row(self) -> ActiveModel {
        let set = |text: Option<&str>| text.map_or(NotSet, |text| Set(Some(text.to_owned())));
        ActiveModel {
            platform_post_id: set(self.platform_post_id),
            url: set(self.url),
            ..Default::default()
        }
    }
}

/// A platform's post that another row has is an error of its own.
async fn linked(
    db: &impl ConnectionTrait,
    made: Result<Transition, SchemaError>,
    post_id: &str,
    platform_post_id: Option<&str>,
) -> Result<Transition, SchemaError> {
    match made {
        Err(SchemaError::Database { source, .. })
            if matches!(source.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) =>
        {
            let platform = get(db, post_id).await?.map(|post| post.platform);
            Err(SchemaError::PlatformPostLinked {
                platform: platform.unwrap_or_default(),
                platform_post_id: platform_post_id.unwrap_or_default().to_owned(),
            })
        }
        made => made,
    }
}

/// It will not be published: the platform refused it, or refused what it was made of. Final.
pub async fn reject(
    db: &impl ConnectionTrait,
    post: &Model,
    code: &str,
    message: &str,
    now: Timestamp,
) -> Result<Transition, SchemaError> {
    let row = because(code, message);
    let change = Entity::update_many().set(row).filter(same_post(post));
    make(db, Move::Reject, &post.id, change, now).await
}

/// It may be published, and the platform cannot be asked. Nothing is sent again without a person.
pub async fn unknown(
    db: &impl ConnectionTrait,
    post: &Model,
    code: &str,
    message: &str,
    now: Timestamp,
) -> Result<Transition, SchemaError> {
    let row = because(code, message);
    let change = Entity::update_many().set(row).filter(same_post(post));
    make(db, Move::Unknown, &post.id, change, now).await
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
