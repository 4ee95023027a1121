//! What all handlers share: the kept world and the faults that are set.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::audience::Audience;
use crate::background::Background;
use crate::faults::FaultBoard;
use crate::instagram::Instagram;
use crate::posts::Posts;
use crate::requests::RequestLog;
use crate::tiktok::Tiktok;
use crate::youtube::Uploads;
use crate::{SandboxConfig, SandboxError, fetch};

/// What a handler gets as its axum state.
pub(crate) type SharedState = Arc<Shared>;

/// One open world. Faults are not kept: they belong to the test that set them.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) audience: Audience,
    pub(crate) posts: Posts,
    pub(crate) uploads: Uploads,
    pub(crate) tiktok: Tiktok,
    pub(crate) instagram: Instagram,
    pub(crate) requests: RequestLog,
    pub(crate) faults: FaultBoard,
    /// What platforms themselves ask: files by their URL, receivers of webhooks.
    pub(crate) http: reqwest::Client,
    pub(crate) background: Background,
    /// Held while the world is open; the system lets go of it when the process dies.
    _lock: File,
}

/// The first line ever written in a data folder.
#[derive(Debug, Serialize, Deserialize)]
struct Birth {
    world_seed: u64,
    born_at: Timestamp,
}

impl Shared {
    pub(crate) fn open(config: SandboxConfig) -> Result<Self, SandboxError> {
        if !(config.time_scale.is_finite() && config.time_scale > 0.0) {
            return Err(SandboxError::TimeScale {
                given: config.time_scale,
            });
        }
        let data = config.data.as_path();
        std::fs::create_dir_all(data).map_err(SandboxError::io("create the folder", data))?;
        let lock = lock(data)?;
        let birth = birth(data, config.world_seed)?;
        let posts = Posts::open(data, config.processing)?;
        let uploads = Uploads::open(data)?;
        uploads.finish_complete(&posts)?;
        let tiktok = Tiktok::open(data)?;
        tiktok.uploads.finish_complete(&posts)?;
        let instagram = Instagram::open(data)?;
        instagram.containers.finish_complete()?;
        Ok(Self {
            audience: Audience::new(config.world_seed, birth.born_at, config.time_scale),
            uploads,
            tiktok,
            instagram,
            posts,
            requests: RequestLog::open(data)?,
            faults: FaultBoard::default(),
            http: fetch::client()?,
            background: Background::default(),
            _lock: lock,
        })
    }
}

fn lock(data: &Path) -> Result<File, SandboxError> {
    let path = data.join("lock");
    let file = File::create(&path).map_err(SandboxError::io("create", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(SandboxError::InUse {
            path: data.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(SandboxError::io("lock", path)(source)),
    }
}

fn birth(data: &Path, asked: u64) -> Result<Birth, SandboxError> {
    let (journal, mut births) = crate::journal::Journal::open::<Birth>(&data.join("world.jsonl"))?;
    if births.is_empty() {
        let birth = Birth {
            world_seed: asked,
            born_at: Timestamp::now(),
        };
        journal.append(&birth)?;
        return Ok(birth);
    }
    let birth = births.swap_remove(0);
    if birth.world_seed == asked {
        Ok(birth)
    } else {
        Err(SandboxError::OtherWorld {
            kept: birth.world_seed,
            asked,
        })
    }
}
