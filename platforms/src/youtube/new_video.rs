//! What a video is to be called on YouTube, and YouTube's rules for it.
//!
//! All broken rules are found at once and before a session is opened, so that a caption is
//! corrected in one go and costs no quota.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Violation;

const TITLE_CHARS: usize = 100;
const DESCRIPTION_BYTES: usize = 5000;
const TAGS_CHARS: usize = 500;

/// Who may watch a video. Projects that Google has not audited get `Private` whatever they ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Privacy {
    /// Only the owner.
    Private,
    /// Whoever has the link.
    Unlisted,
    /// Everyone.
    Public,
}

/// The text around a video that is about to be uploaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NewVideo {
    /// 1 to 100 characters, without `<` and `>`.
    pub title: String,
    /// At most 5000 bytes, without `<` and `>`. A marker in it lets
    /// [`YouTube::find_upload`](super::YouTube::find_upload) find the video again.
    pub description: String,
    /// At most 500 characters together, counted as YouTube does: a comma between two tags, and
    /// two quotes around a tag with a space.
    pub tags: Vec<String>,
    /// Decimal id of a category, such as `24` (Entertainment).
    pub category_id: String,
    /// Who may watch it.
    pub privacy: Privacy,
}

impl NewVideo {
    /// Every rule that is broken, in the order of the fields; empty when YouTube will take it.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut report = |field, problem| found.push(Violation { field, problem });
        if self.title.trim().is_empty() {
            report("title", "is empty".to_owned());
        }
        let title = self.title.chars().count();
        if title > TITLE_CHARS {
            report(
                "title",
                format!("has {title} characters, {TITLE_CHARS} are allowed"),
            );
        }
        if self.title.contains(['<', '>']) {
            report("title", "contains < or >".to_owned());
        }
        let description = self.description.len();
        if description > DESCRIPTION_BYTES {
            report(
                "description",
                format!("has {description} bytes, {DESCRIPTION_BYTES} are allowed"),
            );
        }
        if self.description.contains(['<', '>']) {
            report("description", "contains < or >".to_owned());
        }
        let tags = self.tags_chars();
        if tags > TAGS_CHARS {
            report(
                "tags",
                format!("have {tags} characters together, {TAGS_CHARS} are allowed"),
            );
        }
        if self.tags.iter().any(|tag| tag.contains(['<', '>'])) {
            report("tags", "contain < or >".to_owned());
        }
        if self.category_id.is_empty() || !self.category_id.bytes().all(|b| b.is_ascii_digit()) {
            report("category_id", "is not a decimal number".to_owned());
        }
        found
    }

    fn tags_chars(&self) -> usize {
        let quotes = |tag: &String| if tag.contains(' ') { 2 } else { 0 };
        let letters: usize = self
            .tags
            .iter()
            .map(|tag| tag.chars().count() + quotes(tag))
            .sum();
        letters + self.tags.len().saturating_sub(1)
    }

    /// The video resource of `videos.insert` with `part=snippet,status`.
    pub(super) fn resource(&self) -> Value {
        json!({
            "snippet": {
                "title": self.title,
                "description": self.description,
                "tags": self.tags,
                "categoryId": self.category_id,
            },
            "status": { "privacyStatus": self.privacy },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clip() -> NewVideo {
        NewVideo {
            title: "ü".repeat(100),
            description: "d".repeat(5000),
            tags: vec!["t".repeat(250), "t".repeat(249)],
            category_id: "24".to_owned(),
            privacy: Privacy::Private,
        }
    }

    #[test]
    fn a_video_exactly_at_every_limit_breaks_no_rule() {
        assert_eq!(clip().violations(), []);
    }

    #[test]
    fn every_broken_rule_is_reported_at_once() {
        let clip = NewVideo {
            title: format!("<{}", "t".repeat(100)),
            description: format!("{}>", "é".repeat(2500)),
            tags: vec!["two words".to_owned(), "t".repeat(489), "<".to_owned()],
            category_id: "fun".to_owned(),
            privacy: Privacy::Public,
        };
        let found: Vec<String> = clip.violations().iter().map(Violation::to_string).collect();
        insta::assert_snapshot!(found.join("\n"), @r"
        title has 101 characters, 100 are allowed
        title contains < or >
        description has 5001 bytes, 5000 are allowed
        description contains < or >
        tags have 503 characters together, 500 are allowed
        tags contain < or >
        category_id is not a decimal number
        ");
    }

    #[test]
    fn a_title_of_spaces_is_an_empty_one() {
        let clip = NewVideo {
            title: "  ".to_owned(),
            ..clip()
        };
        assert_eq!(clip.violations().len(), 1);
    }
}
