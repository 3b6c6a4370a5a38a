//! Reads `#[shared(...)]` and `#[repr(...)]`.

use crate::ctxt::Ctxt;
use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Lit, Meta, Path, Token};

/// Where a `#[shared(...)]` stands; this decides which keys it may hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    Type,
    Field,
    Variant,
}

/// All keys, each with the targets that it belongs to.
const KEYS: [(&str, &[Target]); 10] = [
    ("crate", &[Target::Type]),
    ("version", &[Target::Type]),
    ("size", &[Target::Type]),
    ("align", &[Target::Type]),
    ("offset", &[Target::Field]),
    ("pod", &[Target::Field]),
    ("local", &[Target::Field]),
    ("init", &[Target::Field]),
    ("rename", &[Target::Type, Target::Field, Target::Variant]),
    ("renamed_from", &[Target::Field, Target::Variant]),
];

/// Keys that users look for, and that will never exist.
const NEVER: [&str; 4] = ["skip", "skip_check", "unchecked", "trust_me"];

impl Target {
    fn name(self) -> &'static str {
        match self {
            Target::Type => "the type",
            Target::Field => "a field",
            Target::Variant => "a variant",
        }
    }

    /// What may be written here, as the messages say it.
    fn valid(self) -> &'static str {
        match self {
            Target::Type => "`version = N`, `size = N`, `align = N`, `rename = \"name\"`, `crate = \"path\"`",
            Target::Field => {
                "`pod`, `local`, `offset = N`, `init = expression`, `rename = \"name\"`, `renamed_from = \"name\"`"
            }
            Target::Variant => "`rename = \"name\"`, `renamed_from = \"name\"`",
        }
    }
}

/// A number in an attribute, with the tokens that hold it.
pub(crate) struct Number {
    pub(crate) value: u64,
    /// `size = 8`, for spans.
    pub(crate) tokens: TokenStream,
}

/// A name in `rename` or `renamed_from`, with the tokens that hold it.
pub(crate) struct Rename {
    pub(crate) name: String,
    pub(crate) tokens: TokenStream,
}

/// `#[shared(...)]` on the type.
#[derive(Default)]
pub(crate) struct TypeAttrs {
    /// The path of the crate, if it is not `::shmstate`.
    pub(crate) krate: Option<Path>,
    /// Whether the key `crate` is there, even if its value is no path.
    pub(crate) krate_given: bool,
    pub(crate) version: Option<Number>,
    pub(crate) size: Option<Number>,
    pub(crate) align: Option<Number>,
    pub(crate) rename: Option<Rename>,
}

/// `#[shared(...)]` on a field.
#[derive(Default)]
pub(crate) struct FieldAttrs {
    pub(crate) pod: bool,
    /// With the tokens of the key, for spans.
    pub(crate) local: Option<TokenStream>,
    pub(crate) offset: Option<Number>,
    pub(crate) init: Option<Expr>,
    pub(crate) names: Names,
}

/// The names of a field or a variant.
#[derive(Default)]
pub(crate) struct Names {
    pub(crate) rename: Option<Rename>,
    /// Its names in earlier layouts.
    pub(crate) renamed_from: Vec<Rename>,
}

impl Names {
    fn read(&mut self, ctxt: &Ctxt, key: &str, meta: &Meta) {
        match key {
            "rename" => self.rename = rename(ctxt, meta),
            "renamed_from" => self.renamed_from = renamed_from(ctxt, meta),
            _ => {}
        }
    }
}

/// All `#[repr(...)]` together; each hint with the tokens that hold it.
#[derive(Default)]
pub(crate) struct Repr {
    /// `C` or `transparent`.
    pub(crate) fixed: bool,
    /// `C` alone.
    pub(crate) c: bool,
    /// `u8` and so on.
    pub(crate) int: Option<syn::Ident>,
    pub(crate) packed: Option<TokenStream>,
    pub(crate) align: Option<TokenStream>,
    /// The first attribute as it is, for spans.
    pub(crate) tokens: Option<TokenStream>,
}

impl TypeAttrs {
    pub(crate) fn read(ctxt: &Ctxt, attrs: &[Attribute]) -> Self {
        let mut found = TypeAttrs::default();
        each_key(ctxt, attrs, Target::Type, |key, meta| match key {
            "crate" => (found.krate, found.krate_given) = (path(ctxt, meta), true),
            "version" => found.version = number(ctxt, key, meta, u64::from(u32::MAX)),
            "size" => found.size = number(ctxt, key, meta, u64::MAX),
            "align" => found.align = number(ctxt, key, meta, u64::MAX),
            "rename" => found.rename = rename(ctxt, meta),
            _ => {}
        });
        found
    }
}

impl FieldAttrs {
    pub(crate) fn read(ctxt: &Ctxt, attrs: &[Attribute]) -> Self {
        let mut found = FieldAttrs::default();
        each_key(ctxt, attrs, Target::Field, |key, meta| match key {
            "offset" => found.offset = number(ctxt, key, meta, u64::MAX),
            "init" => found.init = init(ctxt, meta),
            "pod" | "local" => {
                if key == "pod" {
                    found.pod = true;
                } else {
                    found.local = Some(meta.to_token_stream());
                }
                if !matches!(meta, Meta::Path(_)) {
                    ctxt.error(meta, format!("`{key}` takes no value: write `#[shared({key})]`"));
                }
            }
            key => found.names.read(ctxt, key, meta),
        });
        found
    }
}

/// `#[shared(...)]` on a variant.
pub(crate) fn names_of_variant(ctxt: &Ctxt, attrs: &[Attribute]) -> Names {
    let mut found = Names::default();
    each_key(ctxt, attrs, Target::Variant, |key, meta| found.read(ctxt, key, meta));
    found
}

/// Calls `f` once with each key that may stand here; any other key is an error.
fn each_key(ctxt: &Ctxt, attrs: &[Attribute], target: Target, mut f: impl FnMut(&str, &Meta)) {
    let mut seen: Vec<String> = Vec::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("shared")) {
        let Meta::List(list) = &attr.meta else {
            ctxt.error(
                &attr.meta,
                format!(
                    "`shared` takes its keys in parentheses, as in `#[shared(...)]`; keys here: {}",
                    target.valid()
                ),
            );
            continue;
        };
        let metas = match list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated) {
            Ok(metas) => metas,
            Err(error) => {
                ctxt.push(error);
                continue;
            }
        };
        for meta in metas {
            let key = meta.path().to_token_stream().to_string();
            match KEYS.iter().find(|(name, _)| *name == key) {
                None if NEVER.contains(&key.as_str()) => ctxt.error(
                    meta.path(),
                    format!(
                        "there is no `{key}`: what is not proved to be plain data of fixed layout could be undefined behaviour in \
                         every process that maps it; use what the error without `{key}` names, or, for plain data of \
                         another crate, `#[shared(pod)]`, which asks for `bytemuck::Pod`"
                    ),
                ),
                None => ctxt.error(
                    meta.path(),
                    format!("unknown key `{key}` in `#[shared(...)]`; valid on {}: {}", target.name(), target.valid()),
                ),
                Some((_, homes)) if !homes.contains(&target) => ctxt.error(
                    meta.path(),
                    format!(
                        "`{key}` belongs on {}, not on {}; valid here: {}",
                        homes[0].name(),
                        target.name(),
                        target.valid()
                    ),
                ),
                Some(_) if seen.contains(&key) => {
                    ctxt.error(meta.path(), format!("`{key}` is given twice: remove one of them"));
                }
                Some(_) => {
                    f(&key, &meta);
                    seen.push(key);
                }
            }
        }
    }
}

/// The value of `key = value`, without the invisible parentheses that a macro may have put around it.
fn value(meta: &Meta) -> Option<&Lit> {
    let Meta::NameValue(pair) = meta else { return None };
    let mut value = &pair.value;
    while let Expr::Group(group) = value {
        value = &group.expr;
    }
    match value {
        Expr::Lit(ExprLit { lit, .. }) => Some(lit),
        _ => None,
    }
}

fn number(ctxt: &Ctxt, key: &str, meta: &Meta, max: u64) -> Option<Number> {
    let Some(Lit::Int(int)) = value(meta) else {
        ctxt.error(meta, format!("`{key}` takes a whole number, as in `{key} = 8`"));
        return None;
    };
    match int.base10_parse::<u64>() {
        Ok(value) if value <= max => Some(Number { value, tokens: meta.to_token_stream() }),
        _ => {
            ctxt.error(int, format!("`{key}` takes a whole number from 0 to {max}"));
            None
        }
    }
}

fn init(ctxt: &Ctxt, meta: &Meta) -> Option<Expr> {
    if let Meta::NameValue(pair) = meta {
        return Some(pair.value.clone());
    }
    ctxt.error(meta, "`init` takes the value that the field has in a new state, as in `init = 60`");
    None
}

fn rename(ctxt: &Ctxt, meta: &Meta) -> Option<Rename> {
    let name = match value(meta) {
        Some(Lit::Str(text)) => text.value(),
        _ => String::new(),
    };
    if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
        ctxt.error(meta, "`rename` takes a name of letters, digits and `_` as a string, as in `rename = \"ticks\"`");
        return None;
    }
    Some(Rename { name, tokens: meta.to_token_stream() })
}

/// `renamed_from = "name"`, or `renamed_from("older", "old")`; a name may lead into a struct, as in `"position.x"`.
fn renamed_from(ctxt: &Ctxt, meta: &Meta) -> Vec<Rename> {
    let named = |text: &syn::LitStr| Rename { name: text.value(), tokens: text.to_token_stream() };
    let names = match meta {
        Meta::List(list) => {
            let texts = list.parse_args_with(Punctuated::<syn::LitStr, Token![,]>::parse_terminated);
            texts.map(|texts| texts.iter().map(named).collect()).unwrap_or_default()
        }
        _ => match value(meta) {
            Some(Lit::Str(text)) => vec![Rename { tokens: meta.to_token_stream(), ..named(text) }],
            _ => Vec::new(),
        },
    };
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    if names.is_empty() || !names.iter().all(|given| given.name.split('.').all(is_name)) {
        ctxt.error(
            meta,
            "`renamed_from` takes the name in earlier layouts as a string, as in `renamed_from = \"ticks\"`, or several: \
             `renamed_from(\"ticks\", \"steps\")`",
        );
        return Vec::new();
    }
    names
}

fn path(ctxt: &Ctxt, meta: &Meta) -> Option<Path> {
    let parsed = match value(meta) {
        Some(Lit::Str(text)) => text.parse_with(Path::parse_mod_style).ok(),
        _ => None,
    };
    if parsed.is_none() {
        ctxt.error(meta, "`crate` takes the path of shmstate as a string, as in `crate = \"::my_facade::shmstate\"`");
    }
    parsed
}

/// The text of the `///` comments in `attrs`: each line without the blank that follows the slashes.
pub(crate) fn docs(attrs: &[Attribute]) -> String {
    let mut lines = Vec::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("doc")) {
        if let Some(Lit::Str(text)) = value(&attr.meta) {
            lines.extend(
                text.value().split('\n').map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end().to_owned()),
            );
        }
    }
    lines.join("\n").trim().to_owned()
}

impl Repr {
    pub(crate) fn read(attrs: &[Attribute]) -> Self {
        let mut repr = Repr::default();
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("repr")) {
            repr.tokens.get_or_insert_with(|| attr.to_token_stream());
            let Meta::List(list) = &attr.meta else { continue };
            // The compiler reports what does not parse.
            let Ok(hints) = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated) else { continue };
            for hint in hints {
                let Some(name) = hint.path().get_ident() else { continue };
                match name.to_string().as_str() {
                    "C" => (repr.fixed, repr.c) = (true, true),
                    "transparent" => repr.fixed = true,
                    "packed" => repr.packed = Some(hint.to_token_stream()),
                    "align" => repr.align = Some(hint.to_token_stream()),
                    "Rust" => {}
                    _ => repr.int = Some(name.clone()),
                }
            }
        }
        repr
    }
}
