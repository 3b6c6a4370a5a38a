//! What updates of a type cost, as a help for its layout.

use super::{Kind, Layout};
use crate::track::{IN_BLOCKS, PAGE, exact};
use std::fmt;

/// There is a warning for each plain field of at least this size.
const LARGE: usize = 4096;

/// There is a warning if there are more containers outside of containers than this.
const MANY: usize = 64;

/// What updates of a type cost: [`Layout::report`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    name: &'static str,
    size: usize,
    plain: usize,
    containers: Vec<Container>,
    warnings: Vec<String>,
}

/// Containers that are in no other container, at one path.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Container {
    path: String,
    /// More than one inside of arrays.
    count: usize,
    capacity: usize,
    /// Bytes.
    item: usize,
    /// Whether there are containers in the items.
    nested: bool,
}

impl Container {
    fn new(path: &str, count: usize, capacity: usize, item: &Layout) -> Self {
        Container { path: path.to_owned(), count, capacity, item: item.size, nested: has_containers(item) }
    }
}

impl Layout {
    /// What updates of a state of this type cost: which bytes are copied by each, and which only when they are touched.
    ///
    /// ```
    /// use shmstate::{List, SharedLayout, Text};
    ///
    /// #[derive(SharedLayout)]
    /// #[repr(C)]
    /// struct Board {
    ///     ticks: u64,
    ///     owner: Text<32>,
    ///     table: [u64; 1024],
    ///     samples: List<f64, 1024>,
    /// }
    ///
    /// let report = Board::LAYOUT.report();
    /// assert_eq!(report.plain(), 8 + 40 + 8192 + 4); // the length of the list is copied always
    /// assert_eq!(report.warnings().len(), 1); // the table
    /// println!("{report}");
    /// ```
    #[must_use]
    pub fn report(&self) -> Report {
        let (name, size) = (self.name, self.size);
        let mut report = Report { name, size, plain: 0, containers: Vec::new(), warnings: Vec::new() };
        report.plain = report.visit(self, "", 1);
        let heads: usize = report.containers.iter().map(|container| container.count).sum();
        if heads > MANY {
            report.warnings.push(format!(
                "there are {heads} containers outside of containers, and each update touches the head of each of them: hold \
                 them in a container"
            ));
        }
        report
    }
}

impl Report {
    /// Bytes that each update copies, whatever it does: plain fields, and the lengths of containers.
    #[must_use]
    pub fn plain(&self) -> usize {
        self.plain
    }

    /// Bytes in containers, of which an update copies what was touched.
    #[must_use]
    pub fn tracked(&self) -> usize {
        self.size - self.plain
    }

    /// Parts that should be laid out in another way.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Notes what is at `path`, of which there are `count`, and returns the plain bytes of one.
    fn visit(&mut self, layout: &Layout, path: &str, count: usize) -> usize {
        let inside = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        if !has_containers(layout) {
            if layout.size >= LARGE && !matches!(layout.kind, Kind::Struct(_)) {
                let what = if path.is_empty() { "the state" } else { path };
                self.warnings.push(format!(
                    "`{what}` is plain and has {} bytes, which each update copies: hold it in a container",
                    layout.size
                ));
            } else if let Kind::Struct(fields) = layout.kind {
                fields.iter().for_each(|field| _ = self.visit(field.layout, &inside(field.name), count));
            }
            return layout.size;
        }
        if let Some((item, capacity)) = tracked_array(layout) {
            self.containers.push(Container::new(path, count, capacity, item));
            return 0;
        }
        match layout.kind {
            Kind::Struct(fields) => {
                fields.iter().map(|field| self.visit(field.layout, &inside(field.name), count)).sum()
            }
            Kind::Array { item, len } => len * self.visit(item, &format!("{path}[]"), count * len),
            Kind::Enum { repr, variants } => {
                let mut most = 0;
                for variant in variants {
                    let path = inside(variant.name);
                    let fields = variant.fields.iter();
                    most = most
                        .max(fields.map(|f| self.visit(f.layout, &format!("{path}.{}", f.name), count)).sum::<usize>());
                }
                repr.size() + most
            }
            Kind::List { item, capacity, .. } => {
                self.containers.push(Container::new(path, count, capacity, item));
                size_of::<u32>()
            }
            Kind::Scalar(_) | Kind::Text { .. } | Kind::Pod | Kind::Archive { .. } => layout.size,
        }
    }
}

/// Whether there is a container in it.
fn has_containers(layout: &Layout) -> bool {
    match layout.kind {
        Kind::Scalar(_) | Kind::Text { .. } | Kind::Pod | Kind::Archive { .. } => false,
        Kind::List { .. } => true,
        Kind::Array { item, .. } => has_containers(item),
        Kind::Struct(fields) => {
            tracked_array(layout).is_some() || fields.iter().any(|field| has_containers(field.layout))
        }
        Kind::Enum { variants, .. } => variants.iter().flat_map(|v| v.fields).any(|field| has_containers(field.layout)),
    }
}

/// The items of an `Array`, and their number. It is a struct that begins with a head, before its only field; no other struct
/// has bytes before its first field.
fn tracked_array(layout: &Layout) -> Option<(&'static Layout, usize)> {
    let Kind::Struct([items]) = layout.kind else { return None };
    let Kind::Array { item, len } = items.layout.kind else { return None };
    (items.offset > 0).then_some((item, len))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "`{}`: {} bytes", self.name, self.size)?;
        writeln!(f, "  copied by each update: {} bytes of plain fields and lengths", self.plain)?;
        writeln!(f, "  copied where touched: {} bytes of containers", self.tracked())?;
        for Container { path, count, capacity, item, nested } in &self.containers {
            let path = if path.is_empty() { "the state" } else { path };
            let times = if *count == 1 { String::new() } else { format!(" ({count} of them)") };
            let bytes = capacity.saturating_mul(*item);
            let coarse = match (bytes <= IN_BLOCKS, nested) {
                (true, _) => format!("4 places by block ({} bytes)", capacity.div_ceil(64).next_power_of_two() * item),
                (false, true) => format!("4 places by page ({PAGE} bytes)"),
                (false, false) => format!("{} places by page ({PAGE} bytes)", exact(self.size as u64)),
            };
            writeln!(f, "    {path}{times}: {capacity} items of {item} bytes; marked by item, past {coarse}")?;
        }
        self.warnings.iter().try_for_each(|warning| writeln!(f, "  warning: {warning}"))
    }
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use crate::{Array, List, Queue, SharedLayout};

    #[derive(SharedLayout)]
    #[repr(C, u64)]
    #[shared(crate = "crate")]
    enum Job {
        Idle,
        Run { since: u64, left: List<u32, 8> },
    }

    #[derive(SharedLayout)]
    #[repr(C)]
    #[shared(crate = "crate")]
    struct Worker {
        id: u64,
        job: Job,
    }

    #[derive(SharedLayout)]
    #[repr(C)]
    #[shared(crate = "crate")]
    struct Farm {
        workers: [Worker; 65],
        nested: List<Job, 4>,
        inner: Large,
    }

    #[derive(SharedLayout)]
    #[repr(C)]
    #[shared(crate = "crate")]
    struct Large {
        bytes: [u8; 4096],
        few: [u8; 4088],
    }

    #[test]
    fn arrays_are_containers() {
        let report = Array::<u64, 1000>::LAYOUT.report();
        assert_eq!((report.plain(), report.tracked()), (0, 64 + 8000));
        assert!(
            report.warnings().is_empty()
                && report.to_string().contains("1000 items of 8 bytes; marked by item, past 32 places by page"),
            "{report}"
        );
        assert_eq!(Queue::<u64, 1000>::LAYOUT.report().plain(), 8); // its two numbers
    }

    #[test]
    fn parts_are_counted_once() {
        let report = Farm::LAYOUT.report();
        let worker = 8 + 8 + 8 + 4;
        assert_eq!(report.plain(), 65 * worker + 4 + size_of::<Large>());
        assert_eq!(report.tracked(), size_of::<Farm>() - report.plain());
        let text = report.to_string();
        assert!(text.contains("workers[].job.Run.left (65 of them): 8 items of 4 bytes"), "{text}");
        let size = size_of::<Job>();
        let nested = format!("nested: 4 items of {size} bytes; marked by item, past 4 places by block ({size} bytes)");
        assert!(text.contains(&nested), "{text}");
        let [large, many] = report.warnings() else { panic!("{text}") };
        assert!(large.starts_with("`inner.bytes` is plain and has 4096 bytes"), "{large}");
        assert!(many.starts_with("there are 66 containers"), "{many}");
        let head = "`Farm`: 16496 bytes\n  copied by each update: 10008 bytes of plain fields and lengths\n";
        assert!(text.starts_with(head), "{text}");
        let alone = <List<u64, 2>>::LAYOUT.report();
        assert_eq!((alone.plain(), alone.tracked()), (4, 76));
        assert!(alone.to_string().contains("the state: 2 items"), "{alone}");
        assert!(<[u64; 512]>::LAYOUT.report().warnings()[0].starts_with("`the state` is plain"));
    }
}
