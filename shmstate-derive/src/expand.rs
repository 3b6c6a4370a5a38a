//! The generated implementation.
//!
//! All of it stands in one `const _` block. It never repeats the type of a field, and calls nothing by a path except the items of
//! the trait and methods of its constants (`layout/derived.rs` of shmstate says why). Local names start with two underscores,
//! because a constant of the user's that has the name of a local variable would turn that binding into a constant pattern.

mod bounds;
mod enums;
mod proofs;
mod structs;

use crate::attr::{Names, Rename};
use crate::model::{Body, Field, Input, SpanRange};
use proc_macro2::{Group, Ident, Literal, TokenStream, TokenTree};
use quote::{format_ident, quote, quote_spanned};

/// The paths that the generated code uses.
pub(crate) struct Paths {
    /// Gives shmstate its name in the block, so that a crate that cannot be found is only one error.
    pub(crate) import: TokenStream,
    /// The trait.
    pub(crate) shared: TokenStream,
    /// The items that only generated code uses; this path appears in signatures only.
    pub(crate) private: TokenStream,
    /// The value that all generated code starts from: `BUILDER` of the trait.
    builder: TokenStream,
}

impl Paths {
    pub(crate) fn of(input: &Input<'_>) -> Self {
        let path = input.krate();
        let last = path.clone().into_iter().last();
        // `use super as name` does not compile.
        let is_keyword = matches!(last, Some(TokenTree::Ident(word)) if word == "super" || word == "self");
        let (import, krate) = if is_keyword {
            (TokenStream::new(), path)
        } else {
            (quote!(use #path as __shmstate;), quote!(__shmstate))
        };
        let shared = quote!(#krate::SharedLayout);
        let builder = if input.is_generic() { quote!(<Self as #shared>::BUILDER) } else { quote!(__BUILDER) };
        Paths { import, builder, private: quote!(#krate::__private), shared }
    }
}

/// `Trait::function(argument, others)`, all with the span of the field's type: the compiler reports one error for a type
/// that is not `SharedLayout`, however often the generated code calls the trait. The caller gives the first and the last token
/// of `argument` that span.
fn of_field(paths: &Paths, span: SpanRange, function: &str, argument: TokenStream, others: TokenStream) -> TokenStream {
    let shared = respan(&paths.shared, span.start);
    let function = Ident::new(function, span.start);
    let mut arguments = Group::new(proc_macro2::Delimiter::Parenthesis, quote!(#argument #others));
    arguments.set_span(span.end);
    quote_spanned!(span.start=> #shared::#function #arguments;)
}

/// Requires that the types of those `fields` for which `looks_fine` returns true are shareable, given a value `__this` of the
/// struct or the enum; `variant` is the rest of the path to the variant.
pub(crate) fn is_shared(
    paths: &Paths,
    variant: &TokenStream,
    fields: &[Field<'_>],
    looks_fine: impl Fn(&Field<'_>) -> bool,
) -> TokenStream {
    let fields: Vec<_> = fields.iter().enumerate().filter(|(_, field)| looks_fine(field)).collect();
    let patterns = fields.iter().map(|(i, Field { member, .. })| {
        let binding = format_ident!("__{i}");
        quote!(#member: #binding)
    });
    let calls = fields.iter().map(|(i, field)| {
        let span = field.type_span();
        of_field(paths, span, "is_shared", structs::borrowed(&format_ident!("__{i}"), span), TokenStream::new())
    });
    match fields.is_empty() {
        true => TokenStream::new(),
        false => quote! {
            #[allow(irrefutable_let_patterns)]
            if let Self #variant { #(#patterns,)* .. } = __this { #(#calls)* }
        },
    }
}

/// The implementation of `SharedLayout` for a type that passed the checks.
pub(crate) fn expand(input: &Input<'_>) -> TokenStream {
    let paths = Paths::of(input);
    let proofs = proofs::proofs(&paths, input);
    // What depends on parameters is proved where the layout of one instance is used.
    let (in_trait, on_their_own) = match input.is_generic() {
        true => (Some(quote!(const PROOFS: () = { #(#proofs;)* };)), Vec::new()),
        false => (None, proofs),
    };
    let items = match &input.body {
        Body::Struct(fields) => structs::expand(&paths, input, fields),
        Body::Enum(variants) => enums::Enum::of(&paths, input, variants).expand(),
        Body::Union(_) => return TokenStream::new(),
    };
    let Paths { import, shared, private, .. } = &paths;
    let generics = bounds::bounded(&paths, input);
    let (impl_generics, _, predicates) = generics.split_for_impl();
    let (_, arguments, _) = input.original.generics.split_for_impl();
    let (ident, lints) = (input.ident, input.allowed_lints());
    let builder = (!input.is_generic()).then(|| {
        let of_trait = respan(&quote!(<#ident as #shared>::BUILDER), SpanRange::of(ident).start);
        quote!(const __BUILDER: #private::Builder<#ident> = #of_trait;)
    });
    quote! {
        #lints
        const _: () = {
            #import
            #builder
            // SAFETY: every field is `SharedLayout` or plain data, the walk visits each of them, and the proofs refuse
            // padding and drop glue.
            #[automatically_derived]
            unsafe impl #impl_generics #shared for #ident #arguments #predicates {
                #items
                #in_trait
            }
            #(const _: () = #on_their_own;)*
        };
    }
}

/// What the description says of the type besides its name and its parts, as calls of its methods.
fn described(paths: &Paths, input: &Input<'_>) -> TokenStream {
    let described = more(None, input.attrs.rename.as_ref(), &[], &input.docs);
    let version = input.attrs.version.as_ref().map(|version| {
        let version = u32::try_from(version.value).unwrap_or(u32::MAX);
        quote!(.version(#version))
    });
    let arguments = input.is_generic().then(|| {
        let arguments = bounds::arguments(paths, input);
        quote!(.arguments(#arguments))
    });
    quote!(#described #version #arguments)
}

/// A name other than that in the source, and documentation, as calls of methods; for the part of that `index`, if there is
/// more than one.
fn more(index: Option<usize>, rename: Option<&Rename>, renamed_from: &[Rename], docs: &str) -> TokenStream {
    let index = index.map(|index| {
        let index = Literal::usize_unsuffixed(index);
        quote!(#index,)
    });
    let renamed = rename.map(|rename| {
        let name = &rename.name;
        quote!(.renamed(#index #name))
    });
    let docs = (!docs.is_empty()).then(|| quote!(.docs(#index #docs)));
    let earlier = renamed_from.iter().map(|earlier| &earlier.name);
    let renamed_from = (!renamed_from.is_empty()).then(|| quote!(.renamed_from(#index &[#(#earlier),*])));
    quote!(#renamed #renamed_from #docs)
}

/// [`more`] of a field or a variant.
fn more_of(index: Option<usize>, names: &Names, docs: &str) -> TokenStream {
    more(index, names.rename.as_ref(), &names.renamed_from, docs)
}

/// What the type of a field adds to the description.
fn facts(paths: &Paths, field: &Field<'_>) -> TokenStream {
    let span = field.type_span();
    if field.attrs.pod {
        let plain = plain(field.ty, &paths.builder);
        return quote!(const { &#plain }.facts());
    }
    let (shared, facts) = (respan(&paths.shared, span.start), Ident::new("FACTS", span.end));
    quote_spanned!(span.start=> #shared::#facts)
}

/// The arguments for a field: `name`, what its type adds to the description, and `pointer`, which points to it.
fn argument(paths: &Paths, field: &Field<'_>, name: Option<&str>, pointer: &TokenStream) -> Group {
    let (span, facts) = (field.type_span(), facts(paths, field));
    let name = name.map(|name| quote!(#name,));
    let mut arguments = Group::new(proc_macro2::Delimiter::Parenthesis, quote!(#name #facts, #pointer));
    arguments.set_span(span.end);
    arguments
}

/// The description of plain data: arrays as arrays, all other types under their name in the source. It describes the type of
/// the real field.
fn plain(ty: &syn::Type, builder: &TokenStream) -> TokenStream {
    let span = SpanRange::of(ty);
    let (function, argument) = match ty {
        syn::Type::Group(group) => return plain(&group.elem, builder),
        syn::Type::Paren(paren) => return plain(&paren.elem, builder),
        syn::Type::Array(array) => {
            let item = plain(&array.elem, builder);
            ("array", quote!(const { &#item }))
        }
        _ => {
            let name = match ty {
                syn::Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
                _ => None,
            };
            let name = name.unwrap_or_else(|| crate::show::show(ty));
            ("data", quote!(#name))
        }
    };
    // From the first token to the last, the call has the span of the type.
    let (builder, function) = (respan(builder, span.start), Ident::new(function, span.start));
    let mut arguments = Group::new(proc_macro2::Delimiter::Parenthesis, argument);
    arguments.set_span(span.end);
    quote_spanned!(span.start=> #builder.#function #arguments)
}

/// `tokens`, all of them with the span `span`.
fn respan(tokens: &TokenStream, span: proc_macro2::Span) -> TokenStream {
    let respan_tree = |mut tree: TokenTree| {
        if let TokenTree::Group(group) = &mut tree {
            let mut new = Group::new(group.delimiter(), respan(&group.stream(), span));
            new.set_span(span);
            *group = new;
        } else {
            tree.set_span(span);
        }
        tree
    };
    tokens.clone().into_iter().map(respan_tree).collect()
}
