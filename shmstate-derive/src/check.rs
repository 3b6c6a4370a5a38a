//! All rules that the syntax alone can tell; the rest is proved by constants in the generated code.

use crate::ctxt::Ctxt;
use crate::model::{Body, Field, Input};
use crate::ways_out::{Refusal, arguments, refuse, refuse_in_pod};
use syn::{Fields, Type};

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
        if holds_itself(field.ty, input) {
            ctxt.error(
                field.ty,
                format!(
                    "`{}` cannot contain itself: each value would hold another one, without end; keep the index (`u32`) of \
                     the other value in a `shmstate::List`",
                    input.name
                ),
            );
        }
        if field.attrs.pod { refuse_in_pod(field.ty, &mut found) } else { refuse(field.ty, &mut found) }
    }
    let borrowed: String = found.iter().map(|refusal| refusal.at.to_token_stream().to_string()).collect();
    for Refusal { at, message } in found {
        ctxt.error(at.to_token_stream(), message);
    }
    for lifetime in input.original.generics.lifetimes().map(|param| &param.lifetime) {
        // Who was told to remove the borrow need not be told about its lifetime.
        if !borrowed.contains(&lifetime.to_string()) {
            ctxt.error(
                lifetime,
                format!(
                    "`{}` cannot live in shared memory with a lifetime parameter: the state outlives every borrow of this \
                     process; remove `{lifetime}` and what borrows",
                    input.name
                ),
            );
        }
    }
}

/// Whether `ty` is, or has for an argument or item, the type under the derive.
pub(crate) fn holds_itself(ty: &Type, input: &Input<'_>) -> bool {
    match ty {
        Type::Array(array) => holds_itself(&array.elem, input),
        Type::Group(group) => holds_itself(&group.elem, input),
        Type::Paren(paren) => holds_itself(&paren.elem, input),
        Type::Path(path) if path.qself.is_none() => {
            let alone = path.path.segments.len() == 1;
            let first = path.path.segments.first();
            // A `Key` holds no value of the type that it names: nodes are linked by it.
            let is_key = path.path.segments.last().is_some_and(|last| last.ident == "Key");
            (alone && first.is_some_and(|first| first.ident == *input.ident || first.ident == "Self"))
                || !is_key && arguments(&path.path).any(|argument| holds_itself(argument, input))
        }
        _ => false,
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
            format!(
                "the discriminant of `{name}` is of type `{other}`: use `#[repr(u8)]`, `#[repr(u16)]` or `#[repr(u32)]`"
            ),
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
