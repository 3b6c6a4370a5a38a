//! Weaving: a fault is put beside the code that it replaces, and a call chooses between the two.
//!
//! An anchor is compared word by word, so that neither a new line nor a comment in the source moves it away. Where the same
//! words occur twice, the anchor has more of them, and `«` and `»` enclose the part that is meant.

use std::ops::Range;

/// One change of a file that a fault consists of.
#[derive(Clone, Copy, Debug)]
pub struct Patch {
    /// Below `shmstate/src`, or that of another package, in the tree.
    pub file: &'static str,
    /// Words that occur once in the file.
    pub anchor: &'static str,
    /// What becomes of them.
    pub change: Change,
}

/// What the fault does with its anchor. The text is Rust.
#[derive(Clone, Copy, Debug)]
pub enum Change {
    /// The anchor is an expression, and this one is evaluated instead.
    Value(&'static str),
    /// The anchor is one statement or several that declare nothing for those after them, and these run instead.
    Instead(&'static str),
    /// These statements run first.
    Before(&'static str),
    /// These statements run next.
    After(&'static str),
    /// This item, which only the fault uses, is there as well.
    Item(&'static str),
}

/// The fault evaluates `other` instead of an expression.
pub(super) const fn value(file: &'static str, anchor: &'static str, other: &'static str) -> Patch {
    Patch { file, anchor, change: Change::Value(other) }
}

/// The fault runs `other` instead of some statements.
pub(super) const fn instead(file: &'static str, anchor: &'static str, other: &'static str) -> Patch {
    Patch { file, anchor, change: Change::Instead(other) }
}

/// The fault leaves some statements out.
pub(super) const fn left_out(file: &'static str, anchor: &'static str) -> Patch {
    instead(file, anchor, "")
}

/// The fault runs `more` before a statement.
pub(super) const fn before(file: &'static str, anchor: &'static str, more: &'static str) -> Patch {
    Patch { file, anchor, change: Change::Before(more) }
}

/// The fault runs `more` after a statement.
pub(super) const fn after(file: &'static str, anchor: &'static str, more: &'static str) -> Patch {
    Patch { file, anchor, change: Change::After(more) }
}

/// The fault needs `item`, before another item.
pub(super) const fn item(file: &'static str, anchor: &'static str, item: &'static str) -> Patch {
    Patch { file, anchor, change: Change::Item(item) }
}

/// A patch that has found its place.
struct Found<'a> {
    fault: &'a str,
    at: Range<usize>,
    change: Change,
}

/// The text of a file with all these patches, each of which belongs to the fault of that name.
///
/// A patch may lie inside of another one: it is then part of what the other one's fault replaces.
///
/// # Errors
/// An anchor does not occur exactly once, or two patches overlap in part. Says all of them.
pub fn weave<'a>(text: &str, patches: impl IntoIterator<Item = (&'a str, Patch)>) -> Result<String, String> {
    let words = words(text);
    let (mut all, mut wrong) = (Vec::new(), Vec::new());
    for (fault, Patch { anchor, change, .. }) in patches {
        match find(text, &words, anchor) {
            Ok(found) => {
                let at = match change {
                    Change::Before(_) | Change::Item(_) => found.start..found.start,
                    Change::After(_) => found.end..found.end,
                    Change::Value(_) | Change::Instead(_) => found,
                };
                all.push(Found { fault, at, change });
            }
            Err(why) => wrong.push(format!("the anchor of `{fault}` {why}: `{anchor}`")),
        }
    }
    // What is put between two statements comes first; of the others, what encloses another one. Of two at the same place, the
    // catalogue's order decides.
    all.sort_by_key(|found| (found.at.start, !found.at.is_empty(), std::cmp::Reverse(found.at.end)));
    let mut open: Vec<&Found<'_>> = Vec::new();
    for found in &all {
        open.retain(|outer| outer.at.end > found.at.start);
        for outer in open.iter().filter(|outer| outer.at.end < found.at.end) {
            wrong.push(format!("`{}` and `{}` overlap in part", outer.fault, found.fault));
        }
        open.push(found);
    }
    if wrong.is_empty() { Ok(woven(text, 0..text.len(), &all)) } else { Err(wrong.join("\n")) }
}

/// A part of the text with the patches that lie in it.
fn woven(text: &str, part: Range<usize>, patches: &[Found<'_>]) -> String {
    let (mut out, mut at, mut left) = (String::new(), part.start, patches);
    while let Some((first, rest)) = left.split_first() {
        let inner = rest.iter().take_while(|found| found.at.start < first.at.end).count();
        let (inside, behind) = rest.split_at(inner);
        out += &text[at..first.at.start];
        let planted = format!("crate::mutant::planted(\"{}\")", first.fault);
        let right = woven(text, first.at.clone(), inside);
        out += &match first.change {
            Change::Value(other) => format!("(if {planted} {{ {other} }} else {{ {right} }})"),
            Change::Instead(other) => format!("if {planted} {{ {other} }} else {{ {right} }}"),
            Change::Before(more) => format!("if {planted} {{ {more} }} "),
            Change::After(more) => format!(" if {planted} {{ {more} }}"),
            Change::Item(item) => format!("{item} "),
        };
        (at, left) = (first.at.end, behind);
    }
    out + &text[at..part.end]
}

/// Where the anchor is in the text, which has these words.
fn find(text: &str, words: &[Range<usize>], anchor: &str) -> Result<Range<usize>, String> {
    let (before, rest) = anchor.split_once('«').unwrap_or(("", anchor));
    let (meant, after) = rest.split_once('»').unwrap_or((rest, ""));
    let split = |part| self::words(part).into_iter().map(|word| &part[word]);
    let all: Vec<&str> = split(before).chain(split(meant)).chain(split(after)).collect();
    let (from, count) = (split(before).count(), split(meant).count());
    if count == 0 {
        return Err("is empty".into());
    }
    let here = |window: &&[Range<usize>]| window.iter().zip(&all).all(|(word, sought)| text[word.clone()] == **sought);
    let found: Vec<_> = words.windows(all.len()).filter(here).collect();
    match found[..] {
        [only] => Ok(only[from].start..only[from + count - 1].end),
        _ => Err(format!("occurs {} times", found.len())),
    }
}

/// The words of Rust code: names, numbers, literals, and each other character for itself. Comments are none, nor is a comma
/// before the bracket that closes a list, because it comes and goes with line breaks.
fn words(text: &str) -> Vec<Range<usize>> {
    let mut words: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let name = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let behind = &rest[name..];
        let prefix = matches!(&rest[..name], "" | "b" | "c");
        let raw = matches!(&rest[..name], "r" | "br" | "cr").then(|| behind.trim_start_matches('#'));
        let len = if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        } else if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
            continue;
        } else if rest.starts_with("/*") {
            at += rest.find("*/").map_or(rest.len(), |end| end + 2);
            continue;
        } else if let Some(quoted) = raw.filter(|quoted| quoted.starts_with('"')) {
            let hashes = &behind[..behind.len() - quoted.len()];
            let end = quoted[1..].find(&format!("\"{hashes}")).map_or(quoted.len(), |end| end + 2 + hashes.len());
            rest.len() - quoted.len() + end
        } else if prefix && behind.starts_with('"') {
            name + literal(behind, '"')
        } else if name <= 1 && prefix && behind.starts_with('\'') && is_character(behind) {
            name + literal(behind, '\'')
        } else if name > 0 {
            name
        } else {
            first.len_utf8()
        };
        if matches!(first, ')' | ']' | '}') {
            words.pop_if(|last| &text[last.clone()] == ",");
        }
        words.push(at..at + len);
        at += len;
    }
    words
}

/// Whether a quote begins a character, and not a lifetime.
fn is_character(text: &str) -> bool {
    let mut chars = text.chars().skip(1);
    chars.next() == Some('\\') || chars.next() == Some('\'')
}

/// The length of a literal that begins with that quote.
fn literal(text: &str, quote: char) -> usize {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|&(_, c)| {
        let end = c == quote && !escaped;
        escaped = c == '\\' && !escaped;
        end
    });
    end.map_or(text.len(), |(end, _)| end + 1)
}
