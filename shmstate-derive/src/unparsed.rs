//! Code that does not parse: half-written code, as an editor has it at each keystroke.
//!
//! The compiler has reported such code before a derive sees it. The derive only keeps uses of the type from being errors too. It
//! reports an error only where the compiler may know a syntax that this crate does not know.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::DeriveInput;

/// `tokens`, a type definition, without its body; `None` if not even that parses.
pub(crate) fn without_body(tokens: TokenStream) -> Option<DeriveInput> {
    let mut head = Vec::new();
    for token in tokens {
        match &token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => break,
            // Where the fields of a tuple struct would be; an attribute is in brackets, a visibility after `pub`.
            TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis && !is_pub(head.last()) => break,
            _ => head.push(token),
        }
    }
    let is_keyword = |token: &TokenTree| matches!(token, TokenTree::Ident(word) if word == "enum" || word == "union");
    let is_enum = head.iter().any(is_keyword);
    let head: TokenStream = head.into_iter().collect();
    let body = if is_enum { quote!({}) } else { quote!(;) };
    syn::parse2(quote!(#head #body)).ok()
}

fn is_pub(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Ident(word)) if word == "pub")
}

/// Whether `tokens` are no type in any version of the language: a field has no type, no name, or two names, or an angle
/// bracket is never closed. The compiler has reported that.
pub(crate) fn is_half_written(tokens: TokenStream) -> bool {
    let is_enum = tokens.clone().into_iter().any(|token| matches!(&token, TokenTree::Ident(word) if word == "enum"));
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) if is_enum && group.delimiter() == Delimiter::Brace => {
            group.stream().into_iter().any(|token| matches!(&token, TokenTree::Group(group) if is_broken(group)))
        }
        TokenTree::Group(group) => is_broken(&group),
        _ => false,
    })
}

/// Whether fields in braces or parentheses are half-written.
fn is_broken(group: &proc_macro2::Group) -> bool {
    let named = match group.delimiter() {
        Delimiter::Brace => true,
        Delimiter::Parenthesis => false,
        _ => return false,
    };
    let (mut depth, mut colons, mut tokens, mut after_colon) = (0_i32, 0, 0, 0);
    let mut previous = (' ', false);
    let mut broken = false;
    for token in group.stream() {
        let (this, joint) = match &token {
            TokenTree::Punct(punct) => (punct.as_char(), punct.spacing() == proc_macro2::Spacing::Joint),
            // An attribute is no part of the field.
            TokenTree::Group(group) if previous.0 == '#' && group.delimiter() == Delimiter::Bracket => {
                tokens -= 1;
                previous = (' ', false);
                continue;
            }
            _ => (' ', false),
        };
        match this {
            '<' => depth += 1,
            '>' if previous != ('-', true) => depth -= 1,
            ':' if !joint && previous != (':', true) && depth == 0 => {
                colons += 1;
                after_colon = 0;
                previous = (this, joint);
                tokens += 1;
                continue;
            }
            // A value that the field has by default, in a version of the language that knows such values.
            '=' if !joint && depth == 0 => return false,
            ',' if depth == 0 => {
                broken |= named && tokens > 0 && (colons != 1 || after_colon == 0);
                (colons, tokens, after_colon) = (0, 0, 0);
                previous = (this, joint);
                continue;
            }
            _ => {}
        }
        previous = (this, joint);
        tokens += 1;
        after_colon += 1;
    }
    broken || depth != 0 || named && tokens > 0 && (colons != 1 || after_colon == 0)
}

/// Whether two of `names` are the same; the compiler reports that.
pub(crate) fn any_twice(names: impl Iterator<Item = impl ToTokens>) -> bool {
    let mut names: Vec<String> = names.map(|name| name.to_token_stream().to_string()).collect();
    names.sort_unstable();
    names.windows(2).any(|pair| pair[0] == pair[1])
}

/// The definition once more: it has the same mistake, which the compiler reports once. (Without it there might be no error: an
/// attribute below the derive may correct the original.)
pub(crate) fn again(original: &DeriveInput) -> TokenStream {
    let mut original = original.clone();
    original.attrs.clear();
    match &mut original.data {
        syn::Data::Struct(data) => data.fields.iter_mut().for_each(|field| field.attrs.clear()),
        syn::Data::Enum(data) => {
            for variant in &mut data.variants {
                variant.attrs.clear();
                variant.discriminant = None;
                variant.fields.iter_mut().for_each(|field| field.attrs.clear());
            }
        }
        syn::Data::Union(_) => {}
    }
    quote!(#[allow(dead_code)] #original)
}

#[cfg(test)]
mod tests {
    use super::{is_half_written, without_body};

    #[test]
    fn half_written_types_are_known() {
        for (half, text) in [
            (false, "struct A { a: u64, b: List<Text<8>, 4>, c: fn(u8) -> u8 }"),
            (false, "pub struct A<T: Copy>(T, <T as Has>::X, #[shared(pod)] std::vec::Vec<u8>);"),
            (false, "enum A { B, C(u64), D { #[shared(pod)] a: std::x::Y } = 7 }"),
            (true, "struct A { a: u64, b: , }"),
            (true, "struct A { a: u64, b }"),
            (true, "struct A { a: u64, b: Text<, }"),
            (true, "struct A { a: Text<8> b: u64 }"),
            (true, "struct A { #[shared(pod)] a: }"),
            (true, "struct A(Text<);"),
            (true, "enum A { B, C { a: } }"),
            (true, "enum A { B, C(List<u8) }"),
        ] {
            assert_eq!(is_half_written(text.parse().unwrap()), half, "{text}");
        }
    }

    #[test]
    fn the_head_is_left() {
        let head = |text: &str| without_body(text.parse().unwrap()).map(|input| input.ident.to_string());
        assert_eq!(head("#[repr(C)] pub(crate) struct A<T> where T: Copy { a: , }").as_deref(), Some("A"));
        assert_eq!(head("pub struct B(Text<);").as_deref(), Some("B"));
        assert_eq!(head("enum B { C { a: } }").as_deref(), Some("B"));
        assert_eq!(head("struct B<").as_deref(), None);
    }
}
