//! Paths as text: `rooms[3].name`, `ports["http"]`, `job.Run.pid`.
//!
//! A path is a sequence of parts: a name after a dot, or something in brackets. What is in brackets is a number or a word as it
//! is, a text in quotes, in which `\"` is a quote and `\\` a backslash, or an object or array of JSON. The empty path leads to the
//! whole.

use super::fault::no_path;
use crate::error::Error;
use std::borrow::Cow;

/// One part of a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Segment<'p> {
    /// `name`, or `.name`.
    Name(&'p str),
    /// `[3]`, or JSON: `[{"x": 1}]`.
    Bracket(&'p str),
    /// `["text"]`.
    Quoted(Cow<'p, str>),
}

impl Segment<'_> {
    /// The text that it stands for, however it is written.
    pub(super) fn text(&self) -> &str {
        match self {
            Segment::Name(text) | Segment::Bracket(text) => text,
            Segment::Quoted(text) => text,
        }
    }
}

/// The parts of a path, in order.
pub(super) struct Segments<'p> {
    rest: &'p str,
    first: bool,
}

impl<'p> Segments<'p> {
    pub(super) fn of(path: &'p str) -> Self {
        Segments { rest: path, first: true }
    }

    /// The next part.
    ///
    /// # Errors
    /// What does not follow the grammar.
    #[inline]
    pub(super) fn next(&mut self) -> Result<Option<Segment<'p>>, Error> {
        let first = std::mem::replace(&mut self.first, false);
        match self.rest.as_bytes().first() {
            None => Ok(None),
            Some(b'[') => self.bracket().map(Some),
            Some(b'.') => {
                self.rest = &self.rest[1..];
                self.name().map(Some)
            }
            Some(_) if first => self.name().map(Some),
            Some(_) => Err(no_path(format!("`{}` follows on a `]`; write `.` before a name", self.rest))),
        }
    }

    #[inline]
    fn name(&mut self) -> Result<Segment<'p>, Error> {
        let end = self.rest.bytes().position(|b| matches!(b, b'.' | b'[')).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        if name.is_empty() { Err(no_path("a name is missing in the path")) } else { Ok(Segment::Name(name)) }
    }

    fn bracket(&mut self) -> Result<Segment<'p>, Error> {
        let inner = &self.rest[1..];
        if let Some(text) = inner.strip_prefix('"') {
            return self.quoted(text);
        }
        let end = match inner.as_bytes().first() {
            // Brackets and texts in it are its own.
            Some(b'{' | b'[') => {
                let mut json = serde_json::Deserializer::from_str(inner).into_iter::<serde::de::IgnoredAny>();
                match json.next() {
                    Some(Ok(_)) => json.byte_offset(),
                    Some(Err(e)) => return Err(no_path(format!("in the JSON after `[` in the path: {e}"))),
                    None => 0,
                }
            }
            _ => inner.find(']').unwrap_or(inner.len()),
        };
        let (token, rest) = inner.split_at(end);
        self.rest = rest.strip_prefix(']').ok_or_else(|| no_path("a `]` is missing in the path"))?;
        if token.is_empty() {
            return Err(no_path("there is nothing between `[` and `]` in the path"));
        }
        Ok(Segment::Bracket(token))
    }

    fn quoted(&mut self, text: &'p str) -> Result<Segment<'p>, Error> {
        let mut unescaped: Option<String> = None;
        let mut bytes = text.char_indices();
        while let Some((at, c)) = bytes.next() {
            match c {
                '"' => {
                    let rest = text[at + 1..].strip_prefix(']');
                    self.rest = rest.ok_or_else(|| no_path("a `]` is missing after a text in the path"))?;
                    return Ok(Segment::Quoted(unescaped.map_or(Cow::Borrowed(&text[..at]), Cow::Owned)));
                }
                '\\' => {
                    let (_, escaped) = bytes.next().ok_or_else(|| no_path("the path ends after a backslash"))?;
                    if !matches!(escaped, '"' | '\\') {
                        return Err(no_path(format!(
                            "`\\{escaped}` in a text of the path: only `\\\"` and `\\\\` are known"
                        )));
                    }
                    unescaped.get_or_insert_with(|| text[..at].to_owned()).push(escaped);
                }
                c => {
                    if let Some(text) = &mut unescaped {
                        text.push(c);
                    }
                }
            }
        }
        Err(no_path("a `\"` is missing in the path"))
    }
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use super::*;

    fn parts(path: &str) -> Result<Vec<Segment<'_>>, String> {
        let (mut segments, mut parts) = (Segments::of(path), Vec::new());
        while let Some(segment) = segments.next().map_err(|e| e.to_string())? {
            parts.push(segment);
        }
        Ok(parts)
    }

    #[test]
    fn paths_are_read() {
        use Segment::{Bracket, Name, Quoted};
        assert_eq!(parts(""), Ok(vec![]));
        assert_eq!(parts("rooms[3].name"), Ok(vec![Name("rooms"), Bracket("3"), Name("name")]));
        assert_eq!(parts("[3][-1].0"), Ok(vec![Bracket("3"), Bracket("-1"), Name("0")]));
        assert_eq!(parts(r#"a["x.]y"]"#), Ok(vec![Name("a"), Quoted("x.]y".into())]));
        assert_eq!(parts(r#"a["\"\\b"]"#), Ok(vec![Name("a"), Quoted(r#""\b"#.into())]));
        let json = r#"{"x":[1,"]"]}"#;
        assert_eq!(parts(&format!("a[{json}].b")), Ok(vec![Name("a"), Bracket(json), Name("b")]));
        assert_eq!(parts("a[[1,2]][3]"), Ok(vec![Name("a"), Bracket("[1,2]"), Bracket("3")]));
        for (path, why) in [
            ("a.", "a name is missing"),
            (".a..b", "a name is missing"),
            ("a[", "a `]` is missing"),
            ("a[]", "nothing between"),
            ("a[1]b", "follows on a `]`"),
            (r#"a["x"#, "a `\"` is missing"),
            (r#"a["x""#, "a `]` is missing after a text"),
            (r#"a["\n"]"#, "only"),
            ("a[{]", "in the JSON"),
            ("a[[1]", "a `]` is missing"),
            (r#"a["\"#, "ends after a backslash"),
        ] {
            assert!(parts(path).unwrap_err().contains(why), "{path}: {:?}", parts(path));
        }
    }
}
