//! One answer as it goes over the wire, and what a fault makes of it.

use std::io;
use std::path::Path;

/// Text that stands exactly once in a body, and what is put in its place.
pub(crate) type Change = (&'static str, &'static str);

/// An answer of a vendor.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// Words in the head of the request that it is for, such as `GET /clip?`.
    pub(crate) to: &'static str,
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Answer {
    /// A recorded payload, `<platform>/<name>.json`.
    pub(crate) fn fixture(to: &'static str, status: u16, name: &str) -> io::Result<Self> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/{name}.json"));
        Ok(Self::text(to, status, std::fs::read_to_string(path)?))
    }

    /// A status without a body.
    pub(crate) fn bare(to: &'static str, status: u16) -> Self {
        Self::text(to, status, String::new())
    }

    pub(crate) fn text(to: &'static str, status: u16, body: String) -> Self {
        Self {
            to,
            status,
            headers: Vec::new(),
            body,
        }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same with `new` in the one place where `old` stands.
    pub(crate) fn with(mut self, old: &str, new: &str) -> io::Result<Self> {
        if self.body.matches(old).count() != 1 {
            let problem = format!("the answer to {} has not one {old:?}", self.to);
            return Err(io::Error::other(problem));
        }
        self.body = self.body.replace(old, new);
        Ok(self)
    }

    /// The same with this change, if there is one.
    pub(crate) fn changed(self, change: Option<Change>) -> io::Result<Self> {
        match change {
            Some((old, new)) => self.with(old, new),
            None => Ok(self),
        }
    }

    /// The same with half of its body.
    pub(crate) fn cut(mut self) -> Self {
        let half = self.body.chars().count() / 2;
        self.body = self.body.chars().take(half).collect();
        self
    }

    pub(crate) fn has_body(&self) -> bool {
        !self.body.is_empty()
    }

    /// All of it.
    pub(crate) fn whole(&self) -> Vec<u8> {
        let length = self.body.len();
        self.with_head(Some(length), length)
    }

    /// Its head and half of its body. Of an empty body one byte is missing.
    pub(crate) fn half(&self) -> Vec<u8> {
        let length = self.body.len();
        self.with_head(Some(length + 1), length / 2)
    }

    /// All of it, without a length: the body ends when the connection does.
    pub(crate) fn unbounded(&self) -> Vec<u8> {
        self.with_head(None, self.body.len())
    }

    /// The head, with the length that it declares, and the first `sent` bytes of the body.
    fn with_head(&self, length: Option<usize>, sent: usize) -> Vec<u8> {
        // Each request has a connection of its own, so that the next one can be refused.
        let mut head = format!("HTTP/1.1 {} Said\r\nconnection: close\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(length) = length {
            head.push_str(&format!("content-length: {length}\r\n"));
        }
        head.push_str("\r\n");
        [head.as_bytes(), &self.body.as_bytes()[..sent]].concat()
    }
}
