//! The implementation for a fieldless enum.

use super::Paths;
use crate::model::{Input, Place};
use proc_macro2::TokenStream;
use quote::quote;
use syn::Ident;
use syn::ext::IdentExt;

/// The value of `LAYOUT.kind`, and the other items.
pub(super) fn expand(paths: &Paths, input: &Input<'_>, variants: &[&syn::Variant]) -> (TokenStream, TokenStream) {
    let Paths { shared, private, core } = paths;
    let Some(int) = &input.repr.int else { return Default::default() };
    let scalar = Ident::new(&int.to_string().to_uppercase(), int.span());
    let int = Ident::new(&int.to_string(), proc_macro2::Span::call_site());
    let describe = variants.iter().map(|variant| {
        let (ident, name) = (&variant.ident, variant.ident.unraw().to_string());
        quote! {
            #private::Variant {
                name: #name,
                // SAFETY: a fieldless enum of that `repr` is its discriminant. (A cast would refuse an enum that
                // implements `Drop`, with a message about casts.)
                value: unsafe { #core::mem::transmute::<Self, #core::primitive::#int>(Self::#ident) } as #core::primitive::u32,
            }
        }
    });
    let name = &input.name;
    let has_zero = {
        let place = Place::of(input.ident);
        let path = super::respan(&quote!(#private::enum_has_zero), place.start);
        let mut arguments = proc_macro2::Group::new(proc_macro2::Delimiter::Parenthesis, quote!(#name, __variants));
        arguments.set_span(place.end);
        quote!(#path #arguments)
    };
    let kind = quote! {
        #private::Kind::Enum {
            repr: #private::Scalar::#scalar,
            variants: const {
                let __variants: &'static [#private::Variant] = const { &[#(#describe),*] };
                #has_zero;
                __variants
            },
        }
    };
    let walks = quote! {
        const TRACKED: #core::primitive::bool = false;
        const CHECKED: #core::primitive::bool = true;

        #[inline]
        unsafe fn validate(__this: *const Self) -> #core::result::Result<(), #private::Invalid> {
            // SAFETY: the caller's promise: the initialised bytes of the discriminant, aligned.
            let __value = unsafe { __this.cast::<#core::primitive::#int>().read() };
            #private::check_variant(<Self as #shared>::LAYOUT, __value as #core::primitive::u32)
        }
    };
    (kind, walks)
}
