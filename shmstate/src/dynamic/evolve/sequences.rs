//! Arrays, lists, rings and queues: item by item, in their order.

use super::conversion::{Conversion, changed};
use super::path::Trail;
use crate::dynamic::locate::Sequence;
use crate::dynamic::shape::{Form, Run};
use crate::error::Error;
use crate::layout::matching::{Pair, Part, Step};

impl Conversion<'_> {
    pub(super) fn sequence(
        &mut self,
        trail: Trail<'_>,
        pair: &Pair,
        item: Part,
        from: usize,
        to: usize,
    ) -> Result<(), Error> {
        let (olds, news) = (self.old, self.new);
        let (old, new) = (&olds.get(pair.old).form, &news.get(pair.new).form);
        let Some(sequence) = Sequence::of(old, self.source, from)? else { return Err(changed()) };
        let (items, is_ring) = match new {
            Form::Array { items } | Form::List { items } | Form::Queue { items, .. } => {
                (*items, matches!(old, Form::Ring { .. }))
            }
            Form::Ring { items, .. } => (*items, true),
            _ => return Err(changed()),
        };
        let count = sequence.count.min(items.capacity);
        let lost = sequence.count - count;
        self.losses.add(&trail, usize::from(lost > 0), || {
            format!("{} items, and the program has room for {}", sequence.count, items.capacity)
        });
        // Of a ring, and for one, the latest items are kept, as a ring keeps them itself.
        let first = if is_ring { lost } else { 0 };
        match new {
            Form::List { .. } => self.image.put_u32(to, count)?,
            Form::Ring { start, len, .. } => {
                self.image.put_u32(to + start, 0)?;
                self.image.put_u32(to + len, count)?;
            }
            Form::Queue { start, count: number, .. } => {
                self.image.put_u32(to + start, 0)?;
                self.image.put_u32(to + number, count)?;
            }
            _ => {}
        }
        if self.are_bytes(item, sequence.items, items) && sequence.start == 0 {
            return self.copy(from + sequence.items.offset(first), count * items.size, to + items.at);
        }
        (0..count).try_for_each(|index| {
            let target = to + items.offset(index);
            self.fresh(items.item, target)?;
            self.part(trail.item(), item, from + sequence.offset(first + index), target)
        })
    }

    /// Whether items can be copied all at once.
    pub(super) fn are_bytes(&self, item: Part, old: Run, new: Run) -> bool {
        (item.from, item.to) == (0, 0)
            && old.size == new.size
            && matches!(self.plan.get(item.step).step, Step::Same(size) if size == new.size)
    }
}
