//! A value as lines of a tree, each with the path that leads to it.

use shmstate::Error;
use shmstate::dynamic::{EntryKey, Value, ValueKind};

/// How many items of a sequence, or entries of a map, are shown unless all are wanted.
pub const FEW: usize = 10;

/// How many numbers stand in one line.
const IN_A_LINE: usize = 8;

/// One line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    pub depth: usize,
    /// What it is called within its parent.
    pub label: String,
    /// What leads to it from the root.
    pub path: String,
    /// The value, or the type of what has parts.
    pub text: String,
}

/// The lines of `value`, of which at most `most` parts of each container are read.
pub fn of(value: Value<'_>, label: &str, path: &str, most: usize) -> Result<Vec<Line>, Error> {
    let mut tree = Tree { most, lines: Vec::new() };
    tree.add(value, label.to_owned(), path.to_owned(), 0)?;
    Ok(tree.lines)
}

struct Tree {
    most: usize,
    lines: Vec<Line>,
}

impl Tree {
    fn line(&mut self, depth: usize, label: String, path: String, text: String) {
        self.lines.push(Line { depth, label, path, text });
    }

    fn add(&mut self, value: Value<'_>, label: String, path: String, depth: usize) -> Result<(), Error> {
        match value.kind() {
            ValueKind::Maybe => match value.some()? {
                Some(inner) => return self.add(inner, label, path, depth),
                None => self.line(depth, label, path, "none".into()),
            },
            ValueKind::Struct => {
                self.line(depth, label, path.clone(), value.type_name().to_owned());
                self.fields(value, &path, depth)?;
            }
            ValueKind::Enum => {
                let variant = value.variant()?;
                self.line(depth, label, path.clone(), variant.to_owned());
                self.fields(value, &joined(&path, variant), depth)?;
            }
            ValueKind::Sequence | ValueKind::Set => self.items(value, label, path, depth)?,
            ValueKind::Map | ValueKind::Slab => self.entries(value, label, path, depth)?,
            ValueKind::Bytes | ValueKind::Opaque | ValueKind::Archived => {
                let text = bytes(&value.as_bytes()?, value.type_name());
                self.line(depth, label, path, text);
            }
            _ => self.line(depth, label, path, value.to_json()?),
        }
        Ok(())
    }

    fn fields(&mut self, value: Value<'_>, path: &str, depth: usize) -> Result<(), Error> {
        for (name, field) in value.fields()? {
            self.add(field, name.to_owned(), joined(path, name), depth + 1)?;
        }
        Ok(())
    }

    fn items(&mut self, value: Value<'_>, label: String, path: String, depth: usize) -> Result<(), Error> {
        let (count, is_set) = (value.len()?, value.kind() == ValueKind::Set);
        let mut items = value.items()?.take(self.most).peekable();
        if items.peek().is_none_or(|first| is_small(*first)) {
            let shown: Vec<String> = items.map(Value::to_json).collect::<Result<_, _>>()?;
            if shown.len() <= IN_A_LINE || !is_set {
                let more =
                    if shown.len() < count { format!(", … {} more", count - shown.len()) } else { String::new() };
                self.line(depth, label, path, format!("[{}{more}]", shown.join(", ")));
                return Ok(());
            }
            items = value.items()?.take(self.most).peekable();
        }
        self.line(depth, label, path.clone(), counted(value.type_name(), count, "item"));
        for (index, item) in items.enumerate() {
            let label = if is_set { format!("[{}]", item.to_json()?) } else { format!("[{index}]") };
            self.add(item, label.clone(), format!("{path}{label}"), depth + 1)?;
        }
        self.more(count, path, depth);
        Ok(())
    }

    fn entries(&mut self, value: Value<'_>, label: String, path: String, depth: usize) -> Result<(), Error> {
        let count = value.len()?;
        self.line(depth, label, path.clone(), counted(value.type_name(), count, "entry"));
        for entry in value.entries()?.take(self.most) {
            let (key, value) = entry?;
            let key = match key {
                EntryKey::Value(key) => key.to_json()?,
                EntryKey::Slab(bits) => format!("{}v{}", bits as u32, bits >> 32),
            };
            let label = format!("[{key}]");
            self.add(value, label.clone(), format!("{path}{label}"), depth + 1)?;
        }
        self.more(count, path, depth);
        Ok(())
    }

    /// Says how much is not shown.
    fn more(&mut self, count: usize, path: String, depth: usize) {
        if count > self.most {
            let text = format!("{} more", count - self.most);
            self.line(depth + 1, "…".into(), path, text);
        }
    }
}

/// Whether several of it fit in a line.
fn is_small(value: Value<'_>) -> bool {
    use ValueKind::{Bool, Char, Float, Integer, Key, NonZero, TimeSpan, Timestamp};
    matches!(value.kind(), Bool | Char | Integer | Float | NonZero | Key | TimeSpan | Timestamp)
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn counted(type_name: &str, count: usize, what: &str) -> String {
    match (count, what) {
        (1, _) => format!("{type_name}, 1 {what}"),
        (_, "entry") => format!("{type_name}, {count} entries"),
        _ => format!("{type_name}, {count} {what}s"),
    }
}

fn bytes(bytes: &[u8], type_name: &str) -> String {
    let start: Vec<String> = bytes.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let more = if bytes.len() > 16 { " …" } else { "" };
    format!("{type_name}, {} bytes: {}{more}", bytes.len(), start.join(" "))
}
