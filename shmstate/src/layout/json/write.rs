//! Writing the document.

use super::FORM;
use crate::layout::schema::{Argument, Field, Kind, Schema, Type};
use std::fmt::Write;

/// The document, as far as it has been written.
pub(super) struct Writer {
    text: String,
    pretty: bool,
}

impl Writer {
    pub(super) fn new(pretty: bool) -> Self {
        Writer { text: String::new(), pretty }
    }

    /// Begins the document, with the types of a schema.
    pub(super) fn types(&mut self, schema: &Schema) {
        self.text.push('{');
        self.line(1);
        self.key("shmstate");
        let _ = write!(self.text, "{FORM},");
        self.line(1);
        self.key("types");
        self.list(1, &schema.types, Self::ty);
    }

    /// Goes on with the documentation.
    pub(super) fn docs(&mut self, schema: &Schema) {
        self.text.push(',');
        self.line(1);
        self.key("docs");
        self.list(1, &schema.docs, |writer, doc| {
            writer.number('{', "type", doc.ty);
            writer.string(',', "part", &doc.part);
            writer.string(',', "text", &doc.text);
            writer.text.push('}');
        });
    }

    /// Ends the document.
    pub(super) fn end(mut self) -> String {
        self.line(0);
        self.text.push('}');
        self.text
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

    /// Begins a line, if the document is `pretty`.
    fn line(&mut self, depth: usize) {
        if self.pretty {
            let _ = write!(self.text, "\n{:1$}", "", 2 * depth);
        }
    }

    /// Writes what stands before a member that is on the same line.
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
                // No valid schema has other control characters. A golden file of an invalid one must still be JSON.
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
