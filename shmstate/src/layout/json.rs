//! The document in which a region describes its type: JSON in one canonical form.
//!
//! A schema has one canonical text: members in the order in which they are written here, numbers in decimal, no white space,
//! and in strings only those escapes that JSON demands. The reader takes white space between the parts as well, as golden
//! files have it, but no other order, no other members and no other spelling. What it has read is written again and compared
//! where the text has to be canonical, so that no two texts mean the same.
//!
//! The code is our own because it must do less than a JSON library: that a library accepts, and in which order it keeps the
//! members of an object, may depend on features that any other crate of the program turns on. The format chapter describes
//! the document; the tests read it with `serde_json`.

use super::describe::{ArchiveForm, Scalar};
use super::schema::{Argument, Doc, Field, Kind, Schema, Type, Variant};
use std::fmt::Write;

/// The number of this form of the document.
const FORM: u64 = 1;

/// The largest document that goes into a region, in bytes.
pub(crate) const LONGEST: usize = 1 << 20;

impl Schema {
    /// The part of the document that identifies a layout: all of it but the documentation, as a document of its own.
    pub(crate) fn identity(&self) -> String {
        let mut writer = Writer { text: String::new(), pretty: false };
        writer.types(self);
        writer.text.push('}');
        writer.text
    }

    /// The document that goes into the region: canonical. Documentation for which there is no room is left out.
    pub(crate) fn document(&self) -> String {
        let document = self.write(false);
        if document.len() <= LONGEST || self.docs.is_empty() {
            return document;
        }
        Schema { types: self.types.clone(), docs: Vec::new() }.write(false)
    }

    /// The same document for people, each field in a line of its own.
    pub(crate) fn pretty(&self) -> String {
        let mut document = self.write(true);
        document.push('\n');
        document
    }

    fn write(&self, pretty: bool) -> String {
        let mut writer = Writer { text: String::new(), pretty };
        writer.types(self);
        writer.text.push(',');
        writer.line(1);
        writer.key("docs");
        writer.list(1, &self.docs, |writer, doc| {
            writer.number('{', "type", doc.ty);
            writer.string(',', "part", &doc.part);
            writer.string(',', "text", &doc.text);
            writer.text.push('}');
        });
        writer.line(0);
        writer.text.push('}');
        writer.text
    }

    /// Reads a document that any process may have written, in the canonical form only.
    ///
    /// # Errors
    /// What is wrong with it, in words that do not repeat the document.
    pub(crate) fn from_document(bytes: &[u8]) -> Result<Schema, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "it is no UTF-8".to_owned())?;
        let schema = Self::from_json(text)?;
        if schema.write(false) != text {
            return Err("it is not in its canonical form".into());
        }
        Ok(schema)
    }

    /// Reads a document that may have white space between its parts.
    ///
    /// # Errors
    /// As [`Self::from_document`].
    pub(crate) fn from_json(text: &str) -> Result<Schema, String> {
        let mut reader = Reader { rest: text, len: text.len() };
        let schema = reader.schema()?;
        schema.check()?;
        Ok(schema)
    }
}

/// The document, as far as it is written.
struct Writer {
    text: String,
    pretty: bool,
}

impl Writer {
    fn types(&mut self, schema: &Schema) {
        self.text.push('{');
        self.line(1);
        self.key("shmstate");
        let _ = write!(self.text, "{FORM},");
        self.line(1);
        self.key("types");
        self.list(1, &schema.types, Self::ty);
    }

    fn ty(&mut self, ty: &Type) {
        self.string('{', "name", &ty.name);
        self.number(',', "size", ty.size);
        self.number(',', "align", ty.align);
        self.number(',', "version", ty.version);
        self.separate(',');
        self.key("arguments");
        self.text.push('[');
        for (i, argument) in ty.arguments.iter().enumerate() {
            self.text.push_str(if i == 0 { "" } else { "," });
            let _ = match argument {
                Argument::Type(index) => write!(self.text, "{{\"type\":{index}}}"),
                Argument::Const(number) => write!(self.text, "{{\"const\":\"{number}\"}}"),
                Argument::Opaque => write!(self.text, "{{\"opaque\":true}}"),
            };
        }
        self.text.push(']');
        self.string(',', "kind", kind_name(&ty.kind));
        match &ty.kind {
            Kind::Scalar(scalar) => self.string(',', "scalar", scalar.name()),
            Kind::Struct(fields) => self.fields(2, fields),
            Kind::Enum { repr, variants } => {
                self.string(',', "repr", repr.name());
                self.separate(',');
                self.key("variants");
                self.list(2, variants, |writer, variant| {
                    writer.string('{', "name", &variant.name);
                    writer.number(',', "value", variant.value);
                    writer.fields(3, &variant.fields);
                    writer.text.push('}');
                });
            }
            Kind::Array { item, len } => {
                self.number(',', "item", *item);
                self.number(',', "len", *len);
            }
            Kind::List { item, capacity, items } => {
                self.number(',', "item", *item);
                self.number(',', "capacity", *capacity);
                self.number(',', "items", *items);
            }
            Kind::Text { capacity, bytes } => {
                self.number(',', "capacity", *capacity);
                self.number(',', "bytes", *bytes);
            }
            Kind::Pod => {}
            Kind::Archive(form) => {
                self.string(',', "rkyv", "0.8");
                self.string(',', "byte_order", if form.big_endian { "big" } else { "little" });
                self.number(',', "pointer_width", form.pointer_width);
                self.separate(',');
                self.key("aligned");
                let _ = write!(self.text, "{}", !form.unaligned);
            }
        }
        self.text.push('}');
    }

    fn fields(&mut self, depth: usize, fields: &[Field]) {
        self.separate(',');
        self.key("fields");
        self.list(depth, fields, |writer, field| {
            writer.string('{', "name", &field.name);
            writer.number(',', "offset", field.offset);
            writer.number(',', "type", field.ty);
            writer.text.push('}');
        });
    }

    fn list<T>(&mut self, depth: usize, items: &[T], mut write: impl FnMut(&mut Self, &T)) {
        self.text.push('[');
        for (i, item) in items.iter().enumerate() {
            self.text.push_str(if i == 0 { "" } else { "," });
            self.line(depth + 1);
            write(self, item);
        }
        if !items.is_empty() {
            self.line(depth);
        }
        self.text.push(']');
    }

    /// Begins a line, where that is wanted.
    fn line(&mut self, depth: usize) {
        if self.pretty {
            let _ = write!(self.text, "\n{:1$}", "", 2 * depth);
        }
    }

    /// What stands before a member that is on the same line.
    fn separate(&mut self, before: char) {
        self.text.push(before);
        if self.pretty && before == ',' {
            self.text.push(' ');
        }
    }

    fn key(&mut self, name: &str) {
        let _ = write!(self.text, "\"{name}\":");
        self.text.push_str(if self.pretty { " " } else { "" });
    }

    fn number(&mut self, before: char, name: &str, number: impl Into<u64>) {
        self.separate(before);
        self.key(name);
        let _ = write!(self.text, "{}", number.into());
    }

    fn string(&mut self, before: char, name: &str, string: &str) {
        self.separate(before);
        self.key(name);
        self.text.push('"');
        for c in string.chars() {
            match c {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                // No sound schema has others; a golden file of one that is not sound must be JSON all the same.
                c if c.is_ascii_control() => _ = write!(self.text, "\\u{:04x}", c as u32),
                c => self.text.push(c),
            }
        }
        self.text.push('"');
    }
}

fn kind_name(kind: &Kind) -> &'static str {
    match kind {
        Kind::Scalar(_) => "scalar",
        Kind::Struct(_) => "struct",
        Kind::Enum { .. } => "enum",
        Kind::Array { .. } => "array",
        Kind::List { .. } => "list",
        Kind::Text { .. } => "text",
        Kind::Pod => "pod",
        Kind::Archive(_) => "archive",
    }
}

/// What is left to read of a document. Types stand beside each other and never inside of each other, so that nothing here
/// calls itself, and what is read takes memory in proportion to the text.
struct Reader<'a> {
    rest: &'a str,
    /// Bytes of the whole document.
    len: usize,
}

impl Reader<'_> {
    fn schema(&mut self) -> Result<Schema, String> {
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

    /// Whether that comes next; then it is read.
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

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use crate::layout::Schema;
    use crate::{List, SharedLayout, Text};
    use serde_json::{Value, json};

    /// A "board" of C:\new.
    #[derive(SharedLayout)]
    #[repr(C)]
    #[shared(crate = "crate", version = 2)]
    struct Board<T, const N: i64> {
        /// How often,
        /// größer.
        ticks: u64,
        items: List<Event, 4>,
        extra: [T; 2],
    }

    #[derive(SharedLayout)]
    #[repr(C, u64)]
    #[shared(crate = "crate")]
    enum Event {
        Idle,
        /// A message.
        Say {
            /// Which.
            text: Text<8>,
        },
    }

    #[test]
    fn what_was_written_is_read() {
        let schema = Schema::of(Board::<u32, -5>::LAYOUT);
        let read = Schema::from_json(&schema.pretty()).unwrap();
        assert_eq!(read, schema);
        assert!(read.is_same(&schema));
        assert_eq!(Schema::from_document(schema.document().as_bytes()).unwrap(), schema);
        assert_eq!(
            Schema::from_document(schema.pretty().as_bytes()).unwrap_err(),
            "it is not in its canonical form",
            "a region has one form only"
        );
    }

    /// A library that knows nothing of schemas reads the same from both forms, and its own text is the canonical one but
    /// for the order of the members.
    #[test]
    fn it_is_json() {
        let schema = Schema::of(Board::<u32, -5>::LAYOUT);
        let document: Value = serde_json::from_str(&schema.document()).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&schema.pretty()).unwrap(), document);
        let mut identity: Value = serde_json::from_str(&schema.identity()).unwrap();
        assert_eq!(identity["types"], document["types"]);
        identity["docs"] = document["docs"].clone();
        assert_eq!(identity, document);
        assert_eq!(document.to_string().len(), schema.document().len(), "no white space, no other escapes");
        let types = document["types"].as_array().unwrap();
        let root = types.last().unwrap();
        assert_eq!((&root["name"], &root["version"], &root["kind"]), (&json!("Board"), &json!(2), &json!("struct")));
        assert_eq!(root["arguments"][1], json!({"const": "-5"}));
        assert_eq!(root["fields"][0], json!({"name": "ticks", "offset": 0, "type": 0}));
        let event = types.iter().find(|ty| ty["name"] == "Event").unwrap();
        assert_eq!((&event["kind"], &event["repr"]), (&json!("enum"), &json!("u64")));
        let text = types.iter().position(|ty| ty["kind"] == "text").unwrap();
        assert_eq!(event["variants"][1]["fields"][0], json!({"name": "text", "offset": 8, "type": text}));
        let docs = document["docs"].as_array().unwrap();
        assert!(docs.iter().any(|doc| doc["text"] == "A \"board\" of C:\\new."), "{docs:?}");
        assert!(docs.iter().any(|doc| doc["part"] == "ticks" && doc["text"] == "How often,\ngrößer."), "{docs:?}");
        assert!(docs.iter().any(|doc| doc["part"] == "Say.text" && doc["text"] == "Which."), "{docs:?}");
        assert_eq!(docs.len(), 4);
    }

    #[test]
    fn anything_else_is_refused() {
        let text = Schema::of(Board::<u32, 5>::LAYOUT).document();
        let refused = |from: &str, to: &str| {
            assert!(text.contains(from), "{from} in {text}");
            Schema::from_document(text.replacen(from, to, 1).as_bytes()).unwrap_err()
        };
        assert_eq!(Schema::from_json("").unwrap_err(), "it does not have `{` at byte 0");
        assert_eq!(Schema::from_document(b"{\"\xff").unwrap_err(), "it is no UTF-8");
        assert_eq!(
            refused("\"shmstate\":1", "\"shmstate\":2"),
            "it has form 2, and this version of shmstate reads form 1"
        );
        assert_eq!(refused("\"align\"", "\"line\""), "it does not have `\"align\"` at byte 46");
        assert!(refused("\"align\":8", "\"align\":3").contains("alignment 3"));
        let canonical = "it is not in its canonical form";
        assert_eq!(refused("\"size\":8", "\"size\":08"), canonical);
        assert_eq!(refused("\"size\":8", "\"size\": 8"), canonical);
        assert_eq!(refused("\"const\":\"5\"", "\"const\":\"+5\""), canonical);
        let number = "it does not have a number that is not too large at byte 44";
        for number_of_8 in ["8e0", "8.0"] {
            let why = refused("\"size\":8", &format!("\"size\":{number_of_8}"));
            assert_eq!(why, "it does not have `,` at byte 45");
        }
        for no_number in ["-8", "\"8\"", "null", "18446744073709551616", ""] {
            assert_eq!(refused("\"size\":8", &format!("\"size\":{no_number}")), number);
        }
        // A member twice, one too many, one too few, and in another order.
        assert!(refused("\"size\":8,", "\"size\":8,\"size\":8,").starts_with("it does not have `\"align\"`"));
        assert!(refused("\"kind\":\"scalar\",", "\"kind\":\"scalar\",\"more\":1,").starts_with("it does not have"));
        assert!(refused("\"version\":0,", "").starts_with("it does not have `\"version\"`"));
        assert!(refused("\"kind\":\"list\"", "\"kind\":\"heap\"").contains("a kind before it"));
        assert!(refused("\"scalar\":\"u64\"", "\"scalar\":\"u65\"").contains("a scalar type before it"));
        assert!(refused("\"const\":\"5\"", "\"const\":\"x\"").contains("a number before it"));
        assert!(refused("\"text\":\"", "\"text\":\"\\u0041").contains("an escape that a schema has"));
        assert!(refused("\"shmstate\"", "\"shmstate").starts_with("it does not have"));
        let more = format!("{text}x");
        assert!(Schema::from_json(&more).unwrap_err().starts_with("it does not have the end"));
        for cut in 0..text.len() {
            assert!(
                text.is_char_boundary(cut) && Schema::from_json(&text[..cut]).is_err() || !text.is_char_boundary(cut)
            );
        }
        let deep = format!("{{\"shmstate\":1,\"types\":{}", "[".repeat(1 << 20));
        assert!(Schema::from_json(&deep).is_err(), "nothing is nested, so that nothing overflows");
    }

    #[test]
    fn documentation_that_does_not_fit_is_left_out() {
        let mut schema = Schema::of(u64::LAYOUT);
        let text = "x".repeat(super::LONGEST);
        schema.docs.push(crate::layout::schema::Doc { ty: 0, part: String::new(), text });
        let document = schema.document();
        assert!(document.len() < 1000);
        assert_eq!(Schema::from_document(document.as_bytes()).unwrap().types, schema.types);
    }
}
