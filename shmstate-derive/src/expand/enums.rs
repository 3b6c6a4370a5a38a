//! The implementation for an enum.
//!
//! The layout is the one that the reference gives to `#[repr(u8)]` and to `#[repr(C, u8)]`, and so on: the discriminant
//! comes first. That the type is laid out so, the constants find out: they put each discriminant into memory and let the
//! compiler say which variant that is, and where its fields lie.
//!
//! The walk reads the discriminant and goes to the fields of that variant. It does not look at any other byte.

use super::structs::borrowed;
use super::{Paths, bounds, described, of_field, part};
use crate::model::{Field, Input, Variant};
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Ident;

/// An enum that passed the checks.
pub(super) struct Enum<'a> {
    paths: &'a Paths,
    input: &'a Input<'a>,
    variants: &'a [Variant<'a>],
}

impl<'a> Enum<'a> {
    pub(super) fn of(paths: &'a Paths, input: &'a Input<'a>, variants: &'a [Variant<'a>]) -> Self {
        Enum { paths, input, variants }
    }

    /// Names for the fields of a variant.
    fn bindings(variant: &Variant<'_>) -> Vec<Ident> {
        (0..variant.fields.len()).map(|i| format_ident!("__{i}")).collect()
    }

    /// `Self::Variant { a: __0, b: __1 }`.
    fn pattern(variant: &Variant<'_>) -> TokenStream {
        let (ident, bindings) = (&variant.original.ident, Self::bindings(variant));
        let members = variant.fields.iter().map(|field| &field.member);
        quote!(Self::#ident { #(#members: #bindings),* })
    }

    /// The discriminant of variant `index`, as the compiler counts: from the last one that is given.
    fn value(&self, index: usize) -> TokenStream {
        let (private, int) = (&self.paths.private, &self.input.repr.int);
        let int = int.as_ref().map(|int| Ident::new(&int.to_string(), proc_macro2::Span::call_site()));
        let int = quote!(#private::core::primitive::#int);
        let given = self.variants[..=index].iter().rposition(|variant| variant.original.discriminant.is_some());
        let more = index - given.unwrap_or(0);
        let first = given.and_then(|given| self.variants[given].original.discriminant.as_ref());
        let first = first.map_or_else(|| quote!(0), |(_, first)| quote!(#first));
        match more {
            0 => quote!(let __tag: #int = #first;),
            more => {
                let more = literal(more);
                quote! {
                    let __tag: #int = #first;
                    let __tag = __tag.wrapping_add(#more);
                }
            }
        }
    }

    /// The items of the trait.
    pub(super) fn expand(&self) -> TokenStream {
        let (private, builder) = (&self.paths.private, &self.paths.builder);
        let (name, docs, given) = (&self.input.name, &self.input.docs, bounds::arguments(self.paths, self.input));
        let int = self.input.repr.int.as_ref().map(ToString::to_string).unwrap_or_default();
        let described = described(self.input);
        let has_payload = !self.input.fields().is_empty();
        let choices = self.variants.iter().enumerate().map(|(index, variant)| {
            let (ident, name, docs) = (&variant.original.ident, &variant.name, &variant.docs);
            let choice = if has_payload {
                let index = literal(index);
                quote!(__b.choice(#name, #docs, &__payloads.#index))
            } else {
                // SAFETY: in a constant.
                quote!(unsafe { __b.unit(#name, #docs, Self::#ident {}) })
            };
            let renamed = variant.rename.as_ref().map(|rename| {
                let name = &rename.name;
                quote!(.renamed(#name))
            });
            quote!(#choice #renamed)
        });
        let payloads = has_payload.then(|| self.payloads());
        let walk = has_payload.then(|| self.walk());
        let arms = self.variants.iter().map(|variant| {
            let (pattern, are_shared) = (Self::pattern(variant), self.are_shared(variant));
            quote!(#pattern => { #are_shared })
        });
        quote! {
            const DERIVED: #private::Derived<Self> = #builder.enumeration(
                #name,
                #docs,
                #given,
                #int,
                const {
                    let __b = #builder;
                    // Every variant and every field is named, and each field is of a type that is shareable.
                    let _ = |__this: &Self| match __this { #(#arms)* };
                    #payloads
                    &__b.choices([#(#choices),*])
                },
            )#described;
            #walk
        }
    }

    /// Asks of the fields of `variant`, which are bound, that they are shareable.
    fn are_shared(&self, variant: &Variant<'_>) -> TokenStream {
        let fields = variant.fields.iter().zip(Self::bindings(variant)).filter(|(field, _)| !field.attrs.pod);
        let ask = |(field, binding): (&Field<'_>, Ident)| {
            let place = field.place_of_type();
            of_field(self.paths, place, "is_shared", borrowed(&binding, place), TokenStream::new())
        };
        fields.map(ask).collect()
    }

    /// What the variants hold, by what the compiler finds in memory that has the discriminant of each of them.
    fn payloads(&self) -> TokenStream {
        let builder = &self.paths.builder;
        let payloads = self.variants.iter().enumerate().map(|(index, variant)| {
            let (value, pattern) = (self.value(index), Self::pattern(variant));
            let parts = variant.fields.iter().zip(Self::bindings(variant)).map(|(field, binding)| {
                let place = field.place_of_type();
                let binding = Ident::new(&binding.to_string(), place.end);
                part(field, builder, quote_spanned!(place.start=> &raw const *#binding))
            });
            // SAFETY: in a constant, and addresses are all that is asked for; they are those of fields of the value.
            quote! {
                {
                    #value
                    match unsafe { __b.look(&mut __memory, __tag) } {
                        #pattern => unsafe { __b.payload(__tag, [#(#parts),*]) },
                        #[allow(unreachable_patterns)]
                        _ => __b.is_another_variant(),
                    }
                }
            }
        });
        quote! {
            let __payloads = const {
                let __b = #builder;
                let mut __memory = __b.memory();
                let __p = __memory.as_ptr();
                &(#(#payloads,)*)
            };
        }
    }

    fn walk(&self) -> TokenStream {
        let private = &self.paths.private;
        let types = |index: usize, i: usize| format_ident!("__{index}_{i}");
        let all = self
            .variants
            .iter()
            .enumerate()
            .flat_map(|(index, variant)| (0..variant.fields.len()).map(move |i| types(index, i)));
        let arms = self.variants.iter().enumerate().map(|(index, variant)| {
            let (pattern, bindings) = (Self::pattern(variant), Self::bindings(variant));
            let types = (0..bindings.len()).map(|i| types(index, i));
            quote!(#pattern => { #(#types.is(#bindings);)* })
        });
        // The compiler would warn of variants that only other programs make.
        let made = self.variants.iter().map(|variant| {
            let (ident, members) = (&variant.original.ident, variant.fields.iter().map(|field| &field.member));
            quote!(let _ = Self::#ident { #(#members: __walk.none()),* };)
        });
        let steps = self.variants.iter().enumerate().filter(|(_, variant)| !variant.fields.is_empty());
        let steps = steps.map(|(index, variant)| {
            let visits = variant.fields.iter().enumerate().map(|(i, field)| {
                let place = field.place_of_type();
                let (ty, variant, i) = (types(index, i), literal(index), literal(i));
                let ty = Ident::new(&ty.to_string(), place.start);
                let mut this = proc_macro2::Group::new(proc_macro2::Delimiter::Parenthesis, quote!(__this));
                this.set_span(place.end);
                let pointer = quote_spanned!(place.start=> #ty.at::<Self, #variant, #i> #this);
                match field.attrs.pod {
                    true => quote!(__walk.plain(#pointer);),
                    false => of_field(self.paths, place, "visit", pointer, quote!(, __walk)),
                }
            });
            let index = literal(index);
            quote!(if __walk.has::<Self, #index>(__this) { #(#visits)* })
        });
        quote! {
            #[inline]
            unsafe fn walk<const __STEP: #private::Step>(__this: *const Self, __walk: &#private::Walk<__STEP>) {
                #(let #all = __walk.of();)*
                if false {
                    // SAFETY: it never runs: it tells the types of the fields.
                    match unsafe { &*__this } { #(#arms)* }
                    #(#made)*
                }
                // SAFETY: fields of the variant that the value has, under the caller's promise for the whole.
                unsafe { #(#steps)* }
            }
        }
    }
}

fn literal(number: usize) -> Literal {
    Literal::usize_unsuffixed(number)
}
