//! The implementation for an enum.
//!
//! The layout is the one that the reference gives to `#[repr(u8)]` and to `#[repr(C, u8)]`, and so on: the discriminant comes
//! first. The constants check that the type has this layout: they put each discriminant into memory and let the compiler say which
//! variant that is, and where its fields lie.
//!
//! The walk reads the discriminant and goes to the fields of that variant. It looks at no other byte, and makes no reference to a
//! field, because the field may hold no value of its type. The description says where a field lies. A binding in code that is never
//! reached says which type the field has.

use super::{Paths, argument, described, more_of, respan};
use crate::model::{Input, Variant};
use proc_macro2::{Delimiter, Group, Literal, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Expr, ExprLit, Ident, Lit};

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

    /// The discriminant of variant `index`, as the compiler counts: from the last one that the source gives.
    fn value(&self, index: usize) -> TokenStream {
        let int = self.input.repr.int.as_ref().map(ToString::to_string).unwrap_or_default();
        let given = self.variants[..=index].iter().rposition(|variant| variant.original.discriminant.is_some());
        let first = given.and_then(|given| self.variants[given].original.discriminant.as_ref());
        let more = index - given.unwrap_or(0);
        // The type of a number is its suffix. The compiler reports a number that does not fit.
        if let Some(value) = number(first.map(|(_, first)| first), &int, more) {
            return quote!(#value);
        }
        let (private, more) = (&self.paths.private, literal(more));
        let (int, first) = (Ident::new(&int, Span::call_site()), first.map(|(_, first)| first));
        quote! {{
            let __tag: #private::core::primitive::#int = #first;
            __tag.wrapping_add(#more)
        }}
    }

    /// The items of the trait.
    pub(super) fn expand(&self) -> TokenStream {
        let (private, name) = (&self.paths.private, &self.input.name);
        let described = described(self.paths, self.input);
        let int = self.input.repr.int.as_ref().map(ToString::to_string).unwrap_or_default();
        let has_payload = !self.input.fields().is_empty();
        let (choices, walk) = match has_payload {
            true => (self.payloads(), Some(self.walk())),
            false => (self.units(), None),
        };
        quote! {
            const DERIVED: #private::Derived = const { #choices }.enumeration(#name, #int) #described;
            #walk
        }
    }

    /// The names of the variants, and, as calls of methods, what else the description says of them.
    fn words(&self) -> (TokenStream, TokenStream) {
        let names = self.variants.iter().map(|variant| &variant.name);
        let more = |(index, variant): (usize, &Variant<'_>)| more_of(Some(index), &variant.names, &variant.docs);
        (quote!([#(#names),*]), self.variants.iter().enumerate().map(more).collect())
    }

    /// The variants of an enum without payload, by their values.
    fn units(&self) -> TokenStream {
        let builder = &self.paths.builder;
        let idents: Vec<_> = self.variants.iter().map(|variant| &variant.original.ident).collect();
        let (names, more) = self.words();
        quote! {
            let __b = #builder;
            // Every variant is named.
            let _ = |__this: &Self| match __this { #(Self::#idents {} => {})* };
            // SAFETY: in a constant.
            unsafe { &__b.units([#(__b.unit(Self::#idents {})),*], #names) #more }
        }
    }

    /// What the variants hold: the compiler finds it in memory that holds the discriminant of each variant in turn. Every
    /// variant and every field is named.
    fn payloads(&self) -> TokenStream {
        let builder = &self.paths.builder;
        let tags = (0..self.variants.len()).map(|index| self.value(index));
        let names = self.variants.iter().flat_map(|variant| &variant.fields).map(|field| &field.name);
        let (names_of_variants, described) = self.words();
        let arms = self.variants.iter().enumerate().map(|(index, variant)| {
            let (pattern, index) = (Self::pattern(variant), literal(index));
            let parts = variant.fields.iter().zip(Self::bindings(variant)).map(|(field, binding)| {
                let span = field.type_span();
                let binding = Ident::new(&binding.to_string(), span.end);
                let arguments = argument(self.paths, field, None, &quote_spanned!(span.start=> &raw const *#binding));
                let names = &field.attrs.names;
                let rename = names.rename.as_ref().map(|rename| {
                    let name = &rename.name;
                    quote!(__all.renamed(#name);)
                });
                let from: Vec<_> = names.renamed_from.iter().map(|earlier| &earlier.name).collect();
                let from = (!from.is_empty()).then(|| quote!(__all.renamed_from(&[#(#from),*]);));
                let docs = Some(&field.docs).filter(|docs| !docs.is_empty()).map(|docs| quote!(__all.docs(#docs);));
                quote_spanned!(span.start=> __all.part #arguments; #rename #from #docs)
            });
            quote!(#pattern => { #(#parts)* #index })
        });
        quote! {
            &const {
                let (mut __all, mut __memory) = #builder.finder([#(#tags),*], [#(#names),*]);
                // A method that the program defines for every type would take precedence over one that borrows the value.
                let (__all, mut __found) = (&mut __all, 0);
                while __all.goes_on(__found) {
                    // SAFETY: in a constant, and only the addresses are used; they are those of fields of the value.
                    __found = unsafe { match __all.look(&mut __memory) { #(#arms)* } };
                }
                &__all.finish()
            }
            .choices(#names_of_variants) #described
        }
    }

    fn walk(&self) -> TokenStream {
        let (private, shared) = (&self.paths.private, &self.paths.shared);
        let pointers: Vec<_> = (0..self.input.fields().len()).map(|i| format_ident!("__p{i}")).collect();
        let mut index = 0..pointers.len();
        let arms = self.variants.iter().filter(|variant| !variant.fields.is_empty()).map(|variant| {
            let ident = &variant.original.ident;
            let steps = variant.fields.iter().zip(&mut index).map(|(field, i)| {
                let (span, mut number, pointer) = (field.type_span(), literal(i), &pointers[i]);
                let (start, end) = (span.start, span.end);
                number.set_span(start);
                if field.attrs.pod {
                    return quote!(#pointer = __walk.plain_in(__this, #number););
                }
                let mut arguments = Group::new(Delimiter::Parenthesis, quote_spanned!(start=> __this, #number, __walk));
                arguments.set_span(end);
                let shared = respan(shared, start);
                quote_spanned!(start=> #pointer = #shared::visit_in #arguments;)
            });
            let steps: TokenStream = steps.collect();
            quote!(Self::#ident { .. } => { #steps })
        });
        let arms: Vec<_> = arms.collect();
        let mut pointer = pointers.iter();
        let made = self.variants.iter().map(|variant| {
            let (ident, members) = (&variant.original.ident, variant.fields.iter().map(|field| &field.member));
            let values = members.zip(&mut pointer).map(|(member, pointer)| quote!(#member: *#pointer));
            quote!(let _ = Self::#ident { #(#values),* };)
        });
        let made: Vec<_> = made.collect();
        quote! {
            #[inline]
            #[allow(unreachable_code)]
            unsafe fn walk<const __STEP: #private::Step>(__this: *const Self, __walk: &#private::Walk<__STEP>) {
                let (#(#pointers,)*);
                // SAFETY: fields of the variant that the value has, under the caller's promise for the whole.
                unsafe {
                    match *__this {
                        #(#arms)*
                        _ => {}
                    }
                    // The code after this is never reached. It says which types the fields have, and keeps the compiler from warning
                    // of variants that only other programs make.
                    return;
                    #(#made)*
                }
            }
        }
    }
}

/// The discriminant that is `first` plus `more`, as a literal of type `int`, if `first` is a plain number.
fn number(first: Option<&Expr>, int: &str, more: usize) -> Option<Literal> {
    let first = match first {
        None => 0,
        Some(Expr::Lit(ExprLit { lit: Lit::Int(first), .. })) if first.suffix().is_empty() => {
            first.base10_parse().ok()?
        }
        Some(_) => return None,
    };
    let value: u64 = u64::try_from(more).ok()?.checked_add(first)?;
    match int {
        "u8" => Some(Literal::u8_suffixed(value.try_into().ok()?)),
        "u16" => Some(Literal::u16_suffixed(value.try_into().ok()?)),
        "u32" => Some(Literal::u32_suffixed(value.try_into().ok()?)),
        "u64" => Some(Literal::u64_suffixed(value)),
        _ => None,
    }
}

fn literal(number: usize) -> Literal {
    Literal::usize_unsuffixed(number)
}
