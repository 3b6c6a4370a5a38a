//! The derive's own view of the type: what the checks and the expansion need, next to the original syntax, whose tokens
//! carry the spans.

use crate::attr::{self, FieldAttrs, Names, Repr, TypeAttrs};
use crate::ctxt::Ctxt;
use crate::manifest;
use crate::unparsed::any_twice;
use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{Attribute, Data, DeriveInput, Fields, Ident, Index, Member, Meta, Type};

/// The type under the derive.
pub(crate) struct Input<'a> {
    pub(crate) original: &'a DeriveInput,
    pub(crate) ident: &'a Ident,
    /// Without `r#`.
    pub(crate) name: String,
    pub(crate) docs: String,
    pub(crate) attrs: TypeAttrs,
    /// The name of shmstate in `Cargo.toml`, if it is not `shmstate`, and no attribute says where the crate is.
    pub(crate) renamed: Option<Ident>,
    pub(crate) repr: Repr,
    pub(crate) body: Body<'a>,
}

/// What kind of type it is.
pub(crate) enum Body<'a> {
    Struct(Vec<Field<'a>>),
    Enum(Vec<Variant<'a>>),
    Union(&'a syn::DataUnion),
}

/// A variant of an enum.
pub(crate) struct Variant<'a> {
    pub(crate) original: &'a syn::Variant,
    /// Without `r#`.
    pub(crate) name: String,
    pub(crate) docs: String,
    pub(crate) names: Names,
    pub(crate) fields: Vec<Field<'a>>,
}

/// A field of a struct or of a variant.
pub(crate) struct Field<'a> {
    pub(crate) original: &'a syn::Field,
    /// As code: `name` or `0`.
    pub(crate) member: Member,
    /// As text, without `r#`.
    pub(crate) name: String,
    pub(crate) docs: String,
    pub(crate) ty: &'a Type,
    pub(crate) attrs: FieldAttrs,
}

impl<'a> Input<'a> {
    pub(crate) fn read(ctxt: &Ctxt, original: &'a DeriveInput) -> Self {
        let attrs = TypeAttrs::read(ctxt, &original.attrs);
        let asked = if attrs.krate_given { None } else { manifest::renamed() };
        let renamed = asked.and_then(|name| syn::parse_str(&name).ok());
        let body = match &original.data {
            Data::Struct(data) => Body::Struct(fields(ctxt, &data.fields)),
            Data::Enum(data) => Body::Enum(data.variants.iter().map(|variant| Variant::read(ctxt, variant)).collect()),
            Data::Union(data) => Body::Union(data),
        };
        Input {
            original,
            ident: &original.ident,
            name: original.ident.unraw().to_string(),
            docs: attr::docs(&original.attrs),
            attrs,
            renamed,
            repr: Repr::read(&original.attrs),
            body,
        }
    }

    /// The path of shmstate.
    pub(crate) fn krate(&self) -> TokenStream {
        match (&self.attrs.krate, &self.renamed) {
            (Some(path), _) => path.to_token_stream(),
            (None, Some(name)) => quote!(::#name),
            (None, None) => quote!(::shmstate),
        }
    }

    /// Whether two fields or variants have the same name; the compiler reports that.
    pub(crate) fn names_twice(&self) -> bool {
        let twice = |fields: &[Field<'_>]| any_twice(fields.iter().map(|field| &field.member));
        match &self.body {
            Body::Struct(fields) => twice(fields),
            Body::Enum(variants) => {
                any_twice(variants.iter().map(|variant| &variant.original.ident))
                    || variants.iter().any(|variant| twice(&variant.fields))
            }
            Body::Union(_) => false,
        }
    }

    /// All fields, those of each variant included.
    pub(crate) fn fields(&self) -> Vec<&Field<'a>> {
        match &self.body {
            Body::Struct(fields) => fields.iter().collect(),
            Body::Enum(variants) => variants.iter().flat_map(|variant| &variant.fields).collect(),
            Body::Union(_) => Vec::new(),
        }
    }

    /// Whether the layout depends on parameters, so that it can only be proved for each use.
    pub(crate) fn is_generic(&self) -> bool {
        !self.original.generics.params.is_empty()
    }

    /// The lints that the user allows on the type, for the generated code, which repeats the field types.
    pub(crate) fn allowed_lints(&self) -> TokenStream {
        let mut lints: TokenStream = self.original.attrs.iter().filter_map(allowed).collect();
        let deprecated = |attrs: &[Attribute]| attrs.iter().any(|attr| attr.path().is_ident("deprecated"));
        let variants = if let Body::Enum(variants) = &self.body { variants.as_slice() } else { &[] };
        if deprecated(&self.original.attrs)
            || variants.iter().any(|variant| deprecated(&variant.original.attrs))
            || self.fields().iter().any(|field| deprecated(&field.original.attrs))
        {
            lints.extend(quote!(#[allow(deprecated)]));
        }
        lints
    }
}

fn allowed(attr: &Attribute) -> Option<TokenStream> {
    let Meta::List(list) = &attr.meta else { return None };
    let lints = &list.tokens;
    (list.path.is_ident("allow") || list.path.is_ident("expect")).then(|| quote!(#[allow(#lints)]))
}

fn fields<'a>(ctxt: &Ctxt, fields: &'a Fields) -> Vec<Field<'a>> {
    let field = |(index, original): (usize, &'a syn::Field)| {
        let member = match &original.ident {
            Some(ident) => Member::Named(ident.clone()),
            None => Member::Unnamed(Index::from(index)),
        };
        let name = match &original.ident {
            Some(ident) => ident.unraw().to_string(),
            None => index.to_string(),
        };
        let docs = attr::docs(&original.attrs);
        Field { original, member, name, docs, ty: &original.ty, attrs: FieldAttrs::read(ctxt, &original.attrs) }
    };
    fields.iter().enumerate().map(field).collect()
}

impl<'a> Variant<'a> {
    fn read(ctxt: &Ctxt, original: &'a syn::Variant) -> Self {
        Variant {
            original,
            name: original.ident.unraw().to_string(),
            docs: attr::docs(&original.attrs),
            names: attr::names_of_variant(ctxt, &original.attrs),
            fields: fields(ctxt, &original.fields),
        }
    }
}

impl Field<'_> {
    /// Where the field's type stands in the source.
    pub(crate) fn type_span(&self) -> SpanRange {
        SpanRange::of(self.ty)
    }

    /// Where the field stands in the source: its name, if it has one, and its type.
    pub(crate) fn span(&self) -> SpanRange {
        let (name, ty) = (&self.original.ident, self.ty);
        SpanRange::of(quote!(#name #ty))
    }
}

/// Two spans that the compiler joins to one: it reports generated code there whose first token has `start` and whose last
/// token has `end`.
///
/// Both keep the context of the derive: the code counts as the macro's, so that lints of the user's crate leave it alone.
#[derive(Clone, Copy)]
pub(crate) struct SpanRange {
    pub(crate) start: Span,
    pub(crate) end: Span,
}

impl SpanRange {
    pub(crate) fn of(tokens: impl ToTokens) -> Self {
        /// The spans of `tokens`, without the invisible parentheses around an argument of a macro.
        fn visible(tokens: TokenStream) -> Vec<(Span, Span)> {
            let spans = tokens.into_iter().flat_map(|tree| match tree {
                TokenTree::Group(group) if group.delimiter() == Delimiter::None => visible(group.stream()),
                TokenTree::Group(group) => vec![(group.span_open(), group.span_close())],
                other => vec![(other.span(), other.span())],
            });
            spans.collect()
        }
        let mut spans = visible(tokens.into_token_stream()).into_iter();
        let first = spans.next().unwrap_or((Span::call_site(), Span::call_site()));
        let last = spans.last().unwrap_or(first);
        let of_derive = |span: Span| span.resolved_at(Span::call_site());
        SpanRange { start: of_derive(first.0), end: of_derive(last.1) }
    }
}
