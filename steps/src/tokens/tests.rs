//! Tokens that are lent against a real sandbox and a real database, by workers that share both and
//! nothing else. The requests that the sandbox received are what counts.

use engine::Step;
use engine::testing::suite;
use jiff::ToSpan;
use platforms::tiktok::TikTokConfig;
use sandbox::{Sandbox, SandboxConfig};
use schema::ConnectionTrait;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

use super::*;

const ACCOUNT: &str = "tiktok:main";

struct World {
    db: DatabaseConnection,
    base: Url,
    http: reqwest::Client,
    folder: TempDir,
    _serving: DropGuard,
}

/// A step that borrows the token, and gives it away as its output. Its input is one that was refused.
struct Borrow {
    tokens: TikTokTokens,
}

impl Step for Borrow {
    const NAME: &'static str = "borrow";
    type Input = Option<String>;
    type Output = String;

    async fn run(&self, cx: &StepContext, used: Option<String>) -> Result<String, StepError> {
        if let Some(used) = used {
            let used = AccessToken::from_stored(used.into());
            self.tokens.refused(&used, cx.now()).await?;
        }
        Ok(self.tokens.access(cx).await?.expose().to_owned())
    }
}

/// A step that asks TikTok for the account's name.
struct Ask(Arc<Borrow>);

impl Step for Ask {
    const NAME: &'static str = "ask";
    type Input = ();
    type Output = String;

    async fn run(&self, cx: &StepContext, (): ()) -> Result<String, StepError> {
        let tokens = &self.0.tokens;
        let question = async |token: &AccessToken| tokens.tiktok.creator_info(token).await;
        match tokens.lend(cx, question).await? {
            Ok(creator) => Ok(creator.username),
            Err(error) => Err(endings::platform(cx, error)),
        }
    }
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = SandboxConfig {
            data: folder.path().join("sandbox"),
            world_seed: 7,
            time_scale: 1.0,
            processing: Duration::ZERO,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        tokio::spawn(Sandbox::open(config).unwrap().serve(listener, stop.clone()));
        let db = connect(&folder).await;
        schema::migrate(&db).await.unwrap();
        Self {
            db,
            base: Url::parse(&base).unwrap(),
            http: reqwest::Client::new(),
            folder,
            _serving: stop.drop_guard(),
        }
    }

    /// A worker of its own, in whose environment this refresh token stands.
    async fn worker(&self, seed: &str) -> Arc<Borrow> {
        let api = self.base.join("tiktok-api/").unwrap();
        let config = TikTokConfig::new(api, "key".to_owned(), "secret".into());
        let tokens = TikTokTokens::new(
            connect(&self.folder).await,
            Arc::new(TikTok::new(config).unwrap()),
            "main".to_owned(),
            RefreshToken::from_stored(seed.into()),
        );
        Arc::new(Borrow { tokens })
    }

    async fn row(&self) -> Model {
        account_tokens::get(&self.db, ACCOUNT)
            .await
            .unwrap()
            .unwrap()
    }

    /// Leaves the access token less time than a call may need.
    async fn let_expire(&self) {
        let soon = (Timestamp::now() + 4.minutes()).as_millisecond();
        let sql = format!("update account_tokens set access_expires_at_ms = {soon}");
        self.db.execute_unprepared(&sql).await.unwrap();
    }

    /// What happens to the next renewal.
    async fn fault(&self, action: Value) {
        self.fault_at("oauth_token", action).await;
    }

    async fn fault_at(&self, endpoint: &str, action: Value) {
        let fault = json!({ "platform": "tiktok", "endpoint": endpoint, "action": action });
        let url = self.base.join("_sandbox/faults").unwrap();
        let answer = self.http.post(url).json(&fault).send().await.unwrap();
        assert!(answer.status().is_success());
    }

    /// The renewals that TikTok was asked for.
    async fn renewals(&self) -> Vec<Value> {
        let path = "_sandbox/requests?platform=tiktok&endpoint=oauth_token";
        let url = self.base.join(path).unwrap();
        let answer = self.http.get(url).send().await.unwrap();
        answer.json().await.unwrap()
    }

    async fn until_stalled(&self) {
        while !self
            .renewals()
            .await
            .iter()
            .any(|row| row["progress"] == "stalled")
        {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Another process would see the same file.
async fn connect(folder: &TempDir) -> DatabaseConnection {
    let url = schema::sqlite_url(&folder.path().join("channel.db")).unwrap();
    schema::connect(&url).await.unwrap()
}

/// How an attempt to borrow ends.
async fn borrow(worker: Arc<Borrow>, refused: Option<String>) -> Value {
    suite::attempt(&worker, &json!(refused), &Arc::default()).await
}

async fn lent(worker: &Arc<Borrow>) -> String {
    token(&borrow(worker.clone(), None).await)
}

fn token(ending: &Value) -> String {
    assert_eq!(ending["ending"], "done", "{ending}");
    ending["output"].as_str().unwrap().to_owned()
}

fn word_and_code(ending: &Value) -> (&str, &str) {
    let word = ending["ending"].as_str().unwrap();
    (word, ending["error"]["code"].as_str().unwrap_or_default())
}

/// Twenty runs of two workers at once; the tokens that they got, each once.
async fn twenty_runs(workers: [&Arc<Borrow>; 2], refused: Option<&str>) -> Vec<String> {
    let mut runs = JoinSet::new();
    for n in 0..20 {
        runs.spawn(borrow(workers[n % 2].clone(), refused.map(str::to_owned)));
    }
    let mut tokens: Vec<String> = runs.join_all().await.iter().map(token).collect();
    tokens.sort();
    tokens.dedup();
    tokens
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_runs_with_a_token_that_is_nearly_over_make_one_renewal() {
    let world = World::new().await;
    let (a, b) = (
        world.worker("rft.main").await,
        world.worker("rft.main").await,
    );
    let first = twenty_runs([&a, &b], None).await;
    assert_eq!((first.len(), world.renewals().await.len()), (1, 1));
    world.let_expire().await;
    let second = twenty_runs([&a, &b], None).await;
    assert_eq!((second.len(), world.renewals().await.len()), (1, 2));
    assert_ne!(first, second);
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_runs_that_were_refused_with_one_token_make_one_renewal() {
    let world = World::new().await;
    let (a, b) = (
        world.worker("rft.main").await,
        world.worker("rft.main").await,
    );
    let used = lent(&a).await;
    let next = twenty_runs([&a, &b], Some(&used)).await;
    assert_eq!((next.len(), world.renewals().await.len()), (1, 2));
    assert_ne!(next[0], used);
    // One that comes late with the old token takes the new one from nobody.
    let late = borrow(b, Some(used)).await;
    assert_eq!(
        (token(&late), world.renewals().await.len()),
        (next[0].clone(), 2)
    );
}

#[tokio::test]
async fn a_call_that_is_refused_takes_its_token_out_of_use() {
    let world = World::new().await;
    let ask = Arc::new(Ask(world.worker("rft.main").await));
    let unauthorized = json!({ "kind": "fail", "status": 401 });
    world.fault_at("creator_info", unauthorized).await;
    let refused = suite::attempt(&ask, &json!(null), &Arc::default()).await;
    assert_eq!(word_and_code(&refused), ("later", "tiktok_unauthorized"));
    assert_eq!(world.row().await.access_token, None);
    token(&suite::attempt(&ask, &json!(null), &Arc::default()).await);
    assert_eq!(world.renewals().await.len(), 2);
}

#[tokio::test]
async fn a_restart_goes_on_with_the_stored_pair() {
    let world = World::new().await;
    let used = lent(&world.worker("rft.main").await).await;
    assert_eq!(lent(&world.worker("rft.main").await).await, used);
    assert_eq!(world.renewals().await.len(), 1);
    // The token from the environment is dead by now; the stored one is not.
    world.let_expire().await;
    assert_ne!(lent(&world.worker("rft.main").await).await, used);
    assert_eq!(world.renewals().await.len(), 2);
}

#[tokio::test]
async fn a_renewal_outlives_the_step_that_began_it() {
    let world = World::new().await;
    let worker = world.worker("rft.main").await;
    world
        .fault(json!({ "kind": "stall", "ms": 500, "when": "after" }))
        .await;
    let step = tokio::spawn(borrow(worker.clone(), None));
    world.until_stalled().await;
    step.abort();
    assert!(step.await.unwrap_err().is_cancelled());
    let token = lent(&worker).await;
    assert_eq!(world.renewals().await.len(), 1);
    assert_eq!(world.row().await.access_token, Some(Token(token)));
}

#[tokio::test]
async fn the_lease_of_a_worker_that_is_gone_runs_out() {
    let world = World::new().await;
    let worker = world.worker("rft.main").await;
    let used = lent(&worker).await;
    world.let_expire().await;
    let (seen, now) = (world.row().await, Timestamp::now());
    let until = after(now, Duration::from_secs(1));
    let claimed = account_tokens::claim(&world.db, &seen, "gone", until, now).await;
    assert!(claimed.unwrap());
    assert_ne!(lent(&worker).await, used);
    assert!(Timestamp::now() >= until, "the lease was not waited for");
    assert_eq!(world.renewals().await.len(), 2);
}

#[tokio::test]
async fn after_a_lost_answer_the_run_waits_for_a_person_who_connects_the_account_again() {
    let world = World::new().await;
    let worker = world.worker("rft.main").await;
    world.fault(json!({ "kind": "act_then_drop" })).await;
    let lost = borrow(worker.clone(), None).await;
    assert_eq!(word_and_code(&lost), ("retry", "tiktok_unreachable"));
    let refused = borrow(worker, None).await;
    assert_eq!(word_and_code(&refused), ("later", "tiktok_refresh_refused"));
    assert_eq!(world.row().await.renewing_by, None);
    lent(&world.worker("rft.connected-again").await).await;
    assert_eq!(world.renewals().await.len(), 3);
}

#[tokio::test]
async fn a_refusal_that_would_end_a_post_only_delays_a_renewal() {
    let world = World::new().await;
    let worker = world.worker("rft.main").await;
    world.fault(json!({ "kind": "fail", "status": 400 })).await;
    let refused = borrow(worker.clone(), None).await;
    assert_eq!(word_and_code(&refused), ("later", "tiktok_rejected"));
    lent(&worker).await;
    assert_eq!(world.renewals().await.len(), 2);
}
