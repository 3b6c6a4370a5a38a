//! A memory control group of the tests' own.

use std::fs;
use std::path::{Path, PathBuf};

/// A group without processes, which is removed with the value.
pub struct Cgroup {
    dir: PathBuf,
}

impl Cgroup {
    /// A group inside of this process's, whose processes can take that many bytes of memory.
    ///
    /// # Errors
    /// Why this machine does not let the tests make one.
    pub fn new(limit: u64) -> Result<Cgroup, String> {
        let mounts = fs::read_to_string("/proc/self/mountinfo").map_err(|e| format!("no mountinfo: {e}"))?;
        let groups = fs::read_to_string("/proc/self/cgroup").map_err(|e| format!("no control groups: {e}"))?;
        let mut why = "no memory controller is mounted".to_owned();
        for mount in mounts.lines() {
            let Some((before, after)) = mount.split_once(" - ") else { continue };
            let after: Vec<&str> = after.split(' ').collect();
            let old = after[0] == "cgroup" && after[2].split(',').any(|option| option == "memory");
            if !old && after[0] != "cgroup2" {
                continue;
            }
            let mine = groups.lines().find_map(|line| match line.splitn(3, ':').collect::<Vec<_>>()[..] {
                [_, controllers, path] if old => controllers.split(',').any(|c| c == "memory").then_some(path),
                [_, "", path] => Some(path),
                _ => None,
            });
            let (Some(point), Some(mine)) = (before.split(' ').nth(4), mine) else { continue };
            let inside = if old { mine } else { "/" };
            let name = format!("shmstate-tests-{}-{limit}", std::process::id());
            let dir = Path::new(point).join(inside.trim_start_matches('/')).join(name);
            let file = if old { "memory.limit_in_bytes" } else { "memory.max" };
            let made = fs::create_dir(&dir).and_then(|()| {
                let group = Cgroup { dir: dir.clone() };
                fs::write(dir.join(file), limit.to_string())?;
                Ok(group)
            });
            match made {
                Ok(group) => return Ok(group),
                Err(e) => why = format!("no group at {}: {e}", dir.display()),
            }
        }
        Err(why)
    }

    /// The file to which a process writes its number to join.
    #[must_use]
    pub fn procs(&self) -> PathBuf {
        self.dir.join("cgroup.procs")
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.dir);
    }
}
