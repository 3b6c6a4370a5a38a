//! Reads `#[shared(...)]` and `#[repr(...)]`.

use crate::ctxt::Ctxt;
use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Lit, Meta, Path, Token};

/// Where a `#[shared(...)]` stands, and so which keys it may hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Type,
    Field,
    Variant,
}

/// All keys, each with the place it belongs to.
const KEYS: [(&str, Place); 6] = [
    ("crate", Place::Type),
    ("version", Place::Type),
    ("size", Place::Type),
    ("align", Place::Type),
    ("offset", Place::Field),
    ("pod", Place::Field),
];

impl Place {
    fn name(self) -> &'static str {
        match self {
            Place::Type => "the type",
            Place::Field => "a field",
            Place::Variant => "a variant",
        }
    }

    /// What may be written here, as the messages say it.
    fn valid(self) -> &'static str {
        match self {
            Place::Type => "`version = N`, `size = N`, `align = N`, `crate = \"path\"`",
            Place::Field => "`pod`, `offset = N`",
            Place::Variant => "none",
        }
    }
}

/// A number in an attribute, with the tokens that hold it.
pub(crate) struct Number {
    pub(crate) value: u64,
    /// `size = 8`, for spans.
    pub(crate) tokens: TokenStream,
}

/// `#[shared(...)]` on the type.
#[derive(Default)]
pub(crate) struct TypeAttrs {
    /// The path of the crate, if it is not `::shmstate`.
    pub(crate) krate: Option<Path>,
    pub(crate) version: Option<Number>,
    pub(crate) size: Option<Number>,
    pub(crate) align: Option<Number>,
}

/// `#[shared(...)]` on a field.
#[derive(Default)]
pub(crate) struct FieldAttrs {
    pub(crate) pod: bool,
    pub(crate) offset: Option<Number>,
}

/// `#[repr(...)]`, all of them together; each hint with the tokens that hold it.
#[derive(Default)]
pub(crate) struct Repr {
    /// `C` or `transparent`.
    pub(crate) fixed: bool,
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
        each_key(ctxt, attrs, Place::Type, |key, meta| match key {
            "crate" => found.krate = path(ctxt, meta),
            "version" => found.version = number(ctxt, key, meta, u64::from(u32::MAX)),
            "size" => found.size = number(ctxt, key, meta, u64::MAX),
            "align" => found.align = number(ctxt, key, meta, u64::MAX),
            _ => {}
        });
        found
    }
}

impl FieldAttrs {
    pub(crate) fn read(ctxt: &Ctxt, attrs: &[Attribute]) -> Self {
        let mut found = FieldAttrs::default();
        each_key(ctxt, attrs, Place::Field, |key, meta| match key {
            "offset" => found.offset = number(ctxt, key, meta, u64::MAX),
            "pod" if matches!(meta, Meta::Path(_)) => found.pod = true,
            "pod" => {
                found.pod = true;
                ctxt.error(meta, "`pod` takes no value: write `#[shared(pod)]`");
            }
            _ => {}
        });
        found
    }
}

/// A variant takes no key; says so if there is one.
pub(crate) fn refuse_on_variant(ctxt: &Ctxt, attrs: &[Attribute]) {
    each_key(ctxt, attrs, Place::Variant, |_, _| {});
}

/// Calls `f` with each key that may stand here, once; what may not is an error.
fn each_key(ctxt: &Ctxt, attrs: &[Attribute], place: Place, mut f: impl FnMut(&str, &Meta)) {
    let mut seen: Vec<String> = Vec::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("shared")) {
        let Meta::List(list) = &attr.meta else {
            let help =
                if place == Place::Variant { "remove it".into() } else { format!("keys here: {}", place.valid()) };
            ctxt.error(&attr.meta, format!("`shared` takes its keys in parentheses, as in `#[shared(...)]`; {help}"));
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
                None => ctxt.error(
                    meta.path(),
                    format!("unknown key `{key}` in `#[shared(...)]`; valid on {}: {}", place.name(), place.valid()),
                ),
                Some((_, home)) if *home != place => ctxt.error(
                    meta.path(),
                    format!(
                        "`{key}` belongs on {}, not on {}; valid here: {}",
                        home.name(),
                        place.name(),
                        place.valid()
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

impl Repr {
    pub(crate) fn read(attrs: &[Attribute]) -> Self {
        let mut repr = Repr::default();
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("repr")) {
            repr.tokens.get_or_insert_with(|| attr.to_token_stream());
            let Meta::List(list) = &attr.meta else { continue };
            // What does not parse is rustc's to report.
            let Ok(hints) = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated) else { continue };
            for hint in hints {
                let Some(name) = hint.path().get_ident() else { continue };
                match name.to_string().as_str() {
                    "C" | "transparent" => repr.fixed = true,
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
