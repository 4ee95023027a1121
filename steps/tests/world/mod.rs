//! A world for tests of steps and workflows: a real sandbox on loopback, a real database, a real
//! clip, and the program's own clients on top.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use engine::Step;
use engine::testing::suite;
use media::{Background, ClipSpec, Keyframe, Limits, Media, Place, Rgb, Scene, TextOverlay};
use platforms::anthropic::{Anthropic, AnthropicConfig, Prices};
use platforms::fetch::{FetchConfig, Fetcher};
use platforms::instagram::{Instagram, InstagramConfig};
use platforms::tiktok::{LEAST_CHUNK, PrivacyLevel, RefreshToken, TikTok, TikTokConfig};
use platforms::youtube::{Privacy, YouTube, YouTubeConfig};
use sandbox::{Sandbox, SandboxConfig};
use schema::videos::{NewVideo, VideoSource};
use schema::{DatabaseConnection, accounts, posts, videos};
use secrecy::SecretString;
use serde_json::{Value, json};
use steps::{
    Audience, InstagramAccount, ReadBy, Services, Steps, Target, TikTokAccount, YouTubeAccount,
};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::OnceCell;
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

/// Small, so that the clip takes several requests.
const CHUNK: u64 = 256 * 1024;

pub(crate) struct World {
    platform: &'static str,
    pub(crate) db: DatabaseConnection,
    pub(crate) steps: Steps,
    base: Url,
    http: reqwest::Client,
    folder: TempDir,
    _serving: DropGuard,
}

/// The clip that every test of this process posts.
static CLIP: OnceCell<Vec<u8>> = OnceCell::const_new();

impl World {
    pub(crate) async fn new() -> Self {
        Self::on("youtube").await
    }

    /// A world whose video goes to this platform.
    pub(crate) async fn on(platform: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (base, serving) = serve(folder.path()).await;
        let db = schema::connect(&schema::sqlite_url(&folder.path().join("channel.db")).unwrap())
            .await
            .unwrap();
        schema::migrate(&db).await.unwrap();
        let inbox = folder.path().join("inbox");
        std::fs::create_dir(&inbox).unwrap();
        let clip = CLIP.get_or_init(make_clip).await;
        std::fs::write(inbox.join("v_1.mp4"), padded(clip, pieces(platform))).unwrap();
        let steps = Steps::new(&services(&base, db.clone(), folder.path(), inbox));
        accounts::ensure(&db, platform, "main").await.unwrap();
        videos::insert_if_new(&db, video()).await.unwrap();
        Self {
            platform,
            db,
            steps,
            base,
            http: reqwest::Client::new(),
            folder,
            _serving: serving,
        }
    }

    pub(crate) fn target(&self) -> Target {
        Target {
            video_id: "v_1".to_owned(),
            platform: self.platform.to_owned(),
            account: "main".to_owned(),
        }
    }

    /// The platform's name.
    pub(crate) fn platform(&self) -> &'static str {
        self.platform
    }

    /// A world in which an execution that was cut off has taken the frames: where posting is tried
    /// again and again, they need not be.
    pub(crate) async fn seen(self) -> Self {
        let pictures = PICTURES.get_or_init(take_pictures).await;
        let name = steps::marker(&self.target().post_id()).replace(':', "_");
        let folder = self.folder("frames").join(name);
        std::fs::create_dir(&folder).unwrap();
        let list = serde_json::to_vec(&pictures.1).unwrap();
        std::fs::write(folder.join("keyframes.json"), list).unwrap();
        self
    }

    /// Runs earlier steps of the loop, each until it is done.
    pub(crate) async fn done<S: Step>(&self, step: &Arc<S>, input: Value) -> Value {
        for _ in 0..50 {
            let ending = suite::attempt(step, &input, &Arc::default()).await;
            match ending["ending"].as_str() {
                Some("done") => return ending["output"].clone(),
                Some("later") => tokio::time::sleep(Duration::from_millis(200)).await,
                _ => panic!("{ending}"),
            }
        }
        panic!("never done");
    }

    /// A world in which the video is predicted and its upload open.
    pub(crate) async fn opened() -> Self {
        Self::new().await.open().await
    }

    /// The same, on any platform.
    pub(crate) async fn open(self) -> Self {
        let world = self;
        world
            .done(&world.steps.predict, json!(world.target()))
            .await;
        world
            .done(&world.steps.post_open, json!(world.target()))
            .await;
        world
    }

    /// A world in which the bytes are with the platform.
    pub(crate) async fn sent() -> Self {
        Self::new().await.send().await
    }

    /// The same, on any platform.
    pub(crate) async fn send(self) -> Self {
        let world = self.open().await;
        world
            .done(&world.steps.post_send, json!(world.target()))
            .await;
        world
    }

    /// A world in which the video was published six hours ago.
    pub(crate) async fn published() -> Self {
        Self::new().await.publish().await
    }

    /// The same, on any platform.
    pub(crate) async fn publish(self) -> Self {
        let world = self.send().await;
        world
            .done(&world.steps.post_confirm, json!(world.target()))
            .await;
        let six_hours_ago = jiff::Timestamp::now().as_millisecond() - 6 * 3_600_000;
        let sql = format!("update posts set published_at_ms = {six_hours_ago}");
        schema::ConnectionTrait::execute_unprepared(&world.db, &sql)
            .await
            .unwrap();
        world
    }

    /// A world in which the outcome is joined with the prediction.
    pub(crate) async fn joined() -> (Self, String) {
        let world = Self::published().await;
        let reading = world.done(&world.steps.scrape, json!(world.target())).await;
        let outcome = json!({ "target": world.target(), "snapshotId": reading["snapshotId"] });
        let joined = world.done(&world.steps.feedback, outcome).await;
        (world, joined["feedbackId"].as_str().unwrap().to_owned())
    }

    /// Sets a fault of the sandbox.
    pub(crate) async fn fault(
        &self,
        platform: &str,
        endpoint: &str,
        after: u64,
        times: u64,
        action: Value,
    ) {
        let fault = json!({ "platform": platform, "endpoint": endpoint, "after": after, "times": times, "action": action });
        self.tell("faults", &fault).await;
    }

    /// Uses a control of the sandbox.
    pub(crate) async fn tell(&self, control: &str, body: &Value) {
        let answer = self
            .http
            .post(self.control(control))
            .json(body)
            .send()
            .await
            .unwrap();
        assert!(
            answer.status().is_success(),
            "{}",
            answer.text().await.unwrap()
        );
    }

    /// A folder of the world: `inbox`, `converted`, …
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes a clip in the inbox, and has the video be that one.
    pub(crate) async fn film(&self, name: &str, clip: &ClipSpec) {
        Media::new(helper(), Limits::default())
            .synthesize(clip, &self.folder("inbox").join(name))
            .await
            .unwrap();
        let sql = format!(r#"update videos set source = '{{"path":"{name}"}}'"#);
        schema::ConnectionTrait::execute_unprepared(&self.db, &sql)
            .await
            .unwrap();
    }

    /// What the sandbox lists under a control.
    pub(crate) async fn listed(&self, control: &str) -> Vec<Value> {
        let list: Value = self
            .http
            .get(self.control(control))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        list.as_array()
            .or_else(|| list["items"].as_array())
            .or_else(|| list["posts"].as_array())
            .or_else(|| list["requests"].as_array())
            .unwrap_or_else(|| panic!("{list}"))
            .clone()
    }

    /// How many posts the platform has.
    pub(crate) async fn posts_seen(&self) -> usize {
        let posts = format!("posts?platform={}", self.platform);
        self.listed(&posts).await.len()
    }

    /// Waits until the sandbox holds a request back.
    pub(crate) async fn until_stalled(&self) {
        loop {
            if self
                .listed("requests")
                .await
                .iter()
                .any(|row| row["progress"] == "stalled")
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn post(&self) -> Option<posts::Model> {
        posts::get(&self.db, &self.target().post_id())
            .await
            .unwrap()
    }

    fn control(&self, path: &str) -> Url {
        self.base.join("_sandbox/").unwrap().join(path).unwrap()
    }
}

async fn serve(folder: &Path) -> (Url, DropGuard) {
    // A millisecond of wall time is ten hours of audience: a post has all its counts as soon as a lab
    // that skipped six hours can ask for them.
    let config = SandboxConfig {
        data: folder.join("sandbox"),
        world_seed: 7,
        time_scale: 3.6e7,
        // So few polls that each of them can be tried.
        processing: Duration::from_millis(20),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let stop = CancellationToken::new();
    tokio::spawn(Sandbox::open(config).unwrap().serve(listener, stop.clone()));
    (base, stop.drop_guard())
}

fn account<A>(account: A) -> BTreeMap<String, A> {
    BTreeMap::from([("main".to_owned(), account)])
}

fn token() -> SecretString {
    SecretString::from("token-of-main")
}

fn instagram(base: &Url) -> InstagramAccount {
    let api = |path: &str| base.join("graph/").unwrap().join(path).unwrap();
    let (graph, upload) = (api("v26.0/"), api("ig-api-upload/v26.0/"));
    let config = InstagramConfig::new(graph, upload, token(), "me".to_owned());
    InstagramAccount {
        client: Arc::new(Instagram::new(config).unwrap()),
        share_to_feed: true,
        read: ReadBy::Api,
    }
}

fn tiktok(base: &Url) -> TikTokAccount {
    let api = base.join("tiktok-api/").unwrap();
    let mut config = TikTokConfig::new(api, "key-of-ours".to_owned(), token());
    config.chunk_bytes = LEAST_CHUNK;
    TikTokAccount {
        client: Arc::new(TikTok::new(config).unwrap()),
        refresh_token: RefreshToken::from_stored(token()),
        privacy: PrivacyLevel::PublicToEveryone,
        read: ReadBy::Api,
    }
}

/// All steps but those of the browser, which has tests of its own.
fn services(base: &Url, db: DatabaseConnection, root: &Path, inbox: PathBuf) -> Services {
    let folder = |name: &str| {
        let folder = root.join(name);
        std::fs::create_dir(&folder).unwrap();
        folder
    };
    let mut youtube = YouTubeConfig::new(base.join("youtube/").unwrap(), token());
    youtube.chunk_bytes = CHUNK;
    let prices = Prices {
        input_usd_per_mtok: 2.0,
        output_usd_per_mtok: 10.0,
        cache_read_usd_per_mtok: 0.2,
        cache_write_usd_per_mtok: 2.5,
    };
    let anthropic = AnthropicConfig::new(
        base.join("anthropic").unwrap(),
        token(),
        "claude-sonnet-5-5".to_owned(),
        prices,
    );
    Services {
        db,
        media: Arc::new(Media::new(helper(), Limits::default())),
        instagram: account(instagram(base)),
        tiktok: account(tiktok(base)),
        youtube: account(YouTubeAccount {
            client: Arc::new(YouTube::new(youtube).unwrap()),
            privacy: Privacy::Public,
        }),
        fetcher: Fetcher::new(FetchConfig::default()).unwrap(),
        anthropic: Arc::new(Anthropic::new(anthropic).unwrap()),
        inbox,
        fetched: folder("fetched"),
        converted: folder("converted"),
        frames: folder("frames"),
        audience: Audience { time_scale: 1.0 },
    }
}

fn video() -> NewVideo {
    NewVideo {
        id: "v_1".to_owned(),
        concept_id: None,
        category: "finance".to_owned(),
        caption: "Save 100 a month".to_owned(),
        hashtags: ["#money"].into_iter().collect(),
        audio_id: None,
        source: VideoSource::Path("v_1.mp4".to_owned()),
        features: Some(json!({ "trendVelocity": 82.0, "hashtagScore": 40.0 })),
        created_at_ms: 0,
    }
}

/// The clip's frames, and the folder that they are in.
static PICTURES: OnceCell<(TempDir, Vec<Keyframe>)> = OnceCell::const_new();

async fn take_pictures() -> (TempDir, Vec<Keyframe>) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("clip.mp4");
    std::fs::write(&file, CLIP.get_or_init(make_clip).await).unwrap();
    let media = Media::new(helper(), Limits::default());
    let taken = media.keyframes(&file, folder.path(), 5).await.unwrap();
    (folder, taken)
}

async fn make_clip() -> Vec<u8> {
    let scenes = vec![
        Scene::new(1500, Background::Checkers(Rgb(255, 214, 10), Rgb::WHITE))
            .text(TextOverlay::new("STOP", 96, Place::Top)),
        Scene::new(1500, Background::Ball(Rgb(220, 30, 40), Rgb(20, 30, 90))),
    ];
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("clip.mp4");
    Media::new(helper(), Limits::default())
        .synthesize(&ClipSpec::portrait(scenes), &file)
        .await
        .unwrap();
    std::fs::read(file).unwrap()
}

/// So many bytes are several requests on this platform, whatever the encoder makes of the clip.
fn pieces(platform: &str) -> u64 {
    match platform {
        "tiktok" => 2 * LEAST_CHUNK,
        _ => CHUNK + CHUNK / 2,
    }
}

/// The clip with a box of free space at its end, as an MP4 may have (ISO/IEC 14496-12, 8.1.2).
fn padded(clip: &[u8], free: u64) -> Vec<u8> {
    let free = u32::try_from(free).unwrap();
    let mut clip = clip.to_owned();
    clip.extend(free.to_be_bytes());
    clip.extend(b"free");
    clip.resize(clip.len() - 8 + free as usize, 0);
    clip
}

/// The helper's binary: named by `cargo xtask test`, or built beside the tests.
fn helper() -> PathBuf {
    if let Some(path) = std::env::var_os("FLYWHEEL_MEDIA_BIN") {
        return path.into();
    }
    let tests = std::env::current_exe().unwrap();
    let path = tests.ancestors().nth(2).unwrap().join("flywheel-media");
    assert!(
        path.exists(),
        "no media helper: run `cargo build -p media-helper`"
    );
    path
}
