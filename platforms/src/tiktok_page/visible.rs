//! What people see of a video's counts: abbreviated, in the language of the page. Views are not
//! among them.

use super::post::Counts;
use crate::browser::Markup;
use crate::counts;

/// The counts that can be found and read; all missing when none can.
pub(super) fn counts(markup: &Markup) -> Counts {
    let count = |names: &[&str]| {
        let mut texts = names.iter().filter_map(|name| markup.test_text(name));
        texts.find_map(counts::parse)
    };
    Counts {
        views: None,
        likes: count(&["like-count", "browse-like-count"]),
        comments: count(&["comment-count", "browse-comment-count"]),
        shares: count(&["share-count"]),
        // The site's own name for it is missing, and its own tests find it by that.
        saves: count(&["undefined-count", "favorite-count"]),
    }
}
