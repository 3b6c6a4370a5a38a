//! What it takes a process to touch all pages of a region that is there, by what it asks of the kernel when it maps it.

use memmap2::{Advice, MmapOptions, MmapRaw};
use rustix::fs::FallocateFlags;
use std::fs::File;
use std::time::Instant;

/// How a process maps the file.
type How = fn(&File, usize) -> std::io::Result<MmapRaw>;

const WAYS: [(&str, How); 5] = [
    ("nothing", |file, len| MmapOptions::new().len(len).map_raw(file)),
    ("MAP_POPULATE", |file, len| MmapOptions::new().len(len).populate().map_raw(file)),
    ("MADV_POPULATE_READ", |file, len| advised(file, len, Advice::PopulateRead)),
    ("MADV_POPULATE_WRITE", |file, len| advised(file, len, Advice::PopulateWrite)),
    ("MADV_HUGEPAGE", |file, len| advised(file, len, Advice::HugePage)),
];

fn advised(file: &File, len: usize, advice: Advice) -> std::io::Result<MmapRaw> {
    let map = MmapOptions::new().len(len).map_raw(file)?;
    map.advise(advice)?;
    Ok(map)
}

/// Measures and prints one line: milliseconds to map the file and ask, and then to store to each of its pages; the least of some.
pub(super) fn line(mib: usize) {
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a directory");
    let len = mib << 20;
    let file = File::options().read(true).write(true).create_new(true).open(dir.path().join("pages")).expect("a file");
    // The pages are there, as those of a region are.
    rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, len as u64).expect("room");
    print!("first touch of {mib} MiB, to map and to touch:");
    for (what, map) in WAYS {
        let mut least = [f64::INFINITY; 2];
        for _ in 0..3 {
            let start = Instant::now();
            let Ok(map) = map(&file, len) else { break };
            let mapped = start.elapsed();
            for page in (0..len).step_by(4096) {
                // SAFETY: inside of the mapping, which no other code knows; the file is this function's.
                unsafe { map.as_mut_ptr().wrapping_add(page).write_volatile(1) }
            }
            let times = [mapped, start.elapsed() - mapped].map(|time| time.as_secs_f64() * 1e3);
            least = [least[0].min(times[0]), least[1].min(times[1])];
        }
        print!(" {what} {:.1} + {:.1} ms;", least[0], least[1]);
    }
    println!();
}
