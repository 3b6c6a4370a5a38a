//! Which bounds the implementation for a generic type needs.

use super::Paths;
use crate::model::Input;
use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{GenericArgument, GenericParam, Generics, Ident, PathArguments, Type, parse_quote};

/// The type's generics with those bounds.
pub(super) fn bounded(paths: &Paths, input: &Input<'_>) -> Generics {
    let Paths { shared, private, .. } = paths;
    let mut generics = input.original.generics.clone();
    let names: Vec<Ident> = generics.type_params().map(|param| param.ident.clone()).collect();
    if names.is_empty() {
        return generics;
    }
    let uses = Uses::of(input, &names);
    let predicates = &mut generics.make_where_clause().predicates;
    for name in &names {
        // A parameter that no field holds need not be shareable, but must not borrow.
        let bound = if uses.held.contains(&name) { shared.clone() } else { quote!('static) };
        predicates.push(parse_quote!(#name: #bound));
    }
    for ty in uses.projections {
        predicates.push(parse_quote!(#ty: #shared));
    }
    for ty in input.fields().into_iter().filter(|field| field.attrs.pod).map(|field| field.ty) {
        if names.iter().any(|name| mentions(ty, name)) {
            predicates.push(parse_quote!(#ty: #private::PlainField));
        }
    }
    generics
}

/// The argument for each parameter, as the description has it.
pub(super) fn arguments(paths: &Paths, input: &Input<'_>) -> TokenStream {
    let names: Vec<Ident> = input.original.generics.type_params().map(|param| param.ident.clone()).collect();
    let uses = Uses::of(input, &names);
    let argument = |param: &GenericParam| match param {
        GenericParam::Lifetime(_) => None,
        GenericParam::Type(ty) if uses.held.contains(&&ty.ident) => {
            let ident = &ty.ident;
            Some(quote!(__b.type_argument::<#ident>()))
        }
        GenericParam::Type(_) => Some(quote!(__b.opaque_argument())),
        GenericParam::Const(param) => {
            let ident = &param.ident;
            Some(quote!(__b.const_argument(#ident as _)))
        }
    };
    let (arguments, builder) = (input.original.generics.params.iter().filter_map(argument), &paths.builder);
    quote!(const { let __b = #builder; &[#(#arguments),*] })
}

/// How the fields use the type parameters.
struct Uses<'a> {
    names: &'a [Ident],
    /// Parameters that a field holds, itself or through a container.
    held: Vec<&'a Ident>,
    /// Types such as `T::Item` and `<T as Trait>::Item`: no bound on `T` says anything about them.
    projections: Vec<&'a Type>,
}

impl<'a> Uses<'a> {
    fn of(input: &Input<'a>, names: &'a [Ident]) -> Self {
        let mut uses = Uses { names, held: Vec::new(), projections: Vec::new() };
        let fields = input.fields().into_iter();
        fields.filter(|field| !field.attrs.pod).for_each(|field| uses.look(field.ty));
        uses
    }

    fn look(&mut self, ty: &'a Type) {
        match ty {
            Type::Array(array) => self.look(&array.elem),
            Type::Group(group) => self.look(&group.elem),
            Type::Paren(paren) => self.look(&paren.elem),
            Type::Path(path) => {
                let (first, rest) = (path.path.segments.first(), path.path.segments.len() - 1);
                let param = first.and_then(|first| self.names.iter().find(|name| **name == first.ident));
                match (&path.qself, param) {
                    (Some(this), _) if self.names.iter().any(|name| mentions(&this.ty, name)) => {
                        self.projections.push(ty);
                    }
                    (None, Some(_)) if rest > 0 => self.projections.push(ty),
                    (None, Some(param)) => self.held.push(param),
                    _ => {
                        let last = path.path.segments.last().map(|last| &last.arguments);
                        let Some(PathArguments::AngleBracketed(arguments)) = last else { return };
                        for argument in &arguments.args {
                            if let GenericArgument::Type(ty) = argument {
                                self.look(ty);
                            }
                        }
                    }
                }
            }
            // A macro, for instance.
            other => self.held.extend(self.names.iter().filter(|name| mentions(other, name))),
        }
    }
}

/// Whether the parameter `name` occurs in `tokens`.
fn mentions(tokens: impl ToTokens, name: &Ident) -> bool {
    tokens.into_token_stream().into_iter().any(|tree| match tree {
        TokenTree::Group(group) => mentions(group.stream(), name),
        TokenTree::Ident(ident) => ident == *name,
        _ => false,
    })
}
