//! The generated implementation.
//!
//! All of it stands in one `const _` block and names everything by paths from the crate's root, or from that of shmstate:
//! nothing that the user's module calls by the same names is in the way. Local names start with two underscores, since a
//! constant of the user's with the name of a local variable would turn it into a pattern.

mod bounds;
mod enums;
mod proofs;
mod structs;

use crate::model::{Body, Input};
use proc_macro2::{Group, TokenStream, TokenTree};
use quote::quote;

/// The paths that the generated code uses.
struct Paths {
    /// The trait.
    shared: TokenStream,
    /// What only generated code uses.
    private: TokenStream,
    core: TokenStream,
}

impl Paths {
    fn of(input: &Input<'_>) -> Self {
        let krate = input.krate();
        Paths {
            shared: quote!(#krate::SharedLayout),
            private: quote!(#krate::__private),
            core: quote!(#krate::__private::core),
        }
    }
}

/// `<F as SharedLayout>::TRACKED`, which is an error at `F` if that is not `SharedLayout`.
pub(crate) fn tracked(input: &Input<'_>, ty: &syn::Type) -> TokenStream {
    structs::item(&Paths::of(input), ty, "TRACKED")
}

/// The implementation of `SharedLayout` for a type that passed the checks.
pub(crate) fn expand(input: &Input<'_>) -> TokenStream {
    let paths = Paths::of(input);
    let proofs = proofs::proofs(&paths, input);
    // What depends on parameters is proved where the layout of one instance is asked for.
    let (in_layout, on_their_own) = if input.is_generic() { (proofs, Vec::new()) } else { (Vec::new(), proofs) };
    let on_their_own = on_their_own.into_iter().map(|proof| without_self(proof, input));
    let (layout_kind, walks) = match &input.body {
        Body::Struct(fields) => structs::expand(&paths, fields),
        Body::Enum(variants) => enums::Enum::of(&paths, input, variants).expand(),
        Body::Union(_) => return TokenStream::new(),
    };
    let Paths { shared, private, core } = &paths;
    let generics = bounds::bounded(&paths, input);
    let (impl_generics, _, predicates) = generics.split_for_impl();
    let (_, arguments, _) = input.original.generics.split_for_impl();
    let (ident, lints) = (input.ident, input.allowed_lints());
    let (name, docs, given) = (input.label(), &input.docs, bounds::arguments(&paths, input));
    let version = u32::try_from(input.attrs.version.as_ref().map_or(0, |version| version.value)).unwrap_or(u32::MAX);
    // The fields have proofs of their own, which a constant evaluates: that of a generic type needs its arguments, and that
    // of an array its length.
    let of_fields: Vec<_> = match input.is_generic() {
        true => Vec::new(),
        false => {
            let layouts = input.fields().into_iter().map(|field| structs::layout(&paths, field));
            layouts.map(|layout| without_self(layout, input)).collect()
        }
    };
    quote! {
        #lints
        const _: () = {
            // SAFETY: every field is `SharedLayout` or plain data, the walks below visit each of them, and the proofs
            // refuse padding and drop glue.
            #[automatically_derived]
            unsafe impl #impl_generics #shared for #ident #arguments #predicates {
                const LAYOUT: &'static #private::Layout = {
                    #(#in_layout;)*
                    &#private::Layout {
                        name: #name,
                        size: #core::mem::size_of::<Self>(),
                        align: #core::mem::align_of::<Self>(),
                        version: #version,
                        arguments: const { &[#(#given),*] },
                        docs: #docs,
                        kind: #layout_kind,
                    }
                };
                #walks
            }
            #(const _: () = #on_their_own;)*
            #(const _: &#private::Layout = #of_fields;)*
        };
    }
}

/// `tokens` for a place outside of the implementation, where `Self` is nothing: the user's types and discriminants may say
/// it.
fn without_self(tokens: TokenStream, input: &Input<'_>) -> TokenStream {
    let name = |tree| match tree {
        TokenTree::Ident(word) if word == "Self" => {
            let mut ident = input.ident.clone();
            ident.set_span(word.span());
            ident.into()
        }
        TokenTree::Group(group) => {
            let mut new = Group::new(group.delimiter(), without_self(group.stream(), input));
            new.set_span(group.span());
            new.into()
        }
        other => other,
    };
    tokens.into_iter().map(name).collect()
}

/// `tokens`, all of them with the span `span`.
fn respan(tokens: &TokenStream, span: proc_macro2::Span) -> TokenStream {
    let place = |mut tree: TokenTree| {
        if let TokenTree::Group(group) = &mut tree {
            let mut new = Group::new(group.delimiter(), respan(&group.stream(), span));
            new.set_span(span);
            *group = new;
        } else {
            tree.set_span(span);
        }
        tree
    };
    tokens.clone().into_iter().map(place).collect()
}
