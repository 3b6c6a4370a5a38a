//! Parts of messages.

use std::fmt;

/// A number of bytes, for people.
pub(super) struct Bytes(pub(super) u64);

/// A path in a state, where there is one.
pub(super) struct At<'a>(pub(super) &'a str);

/// Texts as Rust writes them, as many as help.
pub(super) struct Quoted<'a>(pub(super) &'a [String]);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 8;
        for (i, text) in self.0.iter().take(MOST).enumerate() {
            write!(f, "{}{text:?}", if i == 0 { "" } else { ", " })?;
        }
        f.write_str(if self.0.len() > MOST { ", …" } else { "" })
    }
}

/// Paths that lead to no part of the state.
pub(super) struct Unknown<'a>(pub(super) &'a [String]);

impl fmt::Display for Unknown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => Ok(()),
            paths => write!(f, "; what may be lost names no part of the old state in: {}", Quoted(paths)),
        }
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, "`{}`: ", self.0) }
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0)?;
        let mib = self.0 as f64 / f64::from(1 << 20);
        match mib {
            ..1.0 => Ok(()),
            1.0..1024.0 => write!(f, " ({mib:.1} MiB)"),
            _ => write!(f, " ({:.1} GiB)", mib / 1024.0),
        }
    }
}

/// A call that would wait for its own thread.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Call {
    Update,
    Wait,
    Replace,
}

impl Call {
    pub(super) fn name(self) -> &'static str {
        match self {
            Call::Update => "an update of",
            Call::Wait => "a wait for",
            Call::Replace => "a replacement of",
        }
    }

    /// In which it cannot be.
    pub(super) fn closures(self) -> &'static str {
        match self {
            Call::Update => "a `read`, `update` or migration",
            Call::Wait | Call::Replace => "an `update` or migration",
        }
    }
}

/// What a process asked for in vain, because another process had made the region.
pub(super) struct Asked(pub(super) Option<usize>, pub(super) &'static str);

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(asked) = self.0 else { return Ok(()) };
        write!(
            f,
            "; this process asked for {asked} {}, but the region was there already: its size was decided when it was created, \
             and takes a new region (`remove` it, or give the new one another name)",
            self.1
        )
    }
}
