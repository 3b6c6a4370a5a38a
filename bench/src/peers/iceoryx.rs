//! iceoryx2's blackboard: one entry, copied whole by each read, and loaned whole by one writer for each update.

use super::Peer;
use super::store::Store;
use crate::counter_list::{Plain, SIZES};
use anyhow::{Context, Result, bail};
use iceoryx2::config::Config;
use iceoryx2::port::reader::EntryHandle;
use iceoryx2::port::writer::EntryHandleMut;
use iceoryx2::prelude::*;
use iceoryx2::service::port_factory::blackboard::PortFactory;
use std::path::Path;

pub type Service = ipc::Service;

#[derive(Clone, Copy)]
#[repr(transparent)]
struct Value<const N: usize>(Plain<[u64; N]>);

// SAFETY: numbers only.
unsafe impl<const N: usize> ZeroCopySend for Value<N> {}

/// In the order in which they have to go.
struct Blackboard<const N: usize> {
    writer: Option<(EntryHandleMut<Service, u64, Value<N>>, Box<Value<N>>)>,
    reader: EntryHandle<Service, u64, Value<N>>,
    factory: PortFactory<Service, u64>,
}

/// Up to what is fit for the stack: a value is added to the blackboard by value.
pub fn open(dir: &Path, bytes: usize, create: bool) -> Result<Box<dyn Peer>> {
    match bytes {
        _ if bytes == SIZES[0] => typed::<{ SIZES[0] / 8 }>(dir, create),
        _ if bytes == SIZES[1] => typed::<{ SIZES[1] / 8 }>(dir, create),
        _ if bytes == SIZES[2] => typed::<{ SIZES[2] / 8 }>(dir, create),
        _ if bytes == SIZES[3] => typed::<{ SIZES[3] / 8 }>(dir, create),
        _ => bail!("no type of {bytes} bytes"),
    }
}

/// A node; what it leaves is removed with the directory.
pub fn node(dir: &Path) -> Result<Node<Service>> {
    set_log_level(LogLevel::Fatal);
    let mut config = Config::default();
    let root = dir.to_str().context("a path of text")?;
    config.global.set_root_path(&iceoryx2::prelude::Path::new(root.as_bytes())?);
    Ok(NodeBuilder::new().config(&config).create::<Service>()?)
}

fn typed<const N: usize>(dir: &Path, create: bool) -> Result<Box<dyn Peer>> {
    let name = dir.to_str().context("a path of text")?;
    let node = node(dir)?;
    let service = node.service_builder(&name.try_into()?);
    let factory = if create {
        let first = Value(Plain { counter: 0, len: N as u64, items: [1; N] });
        service.blackboard_creator::<u64>().max_nodes(32).max_readers(32).add::<Value<N>>(0, first).create()?
    } else {
        service.blackboard_opener::<u64>().open()?
    };
    let reader = factory.reader_builder().create()?.entry::<Value<N>>(&0)?;
    Ok(Box::new(Blackboard { writer: None, reader, factory }))
}

impl<const N: usize> Blackboard<N> {
    /// The entry for writing, which one process may have, and what was written last.
    fn writer(&mut self) -> Result<(EntryHandleMut<Service, u64, Value<N>>, Box<Value<N>>)> {
        match self.writer.take() {
            Some(writer) => Ok(writer),
            None => {
                let entry = self.factory.writer_builder().create()?.entry::<Value<N>>(&0)?;
                Ok((entry, Box::new(*self.reader.get())))
            }
        }
    }

    #[inline]
    fn loan(&mut self, f: impl FnOnce(&mut Plain), keep: bool) -> Result<()> {
        let (entry, mut last) = self.writer()?;
        f(&mut last.0);
        let mut loan = entry.loan_uninit();
        let entry = if keep {
            loan.value_mut().write(*last);
            // SAFETY: just written.
            unsafe { loan.assume_init_and_update() }
        } else {
            loan.discard()
        };
        self.writer = Some((entry, last));
        Ok(())
    }
}

impl<const N: usize> Store for Blackboard<N> {
    type View = Plain;
    type Edit = Plain;

    #[inline]
    fn read<R>(&mut self, mut f: impl FnMut(&Plain) -> R) -> Result<R> {
        let value = self.reader.get();
        Ok(f(&value.0))
    }
    #[inline]
    fn update(&mut self, f: impl FnOnce(&mut Plain)) -> Result<()> {
        self.loan(f, true)
    }
    #[inline]
    fn roll_back(&mut self, at: usize, value: u64) -> Result<()> {
        self.loan(|s| super::store::by_hand(s, at, value), false)
    }
}
