//! From the last byte to the post.

use std::sync::Arc;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::file_check;
use super::uploads::{Upload, Uploads};
use super::video::Details;
use super::webhook;
use crate::SandboxError;
use crate::platform::Platform;
use crate::posts::{Marks, Post, Posts};
use crate::state::SharedState;

impl Uploads {
    /// Makes the posts of openings that had their whole file when the sandbox was killed.
    pub(crate) fn finish_complete(&self, posts: &Posts) -> Result<(), SandboxError> {
        for upload in self.all() {
            if upload.is_whole() {
                upload.finish(posts)?;
            }
        }
        Ok(())
    }
}

impl Upload {
    /// Makes the post, or returns the one that is there. Not for the async threads.
    fn finish(&self, posts: &Posts) -> Result<Arc<Post>, SandboxError> {
        match posts.get(&self.opening.post_id) {
            Some(post) => Ok(post),
            None => posts.add(self.to_post(posts)?),
        }
    }

    /// The post that these bytes are. It is there also when the file is refused: that is what
    /// came of the client's attempt.
    fn to_post(&self, posts: &Posts) -> Result<Post, SandboxError> {
        let mut hash = Sha256::new();
        let mut file = std::fs::File::open(&self.file)
            .map_err(SandboxError::io("open the upload", &self.file))?;
        let bytes = std::io::copy(&mut file, &mut hash)
            .map_err(SandboxError::io("hash the upload", &self.file))?;
        let checked = file_check::check(&self.file);
        let info = &self.opening.info;
        let created_at = Timestamp::now();
        let processed_at = posts.processed_at(created_at);
        let details = Details {
            publish_id: self.opening.publish_id.clone(),
            info: info.clone(),
            // Moderation takes as long as processing did, and comes after it.
            moderated_at: posts.processed_at(processed_at),
        };
        Ok(Post {
            platform: Platform::Tiktok,
            account: self.opening.open_id.clone(),
            post_id: self.opening.post_id.clone(),
            title: info.title.clone(),
            description: String::new(),
            tags: info.hashtags().into_iter().map(|tag| tag.name).collect(),
            category: None,
            duration_ms: checked.duration_ms,
            bytes,
            sha256: format!("{:x}", hash.finalize()),
            created_at,
            processed_at,
            details: serde_json::to_value(&details).map_err(|source| SandboxError::Record {
                path: self.file.clone(),
                source,
            })?,
            marks: Marks {
                failed: checked.fail_reason.map(str::to_owned),
                ..Marks::default()
            },
        })
    }
}

/// Makes the post of an opening whose whole file is there, and tells about it what follows.
pub(crate) async fn finish(
    state: &SharedState,
    upload: Arc<Upload>,
) -> Result<Arc<Post>, SandboxError> {
    let world = Arc::clone(state);
    let post = tokio::task::spawn_blocking(move || upload.finish(&world.posts))
        .await
        .map_err(SandboxError::Background)??;
    webhook::announce(state, &post);
    Ok(post)
}
