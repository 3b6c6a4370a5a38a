//! The programs that have the faults: the copy of the tree, built once for each explorer, and once for everything else.

use crate::copy;
use cargo_metadata::Message;
use shmstate_tests::mutants::Check;
use std::collections::{BTreeSet, HashMap};
use std::error::Error;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The program that single-steps others.
const STEPPER: &str = "step";

/// How the library is compiled.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum Configuration {
    Loom,
    Shuttle,
    /// As for its users.
    Plain,
}

impl Configuration {
    /// The compiler's flags, the library's features, and the folder of what the compiler makes. The explorers' folders are
    /// those of the builds without faults, because what is built for an explorer is mostly the explorer.
    fn flags(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Configuration::Loom => ("--cfg shmstate_loom", "", "loom"),
            Configuration::Shuttle => ("--cfg shmstate_shuttle", "", "shuttle"),
            Configuration::Plain => ("", "shmstate/archived", "faulty-plain"),
        }
    }
}

/// The programs that have the faults.
pub struct Builds {
    /// The folder of all builds.
    target: PathBuf,
    /// The copy of the tree.
    copy: PathBuf,
    /// By the configuration that they are built with and the name of their target.
    programs: HashMap<(Configuration, String), PathBuf>,
}

impl Builds {
    /// What these checks run.
    pub fn of(checks: impl Iterator<Item = Check>) -> Result<Builds, Box<dyn Error>> {
        let tree = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| tree.join("target"), PathBuf::from);
        std::fs::create_dir_all(&target)?;
        let target = target.canonicalize()?;
        let mut builds = Builds { copy: target.join("faulty"), target, programs: HashMap::new() };
        copy::update(&tree, &builds.copy)?;
        let wanted: BTreeSet<(Configuration, &'static str)> = checks.map(program).collect();
        let configurations: BTreeSet<Configuration> = wanted.iter().map(|(configuration, _)| *configuration).collect();
        for configuration in configurations {
            let targets = wanted.iter().filter(|(c, _)| *c == configuration).map(|(_, target)| *target);
            builds.build(configuration, targets)?;
        }
        match wanted.iter().find(|&&(configuration, target)| builds.get(configuration, target).is_none()) {
            Some((configuration, target)) => {
                Err(format!("cargo has not built `{target}` for {configuration:?}").into())
            }
            None => Ok(builds),
        }
    }

    fn get(&self, configuration: Configuration, target: &str) -> Option<&PathBuf> {
        self.programs.get(&(configuration, target.to_owned()))
    }

    /// The program that the check runs.
    pub fn program(&self, check: Check) -> &PathBuf {
        let (configuration, target) = program(check);
        self.get(configuration, target).expect("looked for when it was built")
    }

    /// The package that a program is run in, as `cargo test` would.
    pub fn package(&self) -> PathBuf {
        self.copy.join("tests")
    }

    fn build<'a>(
        &mut self,
        configuration: Configuration,
        targets: impl Iterator<Item = &'a str>,
    ) -> Result<(), Box<dyn Error>> {
        let (flags, features, folder) = configuration.flags();
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        let profile = if configuration == Configuration::Plain { "faulty" } else { "explorer" };
        cargo.args(["test", "--profile", profile, "--locked", "--no-run", "--message-format=json-render-diagnostics"]);
        cargo.arg("--target-dir").arg(self.target.join(folder)).args(["-p", "shmstate", "--lib"]);
        cargo.args(["--features", features]);
        // Cargo names the programs of both trees alike, and one would overwrite the other, were it not for this: a program that
        // starts the compiler is part of the name of what the workspace contains, and of nothing else.
        cargo.env("RUSTC_WORKSPACE_WRAPPER", "env");
        for target in targets.filter(|target| *target != "shmstate") {
            match target {
                "shmstate_durable" => cargo.args(["-p", "shmstate-durable"]),
                "identity" | "restart" => cargo.args(["-p", "shmstate-durable", "--test", target]),
                "shmstate_cluster" => cargo.args(["-p", "shmstate-cluster"]),
                // The test named as the stepper brings the program along, as every test does with all programs.
                _ => cargo.args(["-p", "shmstate-tests", "--test", target]),
            };
        }
        cargo.current_dir(self.package()).env("RUSTFLAGS", flags).env_remove("CARGO_ENCODED_RUSTFLAGS");
        let mut cargo = cargo.stdout(Stdio::piped()).spawn()?;
        let said = cargo.stdout.take().ok_or("cargo has no output")?;
        for message in Message::parse_stream(BufReader::new(said)) {
            if let Message::CompilerArtifact(artifact) = message?
                && let Some(program) = artifact.executable
                // The stepper is a program itself, and there is a test of that name; all others are tests.
                && artifact.profile.test != (artifact.target.name == STEPPER)
            {
                self.programs.insert((configuration, artifact.target.name), program.into());
            }
        }
        if cargo.wait()?.success() { Ok(()) } else { Err(format!("cannot build for {configuration:?}").into()) }
    }
}

/// The configuration and the target of a check.
fn program(check: Check) -> (Configuration, &'static str) {
    match check {
        Check::Loom(..) => (Configuration::Loom, "shmstate"),
        Check::Shuttle(..) => (Configuration::Shuttle, "shmstate"),
        Check::Unit(..) => (Configuration::Plain, "shmstate"),
        Check::Process(file, _) => (Configuration::Plain, file),
        Check::Step(_) => (Configuration::Plain, STEPPER),
        Check::Beside(_, target, _) => (Configuration::Plain, target),
    }
}
