//! How far a command has come, on standard error, if that is a terminal and it takes longer than a second.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::Write;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{JoinHandle, spawn};
use std::time::{Duration, Instant};

/// How long nothing is shown.
const QUIET: Duration = Duration::from_secs(1);

/// How long what is shown stays the same.
const TICK: Duration = Duration::from_millis(100);

/// Work of which nothing is known but that it goes on; until this is dropped.
pub struct Busy(Option<(Sender<()>, JoinHandle<()>)>);

impl Busy {
    pub fn new(what: &'static str) -> Self {
        let (sender, ended) = channel();
        let show = move || {
            if ended.recv_timeout(QUIET) == Err(RecvTimeoutError::Timeout) {
                let bar = ProgressBar::new_spinner();
                if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}: {elapsed}") {
                    bar.set_style(style);
                }
                bar.set_message(what);
                bar.enable_steady_tick(TICK);
                let _ = ended.recv();
                bar.finish_and_clear();
            }
        };
        Busy(Some((sender, spawn(show))))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        if let Some((sender, thread)) = self.0.take() {
            drop(sender);
            let _ = thread.join();
        }
    }
}

/// A writer that counts.
pub struct Counted<W> {
    inner: W,
    bar: ProgressBar,
    began: Instant,
    bytes: u64,
}

impl<W: Write> Counted<W> {
    pub fn new(inner: W, what: &'static str) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}: {binary_bytes}, {binary_bytes_per_sec}") {
            bar.set_style(style);
        }
        bar.set_message(what);
        Counted { inner, bar, began: Instant::now(), bytes: 0 }
    }
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.bytes += count as u64;
        if self.bar.is_hidden() && self.began.elapsed() >= QUIET {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.set_position(self.bytes);
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}

impl<W> Drop for Counted<W> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
