//! Macros that come between what a derive reads and what the compiler compiles.

use proc_macro::{Group, TokenStream, TokenTree};
use std::collections::HashMap;
use std::sync::Mutex;

/// `#[replace(a => b)]`: the item with `b` wherever it has the tokens `a`. Below a derive, it changes the definition after
/// the derive has read it.
#[proc_macro_attribute]
pub fn replace(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let (from, to) = halves(arguments);
    replaced(item, &from.iter().map(ToString::to_string).collect::<Vec<_>>(), &to)
}

/// `nth!(n; a => b)`: `b` when it is expanded for the `n`th time with these arguments, counted from 0, and `a` otherwise.
#[proc_macro]
pub fn nth(arguments: TokenStream) -> TokenStream {
    static COUNTS: Mutex<Option<HashMap<String, usize>>> = Mutex::new(None);
    let key = arguments.to_string();
    let mut tokens = arguments.into_iter();
    let n: usize = tokens.next().unwrap().to_string().parse().unwrap();
    let (often, once) = halves(tokens.skip(1).collect());
    let mut counts = COUNTS.lock().unwrap();
    let count = counts.get_or_insert_default().entry(key).or_default();
    *count += 1;
    if *count == n + 1 { once } else { often.into_iter().collect() }
}

/// What stands before `=>`, and what stands after it.
fn halves(tokens: TokenStream) -> (Vec<TokenTree>, TokenStream) {
    let mut tokens = tokens.into_iter().peekable();
    let mut first = Vec::new();
    while let Some(token) = tokens.next() {
        let next = tokens.peek().map(ToString::to_string);
        if token.to_string() == "=" && next.as_deref() == Some(">") {
            return (first, tokens.skip(1).collect());
        }
        first.push(token);
    }
    panic!("`a => b` is missing")
}

fn replaced(tokens: TokenStream, from: &[String], to: &TokenStream) -> TokenStream {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut new = TokenStream::new();
    let mut rest = tokens.as_slice();
    while let Some((first, behind)) = rest.split_first() {
        if rest.len() >= from.len() && rest.iter().zip(from).all(|(token, from)| token.to_string() == *from) {
            new.extend(to.clone());
            rest = &rest[from.len()..];
            continue;
        }
        match first {
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), replaced(group.stream(), from, to));
                inner.set_span(group.span());
                new.extend([TokenTree::from(inner)]);
            }
            other => new.extend([other.clone()]),
        }
        rest = behind;
    }
    new
}
