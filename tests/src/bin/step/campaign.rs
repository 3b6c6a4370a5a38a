//! One operation in a region of one number of copies: stepped once for its crash states, then killed for real.

use crate::check;
use crate::fixture::{Fixture, Model};
use crate::image::{Image, hash};
use crate::migrated;
use crate::ops::Op;
use crate::report::{Finding, Row};
use crate::scenario::{Expect, Scenario, Start, Wrong, options};
use crate::settings::Settings;
use crate::surroundings::Surroundings;
use crate::trace::{Moment, Step, Tracee};
use crate::{Fallible, scene::Scene};
use indicatif::ProgressBar;
use shmstate::{ErrorKind, State};
use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Real deaths at most, if an operation begins in many crash states.
const SHARED_KILLS: usize = 500;

/// The regions of one number of copies, and what was found in them.
pub(crate) struct Campaign<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) progress: &'a ProgressBar,
    pub(crate) copies: usize,
    /// Where processes die.
    original: Scenario,
    /// Where what they leave is carried to, with a population that lives.
    carried: Scenario,
    /// Where it is carried to when all have died.
    deserted: PathBuf,
    /// Where regions are created, and where a population dies out.
    lonely: PathBuf,
    quiet: Start,
    read_for_long: Start,
    /// Where the region of `original` keeps a name when that one is taken away.
    kept: PathBuf,
    /// Crash states in which other operations begin, by the deaths that led to them, but for one.
    crashed: [Vec<Start>; 2],
}

/// What one run of an operation went through.
#[derive(Default)]
struct Course {
    instructions: u64,
    /// Just after each change that others can see.
    changes: Vec<Moment>,
    /// Beginnings and ends of system calls: those before the first instruction that was stepped, or all of those of a move.
    calls: u64,
}

/// A child that is about to do its operation.
struct Ready {
    tracee: Tracee,
    image: Option<Rc<Image>>,
}

impl<'a> Campaign<'a> {
    pub(crate) fn new(settings: &'a Settings, progress: &'a ProgressBar, copies: usize, dir: &Path) -> Fallible<Self> {
        let dir = dir.join(copies.to_string());
        let nook = dir.join("lonely");
        fs::create_dir_all(&nook)?;
        let original = Scenario::new(dir.join("original"), copies)?;
        let kept = dir.join("kept");
        fs::hard_link(&original.path, &kept)?;
        let quiet = original.warm_up(copies, false)?;
        let carried = Scenario::new(dir.join("carried"), copies)?;
        // With two copies, a reader that stays is in every writer's way.
        let read_for_long = if copies > 2 {
            let scenario = Scenario::new(dir.join("long-reader"), copies)?;
            scenario.warm_up(copies, true)?
        } else {
            quiet.clone()
        };
        Ok(Campaign {
            settings,
            progress,
            copies,
            original,
            carried,
            deserted: dir.join("deserted"),
            lonely: nook.join("region"),
            quiet,
            read_for_long,
            kept,
            crashed: [vec![], vec![]],
        })
    }

    /// Whether the operation can be had with this number of copies.
    pub(crate) fn has(&self, op: Op) -> bool {
        op != Op::LongReader || self.copies > 2
    }

    /// Steps and kills the operation.
    pub(crate) fn run(&mut self, op: Op) -> Fallible<Row> {
        let mut row = Row::new(op, self.copies);
        self.progress.set_message(format!("{} in {} copies", op.name(), self.copies));
        match op {
            Op::Create => {
                let start = Start { bytes: vec![], version: 0, model: Model::first() };
                self.one(op, &start, &mut row, (0, 1))?;
            }
            Op::LongReader => {
                let small = self.read_for_long.clone();
                let large = small.of_a_large_state(self.copies);
                self.one(op, &small, &mut row, (0, 2))?;
                self.one(op, &large, &mut row, (1, 2))?;
            }
            _ => match op.deaths_before() {
                0 => {
                    let mut start = self.quiet.clone();
                    match op {
                        Op::Wake => start.wait(),
                        Op::Elect => start.elect(2), // which no process has
                        _ => {}
                    }
                    self.one(op, &start, &mut row, (0, 1))?;
                }
                deaths => {
                    self.die_once(&mut row)?;
                    if deaths > 1 {
                        self.die_again(&mut row)?;
                    }
                    let starts = self.crashed[deaths as usize - 1].clone();
                    for (i, start) in starts.iter().enumerate() {
                        if row.stop(self.settings) {
                            break;
                        }
                        self.one(op, start, &mut row, (i, starts.len()))?;
                    }
                }
            },
        }
        Ok(row)
    }

    /// Gathers crash states of updates, in which the next process begins.
    fn die_once(&mut self, row: &mut Row) -> Fallible<()> {
        if !self.crashed[0].is_empty() {
            return Ok(());
        }
        let mut all = vec![];
        for op in [Op::ManySpots, Op::Err].into_iter().take(self.settings.first_deaths) {
            all.extend(self.deaths(op, 1, &self.quiet, self.settings.deaths, row)?);
        }
        // The dead process had a thread that read.
        all.iter_mut().skip(1).step_by(2).for_each(|start: &mut Start| start.pin(1));
        all.iter_mut().step_by(3).for_each(Start::unlist);
        self.crashed[0] = all;
        Ok(())
    }

    /// Gathers crash states of processes that died while they took over from a dead one.
    fn die_again(&mut self, row: &mut Row) -> Fallible<()> {
        if !self.crashed[1].is_empty() {
            return Ok(());
        }
        let mut all = vec![];
        // Without pins in slot 1, which is to be the slot of the next one: it takes its own for those of its threads.
        for start in self.crashed[0].iter().step_by(2).take(self.settings.second_deaths) {
            all.extend(self.deaths(Op::TakeOver, 2, start, self.settings.deaths.min(12), row)?);
        }
        all.iter_mut().skip(1).step_by(2).for_each(|start| start.pin(2));
        self.crashed[1] = all;
        Ok(())
    }

    /// Crash states of an operation in which its slot has the lock: one of every kind, and about so many more.
    fn deaths(&self, op: Op, slot: usize, start: &Start, more: usize, row: &mut Row) -> Fallible<Vec<Start>> {
        let expect = self.expect(op, start);
        let mut states: Vec<Vec<u8>> = vec![];
        let mut first = Row::new(op, self.copies);
        self.step(op, start, &mut first, &mut |bytes| states.push(bytes.to_vec()))?;
        row.violations += first.violations;
        let mut kinds = HashSet::new();
        let every = states.len().div_ceil(more).max(1);
        let mut chosen = vec![];
        for (i, bytes) in states.into_iter().enumerate() {
            let words = crate::image::Words(&bytes);
            let version = words.version();
            if words.owner() == Some(slot) && (kinds.insert(words.kind(self.copies)) || i % every == 0) {
                match expect.model(version).cloned() {
                    Ok(model) => chosen.push(Start { bytes, version, model }),
                    Err(why) => row.found(Finding::plain(format!("in a crash state: {why}")), self.settings),
                }
            }
        }
        Ok(chosen)
    }

    /// Steps the operation once, and kills it at some moments.
    fn one(&self, op: Op, start: &Start, row: &mut Row, share: (usize, usize)) -> Fallible<()> {
        let course = if self.settings.only_calls && op.moves() {
            Course { calls: self.begin(op, start)?.tracee.run_through()?, ..Course::default() }
        } else {
            self.step(op, start, row, &mut |_| ())?
        };
        row.instructions += course.instructions;
        // The starts of one operation share its deaths.
        let (mine, starts) = share;
        let most = if starts > 1 { self.settings.kills.min(SHARED_KILLS) } else { self.settings.kills };
        let kills = ((mine + 1) * most / starts - mine * most / starts) as u64;
        let changes = course.changes.len() as u64;
        let kills = kills.min(changes);
        let at_changes = (0..kills).map(|i| course.changes[((i * changes + changes / 2) / kills) as usize]);
        let unseen = if op == Op::Create || op.moves() { course.calls } else { 0 };
        let moments = at_changes.chain((1..=unseen).map(Moment::at_call));
        for moment in moments {
            if row.stop(self.settings) {
                break;
            }
            self.kill(op, start, moment, row)?;
        }
        Ok(())
    }

    /// Makes the region what it was, and starts a child that is about to do the operation.
    fn begin(&self, op: Op, start: &Start) -> Fallible<Ready> {
        let path = self.path(op);
        let takes_over = matches!(op, Op::TakeOver | Op::TakeOverAgain);
        let image = match (op, op.scene()) {
            (Op::Create, _) => {
                let _ = fs::remove_file(path);
                None
            }
            (_, Scene::Lonely) => {
                crate::scene::write(path, &start.bytes)?;
                Some(Rc::new(Image::open(path)?))
            }
            (_, Scene::Shared) => {
                if self.leads_elsewhere(path) {
                    if path.exists() {
                        fs::remove_file(path)?;
                    }
                    fs::hard_link(&self.kept, path)?;
                }
                let image = Rc::new(Image::open(path)?);
                // A child that attaches before its mark must not meet the dead one's lock.
                image.overwrite(if takes_over { &self.quiet.bytes } else { &start.bytes });
                Some(image)
            }
        };
        let tracee = Tracee::start(op, path, self.copies, self.seed(op))?;
        if let (true, Some(image)) = (takes_over, &image) {
            image.overwrite(&start.bytes);
        }
        Ok(Ready { tracee, image })
    }

    /// Runs to the first system call of the operation that others can see, if instructions before it are left out.
    fn skip(&self, op: Op, ready: &mut Ready) -> Fallible<()> {
        let first_call = op.first_call().filter(|_| !(self.settings.whole && op.moves()));
        let Some(first_call) = first_call else { return Ok(()) };
        let Ready { tracee, image } = ready;
        // Nothing is there to be seen before; and most of the instructions are. But one that opens the region attaches.
        let bytes = image.as_ref().filter(|_| op != Op::Migrate).map(|image| image.bytes().to_vec());
        let untouched = || match (&*image, &bytes) {
            (Some(image), Some(bytes)) => !image.differs(bytes),
            (Some(_), None) => true,
            _ => !self.lonely.exists(),
        };
        if !tracee.run_to_call(|registers| first_call(&registers), untouched)? {
            return Err(
                Wrong("the region was changed before it was locked, or named before it was linked".into()).into()
            );
        }
        Ok(())
    }

    /// Looks for a region that did not have a name yet: with its name it is complete, and its creator attached.
    fn appeared(&self, image: &mut Option<Rc<Image>>) -> Fallible<()> {
        if image.is_none() && self.lonely.exists() {
            *image = Some(Rc::new(Image::open(&self.lonely)?));
        }
        Ok(())
    }

    /// The region in which the operation dies.
    fn path(&self, op: Op) -> &Path {
        match op.scene() {
            Scene::Shared => &self.original.path,
            Scene::Lonely => &self.lonely,
        }
    }

    /// Each death in a chain of them was at other values.
    fn seed(&self, op: Op) -> u64 {
        self.settings.seed + op.deaths_before()
    }

    fn expect(&self, op: Op, start: &Start) -> Expect {
        Expect::of(op, start, self.seed(op))
    }

    /// Steps the operation, and checks each new crash state.
    fn step(&self, op: Op, start: &Start, row: &mut Row, each: &mut dyn FnMut(&[u8])) -> Fallible<Course> {
        let expect = self.expect(op, start);
        let mut ready = self.begin(op, start)?;
        self.skip(op, &mut ready)?;
        let Ready { mut tracee, mut image } = ready;
        let (mut last, mut course) = (Vec::new(), Course { calls: tracee.calls(), ..Course::default() });
        let (mut seen, mut kinds, mut named) = (HashSet::new(), HashSet::new(), true);
        let mut around = op.moves().then(|| Surroundings::new(self.path(op)));
        loop {
            self.appeared(&mut image)?;
            if let Some(image) = image.as_ref().filter(|image| image.differs(&last)) {
                last.clear();
                last.extend_from_slice(image.bytes());
                course.changes.push(tracee.moment());
                if seen.insert(hash(&last)) {
                    each(&last);
                    row.states += 1;
                    let new = kinds.insert(image.words().kind(self.copies));
                    let due = |every: u64| new || row.states.is_multiple_of(every) || every < 100 && row.states < 20;
                    // Without its name, what is carried to other names is another region.
                    let due = |every: u64| due(every) && named;
                    let verdicts = self.check(
                        op.scene(),
                        &last,
                        &expect,
                        row,
                        due(self.settings.alive),
                        due(self.settings.others),
                    )?;
                    for (way, verdict) in verdicts {
                        if let Err(why) = verdict {
                            let (at, place) = (course.instructions, tracee.place());
                            row.found(Finding { way, at, place, why }, self.settings);
                        }
                    }
                    if row.stop(self.settings) {
                        return Ok(course);
                    }
                }
            }
            let gone = self.has_gone(op, &tracee, &mut named);
            let changed = around.as_mut().map(|around| around.changed(&tracee, named)).transpose()?;
            if gone || changed == Some(true) {
                course.changes.push(tracee.moment());
            }
            match tracee.step()? {
                Step::Done => course.instructions += 1,
                Step::End => break,
                Step::Lost(status) => {
                    row.found(Finding::plain(format!("the operation did not end well: {status:?}")), self.settings);
                    return Ok(course);
                }
            }
            if course.instructions.is_multiple_of(4096) {
                self.progress.tick();
            }
        }
        if op.moves() {
            // Each of them is a moment to die at, too.
            course.calls = tracee.calls();
        }
        if op.removes() && named {
            row.found(Finding::plain("the region still has its name".into()), self.settings);
        }
        let made = image.map(|image| image.words().version());
        if made != Some(expect.last()) {
            row.found(
                Finding::plain(format!("the operation left version {made:?}, not {}", expect.last())),
                self.settings,
            );
        }
        Ok(course)
    }

    /// Carries a crash state to other regions, and lets the living go on there.
    fn check(
        &self,
        scene: Scene,
        bytes: &[u8],
        expect: &Expect,
        row: &mut Row,
        alive: bool,
        others: bool,
    ) -> Fallible<Vec<(&'static str, Result<(), String>)>> {
        let mut verdicts = vec![];
        if scene == Scene::Lonely || others {
            crate::scene::write(&self.deserted, bytes)?;
            row.alone += 1;
            verdicts.push(("alone", check::alone(&self.deserted, self.copies, expect)));
        }
        if scene == Scene::Shared && alive {
            row.alive += 1;
            verdicts.push(("alive", check::alive(&self.carried, bytes, self.copies, expect)));
        }
        if scene == Scene::Shared && others {
            row.claimed += 1;
            verdicts.push(("claimed", check::claimed(&self.carried, bytes, self.copies, expect)));
        }
        Ok(verdicts)
    }

    /// Runs the operation up to a moment, kills its process, and lets the living go on.
    fn kill(&self, op: Op, start: &Start, moment: Moment, row: &mut Row) -> Fallible<()> {
        let expect = self.expect(op, start);
        let Ready { mut tracee, .. } = self.begin(op, start)?;
        let steps = tracee.run_to(moment)?;
        let place = tracee.place();
        tracee.kill()?;
        row.killed += 1;
        let verdict = match (op, op.scene()) {
            (Op::Create | Op::RemoveLonely, _) if !self.lonely.exists() => self.nothing_is_there(),
            (Op::Recreate, _) if self.leads_elsewhere(&self.original.path) => {
                check::moved(&self.original, self.copies, start)
            }
            (Op::Migrate, _) if self.leads_elsewhere(&self.original.path) => {
                check::retired(&self.original).and_then(|()| migrated::moved(&self.original, start))
            }
            (Op::Migrate, _) => check::left_behind(&self.original, self.copies, &expect)
                .and_then(|()| migrated::after_all(&self.original)),
            (Op::Remove, _) if !self.original.path.exists() => self
                .nothing_has(&self.original.path)
                .and_then(|()| check::left_behind(&self.original, self.copies, &expect)),
            (_, Scene::Lonely) => check::alone(&self.lonely, self.copies, &expect),
            (_, Scene::Shared) => check::left_behind(&self.original, self.copies, &expect),
        };
        if let Err(why) = verdict {
            row.found(Finding { way: "killed", at: steps, place, why }, self.settings);
        }
        Ok(())
    }

    /// Its process died before the name was given, or after it was taken away: there is nothing, and a region can be
    /// created.
    fn nothing_is_there(&self) -> Result<(), String> {
        self.nothing_has(&self.lonely)?;
        let nook = self.lonely.parent().ok_or("no parent")?;
        let names: Vec<_> = fs::read_dir(nook).map_err(|e| e.to_string())?.flatten().map(|e| e.file_name()).collect();
        if !names.is_empty() {
            return Err(format!("the dead one left {names:?}"));
        }
        options(self.copies).create(&self.lonely).map(drop).map_err(|e| format!("creating it after all: {e}"))
    }

    /// The name leads nowhere.
    fn nothing_has(&self, name: &Path) -> Result<(), String> {
        match State::<Fixture>::open(name) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            other => Err(format!("opening what is not there: {other:?}")),
        }
    }

    /// Whether the operation has just taken the region's name away, which its bytes do not show.
    fn has_gone(&self, op: Op, tracee: &Tracee, named: &mut bool) -> bool {
        // Names change in system calls only.
        let gone = op.removes()
            && *named
            && tracee.is_after_call()
            && match op.scene() {
                Scene::Shared => self.leads_elsewhere(self.path(op)),
                Scene::Lonely => !self.path(op).exists(),
            };
        *named &= !gone;
        gone
    }

    /// Whether a name does not lead to the region in which processes die.
    fn leads_elsewhere(&self, name: &Path) -> bool {
        let inode = |path| fs::metadata(path).map(|file| file.ino());
        inode(name).ok() != inode(&self.kept).ok()
    }
}
