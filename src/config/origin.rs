//! Where a setting stands, for errors that send a person there.

use toml::de::DeTable;

/// A file of settings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin<'t> {
    /// What errors call it.
    pub(super) file: &'t str,
    /// What stands in it.
    pub(super) text: &'t str,
}

impl Origin<'_> {
    /// `FILE:LINE` of a key; the file alone when the key does not stand in it.
    pub(super) fn place(&self, path: &[&str]) -> String {
        match self.line(path) {
            Some(line) => format!("{}:{line}", self.file),
            None => self.file.to_owned(),
        }
    }

    /// From 1.
    fn line(&self, path: &[&str]) -> Option<usize> {
        let (name, above) = path.split_last()?;
        let document = DeTable::parse(self.text).ok()?;
        let mut table = document.get_ref();
        for name in above {
            table = table.get(*name)?.get_ref().as_table()?;
        }
        let (key, _) = table.get_key_value(*name)?;
        Some(position(self.text, key.span().start).0)
    }
}

/// Line and column of a byte, both from 1.
pub(super) fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (
        before.matches('\n').count() + 1,
        before[line_start..].chars().count() + 1,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_however_it_is_written() {
        let text = "a = 1\n\n[b.c]\n# no\nd = 2\ne.f = 3\n[b.\"g:*\"]\nh = { i = 4 }\n";
        let origin = Origin { file: "x", text };
        for (path, place) in [
            (&["a"][..], "x:1"),
            (&["b"], "x:3"),
            (&["b", "c"], "x:3"),
            (&["b", "c", "d"], "x:5"),
            (&["b", "c", "e", "f"], "x:6"),
            (&["b", "g:*"], "x:7"),
            (&["b", "g:*", "h", "i"], "x:8"),
            (&["b", "c", "missing"], "x"),
            (&["a", "below a number"], "x"),
            (&[], "x"),
        ] {
            assert_eq!(origin.place(path), place, "{path:?}");
        }
    }
}
