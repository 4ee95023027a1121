//! A temporary folder, a client of the real helper, and short ways to make a clip.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use media::{Background, ClipSpec, Keyframe, Limits, Media, MediaError, Rgb, Scene};
use tempfile::TempDir;

/// Where one test makes its files.
pub(crate) struct Studio {
    folder: TempDir,
    pub(crate) media: Media,
}

impl Studio {
    pub(crate) fn new() -> Self {
        Self::with_limits(Limits::default())
    }

    pub(crate) fn with_limits(limits: Limits) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self {
            folder,
            media: Media::new(helper(), limits),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes a clip with the default limits, whatever the studio's own are.
    pub(crate) async fn clip(&self, name: &str, clip: &ClipSpec) -> PathBuf {
        let path = self.path(name);
        let media = Media::new(helper(), Limits::default());
        media
            .synthesize(clip, &path)
            .await
            .expect("the clip can be made");
        path
    }

    pub(crate) fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).expect("the file can be written");
        path
    }

    pub(crate) async fn five(&self, video: &Path) -> Vec<Keyframe> {
        let out = self.path("frames");
        self.media
            .keyframes(video, &out, 5)
            .await
            .expect("keyframes are found")
    }

    /// The error with which a file is refused; it must be final, and the same for both questions.
    pub(crate) async fn refusal(&self, file: &Path) -> MediaError {
        let error = self
            .media
            .probe(file)
            .await
            .expect_err("the file is refused");
        assert!(error.is_terminal(), "{error}");
        let again = self.media.keyframes(file, &self.path("frames"), 5).await;
        assert_eq!(again.expect_err("no keyframes").code(), error.code());
        assert!(
            !self.path("frames").exists(),
            "a refused file leaves no folder"
        );
        error
    }
}

/// A small upright clip without sound.
pub(crate) fn small(scenes: Vec<Scene>) -> ClipSpec {
    ClipSpec {
        width: 180,
        height: 320,
        audio: false,
        ..ClipSpec::portrait(scenes)
    }
}

/// A scene in which every second looks different.
pub(crate) fn lively(duration_ms: u64) -> Scene {
    Scene::new(duration_ms, Background::Rings).look(2, 1.0, 0.0)
}

pub(crate) fn plain(duration_ms: u64, grey: u8) -> Scene {
    Scene::new(duration_ms, Background::Plain(Rgb(grey, grey, grey)))
}

pub(crate) fn helper() -> PathBuf {
    let named = env::var_os("FLYWHEEL_MEDIA_BIN").map(PathBuf::from);
    let beside = || {
        let test = env::current_exe().expect("this program has a path");
        let profile = test
            .ancestors()
            .nth(2)
            .expect("target/<profile>/deps/<test>");
        profile.join(format!("flywheel-media{}", env::consts::EXE_SUFFIX))
    };
    let helper = named.unwrap_or_else(beside);
    let there = helper.is_file();
    assert!(
        there,
        "{} is missing: run `cargo build -p media-helper`",
        helper.display()
    );
    helper
}
