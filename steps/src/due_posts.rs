//! `due_posts`: the posts whose next reading is most overdue.

use std::time::Duration;

use engine::{Step, StepContext, StepError};
use jiff::Timestamp;
use schema::DatabaseConnection;
use schema::reading_turns::{self, Rule, Turn};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::services::{Audience, Services};
use crate::target::Target;

const HOUR: Duration = Duration::from_secs(60 * 60);
/// From a reading to the next one, in the audience's time: an hour less than between two batches,
/// because a batch takes a while to come to each of its posts, and the next one shall find them due.
const INTERVAL: Duration = Duration::from_secs(5 * 60 * 60);
/// A hundred years: times beyond are a mistake, and would not fit the tables.
const LONGEST_MS: i64 = 100 * 366 * 24 * 3_600_000;

/// Takes the turns of posts to be read, once for all batches.
///
/// It sees the channel's tables, not the runs: a post that was never read belongs to its loop until an
/// hour of the audience after the loop's wait is over. Posts that are gone are left alone, and one that
/// was not read after its turn has its next turn later each time.
pub struct DuePosts {
    db: DatabaseConnection,
    audience: Audience,
}

/// How many are wanted, and who is not due yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DuePostsInput {
    /// The most posts.
    pub most: u16,
    /// How long a loop waits from publication to its reading, wall milliseconds.
    pub wait_ms: i64,
}

/// The most overdue posts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DuePostsOutput {
    /// The longest overdue one first.
    pub posts: Vec<DuePost>,
}

/// A post that is to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DuePost {
    /// The video on its account.
    #[serde(flatten)]
    pub target: Target,
    /// Whether it was read before, so that its counts are all that is wanted.
    pub reading_only: bool,
    /// Since when it is due.
    pub due_at: Timestamp,
}

impl DuePosts {
    /// From the program's services.
    #[must_use]
    pub fn new(services: &Services) -> Self {
        Self {
            db: services.db.clone(),
            audience: services.audience,
        }
    }
}

fn rule(audience: Audience, input: &DuePostsInput) -> Rule {
    let wall_ms = |time: Duration| {
        let wall = audience.wall_time(time).as_millis();
        i64::try_from(wall).unwrap_or(i64::MAX)
    };
    let first_after_ms = input.wait_ms.saturating_add(wall_ms(HOUR));
    Rule {
        most: input.most.into(),
        first_after_ms: first_after_ms.clamp(0, LONGEST_MS),
        interval_ms: wall_ms(INTERVAL).clamp(1, LONGEST_MS),
    }
}

impl Step for DuePosts {
    const NAME: &'static str = "due_posts";
    type Input = DuePostsInput;
    type Output = DuePostsOutput;

    async fn run(
        &self,
        cx: &StepContext,
        input: DuePostsInput,
    ) -> Result<DuePostsOutput, StepError> {
        let rule = rule(self.audience, &input);
        let turns = reading_turns::take(&self.db, &cx.key(), rule, cx.now()).await?;
        Ok(DuePostsOutput {
            posts: turns.into_iter().map(DuePost::from).collect(),
        })
    }
}

impl From<Turn> for DuePost {
    fn from(turn: Turn) -> Self {
        Self {
            due_at: turn.due_at(),
            reading_only: turn.was_read,
            target: Target {
                video_id: turn.video_id,
                platform: turn.platform,
                account: turn.account,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use engine::testing::suite::{self, Fails, Proof};
    use futures::FutureExt as _;
    use jiff::SignedDuration;
    use schema::posts::{self, NewPost, SeenAs, Session};
    use schema::videos::{self, NewVideo, VideoSource};
    use schema::{ConnectionTrait as _, StringList, accounts};
    use sea_orm::EntityTrait as _;
    use serde_json::{Value, json};
    use tempfile::TempDir;

    use super::*;

    const HOUR_MS: i64 = 3_600_000;

    /// A world with one post, which was published ten hours ago and never read.
    struct Proven {
        db: DatabaseConnection,
        step: Arc<DuePosts>,
        _folder: TempDir,
    }

    async fn publish(db: &DatabaseConnection, at: Timestamp) {
        accounts::ensure(db, "youtube", "main").await.unwrap();
        let video = NewVideo {
            id: "v_1".to_owned(),
            concept_id: None,
            category: "finance".to_owned(),
            caption: "Save 100 a month".to_owned(),
            hashtags: StringList::default(),
            audio_id: None,
            source: VideoSource::Path("v_1.mp4".to_owned()),
            features: None,
            created_at_ms: 0,
        };
        videos::insert_if_new(db, video).await.unwrap();
        let post = NewPost {
            video_id: "v_1".to_owned(),
            platform: "youtube".to_owned(),
            account: "main".to_owned(),
        };
        let id = posts::prepare(db, post, at).await.unwrap().id;
        let session = Session {
            session: "s".to_owned(),
            upload_id: None,
            total_bytes: 1,
            content_sha256: "x".to_owned(),
        };
        posts::open(db, &id, session, None, at).await.unwrap();
        let sending = posts::start_sending(db, &id, "s", at).await.unwrap();
        let sent = posts::sent(db, &sending.into_model(), Some("yt"), at).await;
        let post = sent.unwrap().into_model();
        let posted = posts::posted(db, &post, at, SeenAs::default(), at).await;
        assert!(posted.unwrap().is_applied());
    }

    impl Proof for Proven {
        type Step = DuePosts;

        async fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let url = schema::sqlite_url(&folder.path().join("channel.db")).unwrap();
            let db = schema::connect(&url).await.unwrap();
            schema::migrate(&db).await.unwrap();
            publish(&db, Timestamp::now() - SignedDuration::from_hours(10)).await;
            let audience = Audience { time_scale: 1.0 };
            Self {
                step: Arc::new(DuePosts {
                    db: db.clone(),
                    audience,
                }),
                db,
                _folder: folder,
            }
        }

        fn step(&self) -> Arc<DuePosts> {
            self.step.clone()
        }

        fn input(&self) -> DuePostsInput {
            DuePostsInput {
                most: 50,
                wait_ms: 6 * HOUR_MS,
            }
        }

        /// Whose turn was taken, when, and by whom.
        async fn effects(&self) -> Value {
            let turns = reading_turns::Entity::find().all(&self.db).await;
            json!(turns.unwrap())
        }

        fn failures() -> Vec<Fails<Self>> {
            vec![Fails {
                when: "the readings cannot be read",
                arrange: |world| {
                    async move {
                        let away = "alter table analytics_snapshots rename to away";
                        world.db.execute_unprepared(away).await.unwrap();
                    }
                    .boxed()
                },
                ending: "retry",
                code: "step_unmapped",
            }]
        }
    }

    engine::prove_step!(proof, Proven);

    #[tokio::test]
    async fn a_post_is_its_loops_until_an_hour_after_the_wait() {
        let world = Proven::new().await;
        for (wait_hours, due) in [(100, 0), (10, 0), (8, 1)] {
            let input = json!({ "most": 50, "waitMs": wait_hours * HOUR_MS });
            let ending = suite::attempt(&world.step, &input, &Arc::default()).await;
            let posts = ending["output"]["posts"].as_array().unwrap();
            assert_eq!(posts.len(), due, "{wait_hours}");
        }
    }

    #[tokio::test]
    async fn a_due_post_is_named_with_what_is_wanted_of_it() {
        let world = Proven::new().await;
        let input = json!(world.input());
        let ending = suite::attempt(&world.step, &input, &Arc::default()).await;
        let mut post = ending["output"]["posts"][0].clone();
        assert!(post["dueAt"].take().is_string(), "{ending}");
        let expected = json!({
            "videoId": "v_1", "platform": "youtube", "account": "main",
            "readingOnly": false, "dueAt": null,
        });
        assert_eq!(post, expected);
    }

    #[test]
    fn waits_follow_the_audiences_time_and_none_is_too_long_for_the_tables() {
        let at = |time_scale, wait_ms| {
            let input = DuePostsInput { most: 3, wait_ms };
            rule(Audience { time_scale }, &input)
        };
        let of = |first_after_ms, interval_ms| Rule {
            most: 3,
            first_after_ms,
            interval_ms,
        };
        assert_eq!(at(1.0, 6 * HOUR_MS), of(7 * HOUR_MS, 5 * HOUR_MS));
        assert_eq!(at(720.0, 30_000), of(35_000, 25_000));
        assert_eq!(at(1e9, i64::MAX), of(LONGEST_MS, 1));
    }
}
