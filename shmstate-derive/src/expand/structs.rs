//! The implementation for a struct.

use super::{Paths, argument, described, more_of, respan};
use crate::model::{Field, Input, Place};
use proc_macro2::{Delimiter, Group, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Ident, Member};

/// The items of the trait.
pub(super) fn expand(paths: &Paths, input: &Input<'_>, fields: &[Field<'_>]) -> TokenStream {
    let private = &paths.private;
    let (name, builder) = (&input.name, &paths.builder);
    let described = described(paths, input);
    let members = fields.iter().map(|field| &field.member);
    let parts = fields.iter().map(|field| {
        let place = field.place_of_type();
        let arguments = argument(paths, field, Some(&field.name), &raw("__p", &field.member, place));
        let more = more_of(None, &field.attrs.names, &field.docs);
        let given = field.attrs.init.is_some().then(|| quote!(.given()));
        let local = field.attrs.local.is_some().then(|| quote!(.local()));
        quote_spanned!(place.start=> __b.part #arguments #more #given #local)
    });
    let walk = fields.iter().map(|field| {
        let pointer = raw("__this", &field.member, field.place_of_type());
        match (field.attrs.pod, &field.attrs.init) {
            (true, _) => quote!(__walk.plain(#pointer);),
            (false, None) => visit(paths, field.place_of_type(), &pointer),
            (false, Some(_)) => {
                let visit = visit(paths, field.place_of_type(), &pointer);
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
        const DERIVED: #private::Derived = const {
            let (__b, __p) = #builder.place();
            // SAFETY: fields of one value, which is never looked at.
            unsafe {
                // Every field is named.
                let Self { #(#members: _),* } = *__p;
                &__b.parts([#(#parts),*])
            }
        }
        .structure(#name) #described;

        #[inline]
        #[inline]
        unsafe fn walk<const __STEP: #private::Step>(__this: *const Self, __walk: &#private::Walk<__STEP>) {
            // SAFETY: fields of the value, under the caller's promise for the whole.
            unsafe { #(#walk)* }
        }

        #initialize
    }
}

/// `({ Trait::visit })(pointer, __walk)`, of which all has the span of the field's type. Inside of braces, the function is
/// reported as the trait's constants are, and not as what is called: for a type that is not `SharedLayout`, that is the same
/// error as of the description, and the compiler shows it once.
fn visit(paths: &Paths, place: Place, pointer: &TokenStream) -> TokenStream {
    let (shared, function) = (respan(&paths.shared, place.start), Ident::new("visit", place.end));
    let mut arguments = Group::new(Delimiter::Parenthesis, quote!(#pointer, __walk));
    arguments.set_span(place.end);
    let function = quote_spanned!(place.start=> ({ #shared::#function }));
    quote!(#function #arguments;)
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
