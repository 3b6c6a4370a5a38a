//! `#[derive(SharedLayout)]` of [shmstate](https://docs.rs/shmstate).
//!
//! From syntax to code: `attr` and `model` read the input, `check` tells what is wrong with it (all of it at once, through
//! `ctxt`; `ways_out` knows what to use instead), `expand` writes the implementation, and `fallback` one that keeps a
//! mistake from causing more errors than its own.

mod attr;
mod check;
mod ctxt;
mod expand;
mod fallback;
mod model;
mod show;
mod ways_out;

use ctxt::Ctxt;
use model::Input;
use proc_macro::TokenStream;
use syn::DeriveInput;

/// Implements `SharedLayout`: [shmstate](https://docs.rs/shmstate/latest/shmstate/derive.SharedLayout.html), which passes this
/// macro on, documents it, in `shmstate/docs/derive.md`.
#[proc_macro_derive(SharedLayout, attributes(shared))]
pub fn derive_shared_layout(input: TokenStream) -> TokenStream {
    let original = syn::parse_macro_input!(input as DeriveInput);
    let ctxt = Ctxt::default();
    let input = Input::read(&ctxt, &original);
    check::check(&ctxt, &input);
    let errors = ctxt.into_compile_errors();
    if errors.is_empty() {
        return expand::expand(&input).into();
    }
    fallback::fallback(&input, errors).into()
}
