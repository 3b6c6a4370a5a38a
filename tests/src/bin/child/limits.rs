//! Opens and creates under limits, and says what came of it.

use shmstate::State;
use shmstate_tests::Fixture;

use crate::say;

pub fn run(what: &str, value: u64, path: &str) {
    let limit = |resource| {
        let limit = libc::rlimit { rlim_cur: value, rlim_max: value };
        // SAFETY: an initialised struct.
        assert_eq!(unsafe { libc::setrlimit(resource, &raw const limit) }, 0);
    };
    match what {
        "file-size" => limit(libc::RLIMIT_FSIZE),
        "files" => limit(libc::RLIMIT_NOFILE),
        "user" => {
            // SAFETY: no pointers that are used.
            assert_eq!(unsafe { libc::setgroups(0, std::ptr::null()) }, 0);
            // SAFETY: no pointers.
            assert_eq!(unsafe { libc::setgid(value as libc::gid_t) }, 0);
            // SAFETY: no pointers.
            assert_eq!(unsafe { libc::setuid(value as libc::uid_t) }, 0);
        }
        "mount" => {
            mount(path, value);
        }
        "root" => {
            let dir = std::ffi::CString::new(path).expect("a path");
            // SAFETY: a string that ends in a zero.
            if unsafe { libc::chroot(dir.as_ptr()) } != 0 {
                return say(&format!("skip\nno new root: {}", std::io::Error::last_os_error()));
            }
            std::env::set_current_dir("/").expect("the root");
        }
        _ => panic!("no such limit: {what}"),
    }
    let target = match what {
        "mount" => format!("{path}/region"),
        "root" => "bare".to_owned(),
        _ => path.to_owned(),
    };
    match State::<Fixture>::open_or_create(target) {
        Ok(state) => say(&format!("Ok\n{}", state.version().expect("a version"))),
        Err(e) => say(&format!("{:?}\n{e}\n{:?}", e.kind(), std::error::Error::source(&e).map(ToString::to_string))),
    }
}

/// A tmpfs of `bytes` at `path`, seen by this process alone.
pub fn mount(path: &str, bytes: u64) {
    let last = std::io::Error::last_os_error;
    // SAFETY: no pointers.
    if unsafe { libc::unshare(libc::CLONE_NEWNS) } != 0 {
        say(&format!("skip\nno mount namespace: {}", last()));
        std::process::exit(0);
    }
    let (slash, path) = (c"/".as_ptr(), std::ffi::CString::new(path).expect("a path"));
    let null = std::ptr::null();
    // SAFETY: strings that end in a zero; the rest is not looked at.
    let private = unsafe { libc::mount(null, slash, null, libc::MS_REC | libc::MS_PRIVATE, null.cast()) };
    let size = std::ffi::CString::new(format!("size={bytes}")).expect("an option");
    let tmpfs = c"tmpfs".as_ptr();
    // SAFETY: as above.
    if private != 0 || unsafe { libc::mount(tmpfs, path.as_ptr(), tmpfs, 0, size.as_ptr().cast()) } != 0 {
        say(&format!("skip\nno mount: {}", last()));
        std::process::exit(0);
    }
}
