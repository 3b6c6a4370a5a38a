//! `watch`.

use crate::failure::Failure;
use crate::history::History;
use crate::lines::{self, Line};
use crate::regions;
use crate::screen;
use crossterm::event::{Event, KeyCode, KeyModifiers, poll, read};
use crossterm::terminal::{self, Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen};
use crossterm::{cursor, execute, queue};
use shmstate::dynamic::{DynState, Value};
use shmstate::{Error, ErrorKind};
use std::collections::VecDeque;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// How many versions are shown, and how long each stays at least.
pub struct Pace {
    pub count: Option<u64>,
    pub interval_ms: u64,
}

pub fn watch(
    out: &mut impl Write,
    name: &Path,
    mut paths: Vec<String>,
    json: bool,
    pace: &Pace,
) -> Result<bool, Failure> {
    if paths.is_empty() {
        paths.push(String::new());
    }
    let (state, interval) = (regions::open(name)?, Duration::from_millis(pace.interval_ms));
    let watched = Watched { state, name, paths, interval, left: pace.count };
    // An error in a path is one before the terminal changes its mode. A part that is there now may not be there later.
    watched.state.read(|value| watched.paths.iter().try_for_each(|path| value.get(path).map(drop)))??;
    if json {
        return watched.print_json(out);
    }
    if std::io::stdout().is_terminal() && std::io::stdin().is_terminal() {
        let _raw = Raw::enter()?;
        return watched.on_terminal(out);
    }
    watched.print_text(out)
}

/// The part that the path leads to, if it is there.
fn found<'a>(value: Value<'a>, path: &str) -> Result<Option<Value<'a>>, Error> {
    match value.get(path) {
        Err(error) if error.kind() == ErrorKind::InvalidPath => Ok(None),
        part => part.map(Some),
    }
}

/// How often to look whether the name still leads to the region.
const LOOK: Duration = Duration::from_secs(1);

/// Whether a signal wants the program to end.
static ENDED: AtomicBool = AtomicBool::new(false);

struct Watched<'a> {
    state: DynState,
    name: &'a Path,
    /// The parts that are shown; the empty path is the whole state.
    paths: Vec<String>,
    interval: Duration,
    /// How many versions are still to be shown.
    left: Option<u64>,
}

impl Watched<'_> {
    /// The version, and the lines of its parts.
    fn lines(&self) -> Result<(u64, Vec<Line>), Failure> {
        let part = |value: Value<'_>, path: &String| {
            let label = if path.is_empty() { self.name.display().to_string() } else { path.clone() };
            match found(value, path)? {
                Some(part) => lines::of(part, &label, path, lines::FEW),
                None => Ok(vec![Line { depth: 0, label, path: path.clone(), text: "not there".into() }]),
            }
        };
        let read = |value: Value<'_>, version| {
            let parts = self.paths.iter().map(|path| part(value, path)).collect::<Result<Vec<_>, Error>>()?;
            Ok::<_, Error>((version, parts.concat()))
        };
        Ok(self.state.read_versioned(read)??)
    }

    /// The version, and the values of its parts: of one part `"value":`, of several an object by path.
    fn json(&self) -> Result<(u64, String), Failure> {
        let read = |value: Value<'_>, version| {
            let json = |path: &String| found(value, path)?.map_or_else(|| Ok("null".into()), Value::to_json);
            if let [path] = &self.paths[..] {
                return Ok((version, format!("\"value\":{}", json(path)?)));
            }
            let part = |path: &String| Ok(format!("{}:{}", serde_json::json!(path), json(path)?));
            let parts = self.paths.iter().map(part).collect::<Result<Vec<_>, Error>>()?;
            Ok::<_, Error>((version, format!("\"values\":{{{}}}", parts.join(","))))
        };
        Ok(self.state.read_versioned(read)??)
    }

    /// Waits until there is another version than `shown`, and for what is left of the interval.
    fn wait(&self, shown: u64, drawn: Instant) -> Result<(), Failure> {
        while self.state.wait_newer(shown, LOOK)?.is_none() {
            self.check_name()?;
        }
        std::thread::sleep(self.interval.saturating_sub(drawn.elapsed()));
        Ok(())
    }

    /// An error if the name does not lead to the region any more.
    fn check_name(&self) -> Result<(), Failure> {
        if self.state.is_current()? { Ok(()) } else { Err(Failure::Gone(self.name.display().to_string())) }
    }

    /// Counts down. Whether that was the last one.
    fn is_last(&mut self) -> bool {
        self.left = self.left.map(|left| left.saturating_sub(1));
        self.left == Some(0)
    }

    fn print_json(mut self, out: &mut impl Write) -> Result<bool, Failure> {
        loop {
            let drawn = Instant::now();
            let (version, values) = self.json()?;
            writeln!(out, "{{\"version\":{version},{values}}}")?;
            out.flush()?;
            if self.is_last() {
                return Ok(true);
            }
            self.wait(version, drawn)?;
        }
    }

    /// What has changed, as `path: value`.
    fn print_text(mut self, out: &mut impl Write) -> Result<bool, Failure> {
        let mut before = Vec::new();
        loop {
            let drawn = Instant::now();
            let (version, lines) = self.lines()?;
            writeln!(out, "version {version}")?;
            for line in lines.iter().filter(|line| !before.contains(*line)) {
                let path = if line.path.is_empty() { &line.label } else { &line.path };
                writeln!(out, "  {path}: {}", line.text)?;
            }
            out.flush()?;
            before = lines;
            if self.is_last() {
                return Ok(true);
            }
            self.wait(version, drawn)?;
        }
    }

    fn on_terminal(mut self, out: &mut impl Write) -> Result<bool, Failure> {
        let (mut version, mut before, mut rate) = (0, Vec::new(), Rate::default());
        let (mut first, mut history) = (true, History::default());
        let mut looked = Instant::now();
        loop {
            if ENDED.load(Relaxed) {
                return Ok(true);
            }
            // A region that another one replaces is an error.
            self.state.wait_newer(version, Duration::ZERO)?;
            if looked.elapsed() >= LOOK {
                self.check_name()?;
                looked = Instant::now();
            }
            if first || self.state.version() != version {
                let (now, lines) = self.lines()?;
                queue!(out, cursor::MoveTo(0, 0), Clear(ClearType::All))?;
                writeln!(out, "version {now}, {:.0} commits/s, `q` ends\r\n\r", rate.at(now))?;
                let mut text = Vec::new();
                history.add(&lines);
                screen::write(&mut text, &lines, &before, |line| history.bars(&line.path))?;
                // A terminal in raw mode does not return to the start of a line by itself.
                let text = String::from_utf8_lossy(&text).replace('\n', "\r\n");
                let rows = usize::from(terminal::size()?.1.saturating_sub(3));
                let visible: Vec<&str> = text.split_inclusive('\n').take(rows).collect();
                write!(out, "{}", visible.concat())?;
                out.flush()?;
                (version, before, first) = (now, lines, false);
                if self.is_last() {
                    return Ok(true);
                }
            }
            if poll(self.interval)? {
                match read()? {
                    Event::Key(key) if key.code == KeyCode::Char('q') || key.code == KeyCode::Esc => return Ok(true),
                    Event::Key(key)
                        if key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL) =>
                    {
                        return Ok(true);
                    }
                    Event::Resize(..) => first = true,
                    _ => {}
                }
            }
        }
    }
}

/// Commits per second, over about a second.
#[derive(Default)]
struct Rate {
    seen: VecDeque<(Instant, u64)>,
}

impl Rate {
    /// The rate up to `version`, which is seen now.
    fn at(&mut self, version: u64) -> f64 {
        let now = Instant::now();
        self.seen.push_back((now, version));
        while self.seen.len() > 2 && now - self.seen[1].0 >= Duration::from_secs(1) {
            self.seen.pop_front();
        }
        let (since, first) = self.seen[0];
        (version.saturating_sub(first)) as f64 / (now - since).as_secs_f64().max(f64::MIN_POSITIVE)
    }
}

/// The terminal in raw mode, on its second screen, until this is dropped.
struct Raw;

impl Raw {
    fn enter() -> std::io::Result<Raw> {
        terminal::enable_raw_mode()?;
        let raw = Raw;
        // What ends the program leaves the terminal as it was. If the signals have another handler already, they keep it.
        let _ = ctrlc::set_handler(|| ENDED.store(true, Relaxed));
        execute!(std::io::stdout(), EnterAlternateScreen, cursor::Hide)?;
        Ok(raw)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let _ = execute!(std::io::stdout(), cursor::Show, LeaveAlternateScreen);
        let _ = terminal::disable_raw_mode();
    }
}
