//! All containers, and the bytes that they have received, kept on disk.
//!
//! Bytes count as soon as they are in the file. A container whose last byte arrived just before a
//! kill has arrived when the world is opened again; one whose URL was being fetched then is fetched
//! again when the world is served.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::container::{Arrived, Container, Course, Opening, Reel, Source};
use super::ids;
use crate::SandboxError;
use crate::journal::Journal;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Record {
    Opened(Box<Opening>),
    Announced { id: String, bytes: u64 },
    Arrived { id: String, file: Arrived },
    Failed { id: String, problem: u32 },
    Expired { id: String },
}

impl Record {
    /// The container that it is about.
    fn id(&self) -> &str {
        match self {
            Self::Opened(opening) => &opening.id,
            Self::Announced { id, .. }
            | Self::Arrived { id, .. }
            | Self::Failed { id, .. }
            | Self::Expired { id } => id,
        }
    }

    /// Does to a course what the record says.
    fn apply(self, course: &mut Course) {
        match self {
            Self::Opened(_) => {}
            Self::Announced { bytes, .. } => course.announced = Some(bytes),
            Self::Arrived { file, .. } => course.arrived = Some(file),
            Self::Failed { problem, .. } => course.failed = Some(problem),
            Self::Expired { .. } => course.expired = true,
        }
    }
}

/// All containers of the world.
#[derive(Debug)]
pub(crate) struct Containers {
    folder: PathBuf,
    journal: Journal,
    all: RwLock<HashMap<String, Arc<Container>>>,
    /// Held while one is published, so that the daily limit holds for two at once.
    pub(crate) publishing: Mutex<()>,
}

impl Containers {
    pub(crate) fn open(data: &Path) -> Result<Self, SandboxError> {
        let folder = data.join("instagram-uploads");
        std::fs::create_dir_all(&folder).map_err(SandboxError::io("create the folder", &folder))?;
        let (journal, records) = Journal::open(&data.join("instagram-containers.jsonl"))?;
        let mut openings = Vec::new();
        let mut courses: HashMap<String, Course> = HashMap::new();
        for record in records {
            match record {
                Record::Opened(opening) => openings.push(*opening),
                later => {
                    let course = courses.entry(later.id().to_owned()).or_default();
                    later.apply(course);
                }
            }
        }
        let mut all = HashMap::new();
        for opening in openings {
            let course = courses.remove(&opening.id).unwrap_or_default();
            let received = received(&folder, &opening, &course)?;
            let id = opening.id.clone();
            let container = Container::new(opening, &folder, received, course);
            all.insert(id, Arc::new(container));
        }
        Ok(Self {
            folder,
            journal,
            all: RwLock::new(all),
            publishing: Mutex::new(()),
        })
    }

    /// Takes in the files of uploads that had all their bytes when the sandbox was killed.
    pub(crate) fn finish_complete(&self) -> Result<(), SandboxError> {
        for container in self.all() {
            let course = container.course();
            let open = course.arrived.is_none() && course.failed.is_none();
            if open && course.announced == Some(container.received()) {
                self.arrive(&container)?;
            }
        }
        Ok(())
    }

    /// Makes a container; it is kept when this returns.
    pub(crate) fn start(
        &self,
        account: String,
        source: Source,
        reel: Reel,
    ) -> Result<Arc<Container>, SandboxError> {
        let opened_at = Timestamp::now();
        let opening = Opening {
            id: ids::new_container_id(),
            account,
            media_id: ids::new_media_id(),
            pk: ids::new_pk(opened_at),
            source,
            reel,
            opened_at,
        };
        let id = opening.id.clone();
        self.journal
            .append(&Record::Opened(Box::new(opening.clone())))?;
        let container = Container::new(opening, &self.folder, 0, Course::default());
        let container = Arc::new(container);
        let mut all = self.all.write().unwrap_or_else(PoisonError::into_inner);
        all.insert(id, Arc::clone(&container));
        Ok(container)
    }

    /// A container of this account, however old.
    pub(crate) fn get(&self, account: &str, id: &str) -> Option<Arc<Container>> {
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        let found = all.get(id).filter(|found| found.opening.account == account);
        found.cloned()
    }

    /// In no order.
    pub(crate) fn all(&self) -> Vec<Arc<Container>> {
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        all.values().cloned().collect()
    }

    /// Keeps the size that an upload announced.
    pub(crate) fn announce(&self, container: &Container, bytes: u64) -> Result<(), SandboxError> {
        let id = container.opening.id.clone();
        self.keep(container, Record::Announced { id, bytes })
    }

    /// Looks at a file whose last byte is there. Reads all of it: not for the async threads.
    pub(crate) fn arrive(&self, container: &Container) -> Result<(), SandboxError> {
        let file = Arrived::read(&container.file)?;
        let id = container.opening.id.clone();
        self.keep(container, Record::Arrived { id, file })
    }

    /// From now on it cannot be published, for the reason with this number.
    pub(crate) fn fail(&self, container: &Container, problem: u32) -> Result<(), SandboxError> {
        let id = container.opening.id.clone();
        self.keep(container, Record::Failed { id, problem })
    }

    /// From now on it is as if it were a day old.
    pub(crate) fn expire(&self, container: &Container) -> Result<(), SandboxError> {
        let id = container.opening.id.clone();
        self.keep(container, Record::Expired { id })
    }

    fn keep(&self, container: &Container, record: Record) -> Result<(), SandboxError> {
        self.journal.append(&record)?;
        container.change(|course| record.apply(course));
        Ok(())
    }
}

/// How many bytes of an upload are in its file. Of a fetch that was broken off none count.
fn received(folder: &Path, opening: &Opening, course: &Course) -> Result<u64, SandboxError> {
    if opening.source != Source::Upload && course.arrived.is_none() {
        return Ok(0);
    }
    let path = folder.join(&opening.id);
    match std::fs::metadata(&path) {
        Ok(metadata) => Ok(metadata.len()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(SandboxError::io("look at", path)(error)),
    }
}
