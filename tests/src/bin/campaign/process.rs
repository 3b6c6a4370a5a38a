//! Processes: how they are started, each in a PID namespace of its own or not, and how they end.

use std::ffi::CString;
use std::io;

/// How a process gets a PID namespace of its own here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Namespaces(libc::c_int);

impl Namespaces {
    /// The way that works here: by right, or within a user namespace.
    pub fn find() -> io::Result<Namespaces> {
        let mut last = io::ErrorKind::Unsupported.into();
        for flags in [libc::CLONE_NEWPID, libc::CLONE_NEWPID | libc::CLONE_NEWUSER] {
            match start(&[TRUE], Some(Namespaces(flags))) {
                Ok(pid) => match ended(pid, 0) {
                    Some((_, 0)) => return Ok(Namespaces(flags)),
                    other => last = io::Error::other(format!("a process in one ended: {other:?}")),
                },
                Err(e) => last = e,
            }
        }
        Err(last)
    }
}

/// The one argument of the program with which it ends at once.
const TRUE: &str = "true";

/// Whether these arguments are those of a process that is to end at once.
pub fn is_probe(args: &[String]) -> bool {
    args.len() == 1 && args[0] == TRUE
}

/// Starts this program with these arguments.
///
/// The process that calls this has one thread.
pub fn start(args: &[&str], namespaces: Option<Namespaces>) -> io::Result<libc::pid_t> {
    let program = c"/proc/self/exe";
    let args: Vec<CString> =
        ["campaign"].iter().chain(args).map(|arg| CString::new(*arg).expect("no zeroes in it")).collect();
    let mut argv: Vec<_> = args.iter().map(|arg| arg.as_ptr()).collect();
    argv.push(std::ptr::null());
    let flags = namespaces.map_or(0, |n| n.0);
    // SAFETY: no pointers.
    let uid = unsafe { libc::getuid() };
    // SAFETY: no pointers.
    let gid = unsafe { libc::getgid() };
    let (uid, gid) = (format!("{uid} {uid} 1"), format!("{gid} {gid} 1"));
    // Without its stack argument it is a fork; the C library's has no room for flags.
    // SAFETY: a fork of a process with one thread; the child does nothing but system calls.
    let pid = unsafe { libc::syscall(libc::SYS_clone, i64::from(flags | libc::SIGCHLD), 0, 0, 0, 0) };
    if pid == 0 {
        if flags & libc::CLONE_NEWUSER != 0 {
            // It keeps its identity.
            write(c"/proc/self/setgroups", b"deny");
            write(c"/proc/self/uid_map", uid.as_bytes());
            write(c"/proc/self/gid_map", gid.as_bytes());
        }
        // SAFETY: strings that end in a zero, in a list that ends in null.
        unsafe { libc::execv(program.as_ptr(), argv.as_ptr()) };
        // SAFETY: no pointers.
        unsafe { libc::_exit(126) };
    }
    if pid < 0 { Err(io::Error::last_os_error()) } else { Ok(pid as libc::pid_t) }
}

/// By system calls alone; what goes wrong shows when the program runs.
fn write(path: &std::ffi::CStr, bytes: &[u8]) {
    // SAFETY: a string that ends in a zero.
    let file = unsafe { libc::open(path.as_ptr(), libc::O_WRONLY) };
    // SAFETY: that many bytes.
    unsafe { libc::write(file, bytes.as_ptr().cast(), bytes.len()) };
    // SAFETY: a descriptor of its own, or -1.
    unsafe { libc::close(file) };
}

/// A child that has ended, and its status. `None`: there is none.
pub fn ended(pid: libc::pid_t, how: libc::c_int) -> Option<(libc::pid_t, libc::c_int)> {
    let mut status = 0;
    // SAFETY: a place for the status.
    let pid = unsafe { libc::waitpid(pid, &raw mut status, how) };
    (pid > 0).then_some((pid, status))
}

/// Sends a signal to a child that has not been waited for, so that the number is its own.
pub fn signal(child: libc::pid_t, signal: libc::c_int) {
    // SAFETY: no pointers.
    unsafe { libc::kill(child, signal) };
}

/// The children of this process, adopted ones as well; empty where the kernel does not tell.
pub fn children() -> Vec<libc::pid_t> {
    let list = std::fs::read_to_string("/proc/thread-self/children").unwrap_or_default();
    list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

/// Orphans among its descendants become children of this process.
pub fn adopt_orphans() {
    // SAFETY: no pointers.
    unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1) };
}
