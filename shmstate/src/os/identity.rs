//! What identifies a process and its time: the machine's boot, the clock, random numbers, the process's name.

use super::descriptors::read_start;
use std::io;
use std::time::SystemTime;

/// Identifies the present run of the machine; zero where the kernel does not tell. If it cannot be read, for lack of a descriptor
/// for instance, that is an error: otherwise a region from before the last start would pass.
pub(crate) fn boot_id() -> io::Result<u128> {
    match read_start("/proc/sys/kernel/random/boot_id", 64) {
        Ok(text) => {
            let text = String::from_utf8_lossy(&text);
            Ok(u128::from_str_radix(&text.trim().replace('-', ""), 16).unwrap_or(0))
        }
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied) => Ok(0),
        Err(e) => Err(e),
    }
}

/// Nanoseconds since 1970, for people to read.
pub(crate) fn now_ns() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// A random number.
pub(crate) fn random_u128() -> u128 {
    let mut bytes = [0; 16];
    let mut filled = 0;
    while filled < bytes.len() {
        match rustix::rand::getrandom(&mut bytes[filled..], rustix::rand::GetRandomFlags::empty()) {
            Ok(n) => filled += n,
            Err(rustix::io::Errno::INTR) => {}
            // Only a kernel from before 2014 lacks the call: the hasher's keys are as random as that system gets.
            Err(_) => return u128::from(hashed()) << 64 | u128::from(hashed()),
        }
    }
    u128::from_ne_bytes(bytes)
}

fn hashed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(now_ns())
}

/// A random number.
pub(crate) fn random_u64() -> u64 {
    random_u128() as u64
}

/// The inode of this process's PID namespace; 0 where `/proc` does not tell. Process ids of different namespaces cannot be
/// compared.
pub(crate) fn pid_namespace() -> u32 {
    // The kernel numbers namespaces with 32 bits.
    rustix::fs::stat("/proc/self/ns/pid").map_or(0, |stat| stat.st_ino as u32)
}

/// The first 16 bytes of the process's command name, for error messages in other processes; where `/proc` does not tell,
/// the thread's.
pub(crate) fn process_name() -> [u8; 16] {
    let mut name = [0; 16];
    let thread = |_| rustix::thread::name().map(std::ffi::CString::into_bytes);
    let text = read_start("/proc/self/comm", name.len()).or_else(thread).unwrap_or_default();
    let len = text.iter().position(|&b| b == b'\n').unwrap_or(text.len()).min(name.len());
    name[..len].copy_from_slice(&text[..len]);
    name
}
