//! What the paths of a table lead to: parts of a layout, not of one state. `rooms[..].name`, `ports[key]`, `job.Run.pid`.

use crate::dynamic::shape::{Fields, Form, Shapes};

/// A field, or a variant, which has no field.
pub(super) struct Part {
    pub(super) ty: usize,
    /// The variant; none of a struct.
    pub(super) variant: String,
    pub(super) field: String,
}

/// What a path has led to so far.
enum Node<'a> {
    Type(usize),
    /// The payload of a variant of the enum.
    Variant(usize, &'a str, &'a Fields),
}

/// The field or variant that a path leads to.
pub(super) fn part(shapes: &Shapes, path: &str) -> Option<Part> {
    let start = path.rfind('.').map_or(0, |dot| dot + 1);
    let (before, name) = (path[..start].trim_end_matches('.'), &path[start..]);
    // A variant has a struct, or an enum, after it: the name of the last part is a name.
    let (ty, variant, fields) = match follow(shapes, before)? {
        Node::Variant(ty, variant, fields) => (ty, variant.to_owned(), fields),
        Node::Type(ty) => match &shapes.get(ty).form {
            Form::Struct(fields) => (ty, String::new(), fields),
            Form::Enum { variants, .. } => {
                let variant = variants.iter().find(|variant| variant.name == name)?;
                return Some(Part { ty, variant: variant.name.clone(), field: String::new() });
            }
            _ => return None,
        },
    };
    let field = fields.all.iter().find(|field| field.name == name)?;
    Some(Part { ty, variant, field: field.name.clone() })
}

/// Whether a path leads to any part.
pub(super) fn leads_somewhere(shapes: &Shapes, path: &str) -> bool {
    follow(shapes, path).is_some()
}

fn follow<'a>(shapes: &'a Shapes, path: &str) -> Option<Node<'a>> {
    let (mut node, mut rest) = (Node::Type(through(shapes, shapes.root())), path);
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("[..]") {
            let Node::Type(ty) = node else { return None };
            node = Node::Type(through(shapes, item(&shapes.get(ty).form)?));
            rest = after;
        } else if let Some(after) = rest.strip_prefix("[key]") {
            let Node::Type(ty) = node else { return None };
            node = Node::Type(through(shapes, key(&shapes.get(ty).form)?));
            rest = after;
        } else {
            rest = rest.strip_prefix('.').unwrap_or(rest);
            let (name, after) = rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len()));
            node = named(shapes, &node, name)?;
            rest = after;
        }
    }
    Some(node)
}

/// A field, or a variant, of that name.
fn named<'a>(shapes: &'a Shapes, node: &Node<'a>, name: &str) -> Option<Node<'a>> {
    let fields = match node {
        Node::Variant(_, _, fields) => fields,
        Node::Type(ty) => match &shapes.get(*ty).form {
            Form::Struct(fields) => fields,
            Form::Enum { variants, .. } => {
                let variant = variants.iter().find(|variant| variant.name == name)?;
                return Some(Node::Variant(*ty, &variant.name, &variant.fields));
            }
            _ => return None,
        },
    };
    let field = fields.all.iter().find(|field| field.name == name)?;
    Some(Node::Type(through(shapes, field.shape)))
}

/// The type itself, where a `Maybe` or the like is around it.
fn through(shapes: &Shapes, ty: usize) -> usize {
    let mut ty = shapes.settle(ty, 0).0;
    while let Form::Maybe { item, .. } = shapes.get(ty).form {
        ty = shapes.settle(item, 0).0;
    }
    ty
}

/// The type of all items, or of the values of a map. Those of a set are its keys, and a path may say either.
fn item(form: &Form) -> Option<usize> {
    match form {
        Form::Array { items } | Form::List { items } | Form::Ring { items, .. } | Form::Queue { items, .. } => {
            Some(items.item)
        }
        Form::Slab(slab) => Some(slab.values.items.item),
        Form::Set(set) => Some(set.keys.items.item),
        Form::Map { values, .. } => Some(values.items.item),
        Form::Sorted(map) => Some(map.values.item),
        _ => None,
    }
}

fn key(form: &Form) -> Option<usize> {
    match form {
        Form::Set(set) | Form::Map { set, .. } => Some(set.keys.items.item),
        Form::Sorted(map) => Some(map.keys.item),
        _ => None,
    }
}
