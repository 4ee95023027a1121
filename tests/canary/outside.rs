//! The outside: a sandbox of the test's own, in a folder that is not searched.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::stage::flywheel;
use crate::{canary, web};

/// 6 hours in 3 seconds, so that there is something to read after the wait.
const SETTINGS: &str = "[sandbox]\ntime_scale = 7200.0\n";

/// The running sandbox; it ends with this.
pub(crate) struct Outside {
    sandbox: Child,
    port: u64,
    _folder: TempDir,
}

impl Outside {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("flywheel.toml"), SETTINGS).unwrap();
        let mut sandbox = flywheel(folder.path());
        let mut sandbox = sandbox
            .args(["sandbox", "--data", "data"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        let stdout = sandbox.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut ready).unwrap();
        let ports = std::fs::read(folder.path().join("data/ports.json")).unwrap();
        let ports: Value = serde_json::from_slice(&ports).unwrap();
        Self {
            sandbox,
            port: ports["sandbox"].as_u64().unwrap(),
            _folder: folder,
        }
    }

    /// Settings with which every service is the real one, and is here. No page is loaded through the
    /// proxy, because they are on this machine; the browser has its password all the same.
    pub(crate) fn settings(&self) -> String {
        let at = format!("http://127.0.0.1:{}", self.port);
        format!(
            r#"
            [loop]
            wait = "3s"
            [anthropic]
            base_url = "{at}/anthropic/"
            [youtube]
            base_url = "{at}/youtube/"
            [tiktok]
            base_url = "{at}/tiktok-api/"
            page_url = "{at}/tiktok/"
            [instagram]
            base_url = "{at}/graph/v26.0/"
            upload_url = "{at}/graph/ig-api-upload/v26.0/"
            page_url = "{at}/instagram/"
            [browser]
            proxy = "http://127.0.0.1:9"
            "#
        )
    }

    /// Has every service refuse one request, and repeat what it was sent in its words.
    pub(crate) fn repeat_credentials(&self) {
        for (platform, endpoint, status, body) in refusals() {
            let fault = json!({
                "platform": platform,
                "endpoint": endpoint,
                "action": { "kind": "fail", "status": status, "body": body },
            });
            web::post(&self.control(), &fault);
        }
    }

    /// Whether each of them was met.
    pub(crate) fn has_repeated_all(&self) -> bool {
        let faults: Value = serde_json::from_str(&web::get(&self.control())).unwrap();
        let mut faults = faults.as_array().unwrap().iter();
        faults.all(|fault| fault["taken"] == 1)
    }

    fn control(&self) -> String {
        format!("http://127.0.0.1:{}/_sandbox/faults", self.port)
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        let _ = self.sandbox.kill();
        let _ = self.sandbox.wait();
    }
}

/// Platform, endpoint, status and words. All but Instagram's are outlasted.
fn refusals() -> Vec<(&'static str, &'static str, u16, Value)> {
    let youtube =
        |variable| json!({ "error": { "message": format!("at fault: {}", canary(variable)) } });
    let (refresh, secret) = (
        canary("TIKTOK_REFRESH_TOKEN"),
        canary("TIKTOK_CLIENT_SECRET"),
    );
    let key = canary("ANTHROPIC_API_KEY");
    let token = canary("INSTAGRAM_ACCESS_TOKEN");
    vec![
        (
            "youtube",
            "upload_open",
            503,
            youtube("YOUTUBE_ACCESS_TOKEN"),
        ),
        ("youtube", "videos_list", 503, youtube("YOUTUBE_API_KEY")),
        (
            "tiktok",
            "oauth_token",
            500,
            json!({ "error": "internal_error", "error_description": format!("{refresh} {secret}") }),
        ),
        (
            "anthropic",
            "messages",
            500,
            json!({ "error": { "type": "api_error", "message": format!("for {key}") } }),
        ),
        (
            "instagram",
            "container_create",
            400,
            json!({ "error": { "message": format!("Malformed access token {token}") } }),
        ),
    ]
}
