//! Where and why bytes are no value of their type.

use std::fmt;

/// Bytes that are no value of their type: the path to the culprit, and what is wrong with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ValidityError {
    /// Innermost part last; built from the inside out.
    path: String,
    why: String,
    rule: Option<Rule>,
}

/// A rule that is in no layout, but decides where entries lie: a program with another rule finds a valid state wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Rule {
    /// `Ord` of the keys of a sorted map.
    Order,
    /// `Hash` of the keys of a map or set.
    Hash,
}

impl ValidityError {
    /// The value itself is wrong.
    #[must_use]
    #[cold]
    pub fn new(why: impl Into<String>) -> Self {
        ValidityError { path: String::new(), why: why.into(), rule: None }
    }

    /// The value is not as this program's rule would have made it.
    #[cold]
    pub(crate) fn under(rule: Rule, why: impl Into<String>) -> Self {
        ValidityError { rule: Some(rule), ..ValidityError::new(why) }
    }

    /// The rule under which the value is wrong, if it may be right under another one.
    pub(crate) fn rule(&self) -> Option<Rule> {
        self.rule
    }

    /// What is wrong lies in the field of that name.
    #[must_use]
    #[cold]
    pub fn in_field(self, name: &str) -> Self {
        let dot = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        ValidityError { path: format!("{name}{dot}{}", self.path), ..self }
    }

    /// What is wrong lies in the item at that index.
    #[must_use]
    #[cold]
    pub fn in_item(self, index: usize) -> Self {
        let dot = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        ValidityError { path: format!("[{index}]{dot}{}", self.path), ..self }
    }
}

impl fmt::Display for ValidityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() { f.write_str(&self.why) } else { write!(f, "`{}`: {}", self.path, self.why) }
    }
}

impl std::error::Error for ValidityError {}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use super::*;

    #[test]
    fn the_path_reads_like_code() {
        let invalid =
            ValidityError::new("7 is no bool").in_field("on").in_item(3).in_item(0).in_field("lamps").in_field("house");
        assert_eq!(invalid.to_string(), "`house.lamps[0][3].on`: 7 is no bool");
        assert_eq!(ValidityError::new("7 is no bool").to_string(), "7 is no bool");
    }
}
