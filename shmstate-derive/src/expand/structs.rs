//! The implementation for a struct.

use super::{Paths, argument, described, more_of, respan};
use crate::model::{Field, Input, SpanRange};
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
        let span = field.type_span();
        let arguments = argument(paths, field, Some(&field.name), &raw("__p", &field.member, span));
        let more = more_of(None, &field.attrs.names, &field.docs);
        let given = field.attrs.init.is_some().then(|| quote!(.given()));
        let local = field.attrs.local.is_some().then(|| quote!(.local()));
        quote_spanned!(span.start=> __b.part #arguments #more #given #local)
    });
    let walk = fields.iter().map(|field| {
        let pointer = raw("__this", &field.member, field.type_span());
        match (field.attrs.pod, &field.attrs.init) {
            (true, _) => quote!(__walk.plain(#pointer);),
            (false, None) => visit(paths, field.type_span(), &pointer),
            (false, Some(_)) => {
                let visit = visit(paths, field.type_span(), &pointer);
                quote!(if !__walk.initializes() { #visit })
            }
        }
    });
    let given_values: Vec<_> = fields.iter().filter(|field| field.attrs.init.is_some()).collect();
    let initialize = (!given_values.is_empty()).then(|| {
        let given_values = given_values.iter().map(|field| {
            // If the value has another type, the compiler points at it, and also at the field's type.
            let (member, value) = (member_at(&field.member, field.type_span()), &field.attrs.init);
            let (this, ty) = (Ident::new("__this", field.type_span().start), field.ty);
            // A body of its own: a `return` in the value ends this value, and not the ones after it.
            quote!(#this.#member = (|| -> #ty { #value })();)
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

/// `({ Trait::visit })(pointer, __walk)`, all with the span of the field's type. Inside of braces, the compiler reports the
/// function as it reports the trait's constants, and not as a call. For a type that is not `SharedLayout`, this is the same error
/// as that of the description, and the compiler shows it once.
fn visit(paths: &Paths, span: SpanRange, pointer: &TokenStream) -> TokenStream {
    let (shared, function) = (respan(&paths.shared, span.start), Ident::new("visit", span.end));
    let mut arguments = Group::new(Delimiter::Parenthesis, quote!(#pointer, __walk));
    arguments.set_span(span.end);
    let function = quote_spanned!(span.start=> ({ #shared::#function }));
    quote!(#function #arguments;)
}

/// `&*binding`, with the span of the field's type.
pub(super) fn borrowed(binding: &Ident, span: SpanRange) -> TokenStream {
    let binding = Ident::new(&binding.to_string(), span.end);
    quote_spanned!(span.start=> &*#binding)
}

/// `&raw const (*pointer).member`, with the span of the field's type.
fn raw(pointer: &str, member: &Member, span: SpanRange) -> TokenStream {
    let (pointer, member) = (Ident::new(pointer, span.start), member_at(member, span));
    quote_spanned!(span.start=> &raw const (*#pointer).#member)
}

/// `member`, as the last token of what has the span `span`.
fn member_at(member: &Member, span: SpanRange) -> Member {
    let mut member = member.clone();
    match &mut member {
        Member::Named(ident) => ident.set_span(span.end),
        Member::Unnamed(index) => index.span = span.end,
    }
    member
}
