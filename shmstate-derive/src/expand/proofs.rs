//! The constants that prove a layout, each with the span of its culprit.

use super::enums::Enum;
use super::structs::item;
use super::{Paths, respan};
use crate::model::{Body, Field, Input, Place, Variant};
use proc_macro2::{Delimiter, Group, Ident, Literal, TokenStream};
use quote::quote;

/// The type under proof: as `Self` inside the implementation of a generic type, by its name elsewhere.
struct Prover<'a> {
    paths: &'a Paths,
    this: TokenStream,
    name: &'a str,
}

impl Prover<'_> {
    /// `StructLayout::new(name).proof(arguments)`, reported at `place`: the compiler joins the spans of the first token
    /// and of the last one.
    fn call(&self, place: Place, proof: &str, arguments: TokenStream) -> TokenStream {
        let (private, name) = (&self.paths.private, self.name);
        let proof = Ident::new(proof, place.start);
        let subject = respan(&quote!(#private::StructLayout::new(#name).), place.start);
        let mut arguments = Group::new(Delimiter::Parenthesis, arguments);
        arguments.set_span(place.end);
        quote!(#subject #proof #arguments)
    }

    fn offset(&self, field: &Field<'_>) -> TokenStream {
        let (core, this, member) = (&self.paths.core, &self.this, &field.member);
        quote!(#core::mem::offset_of!(#this, #member))
    }

    fn end(&self, field: &Field<'_>) -> TokenStream {
        let (core, offset, ty) = (&self.paths.core, self.offset(field), field.ty);
        quote!(#offset + #core::mem::size_of::<#ty>())
    }
}

/// Expressions of type `()` that do not evaluate where a promise is broken.
pub(super) fn proofs(paths: &Paths, input: &Input<'_>) -> Vec<TokenStream> {
    let ident = input.ident;
    let this = if input.is_generic() { quote!(Self) } else { quote!(#ident) };
    let prover = Prover { paths, this: this.clone(), name: &input.name };
    let core = &paths.core;
    let mut proofs = Vec::new();
    let fields = match &input.body {
        Body::Struct(all) => all.as_slice(),
        _ => &[],
    };
    for pair in fields.windows(2) {
        let [last, field] = pair else { continue };
        let (end, offset) = (prover.end(last), prover.offset(field));
        let (last_name, name) = (&last.name, &field.name);
        let proof = prover.call(field.place(), "follows", quote!(#last_name, #end, #name, #offset));
        proofs.push(after(paths, &[last, field], proof));
    }
    if let Some(last) = fields.last() {
        let (end, name) = (prover.end(last), &last.name);
        let arguments = quote!(#name, #end, #core::mem::size_of::<#this>());
        proofs.push(after(paths, &[last], prover.call(last.place(), "finish", arguments)));
    }
    for field in fields {
        if let Some(pin) = &field.attrs.offset {
            let (name, offset, pinned) = (&field.name, prover.offset(field), Literal::u64_unsuffixed(pin.value));
            proofs.push(prover.call(field.place(), "pinned_offset", quote!(#name, #pinned, #offset)));
        }
    }
    for (pin, what, actual) in
        [(&input.attrs.size, "size", quote!(size_of)), (&input.attrs.align, "alignment", quote!(align_of))]
    {
        if let Some(pin) = pin {
            let pinned = Literal::u64_unsuffixed(pin.value);
            let arguments = quote!(#what, #pinned, #core::mem::#actual::<#this>());
            proofs.push(prover.call(Place::of(&pin.tokens), "pinned", arguments));
        }
    }
    if let Body::Enum(variants) = &input.body {
        if !input.is_generic() {
            let Paths { shared, private, .. } = paths;
            let variants = quote! {
                match <#this as #shared>::LAYOUT.kind {
                    #private::Kind::Enum { variants: __variants, .. } => __variants,
                    _ => &[],
                }
            };
            proofs.push(has_zero(paths, input, variants));
        }
        proofs.extend(of_payloads(&prover, input, &Enum::of(paths, input, variants), variants));
    }
    // Drop glue that comes from a field is the field's fault, which its bound reports.
    let fields = input.fields();
    let types = fields.iter().map(|field| field.ty);
    let needs_drop = quote!(#core::mem::needs_drop::<#this>() #(&& !#core::mem::needs_drop::<#types>())*);
    proofs.push(prover.call(Place::of(ident), "no_drop", needs_drop));
    proofs
}

/// What is proved of the variants' fields.
fn of_payloads(prover: &Prover<'_>, input: &Input<'_>, all: &Enum<'_>, variants: &[Variant<'_>]) -> Vec<TokenStream> {
    let (paths, core, this) = (prover.paths, &prover.paths.core, &prover.this);
    let mut proofs = Vec::new();
    let fields = input.fields();
    if fields.is_empty() {
        return proofs;
    }
    let (int, start) = (all.int_name(), all.payload_start());
    let tag = all.tag_size();
    if let (true, Some(hint)) = (input.repr.c, &input.repr.int) {
        let proof = prover.call(Place::of(hint), "payload_follows", quote!(#int, #tag, #start));
        proofs.push(after(paths, &fields, proof));
    }
    for (index, variant) in variants.iter().enumerate().filter(|(_, variant)| !variant.fields.is_empty()) {
        let name = format!("{}::{}", input.name, variant.name);
        let of_variant = Prover { paths, this: this.clone(), name: &name };
        let value = all.value(index);
        let ident = &variant.original.ident;
        proofs.push(of_variant.call(Place::of(ident), "is_not_zero", quote!(#value as #core::primitive::u64)));
        for (i, field) in variant.fields.iter().enumerate() {
            let (name, offset) = (&field.name, all.offset(variant, i));
            if let Some(before) = i.checked_sub(1) {
                let (last, last_offset) = (&variant.fields[before], all.offset(variant, before));
                let (last_name, ty) = (&last.name, last.ty);
                let end = quote!(#last_offset + #core::mem::size_of::<#ty>());
                let proof = of_variant.call(field.place(), "follows", quote!(#last_name, #end, #name, #offset));
                proofs.push(after(paths, &[last, field], proof));
            } else if !input.repr.c {
                let proof = of_variant.call(field.place(), "follows_tag", quote!(#int, #tag, #name, #offset));
                proofs.push(after(paths, &[field], proof));
            }
            if let Some(pin) = &field.attrs.offset {
                let pinned = Literal::u64_unsuffixed(pin.value);
                proofs.push(of_variant.call(field.place(), "pinned_offset", quote!(#name, #pinned, #offset)));
            }
        }
    }
    let ends = variants.iter().map(|variant| match variant.fields.last() {
        Some(last) => {
            let (offset, ty) = (all.offset(variant, variant.fields.len() - 1), last.ty);
            quote!(#offset + #core::mem::size_of::<#ty>())
        }
        None => start.clone(),
    });
    let types = fields.iter().map(|field| field.ty);
    let numbers = quote! {
        &[#(#ends),*], &[#tag, #(#core::mem::align_of::<#types>()),*],
        (#core::mem::size_of::<#this>(), #core::mem::align_of::<#this>())
    };
    proofs.push(after(paths, &fields, prover.call(Place::of(input.ident), "is_as_large", numbers)));
    proofs
}

/// `proof`, but only if the types of `fields` are shareable: with one that has to be replaced anyway, nobody needs to hear
/// about the padding around it. (A constant that does not compile, for a reason that is reported, keeps silent.)
fn after(paths: &Paths, fields: &[&Field<'_>], proof: TokenStream) -> TokenStream {
    let tracked = fields.iter().filter(|field| !field.attrs.pod).map(|field| item(paths, field.ty, "TRACKED"));
    quote!({ #(let _ = #tracked;)* #proof })
}

/// The proof that one of `variants`, a slice, is zero.
pub(super) fn has_zero(paths: &Paths, input: &Input<'_>, variants: TokenStream) -> TokenStream {
    let (private, name, place) = (&paths.private, &input.name, Place::of(input.ident));
    let proof = respan(&quote!(#private::enum_has_zero), place.start);
    let mut arguments = Group::new(Delimiter::Parenthesis, quote!(#name, #variants));
    arguments.set_span(place.end);
    quote!(#proof #arguments)
}
