//! The implementation for an enum.
//!
//! The layout is the one that the reference gives to `#[repr(u8)]` and to `#[repr(C, u8)]`, and so on: the discriminant
//! comes first. That the type is laid out so, the constants find out: they put each discriminant into memory and let the
//! compiler say which variant that is, and where its fields lie.
//!
//! The walk reads the discriminant and goes to the fields of that variant. It does not look at any other byte.

use super::structs::borrowed;
use super::{Paths, bounds, described, of_field, part};
use crate::model::{Input, Variant};
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
        let more = Literal::usize_unsuffixed(index - given.unwrap_or(0));
        let first = given.and_then(|given| self.variants[given].original.discriminant.as_ref());
        let first = first.map_or_else(|| quote!(0), |(_, first)| quote!(#first));
        quote! {
            let __tag: #int = #first;
            let __tag = <#int>::wrapping_add(__tag, #more);
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
            let choice = if has_payload { self.choice(index, variant) } else { Self::unit(variant) };
            let renamed = variant.rename.as_ref().map(|rename| {
                let name = &rename.name;
                quote!(.renamed(#name))
            });
            quote!(#choice #renamed)
        });
        let walk = has_payload.then(|| self.walk());
        // The walk of a payload names every variant; without one, that is done here.
        let all = (!has_payload).then(|| {
            let patterns = self.variants.iter().map(Self::pattern);
            quote!(let _ = |__this: &Self| match __this { #(#patterns => {})* };)
        });
        quote! {
            const DERIVED: #private::Derived<Self> = #builder.enumeration(
                #name,
                #docs,
                #given,
                #int,
                const {
                    let __b = #builder;
                    #all
                    &__b.choices([#(#choices),*])
                },
            )#described;
            #walk
        }
    }

    /// A variant of an enum without payload, described by its value.
    fn unit(variant: &Variant<'_>) -> TokenStream {
        let (ident, name, docs) = (&variant.original.ident, &variant.name, &variant.docs);
        quote! {
            // SAFETY: in a constant.
            unsafe { __b.unit(#name, #docs, Self::#ident {}) }
        }
    }

    /// A variant of an enum with a payload, described by what the compiler finds in memory that has its discriminant.
    fn choice(&self, index: usize, variant: &Variant<'_>) -> TokenStream {
        let builder = &self.paths.builder;
        let (name, docs, value, pattern) = (&variant.name, &variant.docs, self.value(index), Self::pattern(variant));
        let fields = || variant.fields.iter().zip(Self::bindings(variant));
        let are_shared = fields().filter(|(field, _)| !field.attrs.pod).map(|(field, binding)| {
            let place = field.place_of_type();
            of_field(self.paths, place, "is_shared", borrowed(&binding, place), TokenStream::new())
        });
        let are_shared: TokenStream = are_shared.collect();
        let are_shared = (!are_shared.is_empty()).then(|| quote!(let _ = || { #are_shared };));
        let parts = fields().map(|(field, binding)| {
            let place = field.place_of_type();
            let binding = Ident::new(&binding.to_string(), place.end);
            part(field, builder, quote_spanned!(place.start=> &raw const *#binding))
        });
        quote! {
            __b.choice(#name, #docs, const {
                let __b = #builder;
                #value
                let mut __memory = __b.memory();
                __b.put(&mut __memory, __tag);
                let __p = __memory.as_ptr();
                // SAFETY: in a constant, and addresses are all that is asked for.
                match unsafe { __b.look(&__memory) } {
                    #pattern => {
                        #are_shared
                        // SAFETY: fields of the value in `__memory`.
                        unsafe { &__b.payload(__tag, __b.parts([#(#parts),*])) }
                    }
                    #[allow(unreachable_patterns)]
                    _ => __b.is_another_variant(),
                }
            })
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
