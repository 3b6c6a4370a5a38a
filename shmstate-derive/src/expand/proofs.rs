//! The constants that prove a layout, each with the span of its culprit.

use super::{Paths, respan};
use crate::model::{Body, Input, SpanRange};
use proc_macro2::{Delimiter, Group, Ident, Literal, TokenStream};
use quote::{quote, quote_spanned};

/// Expressions of type `()`, each of which fails to evaluate if a promise is broken.
pub(super) fn proofs(paths: &Paths, input: &Input<'_>) -> Vec<TokenStream> {
    let (ident, builder) = (input.ident, &paths.builder);
    let subject = quote!(#builder.);
    // The compiler joins the spans of the first token and of the last one, and points there.
    let prove = |span: SpanRange, proof: &str, arguments: TokenStream| {
        let (subject, proof) = (respan(&subject, span.start), Ident::new(proof, span.start));
        let mut arguments = Group::new(Delimiter::Parenthesis, arguments);
        arguments.set_span(span.end);
        quote_spanned!(span.start=> #subject #proof #arguments)
    };
    let number = |number: usize| Literal::usize_unsuffixed(number);
    let pin = |pin: &crate::attr::Number| Literal::u64_unsuffixed(pin.value);
    let mut proofs = Vec::new();
    match &input.body {
        Body::Struct(fields) => {
            for (index, field) in fields.iter().enumerate() {
                let i = number(index);
                if index > 0 {
                    proofs.push(prove(field.span(), "follows", quote!(#i)));
                }
                if field.attrs.pod {
                    proofs.push(prove(field.type_span(), "holds_bytes", quote!(#i)));
                }
                if let Some(pinned) = &field.attrs.offset {
                    let pinned = pin(pinned);
                    proofs.push(prove(field.span(), "pinned_offset", quote!(#i, #pinned)));
                }
            }
            if let Some(last) = fields.last() {
                proofs.push(prove(last.span(), "finish", TokenStream::new()));
            }
        }
        Body::Enum(variants) => {
            // Without discriminants in the source, the first variant is 0 and the others are not. If an enum with a payload has
            // other discriminants, the description refuses it.
            let counted = variants.iter().all(|variant| variant.original.discriminant.is_none());
            if !counted || input.fields().is_empty() {
                proofs.push(prove(SpanRange::of(ident), "has_zero", TokenStream::new()));
            }
            if let (true, false, Some(hint)) = (input.repr.c, input.fields().is_empty(), &input.repr.int) {
                proofs.push(prove(SpanRange::of(hint), "payload_follows", TokenStream::new()));
            }
            let with_fields = variants.iter().enumerate().filter(|(_, variant)| !variant.fields.is_empty());
            for (index_of_variant, variant) in with_fields {
                let v = number(index_of_variant);
                if !counted || index_of_variant == 0 {
                    proofs.push(prove(SpanRange::of(&variant.original.ident), "is_not_zero", quote!(#v)));
                }
                for (index, field) in variant.fields.iter().enumerate() {
                    let i = number(index);
                    if index > 0 {
                        proofs.push(prove(field.span(), "follows_in", quote!(#v, #i)));
                    } else if !input.repr.c {
                        proofs.push(prove(field.span(), "follows_tag", quote!(#v)));
                    }
                    if field.attrs.pod {
                        proofs.push(prove(field.type_span(), "holds_bytes_in", quote!(#v, #i)));
                    }
                    if let Some(pinned) = &field.attrs.offset {
                        let pinned = pin(pinned);
                        proofs.push(prove(field.span(), "pinned_offset_in", quote!(#v, #i, #pinned)));
                    }
                }
            }
        }
        Body::Union(_) => {}
    }
    for (pinned, proof) in [(&input.attrs.size, "pinned_size"), (&input.attrs.align, "pinned_align")] {
        if let Some(pinned) = pinned {
            let value = pin(pinned);
            proofs.push(prove(SpanRange::of(&pinned.tokens), proof, quote!(#value)));
        }
    }
    proofs.push(prove(SpanRange::of(ident), "no_drop", TokenStream::new()));
    proofs
}
