//! The types as Rust declares them.
//!
//! The document does not say which fields of a generic type use its parameters. Such a type is declared as it is with its
//! arguments, under a name of its own; then the layout is another one by name, and the same by bytes.
//!
//! Of a type of another crate, it says the name, the size and the alignment: another type of these stands in for it.

use crate::document::{Argument, Document, Field, Kind, Variant, integer_size};
use crate::failure::Failure;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use syn::ext::IdentExt;

/// A source file that declares every type of the program, each one after its parts.
pub fn source(document: &Document) -> Result<String, Failure> {
    let mut source = Source {
        document,
        std: BTreeSet::new(),
        library: BTreeSet::from(["SharedLayout".to_owned()]),
        keys: document.keys(),
        names: names(document),
        archives: false,
    };
    let mut items = TokenStream::new();
    let foreign = foreign(document);
    for index in foreign.values() {
        items.extend(source.stand_in(*index));
    }
    for index in document.of_the_program().rev() {
        items.extend(source.item(index)?);
    }
    let idents = |names: &BTreeSet<String>| names.iter().map(|name| ident(name)).collect::<Vec<_>>();
    let library = idents(&source.library);
    let std = idents(&source.std);
    let std = (!std.is_empty()).then(|| quote!(use std::num::{#(#std),*};));
    let file = syn::parse2(quote!(use shmstate::{#(#library),*}; #std #items)).map_err(unprintable)?;
    // An empty line before each type.
    let printed = prettyplease::unparse(&file);
    let mut lines = String::new();
    for index in (0..document.types.len()).filter(|index| matches!(document.types[*index].kind, Kind::Pod)) {
        let (name, size) = (&document.types[index].name, document.types[index].size);
        lines += &if foreign.get(name) == Some(&index) {
            format!("// The layout only names `{name}`, a type of {size} bytes: use it instead of the one below.\n")
        } else {
            format!("// The layout only names `{name}`, a type of {size} bytes: `use` it.\n")
        };
    }
    if source.archives {
        lines += "// The layout does not name the types of archives: write them instead of `()`.\n";
    }
    let mut before = "";
    for line in printed.lines() {
        let begins = line.starts_with("///") || line.starts_with("#[derive");
        if begins && !before.starts_with("///") {
            lines.push('\n');
        }
        if line.starts_with("unsafe impl") {
            lines += "// SAFETY: it is bytes, which may be any.\n";
        }
        lines.push_str(line);
        lines.push('\n');
        before = line;
    }
    Ok(lines)
}

fn unprintable(error: syn::Error) -> Failure {
    Failure::Argument(format!("the schema has a name that Rust cannot have: {error}"))
}

struct Source<'a> {
    document: &'a Document,
    /// What is used of `std::num`, and of the library.
    std: BTreeSet<String>,
    library: BTreeSet<String>,
    /// The types of the program that are keys, or parts of keys.
    keys: BTreeSet<usize>,
    /// Under which each type of the program is declared.
    names: HashMap<usize, String>,
    /// Whether a type of an archive is left open.
    archives: bool,
}

impl Source<'_> {
    fn declared(&self, index: usize) -> &str {
        self.names.get(&index).map_or("_unnamed", String::as_str)
    }

    fn item(&mut self, index: usize) -> Result<TokenStream, Failure> {
        let document = self.document;
        let ty = &document.types[index];
        let name = ident(self.declared(index));
        let mut docs = docs(document.doc(index, ""));
        if !ty.arguments.is_empty() {
            let note = format!(" `{}` in the program, where it is generic.", document.name(index));
            docs.extend(quote!(#[doc = #note]));
        }
        let version = (ty.version > 0).then(|| {
            let version = Literal::u64_unsuffixed(ty.version);
            quote!(#[shared(version = #version)])
        });
        // Of several types of one name, the layout has that name; and it may have one that no identifier can be.
        let is_another = ty.arguments.is_empty() && name.unraw() != ty.name && self.document.is_declared(index);
        let rename = is_another.then(|| {
            let name = &ty.name;
            quote!(#[shared(rename = #name)])
        });
        // Keys are compared and hashed. How, the layout does not say.
        let keys = self.keys.contains(&index).then(|| quote!(, PartialEq, Eq, PartialOrd, Ord, Hash));
        let derives = quote!(#[derive(SharedLayout #keys)]);
        let doc = |part: &str| self::docs(document.doc(index, part));
        Ok(match &ty.kind {
            Kind::Struct(fields) => {
                let (body, end) = self.body(fields, doc)?;
                let repr = self.aligned(quote!(C), index);
                quote!(#docs #derives #[repr(#repr)] #version #rename struct #name #body #end)
            }
            Kind::Enum { repr, variants } => {
                let repr_int = ident(repr);
                let mut all = TokenStream::new();
                for variant in variants {
                    let part = |field: &str| doc(&format!("{}.{field}", variant.name));
                    let (body, _) = self.body(&variant.fields, part)?;
                    let docs = doc(&variant.name);
                    let (rename, name) = part_name(&variant.name);
                    let value = Literal::u64_unsuffixed(variant.value);
                    all.extend(quote!(#docs #rename #name #body = #value,));
                }
                let repr = if variants.iter().all(|variant| self.fits_in_order(repr, variant)) {
                    quote!(#repr_int)
                } else {
                    quote!(C, #repr_int)
                };
                quote!(#docs #derives #[repr(#repr)] #version #rename enum #name { #all })
            }
            // The state itself is of a type of the library, or of another crate.
            _ => {
                let of = self.ty(index)?;
                let name = ident(ALIAS);
                quote!(#docs type #name = #of;)
            }
        })
    }

    /// A type of the name, size and alignment of one that the layout only names.
    fn stand_in(&self, index: usize) -> TokenStream {
        let ty = &self.document.types[index];
        let (name, size) = (ident(&ty.name), Literal::u64_unsuffixed(ty.size));
        let align = Literal::u64_unsuffixed(ty.align);
        quote! {
            #[derive(Clone, Copy)]
            #[repr(C, align(#align))]
            struct #name([u8; #size]);
            unsafe impl shmstate::bytemuck::Zeroable for #name {}
            unsafe impl shmstate::bytemuck::Pod for #name {}
        }
    }

    /// Whether it is plain data of another crate, or an array of that.
    fn is_foreign(&self, index: usize) -> bool {
        match &self.document.types[index].kind {
            Kind::Pod => true,
            Kind::Array { item, .. } => self.is_foreign(*item),
            _ => false,
        }
    }

    /// A representation, with the alignment of a struct that has more than its fields.
    fn aligned(&self, repr: TokenStream, index: usize) -> TokenStream {
        let ty = &self.document.types[index];
        let Kind::Struct(fields) = &ty.kind else { return repr };
        let of_fields = fields.iter().map(|field| self.document.types[field.ty].align).max().unwrap_or(1);
        if ty.align <= of_fields {
            return repr;
        }
        let align = Literal::u64_unsuffixed(ty.align);
        quote!(#repr, align(#align))
    }

    /// Whether each field lies where the next one of its alignment begins, as in an enum with `repr` of an integer.
    fn fits_in_order(&self, repr: &str, variant: &Variant) -> bool {
        let mut end = integer_size(repr);
        variant.fields.iter().all(|field| {
            let ty = &self.document.types[field.ty];
            let fits = end.next_multiple_of(ty.align.max(1)) == field.offset;
            end = field.offset + ty.size;
            fits
        })
    }

    /// What stands in braces or parentheses, and what ends a struct after it.
    fn body(
        &mut self,
        fields: &[Field],
        doc: impl Fn(&str) -> TokenStream,
    ) -> Result<(TokenStream, TokenStream), Failure> {
        let mut all = TokenStream::new();
        let has_names = fields.iter().any(|field| !field.name.starts_with(|c: char| c.is_ascii_digit()));
        for field in fields {
            let (docs, ty) = (doc(&field.name), self.ty(field.ty)?);
            let name = has_names.then(|| {
                let (rename, name) = part_name(&field.name);
                (rename, quote!(#name:))
            });
            let (rename, name) = name.unzip();
            let pod = self.is_foreign(field.ty).then(|| quote!(#[shared(pod)]));
            all.extend(quote!(#docs #pod #rename #name #ty,));
        }
        Ok(match (fields.is_empty(), has_names) {
            (true, _) => (TokenStream::new(), quote!(;)),
            (_, true) => (quote!({ #all }), TokenStream::new()),
            (_, false) => (quote!(( #all )), quote!(;)),
        })
    }

    fn ty(&mut self, index: usize) -> Result<TokenStream, Failure> {
        let document = self.document;
        let ty = &document.types[index];
        let of = |source: &mut Self, item: usize, capacity: u64, name: &str| {
            source.library.insert(name.to_owned());
            let (name, item, capacity) = (ident(name), source.ty(item)?, Literal::u64_unsuffixed(capacity));
            Ok(quote!(#name<#item, #capacity>))
        };
        match &ty.kind {
            Kind::Array { item, len } => {
                let (item, len) = (self.ty(*item)?, Literal::u64_unsuffixed(*len));
                Ok(quote!([#item; #len]))
            }
            Kind::List { item, capacity, .. } => of(self, *item, *capacity, "List"),
            Kind::Text { capacity, .. } => {
                self.library.insert("Text".to_owned());
                let capacity = Literal::u64_unsuffixed(*capacity);
                Ok(quote!(Text<#capacity>))
            }
            _ if document.is_declared(index) => {
                let name = ident(self.declared(index));
                Ok(quote!(#name))
            }
            Kind::Struct(_) | Kind::Enum { .. } => self.of_the_library(index),
            Kind::Scalar(_) | Kind::Pod | Kind::Archive => {
                if ty.name.starts_with("Option<NonZero") {
                    self.std.insert("NonZero".to_owned());
                }
                let parsed: syn::Type = syn::parse_str(&ty.name).map_err(unprintable)?;
                Ok(quote!(#parsed))
            }
        }
    }

    fn of_the_library(&mut self, index: usize) -> Result<TokenStream, Failure> {
        let ty = &self.document.types[index];
        let name = ident(&ty.name);
        let numbers = matches!(ty.name.as_str(), "Wrapping" | "Saturating");
        let used = if numbers { &mut self.std } else { &mut self.library };
        used.insert(ty.name.clone());
        let mut arguments = Vec::new();
        for argument in self.document.arguments(index) {
            arguments.push(match argument {
                Argument::Type(index) => self.ty(index)?,
                Argument::Const(number) => number.parse().map_err(|_| Failure::Argument(number))?,
                Argument::Opaque => {
                    self.archives = true;
                    quote!(())
                }
            });
        }
        // The layout of a key is the same for any type to which it leads, and does not name it.
        if ty.name == "Key" && arguments.is_empty() {
            arguments.push(quote!(u8));
        }
        Ok(if arguments.is_empty() { quote!(#name) } else { quote!(#name<#(#arguments),*>) })
    }
}

/// What a state is called whose type is of the library, or of another crate.
const ALIAS: &str = "State";

/// Names that the source may use for something else: of the library, of the standard library and its prelude, of Rust, and crates.
const TAKEN: [&str; 48] = [
    "Archived",
    "Array",
    "Blob",
    "IpAddress",
    "Key",
    "List",
    "Map",
    "Maybe",
    "Queue",
    "Ring",
    "Set",
    "SharedLayout",
    "Slab",
    "SocketAddress",
    "SortedMap",
    "Text",
    "TimeSpan",
    "Timestamp",
    "Tracked",
    "Uuid",
    "NonZero",
    "Saturating",
    "Wrapping",
    "Box",
    "Option",
    "Result",
    "String",
    "Vec",
    "bool",
    "char",
    "f32",
    "f64",
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "isize",
    "str",
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "usize",
    "core",
    "shmstate",
    "std",
];

/// The names under which the types of the program are declared: each its own, with a number if there are several of it.
fn names(document: &Document) -> HashMap<usize, String> {
    let has_alias = !document.is_declared(document.types.len() - 1);
    let is_taken = |name: &str| TAKEN.contains(&name) || has_alias && name == ALIAS;
    let free = |name: String| if is_taken(&name) { format!("_{name}") } else { name };
    let all: Vec<(usize, String)> =
        document.of_the_program().rev().map(|index| (index, free(joined(document, index)))).collect();
    let given: BTreeSet<String> = all.iter().map(|(_, name)| name.clone()).collect();
    let mut taken = BTreeSet::new();
    let mut unique = |name: String| {
        let numbered = (2..).map(|n| format!("{name}{n}")).filter(|other| !given.contains(other));
        let found = std::iter::once(name.clone()).chain(numbered).find(|name| !taken.contains(name)).unwrap_or(name);
        taken.insert(found.clone());
        found
    };
    all.into_iter().map(|(index, name)| (index, unique(name))).collect()
}

/// The types for which another one can stand in, by name.
fn foreign(document: &Document) -> BTreeMap<String, usize> {
    let declared = names(document);
    let mut foreign = BTreeMap::new();
    for (index, ty) in document.types.iter().enumerate() {
        let is_free = syn::parse_str::<Ident>(&ty.name).is_ok() && !declared.values().any(|name| *name == ty.name);
        if matches!(ty.kind, Kind::Pod) && is_free {
            foreign.entry(ty.name.clone()).or_insert(index);
        }
    }
    foreign
}

/// The name of a type as one word.
fn joined(document: &Document, index: usize) -> String {
    let name = document.name(index);
    let parts = name.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("_")
}

/// An identifier; a keyword becomes a raw one. Where there is none, as for `self`, another name.
fn ident(name: &str) -> Ident {
    let forms = [name.to_owned(), format!("r#{name}"), format!("_{name}")];
    let found = forms.iter().find_map(|form| syn::parse_str(form).ok());
    found.unwrap_or_else(|| Ident::new("_unnamed", Span::call_site()))
}

/// The identifier of a field or a variant, with the attribute that gives it its name in the layout if that is another one.
fn part_name(name: &str) -> (Option<TokenStream>, Ident) {
    let ident = ident(name);
    let rename = (ident.unraw() != name).then(|| quote!(#[shared(rename = #name)]));
    (rename, ident)
}

fn docs(text: &str) -> TokenStream {
    let line = |line: &str| {
        let line = if line.is_empty() { String::new() } else { format!(" {line}") };
        quote!(#[doc = #line])
    };
    text.lines().map(line).collect()
}
