//! Reading a document that any process may have written.

use super::FORM;
use crate::layout::describe::{ArchiveForm, Scalar};
use crate::layout::schema::{Argument, Doc, Field, Kind, Schema, Type, Variant};

/// What is left to read of a document. Types stand one after the other, never inside of each other. So the reader is not
/// recursive, and what it reads takes memory in proportion to the text.
pub(super) struct Reader<'a> {
    rest: &'a str,
    /// Bytes of the whole document.
    len: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Reader { rest: text, len: text.len() }
    }

    /// The whole document.
    pub(super) fn schema(&mut self) -> Result<Schema, String> {
        self.token("{")?;
        self.key("shmstate")?;
        let form = self.digits::<u64>()?;
        if form != FORM {
            return Err(format!("it has form {form}, and this version of shmstate reads form {FORM}"));
        }
        let types = self.member("types", |reader| reader.list(Self::ty))?;
        let docs = self.member("docs", |reader| reader.list(Self::doc))?;
        self.token("}")?;
        self.skip();
        if self.rest.is_empty() { Ok(Schema { types, docs }) } else { Err(self.expected("the end")) }
    }

    fn doc(&mut self) -> Result<Doc, String> {
        self.token("{")?;
        self.key("type")?;
        let ty = self.digits()?;
        let part = self.member("part", Self::string)?;
        let text = self.member("text", Self::string)?;
        self.token("}")?;
        Ok(Doc { ty, part, text })
    }

    fn ty(&mut self) -> Result<Type, String> {
        let name = self.first("name", Self::string)?;
        let size = self.number("size")?;
        let align = self.number("align")?;
        let version = self.number("version")?;
        let arguments = self.member("arguments", |reader| reader.list(Self::argument))?;
        let kind = self.member("kind", Self::string)?;
        let kind = match kind.as_str() {
            "scalar" => Kind::Scalar(self.member("scalar", Self::scalar)?),
            "struct" => Kind::Struct(self.fields()?),
            "enum" => Kind::Enum {
                repr: self.member("repr", Self::scalar)?,
                variants: self.member("variants", |reader| reader.list(Self::variant))?,
            },
            "array" => Kind::Array { item: self.number("item")?, len: self.number("len")? },
            "list" => Kind::List {
                item: self.number("item")?,
                capacity: self.number("capacity")?,
                items: self.number("items")?,
            },
            "text" => Kind::Text { capacity: self.number("capacity")?, bytes: self.number("bytes")? },
            "pod" => Kind::Pod,
            "archive" => Kind::Archive(self.form()?),
            _ => return Err(self.expected("a kind before it that this version of shmstate knows")),
        };
        self.token("}")?;
        Ok(Type { name, size, align, version, arguments, kind })
    }

    fn argument(&mut self) -> Result<Argument, String> {
        self.token("{")?;
        let argument = if self.has("\"type\"") {
            self.token(":")?;
            Argument::Type(self.digits()?)
        } else if self.has("\"const\"") {
            self.token(":")?;
            let number = self.string()?;
            Argument::Const(number.parse().map_err(|_| self.expected("a number before it"))?)
        } else {
            self.key("opaque")?;
            self.token("true")?;
            Argument::Opaque
        };
        self.token("}")?;
        Ok(argument)
    }

    fn variant(&mut self) -> Result<Variant, String> {
        let name = self.first("name", Self::string)?;
        let value = self.number("value")?;
        let fields = self.fields()?;
        self.token("}")?;
        Ok(Variant { name, value, fields })
    }

    fn fields(&mut self) -> Result<Vec<Field>, String> {
        self.member("fields", |reader| {
            reader.list(|reader| {
                let name = reader.first("name", Self::string)?;
                let offset = reader.number("offset")?;
                let ty = reader.number("type")?;
                reader.token("}")?;
                Ok(Field { name, offset, ty })
            })
        })
    }

    fn form(&mut self) -> Result<ArchiveForm, String> {
        if self.member("rkyv", Self::string)? != "0.8" {
            return Err(self.expected("version 0.8 of rkyv before it"));
        }
        let big_endian = match self.member("byte_order", Self::string)?.as_str() {
            "little" => false,
            "big" => true,
            _ => return Err(self.expected("a byte order before it")),
        };
        let pointer_width = self.number("pointer_width")?;
        let unaligned = self.member("aligned", |reader| {
            if reader.has("true") {
                return Ok(false);
            }
            reader.token("false").map(|()| true)
        })?;
        Ok(ArchiveForm { big_endian, pointer_width, unaligned })
    }

    fn scalar(&mut self) -> Result<Scalar, String> {
        let name = self.string()?;
        Scalar::from_name(&name)
            .ok_or_else(|| self.expected("a scalar type before it that this version of shmstate knows"))
    }

    /// The first member of an object.
    fn first<T>(&mut self, name: &str, value: impl FnOnce(&mut Self) -> Result<T, String>) -> Result<T, String> {
        self.token("{")?;
        self.key(name)?;
        value(self)
    }

    /// A further member.
    fn member<T>(&mut self, name: &str, value: impl FnOnce(&mut Self) -> Result<T, String>) -> Result<T, String> {
        self.token(",")?;
        self.key(name)?;
        value(self)
    }

    fn number<T: std::str::FromStr>(&mut self, name: &str) -> Result<T, String> {
        self.member(name, Self::digits)
    }

    fn key(&mut self, name: &str) -> Result<(), String> {
        self.skip();
        let rest = self.rest.strip_prefix('"').and_then(|rest| rest.strip_prefix(name)?.strip_prefix('"'));
        self.rest = rest.ok_or_else(|| self.expected(&format!("`\"{name}\"`")))?;
        self.token(":")
    }

    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Result<T, String>) -> Result<Vec<T>, String> {
        self.token("[")?;
        let mut items = Vec::new();
        if self.has("]") {
            return Ok(items);
        }
        loop {
            items.push(item(self)?);
            if !self.has(",") {
                return self.token("]").map(|()| items);
            }
        }
    }

    fn digits<T: std::str::FromStr>(&mut self) -> Result<T, String> {
        self.skip();
        let end = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        let number = digits.parse().map_err(|_| self.expected("a number that is not too large"))?;
        self.rest = rest;
        Ok(number)
    }

    fn string(&mut self) -> Result<String, String> {
        self.token("\"")?;
        let mut string = String::new();
        loop {
            let end = self.rest.find(['"', '\\']).ok_or_else(|| self.expected("the end of a text"))?;
            string.push_str(&self.rest[..end]);
            let (mark, rest) = self.rest[end..].split_at(1);
            self.rest = rest;
            if mark == "\"" {
                return Ok(string);
            }
            let escaped = self.rest.chars().next();
            string.push(match escaped {
                Some(c @ ('"' | '\\')) => c,
                Some('n') => '\n',
                _ => return Err(self.expected("an escape that a schema has")),
            });
            self.rest = &self.rest[1..];
        }
    }

    fn token(&mut self, token: &str) -> Result<(), String> {
        if self.has(token) { Ok(()) } else { Err(self.expected(&format!("`{token}`"))) }
    }

    /// Reads `token` if it comes next; returns whether it did.
    fn has(&mut self, token: &str) -> bool {
        self.skip();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn skip(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\n', '\r', '\t']);
    }

    #[cold]
    fn expected(&self, what: &str) -> String {
        format!("it does not have {what} at byte {}", self.len - self.rest.len())
    }
}
