//! A header for C: the types, assertions that the compiler lays them out as the region does, and a function that copies one
//! version of the state.

use crate::document::{Document, Field, Kind, Variant, integer_size};
use std::collections::HashMap;
use std::fmt::Write;
use xxhash_rust::xxh3::xxh3_64;

/// The header of a document, whose text the region carries.
pub fn header(document: &Document, text: &str) -> String {
    let mut header = Header { document, names: names(document), text: String::new() };
    header.text.push_str(START);
    for index in 0..document.types.len() {
        header.declare(index);
    }
    header.reader(fingerprint(text));
    header.text.push_str("\n#ifdef __cplusplus\n}\n#endif\n");
    header.text
}

const START: &str = "\
/* The layout of a shared state, for C11, C++11, gcc and clang. Made by `shmstate schema --c`: do not edit it. */
#pragma once

#include <assert.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern \"C\" {
#endif
";

/// The fingerprint in the region's header: the hash of the document without its documentation.
fn fingerprint(text: &str) -> u64 {
    match text.find(",\"docs\":[") {
        Some(end) => xxh3_64(format!("{}}}", &text[..end]).as_bytes()),
        None => xxh3_64(text.as_bytes()),
    }
}

/// The name of each type in C: that of Rust, with a `_` for what no identifier has.
fn names(document: &Document) -> Vec<String> {
    let mut used = HashMap::new();
    let names = (0..document.types.len()).map(|index| {
        let name = document.name(index);
        let parts = name.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|part| !part.is_empty());
        let name = identifier(&parts.collect::<Vec<_>>().join("_"));
        let times = used.entry(name.clone()).or_insert(0u32);
        *times += 1;
        if *times == 1 { name } else { format!("{name}_{times}") }
    });
    names.collect()
}

/// A name that C and C++ do not use themselves.
fn identifier(name: &str) -> String {
    const TAKEN: &str = " alignas alignof and asm auto bool break case catch char class const constexpr continue default delete \
        do double else enum explicit export extern false float for friend goto if inline int long mutable namespace new \
        noexcept not nullptr operator or private protected public register restrict return short signed sizeof static \
        struct switch template this throw true try typedef typeid typename union unsigned using virtual void volatile \
        wchar_t while xor NULL offsetof memcpy memcmp size_t int8_t int16_t int32_t int64_t uint8_t uint16_t \
        uint32_t uint64_t ";
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        format!("_{name}")
    } else if TAKEN.contains(&format!(" {name} ")) {
        format!("{name}_")
    } else {
        name.to_owned()
    }
}

struct Header<'a> {
    document: &'a Document,
    names: Vec<String>,
    text: String,
}

impl Header<'_> {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn comment(&mut self, before: &str, doc: &str) {
        for line in doc.lines() {
            let line = line.trim().replace("*/", "* /");
            let _ = writeln!(self.text, "{before}/* {line} */");
        }
    }

    /// Declares a type. Numbers and arrays are written where they are used.
    fn declare(&mut self, index: usize) {
        let document = self.document;
        let ty = &document.types[index];
        if ty.size == 0 || matches!(ty.kind, Kind::Scalar(_) | Kind::Array { .. } | Kind::Archive) {
            return;
        }
        let name = self.names[index].clone();
        self.text.push('\n');
        self.comment("", document.doc(index, ""));
        match &ty.kind {
            Kind::Enum { repr, variants } => self.declare_enum(index, repr, variants),
            kind => {
                self.line("typedef struct {");
                match kind {
                    Kind::Struct(fields) => {
                        self.members(fields, 0, ty.size, ty.align, "    ", |field| document.doc(index, &field.name));
                    }
                    Kind::List { item, capacity, items } => {
                        let head = self.aligned(ty.align, "uint32_t len");
                        self.line(&format!("    {head}; /* items */"));
                        self.line(&format!("    uint8_t reserved[{}];", items - 4));
                        let items = self.declarator(*item, &format!("items[{capacity}]"));
                        self.line(&format!("    {items};"));
                    }
                    Kind::Text { capacity, bytes } => {
                        let head = self.aligned(ty.align, "uint32_t len");
                        self.line(&format!("    {head}; /* bytes; no zero byte ends them */"));
                        self.line(&format!("    uint8_t reserved[{}];", bytes - 4));
                        self.line(&format!("    char bytes[{capacity}];"));
                    }
                    _ => {
                        let bytes = self.aligned(ty.align, &format!("uint8_t bytes[{}]", ty.size));
                        self.line(&format!("    {bytes};"));
                    }
                }
                self.line(&format!("}} {name};"));
                self.asserted(index);
                if let Kind::Struct(fields) = kind {
                    self.offsets(&name, "", fields);
                }
            }
        }
    }

    /// A union: the discriminant, and a struct for each variant with fields.
    fn declare_enum(&mut self, index: usize, repr: &str, variants: &[Variant]) {
        let document = self.document;
        let ty = &document.types[index];
        let name = self.names[index].clone();
        for variant in variants {
            self.comment("", document.doc(index, &variant.name));
            self.line(&format!("#define {name}_{} {}u", variant.name, variant.value));
        }
        self.line("typedef union {");
        let head = self.aligned(ty.align, &format!("{} discriminant", scalar(repr)));
        self.line(&format!("    {head};"));
        let start = integer_size(repr);
        for variant in variants {
            let fields: Vec<&Field> = variant.fields.iter().filter(|field| self.has_bytes(field)).collect();
            if fields.is_empty() {
                continue;
            }
            self.line("    struct {");
            self.line(&format!("        uint8_t reserved[{start}];"));
            let doc = |field: &Field| document.doc(index, &format!("{}.{}", variant.name, field.name));
            self.members(&variant.fields, start, 0, 1, "        ", doc);
            self.line(&format!("    }} {};", identifier(&variant.name)));
        }
        self.line(&format!("    uint8_t bytes[{}];", ty.size));
        self.line(&format!("}} {name};"));
        self.asserted(index);
        for variant in variants {
            self.offsets(&name, &format!("{}.", identifier(&variant.name)), &variant.fields);
        }
    }

    fn has_bytes(&self, field: &Field) -> bool {
        self.document.types[field.ty].size > 0
    }

    /// The members of a struct that has bytes up to `start` already, and the gaps between them.
    fn members<'d>(
        &mut self,
        fields: &[Field],
        start: u64,
        size: u64,
        align: u64,
        before: &str,
        doc: impl Fn(&Field) -> &'d str,
    ) {
        let (mut end, mut gaps) = (start, 0);
        let mut gap = |header: &mut Self, end: u64, to: u64| {
            if end < to {
                header.line(&format!("{before}uint8_t reserved_{gaps}[{}];", to - end));
                gaps += 1;
            }
        };
        for field in fields.iter().filter(|field| self.document.types[field.ty].size > 0) {
            gap(self, end, field.offset);
            self.comment(before, doc(field));
            let member = self.declarator(field.ty, &identifier(&field.name));
            // The first one carries the alignment, as the others have it from their own types.
            let member = if end == 0 { self.aligned(align, &member) } else { member };
            self.line(&format!("{before}{member};"));
            end = field.offset + self.document.types[field.ty].size;
        }
        gap(self, end, size);
    }

    /// A member, aligned.
    fn aligned(&self, align: u64, member: &str) -> String {
        format!("alignas({align}) {member}")
    }

    /// `name` as something of that type.
    fn declarator(&self, index: usize, name: &str) -> String {
        match &self.document.types[index].kind {
            Kind::Array { item, len } => {
                // `items[4]` of arrays is `items[4][2]`.
                self.declarator(*item, &format!("{name}[{len}]"))
            }
            Kind::Scalar(of) => format!("{} {name}", scalar(of)),
            _ => format!("{} {name}", self.names[index]),
        }
    }

    fn asserted(&mut self, index: usize) {
        let ty = &self.document.types[index];
        let name = &self.names[index];
        let lines = format!(
            "static_assert(sizeof({name}) == {}, \"{name}\");\nstatic_assert(alignof({name}) == {}, \"{name}\");",
            ty.size, ty.align
        );
        self.line(&lines);
    }

    fn offsets(&mut self, name: &str, within: &str, fields: &[Field]) {
        for field in fields.iter().filter(|field| self.document.types[field.ty].size > 0) {
            let path = format!("{within}{}", identifier(&field.name));
            let line = format!("static_assert(offsetof({name}, {path}) == {}, \"{name}.{path}\");", field.offset);
            let _ = writeln!(self.text, "{line}");
        }
    }

    /// The function that copies a version, with the offsets that the chapter on the format has.
    fn reader(&mut self, fingerprint: u64) {
        let state = self.document.types.len() - 1;
        let (name, size) = (&self.names[state], self.document.types[state].size);
        let text = READER
            .replace("@fingerprint@", &format!("{fingerprint:#018x}"))
            .replace("@size@", &size.to_string())
            .replace("@declared@", &self.declarator(state, "*state"))
            .replace("@name@", name);
        self.text.push_str(&text);
    }
}

const READER: &str = "
/*
 * Copies the newest version of the state from a region, which is mapped whole. Returns 0, and the version in `*version`, unless
 * that is NULL. Otherwise:
 *   -1  the bytes are no region of this layout
 *   -2  another region has its name: open the file anew
 *   -3  writers were faster in each of 1000 attempts
 * The content is as trustworthy as the processes that write it: check lengths and discriminants before you use them.
 */
static inline int @name@_read(const void *region, size_t region_len, @declared@, uint64_t *version)
{
    const uint8_t *bytes = (const uint8_t *)region;
    uint64_t fingerprint, state_size, lines, images, stride;
    uint32_t format, order;
    if (region_len < 512 || memcmp(bytes, \"shmstate\", 8) != 0)
        return -1;
    memcpy(&format, bytes + 8, 4);
    memcpy(&order, bytes + 12, 4);
    memcpy(&fingerprint, bytes + 72, 8);
    memcpy(&state_size, bytes + 80, 8);
    memcpy(&lines, bytes + 136, 8);
    memcpy(&images, bytes + 160, 8);
    memcpy(&stride, bytes + 168, 8);
    if (format != 1 || order != 0x01020304 || fingerprint != @fingerprint@u || state_size != @size@u)
        return -1;
    for (int attempt = 0; attempt < 1000; attempt++) {
        const uint64_t published = __atomic_load_n((const uint64_t *)(bytes + 320), __ATOMIC_ACQUIRE);
        if ((published & 0xc0) == 0xc0)
            return -2;
        const uint64_t copy = published & 0x3f;
        const uint64_t line = lines + 64 * copy, image = images + stride * copy;
        if (copy >= 8 || line > region_len - 64 || image > region_len || state_size > region_len - image)
            return -1;
        const uint64_t *sequence = (const uint64_t *)(bytes + line);
        const uint64_t before = __atomic_load_n(sequence, __ATOMIC_ACQUIRE);
        if (before % 4 != 0) /* no version is there */
            continue;
        memcpy(state, bytes + image, @size@);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        if (__atomic_load_n(sequence, __ATOMIC_RELAXED) != before)
            continue;
        if (version != NULL)
            *version = published >> 8;
        return 0;
    }
    return -3;
}
";

fn scalar(of: &str) -> &str {
    match of {
        "u8" => "uint8_t",
        "u16" => "uint16_t",
        "u32" => "uint32_t",
        "u64" => "uint64_t",
        "u128" => "unsigned __int128",
        "i8" => "int8_t",
        "i16" => "int16_t",
        "i32" => "int32_t",
        "i64" => "int64_t",
        "i128" => "__int128",
        "f32" => "float",
        "f64" => "double",
        "bool" => "bool",
        _ => "uint32_t /* a Unicode scalar value */",
    }
}
