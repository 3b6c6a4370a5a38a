//! The thread of each process that has joined. One of these threads at a time is elected, and is the link of its machine.

use crate::advice;
use crate::control::Control;
use crate::end::End;
use crate::engine::{Engine, Failed, Nats};
use crate::error::Error;
use crate::identity::Identity;
use crate::link;
use crate::paths::Paths;
use crate::replica::Replica;
use shmstate::{ErrorKind, SharedLayout, State};
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::sync::Notify;

/// How long a process waits to be elected before it checks whether its handle was dropped.
const LOOK: Duration = Duration::from_millis(50);

/// Where a state is, on this machine and in its cluster.
pub(crate) struct Address {
    pub(crate) paths: Paths,
    pub(crate) url: String,
    /// The name in the cluster.
    pub(crate) name: String,
    pub(crate) replicas: usize,
    pub(crate) timeout: Duration,
}

impl Address {
    /// Runs `with` with a function that connects to the engine that the URL names.
    pub(crate) fn with_engine<V: WithEngine>(&self, with: V) -> Result<V::Result, Error> {
        let (scheme, rest) = self.url.split_once("://").unwrap_or(("", ""));
        match scheme {
            "nats" | "tls" => Ok(with.run(|| Nats::connect(&self.url, &self.name, self.replicas))),
            #[cfg(feature = "etcd")]
            "etcd" => Ok(with.run(|| crate::engine::Etcd::connect(rest, &self.name))),
            #[cfg(test)]
            "memory" => Ok(with.run(|| crate::tests::memory::Memory::connect(rest))),
            _ => {
                let _ = rest;
                Err(Error::InvalidOption(format!(
                    "a URL with `{scheme}://`: a cluster has one like `nats://host:4222`{}; several servers are separated by commas",
                    if cfg!(feature = "etcd") { " or `etcd://host:2379`" } else { "; `etcd://` is the feature `etcd`" },
                )))
            }
        }
    }
}

/// What is done with an engine of any type.
pub(crate) trait WithEngine {
    type Result;
    fn run<E: Engine, F: Future<Output = Result<E, Failed>>>(self, connect: impl Fn() -> F) -> Self::Result;
}

/// A runtime for this thread.
pub(crate) fn runtime() -> Result<Runtime, Error> {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.map_err(|source| Error::Io { doing: "make a runtime", source })
}

/// The thread of a handle.
pub(crate) struct Worker {
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
    /// The process that has the thread: a forked child does not have it.
    process: u32,
}

#[derive(Default)]
struct Stop {
    is_asked: AtomicBool,
    #[cfg(test)]
    resign: AtomicBool,
    wake: Arc<Notify>,
}

impl Worker {
    pub(crate) fn start<T: SharedLayout>(address: Arc<Address>, control: State<Control>) -> Result<Worker, Error> {
        let stop = Arc::new(Stop::default());
        let run = {
            let stop = Arc::clone(&stop);
            move || Work::<T> { address: &address, control, stop: &stop, state: PhantomData }.run()
        };
        let thread = std::thread::Builder::new().name("shmstate-cluster".into()).spawn(run);
        let thread = thread.map_err(|source| Error::Io { doing: "start the thread of the link", source })?;
        Ok(Worker { stop, thread: Some(thread), process: std::process::id() })
    }
}

impl Worker {
    /// Ends the thread, and starts another one: another process of the machine may become the link meanwhile.
    #[cfg(test)]
    pub(crate) fn wake_to_resign(&self) {
        self.stop.resign.store(true, Relaxed);
        self.stop.wake.notify_one();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if self.process != std::process::id() {
            return;
        }
        // The thread checks this flag again and again.
        self.stop.is_asked.store(true, Relaxed);
        self.stop.wake.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Work<'a, T> {
    address: &'a Address,
    control: State<Control>,
    stop: &'a Stop,
    state: PhantomData<fn() -> T>,
}

impl<T: SharedLayout> Work<'_, T> {
    fn run(&self) {
        while !self.stop.is_asked.load(Relaxed) {
            let elected = match self.control.elect(LOOK) {
                Ok(elected) => elected,
                Err(e) if e.kind() == ErrorKind::Forked => return,
                Err(_) => {
                    shmstate::sleep(LOOK);
                    continue;
                }
            };
            let Some(elected) = elected else { continue };
            // A panic of the engine's client ends the link, but not the thread.
            let end = catch_unwind(AssertUnwindSafe(|| self.link()));
            let end =
                end.unwrap_or_else(|_| Ok(End::Lost("the client of the engine has panicked, and has said why".into())));
            let end = end.unwrap_or_else(End::Unable);
            let _ = self.control.update(|c| c.link = 0);
            let said = match &end {
                #[cfg(test)]
                End::Stopped if self.stop.resign.swap(false, Relaxed) => Ok(()),
                End::Stopped => return,
                End::Replaced => self.control.update(|c| c.replaced = true),
                End::Lost(why) | End::Refused { why, .. } => self.control.update(|c| c.disconnect(why)),
                End::Unable(e) => {
                    let why = e.to_string();
                    self.control.update(|c| c.disconnect(&why))
                }
            };
            if matches!(end, End::Replaced) && said.is_ok() {
                return;
            }
            // Another process may succeed as the link.
            drop(elected);
            shmstate::sleep(2 * LOOK);
        }
    }

    /// Acts as the link until that ends.
    fn link(&self) -> Result<End, Error> {
        let open = |path| State::<T>::options().timeout(self.address.timeout).open(path).map_err(advice::of_region);
        let (state, ahead) = (open(&self.address.paths.state)?, open(&self.address.paths.ahead)?);
        let (of_state, of_ahead) = self.control.read(|c| (c.state, c.ahead))?;
        if (state.lineage(), ahead.lineage()) != (of_state, of_ahead) {
            return Err(unrelated(&self.address.paths));
        }
        let local = State::<T>::local_bytes()?;
        let identity = Identity::of(&self.control, State::<T>::schema(), local.clone())?;
        let mut replica = Replica::take_over(&state, &self.control, &ahead, &local)?;
        struct Run<'r, 'a, T: SharedLayout> {
            runtime: Runtime,
            identity: &'r Identity,
            replica: &'r mut Replica<'a, T>,
            stop: &'r Arc<Notify>,
        }
        impl<T: SharedLayout> WithEngine for Run<'_, '_, T> {
            type Result = End;
            fn run<E: Engine, F: Future<Output = Result<E, Failed>>>(self, connect: impl Fn() -> F) -> End {
                self.runtime.block_on(link::run(connect, self.identity, self.replica, self.stop))
            }
        }
        let run = Run { runtime: runtime()?, identity: &identity, replica: &mut replica, stop: &self.stop.wake };
        self.address.with_engine(run)
    }
}

/// The regions have been replaced by others.
pub(crate) fn unrelated(paths: &Paths) -> Error {
    let why = "the region is another one than that which was made of the cluster's state".to_owned();
    Error::Unrelated { path: paths.state.clone(), why }
}
