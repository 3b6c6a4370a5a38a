//! The old region, whatever its layout.

use crate::dynamic::options::Accepted;
use crate::error::Error;
use crate::layout::Schema;
use crate::os::{Access, Deadline, RegionPath};
use crate::region::{Region, StateType};

/// Attaches to the region of that name, and gives its layout. `None`: the name leads elsewhere by now.
///
/// # Errors
/// As for opening it: it is damaged, or all handles are taken.
pub(crate) fn attach(
    region_path: &RegionPath,
    access: Access,
    clock: &mut Deadline,
) -> Result<Option<(Region, Schema)>, Error> {
    let (file, accepted) = (region_path.open(access)?, Accepted::default());
    match Region::attach(region_path, &file, Some(StateType::Described(&accepted)), clock)? {
        Some(region) => {
            let schema = accepted.shapes(region.path())?.schema.clone();
            Ok(Some((region, schema)))
        }
        None => Ok(None),
    }
}
