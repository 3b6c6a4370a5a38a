//! The implementation that is emitted with errors, so that uses of the type do not add errors of their own.
//!
//! The errors stand inside `LAYOUT`. The compiler reports nothing more when another constant needs one that failed to compile.
//! A constant that compiled would be used in proofs, which would then fail for the same reasons again.

use crate::check::holds_itself;
use crate::expand::{Paths, is_shared};
use crate::model::{Body, Field, Input};
use crate::suggestions::refuse;
use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{GenericParam, Type};

/// An implementation that fits nearly every type, means nothing, and contains the `errors`.
pub(crate) fn fallback(input: &Input<'_>, errors: TokenStream) -> TokenStream {
    if is_unsized(input) {
        return errors;
    }
    let paths = Paths::of(input);
    let Paths { import, shared, private, .. } = &paths;
    let core = quote!(#private::core);
    let ident = input.ident;

    // A lifetime parameter is an error of its own; `'static` replaces it.
    let generics = &input.original.generics;
    let params =
        generics.params.iter().filter(|param| !matches!(param, GenericParam::Lifetime(_))).map(|param| match param {
            GenericParam::Type(ty) => {
                let (ident, bounds) = (&ty.ident, &ty.bounds);
                quote!(#ident: #shared + #bounds)
            }
            GenericParam::Const(param) => {
                let (ident, ty) = (&param.ident, &param.ty);
                quote!(const #ident: #ty)
            }
            GenericParam::Lifetime(_) => TokenStream::new(),
        });
    let params = quote!(<#(#params),*>);
    let args = generics.params.iter().map(|param| match param {
        GenericParam::Type(ty) => ty.ident.to_token_stream(),
        GenericParam::Const(param) => param.ident.to_token_stream(),
        GenericParam::Lifetime(_) => quote!('static),
    });
    let args = quote!(<#(#args),*>);
    let (params, predicates) = (forever(params), forever(generics.where_clause.to_token_stream()));

    // The compiler still checks whether the types of the fields that passed the checks are shareable.
    let ask = generics.params.is_empty() && input.repr.packed.is_none() && !input.names_twice();
    let looks_fine = |field: &Field<'_>| ask && looks_fine(input, field);
    let others = match &input.body {
        Body::Struct(fields) => is_shared(&paths, &TokenStream::new(), fields, looks_fine),
        Body::Enum(variants) => {
            let arms = variants.iter().map(|variant| {
                let ident = &variant.original.ident;
                is_shared(&paths, &quote!(::#ident), &variant.fields, looks_fine)
            });
            arms.collect()
        }
        Body::Union(_) => TokenStream::new(),
    };

    let threads = holds_unshareable(input).then(|| {
        quote! {
            unsafe impl #params #core::marker::Send for #ident #args #predicates {}
            unsafe impl #params #core::marker::Sync for #ident #args #predicates {}
        }
    });
    quote! {
        const _: () = {
            #import
            unsafe impl #params #shared for #ident #args #predicates {
                const LAYOUT: &'static #private::Layout = {
                    #errors
                    #private::UNKNOWN
                };
                const TRACKED: #core::primitive::bool = false;
                const CHECKED: #core::primitive::bool = false;

                fn is_shared(__this: &Self) {
                    #others
                }
            }
            #threads
        };
    }
}

/// Whether the checks found nothing wrong with the type of `field`.
fn looks_fine(input: &Input<'_>, field: &Field<'_>) -> bool {
    let mut found = Vec::new();
    refuse(field.ty, &mut found);
    found.is_empty() && !field.attrs.pod && !holds_itself(field.ty, input)
}

/// Whether a field has no fixed size, so that the type cannot have the trait at all.
fn is_unsized(input: &Input<'_>) -> bool {
    input.fields().iter().any(|field| match field.ty {
        Type::Slice(_) | Type::TraitObject(_) => true,
        Type::Path(path) => path.path.is_ident("str"),
        _ => false,
    })
}

/// Whether a field's type names something that threads may not share, though the trait requires that.
fn holds_unshareable(input: &Input<'_>) -> bool {
    const NAMES: [&str; 9] = ["Rc", "Weak", "Cell", "RefCell", "UnsafeCell", "OnceCell", "LazyCell", "NonNull", "dyn"];
    fn any(tokens: TokenStream) -> bool {
        tokens.into_iter().any(|tree| match tree {
            TokenTree::Group(group) => any(group.stream()),
            TokenTree::Ident(ident) => NAMES.iter().any(|name| ident == name),
            TokenTree::Punct(punct) => punct.as_char() == '*',
            TokenTree::Literal(_) => false,
        })
    }
    match &input.body {
        Body::Union(data) => any(data.fields.to_token_stream()),
        _ => input.fields().iter().any(|field| any(field.ty.to_token_stream())),
    }
}

/// `tokens` with every lifetime replaced by `'static`.
fn forever(tokens: TokenStream) -> TokenStream {
    let mut tick = false;
    let replace = |tree| {
        let after_tick = std::mem::replace(&mut tick, matches!(&tree, TokenTree::Punct(p) if p.as_char() == '\''));
        match tree {
            TokenTree::Ident(_) if after_tick => TokenTree::Ident(Ident::new("static", Span::call_site())),
            TokenTree::Group(group) => TokenTree::Group(Group::new(group.delimiter(), forever(group.stream()))),
            other => other,
        }
    };
    tokens.into_iter().map(replace).collect()
}
