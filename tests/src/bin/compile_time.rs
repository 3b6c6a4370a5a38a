//! What the derive costs while a program compiles, beside what `derive(Clone, Debug, PartialEq)` costs on the same types.
//!
//! `cargo run -p shmstate-tests --bin compile_time` writes the sources, compiles each with no derive, with the three, and
//! with this one, and shows the ratio of what the derives add. Processor time counts, so that a busy machine does not.
//! The derive itself is compiled without optimisation, as cargo builds it for all users.

use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

/// Each source is compiled so often, and the fastest counts.
const RUNS: usize = 5;

/// Fields as programs have them, with no gap between one and the next.
const FIELDS: [&str; 8] =
    ["u64", "[u32; 2]", "Text<16>", "List<u64, 4>", "i64", "[u8; 8]", "Maybe<u64>", "Map<u64, u64, 8>"];

const STANDARD: &str = "Clone, Debug, PartialEq";
const OURS: &str = "SharedLayout";

fn main() -> Result<(), Box<dyn Error>> {
    let compiler = Compiler::find()?;
    println!("{:<44} {:>10} {:>10} {:>10} {:>7}", "", "no derive", "the three", "ours", "ratio");
    let many = |structs| move |derives: &str| flat(structs, 8, derives);
    compiler.row("check, 1 struct of 1 000 fields", Emit::Metadata, |derives| flat(1, 1000, derives))?;
    compiler.row("check, 100 structs of 8 fields", Emit::Metadata, many(100))?;
    compiler.row("check, 100 enums of 4 payloads", Emit::Metadata, |derives| enums(100, derives))?;
    compiler.row("build, 100 structs of 8 fields", Emit::Object, many(100))?;
    compiler.lines("LLVM lines, 20 structs in a state, in use")
}

/// `structs` structs of `fields` fields.
fn flat(structs: usize, fields: usize, derives: &str) -> String {
    let mut text = String::new();
    for s in 0..structs {
        head(&mut text, derives, "C");
        let _ = writeln!(text, "pub struct S{s} {{");
        for f in 0..fields {
            let _ = writeln!(text, "    pub f{f}: {},", FIELDS[(s + f) % FIELDS.len()]);
        }
        text.push_str("}\n");
    }
    text
}

/// `count` enums of four variants with a payload.
fn enums(count: usize, derives: &str) -> String {
    let mut text = String::new();
    for e in 0..count {
        head(&mut text, derives, "C, u64");
        let _ = writeln!(
            text,
            "pub enum E{e} {{ Idle, Run(u64), Stop {{ why: Text<16>, code: u64 }}, Wait(List<u64, 4>), Go([u32; 2]) }}"
        );
    }
    text
}

/// A tree: each struct holds the two that follow it twice as far on.
fn tree(structs: usize) -> String {
    let mut text = String::new();
    for s in 0..structs {
        head(&mut text, OURS, "C");
        let _ = writeln!(text, "pub struct S{s} {{");
        for (f, field) in FIELDS.iter().enumerate() {
            let _ = writeln!(text, "    pub f{f}: {field},");
        }
        for child in [2 * s + 1, 2 * s + 2].into_iter().filter(|child| *child < structs) {
            let _ = writeln!(text, "    pub s{child}: S{child},");
        }
        text.push_str("}\n");
    }
    text
}

fn head(text: &mut String, derives: &str, repr: &str) {
    if !derives.is_empty() {
        let _ = writeln!(text, "#[derive({derives})]");
    }
    let _ = writeln!(text, "#[repr({repr})]");
}

#[derive(Clone, Copy)]
enum Emit {
    /// As `cargo check` does.
    Metadata,
    /// As `cargo build` does.
    Object,
    LlvmIr,
}

struct Compiler {
    /// Where the compiled dependencies lie.
    deps: PathBuf,
    /// The compiled library.
    library: PathBuf,
    folder: TempDir,
}

impl Compiler {
    /// Builds the library as a dependency of a program in development.
    fn find() -> Result<Self, Box<dyn Error>> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo).args(["build", "-p", "shmstate", "--message-format=json"]).output()?;
        let said = String::from_utf8(output.stdout)?;
        let library = said
            .split('"')
            .filter(|word| word.ends_with(".rlib"))
            .find(|word| word.contains("libshmstate.") || word.contains("libshmstate-"));
        let library = PathBuf::from(library.ok_or("the library does not build: see `cargo build -p shmstate`")?);
        let folder = tempfile::tempdir()?;
        let beside = library.parent().ok_or("a library without a folder")?;
        let deps = if beside.ends_with("deps") { beside.to_owned() } else { beside.join("deps") };
        Ok(Compiler { deps, library, folder })
    }

    /// Compiles `text`, and says how many seconds of processor time that took.
    fn compile(&self, text: &str, emit: Emit) -> Result<f64, Box<dyn Error>> {
        let source = self.folder.path().join("source.rs");
        fs::write(&source, format!("#![allow(dead_code, unused)]\nuse shmstate::*;\n{text}"))?;
        let emit = match emit {
            Emit::Metadata => "metadata",
            Emit::Object => "obj",
            Emit::LlvmIr => "llvm-ir",
        };
        let mut command = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
        command.args(["--edition", "2024", "--crate-type", "lib", "--crate-name", "source", "-C", "codegen-units=1"]);
        command.arg(format!("--emit={emit}")).arg("--out-dir").arg(self.folder.path()).arg(&source);
        command.arg("-L").arg(format!("dependency={}", self.deps.display()));
        command.arg("--extern").arg(format!("shmstate={}", self.library.display()));
        let before = children()?;
        let output = command.output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
        Ok(children()? - before)
    }

    fn row(&self, name: &str, emit: Emit, text: impl Fn(&str) -> String) -> Result<(), Box<dyn Error>> {
        let mut best = [f64::INFINITY; 3];
        for _ in 0..RUNS {
            for (derives, best) in ["", STANDARD, OURS].into_iter().zip(&mut best) {
                *best = best.min(self.compile(&text(derives), emit)?);
            }
        }
        let [none, standard, ours] = best;
        let ratio = (ours - none) / (standard - none);
        println!("{name:<44} {none:>8.2} s {standard:>8.2} s {ours:>8.2} s {ratio:>7.2}");
        Ok(())
    }

    fn lines(&self, name: &str) -> Result<(), Box<dyn Error>> {
        let used =
            "pub fn used(state: &State<S0>) { let _ = state.update(|s| s.f0 += 1); let _ = S0::new_box_zeroed(); }";
        let mut lines = [0; 2];
        for (structs, lines) in [1, 20].into_iter().zip(&mut lines) {
            self.compile(&format!("{}{used}\n", tree(structs)), Emit::LlvmIr)?;
            *lines = fs::read_to_string(self.folder.path().join("source.ll"))?.lines().count();
        }
        println!("{name:<44} {:>10} more than with 1", lines[1] - lines[0]);
        Ok(())
    }
}

/// Processor seconds of all children that have ended, in user mode.
fn children() -> Result<f64, Box<dyn Error>> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // What follows the program's name, which may hold anything; in hundredths of a second.
    let fields: Vec<_> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    Ok(fields.get(13).ok_or("`/proc/self/stat` has no times")?.parse::<f64>()? / 100.0)
}
