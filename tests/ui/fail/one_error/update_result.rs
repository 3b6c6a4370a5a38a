// Rule: an update commits, so its closure returns no `Result`

use shmstate::{List, State};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let list = State::<List<u64, 2>>::create("list")?;
    list.update(|s| s.push(1))??;
    list.update(|s| {
        s.push(1)?;
        s.push(2)?;
        Ok::<_, shmstate::Error>(())
    })??;
    Ok(())
}
