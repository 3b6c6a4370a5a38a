//! A crash at every instruction.
//!
//! A child process does one operation, one instruction at a time. After each that has changed the region, the region's
//! bytes are what a death at this point leaves. They are carried to other regions, where handles that were attached all
//! the time, new handles, and a new population go on: each sees the version before or the one after, whole, and every
//! further update, in every copy, is as it has to be. Some of the children are killed for real.
//!
//! `cargo run --release -p shmstate-tests --bin step -- --help`

#[cfg(target_arch = "x86_64")]
mod campaign;
#[cfg(target_arch = "x86_64")]
mod check;
#[cfg(target_arch = "x86_64")]
mod child;
#[cfg(target_arch = "x86_64")]
mod fixture;
#[cfg(target_arch = "x86_64")]
mod image;
#[cfg(target_arch = "x86_64")]
mod migrated;
#[cfg(target_arch = "x86_64")]
mod ops;
#[cfg(target_arch = "x86_64")]
mod report;
#[cfg(target_arch = "x86_64")]
mod run;
#[cfg(target_arch = "x86_64")]
mod scenario;
#[cfg(target_arch = "x86_64")]
mod scene;
#[cfg(target_arch = "x86_64")]
mod settings;
#[cfg(target_arch = "x86_64")]
mod surroundings;
#[cfg(target_arch = "x86_64")]
mod trace;

/// What may fail for reasons that are no finding.
#[cfg(target_arch = "x86_64")]
type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

#[cfg(target_arch = "x86_64")]
fn main() -> std::process::ExitCode {
    run::main()
}

#[cfg(not(target_arch = "x86_64"))]
fn main() {
    println!("skipped: only x86-64 processors are stepped");
}
