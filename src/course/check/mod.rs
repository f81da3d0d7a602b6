//! `sockdemo check`: is the exercise right, and if not, why?
//!
//! A student's program, in any language, is started and talked to over real sockets. The
//! checks of each exercise stand in `course/exercises`; everything here is what they need.

mod judge;
mod report;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use self::judge::Judge;
use crate::course::lessons::{self, Lesson};
use crate::course::progress::Progress;
use crate::course::repository;
use crate::course::trial::group;
use crate::kit::error::{Error, Result};
use crate::kit::output;
use crate::kit::stop::Stop;
use crate::kit::text::{WIDTH, several, wrap};

/// How often --watch looks at the files. Polling works on every file system.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// Check an exercise, yours in Rust or a program in any language
///
/// Without a command, lessons/NN-…/exercise.rs is built and checked. With one, that program
/// is started with the address as its last argument, or where {addr}, {host} and {port}
/// stand. Exit code 0: all checks pass; 1: one fails; 3: could not tell.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The lesson: 5, 05 or 05-bytes-not-messages
    pub lesson: String,

    /// The program to check, behind `--`
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,

    /// Check again whenever the program's file changes, until Ctrl-C
    #[arg(long, conflicts_with_all = ["hint", "json"])]
    pub watch: bool,

    /// Show the next hint instead: symptom, concept, call, sketch
    #[arg(long, conflicts_with_all = ["json", "only", "seed", "command"])]
    pub hint: bool,

    /// Report as one JSON object
    #[arg(long)]
    pub json: bool,

    /// Only this check
    #[arg(long, value_name = "ID")]
    pub only: Option<String>,

    /// Cut and fill the messages as in the run that printed this number
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
}

/// What the checks say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Everything that was checked is right.
    Pass,
    /// Something is wrong.
    Fail,
    /// Something is missing that has nothing to do with the exercise.
    CouldNotTell,
}

impl Verdict {
    /// For scripts.
    pub fn exit_code(self) -> u8 {
        match self {
            Verdict::Pass => 0,
            Verdict::Fail => 1,
            Verdict::CouldNotTell => Error::COULD_NOT_TELL,
        }
    }
}

/// Checks once, or again and again, or shows a hint.
pub fn run(args: &Args, stop: &Stop) -> Result<Verdict> {
    let lesson = lessons::find(&args.lesson).map_err(Error::could_not_tell)?;
    if args.hint {
        return hint(lesson).map(|()| Verdict::Pass);
    }
    group::adopt_orphans();
    let judge = Judge::of(lesson, args, stop).map_err(Error::could_not_tell)?;
    let mut verdict = judge.once().map_err(Error::could_not_tell)?;
    while args.watch && !stop.requested() {
        let watched = judge.watched();
        let before = stamps(&watched);
        output::payload(waiting(&watched).as_bytes())?;
        while stamps(&watched) == before && !stop.within(LOOK_AGAIN) {}
        if !stop.requested() {
            verdict = judge.once().map_err(Error::could_not_tell)?;
        }
    }
    Ok(verdict)
}

/// Shows the next rung of the ladder, and remembers it.
fn hint(lesson: &Lesson) -> Result<()> {
    let rungs = lesson.rungs();
    let seen = Progress::load()?.of(lesson.number).hints;
    let next = (seen + 1).min(rungs.len());
    let record = Progress::note(lesson.number, |record| record.hints = next)?;
    let mut page = format!("lesson {}: {}\n", lesson.number, lesson.title());
    let rung = rungs.get(next.saturating_sub(1)).copied().unwrap_or_default();
    let (heading, text) = rung.split_once('\n').unwrap_or((rung, ""));
    let name = heading.split_once(". ").map_or(heading, |(_, name)| name);
    page.push_str(&format!(
        "\nhint {next} of {}: {}\n\n",
        rungs.len(),
        name.to_lowercase()
    ));
    for line in text.trim().lines() {
        for line in wrap(line, WIDTH - 2) {
            page.push_str(&format!("  {line}\n"));
        }
    }
    page.push('\n');
    page.push_str(&match rungs.len() - record.hints {
        0 => format!(
            "That was the last. `sockdemo lesson {:02} --solution` shows a solution.\n",
            lesson.number
        ),
        left => format!("{} left.\n", several(left, "hint")),
    });
    output::payload(page.as_bytes())
}

fn waiting(watched: &[PathBuf]) -> String {
    let names: Vec<_> = watched.iter().map(|path| path.display().to_string()).collect();
    format!("\nwaiting for a change of {} (Ctrl-C ends)\n\n", names.join(", "))
}

fn stamps(watched: &[PathBuf]) -> Vec<Option<(std::time::SystemTime, u64)>> {
    watched.iter().map(|path| repository::stamp(path.as_os_str())).collect()
}
