//! Secrets stay out of all that is kept, shown and told: the real program runs with a canary in the
//! place of each of them, and everything that it leaves is searched.
//!
//! Every service is the real one to it, at the address of a sandbox of the test's own. So the canaries
//! go where credentials go, and come back, too: each service once repeats what it was sent in the words
//! of a refusal, as some do.

#![expect(
    clippy::unwrap_used,
    reason = "a test may stop at once where its ground is missing"
)]

mod needle;
mod outside;
mod places;
#[expect(dead_code, reason = "other tests kill what this one only starts")]
#[path = "../stage/mod.rs"]
mod stage;
mod web;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use needle::Needle;
use outside::Outside;
use places::Place;
use stage::Stage;

/// Credentials by the names of their variables. The webhooks' secret is the bytes that its base64 is of.
const CANARIES: [(&str, &str); 8] = [
    ("ANTHROPIC_API_KEY", "canary-anthropic-7f3a91c5d2e84b06"),
    ("BRIGHT_DATA_PASSWORD", "canary-proxy-0d6e2b8f47a1c935"),
    (WEBHOOK, "canary-webhook-5e0b7c2d9a41f836"),
    (
        "INSTAGRAM_ACCESS_TOKEN",
        "canary-instagram-b18d4f60e7293ac5",
    ),
    ("TIKTOK_CLIENT_SECRET", "canary-tiktok-app-26c9e0f4813b7d5a"),
    (RENEWED, "canary-tiktok-refresh-c47f1d83a95e602b"),
    (
        "YOUTUBE_ACCESS_TOKEN",
        "canary-youtube-token-93e5a7026f1cd84b",
    ),
    ("YOUTUBE_API_KEY", "canary-youtube-key-4a8b0e6d37f2c915"),
];
const WEBHOOK: &str = "FLYWHEEL_WEBHOOK_SECRET";
/// Kept in `account_tokens` until it is spent.
const RENEWED: &str = "TIKTOK_REFRESH_TOKEN";
/// What has to be there beside them, and is no secret.
const NAMES: [(&str, &str); 3] = [
    ("BRIGHT_DATA_USERNAME", "user"),
    ("INSTAGRAM_USER_ID", "me"),
    ("TIKTOK_CLIENT_KEY", "key"),
];
/// Shown to the API by somebody who has no business there.
const HEADER: &str = "canary-header-e2907bd5c16f48a3";
/// In the id of a video and so in the input of its run, where everything may be seen.
const PLANTED: &str = "canary-planted-90be6f1d2c7a4358";

/// The canary in the place of a credential.
fn canary(variable: &str) -> String {
    let mut canaries = CANARIES.iter();
    let (_, canary) = canaries.find(|(name, _)| *name == variable).unwrap();
    (*canary).to_owned()
}

fn environment() -> Vec<(&'static str, String)> {
    let value = |&(variable, text): &(&'static str, &str)| match variable {
        WEBHOOK => (variable, format!("whsec_{}", STANDARD.encode(text))),
        _ => (variable, text.to_owned()),
    };
    CANARIES.iter().chain(&NAMES).map(value).collect()
}

/// Where each needle is that must not be there.
fn found(places: &[Place], needles: &[Needle]) -> Vec<String> {
    let mut found = Vec::new();
    for place in places {
        for needle in needles {
            if !(place.has_kept && needle.is_kept) && needle.is_in(&place.text) {
                found.push(format!("{} in {}", needle.name, place.name));
            }
        }
    }
    found
}

fn post(stage: &Stage, platform: &str, video_id: &str) -> String {
    let clip = stage.folder.path().join("clip.mp4");
    if !clip.exists() {
        stage::make_clip(&clip);
    }
    let answer = stage.json(&[
        "post",
        clip.to_str().unwrap(),
        "--platform",
        platform,
        "--video-id",
        video_id,
    ]);
    answer["runs"][0]["runId"].as_str().unwrap().to_owned()
}

#[test]
fn no_secret_is_kept_shown_or_told() {
    let outside = Outside::start();
    outside.repeat_credentials();
    let mut stage = Stage::with(&outside.settings(), environment());
    stage.up();
    let measured = [
        post(&stage, "youtube", PLANTED),
        post(&stage, "tiktok", "v_2"),
    ];
    let refused = [post(&stage, "instagram", "v_3")];
    stage.all(&measured, "completed");
    stage.all(&refused, "failed");
    assert!(outside.has_repeated_all());

    let mut places = places::while_it_runs(&stage);
    let kept = places::kept_on_purpose(&stage);
    assert_eq!(kept.len(), 4, "TikTok's pair of tokens and two uploads");
    stage.stop();
    places.extend(places::files(stage.folder.path()));

    let mut needles = vec![Needle::new("header", HEADER)];
    needles.extend(CANARIES.map(|(name, canary)| match name {
        RENEWED => Needle::kept(name, canary),
        _ => Needle::new(name, canary),
    }));
    needles.extend(
        kept.iter()
            .map(|secret| Needle::kept("what we keep", secret)),
    );
    assert_eq!(found(&places, &needles), Vec::<String>::new());
    the_services_repeated_what_they_were_sent(&places);
    what_is_there_is_found(&places);
}

/// What is blotted out of a service's words is what the request carried: six credentials in all.
fn the_services_repeated_what_they_were_sent(places: &[Place]) {
    let mut attempts = places
        .iter()
        .filter(|place| place.name == "table step_attempts");
    let attempts = &attempts.next().unwrap().text;
    assert_eq!(attempts.matches("[token]").count(), 6, "{attempts}");
}

/// The search is good for something: in every kind of place it finds what is there.
fn what_is_there_is_found(places: &[Place]) {
    let planted = Needle::new("planted", PLANTED);
    let found: Vec<&str> = places
        .iter()
        .filter(|place| planted.is_in(&place.text))
        .map(|place| place.name.as_str())
        .collect();
    let kinds: [fn(&str) -> bool; 5] = [
        |name| name == "Restate's sys_journal",
        |name| name == "table runs",
        |name| name.starts_with("runs show ") && name.ends_with(" --json"),
        |name| name.starts_with("file ") && name.contains("/data/restate/"),
        |name| name.ends_with("/data/logs/api.log"),
    ];
    for (at, is_of_kind) in kinds.iter().enumerate() {
        let has_found = found.iter().any(|&name| is_of_kind(name));
        assert!(has_found, "{at}: {found:#?}");
    }
}
