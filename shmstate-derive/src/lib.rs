//! `#[derive(SharedLayout)]` of [shmstate](https://docs.rs/shmstate).
//!
//! From syntax to code: `attr` and `model` read the input. `check` finds what is wrong with it, all at once (`ctxt` collects the
//! errors, and `suggestions` knows what to use instead). `expand` writes the implementation. `fallback` writes one that keeps a
//! mistake from causing more errors than its own, even in a type that does not parse (`unparsed`). `manifest` knows whether
//! shmstate has another name.

mod attr;
mod check;
mod ctxt;
mod expand;
mod fallback;
mod manifest;
mod model;
mod show;
mod suggestions;
mod unparsed;

use ctxt::Ctxt;
use model::Input;
use proc_macro2::TokenStream;
use syn::DeriveInput;

/// Implements `SharedLayout`. [shmstate](https://docs.rs/shmstate/latest/shmstate/derive.SharedLayout.html), which re-exports this
/// macro, documents it in `shmstate/docs/derive.md`.
#[proc_macro_derive(SharedLayout, attributes(shared))]
pub fn derive_shared_layout(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    derive(input.into()).into()
}

fn derive(tokens: TokenStream) -> TokenStream {
    let original = match syn::parse2::<DeriveInput>(tokens.clone()) {
        Ok(original) => original,
        Err(error) => {
            let is_told = unparsed::is_half_written(tokens.clone());
            let errors = if is_told { TokenStream::new() } else { error.into_compile_error() };
            let Some(head) = unparsed::without_body(tokens) else { return errors };
            return fallback::fallback(&Input::read(&Ctxt::default(), &head), errors);
        }
    };
    let ctxt = Ctxt::default();
    let input = Input::read(&ctxt, &original);
    if input.names_twice() {
        return fallback::fallback(&input, unparsed::again(&original));
    }
    check::check(&ctxt, &input);
    let errors = ctxt.into_compile_errors();
    if errors.is_empty() { expand::expand(&input) } else { fallback::fallback(&input, errors) }
}
