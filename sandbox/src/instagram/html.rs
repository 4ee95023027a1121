//! The frame of every page, and the tags in which it carries its data.
//!
//! Readers find a tag byte for byte, so its attributes stand as they do at the vendor. A page
//! loads nothing from anywhere.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// A whole page; `head` and `body` are HTML, `title` is text.
pub(crate) fn page(
    status: StatusCode,
    language: &str,
    title: &str,
    head: &str,
    body: &str,
) -> Response {
    let title = escaped(title);
    let text = format!(
        "<!DOCTYPE html><html lang=\"{language}\"><head><meta charset=\"utf-8\">\
         <title>{title}</title>{head}</head><body>{body}</body></html>"
    );
    let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    (status, kind, text).into_response()
}

/// A `<meta>` tag; `kind` is `name` or `property`.
pub(crate) fn meta(kind: &str, name: &str, content: &str) -> String {
    format!("<meta {kind}=\"{name}\" content=\"{}\">", escaped(content))
}

/// The tags with a page's data: what the store was given ahead of time, between others of their
/// kind.
pub(crate) fn data_tags(media: &Value) -> String {
    let stored = json!({"require": [["ScheduledServerJS", "handle", null, [{"__bbox": {"require": [
        ["RelayPrefetchedStreamCache", "next", [], ["adp_PolarisPostRootQueryRelayPreloader_1", {
            "__bbox": {"complete": true, "result": {"data": {"xig_polaris_media": media}}},
        }]],
    ]}}]]]});
    let other = |name: &str| json!({"require": [[name, "handle", null, []]]});
    [
        other("HasteSupportData"),
        stored,
        other("CometPixelRatioUpdater"),
    ]
    .iter()
    .map(data_tag)
    .collect()
}

fn data_tag(data: &Value) -> String {
    // It keeps a caption from ending the tag.
    let json = data.to_string().replace('<', "\\u003C");
    let length = json.len();
    format!(
        "<script type=\"application/json\" data-content-len=\"{length}\" data-sjs>{json}</script>"
    )
}

/// Text as it stands in HTML, also inside of an attribute.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#039;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caption_cannot_end_its_tag_and_reads_back() -> Result<(), Box<dyn std::error::Error>> {
        let caption = "</script><!-- \u{2028} \"quoted\" ü";
        let tag = data_tag(&json!({"text": caption}));
        let start = tag.find('>').ok_or("no tag")? + 1;
        let end = tag.rfind("</script>").ok_or("no end")?;
        assert!(!tag[start..end].contains('<'));
        let data: Value = serde_json::from_str(&tag[start..end])?;
        assert_eq!(data["text"], caption);
        assert!(tag.contains(&format!("data-content-len=\"{}\"", end - start)));
        assert_eq!(
            escaped("<\"a\" & 'b'>"),
            "&lt;&quot;a&quot; &amp; &#039;b&#039;&gt;"
        );
        Ok(())
    }
}
