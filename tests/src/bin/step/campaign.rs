//! One operation in a region of one number of copies: stepped once for its crash states, then killed for real.

use crate::check;
use crate::image::{Image, hash, pin};
use crate::ops::Op;
use crate::report::{Finding, Row};
use crate::settings::Settings;
use crate::stand::{Expect, Stand, Start, Wrong, options};
use crate::trace::{Step, Tracee};
use crate::world::{Model, World};
use crate::{Fallible, scene::Scene};
use indicatif::ProgressBar;
use shmstate::{ErrorKind, State};
use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;
use std::rc::Rc;

/// The regions of one number of copies, and what was found in them.
pub(crate) struct Campaign<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) progress: &'a ProgressBar,
    pub(crate) copies: usize,
    /// Where processes die.
    original: Stand,
    /// Where what they leave is carried to, with a population that lives.
    carried: Stand,
    /// Where it is carried to when everybody has died.
    deserted: PathBuf,
    /// Where regions are created, and where a population dies out.
    lonely: PathBuf,
    quiet: Start,
    read_for_long: Start,
    /// Crash states in which other operations begin.
    second: Vec<Start>,
}

/// When a child is killed.
#[derive(Clone, Copy)]
enum Moment {
    /// Once the region has changed so often.
    Change(u64),
    /// At the so many-th beginning or end of a system call, before there is anything to be stepped.
    Call(u64),
}

/// What one run of an operation went through.
#[derive(Default)]
struct Course {
    instructions: u64,
    changes: u64,
    /// Beginnings and ends of system calls before the first instruction that was stepped.
    calls: u64,
}

/// A child that is about to do its operation.
struct Ready {
    tracee: Tracee,
    image: Option<Rc<Image>>,
    calls: u64,
}

impl<'a> Campaign<'a> {
    pub(crate) fn new(
        settings: &'a Settings,
        progress: &'a ProgressBar,
        copies: usize,
        dir: &std::path::Path,
    ) -> Fallible<Self> {
        let dir = dir.join(copies.to_string());
        let nook = dir.join("lonely");
        fs::create_dir_all(&nook)?;
        let original = Stand::new(dir.join("original"), copies)?;
        let quiet = original.warm_up(copies, false)?;
        let carried = Stand::new(dir.join("carried"), copies)?;
        // With two copies, a reader that stays is in every writer's way.
        let read_for_long = if copies > 2 {
            let stand = Stand::new(dir.join("long-reader"), copies)?;
            stand.warm_up(copies, true)?
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
            second: vec![],
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
                self.one(op, Scene::Lonely, &start, &mut row, (0, 1))?;
            }
            Op::LongReader => {
                let start = self.read_for_long.clone();
                self.one(op, Scene::Shared, &start, &mut row, (0, 1))?;
            }
            _ if op.is_second_death() => {
                self.die_once(&mut row)?;
                if row.stop(self.settings) {
                    return Ok(row);
                }
                let scene = if op == Op::AttachFirst { Scene::Lonely } else { Scene::Shared };
                for i in 0..self.second.len() {
                    let start = self.second[i].clone();
                    self.one(op, scene, &start, &mut row, (i, self.second.len()))?;
                    if row.stop(self.settings) {
                        break;
                    }
                }
            }
            _ => {
                let start = self.quiet.clone();
                self.one(op, Scene::Shared, &start, &mut row, (0, 1))?;
            }
        }
        Ok(row)
    }

    /// Gathers crash states of updates, in which the next process begins.
    fn die_once(&mut self, row: &mut Row) -> Fallible<()> {
        if !self.second.is_empty() {
            return Ok(());
        }
        let mut all = vec![];
        for op in [Op::ManySpots, Op::Err].into_iter().take(self.settings.first_deaths) {
            let start = self.quiet.clone();
            let expect = Expect::of(op, &start, self.settings.seed);
            let mut states: Vec<Vec<u8>> = vec![];
            let mut first = Row::new(op, self.copies);
            self.step(op, Scene::Shared, &start, &mut first, &mut |bytes| states.push(bytes.to_vec()))?;
            row.violations += first.violations;
            if row.stop(self.settings) {
                return Ok(());
            }
            let mut kinds = HashSet::new();
            let every = states.len().div_ceil(self.settings.deaths).max(1);
            for (i, bytes) in states.iter().enumerate() {
                let words = crate::image::Words(bytes);
                // One of every kind, and some more.
                if words.owner().is_some() && (kinds.insert(words.kind(self.copies)) || i % every == 0) {
                    all.push((bytes.clone(), expect.model(words.version()).cloned()));
                }
            }
        }
        for (i, (mut bytes, model)) in all.into_iter().enumerate() {
            let words = crate::image::Words(&bytes);
            let (version, active) = (words.version(), words.active());
            let Ok(model) = model else {
                row.found(Finding::plain(format!("version {version} in a crash state")), self.settings);
                continue;
            };
            if i % 2 == 1 {
                // The dead process had a thread that read.
                pin(&mut bytes, 1, active);
            }
            self.second.push(Start { bytes, version, model });
        }
        Ok(())
    }

    /// Steps the operation once, and kills it at some moments.
    fn one(&self, op: Op, scene: Scene, start: &Start, row: &mut Row, share: (usize, usize)) -> Fallible<()> {
        let course = self.step(op, scene, start, row, &mut |_| ())?;
        row.instructions += course.instructions;
        // The starts of one operation share its deaths.
        let (mine, starts) = share;
        let kills = ((mine + 1) * self.settings.kills / starts - mine * self.settings.kills / starts) as u64;
        let kills = kills.min(course.changes);
        let at_changes = (0..kills).map(|i| Moment::Change((i * course.changes + course.changes / 2) / kills));
        let unseen = (1..=if op == Op::Create { course.calls } else { 0 }).map(Moment::Call);
        let moments = at_changes.chain(unseen);
        for moment in moments {
            if row.stop(self.settings) {
                break;
            }
            self.kill(op, scene, start, moment, row)?;
        }
        Ok(())
    }

    /// Makes the region what it was, and starts a child that is about to do the operation.
    fn begin(&self, op: Op, scene: Scene, start: &Start, most_calls: u64) -> Fallible<Ready> {
        let path = match scene {
            Scene::Shared => &self.original.path,
            Scene::Lonely => &self.lonely,
        };
        let image = match (op, scene) {
            (Op::Create, _) => {
                let _ = fs::remove_file(path);
                None
            }
            (_, Scene::Lonely) => {
                crate::scene::write(path, &start.bytes)?;
                Some(Rc::new(Image::open(path)?))
            }
            (_, Scene::Shared) => {
                let image = Rc::new(Image::open(path)?);
                // A child that attaches before its mark must not meet the dead one's lock.
                image.overwrite(if op == Op::TakeOver { &self.quiet.bytes } else { &start.bytes });
                Some(image)
            }
        };
        let mut tracee = Tracee::start(op, path, self.copies, self.settings.seed + u64::from(op.is_second_death()))?;
        if let (Op::TakeOver, Some(image)) = (op, &image) {
            image.overwrite(&start.bytes);
        }
        let mut calls = 0;
        if let Some(call) = op.first_call() {
            // Nothing is there to be seen before; and most of the instructions are.
            let bytes = image.as_ref().map(|image| image.bytes().to_vec());
            let untouched = || match (&image, &bytes) {
                (Some(image), Some(bytes)) => !image.differs(bytes),
                _ => !self.lonely.exists(),
            };
            let there = |registers| {
                calls += 1;
                call(&registers) || calls == most_calls
            };
            if !tracee.run_to_call(there, untouched)? {
                return Err(
                    Wrong("the region was changed before it was locked, or named before it was linked".into()).into()
                );
            }
        }
        Ok(Ready { tracee, image, calls })
    }

    /// Looks for a region that did not have a name yet: with its name it is complete, and its creator attached.
    fn appeared(&self, image: &mut Option<Rc<Image>>) -> Fallible<()> {
        if image.is_none() && self.lonely.exists() {
            *image = Some(Rc::new(Image::open(&self.lonely)?));
        }
        Ok(())
    }

    fn expect(&self, op: Op, start: &Start) -> Expect {
        Expect::of(op, start, self.settings.seed + u64::from(op.is_second_death()))
    }

    /// Steps the operation, and checks each new crash state.
    fn step(
        &self,
        op: Op,
        scene: Scene,
        start: &Start,
        row: &mut Row,
        each: &mut dyn FnMut(&[u8]),
    ) -> Fallible<Course> {
        let expect = self.expect(op, start);
        let Ready { mut tracee, mut image, calls } = self.begin(op, scene, start, u64::MAX)?;
        let (mut last, mut course) = (Vec::new(), Course { calls, ..Course::default() });
        let (mut seen, mut kinds) = (HashSet::new(), HashSet::new());
        loop {
            self.appeared(&mut image)?;
            if let Some(image) = image.as_ref().filter(|image| image.differs(&last)) {
                last.clear();
                last.extend_from_slice(image.bytes());
                course.changes += 1;
                if seen.insert(hash(&last)) {
                    each(&last);
                    row.states += 1;
                    let new = kinds.insert(image.words().kind(self.copies));
                    let due = |every: u64| new || row.states.is_multiple_of(every) || every < 100 && row.states < 20;
                    let verdicts =
                        self.check(scene, &last, &expect, row, due(self.settings.alive), due(self.settings.others))?;
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
    fn kill(&self, op: Op, scene: Scene, start: &Start, moment: Moment, row: &mut Row) -> Fallible<()> {
        let expect = self.expect(op, start);
        let most_calls = if let Moment::Call(calls) = moment { calls } else { u64::MAX };
        let Ready { mut tracee, mut image, .. } = self.begin(op, scene, start, most_calls)?;
        let (mut last, mut course) = (Vec::new(), Course::default());
        loop {
            self.appeared(&mut image)?;
            if let Some(image) = image.as_ref().filter(|image| image.differs(&last)) {
                last.clear();
                last.extend_from_slice(image.bytes());
                course.changes += 1;
            }
            let now = match moment {
                Moment::Change(changes) => course.changes > changes,
                Moment::Call(_) => true,
            };
            if now || tracee.step()? != Step::Done {
                break;
            }
            course.instructions += 1;
        }
        let place = tracee.place();
        tracee.kill()?;
        row.killed += 1;
        let verdict = match (op, scene) {
            (Op::Create, _) if !self.lonely.exists() => self.nothing_is_there(),
            (_, Scene::Lonely) => check::alone(&self.lonely, self.copies, &expect),
            (_, Scene::Shared) => check::left_behind(&self.original, self.copies, &expect),
        };
        if let Err(why) = verdict {
            row.found(Finding { way: "killed", at: course.instructions, place, why }, self.settings);
        }
        Ok(())
    }

    /// A creator died before the name was given: there is nothing, and a region can be created.
    fn nothing_is_there(&self) -> Result<(), String> {
        match State::<World>::open(&self.lonely) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            other => return Err(format!("opening what was never created: {other:?}")),
        }
        let nook = self.lonely.parent().ok_or("no parent")?;
        let names: Vec<_> = fs::read_dir(nook).map_err(|e| e.to_string())?.flatten().map(|e| e.file_name()).collect();
        if !names.is_empty() {
            return Err(format!("the creator left {names:?}"));
        }
        options(self.copies).create(&self.lonely).map(drop).map_err(|e| format!("creating it after all: {e}"))
    }
}
