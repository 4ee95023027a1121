//! The frame of every page, and the tag in which it carries its data.
//!
//! Readers find the tag byte for byte, so its attributes stand as they do at the vendor. A page
//! loads nothing from anywhere.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::json;

const OPEN: &str = r#"<script id="__UNIVERSAL_DATA_FOR_REHYDRATION__" type="application/json">"#;

/// The data of one page: what all pages have, and one scope of its own.
struct Scopes<'a, D> {
    name: &'static str,
    detail: &'a D,
    canonical: &'a str,
}

impl<D: Serialize> Serialize for Scopes<'_, D> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let context = json!({
            "language": "en",
            "region": "US",
            "clusterRegion": "useast5",
            "appType": "m",
            "wid": "7400000000000000001",
            "user": null,
            "nonce": "sandbox",
        });
        let test = json!({"canonical": self.canonical, "vidList": [], "parameters": {}});
        let mut map = serializer.serialize_map(Some(5))?;
        map.serialize_entry("webapp.app-context", &context)?;
        map.serialize_entry("webapp.biz-context", &json!({"os": "linux"}))?;
        map.serialize_entry("webapp.i18n-translation", &json!({}))?;
        map.serialize_entry("seo.abtest", &test)?;
        map.serialize_entry(self.name, self.detail)?;
        map.end()
    }
}

#[derive(Serialize)]
struct Data<'a, D> {
    #[serde(rename = "__DEFAULT_SCOPE__")]
    scopes: Scopes<'a, D>,
}

/// The tag with the data of one page. `name` is that of its own scope, `canonical` its address.
pub(crate) fn data_tag(name: &'static str, canonical: &str, detail: &impl Serialize) -> String {
    let data = Data {
        scopes: Scopes {
            name,
            detail,
            canonical,
        },
    };
    // Maps with text for keys: there is nothing in them that could not be written.
    let json = serde_json::to_string(&data).unwrap_or_default();
    // As the vendor does; it also keeps a caption from ending the tag.
    let json = json.replace('/', "\\u002F").replace('<', "\\u003C");
    format!("{OPEN}{json}</script>")
}

/// A whole page. `title` and `body` are HTML, `data` is a tag or nothing.
pub(crate) fn page(title: &str, data: &str, body: &str) -> Response {
    let text = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         </head><body>{data}<div id=\"app\">{body}</div></body></html>"
    );
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response()
}

/// Text as it stands in HTML, also inside of an attribute.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caption_cannot_end_the_tag_and_reads_back() -> Result<(), Box<dyn std::error::Error>> {
        let caption = "</script><!-- \u{2028} \"quoted\" ü";
        let tag = data_tag(
            "webapp.video-detail",
            "https://x/y",
            &json!({"desc": caption}),
        );
        let json = tag
            .strip_prefix(OPEN)
            .and_then(|rest| rest.strip_suffix("</script>"))
            .ok_or("no tag")?;
        assert!(!json.contains('<') && !json.contains('/'));
        let data: serde_json::Value = serde_json::from_str(json)?;
        let scopes = &data["__DEFAULT_SCOPE__"];
        assert_eq!(scopes["webapp.video-detail"]["desc"], caption);
        assert_eq!(scopes["seo.abtest"]["canonical"], "https://x/y");
        Ok(())
    }
}
