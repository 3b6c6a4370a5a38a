//! The implementation for an enum.
//!
//! The layout is the one that the reference gives to `#[repr(u8)]` and to `#[repr(C, u8)]`, and so on: the discriminant
//! comes first. With the `C`, the payloads of all variants start at one offset, that of a union of them; without it, the
//! fields of each variant follow the discriminant as those of a `#[repr(C)]` struct do. `offset_of!` does not reach into
//! variants, so the offsets are worked out from sizes and alignments.
//!
//! Each walk reads the discriminant and goes to the fields of that variant. It does not look at any other byte.

use super::Paths;
use super::structs::{any, describe, item};
use crate::model::{Field, Input, Variant};
use proc_macro2::{Literal, TokenStream};
use quote::quote;
use syn::Ident;

/// An enum that passed the checks.
pub(super) struct Enum<'a> {
    paths: &'a Paths,
    input: &'a Input<'a>,
    variants: &'a [Variant<'a>],
    /// The integer of the discriminant, as a path.
    int: TokenStream,
}

impl<'a> Enum<'a> {
    pub(super) fn of(paths: &'a Paths, input: &'a Input<'a>, variants: &'a [Variant<'a>]) -> Self {
        let core = &paths.core;
        let int = input.repr.int.as_ref().map(|int| Ident::new(&int.to_string(), proc_macro2::Span::call_site()));
        Enum { paths, input, variants, int: quote!(#core::primitive::#int) }
    }

    /// The name of the integer of the discriminant.
    pub(super) fn int_name(&self) -> String {
        self.input.repr.int.as_ref().map(ToString::to_string).unwrap_or_default()
    }

    /// Its size.
    pub(super) fn tag_size(&self) -> TokenStream {
        let (core, int) = (&self.paths.core, &self.int);
        quote!(#core::mem::size_of::<#int>())
    }

    /// The discriminant of variant `index`, as the compiler counts: from the last one that is given.
    pub(super) fn value(&self, index: usize) -> TokenStream {
        let int = &self.int;
        let given = self.variants[..=index].iter().rposition(|variant| variant.original.discriminant.is_some());
        let more = Literal::usize_unsuffixed(index - given.unwrap_or(0));
        let first = given.and_then(|given| self.variants[given].original.discriminant.as_ref());
        let first = first.map_or_else(|| quote!(0), |(_, first)| quote!(#first));
        quote!(const { let __first: #int = #first; <#int>::wrapping_add(__first, #more) })
    }

    /// Where the union of the payloads starts, or, without the `C`, where the discriminant ends.
    pub(super) fn payload_start(&self) -> TokenStream {
        let (Paths { private, core, .. }, tag) = (self.paths, self.tag_size());
        if !self.input.repr.c {
            return tag;
        }
        let types = self.input.fields().into_iter().map(|field| field.ty);
        quote! {
            #private::part_offset(#tag, const { &[#((0, #core::mem::align_of::<#types>())),*] })
        }
    }

    /// The offset of field `index` of `variant`.
    pub(super) fn offset(&self, variant: &Variant<'_>, index: usize) -> TokenStream {
        let (Paths { private, core, .. }, start) = (self.paths, self.payload_start());
        let types = variant.fields[..=index].iter().map(|field| field.ty);
        let parts = types.map(|ty| quote!((#core::mem::size_of::<#ty>(), #core::mem::align_of::<#ty>())));
        quote!(const { #private::part_offset(#start, &[#(#parts),*]) })
    }

    /// The value of `LAYOUT.kind`, and the other items.
    pub(super) fn expand(&self) -> (TokenStream, TokenStream) {
        let (Paths { private, core, .. }, input) = (self.paths, self.input);
        let scalar = input.repr.int.as_ref().map(|int| Ident::new(&int.to_string().to_uppercase(), int.span()));
        let describe = self.variants.iter().enumerate().map(|(index, variant)| {
            let (name, docs, value) = (variant.label(), &variant.docs, self.value(index));
            let fields = variant.fields.iter().enumerate();
            let fields = fields.map(|(i, field)| describe(self.paths, field, &self.offset(variant, i)));
            quote! {
                #private::Variant {
                    name: #name,
                    value: #value as #core::primitive::u64,
                    docs: #docs,
                    fields: const { &[#(#fields),*] },
                }
            }
        });
        // Without parameters the proof stands on its own, with one message and no more.
        let has_zero = input.is_generic().then(|| super::proofs::has_zero(self.paths, input, quote!(__variants)));
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
        let tracked = any(self.paths, input.fields(), "TRACKED");
        let mut walks = quote! {
            const TRACKED: #core::primitive::bool = #tracked;
            const CHECKED: #core::primitive::bool = true;
        };
        walks.extend(self.validate());
        if !input.fields().is_empty() {
            walks.extend([self.stamp(), self.copy_plain(), self.flatten()]);
        }
        (kind, walks)
    }

    /// Does `each` for the fields of the variant whose discriminant is `__tag`. `each` gets a field, its variant, and its
    /// offset; where it gives nothing, there is nothing to do.
    fn of_variant(&self, each: impl Fn(&Field<'_>, &Variant<'_>, &TokenStream) -> TokenStream) -> TokenStream {
        let of_each = self.variants.iter().enumerate().map(|(index, variant)| {
            let fields = variant.fields.iter().enumerate();
            let each: TokenStream = fields.map(|(i, field)| each(field, variant, &self.offset(variant, i))).collect();
            if each.is_empty() {
                return TokenStream::new();
            }
            let value = self.value(index);
            quote! {
                if __tag == #value {
                    #each
                }
            }
        });
        of_each.collect()
    }

    /// Reads the discriminant of the enum at `pointer`.
    fn tag(&self, pointer: &TokenStream) -> TokenStream {
        let int = &self.int;
        quote! {
            // SAFETY: the caller's promise: the discriminant lies at the start, initialised and aligned.
            unsafe { #pointer.cast::<#int>().read() }
        }
    }

    /// Makes and reads every variant in code that never runs: the compiler would warn of what only other programs do.
    fn used(&self) -> TokenStream {
        let each = self.variants.iter().map(|variant| {
            let ident = &variant.original.ident;
            let members: Vec<_> = variant.fields.iter().map(|field| &field.member).collect();
            let names: Vec<_> = (0..members.len()).map(|i| quote::format_ident!("__{i}")).collect();
            quote! {
                let _ = |#(#names),*| Self::#ident { #(#members: #names),* };
                let _ = |__this: &Self| if let Self::#ident { #(#members: #names),* } = __this {};
            }
        });
        each.collect()
    }

    fn validate(&self) -> TokenStream {
        let Paths { shared, private, core } = self.paths;
        let fields = self.of_variant(|field, variant, offset| {
            if field.attrs.pod {
                return TokenStream::new();
            }
            let (ty, name, in_variant) = (field.ty, field.label(), variant.label());
            let (checked, validate) = (item(self.paths, ty, "CHECKED"), item(self.paths, ty, "validate"));
            quote! {
                if #checked {
                    // SAFETY: a field of the variant that `*__this` has, under the caller's promise for the whole.
                    unsafe { #validate(__this.wrapping_byte_add(#offset).cast()) }
                        .map_err(|__e| __e.in_field(#name).in_field(#in_variant))?;
                }
            }
        });
        let (tag, used) = (self.tag(&quote!(__this)), self.used());
        quote! {
            #[inline]
            unsafe fn validate(__this: *const Self) -> #core::result::Result<(), #private::Invalid> {
                #used
                let __tag = #tag;
                #private::check_variant(<Self as #shared>::LAYOUT, __tag as #core::primitive::u64)?;
                #fields
                #core::result::Result::Ok(())
            }
        }
    }

    fn stamp(&self) -> TokenStream {
        let private = &self.paths.private;
        let fields = self.of_variant(|Field { ty, attrs, .. }, _, offset| {
            if attrs.pod {
                return TokenStream::new();
            }
            let (tracked, stamp) = (item(self.paths, ty, "TRACKED"), item(self.paths, ty, "stamp"));
            quote! {
                if #tracked {
                    // SAFETY: a field of the variant that `*__this` has, under the caller's promise for the whole.
                    unsafe { #stamp(__this.wrapping_byte_add(#offset).cast(), __stamp.at(#offset)) }
                }
            }
        });
        let tag = self.tag(&quote!(__this));
        quote! {
            #[inline]
            unsafe fn stamp(__this: *mut Self, __stamp: #private::Stamp) {
                let __tag = #tag;
                #fields
            }
        }
    }

    fn copy_plain(&self) -> TokenStream {
        let Paths { shared, private, core } = self.paths;
        let fields = self.of_variant(|Field { ty, attrs, .. }, _, offset| {
            let to = quote!(__to.wrapping_byte_add(#offset).cast::<#ty>());
            let from = quote!(__from.wrapping_byte_add(#offset).cast::<#ty>());
            let copy = if attrs.pod {
                quote!(#core::ptr::copy_nonoverlapping(#from, #to, 1))
            } else {
                let copy_plain = item(self.paths, ty, "copy_plain");
                quote!(#copy_plain(#to, #from))
            };
            quote! {
                // SAFETY: the same field of the variant that both have, under the caller's promise for the whole.
                unsafe { #copy }
            }
        });
        let (tag, old) = (self.tag(&quote!(__from)), self.tag(&quote!(__to)));
        quote! {
            #[inline]
            unsafe fn copy_plain(__to: *mut Self, __from: *const Self) {
                let __tag = #tag;
                if <Self as #shared>::TRACKED && #private::same_variant(#old, __tag) {
                    #fields
                } else {
                    // SAFETY: the caller's promise. Bytes that are of no variant go along as they are.
                    unsafe { #core::ptr::copy_nonoverlapping(__from, __to, 1) }
                }
            }
        }
    }

    fn flatten(&self) -> TokenStream {
        let (Paths { shared, private, core }, int) = (self.paths, &self.int);
        let fields = self.of_variant(|Field { ty, attrs, .. }, _, offset| {
            let at = quote!(__stamp.at(#offset));
            if attrs.pod {
                return quote! {
                    if __NESTED {
                        #private::touch_whole::<#ty>(#at, __touched);
                    }
                };
            }
            let flatten = item(self.paths, ty, "flatten");
            quote! {
                // SAFETY: the same field of the variant that both have, under the caller's promise for the whole.
                unsafe {
                    #flatten::<__NESTED>(
                        __written.wrapping_byte_add(#offset).cast(),
                        __source.wrapping_byte_add(#offset).cast(),
                        #at,
                        __touched,
                    );
                }
            }
        });
        let (tag, source) = (self.tag(&quote!(__written)), self.tag(&quote!(__source)));
        quote! {
            #[inline]
            unsafe fn flatten<const __NESTED: #core::primitive::bool>(
                __written: *const Self,
                __source: *const Self,
                __stamp: #private::Stamp,
                __touched: &mut #private::Touched,
            ) {
                if <Self as #shared>::TRACKED {
                    let __tag = #tag;
                    // Another variant than the source's: nothing that it holds says anything about that one.
                    if !#private::source_has_variant(#source, __tag) {
                        return #private::touch_whole::<Self>(__stamp, __touched);
                    }
                    if __NESTED {
                        #private::touch_tag::<#int>(__stamp, __touched);
                    }
                    #fields
                } else if __NESTED {
                    #private::touch_whole::<Self>(__stamp, __touched);
                }
            }
        }
    }
}
