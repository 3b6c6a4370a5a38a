//! `doctor`.

use super::stat::is_alive;
use crate::failure::Failure;
use crate::progress::Busy;
use crate::wording::of_command;
use crate::{processes, regions};
use anstyle::{AnsiColor, Style};
use shmstate::dynamic::{DynState, Handle};
use shmstate::{Error, ErrorKind};
use std::io::Write;
use std::path::Path;
use std::time::Duration;

const ODD: Style = AnsiColor::Yellow.on_default();

/// How long one update has to last to be odd.
const LONG: Duration = Duration::from_millis(300);

/// What is odd, and what to do about it.
type Odd = (String, String);

/// Prints what is odd. Returns whether nothing is.
pub fn doctor(out: &mut impl Write, name: &Path) -> Result<bool, Failure> {
    let state = regions::open(name)?;
    let mut odd: Vec<Odd> = Vec::new();
    if !state.is_current()? {
        odd.push((
            "the name leads to another region, or to none".into(),
            "processes that still use this one have to open the name again".into(),
        ));
    }
    let busy = Busy::new("checked");
    odd.extend(content(&state)?);
    drop(busy);
    odd.extend(holder(&state)?);
    let (handles, stats) = (state.handles()?, state.stats()?);
    odd.extend(handles.iter().filter_map(process));
    let pinned = (0..stats.copies).filter(|copy| handles.iter().any(|handle| handle.pinned.contains(copy))).count();
    if pinned + 1 >= stats.copies && stats.copies >= stats.max_copies {
        odd.push((
            format!(
                "readers are in {pinned} of {} copies, and there can be no more: updates may have to wait",
                stats.copies
            ),
            "let the program read for a shorter time, or move the state to more copies: `shmstate resize NAME --copies N`"
                .into(),
        ));
    }
    if handles.len() >= stats.handles {
        odd.push((
            format!("all {} handles are taken: no other process can attach", stats.handles),
            "let threads share a handle, or end a process, and then move the state to more: `shmstate resize NAME --handles N`"
                .into(),
        ));
    }
    for (what, advice) in &odd {
        writeln!(out, "{ODD}{what}{ODD:#}\n  {advice}")?;
    }
    if odd.is_empty() {
        writeln!(out, "nothing odd: version {}, {} handles attached", stats.commits, handles.len())?;
    }
    Ok(odd.is_empty())
}

/// What is odd about the state.
fn content(state: &DynState) -> Result<Vec<Odd>, Failure> {
    let (what, advice) = match state.snapshot() {
        Ok(_) => return Ok(copies(state)?),
        Err(error) if error.kind() == ErrorKind::Corrupt => (
            format!("the state is damaged: {}", of_command(&error.to_string())),
            "end all processes, remove the region, and build the state anew",
        ),
        Err(error) if error.kind() == ErrorKind::Busy => (
            "writers were too fast for a copy of the whole state".into(),
            "this is no damage: try again under less load",
        ),
        Err(error) if error.kind() == ErrorKind::Retired => (
            "the region is retired: another one has taken its place, and its state".into(),
            "remove this name, which is a second one of it or that of a copy; processes open the name of the other one",
        ),
        Err(error) => return Err(error.into()),
    };
    Ok(vec![(what, advice.into())])
}

/// The copies that are damaged, of a state that is not.
fn copies(state: &DynState) -> Result<Vec<Odd>, Error> {
    let damaged = |copy: shmstate::dynamic::CopyCheck| {
        let what = format!("copy {} is damaged, which readers do not see now: {}", copy.copy, copy.damage?);
        Some((what, ANEW.into()))
    };
    Ok(state.check_copies()?.into_iter().filter_map(damaged).collect())
}

/// What to do about a copy that is damaged.
pub const ANEW: &str =
    "an update that uses it may carry the damage over: move the state to new copies: `shmstate resize NAME --copies N`";

/// A writer that keeps the lock.
fn holder(state: &DynState) -> Result<Option<Odd>, Error> {
    let look = || {
        let writer = state.handles()?.into_iter().find(|handle| handle.writes && is_alive(handle) != Some(false));
        Ok::<_, Error>(writer.map(|handle| (state.version(), handle.slot, handle)))
    };
    let Some((version, slot, _)) = look()? else { return Ok(None) };
    std::thread::sleep(LONG);
    let Some((_, _, handle)) = look()?.filter(|(now, other, _)| (*now, *other) == (version, slot)) else {
        return Ok(None);
    };
    let Handle { pid, command, .. } = &handle;
    let (what, advice) = if is_stopped(&handle) {
        (" and is stopped", format!("let it go on (`kill -CONT {pid}`), or end it; "))
    } else {
        ("", "if its update is not meant to take long, end it; ".to_owned())
    };
    Ok(Some((
        format!("process {pid} (`{command}`) has had the writer's lock for {} ms or longer{what}", LONG.as_millis()),
        advice + "after its death, the next update takes the lock over, and what it did is rolled back",
    )))
}

/// What is odd about a process that has a handle.
fn process(handle: &Handle) -> Option<Odd> {
    let Handle { pid, command, slot, pinned, writes, .. } = handle;
    if is_alive(handle) == Some(false) {
        let advice = match pinned.is_empty() {
            _ if *writes => "it has the writer's lock: the next update takes it over by itself",
            false => "its copy is taken back when a writer needs it: nothing has to be done",
            true => "the next process that attaches takes its slot: nothing has to be done",
        };
        let what = format!("process {pid} (`{command}`) died without leaving; it has slot {slot}");
        return Some((what, advice.into()));
    }
    if !pinned.is_empty() && is_stopped(handle) {
        let what =
            format!("process {pid} (`{command}`) is stopped in a read, and keeps {} of the copies", pinned.len());
        return Some((what, format!("let it go on (`kill -CONT {pid}`), or end it")));
    }
    None
}

fn is_stopped(handle: &Handle) -> bool {
    is_alive(handle) == Some(true) && processes::is_stopped(handle.pid)
}
