//! The drawing of the way of an update, in the design chapter, beside the code: each function that it names is in the file
//! that it names, and calls those that stand below it, further in, in that order.

use std::fs;
use std::path::{Path, PathBuf};
use syn::visit::{self, Visit};

fn library() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../shmstate")
}

/// A line of the drawing.
#[derive(Debug)]
struct Step {
    file: String,
    depth: usize,
    function: String,
}

/// The lines of the drawing that follows this heading: a file, a function further in than its caller, and what it does.
fn drawing(chapter: &str, heading: &str) -> Vec<Step> {
    let (_, section) = chapter.split_once(heading).expect("the chapter has the heading");
    let block = section.split("```").nth(1).expect("a drawing follows the heading");
    let steps = block.lines().skip(1).map(|line| {
        let (file, rest) = line.split_once(' ').expect("a function follows the file");
        let function = rest.split_whitespace().next().expect("a function follows the file").to_owned();
        Step { file: file.into(), depth: line.len() - rest.trim_start().len(), function }
    });
    steps.collect()
}

/// The functions of a file, with the names that each calls, in order.
#[derive(Default)]
struct Functions {
    found: Vec<(String, Vec<String>)>,
}

/// A call comes after what it is made on and what it is given.
impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.found.push((function.sig.ident.to_string(), vec![]));
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.found.push((function.sig.ident.to_string(), vec![]));
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        visit::visit_expr_method_call(self, call);
        self.call(&call.method);
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        visit::visit_expr_call(self, call);
        if let syn::Expr::Path(path) = &*call.func {
            self.call(&path.path.segments.last().expect("a path has a name").ident);
        }
    }
}

impl Functions {
    fn call(&mut self, name: &syn::Ident) {
        if let Some((_, calls)) = self.found.last_mut() {
            calls.push(name.to_string());
        }
    }
}

/// What a drawing says that the code does not do. `text` is the code of a file.
fn wrong(steps: &[Step], text: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (n, caller) in steps.iter().enumerate() {
        let Step { file, function, depth } = caller;
        let mut functions = Functions::default();
        let Some(text) = text(file) else {
            wrong.push(format!("there is no file {file}"));
            continue;
        };
        functions.visit_file(&syn::parse_file(&text).unwrap());
        let bodies: Vec<_> = functions.found.iter().filter(|(name, _)| name == function).collect();
        if bodies.is_empty() {
            wrong.push(format!("{file} has no function `{function}`"));
        }
        let inside: Vec<_> = steps[n + 1..].iter().take_while(|step| step.depth > *depth).collect();
        let next = inside.iter().map(|step| step.depth).min();
        let callees: Vec<_> =
            inside.iter().filter(|step| Some(step.depth) == next).map(|step| &step.function).collect();
        let in_order = |calls: &Vec<String>| {
            let mut calls = calls.iter();
            callees.iter().all(|callee| calls.any(|call| call == *callee))
        };
        if !bodies.is_empty() && !bodies.iter().any(|(_, calls)| in_order(calls)) {
            wrong.push(format!("`{function}` in {file} does not call {callees:?}, in that order"));
        }
    }
    wrong
}

#[test]
fn the_way_of_an_update_is_the_codes() {
    let chapter = fs::read_to_string(library().join("docs/design.md")).unwrap();
    let steps = drawing(&chapter, "\n### The way of an update\n");
    let (first, last) = (&steps[0], &steps[steps.len() - 1]);
    assert_eq!((first.function.as_str(), last.function.as_str()), ("update", "unlock"));
    assert!(steps.len() > 10, "{steps:#?}");
    let wrong = wrong(&steps, |file| fs::read_to_string(library().join("src").join(file)).ok());
    assert!(
        wrong.is_empty(),
        "the design chapter draws another way of an update than the code goes:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn a_drawing_can_be_wrong() {
    let code = "fn outer() { first(second()); } impl T { fn first(&self) {} fn second() { self.third().fourth(); } }";
    let text = |file: &str| (file == "a.rs").then(|| code.to_owned());
    let check = |lines: &str| wrong(&drawing(&format!("# Here\n```text\n{lines}```"), "# Here"), text);
    assert_eq!(check("a.rs outer\na.rs   first 1\n"), [""; 0]);
    assert_eq!(check("a.rs outer\na.rs   second\na.rs   first\n"), [""; 0]);
    assert_eq!(check("a.rs outer\na.rs   first\na.rs   second\n").len(), 1, "another order");
    assert_eq!(check("a.rs first\na.rs   second\n").len(), 1, "no call");
    assert_eq!(check("b.rs outer\n").len(), 1, "no such file");
    assert_eq!(check("a.rs third\n").len(), 1, "no such function");
}
