//! A document's markup, as far as readers look at it: its scripts, its `meta` tags, and the elements
//! that carry a test name.
//!
//! The documents are what a browser wrote out, so their tags match. Markup that does not is read as
//! far as it goes, and never fails.

use std::collections::BTreeMap;

use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};

/// The attribute by which a site's own tests find an element, and by which we do.
const TEST_NAME: &str = "data-e2e";
/// Elements that are kept without it.
const KEPT: [&str; 2] = ["meta", "script"];
/// Elements that are closed as they are opened.
const EMPTY: [&str; 3] = ["img", "input", "meta"];
/// Kept elements within each other; the innermost ones of a document that nests more are not read.
const MOST_OPEN: usize = 16;

/// The elements of a document that are kept, in the order of their tags.
#[derive(Debug)]
pub(crate) struct Markup(Vec<Element>);

/// An element, with all text within it.
#[derive(Debug)]
struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
    text: String,
}

/// A kept element that is not closed yet.
struct Open {
    at: usize,
    /// How many elements of the same name are open within it.
    within: usize,
}

impl Markup {
    /// Reads a document.
    pub(crate) fn read(html: &str) -> Self {
        let mut emitter = DefaultEmitter::default();
        // Scripts hold no tags.
        emitter.naively_switch_states(true);
        let mut reading = Reading::default();
        for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
            match token {
                Token::StartTag(tag) => reading.opened(&tag),
                Token::EndTag(tag) => reading.closed(&tag.name),
                Token::String(text) => reading.text(&text),
                Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
            }
        }
        Self(reading.elements)
    }

    /// What people may read of a document: all text but that of scripts, styles and templates. Sites
    /// keep sentences for every occasion in those.
    pub(crate) fn readable(html: &str) -> String {
        const HIDDEN: [&[u8]; 4] = [b"noscript", b"script", b"style", b"template"];
        let mut emitter = DefaultEmitter::default();
        emitter.naively_switch_states(true);
        let mut text = String::new();
        let mut hidden = 0_usize;
        for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
            match token {
                Token::StartTag(tag) if HIDDEN.contains(&tag.name.as_slice()) => hidden += 1,
                Token::EndTag(tag) if HIDDEN.contains(&tag.name.as_slice()) => {
                    hidden = hidden.saturating_sub(1);
                }
                Token::String(part) if hidden == 0 => {
                    text.push_str(&String::from_utf8_lossy(&part));
                }
                _ => {}
            }
        }
        text
    }

    /// The text of the script with this id.
    pub(crate) fn script(&self, id: &str) -> Option<&str> {
        let mut scripts = self.named("script");
        scripts
            .find(|script| script.attribute("id") == Some(id))
            .map(|script| script.text.as_str())
    }

    /// The texts of all scripts that are data and not code.
    pub(crate) fn data_scripts(&self) -> impl Iterator<Item = &str> {
        self.named("script")
            .filter(|script| script.attribute("type") == Some("application/json"))
            .map(|script| script.text.as_str())
    }

    /// The content of the `meta` tag with this property.
    pub(crate) fn property(&self, name: &str) -> Option<&str> {
        let mut tags = self.named("meta");
        tags.find(|tag| tag.attribute("property") == Some(name))?
            .attribute("content")
    }

    /// The text of the first element with this test name.
    pub(crate) fn test_text(&self, name: &str) -> Option<&str> {
        let mut elements = self.0.iter();
        elements
            .find(|element| element.attribute(TEST_NAME) == Some(name))
            .map(|element| element.text.trim())
    }

    fn named(&self, name: &str) -> impl Iterator<Item = &Element> {
        self.0.iter().filter(move |element| element.name == name)
    }
}

impl Element {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    fn is_kept(&self) -> bool {
        KEPT.contains(&self.name.as_str()) || self.attributes.contains_key(TEST_NAME)
    }
}

impl From<&StartTag<()>> for Element {
    fn from(tag: &StartTag<()>) -> Self {
        let attributes = tag.attributes.iter();
        Self {
            name: text_of(&tag.name),
            attributes: attributes
                .map(|(name, value)| (text_of(name), text_of(value)))
                .collect(),
            text: String::new(),
        }
    }
}

#[derive(Default)]
struct Reading {
    elements: Vec<Element>,
    open: Vec<Open>,
}

impl Reading {
    fn opened(&mut self, tag: &StartTag<()>) {
        let element = Element::from(tag);
        for open in &mut self.open {
            if self.elements[open.at].name == element.name {
                open.within += 1;
            }
        }
        if !element.is_kept() {
            return;
        }
        let is_empty = tag.self_closing || EMPTY.contains(&element.name.as_str());
        if !is_empty && self.open.len() < MOST_OPEN {
            let at = self.elements.len();
            self.open.push(Open { at, within: 0 });
        }
        self.elements.push(element);
    }

    fn closed(&mut self, name: &[u8]) {
        let elements = &self.elements;
        self.open.retain_mut(|open| {
            if elements[open.at].name.as_bytes() != name {
                return true;
            }
            let is_still_open = open.within > 0;
            open.within = open.within.saturating_sub(1);
            is_still_open
        });
    }

    fn text(&mut self, text: &[u8]) {
        for open in &self.open {
            self.elements[open.at]
                .text
                .push_str(&String::from_utf8_lossy(text));
        }
    }
}

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<!DOCTYPE html><html><head><title>A</title>
        <meta property="og:description" content="1,234 likes &quot;x&quot;">
        <script type="application/json" data-sjs="">{"a":"</div>"}</script>
        <script id="data" type="application/json">{"b":"\u003C"}</script>
        <script>if (1 < 2 && "<meta property='og:description'>") {}</script></head><body>
        <strong data-e2e="like-count"> 48.9K </strong>
        <div data-e2e="outer"><div>1</div><div data-e2e="inner"><b>2</b></div>3</div><div>4</div>
        </body></html>"#;

    #[test]
    fn scripts_are_text_and_hold_no_tags() {
        let markup = Markup::read(PAGE);
        assert_eq!(markup.script("data"), Some(r#"{"b":"\u003C"}"#));
        assert_eq!(markup.script("other"), None);
        let data: Vec<_> = markup.data_scripts().collect();
        assert_eq!(data, [r#"{"a":"</div>"}"#, r#"{"b":"\u003C"}"#]);
    }

    #[test]
    fn attributes_and_texts_are_read_as_people_see_them() {
        let markup = Markup::read(PAGE);
        let description = markup.property("og:description");
        assert_eq!(description, Some(r#"1,234 likes "x""#));
        assert_eq!(markup.test_text("like-count"), Some("48.9K"));
        assert_eq!(markup.test_text("outer"), Some("123"));
        assert_eq!(markup.test_text("inner"), Some("2"));
        assert_eq!(markup.test_text("missing"), None);
    }

    #[test]
    fn markup_that_does_not_match_is_read_as_far_as_it_goes() {
        for html in ["", "<", "<p data-e2e=x", "</p></p>", "<b data-e2e=x>1<i>2"] {
            let markup = Markup::read(html);
            assert_eq!(markup.script("data"), None, "{html}");
        }
        let open = Markup::read("<b data-e2e=x>1<i>2");
        assert_eq!(open.test_text("x"), Some("12"));
        let deep = "<p data-e2e=x>a".repeat(10_000);
        assert_eq!(Markup::read(&deep).0.len(), 10_000);
    }
}
