//! The state of the example `counters`, which the example `dashboard` shows.

use anyhow::{Result, ensure};
use shmstate::{List, SharedLayout, Text};

/// The most workers that the state has a row for.
pub const WORKERS: usize = 32;

/// What the processes share.
#[derive(SharedLayout)]
#[repr(C)]
pub struct Counters {
    /// Requests by their route.
    pub routes: List<Route, 64>,
    /// Requests by the process that has handled them.
    pub workers: List<Worker, WORKERS>,
}

/// A route of the server.
#[derive(SharedLayout, Clone)]
#[repr(C)]
pub struct Route {
    /// What it is asked for by.
    pub path: Text<32>,
    /// All requests.
    pub requests: u64,
    /// Those that failed.
    pub errors: u64,
}

/// A worker's row.
#[derive(SharedLayout, Clone, Default)]
#[repr(C)]
pub struct Worker {
    /// The process that has this row now.
    pub pid: u32,
    /// How many processes have had it.
    pub starts: u32,
    /// All requests that they have handled.
    pub requests: u64,
}

impl Counters {
    /// All requests, added up by route and by worker: the same in each version.
    ///
    /// # Errors
    /// If they are not.
    pub fn total(&self) -> Result<u64> {
        let by_route = self.routes.iter().map(|route| route.requests).sum::<u64>();
        let by_worker = self.workers.iter().map(|worker| worker.requests).sum::<u64>();
        ensure!(by_route == by_worker, "{by_route} requests by route, {by_worker} by worker");
        Ok(by_route)
    }
}
