//! The programs that have the faults: the code that ships, built once for each explorer, and once for everything else.

use cargo_metadata::Message;
use shmstate_tests::mutants::Check;
use std::collections::{BTreeSet, HashMap};
use std::error::Error;
use std::io::BufReader;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The package that a program is run in, as `cargo test` would.
pub const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The program that single-steps others.
const STEPPER: &str = "step";

/// Programs by the configuration that they are built with and the name of their target.
pub struct Builds(HashMap<(&'static str, String), PathBuf>);

impl Builds {
    /// What these checks run.
    pub fn of(checks: impl Iterator<Item = Check>) -> Result<Builds, Box<dyn Error>> {
        let wanted: BTreeSet<(&'static str, &'static str)> = checks.map(program).collect();
        let mut builds = Builds(HashMap::new());
        let configurations: BTreeSet<&'static str> = wanted.iter().map(|(cfg, _)| *cfg).collect();
        for cfg in configurations {
            let targets: Vec<&str> = wanted.iter().filter(|(c, _)| *c == cfg).map(|(_, target)| *target).collect();
            builds.build(cfg, &targets)?;
        }
        let missing = wanted.iter().find(|&&(cfg, target)| builds.get(cfg, target).is_none());
        match missing {
            Some((cfg, target)) => Err(format!("cargo has not built `{target}` with --cfg {cfg}").into()),
            None => Ok(builds),
        }
    }

    fn get(&self, cfg: &'static str, target: &str) -> Option<&PathBuf> {
        self.0.get(&(cfg, target.to_owned()))
    }

    /// The program that the check runs.
    pub fn program(&self, check: Check) -> &PathBuf {
        let (cfg, target) = program(check);
        self.get(cfg, target).expect("looked for when it was built")
    }

    fn build(&mut self, cfg: &'static str, targets: &[&str]) -> Result<(), Box<dyn Error>> {
        let target_dir = std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| PathBuf::from(ROOT).join("../target"), PathBuf::from)
            .join(cfg.trim_start_matches("shmstate_"));
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["test", "--release", "--locked", "--no-run", "--message-format=json-render-diagnostics"]);
        cargo.arg("--target-dir").arg(target_dir).args(["-p", "shmstate", "--lib"]);
        for target in targets.iter().filter(|target| **target != "shmstate") {
            // The test named as the stepper brings the program along, as every test does with all programs.
            cargo.args(["-p", "shmstate-tests", "--test", target]);
        }
        let mut cargo =
            cargo.current_dir(ROOT).env("RUSTFLAGS", format!("--cfg {cfg}")).stdout(Stdio::piped()).spawn()?;
        let said = cargo.stdout.take().ok_or("cargo has no output")?;
        for message in Message::parse_stream(BufReader::new(said)) {
            if let Message::CompilerArtifact(artifact) = message?
                && let Some(program) = artifact.executable
                // The stepper is a program itself, and there is a test of that name; all others are tests.
                && artifact.profile.test != (artifact.target.name == STEPPER)
            {
                self.0.insert((cfg, artifact.target.name), program.into());
            }
        }
        if cargo.wait()?.success() { Ok(()) } else { Err(format!("cannot build with --cfg {cfg}").into()) }
    }
}

/// The configuration and the target of a check.
fn program(check: Check) -> (&'static str, &'static str) {
    match check {
        Check::Loom(..) => ("shmstate_loom", "shmstate"),
        Check::Shuttle(..) => ("shmstate_shuttle", "shmstate"),
        Check::Unit(..) => ("shmstate_mutants", "shmstate"),
        Check::Process(file, _) => ("shmstate_mutants", file),
        Check::Step(_) => ("shmstate_mutants", STEPPER),
    }
}
