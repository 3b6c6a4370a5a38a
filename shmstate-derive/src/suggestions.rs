//! Types that cannot live in shared memory: why, and what to write instead.
//!
//! A derive sees names, not types. So a name counts as the standard library's only if it is written as usual for that type: alone
//! or with a path from `std`, `core` or `alloc`, and with type arguments if it takes any. A type of the user's own that looks the
//! same is accepted with a path (`self::Mutex<T>`). Types that are not recognised here are refused by the compiler, by the bound
//! `SharedLayout`, whose message is more general.

use crate::show::show;
use quote::ToTokens;
use syn::{Expr, GenericArgument, Lit, Path, PathArguments, Type};

/// Something to refuse.
pub(crate) struct Refusal<'a> {
    /// The culprit, for its span.
    pub(crate) at: &'a dyn ToTokens,
    pub(crate) message: String,
}

/// Collects what is to be refused in `ty`: the type itself, or its parts.
pub(crate) fn refuse<'a>(ty: &'a Type, found: &mut Vec<Refusal<'a>>) {
    if let Type::Group(group) = ty {
        // From a macro: the culprit is the macro's argument, not the `$ty` that stands for it.
        return refuse(&group.elem, found);
    }
    if is_option_of_non_zero(ty) {
        return;
    }
    if let Some(Why { why, instead }) = look(ty) {
        let inside = of_your_own(ty);
        let message = format!("`{}` cannot live in shared memory: {why}; {instead}{inside}", show(ty));
        found.push(Refusal { at: ty, message });
        return;
    }
    match ty {
        Type::Array(array) => {
            if is_zero(&array.len) {
                let message = format!("`{}` holds nothing: remove the field, or give it a length", show(ty));
                found.push(Refusal { at: ty, message });
            }
            refuse(&array.elem, found);
        }
        Type::Paren(paren) => refuse(&paren.elem, found),
        Type::Path(path) if path.qself.is_none() => {
            if is_empty_container(&path.path) {
                let message = format!("`{}` holds nothing: give it a capacity of 1 or more", show(ty));
                found.push(Refusal { at: ty, message });
            }
            // What is archived is no part of the layout.
            if path.path.segments.last().is_none_or(|last| last.ident != "Archived") {
                arguments(&path.path).for_each(|argument| refuse(argument, found));
            }
        }
        _ => {}
    }
}

/// The same for a field under `#[shared(pod)]`, whose type `bytemuck::Pod` vouches for, except that an array may have length 0, and that
/// `usize` and `isize` have no fixed size.
pub(crate) fn refuse_in_pod<'a>(ty: &'a Type, found: &mut Vec<Refusal<'a>>) {
    match ty {
        Type::Array(array) if is_zero(&array.len) => refuse(ty, found),
        Type::Array(array) => refuse_in_pod(&array.elem, found),
        Type::Group(group) => refuse_in_pod(&group.elem, found),
        Type::Paren(paren) => refuse_in_pod(&paren.elem, found),
        Type::Path(path) if path.path.is_ident("usize") || path.path.is_ident("isize") => refuse(ty, found),
        _ => {}
    }
}

/// For the parts of `ty` that need a type of the user's own: what to replace them with, so that the message leads to code that compiles.
fn of_your_own(ty: &Type) -> String {
    fn gather(ty: &Type, found: &mut String) {
        let own = match ty {
            Type::Tuple(tuple) if !tuple.elems.is_empty() => "a struct",
            Type::Path(path) if std_name(&path.path).is_some_and(|name| name == "Result") => "an enum",
            Type::Array(array) => return gather(&array.elem, found),
            Type::Slice(slice) => return gather(&slice.elem, found),
            Type::Path(path) => return arguments(&path.path).for_each(|argument| gather(argument, found)),
            _ => return,
        };
        let with = if found.is_empty() { ", with" } else { " and" };
        found.push_str(&format!("{with} {own} of your own in place of `{}`", show(ty)));
    }
    let mut found = String::new();
    if let Type::Path(path) = ty {
        arguments(&path.path).for_each(|argument| gather(argument, &mut found));
    }
    found
}

/// The two halves of a message.
struct Why {
    why: &'static str,
    instead: String,
}

fn why(why: &'static str, instead: impl Into<String>) -> Option<Why> {
    Some(Why { why, instead: instead.into() })
}

const HEAP: &str = "its content lies on this process's own heap";
const ADDRESS: &str = "an address means nothing in another process";
const INSIDE: &str = "it changes through a `&`, past the marks that tell other processes what an update touched";
const NO_FIXED: &str = "it has no fixed layout";
const NOTHING: &str = "it holds no bytes";

/// Why `ty` itself cannot be shared, if it is known.
fn look(ty: &Type) -> Option<Why> {
    match ty {
        Type::Group(group) => look(&group.elem),
        Type::Paren(paren) => look(&paren.elem),
        Type::Path(path) if path.qself.is_none() => by_name(&path.path),
        Type::Reference(reference) => trait_object(ty)
            .or_else(|| why("a reference is an address in this process", format!("use {}", owned(&reference.elem)))),
        Type::Ptr(_) => why(ADDRESS, "keep an index (`u32`) into a `shmstate::List`"),
        Type::FnPtr(_) => {
            why("the address of a function means nothing in another process", "use an enum that names what to do")
        }
        Type::TraitObject(_) | Type::ImplTrait(_) => trait_object(ty),
        Type::Slice(slice) => why("a slice has no fixed size", format!("use `{}`", list(&slice.elem))),
        Type::Tuple(tuple) if tuple.elems.is_empty() => why(NOTHING, "remove the field"),
        Type::Tuple(_) => why(
            "the order of a tuple's parts is the compiler's choice",
            "use a struct with `#[derive(SharedLayout)]` and `#[repr(C)]`",
        ),
        _ => None,
    }
}

/// What to say of a trait object, if `ty` is one or points to one.
fn trait_object(ty: &Type) -> Option<Why> {
    match ty {
        Type::TraitObject(_) | Type::ImplTrait(_) => {
            why("a trait object holds addresses of this process", "use one concrete type that is `SharedLayout`")
        }
        Type::Group(group) => trait_object(&group.elem),
        Type::Paren(paren) => trait_object(&paren.elem),
        Type::Reference(reference) => trait_object(&reference.elem),
        Type::Path(path) => arguments(&path.path).find_map(trait_object),
        _ => None,
    }
}

/// The name under which `path` would mean a type of the standard library.
fn std_name(path: &Path) -> Option<String> {
    let last = path.segments.last()?;
    let first = &path.segments.first()?.ident;
    let rooted = first == "std" || first == "core" || first == "alloc";
    let alone = path.segments.len() == 1 && path.leading_colon.is_none();
    (alone || (rooted && path.segments.len() > 1)).then(|| last.ident.to_string())
}

/// The type arguments of the last part of `path`.
pub(crate) fn arguments(path: &Path) -> impl Iterator<Item = &Type> {
    let arguments = match path.segments.last().map(|last| &last.arguments) {
        Some(PathArguments::AngleBracketed(arguments)) => Some(arguments.args.iter()),
        _ => None,
    };
    arguments.into_iter().flatten().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

fn by_name(path: &Path) -> Option<Why> {
    let name = std_name(path)?;
    let mut types = arguments(path);
    match types.next() {
        None => plain_name(&name, path.segments.len() > 1),
        // A `Box<dyn Trait>` and the like cannot be replaced by their content: they need another design.
        Some(first) => generic_name(&name, first, path).map(|why| trait_object(first).unwrap_or(why)),
    }
}

/// Types without type arguments; `rooted` if the path says that it is the standard library's.
fn plain_name(name: &str, rooted: bool) -> Option<Why> {
    match name {
        "String" => why(HEAP, "use `shmstate::Text<N>`"),
        "str" => why("it has no fixed size", "use `shmstate::Text<N>`"),
        "PathBuf" | "OsString" | "CString" => {
            why(HEAP, "use `shmstate::Text<N>`, or `shmstate::Blob<N>` for what is no UTF-8")
        }
        "usize" => why("its size differs between 32-bit and 64-bit programs", "use `u64` or `u32`"),
        "isize" => why("its size differs between 32-bit and 64-bit programs", "use `i64` or `i32`"),
        "AtomicUsize" => why(INSIDE, "use `u64`: an update is atomic already"),
        "AtomicIsize" => why(INSIDE, "use `i64`: an update is atomic already"),
        // Names that a program may easily have given to a type of its own.
        "Instant" if rooted => {
            why(NO_FIXED, "use `shmstate::Timestamp`, or a `shmstate::TimeSpan` since a moment of your choice")
        }
        _ if rooted && plain(name).is_some() => why(NO_FIXED, format!("use `{}`", plain(name)?)),
        "Condvar" | "Barrier" if rooted => why("it waits within one process", "wait for a commit of the state instead"),
        _ => {
            if let Some(number) = scalar_after(name, "Atomic") {
                return why(INSIDE, format!("use `{number}`: an update is atomic already"));
            }
            let number = scalar_after(name, "NonZero")?;
            non_zero(&format!("NonZero<{number}>"), &number)
        }
    }
}

/// What stands in for a time or an address of the standard library.
fn plain(name: &str) -> Option<&'static str> {
    match name {
        "SystemTime" => Some("shmstate::Timestamp"),
        "Instant" | "Duration" => Some("shmstate::TimeSpan"),
        "IpAddr" | "Ipv4Addr" | "Ipv6Addr" => Some("shmstate::IpAddress"),
        "SocketAddr" | "SocketAddrV4" | "SocketAddrV6" => Some("shmstate::SocketAddress"),
        _ => None,
    }
}

fn non_zero(name: &str, number: &str) -> Option<Why> {
    let instead = format!("use `Option<{name}>`, of which it is `None`, or `{number}`");
    why("zero, with which every state starts, is no value of it", instead)
}

/// Whether `ty` is an `Option` of a `NonZero`, whose layout is guaranteed.
fn is_option_of_non_zero(ty: &Type) -> bool {
    let name_of = |ty: &Type| match ty {
        Type::Path(path) if path.qself.is_none() => std_name(&path.path),
        _ => None,
    };
    let Type::Path(path) = ty else { return false };
    let Some(inside) = arguments(&path.path).next() else { return false };
    name_of(ty).is_some_and(|name| name == "Option")
        && name_of(inside).is_some_and(|name| name == "NonZero" || scalar_after(&name, "NonZero").is_some())
}

/// `u64` for `AtomicU64` and `Atomic`.
fn scalar_after(name: &str, prefix: &str) -> Option<String> {
    let scalar = name.strip_prefix(prefix)?.to_ascii_lowercase();
    let known = ["bool", "u8", "u16", "u32", "u64", "u128", "i8", "i16", "i32", "i64", "i128"];
    known.contains(&scalar.as_str()).then_some(scalar)
}

/// Types with type arguments, the first of which is `first`.
fn generic_name(name: &str, first: &Type, path: &Path) -> Option<Why> {
    let itself = || format!("use {}", owned(first));
    match name {
        "Vec" if show(first) == "u8" => {
            why(HEAP, "use `shmstate::Blob<N>`, or `shmstate::List<u8, N>` to mark single bytes")
        }
        "Vec" => why(HEAP, format!("use `{}`", list(first))),
        "BinaryHeap" => {
            why(HEAP, format!("use a sorted `{}`, or a `shmstate::SortedMap` by what it is ordered by", list(first)))
        }
        "LinkedList" => why(HEAP, format!("use `{}`", of_capacity("Queue", &[first]))),
        "VecDeque" => {
            let queue = of_capacity("Queue", &[first]);
            why(HEAP, format!("use `{queue}`, or `shmstate::Ring` for the latest `N` items"))
        }
        "HashSet" => why(HEAP, format!("use `{}`", of_capacity("Set", &[first]))),
        "BTreeSet" => why(HEAP, format!("use `{}`, or a sorted `{}`", of_capacity("Set", &[first]), list(first))),
        "HashMap" | "BTreeMap" => why(HEAP, format!("use `{}`", map(name, path))),
        "Box" if !matches!(first, Type::Slice(_)) && !is_str(first) => {
            why(HEAP, format!("{}, or `shmstate::Tracked` of it if it is large and seldom changes", itself()))
        }
        "Box" => why(HEAP, itself()),
        "Cow" => why("it may hold an address in this process", itself()),
        "Rc" | "Arc" | "Weak" => why(HEAP, format!("{}: all processes share it anyway", itself())),
        "Option" => why(NO_FIXED, format!("use `shmstate::Maybe<{}>`", stand_in(first))),
        "Result" => why(NO_FIXED, "use an enum of your own with `#[repr(C, u64)]`, whose first variant has no fields"),
        "NonNull" | "AtomicPtr" => why(ADDRESS, "keep an index (`u32`) into a `shmstate::List`"),
        "Cell" | "RefCell" | "UnsafeCell" | "OnceCell" | "LazyCell" | "OnceLock" | "LazyLock" => {
            why(INSIDE, format!("{}: an update has `&mut`", itself()))
        }
        "Mutex" | "RwLock" => why(
            "its lock works within one process, and stays locked when its owner dies",
            format!("{}: an update has the state for itself", itself()),
        ),
        "NonZero" => non_zero(&format!("NonZero<{}>", show(first)), &stand_in(first)),
        "PhantomData" => why(NOTHING, "remove the field"),
        _ => None,
    }
}

/// `List<T, N>` of what stands in for `T`.
fn list(item: &Type) -> String {
    of_capacity("List", &[item])
}

/// The map that stands in for `path`, which is called `name`.
fn map(name: &str, path: &Path) -> String {
    let both: Vec<&Type> = arguments(path).take(2).collect();
    of_capacity(if name == "BTreeMap" { "SortedMap" } else { "Map" }, &both)
}

/// The container of that name, of what stands in for `items`.
fn of_capacity(name: &str, items: &[&Type]) -> String {
    let inside = |item: &&Type| {
        let inside = stand_in(item);
        // The inner and the outer capacity get different names.
        let renamed = inside.replace("<N>", "<M>").replace(", N>", ", M>");
        if inside == show(item) { inside } else { renamed }
    };
    let inside: Vec<String> = items.iter().map(inside).collect();
    format!("shmstate::{name}<{}, N>", inside.join(", "))
}

/// Whether `ty` is `str`.
fn is_str(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.is_ident("str"))
}

/// What to use for a value of `ty`, with its backticks.
fn owned(ty: &Type) -> String {
    let stand_in = stand_in(ty);
    if stand_in == show(ty) { format!("`{stand_in}` itself") } else { format!("`{stand_in}`") }
}

/// `ty`, or the type that stands in for it, if `ty` cannot be shared and there is such a type.
fn stand_in(ty: &Type) -> String {
    if is_option_of_non_zero(ty) {
        return show(ty);
    }
    match ty {
        Type::Group(group) => return stand_in(&group.elem),
        Type::Paren(paren) => return stand_in(&paren.elem),
        Type::Slice(slice) => return list(&slice.elem),
        Type::Reference(reference) => return stand_in(&reference.elem),
        Type::Path(path) if path.qself.is_none() => {
            let name = std_name(&path.path).unwrap_or_default();
            match (name.as_str(), arguments(&path.path).next()) {
                ("String" | "str", None) => return "shmstate::Text<N>".into(),
                ("AtomicUsize" | "usize", None) => return "u64".into(),
                ("AtomicIsize" | "isize", None) => return "i64".into(),
                ("Vec" | "BinaryHeap", Some(item)) => return list(item),
                ("VecDeque" | "LinkedList", Some(item)) => return of_capacity("Queue", &[item]),
                ("HashSet" | "BTreeSet", Some(item)) => return of_capacity("Set", &[item]),
                ("HashMap" | "BTreeMap", Some(_)) => return map(&name, &path.path),
                ("Option", Some(inside)) => return format!("shmstate::Maybe<{}>", stand_in(inside)),
                ("Box" | "Rc" | "Arc" | "Cell" | "RefCell" | "Mutex" | "RwLock", Some(inside)) => {
                    return stand_in(inside);
                }
                (name, None) => {
                    let rooted = path.path.segments.len() > 1;
                    let number = scalar_after(name, "Atomic").or_else(|| scalar_after(name, "NonZero"));
                    if let Some(known) = plain(name).filter(|_| rooted).map(str::to_owned).or(number) {
                        return known;
                    }
                }
                _ => {}
            }
        }
        _ => {}
    }
    show(ty)
}

/// Whether `path` is a container of shmstate with a capacity of 0, which reports that itself.
fn is_empty_container(path: &Path) -> bool {
    let Some(last) = path.segments.last() else { return false };
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return false };
    let capacity = arguments.args.last();
    const NAMES: [&str; 11] =
        ["List", "Array", "Text", "Blob", "Map", "Set", "SortedMap", "Ring", "Queue", "Slab", "Archived"];
    NAMES.iter().any(|name| last.ident == name)
        && matches!(capacity, Some(GenericArgument::Const(capacity)) if is_zero(capacity))
}

/// Whether an expression is the number 0, written as such.
fn is_zero(expr: &Expr) -> bool {
    match expr {
        Expr::Group(group) => is_zero(&group.expr),
        Expr::Lit(lit) => matches!(&lit.lit, Lit::Int(int) if int.base10_digits() == "0"),
        _ => false,
    }
}
