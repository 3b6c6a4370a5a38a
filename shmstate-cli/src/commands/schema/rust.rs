//! The types as Rust declares them.
//!
//! The document does not say which fields of a generic type use its parameters. Such a type is declared as it is with its
//! arguments, under a name of its own; then the layout is another one by name, and the same by bytes.

use crate::document::{Argument, Document, Field, Kind, Variant, integer_size};
use crate::failure::Failure;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;
use std::collections::BTreeSet;

/// A source file that declares every type of the program, each one after its parts.
pub fn source(document: &Document) -> Result<String, Failure> {
    let mut source = Source {
        document,
        std: BTreeSet::new(),
        library: BTreeSet::from(["SharedLayout".to_owned()]),
        keys: document.keys(),
    };
    let mut items = TokenStream::new();
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
    let mut before = "";
    for line in printed.lines() {
        let begins = line.starts_with("///") || line.starts_with("#[derive");
        if begins && !before.starts_with("///") {
            lines.push('\n');
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
}

impl Source<'_> {
    fn item(&mut self, index: usize) -> Result<TokenStream, Failure> {
        let document = self.document;
        let ty = &document.types[index];
        let name = ident(&declared(document, index));
        let mut docs = docs(document.doc(index, ""));
        if !ty.arguments.is_empty() {
            let note = format!(" `{}` in the program, where it is generic.", document.name(index));
            docs.extend(quote!(#[doc = #note]));
        }
        let version = (ty.version > 0).then(|| {
            let version = Literal::u64_unsuffixed(ty.version);
            quote!(#[shared(version = #version)])
        });
        // Keys are compared and hashed. How, the layout does not say.
        let keys = self.keys.contains(&index).then(|| quote!(, PartialEq, Eq, PartialOrd, Ord, Hash));
        let derives = quote!(#[derive(SharedLayout #keys)]);
        let doc = |part: &str| self::docs(document.doc(index, part));
        Ok(match &ty.kind {
            Kind::Struct(fields) => {
                let (body, end) = self.body(fields, doc)?;
                let repr = self.aligned(quote!(C), index);
                quote!(#docs #derives #[repr(#repr)] #version struct #name #body #end)
            }
            Kind::Enum { repr, variants } => {
                let repr_int = ident(repr);
                let mut all = TokenStream::new();
                for variant in variants {
                    let part = |field: &str| doc(&format!("{}.{field}", variant.name));
                    let (body, _) = self.body(&variant.fields, part)?;
                    let docs = doc(&variant.name);
                    let name = ident(&variant.name);
                    let value = Literal::u64_unsuffixed(variant.value);
                    all.extend(quote!(#docs #name #body = #value,));
                }
                let repr = if variants.iter().all(|variant| self.fits_in_order(repr, variant)) {
                    quote!(#repr_int)
                } else {
                    quote!(C, #repr_int)
                };
                quote!(#docs #derives #[repr(#repr)] #version enum #name { #all })
            }
            // The state itself is of a type of the library, or of another crate.
            _ => {
                let of = self.ty(index)?;
                let name = ident("State");
                quote!(#docs type #name = #of;)
            }
        })
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
                let name = ident(&field.name);
                quote!(#name:)
            });
            all.extend(quote!(#docs #name #ty,));
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
                let name = ident(&declared(document, index));
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
                Argument::Opaque => quote!(()),
            });
        }
        // The layout of a key is the same for any type to which it leads, and does not name it.
        if ty.name == "Key" && arguments.is_empty() {
            arguments.push(quote!(u8));
        }
        Ok(if arguments.is_empty() { quote!(#name) } else { quote!(#name<#(#arguments),*>) })
    }
}

/// The name under which a type of the program is declared.
fn declared(document: &Document, index: usize) -> String {
    let name = document.name(index);
    let parts = name.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("_")
}

/// An identifier; a keyword becomes a raw one.
fn ident(name: &str) -> Ident {
    match syn::parse_str::<Ident>(name) {
        Ok(ident) => ident,
        Err(_) if name.starts_with(|c: char| c.is_alphabetic()) => Ident::new_raw(name, Span::call_site()),
        Err(_) => Ident::new("_unnamed", Span::call_site()),
    }
}

fn docs(text: &str) -> TokenStream {
    let line = |line: &str| {
        let line = if line.is_empty() { String::new() } else { format!(" {line}") };
        quote!(#[doc = #line])
    };
    text.lines().map(line).collect()
}
