//! What the command line can say.

use clap::{Args as Arguments, Parser, Subcommand};
use std::path::PathBuf;

/// Looks into shared states of running programs, and changes them.
///
/// A region carries the description of its type, so that no program has to be built for it. NAME is a bare name, or the path of a
/// region's file. Nothing is written but by the commands that say so.
#[derive(Parser)]
#[command(name = "shmstate", version, propagate_version = true, after_long_help = crate::failure::STATUSES)]
pub struct Args {
    /// Change regions of other users, too, if they have this mode: 660 for those of a common group, 666 for those of all users
    #[arg(long, global = true, value_name = "OCTAL", value_parser = crate::regions::mode)]
    pub mode: Option<u32>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// List the regions of this user
    #[command(after_help = "Examples:\n  shmstate ls\n  shmstate ls --dir /run/app --json | jq '.[].name'")]
    Ls {
        /// The directory to look in, instead of the one of bare names
        #[arg(long)]
        dir: Option<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// How long to watch for commits, in milliseconds
        #[arg(long, default_value_t = 200)]
        rate_ms: u64,
    },
    /// Show a state, or a part of it, as a tree of one version
    #[command(
        after_help = "Examples:\n  shmstate show board\n  shmstate show board 'rooms[3].name'\n  shmstate show board --json | jq .ticks"
    )]
    Show {
        #[command(flatten)]
        part: Part,
        /// Print JSON, whole
        #[arg(long)]
        json: bool,
        /// Do not shorten long lists
        #[arg(long)]
        all: bool,
    },
    /// Print one value as JSON
    #[command(after_help = "Examples:\n  shmstate get board ticks\n  shmstate get board 'ports[\"http\"]'")]
    Get {
        #[command(flatten)]
        part: Part,
    },
    /// Show the layout: the offset, size and type of each field, and its documentation
    #[command(
        after_help = "Examples:\n  shmstate schema board --picture\n  shmstate schema board --rust > board.rs\n  shmstate schema board --c > board.h"
    )]
    Schema {
        /// The region
        name: PathBuf,
        #[command(flatten)]
        form: Form,
    },
    /// Show a state, or parts of it, again whenever it changes; `q` ends it
    #[command(
        after_help = "Examples:\n  shmstate watch board\n  shmstate watch board ticks 'rooms[3].name'\n  shmstate watch board ticks --json --count 3"
    )]
    Watch {
        /// The region
        name: PathBuf,
        /// The parts, such as `rooms[3].name`; without any, the whole state
        #[arg(value_name = "PATH")]
        paths: Vec<String>,
        /// Print one line of JSON for each version that is seen: its number, and the value, which is `null` while the part is not there; of
        /// several parts the values, by path
        #[arg(long)]
        json: bool,
        /// End after so many versions
        #[arg(long)]
        count: Option<u64>,
        /// How long a version stays at least, in milliseconds
        #[arg(long, default_value_t = 50)]
        interval_ms: u64,
    },
    /// Compare two states, or a state and an exported file, by layout and by value
    #[command(after_help = "Examples:\n  shmstate diff board board-2\n  shmstate diff board backup.json")]
    Diff {
        /// A region, or a JSON file: `NAME.json`, or a path with a `/`
        one: PathBuf,
        /// A region, or a JSON file: `NAME.json`, or a path with a `/`
        other: PathBuf,
    },
    /// Show a region's counters, and the processes that are attached
    #[command(after_help = "Examples:\n  shmstate stat board\n  shmstate stat board --prometheus")]
    Stat {
        /// The region
        name: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// Print metrics in the text format of Prometheus
        #[arg(long, conflicts_with = "json")]
        prometheus: bool,
    },
    /// Say what is odd about a region, and what to do
    #[command(after_help = "Example:\n  shmstate doctor board || systemctl status board")]
    Doctor {
        /// The region
        name: PathBuf,
    },
    /// Check the header, the schema, and every value in every copy of the state; or a store
    #[command(after_help = "Examples:\n  shmstate verify board\n  shmstate verify /var/lib/boards/board.redb")]
    Verify {
        /// The region; or the file of a store or of a backup, which no process has open
        name: PathBuf,
    },
    /// Write the present version of a state to a new file, from which its store can be restored
    #[command(after_help = "Example:\n  shmstate backup board /var/backups/board-monday.redb")]
    Backup {
        /// The region; or the file of a store, which no process has open
        name: PathBuf,
        /// The new file
        file: PathBuf,
    },
    /// Make a backup the store of a state, which the next program that opens the state goes on with
    #[command(after_help = "Example:\n  shmstate restore /var/backups/board-monday.redb board /var/lib/boards")]
    Restore {
        /// The backup
        file: PathBuf,
        /// The name of the state
        name: PathBuf,
        /// The directory of the stores, as the program gives it to `DurableState::open`
        dir: PathBuf,
    },
    /// Set a part of a state (writes)
    #[command(
        after_help = "Examples:\n  shmstate set board ticks 7\n  shmstate set board owner me\n  shmstate set board 'rooms[0]' '{\"name\":\"kitchen\",\"seats\":4}'"
    )]
    Set {
        #[command(flatten)]
        change: Change,
        /// The value: JSON. `me` is a text as well as `'"me"'`; what begins with `{`, `[` or `"` has to be JSON
        #[arg(allow_hyphen_values = true)]
        value: String,
    },
    /// Append to a list, a ring, a queue or a set (writes)
    #[command(after_help = "Examples:\n  shmstate push board samples 0.5\n  shmstate push board names '\"7\"'")]
    Push {
        #[command(flatten)]
        change: Change,
        /// The value: JSON. `me` is a text as well as `'"me"'`; what begins with `{`, `[` or `"` has to be JSON
        #[arg(allow_hyphen_values = true)]
        value: String,
    },
    /// Insert an entry into a map, or an item into a sequence (writes)
    #[command(
        after_help = "Examples:\n  shmstate insert board ports http 80\n  shmstate insert board samples 0 0.5\n  shmstate insert board seats '{\"row\":1,\"number\":2}' anna"
    )]
    Insert {
        #[command(flatten)]
        change: Change,
        /// The key, or the index: JSON, or a text as it is
        #[arg(allow_hyphen_values = true)]
        key: String,
        /// The value: JSON. `me` is a text as well as `'"me"'`; what begins with `{`, `[` or `"` has to be JSON
        #[arg(allow_hyphen_values = true)]
        value: String,
    },
    /// Remove an item or an entry (writes)
    #[command(
        after_help = "Examples:\n  shmstate remove board 'rooms[0]'\n  shmstate remove board 'ports[\"http\"]' --dry-run"
    )]
    Remove {
        #[command(flatten)]
        change: Change,
    },
    /// Empty a container (writes)
    #[command(after_help = "Example:\n  shmstate clear board samples")]
    Clear {
        #[command(flatten)]
        change: Change,
    },
    /// Write a state with its schema to a JSON file
    #[command(
        after_help = "Examples:\n  shmstate export board backup.json\n  shmstate export board | gzip > backup.json.gz"
    )]
    Export {
        /// The region
        name: PathBuf,
        /// The file, which must not be a region or a store; without it, standard output
        file: Option<PathBuf>,
    },
    /// Make a region of an exported file (writes)
    #[command(after_help = "Example:\n  shmstate import backup.json board")]
    Import {
        /// The file
        file: PathBuf,
        /// The region, which must not exist
        name: PathBuf,
    },
    /// Move a state to another layout while processes use it; their next call says that the region is replaced (writes)
    #[command(
        after_help = "Examples:\n  shmstate migrate board board-2.json --dry-run\n  shmstate migrate board board-2.json --allow-loss errors --rename ticks=steps"
    )]
    Migrate {
        /// The region
        name: PathBuf,
        /// The new layout: a schema as JSON, an exported file, or a region that has it
        layout: PathBuf,
        /// A path of the old state whose content may be lost; may be given several times
        #[arg(long, value_name = "PATH")]
        allow_loss: Vec<String>,
        /// A field or variant that has another name now: its old name, and its path in the new layout; may be given several times
        #[arg(long, value_name = "OLD=NEW")]
        rename: Vec<String>,
        /// Show what would change and what would be lost, and change nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Move a state to a region of other sizes while processes use it; their next call says that the region is replaced (writes)
    #[command(
        after_help = "Examples:\n  shmstate resize board --handles 200\n  shmstate resize board --copies 3 --max-copies 6"
    )]
    #[command(group = clap::ArgGroup::new("sizes").required(true).multiple(true).args(["handles", "copies", "max_copies"]))]
    Resize {
        /// The region
        name: PathBuf,
        /// How many handles processes can have at a time
        #[arg(long)]
        handles: Option<usize>,
        /// How many copies of the state there are
        #[arg(long)]
        copies: Option<usize>,
        /// How many copies there may come to be while readers stay long
        #[arg(long)]
        max_copies: Option<usize>,
    },
    /// Remove a region's name; processes that have it mapped keep working (writes)
    #[command(after_help = "Examples:\n  shmstate rm board\n  shmstate rm --orphans --dry-run")]
    Rm {
        /// The region
        #[arg(required_unless_present = "orphans")]
        name: Option<PathBuf>,
        /// Remove every region of this user that no process has open, also those of an earlier run of the machine
        #[arg(long, conflicts_with_all = ["name", "force"])]
        orphans: bool,
        /// The directory of the orphans, instead of the one of bare names
        #[arg(long, requires = "orphans")]
        dir: Option<PathBuf>,
        /// Print what would be removed, and remove nothing
        #[arg(long, requires = "orphans")]
        dry_run: bool,
        /// Remove it even if processes have it open; a new region of the name is another state than theirs
        #[arg(long)]
        force: bool,
    },
    /// Print a completion script for a shell
    #[command(after_help = "Example:\n  shmstate completions bash > /etc/bash_completion.d/shmstate")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    #[command(after_help = "Example:\n  shmstate man | man -l -")]
    Man,
}

/// A region, and a part of its state.
#[derive(Arguments)]
pub struct Part {
    /// The region
    pub name: PathBuf,
    /// The part, such as `rooms[3].name`; without it, the whole state
    #[arg(default_value = "", hide_default_value = true)]
    pub path: String,
}

/// How a layout is shown, if not as a table.
#[derive(Arguments)]
#[group(multiple = false)]
pub struct Form {
    /// Print the JSON document that the region carries
    #[arg(long)]
    pub json: bool,
    /// Draw the bytes of each type
    #[arg(long)]
    pub picture: bool,
    /// Print the types as Rust declares them
    #[arg(long)]
    pub rust: bool,
    /// Print a header for C, with a function that copies one version
    #[arg(long)]
    pub c: bool,
}

/// A part of a state that is to be changed.
#[derive(Arguments)]
pub struct Change {
    /// The region
    pub name: PathBuf,
    /// The part, such as `rooms[3].name`; the whole state is ""
    pub path: String,
    /// Show what would change, and change nothing
    #[arg(long)]
    pub dry_run: bool,
}
