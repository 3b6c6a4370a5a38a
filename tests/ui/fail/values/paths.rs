// Rule: paths and OS strings become `Text`, or `Blob`

use shmstate::SharedLayout;
use std::{ffi::OsString, path::PathBuf};

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    home: PathBuf,
    shell: OsString,
}

fn main() {}
