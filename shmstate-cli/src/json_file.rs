//! Arguments that name a region or a JSON file.

use crate::failure::Failure;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The text of the JSON file that `path` names; `None` if it names a region. A name that ends with `.json` is that of a JSON file; any other
/// is if it has a `/` and leads to a file that begins like JSON.
pub fn text(path: &Path) -> Result<Option<String>, Failure> {
    let is_named_so = path.extension().is_some_and(|extension| extension == "json");
    let is_path = path.as_os_str().as_encoded_bytes().contains(&b'/');
    if is_named_so || is_path && begins_like_json(path) {
        let failed = |error| Failure::File(path.display().to_string(), error);
        std::fs::read_to_string(path).map(Some).map_err(failed)
    } else {
        Ok(None)
    }
}

/// Whether it is a file of an object or an array. A region begins otherwise.
fn begins_like_json(path: &Path) -> bool {
    let mut first = Vec::new();
    // A FIFO is not opened: that would wait for its other end.
    let read = path.is_file() && File::open(path).is_ok_and(|file| file.take(64).read_to_end(&mut first).is_ok());
    read && matches!(first.trim_ascii_start().first(), Some(b'{' | b'['))
}
