//! Records `shmstate watch` beside the example `mutable_list`, as an SVG that moves.
//!
//! `cargo run -p shmstate-cli --example record -- shmstate-cli/watch.svg` makes the picture of the README.

use nix::pty::{Winsize, openpty};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::error::Error;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{sleep, spawn};
use std::time::Duration;
use vt100::{Cell, Color, Parser, Screen};

const ROWS: u16 = 22;
const COLUMNS: u16 = 92;
const FRAMES: usize = 12;
const PAUSE: Duration = Duration::from_millis(500);

/// Pixels of a character, and of the text's border.
const WIDTH: f64 = 7.8;
const HEIGHT: f64 = 17.0;
const BORDER: f64 = 12.0;

fn main() -> Result<(), Box<dyn Error>> {
    let target = std::env::args().nth(1).ok_or("name the file to write")?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let built = Command::new(env!("CARGO"))
        .args([
            "build",
            "--release",
            "-p",
            "shmstate-cli",
            "-p",
            "shmstate-examples",
            "--bins",
            "--example",
            "mutable_list",
        ])
        .current_dir(&root)
        .status()?;
    if !built.success() {
        return Err("the programs cannot be built".into());
    }
    let release = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from).join("release");
    let dir = tempfile::tempdir()?;
    let mut shown = Command::new(release.join("examples/mutable_list"))
        .arg("--keep")
        .env("SHMSTATE_DIR", dir.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null()) // its children say that it is gone
        .spawn()?;
    let frames = record(&release.join("shmstate"), dir.path());
    kill(Pid::from_raw(shown.id() as i32), Signal::SIGINT)?;
    shown.wait()?;
    std::fs::write(target, drawn(&frames?))?;
    Ok(())
}

/// What the terminal shows, every [`PAUSE`].
fn record(program: &Path, dir: &Path) -> Result<Vec<Screen>, Box<dyn Error>> {
    let size = Winsize { ws_row: ROWS, ws_col: COLUMNS, ws_xpixel: 0, ws_ypixel: 0 };
    let pty = openpty(&size, None)?;
    let side = || pty.slave.try_clone().map(Stdio::from);
    while !dir.join("mutable-list").exists() {
        sleep(Duration::from_millis(10));
    }
    let mut watch: Child = Command::new(program)
        .args(["watch", "mutable-list"])
        .env("SHMSTATE_DIR", dir)
        .env("TERM", "xterm-256color")
        .env_remove("NO_COLOR")
        .stdin(side()?)
        .stdout(side()?)
        .stderr(side()?)
        .spawn()?;
    let parser = Arc::new(Mutex::new(Parser::new(ROWS, COLUMNS, 0)));
    let mut terminal = File::from(pty.master);
    let (mut output, into) = (terminal.try_clone()?, Arc::clone(&parser));
    spawn(move || {
        let mut some = [0; 4096];
        while let Ok(count @ 1..) = output.read(&mut some) {
            into.lock().expect("no panic").process(&some[..count]);
        }
    });
    let mut frames = Vec::new();
    while frames.len() < FRAMES {
        sleep(PAUSE);
        let parser = parser.lock().map_err(|_| "the reader of the terminal has panicked")?;
        // Not in the middle of a drawing.
        if parser.screen().contents().contains("version") {
            frames.push(parser.screen().clone());
        }
    }
    terminal.write_all(b"q")?;
    watch.wait()?;
    Ok(frames)
}

/// The frames, each one visible in its turn.
fn drawn(frames: &[Screen]) -> String {
    let (width, height) = (f64::from(COLUMNS) * WIDTH + 2.0 * BORDER, f64::from(ROWS) * HEIGHT + 2.0 * BORDER);
    let whole = PAUSE.as_secs_f64() * frames.len() as f64;
    let shown = 100.0 / frames.len() as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"ui-monospace, Menlo, Consolas, monospace\" font-size=\"13\">\n\
         <title>`shmstate watch` shows a state while other processes change it.</title>\n\
         <style>g {{ opacity: 0; animation: turn {whole}s step-end infinite }} @keyframes turn {{ 0% {{ opacity: 1 }} {shown:.3}% {{ opacity: 0 }} }}</style>\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"#1e1e2e\"/>\n"
    );
    for (number, frame) in frames.iter().enumerate() {
        let _ = writeln!(svg, "<g style=\"animation-delay: {}s\">", PAUSE.as_secs_f64() * number as f64);
        (0..ROWS).for_each(|row| line(&mut svg, frame, row));
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg>\n");
    svg
}

/// A row, as runs of one style.
fn line(svg: &mut String, frame: &Screen, row: u16) {
    let mut column = 0;
    while column < COLUMNS {
        let style = frame.cell(row, column).map(style);
        let end = (column..COLUMNS).find(|&at| frame.cell(row, at).map(self::style) != style).unwrap_or(COLUMNS);
        let text: String = (column..end)
            .map(|at| frame.cell(row, at).map_or(" ", |cell| if cell.has_contents() { cell.contents() } else { " " }))
            .collect();
        let (ink, paper) = style.unwrap_or(("#cdd6f4", None));
        let (x, y) = (BORDER + f64::from(column) * WIDTH, BORDER + f64::from(row) * HEIGHT);
        if let Some(paper) = paper {
            let width = f64::from(end - column) * WIDTH;
            let _ = writeln!(
                svg,
                "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{HEIGHT}\" fill=\"{paper}\"/>"
            );
        }
        if !text.trim().is_empty() {
            // Spaces at the start would be lost.
            let indent = text.chars().take_while(|&c| c == ' ').count() as f64;
            let (x, text) = (x + indent * WIDTH, text.trim());
            let length = text.chars().count() as f64 * WIDTH;
            let text = text.replace('&', "&amp;").replace('<', "&lt;");
            // The width is the same in every font.
            let at = format!("x=\"{x:.1}\" y=\"{:.1}\" textLength=\"{length:.1}\"", y + 13.0);
            let _ = writeln!(svg, "<text {at} fill=\"{ink}\">{text}</text>");
        }
        column = end;
    }
}

/// The colours of a character, and of what is behind it.
fn style(cell: &Cell) -> (&'static str, Option<&'static str>) {
    let colour = |colour| match colour {
        Color::Idx(0) => Some("#11111b"),
        Color::Idx(3) => Some("#f9e2af"),
        Color::Idx(6) => Some("#89dceb"),
        Color::Idx(8) => Some("#7f849c"),
        _ => None,
    };
    (colour(cell.fgcolor()).unwrap_or("#cdd6f4"), colour(cell.bgcolor()))
}
