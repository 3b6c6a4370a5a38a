//! The state under test, and a plain mirror of it.
//!
//! Every change is an [`Edit`], which both understand: the state's side of it is what dies, the mirror's side says what
//! there has to be.

use shmstate::{List, SharedLayout, Text};

/// Items that `cells` begins with; further updates change only those from [`FREE`] on.
const CELLS: u64 = 1100;

/// The operations under test leave the cells from here on alone, but for appending and shifting.
pub(crate) const FREE: usize = 1010;

/// Three pages, so that page bits can say less than everything; containers of every nesting.
#[derive(SharedLayout)]
#[repr(C)]
pub(crate) struct Fixture {
    ticks: u64,
    name: Text<24>,
    cells: List<u64, 1200>,
    left: List<u32, 16>,
    right: List<u32, 16>,
    groups: List<Group, 6>,
}

#[derive(SharedLayout)]
#[repr(C)]
struct Group {
    id: u64,
    tags: List<u32, 8>,
}

/// What a [`Fixture`] has to be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Model {
    pub(crate) ticks: u64,
    pub(crate) name: String,
    pub(crate) cells: Vec<u64>,
    pub(crate) left: Vec<u32>,
    pub(crate) right: Vec<u32>,
    pub(crate) groups: Vec<(u64, Vec<u32>)>,
}

/// One change.
#[derive(Clone, Debug)]
pub(crate) enum Edit {
    Name(String),
    Push(u64),
    Set(usize, u64),
    AddToEach(u64),
    Insert(usize, u64),
    Remove(usize),
    SwapSides,
    PushLeft(u32),
    AddGroup(u64),
    Tag(usize, u32),
    Retag(usize, usize, u32),
    SwapTags(usize, usize),
}

impl Fixture {
    /// The content of version 0.
    pub(crate) fn fill(&mut self) {
        self.name.set("größer").expect("room");
        self.cells.extend((0..CELLS).map(|i| i * 7));
        self.left.extend([1, 2, 3]);
        self.right.extend([4, 5]);
        for id in 0..3 {
            self.groups.push(Group { id, tags: List::new() }).expect("room");
            self.tag(id as usize, id as u32 + 100);
        }
    }

    fn tag(&mut self, group: usize, tag: u32) {
        self.groups[group].tags.push(tag).expect("room");
    }

    pub(crate) fn ticks(&self) -> u64 {
        self.ticks
    }

    /// Changes the state. Every update counts a tick.
    pub(crate) fn apply(&mut self, edits: &[Edit]) {
        self.ticks += 1;
        for edit in edits {
            match *edit {
                Edit::Name(ref name) => self.name.set(name).expect("room"),
                Edit::Push(value) => self.cells.push(value).expect("room"),
                Edit::Set(at, value) => self.cells[at] = value,
                Edit::AddToEach(more) => self.cells.iter_mut().for_each(|cell| *cell += more),
                Edit::Insert(at, value) => self.cells.insert(at, value).expect("room"),
                Edit::Remove(at) => drop(self.cells.remove(at)),
                Edit::SwapSides => std::mem::swap(&mut self.left, &mut self.right),
                Edit::PushLeft(value) => self.left.push(value).expect("room"),
                Edit::AddGroup(id) => self.groups.push(Group { id, tags: List::new() }).expect("room"),
                Edit::Tag(group, tag) => self.tag(group, tag),
                Edit::Retag(group, at, tag) => self.groups[group].tags[at] = tag,
                Edit::SwapTags(a, b) => {
                    let taken = std::mem::take(&mut self.groups[a].tags);
                    let other = std::mem::replace(&mut self.groups[b].tags, taken);
                    self.groups[a].tags = other;
                }
            }
        }
    }
}

impl Model {
    /// The content of version 0.
    pub(crate) fn first() -> Model {
        Model {
            ticks: 0,
            name: "größer".into(),
            cells: (0..CELLS).map(|i| i * 7).collect(),
            left: vec![1, 2, 3],
            right: vec![4, 5],
            groups: (0..3).map(|id| (id, vec![id as u32 + 100])).collect(),
        }
    }

    /// What a state is.
    pub(crate) fn of(fixture: &Fixture) -> Model {
        Model {
            ticks: fixture.ticks,
            name: fixture.name.as_str().into(),
            cells: fixture.cells.to_vec(),
            left: fixture.left.to_vec(),
            right: fixture.right.to_vec(),
            groups: fixture.groups.iter().map(|group| (group.id, group.tags.to_vec())).collect(),
        }
    }

    /// Changes the mirror as [`Fixture::apply`] changes the state.
    pub(crate) fn apply(&mut self, edits: &[Edit]) {
        self.ticks += 1;
        for edit in edits {
            match *edit {
                Edit::Name(ref name) => self.name.clone_from(name),
                Edit::Push(value) => self.cells.push(value),
                Edit::Set(at, value) => self.cells[at] = value,
                Edit::AddToEach(more) => self.cells.iter_mut().for_each(|cell| *cell += more),
                Edit::Insert(at, value) => self.cells.insert(at, value),
                Edit::Remove(at) => drop(self.cells.remove(at)),
                Edit::SwapSides => std::mem::swap(&mut self.left, &mut self.right),
                Edit::PushLeft(value) => self.left.push(value),
                Edit::AddGroup(id) => self.groups.push((id, vec![])),
                Edit::Tag(group, tag) => self.groups[group].1.push(tag),
                Edit::Retag(group, at, tag) => self.groups[group].1[at] = tag,
                Edit::SwapTags(a, b) => {
                    let taken = std::mem::take(&mut self.groups[a].1);
                    self.groups[a].1 = std::mem::replace(&mut self.groups[b].1, taken);
                }
            }
        }
    }

    /// The mirror after one more update.
    pub(crate) fn after(&self, edits: &[Edit]) -> Model {
        let mut next = self.clone();
        next.apply(edits);
        next
    }

    /// The first field in which the state differs, if any does.
    pub(crate) fn difference(&self, fixture: &Fixture) -> Option<String> {
        let differ = |field: &str, is: &dyn std::fmt::Debug, should: &dyn std::fmt::Debug| {
            Some(format!("`{field}` is {is:?}, not {should:?}"))
        };
        if fixture.ticks != self.ticks {
            return differ("ticks", &fixture.ticks, &self.ticks);
        }
        if fixture.name.as_str() != self.name {
            return differ("name", &fixture.name.as_str(), &self.name);
        }
        if fixture.cells.as_slice() != self.cells {
            let (is, should) = (fixture.cells.as_slice(), &self.cells);
            let at = is.iter().zip(should).position(|(a, b)| a != b).unwrap_or(is.len().min(should.len()));
            return differ(&format!("cells[{at}..]"), &is.get(at), &should.get(at));
        }
        if fixture.left.as_slice() != self.left {
            return differ("left", &fixture.left, &self.left);
        }
        if fixture.right.as_slice() != self.right {
            return differ("right", &fixture.right, &self.right);
        }
        let groups = || fixture.groups.iter().map(|group| (group.id, group.tags.as_slice()));
        if !groups().eq(self.groups.iter().map(|(id, tags)| (*id, tags.as_slice()))) {
            return differ("groups", &groups().collect::<Vec<_>>(), &self.groups);
        }
        None
    }
}
