//! How much memory is left for a region: on the machine, and in the control groups of this process.
//!
//! A file on a tmpfs takes memory page by page. To reserve a region that does not fit would make the kernel kill processes, not
//! necessarily this one. So the limits are read before anything is reserved.

use super::file::read_whole;
use rustix::io::Errno;
use std::ffi::OsString;
use std::fmt;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// What is left below a limit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Left {
    /// Bytes.
    pub(crate) bytes: u64,
    /// What limits them.
    pub(crate) limit: Limit,
}

/// What limits the bytes that a region can take.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Limit {
    /// The free space of the file system.
    FileSystem,
    /// The memory of the machine.
    Machine,
    /// The memory limit of a control group: the file that holds it.
    Group(PathBuf),
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Limit::FileSystem => f.write_str("the free space of its file system"),
            Limit::Machine => f.write_str("the memory of the machine (`MemAvailable` and `SwapFree` in /proc/meminfo)"),
            Limit::Group(file) => write!(f, "the memory limit of this process's control group (`{}`)", file.display()),
        }
    }
}

/// The tightest limit on the memory that this process can still take; `None` where the kernel tells none.
pub(crate) fn memory_left() -> rustix::io::Result<Option<Left>> {
    left_under(Path::new("/"))
}

/// [`memory_left`], with the kernel's files below `root`.
fn left_under(root: &Path) -> rustix::io::Result<Option<Left>> {
    let (mut tightest, mut swap) = (None, 0);
    if let Some(info) = text(&root.join("proc/meminfo"))? {
        swap = entry(&info, "SwapFree:").unwrap_or(0) * 1024;
        if let (Some(available), Some(total)) = (entry(&info, "MemAvailable:"), entry(&info, "MemTotal:")) {
            let bytes = (available * 1024 + swap).saturating_sub(kept(total * 1024));
            tightest = Some(Left { bytes, limit: Limit::Machine });
        }
    }
    for group in groups(root)? {
        let left = if group.unified { left_v2(root, &group.dir, swap)? } else { left_v1(root, &group.dir, swap)? };
        if let Some(left) = left.filter(|left| tightest.as_ref().is_none_or(|tightest| left.bytes < tightest.bytes)) {
            tightest = Some(left);
        }
    }
    Ok(tightest)
}

/// What a region leaves for everything else, page tables included, under a limit of `total` bytes: as much as the kernel keeps for
/// a user (`vm.user_reserve_kbytes`), a thirty-second at most.
fn kept(total: u64) -> u64 {
    (total / 32).min(128 << 20)
}

/// A control group whose limits count for this process.
struct Group {
    /// As the process sees it.
    dir: PathBuf,
    /// Of version 2.
    unified: bool,
}

/// The groups that this process is in, and all around them that it can see.
fn groups(root: &Path) -> rustix::io::Result<Vec<Group>> {
    let (Some(memberships), Some(mounts)) =
        (text(&root.join("proc/self/cgroup"))?, text(&root.join("proc/self/mountinfo"))?)
    else {
        return Ok(Vec::new());
    };
    let mut groups = Vec::new();
    for membership in memberships.lines() {
        // `number:controllers:path`; version 2 has the number 0 and no controllers.
        let mut parts = membership.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next()) else { continue };
        let unified = controllers.is_empty();
        if !unified && controllers.split(',').all(|controller| controller != "memory") {
            continue;
        }
        let Some((point, base)) = mounts.lines().find_map(|mount| hierarchy(mount, unified)) else { continue };
        // In a container, the mount may begin at the container's group, and the path at the machine's root.
        let inside = Path::new(path).strip_prefix(&base).unwrap_or(Path::new(""));
        let inside = if path.contains("/..") { Path::new("") } else { inside };
        let dirs = inside.ancestors().map(|inside| point.join(inside));
        groups.extend(dirs.map(|dir| Group { dir, unified }));
    }
    Ok(groups)
}

/// Where a line of `mountinfo` mounts the memory controller, and which group is there.
fn hierarchy(mount: &str, unified: bool) -> Option<(PathBuf, PathBuf)> {
    let (before, after) = mount.split_once(" - ")?;
    let mut after = after.split(' ');
    let (kind, options) = (after.next()?, after.nth(1)?);
    let memory = options.split(',').any(|option| option == "memory");
    if if unified { kind != "cgroup2" } else { kind != "cgroup" || !memory } {
        return None;
    }
    let mut before = before.split(' ').skip(3);
    let base = unescaped(before.next()?);
    Some((unescaped(before.next()?), base))
}

/// A path of `mountinfo`, where a space is `\040`.
fn unescaped(path: &str) -> PathBuf {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = tail.get(..3).filter(|_| *first == b'\\').and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 8).ok()) {
            Some(byte) => (bytes.push(byte), rest = &tail[3..]).1,
            None => (bytes.push(*first), rest = tail).1,
        }
    }
    PathBuf::from(OsString::from_vec(bytes))
}

/// What is left in a group of version 2.
fn left_v2(root: &Path, dir: &Path, swap: u64) -> rustix::io::Result<Option<Left>> {
    // `max` where there is no limit. Past `high` the kernel slows the process down until it hardly runs.
    let [max, high, used, swap_max, swap_used] =
        ["memory.max", "memory.high", "memory.current", "memory.swap.max", "memory.swap.current"]
            .map(|name| number(root, &dir.join(name)));
    let (max, high) = (max?.map(|max| (max, "memory.max")), high?.map(|high| (high, "memory.high")));
    let (Some((limit, name)), Some(used)) = (max.into_iter().chain(high).min(), used?) else { return Ok(None) };
    let stat = text(&below(root, &dir.join("memory.stat")))?.unwrap_or_default();
    let reclaimable: u64 = ["inactive_file", "active_file", "slab_reclaimable"]
        .iter()
        .filter_map(|name| entry(&stat, name))
        .fold(0, u64::saturating_add);
    let swap = swap_max?.map_or(swap, |max| swap.min(max.saturating_sub(swap_used.ok().flatten().unwrap_or(0))));
    let free = limit.saturating_add(reclaimable).saturating_sub(used).min(limit);
    let bytes = free.saturating_add(swap).saturating_sub(kept(limit));
    Ok(Some(Left { bytes, limit: Limit::Group(dir.join(name)) }))
}

/// What is left in a group of version 1.
fn left_v1(root: &Path, dir: &Path, swap: u64) -> rustix::io::Result<Option<Left>> {
    let own = "memory.limit_in_bytes";
    let stat = text(&below(root, &dir.join("memory.stat")))?.unwrap_or_default();
    // The second one is the tightest of the groups around, which a container does not see.
    let around = entry(&stat, "hierarchical_memory_limit").unwrap_or(u64::MAX);
    let (Some(limit), Some(used)) = (number(root, &dir.join(own))?, number(root, &dir.join("memory.usage_in_bytes"))?)
    else {
        return Ok(None);
    };
    let limit = limit.min(around);
    if limit > i64::MAX as u64 / 2 {
        // What says "no limit" there.
        return Ok(None);
    }
    let reclaimable: u64 = ["total_inactive_file", "total_active_file"]
        .iter()
        .filter_map(|name| entry(&stat, name))
        .fold(0, u64::saturating_add);
    let free = |limit: u64, used: u64| limit.saturating_add(reclaimable).saturating_sub(used).min(limit);
    let mut bytes = free(limit, used).saturating_add(swap);
    // Memory and swap together, where the kernel counts that.
    let both = (
        number(root, &dir.join("memory.memsw.limit_in_bytes")),
        number(root, &dir.join("memory.memsw.usage_in_bytes")),
    );
    if let (Some(limit), Some(used)) = (both.0?, both.1?) {
        bytes = bytes.min(free(limit, used));
    }
    Ok(Some(Left { bytes: bytes.saturating_sub(kept(limit)), limit: Limit::Group(dir.join(own)) }))
}

/// The file that the process sees at `path`.
fn below(root: &Path, path: &Path) -> PathBuf {
    root.join(path.strip_prefix("/").unwrap_or(path))
}

/// The number in a file; `None` if there is no such file, or something else in it.
fn number(root: &Path, path: &Path) -> rustix::io::Result<Option<u64>> {
    Ok(text(&below(root, path))?.and_then(|text| text.trim().parse().ok()))
}

/// The number after a name, in a file with a name on each line.
fn entry(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| {
        let mut words = line.split_ascii_whitespace();
        if words.next() == Some(name) { words.next()?.parse().ok() } else { None }
    })
}

/// A file of the kernel's; `None` where it has no such file, or does not show it to this process. A lack of descriptors or memory
/// is an error: nothing large is reserved while the limits are unknown.
fn text(path: &Path) -> rustix::io::Result<Option<String>> {
    match read_whole(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(e @ (Errno::MFILE | Errno::NFILE | Errno::NOMEM)) => Err(e),
        Err(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;
    const GIB: u64 = 1 << 30;

    /// A directory that plays the kernel's files.
    struct Root(tempfile::TempDir);

    impl Root {
        /// A machine of 64 GiB without swap, 10 GiB of them available.
        fn new() -> Root {
            let root = Root(tempfile::tempdir().unwrap());
            root.meminfo(10 * GIB, 0);
            root
        }

        fn meminfo(&self, available: u64, swap: u64) {
            let (available, swap) = (available / 1024, swap / 1024);
            let text = format!(
                "MemTotal: {} kB\nMemFree: 1 kB\nMemAvailable: {available} kB\nSwapFree: {swap} kB\n",
                GIB / 16
            );
            self.file("proc/meminfo", &text);
        }

        fn file(&self, path: &str, text: &str) {
            let path = self.0.path().join(path.trim_start_matches('/'));
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }

        fn v2(&self, mount_root: &str, path: &str) {
            self.file("proc/self/cgroup", &format!("0::{path}\n"));
            let mounts = "22 28 0:20 / /proc rw,relatime - proc proc rw\n29 28 0:26 ROOT /sys/fs/a\\040group rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
            self.file("proc/self/mountinfo", &mounts.replace("ROOT", mount_root));
        }

        fn v1(&self, mount_root: &str, path: &str) {
            self.file("proc/self/cgroup", &format!("5:cpu,cpuacct:/elsewhere\n4:memory:{path}\n0::/nowhere\n"));
            let mounts = "30 28 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n31 28 0:28 ROOT /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
            self.file("proc/self/mountinfo", &mounts.replace("ROOT", mount_root));
        }

        fn group(&self, dir: &str, files: &[(&str, u64)]) {
            for (name, value) in files {
                let value = if *value == u64::MAX { "max".to_owned() } else { value.to_string() };
                self.file(&format!("{dir}/{name}"), &format!("{value}\n"));
            }
        }

        #[track_caller]
        fn left(&self, bytes: u64, limit: &str) {
            let left = left_under(self.0.path()).unwrap().unwrap();
            assert_eq!((left.bytes / MIB, left.limit.to_string()), (bytes / MIB, limit.to_owned()));
        }
    }

    const MACHINE: &str = "the memory of the machine (`MemAvailable` and `SwapFree` in /proc/meminfo)";

    fn group(file: &str) -> String {
        format!("the memory limit of this process's control group (`{file}`)")
    }

    #[test]
    fn without_the_kernels_files_nothing_is_known() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(left_under(root.path()), Ok(None));
    }

    #[test]
    fn the_machine_keeps_some_of_its_memory() {
        let root = Root::new();
        root.left(10 * GIB - 128 * MIB, MACHINE);
        root.meminfo(10 * GIB, 3 * GIB);
        root.left(13 * GIB - 128 * MIB, MACHINE);
        root.meminfo(MIB, 0);
        root.left(0, MACHINE);
    }

    #[test]
    fn the_tightest_of_nested_groups_counts() {
        let root = Root::new();
        root.v2("/", "/outer/inner");
        let none = [("memory.max", u64::MAX), ("memory.high", u64::MAX), ("memory.current", GIB)];
        root.group("/sys/fs/a group/outer/inner", &none);
        root.group("/sys/fs/a group/outer", &none);
        root.left(10 * GIB - 128 * MIB, MACHINE);
        root.group("/sys/fs/a group/outer", &[("memory.max", 2 * GIB)]);
        root.left(GIB - 64 * MIB, &group("/sys/fs/a group/outer/memory.max"));
        root.group("/sys/fs/a group/outer/inner", &[("memory.max", 4 * GIB)]);
        root.left(GIB - 64 * MIB, &group("/sys/fs/a group/outer/memory.max"));
        root.group("/sys/fs/a group/outer/inner", &[("memory.high", 3 * GIB / 2)]);
        root.left(GIB / 2 - 48 * MIB, &group("/sys/fs/a group/outer/inner/memory.high"));
        // What the kernel can give back at once is not taken; shared memory is not among it.
        root.file(
            "/sys/fs/a group/outer/inner/memory.stat",
            "anon 7\nshmem 999999999\ninactive_file 104857600\nactive_file 1\nslab_reclaimable 104857600\n",
        );
        root.left(GIB / 2 + 200 * MIB - 48 * MIB, &group("/sys/fs/a group/outer/inner/memory.high"));
    }

    #[test]
    fn swap_counts_as_far_as_the_group_may_use_it() {
        let root = Root::new();
        root.meminfo(10 * GIB, 3 * GIB);
        root.v2("/", "/");
        root.group("/sys/fs/a group", &[("memory.max", 2 * GIB), ("memory.current", GIB)]);
        let file = group("/sys/fs/a group/memory.max");
        root.left(4 * GIB - 64 * MIB, &file);
        root.group("/sys/fs/a group", &[("memory.swap.max", GIB), ("memory.swap.current", GIB / 2)]);
        root.left(3 * GIB / 2 - 64 * MIB, &file);
        root.group("/sys/fs/a group", &[("memory.swap.max", 0)]);
        root.left(GIB - 64 * MIB, &file);
    }

    /// The group's path begins at the machine's root, and what is mounted at the container's group; or it leads out of what
    /// the container sees.
    #[test]
    fn a_container_sees_its_own_group_at_the_mount() {
        let root = Root::new();
        for path in ["/docker/1234/inner", "/docker/1234", "/docker/5678", "/../5678", "/"] {
            root.v2("/docker/1234", path);
            root.group("/sys/fs/a group", &[("memory.max", 2 * GIB), ("memory.current", GIB)]);
            root.left(GIB - 64 * MIB, &group("/sys/fs/a group/memory.max"));
        }
    }

    #[test]
    fn groups_of_version_1_have_limits_too() {
        let root = Root::new();
        root.v1("/", "/outer/inner");
        let dir = "/sys/fs/cgroup/memory/outer";
        let none = [("memory.limit_in_bytes", 9_223_372_036_854_771_712), ("memory.usage_in_bytes", GIB)];
        root.group(&format!("{dir}/inner"), &none);
        root.group("/sys/fs/cgroup/memory", &none);
        root.left(10 * GIB - 128 * MIB, MACHINE);
        root.group(dir, &[("memory.limit_in_bytes", 2 * GIB), ("memory.usage_in_bytes", GIB)]);
        let file = group(&format!("{dir}/memory.limit_in_bytes"));
        root.left(GIB - 64 * MIB, &file);
        root.file(&format!("{dir}/memory.stat"), "total_inactive_file 104857600\ntotal_active_file 0\n");
        root.left(GIB + 100 * MIB - 64 * MIB, &file);
        root.meminfo(10 * GIB, 3 * GIB);
        root.left(4 * GIB + 100 * MIB - 64 * MIB, &file);
        root.group(dir, &[("memory.memsw.limit_in_bytes", 3 * GIB), ("memory.memsw.usage_in_bytes", GIB)]);
        root.left(2 * GIB + 100 * MIB - 64 * MIB, &file);
        // Of the groups around, a container sees this.
        root.file(&format!("{dir}/memory.stat"), "hierarchical_memory_limit 1342177280\n");
        root.left(2 * GIB - 40 * MIB, &file);
    }

    #[test]
    fn nonsense_is_no_limit() {
        let root = Root::new();
        root.file("proc/self/cgroup", "\n:\n0:\n0::\n4:memory\n");
        root.file("proc/self/mountinfo", "\n - \n1 2 3 - cgroup2\n1 2 3 / - cgroup2 x y\n");
        root.left(10 * GIB - 128 * MIB, MACHINE);
        root.file("proc/meminfo", "MemAvailable: lots kB\n");
        assert_eq!(left_under(root.0.path()), Ok(None));
    }

    #[test]
    fn this_machine_tells_its_memory() {
        let left = memory_left().unwrap();
        println!("{left:?}");
        assert!(left.is_none_or(|left| left.bytes < 1 << 50));
    }
}
