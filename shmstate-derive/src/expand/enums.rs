//! The implementation for a fieldless enum.

use super::Paths;
use crate::model::Input;
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
    // Without parameters the proof stands on its own, with one message and no more.
    let has_zero = input.is_generic().then(|| super::proofs::has_zero(paths, input, quote!(__variants)));
    let has_zero = has_zero.iter();
    let kind = quote! {
        #private::Kind::Enum {
            repr: #private::Scalar::#scalar,
            variants: const {
                let __variants: &'static [#private::Variant] = const { &[#(#describe),*] };
                #(#has_zero;)*
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
