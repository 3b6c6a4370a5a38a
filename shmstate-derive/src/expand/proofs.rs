//! The constants that prove a layout, each with the span of its culprit.

use super::structs::item;
use super::{Paths, respan};
use crate::model::{Body, Field, Input, Place};
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
    let mut fields: &[Field<'_>] = &[];
    if let Body::Struct(all) = &input.body {
        fields = all;
    }
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
    if let Body::Enum(_) = &input.body
        && !input.is_generic()
    {
        let Paths { shared, private, .. } = paths;
        let variants = quote! {
            match <#this as #shared>::LAYOUT.kind {
                #private::Kind::Enum { variants: __variants, .. } => __variants,
                _ => &[],
            }
        };
        proofs.push(has_zero(paths, input, variants));
    }
    // Drop glue that comes from a field is the field's fault, which its bound reports.
    let types = fields.iter().map(|field| field.ty);
    let needs_drop = quote!(#core::mem::needs_drop::<#this>() #(&& !#core::mem::needs_drop::<#types>())*);
    proofs.push(prover.call(Place::of(ident), "no_drop", needs_drop));
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
