//! Which processes have a file open or mapped, as `/proc` says it: of other users, it says nothing.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A file, whatever its name.
struct Key {
    dev: u64,
    ino: u64,
}

/// The processes but this one that have the file open or mapped, by number and command.
pub fn that_have(file: &Path) -> Vec<(u32, String)> {
    let Ok(file) = fs::metadata(file) else { return Vec::new() };
    let key = Key { dev: file.dev(), ino: file.ino() };
    let numbers = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = numbers.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let users = numbers.filter(|pid| *pid != std::process::id() && (key.is_mapped(*pid) || key.is_open(*pid)));
    users.map(|pid| (pid, command(pid))).collect()
}

/// Whether a signal, or a debugger, has stopped the process.
pub fn is_stopped(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The command's name is in parentheses, and may have some itself.
    stat.rsplit_once(") ").is_some_and(|(_, fields)| fields.starts_with(['T', 't']))
}

fn command(pid: u32) -> String {
    fs::read_to_string(format!("/proc/{pid}/comm")).map_or_else(|_| "?".into(), |name| name.trim_end().to_owned())
}

impl Key {
    fn is_mapped(&self, pid: u32) -> bool {
        let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default();
        maps.lines().any(|line| {
            // Addresses, rights, offset, device, inode, path.
            let mut fields = line.split_whitespace().skip(3);
            let device = fields.next().and_then(|device| device.split_once(':'));
            let inode = fields.next().and_then(|inode| inode.parse::<u64>().ok());
            let number = |hex: &str| u32::from_str_radix(hex, 16).ok();
            let device = device.and_then(|(major, minor)| Some(rustix::fs::makedev(number(major)?, number(minor)?)));
            (device, inode) == (Some(self.dev), Some(self.ino))
        })
    }

    fn is_open(&self, pid: u32) -> bool {
        let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        let mut files = descriptors.filter_map(|descriptor| fs::metadata(descriptor.path()).ok());
        files.any(|file| (file.dev(), file.ino()) == (self.dev, self.ino))
    }
}
