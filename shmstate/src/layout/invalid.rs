//! Where and why bytes are no value of their type.

use std::fmt;

/// Bytes that are no value of their type: the path to the culprit, and what is wrong with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Invalid {
    /// Innermost part last; built from the inside out.
    path: String,
    why: String,
}

impl Invalid {
    /// The value itself is wrong.
    #[must_use]
    #[cold]
    pub fn new(why: impl Into<String>) -> Self {
        Invalid { path: String::new(), why: why.into() }
    }

    /// What is wrong lies in the field of that name.
    #[must_use]
    #[cold]
    pub fn in_field(self, name: &str) -> Self {
        let dot = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        Invalid { path: format!("{name}{dot}{}", self.path), why: self.why }
    }

    /// What is wrong lies in the item at that index.
    #[must_use]
    #[cold]
    pub fn in_item(self, index: usize) -> Self {
        let dot = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        Invalid { path: format!("[{index}]{dot}{}", self.path), why: self.why }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() { f.write_str(&self.why) } else { write!(f, "`{}`: {}", self.path, self.why) }
    }
}

impl std::error::Error for Invalid {}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use super::*;

    #[test]
    fn the_path_reads_like_code() {
        let invalid =
            Invalid::new("7 is no bool").in_field("on").in_item(3).in_item(0).in_field("lamps").in_field("house");
        assert_eq!(invalid.to_string(), "`house.lamps[0][3].on`: 7 is no bool");
        assert_eq!(Invalid::new("7 is no bool").to_string(), "7 is no bool");
    }
}
