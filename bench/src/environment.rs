//! When, where and how a run was made, and what the machine has room for.

use crate::counter_list::{SIZES, size_name};
use crate::measure::Effort;
use std::fs;
use std::time::SystemTime;

/// Where states are made.
pub const MEMORY: &str = "/dev/shm";

/// One line: day, machine and command.
pub fn line() -> String {
    let days = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs() / 86400);
    format!("Measured on {} on {} by `{}`", date(days), machine(), command(std::env::args().skip(1)))
}

/// The day of the Gregorian calendar, so many days after the first of January 1970.
fn date(days: u64) -> String {
    // Years that begin in March have their leap day last; 400 of them always have as many days.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    format!("{}-{month:02}-{day:02}", era * 400 + year + next)
}

fn machine() -> String {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let info = read("/proc/cpuinfo");
    let model =
        info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':').map(|(_, name)| name.trim()));
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    let kernel = read("/proc/sys/kernel/osrelease");
    let kernel: Vec<&str> = kernel.trim().splitn(3, ['.', '-']).take(2).collect();
    format!("{cores} cores ({}), Linux {}", model.unwrap_or(std::env::consts::ARCH), kernel.join("."))
}

fn command(arguments: impl Iterator<Item = String>) -> String {
    let arguments: Vec<String> = arguments.collect();
    let dashes = if arguments.is_empty() { "" } else { " -- " };
    format!("cargo run --release -p bench{dashes}{}", arguments.join(" "))
}

/// Bytes that can still be taken, in memory and in the file system that is in it.
fn room() -> u64 {
    let info = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let free = info
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    let free = free.map_or(u64::MAX, |kib| kib << 10);
    // SAFETY: a struct of numbers.
    let mut system: libc::statvfs = unsafe { std::mem::zeroed() };
    let path = std::ffi::CString::new(MEMORY).unwrap_or_default();
    // SAFETY: a string with its end, and a struct of our own.
    let there = unsafe { libc::statvfs(path.as_ptr(), &raw mut system) } == 0;
    if there { free.min(system.f_bavail * system.f_frsize) } else { free }
}

/// Bytes that the states of a size take together, at the most.
fn need(bytes: usize) -> u64 {
    // At the last size there are few peers: three copies, one in place, a snapshot of it, and what the kernel needs.
    (if bytes == SIZES[5] { 6 } else { 20 }) * bytes as u64
}

/// Leaves out the sizes that there is no room for in so many GiB, and says so.
pub fn fit(effort: &mut Effort, gib: u64) -> Option<String> {
    fit_into(effort, room().min(gib << 30))
}

fn fit_into(effort: &mut Effort, room: u64) -> Option<String> {
    let (before, sizes) = (effort.sizes, &SIZES[..effort.sizes]);
    effort.sizes = sizes.iter().rposition(|bytes| need(*bytes) <= room).map_or(1, |last| last + 1);
    let missing = SIZES.get(effort.sizes).filter(|_| effort.sizes < before)?;
    Some(format!(
        "nothing is measured at {} or above: it takes {} MiB of memory, of which {} are free in {MEMORY} and permitted by `--gib`",
        size_name(*missing),
        need(*missing) >> 20,
        room >> 20
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_dates() {
        let dates = [0, 59, 11_016, 11_017, 20_783, 22_339].map(date);
        assert_eq!(dates, ["1970-01-01", "1970-03-01", "2000-02-29", "2000-03-01", "2026-11-26", "2031-03-01"]);
    }

    #[test]
    fn the_command_can_be_repeated() {
        assert_eq!(command([].into_iter()), "cargo run --release -p bench");
        assert_eq!(command(["--quick".to_owned()].into_iter()), "cargo run --release -p bench -- --quick");
    }

    #[test]
    fn what_does_not_fit_is_left_out_and_named() {
        let mut effort = Effort::FULL;
        assert_eq!(fit_into(&mut effort, 7 << 30), None);
        assert_eq!(effort.sizes, 6);
        let note = fit_into(&mut effort, 2 << 30).unwrap();
        assert!(effort.sizes == 5 && note.contains("1 GiB"), "{note}");
        assert!(fit_into(&mut effort, 0).is_some_and(|note| note.contains("4 KiB")));
        assert_eq!(effort.sizes, 1);
    }
}
