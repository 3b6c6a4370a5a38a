//! All rules that the syntax alone can tell; the rest is proved by constants in the generated code.

use crate::ctxt::Ctxt;
use crate::model::{Body, Field, Input};
use crate::ways_out::{Refusal, refuse, refuse_in_pod};
use syn::Fields;

/// Notes every rule that `input` breaks.
pub(crate) fn check(ctxt: &Ctxt, input: &Input<'_>) {
    match &input.body {
        Body::Struct(fields) => check_struct(ctxt, input, fields),
        Body::Enum(variants) => check_enum(ctxt, input, variants),
        Body::Union(data) => ctxt.error(
            data.union_token,
            format!(
                "`{}` cannot live in shared memory: nothing says which field of a union is valid; use a struct, or `[u8; N]` \
                 for bytes that you interpret yourself",
                input.name
            ),
        ),
    }
    for lifetime in input.original.generics.lifetimes() {
        ctxt.error(
            &lifetime.lifetime,
            format!(
                "`{}` cannot live in shared memory with a lifetime parameter: the state outlives every borrow of this \
                 process; remove `{}` and what borrows",
                input.name, lifetime.lifetime
            ),
        );
    }
}

fn check_struct(ctxt: &Ctxt, input: &Input<'_>, fields: &[Field<'_>]) {
    let repr = &input.repr;
    if let Some(packed) = &repr.packed {
        ctxt.error(
            packed,
            "fields of a packed struct are not aligned, so that they cannot be borrowed; remove `packed`, and fill gaps \
             with `_pad: [u8; N]` fields",
        );
    } else if !repr.fixed {
        let message = format!(
            "`{}` needs `#[repr(C)]`: without it the compiler orders the fields as it likes, and each program in its own \
             way",
            input.name
        );
        match &repr.tokens {
            // `#[repr(align(64))]` alone: that is where the `C` belongs.
            Some(tokens) => ctxt.error(tokens, message),
            None => ctxt.error(input.ident, message),
        }
    }
    if fields.is_empty() {
        ctxt.error(input.ident, format!("`{}` has no fields, so there is nothing to share: give it one", input.name));
    }
    let mut found: Vec<Refusal<'_>> = Vec::new();
    for field in fields {
        if field.attrs.pod { refuse_in_pod(field.ty, &mut found) } else { refuse(field.ty, &mut found) }
    }
    for Refusal { at, message } in found {
        ctxt.error(at.to_token_stream(), message);
    }
}

fn check_enum(ctxt: &Ctxt, input: &Input<'_>, variants: &[&syn::Variant]) {
    let name = &input.name;
    for variant in variants {
        if !matches!(variant.fields, Fields::Unit) {
            ctxt.error(
                &variant.fields,
                format!(
                    "`{name}::{}` has a payload: which bytes of it are valid would hang on a discriminant that another \
                     process can change; keep the payload in fields beside a fieldless enum",
                    variant.ident
                ),
            );
        }
    }
    if variants.is_empty() {
        // An empty enum cannot have a `repr` either, so nothing is said about that.
        ctxt.error(input.ident, format!("`{name}` has no variants, so that it has no value: give it one of value 0"));
        return;
    }
    let int = input.repr.int.as_ref();
    match int.map(ToString::to_string).as_deref() {
        Some("u8" | "u16" | "u32") => {}
        Some(other) => ctxt.error(
            int,
            format!("the discriminant of `{name}` is a `{other}`: use `#[repr(u8)]`, `#[repr(u16)]` or `#[repr(u32)]`"),
        ),
        None => {
            let message = format!(
                "`{name}` needs `#[repr(u8)]`, `#[repr(u16)]` or `#[repr(u32)]`: without it the compiler chooses the size \
                 of the discriminant"
            );
            match &input.repr.tokens {
                Some(tokens) => ctxt.error(tokens, message),
                None => ctxt.error(input.ident, message),
            }
        }
    }
    if let Some(align) = &input.repr.align {
        ctxt.error(align, format!("`align` puts padding behind the discriminant of `{name}`: remove it"));
    }
}
