//! A text that must not be found, in every spelling in which programs keep one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// A secret, or something that is looked for as if it were one.
pub(crate) struct Needle {
    pub(crate) name: String,
    /// Whether our database keeps it on purpose.
    pub(crate) is_kept: bool,
    spellings: Vec<String>,
}

impl Needle {
    /// One that must be nowhere.
    pub(crate) fn new(name: &str, text: &str) -> Self {
        let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        let mut spellings = vec![text.to_owned(), hex.to_ascii_uppercase(), hex];
        spellings.extend((0..3).map(|before| in_base64(text, before)));
        Self {
            name: name.to_owned(),
            is_kept: false,
            spellings,
        }
    }

    /// One that our database keeps on purpose.
    pub(crate) fn kept(name: &str, text: &str) -> Self {
        Self {
            is_kept: true,
            ..Self::new(name, text)
        }
    }

    pub(crate) fn is_in(&self, text: &str) -> bool {
        let mut spellings = self.spellings.iter();
        spellings.any(|spelling| text.contains(spelling.as_str()))
    }
}

/// What base64 makes of the text behind so many other bytes, without the characters that depend on
/// what is around it.
fn in_base64(text: &str, before: usize) -> String {
    let mut bytes = vec![0; before];
    bytes.extend_from_slice(text.as_bytes());
    let first = (before * 8).div_ceil(6);
    let end = bytes.len() * 8 / 6;
    STANDARD_NO_PAD.encode(&bytes)[first..end].to_owned()
}

#[test]
fn a_needle_is_found_in_every_spelling_and_wherever_it_begins() {
    let needle = Needle::new("it", "canary-1f3a");
    for before in ["", "a", "ab", "abc"] {
        let text = format!("{before}canary-1f3a and more");
        let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        let base64 = STANDARD_NO_PAD.encode(&text);
        for spelling in [&text, &hex, &hex.to_ascii_uppercase(), &base64] {
            assert!(needle.is_in(spelling), "{spelling}");
        }
    }
    let others = ["canary-1f3", "canary", ""];
    for other in others.map(str::to_owned) {
        assert!(!needle.is_in(&other) && !needle.is_in(&STANDARD_NO_PAD.encode(&other)));
    }
}
