//! Machines on this one: network namespaces with an address and a link each, and a bridge between the links.
//!
//! The bridge lies in a namespace of its own, so that this machine's network has nothing of it. It takes root and the program `ip`. The
//! example `cluster` uses this file as well.
#![allow(dead_code, reason = "each program uses a part of it")]

use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// What the names of all namespaces begin with. The process that has made one follows, then its number.
const PREFIX: &str = "shmstate-";

/// Where `ip` has the names of namespaces.
const NAMES: &str = "/run/netns";

/// As many machines as were asked for, removed when dropped.
pub struct Namespaces {
    prefix: String,
    machines: usize,
}

impl Namespaces {
    /// Makes the machines, after it has removed those of processes that have died.
    ///
    /// # Errors
    /// What `ip` says: this process is not root, or the kernel lacks something.
    pub fn new(machines: usize) -> io::Result<Namespaces> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        remove_remains();
        let prefix = format!("{PREFIX}{}-{}", std::process::id(), NUMBER.fetch_add(1, Relaxed));
        // From here on, an error removes what there is.
        let made = Namespaces { prefix, machines };
        let hub = made.hub();
        ip(&format!("netns add {hub}"))?;
        ip(&format!("-n {hub} link add bridge type bridge"))?;
        ip(&format!("-n {hub} link set bridge up"))?;
        for n in 0..machines {
            let (name, address) = (made.name(n), made.address(n));
            ip(&format!("netns add {name}"))?;
            ip(&format!("-n {hub} link add link{n} type veth peer name eth0 netns {name}"))?;
            ip(&format!("-n {hub} link set link{n} master bridge up"))?;
            ip(&format!("-n {name} addr add {address}/24 dev eth0"))?;
            ip(&format!("-n {name} link set eth0 up"))?;
            ip(&format!("-n {name} link set lo up"))?;
        }
        Ok(made)
    }

    fn hub(&self) -> String {
        format!("{}-hub", self.prefix)
    }

    fn name(&self, machine: usize) -> String {
        format!("{}-{machine}", self.prefix)
    }

    /// The address of a machine, which all of them know.
    pub fn address(&self, machine: usize) -> String {
        format!("10.77.0.{}", machine + 1)
    }

    /// A program on a machine. The process that is started becomes the program.
    pub fn command(&self, machine: usize, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name(machine)]).arg(program);
        command
    }

    /// Takes a machine's link down, or up again. No end of a connection learns of it.
    ///
    /// # Errors
    /// What `ip` says.
    pub fn cut(&self, machine: usize, is_cut: bool) -> io::Result<()> {
        ip(&format!("-n {} link set link{machine} {}", self.hub(), if is_cut { "down" } else { "up" }))
    }

    /// Keeps a machine apart from all others that are kept apart, or no longer. It still reaches the rest.
    ///
    /// # Errors
    /// What `ip` says.
    pub fn keep_apart(&self, machine: usize, is_apart: bool) -> io::Result<()> {
        let is_apart = if is_apart { "on" } else { "off" };
        ip(&format!("-n {} link set link{machine} type bridge_slave isolated {is_apart}", self.hub()))
    }

    /// Lets a machine send and receive that many kilobits in a second, or as many as it likes. What is more waits, and is lost after
    /// 200 ms.
    ///
    /// # Errors
    /// What `tc` says: the kernel lacks the queue `tbf`.
    pub fn slow(&self, machine: usize, kilobits: Option<usize>) -> io::Result<()> {
        for (namespace, link) in [(self.hub(), format!("link{machine}")), (self.name(machine), "eth0".to_owned())] {
            // An error says that there is none.
            let _ = run("tc", &format!("-n {namespace} qdisc del dev {link} root"));
            if let Some(kilobits) = kilobits {
                let queue = format!("tbf rate {kilobits}kbit burst 16kb latency 200ms");
                run("tc", &format!("-n {namespace} qdisc add dev {link} root {queue}"))?;
            }
        }
        Ok(())
    }
}

impl Drop for Namespaces {
    fn drop(&mut self) {
        (0..self.machines).for_each(|n| remove(&self.name(n)));
        remove(&self.hub());
    }
}

/// Removes the namespaces of processes that have died without doing so, with what still runs in them.
fn remove_remains() {
    let Ok(names) = std::fs::read_dir(NAMES) else { return };
    for name in names.flatten().filter_map(|entry| entry.file_name().into_string().ok()) {
        let process = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next()?.parse::<u32>().ok());
        // One that has died and that its parent has not asked for yet has no program any more.
        if process.is_some_and(|process| std::fs::read_link(format!("/proc/{process}/exe")).is_err()) {
            remove(&name);
        }
    }
}

/// Removes a namespace, and ends the processes in it.
fn remove(name: &str) {
    if !Path::new(NAMES).join(name).exists() {
        return;
    }
    if let Ok(pids) = Command::new("ip").args(["netns", "pids", name]).output() {
        let pids = String::from_utf8_lossy(&pids.stdout).into_owned();
        if pids.split_whitespace().next().is_some() {
            let _ = Command::new("kill").arg("-9").args(pids.split_whitespace()).stderr(Stdio::null()).status();
        }
    }
    let _ = ip(&format!("netns del {name}"));
}

fn ip(arguments: &str) -> io::Result<()> {
    run("ip", arguments)
}

fn run(program: &str, arguments: &str) -> io::Result<()> {
    let failed = |said: &dyn std::fmt::Display| io::Error::other(format!("{program} {arguments}: {said}"));
    let done = Command::new(program).args(arguments.split(' ')).output().map_err(|e| failed(&e))?;
    if done.status.success() { Ok(()) } else { Err(failed(&String::from_utf8_lossy(&done.stderr).trim())) }
}
