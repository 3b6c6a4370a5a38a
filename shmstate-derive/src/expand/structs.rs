//! The implementation for a struct.

use super::{Paths, bounds, described, of_field, part};
use crate::model::{Field, Input, Place};
use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{Ident, Member};

/// The items of the trait.
pub(super) fn expand(paths: &Paths, input: &Input<'_>, fields: &[Field<'_>]) -> TokenStream {
    let private = &paths.private;
    let builder = &paths.builder;
    let (name, docs, given) = (&input.name, &input.docs, bounds::arguments(paths, input));
    let described = described(input);
    let bindings: Vec<_> = (0..fields.len()).map(|i| format_ident!("__{i}")).collect();
    let patterns = fields.iter().zip(&bindings).map(|(Field { member, attrs, .. }, binding)| match attrs.pod {
        true => quote!(#member: _),
        false => quote!(#member: #binding),
    });
    let are_shared = fields.iter().zip(&bindings).filter(|(field, _)| !field.attrs.pod).map(|(field, binding)| {
        let place = field.place_of_type();
        of_field(paths, place, "is_shared", borrowed(binding, place), TokenStream::new())
    });
    let parts = fields.iter().map(|field| part(field, builder, raw("__p", &field.member, field.place_of_type())));
    let walk = fields.iter().map(|field| {
        let pointer = raw("__this", &field.member, field.place_of_type());
        match (field.attrs.pod, &field.attrs.init) {
            (true, _) => quote!(__walk.plain(#pointer);),
            (false, None) => of_field(paths, field.place_of_type(), "visit", pointer, quote!(, __walk)),
            (false, Some(_)) => {
                let visit = of_field(paths, field.place_of_type(), "visit", pointer, quote!(, __walk));
                quote!(if !__walk.initializes() { #visit })
            }
        }
    });
    let given_values: Vec<_> = fields.iter().filter(|field| field.attrs.init.is_some()).collect();
    let initialize = (!given_values.is_empty()).then(|| {
        let given_values = given_values.iter().map(|field| {
            // A value of another type is the one that the compiler points at, and besides at the field's type.
            let (member, value) = (member_at(&field.member, field.place_of_type()), &field.attrs.init);
            let this = Ident::new("__this", field.place_of_type().start);
            quote!(#this.#member = #value;)
        });
        quote! {
            fn initialize_fields(__this: &mut Self) {
                #(#given_values)*
            }
        }
    });
    quote! {
        const DERIVED: #private::Derived<Self> = #builder.structure(#name, #docs, #given, const {
            let __b = #builder;
            let __p = __b.place();
            // Every field is named, and each is of a type that is shareable.
            let _ = |__this: &Self| {
                let Self { #(#patterns),* } = __this;
                #(#are_shared)*
            };
            // SAFETY: fields of one value, at which nobody looks.
            unsafe { &__b.parts([#(#parts),*]) }
        })#described;

        #[inline]
        unsafe fn walk<const __STEP: #private::Step>(__this: *const Self, __walk: &#private::Walk<__STEP>) {
            // SAFETY: fields of the value, under the caller's promise for the whole.
            unsafe { #(#walk)* }
        }

        #initialize
    }
}

/// `&*binding`, with the span of the field's type.
pub(super) fn borrowed(binding: &Ident, place: Place) -> TokenStream {
    let binding = Ident::new(&binding.to_string(), place.end);
    quote_spanned!(place.start=> &*#binding)
}

/// `&raw const (*pointer).member`, with the span of the field's type.
fn raw(pointer: &str, member: &Member, place: Place) -> TokenStream {
    let (pointer, member) = (Ident::new(pointer, place.start), member_at(member, place));
    quote_spanned!(place.start=> &raw const (*#pointer).#member)
}

/// `member`, as the last token of what stands at `place`.
fn member_at(member: &Member, place: Place) -> Member {
    let mut member = member.clone();
    match &mut member {
        Member::Named(ident) => ident.set_span(place.end),
        Member::Unnamed(index) => index.span = place.end,
    }
    member
}
