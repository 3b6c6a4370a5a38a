//! The state that everybody holds: a counter and a list of `u64`.

/// The sizes that are measured, in bytes of items. A state is a little larger.
pub const SIZES: [usize; 6] = [64, 4 << 10, 64 << 10, 1 << 20, 64 << 20, 1 << 30];

/// A size as people write it.
pub fn size_name(bytes: usize) -> String {
    match bytes.ilog2() / 10 {
        0 => format!("{bytes} B"),
        1 => format!("{} KiB", bytes >> 10),
        2 => format!("{} MiB", bytes >> 20),
        _ => format!("{} GiB", bytes >> 30),
    }
}

/// What a reader sees.
pub trait Read {
    fn counter(&self) -> u64;
    fn len(&self) -> usize;
    fn get(&self, at: usize) -> u64;
    fn sum(&self) -> u64;
    fn to_vec(&self) -> Vec<u64>;

    /// The item that an update of the last item changes along with the counter, which starts one below it.
    fn is_torn(&self) -> bool {
        self.get(self.len() - 1) != self.counter().wrapping_add(1)
    }
}

/// What a writer changes.
pub trait Write: Read {
    fn set_counter(&mut self, value: u64);
    fn add(&mut self, at: usize, by: u64);
    fn set(&mut self, at: usize, value: u64);
    fn push(&mut self, value: u64);
    fn pop(&mut self);
    fn clear(&mut self);
    fn is_full(&self) -> bool;
    fn insert_front(&mut self, value: u64);

    fn count(&mut self) {
        self.set_counter(self.counter() + 1);
    }
}

/// The content without anything around it.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Plain<T: ?Sized = [u64]> {
    pub counter: u64,
    pub len: u64,
    pub items: T,
}

impl Read for Plain {
    #[inline]
    fn counter(&self) -> u64 {
        self.counter
    }
    #[inline]
    fn len(&self) -> usize {
        self.len as usize
    }
    #[inline]
    fn get(&self, at: usize) -> u64 {
        self.items[at]
    }
    #[inline]
    fn sum(&self) -> u64 {
        sum(&self.items[..self.len as usize])
    }
    fn to_vec(&self) -> Vec<u64> {
        self.items[..self.len as usize].to_vec()
    }
}

impl Write for Plain {
    #[inline]
    fn set_counter(&mut self, value: u64) {
        self.counter = value;
    }
    #[inline]
    fn add(&mut self, at: usize, by: u64) {
        self.items[at] = self.items[at].wrapping_add(by);
    }
    #[inline]
    fn set(&mut self, at: usize, value: u64) {
        self.items[at] = value;
    }
    #[inline]
    fn push(&mut self, value: u64) {
        self.items[self.len as usize] = value;
        self.len += 1;
    }
    fn pop(&mut self) {
        self.len -= 1;
    }
    fn clear(&mut self) {
        self.len = 0;
    }
    #[inline]
    fn is_full(&self) -> bool {
        self.len as usize == self.items.len()
    }
    fn insert_front(&mut self, value: u64) {
        self.items.copy_within(..self.len as usize, 1);
        self.items[0] = value;
        self.len += 1;
    }
}

/// A sum that wraps around, as transfers let single items do.
#[inline]
pub fn sum(items: &[u64]) -> u64 {
    items.iter().fold(0, |sum, item| sum.wrapping_add(*item))
}

/// The random spot of operation `i`: the same one for everybody, and known long before it is needed.
#[inline]
pub fn spot(i: u64, len: usize) -> usize {
    let mixed = i.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ mixed >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93);
    (((mixed >> 32) * len as u64) >> 32) as usize
}

/// Two spots that differ.
#[inline]
pub fn spots(i: u64, len: usize) -> (usize, usize) {
    let from = spot(2 * i, len);
    (from, (from + 1 + spot(2 * i + 1, len - 1)) % len)
}
