//! The implementation for a struct: each walk goes from field to field.

use super::{Paths, respan};
use crate::model::{Field, Place};
use proc_macro2::{Delimiter, Group, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Ident, Type};

/// The value of `LAYOUT.kind`, and the other items.
pub(super) fn expand(paths: &Paths, fields: &[Field<'_>]) -> (TokenStream, TokenStream) {
    let Paths { private, core, .. } = paths;
    let describe = fields.iter().map(|field| {
        let member = &field.member;
        describe(paths, field, &quote!(#core::mem::offset_of!(Self, #member)))
    });
    // An inline constant lives for ever, whatever the rules of promotion say about the expressions in it.
    let kind = quote!(#private::Kind::Struct(const { &[#(#describe),*] }));

    let shared: Vec<_> = fields.iter().filter(|field| !field.attrs.pod).collect();
    let tracked = any(paths, fields, "TRACKED");
    let checked = any(paths, fields, "CHECKED");
    let initialize = initialize(paths, fields);
    let stamp = stamp(paths, &shared);
    let copy_plain = copy_plain(paths, fields);
    let flatten = flatten(paths, fields);
    let validate = validate(paths, &shared);
    let walks = quote! {
        const TRACKED: #core::primitive::bool = #tracked;
        const CHECKED: #core::primitive::bool = #checked;
        #stamp
        #copy_plain
        #flatten
        #validate
        #initialize
    };
    (kind, walks)
}

/// Whether the constant `name` is true of the type of any field.
pub(super) fn any<'a>(paths: &Paths, fields: impl IntoIterator<Item = &'a Field<'a>>, name: &str) -> TokenStream {
    let shared = fields.into_iter().filter(|field| !field.attrs.pod);
    let of_fields = shared.map(|field| item(paths, field.ty, name));
    quote!(false #(|| #of_fields)*)
}

/// The description of a field at `offset`.
pub(super) fn describe(paths: &Paths, field: &Field<'_>, offset: &TokenStream) -> TokenStream {
    let private = &paths.private;
    let (name, docs, layout) = (field.label(), &field.docs, layout(paths, field));
    quote!(#private::Field { name: #name, offset: #offset, docs: #docs, layout: #layout })
}

/// The description of a field's type.
pub(super) fn layout(paths: &Paths, field: &Field<'_>) -> TokenStream {
    if field.attrs.pod { pod_layout(paths, field.ty) } else { item(paths, field.ty, "LAYOUT") }
}

/// `<F as SharedLayout>::name`. All of it has the span of the type, so that the compiler reports one error for a type
/// that is not `SharedLayout`, however often the generated code says so.
pub(super) fn item(paths: &Paths, ty: &Type, name: &str) -> TokenStream {
    let Place { start, end } = Place::of(ty);
    let (open, name) = (quote_spanned!(start=> <), Ident::new(name, end));
    let shared = respan(&paths.shared, end);
    quote_spanned!(end=> #open #ty as #shared>::#name)
}

/// The description of plain data: arrays as arrays, the rest under the name that the source has for it.
fn pod_layout(paths: &Paths, ty: &Type) -> TokenStream {
    let private = &paths.private;
    let (function, arguments) = match ty {
        Type::Group(group) => return pod_layout(paths, &group.elem),
        Type::Paren(paren) => return pod_layout(paths, &paren.elem),
        Type::Array(array) => {
            let (item, len) = (pod_layout(paths, &array.elem), &array.len);
            (quote!(#private::plain_array::), quote!(#item, #len))
        }
        _ => {
            let name = match ty {
                Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
                _ => None,
            };
            let name = name.unwrap_or_else(|| crate::show::show(ty));
            (quote!(#private::plain_layout::), quote!(#name))
        }
    };
    // From the first token to the last, the call has the span of the type.
    let Place { start, end } = Place::of(ty);
    let function = respan(&function, start);
    let (open, close) = (quote_spanned!(start=> <), quote_spanned!(end=> >));
    let mut arguments = Group::new(Delimiter::Parenthesis, arguments);
    arguments.set_span(end);
    quote!(const { &#function #open #ty #close #arguments })
}

fn stamp(paths: &Paths, fields: &[&Field<'_>]) -> TokenStream {
    let Paths { private, core, .. } = paths;
    let each = fields.iter().map(|Field { ty, member, .. }| {
        let (tracked, stamp) = (item(paths, ty, "TRACKED"), item(paths, ty, "stamp"));
        quote! {
            if #tracked {
                // SAFETY: a field of `*__this`, under the caller's promise for the whole.
                unsafe {
                    #stamp(&raw mut (*__this).#member, __stamp.at(#core::mem::offset_of!(Self, #member)));
                }
            }
        }
    });
    quote! {
        #[inline]
        unsafe fn stamp(__this: *mut Self, __stamp: #private::Stamp) {
            #(#each)*
        }
    }
}

fn copy_plain(paths: &Paths, fields: &[Field<'_>]) -> TokenStream {
    let Paths { shared, core, .. } = paths;
    let each = fields.iter().map(|Field { ty, member, attrs, .. }| {
        let (copy, one) = if attrs.pod {
            (
                quote!(#core::ptr::copy_nonoverlapping),
                [quote!(&raw const (*__from).#member), quote!(&raw mut (*__to).#member), quote!(1)],
            )
        } else {
            (
                item(paths, ty, "copy_plain"),
                [quote!(&raw mut (*__to).#member), quote!(&raw const (*__from).#member), quote!()],
            )
        };
        let one = one.iter().filter(|argument| !argument.is_empty());
        quote! {
            // SAFETY: the same field of both, under the caller's promise for the whole.
            unsafe { #copy(#(#one),*); }
        }
    });
    quote! {
        #[inline]
        unsafe fn copy_plain(__to: *mut Self, __from: *const Self) {
            if <Self as #shared>::TRACKED {
                #(#each)*
            } else {
                // SAFETY: the caller's promise; a value without containers is its bytes.
                unsafe { #core::ptr::copy_nonoverlapping(__from, __to, 1) }
            }
        }
    }
}

fn flatten(paths: &Paths, fields: &[Field<'_>]) -> TokenStream {
    let Paths { shared, private, core } = paths;
    let each = fields.iter().map(|Field { ty, member, attrs, .. }| {
        let at = quote!(__stamp.at(#core::mem::offset_of!(Self, #member)));
        if attrs.pod {
            return quote! {
                if __NESTED {
                    #private::touch_whole::<#ty>(#at, __touched);
                }
            };
        }
        let flatten = item(paths, ty, "flatten");
        quote! {
            // SAFETY: the same field of both, under the caller's promise for the whole.
            unsafe {
                #flatten::<__NESTED>(&raw const (*__written).#member, &raw const (*__source).#member, #at, __touched);
            }
        }
    });
    quote! {
        #[inline]
        unsafe fn flatten<const __NESTED: #core::primitive::bool>(
            __written: *const Self,
            __source: *const Self,
            __stamp: #private::Stamp,
            __touched: &mut #private::Touched,
        ) {
            if <Self as #shared>::TRACKED {
                #(#each)*
            } else if __NESTED {
                #private::touch_whole::<Self>(__stamp, __touched);
            }
        }
    }
}

fn validate(paths: &Paths, fields: &[&Field<'_>]) -> TokenStream {
    let Paths { private, core, .. } = paths;
    let each = fields.iter().map(|field| {
        let Field { ty, member, .. } = field;
        let (name, checked, validate) = (field.label(), item(paths, ty, "CHECKED"), item(paths, ty, "validate"));
        quote! {
            if #checked {
                // SAFETY: a field of `*__this`, under the caller's promise for the whole.
                unsafe { #validate(&raw const (*__this).#member) }.map_err(|__e| __e.in_field(#name))?;
            }
        }
    });
    quote! {
        #[inline]
        unsafe fn validate(__this: *const Self) -> #core::result::Result<(), #private::Invalid> {
            #(#each)*
            #core::result::Result::Ok(())
        }
    }
}

/// Nothing, where everything starts as zeroes.
fn initialize(paths: &Paths, fields: &[Field<'_>]) -> TokenStream {
    let core = &paths.core;
    let (given, others): (Vec<_>, Vec<_>) = fields.iter().partition(|field| field.attrs.init.is_some());
    let has_init = if given.is_empty() { any(paths, others.iter().copied(), "HAS_INIT") } else { quote!(true) };
    let others = others.iter().filter(|field| !field.attrs.pod).map(|Field { ty, member, .. }| {
        let (has_init, initialize) = (item(paths, ty, "HAS_INIT"), item(paths, ty, "initialize"));
        quote! {
            if #has_init {
                #initialize(&mut __this.#member);
            }
        }
    });
    let given = given.iter().map(|Field { ty, member, attrs, .. }| {
        let value = &attrs.init;
        // A variable of that type, so that an expression of another type is the one that the compiler points at.
        quote! {
            let __value: #ty = #value;
            __this.#member = __value;
        }
    });
    quote! {
        const HAS_INIT: #core::primitive::bool = #has_init;

        #[inline]
        fn initialize(__this: &mut Self) {
            #(#others)*
            #(#given)*
        }
    }
}
