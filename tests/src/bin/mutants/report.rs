//! The tables.

use crate::Task;
use crate::check::{Outcome, Verdict};
use comfy_table::{Table, presets};
use shmstate_tests::mutants::Check;

/// Lines of what a check said that are shown when it is not as expected.
const MOST: usize = 12;

/// How a check is called.
fn name(check: Check) -> String {
    match check {
        Check::Loom(test, _) => format!("loom {test}"),
        Check::Shuttle(test) => format!("shuttle {test}"),
        Check::Unit(test) => test.replace("state::relocation::", "moves ").replace("deaths::death", "death"),
        Check::Process(file, test) | Check::Beside(_, file, test) => format!("{file}::{test}"),
        Check::Step(operation) => format!("step {operation}"),
    }
}

fn cell(outcome: &Outcome) -> String {
    match &outcome.verdict {
        Verdict::Found => outcome.after(),
        Verdict::NotFound => "NOT FOUND".into(),
        Verdict::Broken(why) => why.to_string(),
    }
}

/// One row for each check of each fault; what is harmless in a table of its own.
pub fn tables(tasks: &[Task], outcomes: &[Outcome]) -> String {
    let (mut found, mut harmless) = (Table::new(), Table::new());
    found.load_style(presets::ASCII_MARKDOWN).set_header(["mutant", "what it breaks", "caught by", "after"]);
    harmless.load_style(presets::ASCII_MARKDOWN).set_header(["harmless", "why", "not caught by"]);
    let mut last = "";
    for (task, outcome) in tasks.iter().zip(outcomes) {
        let Some(planted) = task.name else { continue };
        let (fault, text) = if planted == last { ("", "") } else { (planted, task.text) };
        last = planted;
        if task.harmful {
            found.add_row([fault.into(), text.into(), name(task.check), cell(outcome)]);
        } else {
            let by = if outcome.verdict == Verdict::NotFound { name(task.check) } else { cell(outcome) };
            harmless.add_row([fault.into(), text.into(), by]);
        }
    }
    let shown = [found, harmless].into_iter().filter(|table| !table.is_empty());
    shown.map(|table| format!("{table}\n\n")).collect()
}

/// What came of it, in numbers.
pub fn summary(tasks: &[Task], outcomes: &[Outcome]) -> String {
    let mut harmful: Vec<_> = tasks.iter().filter(|task| task.harmful).map(|task| task.name).collect();
    let checks = harmful.len();
    harmful.dedup();
    let missed = tasks.iter().zip(outcomes).filter(|(task, outcome)| task.harmful && !outcome.found());
    let mut missed: Vec<_> = missed.map(|(task, _)| task.name).collect();
    missed.dedup();
    let caught = harmful.len() - missed.len();
    let sound: Vec<_> = tasks.iter().zip(outcomes).filter(|(task, _)| task.name.is_none()).collect();
    let content = sound.iter().filter(|(_, outcome)| outcome.verdict == Verdict::NotFound).count();
    let mutants = format!("{caught} of {} mutants caught, by {checks} checks", harmful.len());
    match sound.len() {
        0 => mutants,
        all => format!("{content} of {all} scenes and tests find nothing where nothing is planted; {mutants}"),
    }
}

/// What is not as the catalogue says.
pub fn wrong(task: &Task, outcome: &Outcome) -> String {
    let what = match (&outcome.verdict, task.harmful) {
        (Verdict::Found, false) if task.name.is_none() => "fails",
        (Verdict::Found, false) => "does harm",
        (Verdict::NotFound, _) => "is not found",
        (Verdict::Broken(why), _) => why,
        (Verdict::Found, true) => "is found",
    };
    let lines: Vec<&str> = outcome.said.lines().filter(|line| !line.trim().is_empty()).collect();
    let shown = lines[lines.len().saturating_sub(MOST)..].join("\n    ");
    format!("\n{} by {}: {what}\n    {shown}", task.name.unwrap_or("no fault"), name(task.check))
}
