//! Types as a programmer writes them, for messages.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use quote::ToTokens;

/// `Vec<[u8; 4]>`, and not `Vec < [u8 ; 4] >`.
pub(crate) fn show(tokens: impl ToTokens) -> String {
    let mut text = String::new();
    write(&mut text, tokens.into_token_stream());
    text
}

fn write(text: &mut String, tokens: TokenStream) {
    let mut arrow = false;
    let mut lifetime = false;
    for tree in tokens {
        if std::mem::take(&mut lifetime) && matches!(tree, TokenTree::Group(_)) {
            text.push(' ');
        }
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => ("{ ", " }"),
                    Delimiter::None => ("", ""),
                };
                text.push_str(open);
                write(text, group.stream());
                text.truncate(text.trim_end().len());
                text.push_str(close);
            }
            TokenTree::Punct(punct) => match punct.as_char() {
                ',' | ';' => {
                    text.push(punct.as_char());
                    text.push(' ');
                }
                '-' if punct.spacing() == Spacing::Joint => {
                    text.push_str(" -");
                    arrow = true;
                }
                '>' if arrow => {
                    text.push_str("> ");
                    arrow = false;
                }
                '+' | '=' => {
                    text.push(' ');
                    text.push(punct.as_char());
                    text.push(' ');
                }
                other => text.push(other),
            },
            word => {
                let word = word.to_string();
                lifetime = text.ends_with('\'');
                if text.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ')') {
                    text.push(' ');
                }
                text.push_str(&word);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::show;

    #[test]
    fn types_read_like_source() {
        for text in [
            "Vec<u64>",
            "HashMap<u64, [u8; 4]>",
            "&'static str",
            "&'static [f64]",
            "Cow<'a, str>",
            "*const u8",
            "fn(u32) -> u32",
            "Box<dyn Fn(u8) + Send>",
            "std::cell::Cell<&mut T>",
            "(u8, u16)",
            "(u8,)",
        ] {
            assert_eq!(show(syn::parse_str::<syn::Type>(text).unwrap()), text);
        }
    }
}
