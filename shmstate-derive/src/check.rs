//! All rules that can be checked in the syntax alone; constants in the generated code prove the rest.

use crate::attr::{Names, Rename};
use crate::ctxt::Ctxt;
use crate::model::{Body, Field, Input, Variant};
use crate::suggestions::{Refusal, arguments, refuse, refuse_in_pod};
use syn::Type;

/// Notes every rule that `input` breaks.
pub(crate) fn check(ctxt: &Ctxt, input: &Input<'_>) {
    if let Some(name) = &input.renamed {
        ctxt.push(syn::Error::new(
            proc_macro2::Span::call_site(),
            format!(
                "shmstate is called `{name}` in `Cargo.toml`, where the derive cannot see it: write \
                 `#[shared(crate = \"{name}\")]` on `{}`",
                input.name
            ),
        ));
    }
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
            // There is only a `#[repr(align(64))]` or the like: that is where the `C` belongs.
            Some(tokens) => ctxt.error(tokens, message),
            None => ctxt.error(input.ident, message),
        }
    }
    if fields.is_empty() {
        ctxt.error(input.ident, format!("`{}` has no fields, so there is nothing to share: give it one", input.name));
    }
    check_names(ctxt, &input.name, "fields", &names_of(fields));
    check_fields(ctxt, input);
}

/// Checks every field, and the lifetimes of the type that its borrows need.
fn check_fields(ctxt: &Ctxt, input: &Input<'_>) {
    let fields = input.fields();
    let mut found: Vec<Refusal<'_>> = Vec::new();
    for field in fields {
        if holds_itself(field.ty, input) {
            ctxt.error(
                field.ty,
                format!(
                    "`{}` cannot contain itself: each value would hold another one, without end; keep the \
                     `shmstate::Key` of the other value in a `shmstate::Slab`, or its index (`u32`) in a `shmstate::List`",
                    input.name
                ),
            );
            continue; // any other fault of the field disappears with this one
        }
        if field.attrs.pod { refuse_in_pod(field.ty, &mut found) } else { refuse(field.ty, &mut found) }
    }
    let borrowed: String = found.iter().map(|refusal| refusal.at.to_token_stream().to_string()).collect();
    for Refusal { at, message } in found {
        ctxt.error(at.to_token_stream(), message);
    }
    for lifetime in input.original.generics.lifetimes().map(|param| &param.lifetime) {
        // The error on the borrow is enough: its lifetime needs no error of its own.
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

fn names_of<'a>(fields: &'a [Field<'_>]) -> Vec<(&'a str, &'a Names)> {
    fields.iter().map(|field| (field.name.as_str(), &field.attrs.names)).collect()
}

/// Checks that no two parts of `whole` have the same name in the description, or in earlier layouts.
fn check_names<'a>(ctxt: &Ctxt, whole: &str, kind: &str, parts: &[(&'a str, &'a Names)]) {
    let label =
        |(name, names): &(&str, &Names)| names.rename.as_ref().map_or((*name).to_owned(), |new| new.name.clone());
    for (index, part @ (name, names)) in parts.iter().enumerate() {
        let (before, label_of_part) = (&parts[..index], label(part));
        if let Some((other, theirs)) = before.iter().find(|other| label(other) == label_of_part)
            && let Some(culprit) = names.rename.as_ref().or(theirs.rename.as_ref())
        {
            ctxt.error(
                &culprit.tokens,
                format!(
                    "two {kind} of `{whole}` would be called `{label_of_part}` in the description: `{other}` and `{name}`; give each \
                     a name of its own"
                ),
            );
        }
        let former = |&(other, theirs): &(&'a str, &'a Names)| Some((other, same_origin(names, theirs)?));
        if let Some((other, (ours, known))) = before.iter().find_map(former) {
            ctxt.error(
                &ours.tokens,
                format!(
                    "`{name}` of `{whole}` would get nothing of what was `{}` in earlier layouts, because `{other}` gets what was \
                     `{}`: give the name to one of the two {kind}",
                    ours.name, known.name
                ),
            );
        }
    }
}

/// Earlier names of two parts that lead to the same part, or one into the other.
fn same_origin<'a>(ours: &'a Names, theirs: &'a Names) -> Option<(&'a Rename, &'a Rename)> {
    let mut pairs = ours.renamed_from.iter().flat_map(|our| theirs.renamed_from.iter().map(move |their| (our, their)));
    let is_same = |(a, b): &(&Rename, &Rename)| is_within(&a.name, &b.name) || is_within(&b.name, &a.name);
    pairs.find(is_same)
}

/// Whether a path in a struct is `outer`, or leads into it.
fn is_within(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Whether `ty` is the type under the derive, or has it as an argument or item.
pub(crate) fn holds_itself(ty: &Type, input: &Input<'_>) -> bool {
    match ty {
        Type::Array(array) => holds_itself(&array.elem, input),
        Type::Group(group) => holds_itself(&group.elem, input),
        Type::Paren(paren) => holds_itself(&paren.elem, input),
        Type::Path(path) if path.qself.is_none() => {
            let alone = path.path.segments.len() == 1;
            let first = path.path.segments.first();
            // A `Key` holds no value of the type that it names; nodes use it to link to each other.
            let is_key = path.path.segments.last().is_some_and(|last| last.ident == "Key");
            (alone && first.is_some_and(|first| first.ident == *input.ident || first.ident == "Self"))
                || !is_key && arguments(&path.path).any(|argument| holds_itself(argument, input))
        }
        _ => false,
    }
}

fn check_enum(ctxt: &Ctxt, input: &Input<'_>, variants: &[Variant<'_>]) {
    let name = &input.name;
    if variants.is_empty() {
        // An empty enum cannot have a `repr` either, so there is no error about a missing one.
        ctxt.error(input.ident, format!("`{name}` has no variants, so that it has no value: give it one of value 0"));
        return;
    }
    check_discriminant(ctxt, input);
    check_names(ctxt, name, "variants", &variants.iter().map(|v| (v.name.as_str(), &v.names)).collect::<Vec<_>>());
    for variant in variants {
        let whole = format!("{name}::{}", variant.name);
        check_names(ctxt, &whole, "fields", &names_of(&variant.fields));
        for local in variant.fields.iter().filter_map(|field| field.attrs.local.as_ref()) {
            ctxt.error(
                local,
                format!(
                    "a field of `{whole}` is not local by itself: which variant there is belongs to the state; make a field of the \
                     enum's type local, in a struct"
                ),
            );
        }
        for init in variant.fields.iter().filter_map(|field| field.attrs.init.as_ref()) {
            ctxt.error(
                init,
                format!(
                    "a field of `{whole}` has no initial value: a new state has the variant of value 0, which has no fields; \
                     give the whole enum its value where it is a field, `#[shared(init = {whole} {{ .. }})]`"
                ),
            );
        }
    }
    check_fields(ctxt, input);
}

/// Checks the `repr` of an enum.
fn check_discriminant(ctxt: &Ctxt, input: &Input<'_>) {
    let (name, repr) = (&input.name, &input.repr);
    let payload = !input.fields().is_empty();
    match repr.int.as_ref().map(ToString::to_string).as_deref() {
        Some("u8" | "u16" | "u32" | "u64") => {}
        Some(other) => ctxt.error(
            &repr.int,
            format!(
                "the discriminant of `{name}` is of type `{other}`: it has to be `u8`, `u16`, `u32` or `u64`, unsigned and of \
                 one size everywhere"
            ),
        ),
        None => {
            let message = if payload {
                format!(
                    "`{name}` needs a type for its discriminant, as in `#[repr(C, u64)]` (or `u8`, `u16`, `u32`): without it \
                     the compiler arranges the variants as it likes, and each program in its own way"
                )
            } else {
                format!(
                    "`{name}` needs `#[repr(u8)]` (or `u16`, `u32`, `u64`): without it the compiler chooses the size of the \
                     discriminant"
                )
            };
            match &repr.tokens {
                Some(tokens) => ctxt.error(tokens, message),
                None => ctxt.error(input.ident, message),
            }
        }
    }
    if let Some(align) = &repr.align {
        ctxt.error(align, format!("`align` puts padding into `{name}`: remove it"));
    }
}
