//! Types whose methods lie in several files: no circle of calls leads from one of these files to another and back.
//!
//! Such a type can be read from one end only if its files form a ladder. What a method call means is decided by names. A call
//! on `self` or on a field of it, or of `Type::name`, says the type. Another one means the one type of the folder that the
//! file names and that has such a method with as many arguments.

use std::collections::{BTreeMap, BTreeSet};
use syn::visit::{self, Visit};

/// What a file defines, names and calls.
#[derive(Default)]
struct Calls {
    /// The type whose `impl` is being read.
    current: Option<String>,
    /// All names in the file.
    names: BTreeSet<String>,
    /// The type of each field: the struct, the field, and the type.
    fields: Vec<(String, String, String)>,
    /// Methods that are no trait's: the type, the name, and how many arguments there are besides `self`.
    methods: BTreeSet<(String, String, usize)>,
    /// What is called, on what.
    called: BTreeSet<(Receiver, String)>,
}

/// What is known of what a method is called on.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Receiver {
    Type(String),
    /// The field of a struct.
    Field(String, String),
    Unknown {
        arguments: usize,
    },
}

fn is_self(receiver: &syn::Expr) -> bool {
    matches!(receiver, syn::Expr::Path(path) if path.path.is_ident("self"))
}

fn name_of(ty: &syn::Type) -> Option<String> {
    match ty {
        syn::Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
        syn::Type::Reference(reference) => name_of(&reference.elem),
        _ => None,
    }
}

fn is_for_tests(attrs: &[syn::Attribute]) -> bool {
    attrs.iter().any(|attr| match &attr.meta {
        syn::Meta::List(list) if list.path.is_ident("cfg") => list.tokens.to_string().contains("test"),
        _ => false,
    })
}

impl<'ast> Visit<'ast> for Calls {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !is_for_tests(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_ident(&mut self, name: &'ast syn::Ident) {
        self.names.insert(name.to_string());
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        for field in &item.fields {
            if let (Some(name), Some(ty)) = (&field.ident, name_of(&field.ty)) {
                self.fields.push((item.ident.to_string(), name.to_string(), ty));
            }
        }
        visit::visit_item_struct(self, item);
    }

    fn visit_item_impl(&mut self, block: &'ast syn::ItemImpl) {
        let outer = self.current.take();
        self.current = name_of(&block.self_ty);
        if let (None, Some(ty)) = (&block.trait_, &self.current) {
            for item in &block.items {
                if let syn::ImplItem::Fn(function) = item {
                    let arguments = function.sig.inputs.iter().filter(|input| matches!(input, syn::FnArg::Typed(_)));
                    self.methods.insert((ty.clone(), function.sig.ident.to_string(), arguments.count()));
                }
            }
        }
        visit::visit_item_impl(self, block);
        self.current = outer;
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        let receiver = match &*call.receiver {
            receiver if is_self(receiver) => self.current.clone().map(Receiver::Type),
            syn::Expr::Field(field) if is_self(&field.base) => match (&self.current, &field.member) {
                (Some(ty), syn::Member::Named(name)) => Some(Receiver::Field(ty.clone(), name.to_string())),
                _ => None,
            },
            _ => None,
        };
        let receiver = receiver.unwrap_or(Receiver::Unknown { arguments: call.args.len() });
        self.called.insert((receiver, call.method.to_string()));
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        let names: Vec<String> = path.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if let [.., ty, name] = &names[..] {
            let ty = if ty == "Self" { self.current.as_ref().unwrap_or(ty) } else { ty };
            self.called.insert((Receiver::Type(ty.clone()), name.clone()));
        }
        visit::visit_expr_path(self, path);
    }
}

/// The circles among the files of one folder, which are given with their texts, in words.
pub fn circles(files: &BTreeMap<String, String>) -> Vec<String> {
    let read = |text: &String| {
        let mut calls = Calls::default();
        calls.visit_file(&syn::parse_file(text).unwrap());
        calls
    };
    let read: BTreeMap<&str, Calls> = files.iter().map(|(path, text)| (path.as_str(), read(text))).collect();
    let methods = || read.iter().flat_map(|(path, calls)| calls.methods.iter().map(move |method| (*path, method)));
    // From a file to those that it calls, with one of the calls.
    let mut edges: BTreeMap<&str, BTreeMap<&str, String>> = BTreeMap::new();
    for (&path, calls) in &read {
        for (receiver, name) in &calls.called {
            let named = |of: &str| methods().filter(|(_, (ty, method, _))| ty == of && method == name).collect();
            let meant: Vec<_> = match receiver {
                Receiver::Type(ty) => named(ty),
                Receiver::Field(of, field) => {
                    let mut fields = read.values().flat_map(|calls| &calls.fields);
                    fields.find(|(ty, name, _)| ty == of && name == field).map_or(vec![], |(.., ty)| named(ty))
                }
                Receiver::Unknown { arguments } => {
                    let fits = |ty: &str, method: &str, takes: &usize| {
                        method == name && takes == arguments && calls.names.contains(ty)
                    };
                    methods().filter(|(_, (ty, method, takes))| fits(ty, method, takes)).collect()
                }
            };
            // A file that has such a method itself may mean its own; of methods of two types, it is unknown which is meant.
            let types: BTreeSet<&str> = meant.iter().map(|(_, (of, ..))| of.as_str()).collect();
            if types.len() == 1 && meant.iter().all(|(home, _)| *home != path) {
                for (home, (of, ..)) in meant {
                    edges.entry(path).or_default().insert(home, format!("{of}::{name}"));
                }
            }
        }
    }
    let mut reached: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for &from in read.keys() {
        let (mut next, reached) = (vec![from], reached.entry(from).or_default());
        while let Some(file) = next.pop() {
            let called = edges.get(file).into_iter().flat_map(BTreeMap::keys);
            next.extend(called.copied().filter(|called| reached.insert(*called)));
        }
    }
    let mut found = BTreeSet::new();
    for ty in methods().map(|(_, (ty, ..))| ty).collect::<BTreeSet<_>>() {
        let homes: BTreeSet<&str> = methods().filter(|(_, (of, ..))| of == ty).map(|(path, _)| path).collect();
        for home in &homes {
            let circle =
                |other: &&str| *other != *home && reached[home].contains(*other) && reached[*other].contains(home);
            if homes.iter().copied().any(|other| circle(&other)) {
                let calls = edges[home].iter().filter(|(other, _)| reached[*other].contains(home));
                let calls: Vec<String> = calls.map(|(other, call)| format!("{call} in {other}")).collect();
                found.insert(format!("{ty}: {home} calls {}, which leads back to it", calls.join(" and ")));
            }
        }
    }
    found.into_iter().collect()
}

/// The circles among two files.
fn of_two(a: &str, b: &str) -> Vec<String> {
    circles(&BTreeMap::from([("a.rs".to_owned(), a.to_owned()), ("b.rs".to_owned(), b.to_owned())]))
}

#[test]
fn a_ladder_has_no_circle() {
    let words = "pub struct T { inner: U } impl T { fn low(&self) { self.lowest() } fn lowest(&self) {} }";
    let above = "impl T { fn high(&self) { self.low(); self.inner.high(); self.inner.low(); } }";
    assert_eq!(of_two(words, above), [""; 0]);
    // As many arguments, and the type is not named.
    assert_eq!(of_two("impl T { fn low(&self) { word.high(1) } }", above), [""; 0]);
    assert_eq!(of_two("impl T { fn low(&self) { atomic.high() } }", "impl U { fn high(&self) {} }"), [""; 0]);
}

#[test]
fn circles_are_found() {
    let above = "impl T { fn high(&self) { self.low(); } }";
    for low in
        ["self.high()", "T::high(self)", "Self::high(self)", "let this: &T = self; this.high()", "|| self.high()"]
    {
        let found = of_two(&format!("impl T {{ fn low(&self) {{ {low} }} }}"), above);
        assert_eq!(found.len(), 2, "{low}: {found:?}");
    }
    // By way of a third type.
    let third = "impl U { fn other(&self, t: &T) { t.high() } }";
    let files = [("a.rs", "impl T { fn low(&self, u: &U) { u.other(self) } }"), ("b.rs", above), ("c.rs", third)];
    let found = circles(&files.map(|(path, text)| (path.to_owned(), text.replace("self.low()", "self.low(u)"))).into());
    assert_eq!(found.len(), 2, "{found:?}");
}
