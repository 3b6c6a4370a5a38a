//! d
use proc_macro::TokenStream;
/// d
#[proc_macro_derive(SharedLayout, attributes(shared))]
pub fn d(_: TokenStream) -> TokenStream {
    TokenStream::new()
}
