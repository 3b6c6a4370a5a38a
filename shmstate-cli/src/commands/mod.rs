//! One file for each kind of command.

mod compare;
mod doctor;
mod edit;
mod list;
mod migrate;
mod remove;
mod schema;
mod show;
mod stat;
mod store;
mod transfer;
mod verify;
mod watch;

use crate::args::{Args, Command};
use crate::failure::Failure;
use crate::regions;
use clap::CommandFactory;
use std::io::Write;

/// Runs a command. `false` is its answer "no".
pub fn run(args: Args) -> Result<bool, Failure> {
    let mut out = anstream::stdout().lock();
    regions::trust(args.mode);
    match args.command {
        Command::Ls { dir, json, rate_ms } => list::ls(&mut out, dir, json, rate_ms),
        Command::Show { part, json, all } => show::show(&mut out, &part, json, all),
        Command::Get { part } => show::get(&mut out, &part),
        Command::Schema { name, form } => schema::schema(&mut out, &name, &form),
        Command::Watch { name, paths, json, count, interval_ms } => {
            watch::watch(&mut out, &name, paths, json, &watch::Pace { count, interval_ms })
        }
        Command::Diff { one, other } => compare::diff(&mut out, &one, &other),
        Command::Stat { name, json, prometheus } => stat::stat(&mut out, &name, json, prometheus),
        Command::Doctor { name } => doctor::doctor(&mut out, &name),
        Command::Verify { name } if store::is_one(&name) => store::verify(&mut out, &name),
        Command::Verify { name } => verify::verify(&mut out, &name),
        Command::Backup { name, file } => store::backup(&mut out, &name, &file),
        Command::Restore { file, name, dir } => store::restore(&mut out, &file, &name, &dir),
        Command::Set { change, value } => edit::edit(&mut out, &change, edit::Verb::Set(&value)),
        Command::Push { change, value } => edit::edit(&mut out, &change, edit::Verb::Push(&value)),
        Command::Insert { change, key, value } => edit::edit(&mut out, &change, edit::Verb::Insert(&key, &value)),
        Command::Remove { change } => edit::edit(&mut out, &change, edit::Verb::Remove),
        Command::Clear { change } => edit::edit(&mut out, &change, edit::Verb::Clear),
        Command::Export { name, file } => transfer::export(&mut out, &name, file.as_deref()),
        Command::Import { file, name } => transfer::import(&mut out, &file, &name),
        Command::Migrate { name, layout, allow_loss, rename, dry_run } => {
            migrate::migrate(&mut out, &name, &layout, &migrate::Changes { allow_loss, rename }, dry_run)
        }
        Command::Resize { name, handles, copies, max_copies } => {
            migrate::resize(&mut out, &name, handles, copies, max_copies)
        }
        Command::Rm { name: Some(name), force, .. } => remove::rm(&name, force),
        Command::Rm { name: None, dir, dry_run, .. } => remove::orphans(&mut out, dir, dry_run),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), "shmstate", &mut script);
            out.write_all(&script)?;
            Ok(true)
        }
        Command::Man => {
            clap_mangen::Man::new(Args::command()).render(&mut out)?;
            Ok(true)
        }
    }
}
