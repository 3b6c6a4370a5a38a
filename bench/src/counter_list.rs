//! The state that all sides hold: a counter and a list of `u64`.

/// The sizes that are measured, in bytes of items. A state is a little larger.
pub const SIZES: [usize; 6] = [64, 4 << 10, 64 << 10, 1 << 20, 64 << 20, 1 << 30];

/// A size at which readers stay, and nothing else is measured.
pub const HUGE: usize = 512 << 20;

/// A size at which a private copy follows: with it, a state of three copies takes 1 GiB.
pub const LARGE: usize = 256 << 20;

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
    /// Borrows all items for writing.
    fn touch(&mut self) {}

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

/// The random spot of operation `i`: the same one for all, and known long before it is needed.
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

/// A map has room for an entry per 16 bytes of its size, and is half full.
pub fn entries(bytes: usize) -> usize {
    bytes / 32
}

/// The key of entry `n`: no two are the same, none is 0.
#[inline]
pub fn key(n: usize) -> u64 {
    let mixed = (n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ mixed >> 29
}

/// Where the value of `key` is in a list that is used as a table of keys, each before its value: open addressing, and
/// 0 for no key. A peer without a map of its own gets this one.
#[inline]
fn place<R: Read + ?Sized>(s: &R, key: u64) -> usize {
    let buckets = s.len() as u64 / 2;
    let mut bucket = ((key.wrapping_mul(0xd6e8_feb8_6659_fd93) >> 32) * buckets) >> 32;
    loop {
        let at = 2 * bucket as usize;
        let there = s.get(at);
        if there == key || there == 0 {
            return at + 1;
        }
        bucket = if bucket + 1 == buckets { 0 } else { bucket + 1 };
    }
}

/// The value of `key` in such a table.
#[inline]
pub fn look_up<R: Read + ?Sized>(s: &R, key: u64) -> u64 {
    s.get(place(s, key))
}

/// Counts the value of `key` up.
#[inline]
pub fn count_key<W: Write + ?Sized>(s: &mut W, key: u64) {
    s.add(place(s, key), 1);
    s.count();
}

/// Makes such a table of a full list: `entries` of them, with values of 1.
pub fn fill_map<W: Write + ?Sized>(s: &mut W, entries: usize) {
    for at in 0..s.len() {
        s.set(at, 0);
    }
    for key in (0..entries).map(key) {
        let at = place(s, key);
        s.set(at - 1, key);
        s.set(at, 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_in_a_list_is_a_map() {
        for bytes in [64, 4096] {
            let mut items = vec![0u64; 2 + bytes / 8];
            items[1] = bytes as u64 / 8;
            let len = bytes / 8;
            let plain = std::ptr::slice_from_raw_parts_mut(items.as_mut_ptr(), len) as *mut Plain;
            // SAFETY: two numbers and the items, in memory of its own.
            let plain = unsafe { &mut *plain };
            fill_map(plain, entries(bytes));
            for n in 0..entries(bytes) {
                (0..n % 3).for_each(|_| count_key(plain, key(n)));
            }
            for n in 0..entries(bytes) {
                assert_eq!(look_up(plain, key(n)), 1 + n as u64 % 3);
            }
            let values: u64 = (0..entries(bytes)).map(|n| look_up(plain, key(n))).sum();
            assert_eq!(values, entries(bytes) as u64 + plain.counter);
        }
    }
}
