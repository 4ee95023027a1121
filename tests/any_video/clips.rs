//! Clips of all kinds, short and small: three seconds, the shortest that Instagram takes, and 360
//! pixels wide, the narrowest that TikTok takes.

use std::path::{Path, PathBuf};

use futures::future::join_all;
use media::{Background, ClipContainer, ClipSpec, Probe, Rgb, Scene};

use crate::stage;

/// A file's name, what the helper says of it, and what it is made from.
pub(crate) type Clip = (&'static str, &'static str, ClipSpec);

/// Makes the files, and sees to it that they are what they are said to be.
pub(crate) fn make(folder: &Path, clips: Vec<Clip>) -> Vec<PathBuf> {
    let media = &stage::media();
    let one = |(name, said, clip): Clip| async move {
        let file = folder.join(name);
        media.synthesize(&clip, &file).await.unwrap();
        if clip.video {
            let probe = media.probe(&file).await.unwrap();
            assert_eq!(in_words(&probe), said, "{name}");
        }
        file
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(join_all(clips.into_iter().map(one)))
}

fn in_words(probe: &Probe) -> String {
    let turned = match probe.rotation {
        0 => String::new(),
        degrees => format!(" turned by {degrees}"),
    };
    format!(
        "{} {} {} {}x{}{turned} {} s",
        probe.container,
        probe.video_codec,
        probe.audio_codec.as_deref().unwrap_or("silent"),
        probe.width,
        probe.height,
        probe.duration_ms / 1000
    )
}

/// With sound.
pub(crate) fn portrait(container: ClipContainer) -> ClipSpec {
    let clip = ClipSpec {
        container,
        ..ClipSpec::portrait(Vec::new())
    };
    lasting(3000, sized(360, 640, clip))
}

/// With sound.
pub(crate) fn landscape(container: ClipContainer) -> ClipSpec {
    sized(640, 360, portrait(container))
}

pub(crate) fn sized(width: u32, height: u32, clip: ClipSpec) -> ClipSpec {
    ClipSpec {
        width,
        height,
        ..clip
    }
}

pub(crate) fn lasting(duration_ms: u64, clip: ClipSpec) -> ClipSpec {
    let ball = Background::Ball(Rgb(220, 30, 40), Rgb(255, 214, 10));
    ClipSpec {
        scenes: vec![Scene::new(duration_ms, ball)],
        ..clip
    }
}

pub(crate) fn silent(clip: ClipSpec) -> ClipSpec {
    ClipSpec {
        audio: false,
        ..clip
    }
}
