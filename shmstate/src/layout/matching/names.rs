//! Types as a program writes them, with the arguments that the schema keeps in the parts of a container.

use crate::layout::shapes::{Form, Shapes};

/// The most characters of a name that are shown.
const LONGEST: usize = 60;

/// The type of that index, shortened: a file may nest types so that their names double with each step.
pub(super) fn name(shapes: &Shapes, ty: usize) -> String {
    let mut text = String::new();
    write(shapes, ty, &mut text);
    if text.chars().count() > LONGEST {
        text = text.chars().take(LONGEST - 1).chain(['…']).collect();
    }
    text
}

fn write(shapes: &Shapes, ty: usize, text: &mut String) {
    if text.len() > 4 * LONGEST {
        return;
    }
    let shape = shapes.get(ty);
    let plain = &shapes.schema.types[ty].name;
    let mut generic = |name: &str, types: &[usize], capacity: Option<usize>| {
        text.push_str(name);
        text.push('<');
        for (i, ty) in types.iter().enumerate() {
            text.push_str(if i == 0 { "" } else { ", " });
            write(shapes, *ty, text);
        }
        if let Some(capacity) = capacity {
            text.push_str(if types.is_empty() { "" } else { ", " });
            text.push_str(&capacity.to_string());
        }
        text.push('>');
    };
    let capacity = shape.capacity();
    match &shape.form {
        Form::Array { items } if plain == "Array" => generic("Array", &[items.item], capacity),
        Form::Array { items } => {
            text.push('[');
            write(shapes, items.item, text);
            text.push_str(&format!("; {}]", items.capacity));
        }
        Form::List { items } => generic("List", &[items.item], capacity),
        Form::Ring { items, .. } => generic("Ring", &[items.item], capacity),
        Form::Queue { items, .. } => generic("Queue", &[items.item], capacity),
        Form::Slab(slab) => generic("Slab", &[slab.values.items.item], capacity),
        Form::Set(set) => generic("Set", &[set.keys.items.item], capacity),
        Form::Map { set, values } => generic("Map", &[set.keys.items.item, values.items.item], capacity),
        Form::Sorted(map) => generic("SortedMap", &[map.keys.item, map.values.item], capacity),
        Form::Text { .. } => generic("Text", &[], capacity),
        Form::Blob { .. } => generic("Blob", &[], capacity),
        Form::Maybe { item, .. } => generic("Maybe", &[*item], None),
        Form::Wrapper { item, .. } => generic(plain, &[*item], None),
        _ => text.extend(shape.name.chars().take(LONGEST)),
    }
}
