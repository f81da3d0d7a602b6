//! One run of the checks: from the program to the verdict, told while it goes on.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::course::check::report::{self, Failure, Line, Run, Told};
use crate::course::check::{Args, Verdict};
use crate::course::exercises;
use crate::course::lessons::Lesson;
use crate::course::progress::Progress;
use crate::course::repository::{self, Built};
use crate::course::trial::finding::Finding;
use crate::course::trial::program::{Work, quoted};
use crate::course::trial::{self, Check};
use crate::kit::error::{Doing, Error, Result};
use crate::kit::output;
use crate::kit::stop::Stop;
use crate::kit::text::several;
use crate::proto::random::any_seed;

/// Everything that stays the same from run to run.
pub(super) struct Judge<'a> {
    lesson: &'static Lesson,
    checks: Vec<&'static Check>,
    args: &'a Args,
    /// Where the Rust exercise is, if that is to be checked.
    root: Option<PathBuf>,
    stop: &'a Stop,
}

impl<'a> Judge<'a> {
    pub(super) fn of(
        lesson: &'static Lesson,
        args: &'a Args,
        stop: &'a Stop,
    ) -> Result<Judge<'a>> {
        let all =
            exercises::of(lesson.number).map_or(&[][..], |exercise| exercise.checks);
        let wanted = |check: &&Check| args.only.as_ref().is_none_or(|id| id == check.id);
        let checks: Vec<_> = all.iter().filter(wanted).collect();
        if checks.is_empty() {
            let id = args.only.as_deref().unwrap_or_default();
            let ids: Vec<_> = all.iter().map(|check| check.id).collect();
            let doing = format!("find a check {id} in lesson {}", lesson.number);
            let hint = format!("its checks are {}", ids.join(", "));
            return Err(Error::not_found(doing, hint));
        }
        let root = match args.command.is_empty() {
            true => {
                Some(repository::root(lesson.name).doing("find the exercise").map_err(
                    |error| {
                        error.with_hint(
                    "go to your copy of the repository, or check a program of your own: \
                     sockdemo check 05 -- python3 my_server.py",
                )
                    },
                )?)
            }
            false => None,
        };
        Ok(Judge { lesson, checks, args, root, stop })
    }

    /// The files whose change starts the checks again.
    pub(super) fn watched(&self) -> Vec<PathBuf> {
        match &self.root {
            Some(root) => {
                vec![root.join("lessons").join(self.lesson.name).join("exercise.rs")]
            }
            None => {
                let files = self.args.command.iter().map(PathBuf::from);
                files.filter(|path| path.is_file()).collect()
            }
        }
    }

    /// One run of the checks, told while it goes on.
    pub(super) fn once(&self) -> Result<Verdict> {
        let work = match &self.root {
            None => Work::typed_as_it_is(&self.args.command),
            Some(root) => match self.build(root)? {
                Built::Program(program) => Work::built(&program),
                Built::Refused(errors) => return self.refused(&errors),
            },
        };
        let seed = self.args.seed.unwrap_or_else(any_seed);
        self.say(&self.heading(&work, seed))?;
        let mut lines = self.lines();
        let mut failure = None;
        let mut notes = Vec::new();
        let mut verdict = Verdict::Pass;
        for (line, check) in lines.iter_mut().zip(&self.checks) {
            self.say(&line.announcement())?;
            let begun = Instant::now();
            let report = trial::run(check, &work, seed, self.stop);
            line.seconds = begun.elapsed().as_secs_f64();
            verdict = verdict_of(report.finding.as_deref(), self.stop);
            line.verdict = Some(verdict);
            self.say(&line.answer())?;
            for note in report.notes {
                if !notes.contains(&note) {
                    notes.push(note);
                }
            }
            if self.stop.requested() {
                self.say("stopped: nothing is said about the rest\n")?;
                break;
            }
            if let Some(finding) = report.finding {
                let again = self.again(Some(check.id), Some(seed));
                let told = Told { by_hand: report::by_hand(check, &work), again };
                failure = Some(Failure::of(Some(check), *finding, report.printed, told));
                break;
            }
        }
        let run = self.remember(Run {
            lesson: self.lesson.number,
            name: self.lesson.name,
            program: work.name,
            verdict,
            seed,
            checks: lines,
            failure,
            notes,
            hints: 0,
            tries: 0,
        })?;
        self.tell(&run)?;
        Ok(verdict)
    }

    fn lines(&self) -> Vec<Line> {
        let line = |check: &&Check| Line {
            id: check.id,
            says: check.says,
            verdict: None,
            seconds: 0.0,
        };
        self.checks.iter().map(line).collect()
    }

    fn build(&self, root: &Path) -> Result<Built> {
        let example = format!("{}-exercise", self.lesson.name);
        self.say(&format!("building {example} …\n"))?;
        let root = root.to_owned();
        let build = move || repository::build(&root, &example);
        let built = self.stop.unless_first("build", build).doing("start a thread")?;
        match built {
            Some(built) => built.doing("start cargo").map_err(|error| {
                error.with_hint("building the exercise needs Rust's cargo")
            }),
            None => {
                Err(Error::not_found("build the exercise".to_owned(), "it was stopped"))
            }
        }
    }

    /// The compiler has refused the exercise.
    fn refused(&self, errors: &str) -> Result<Verdict> {
        self.say(&format!("\n{errors}\n"))?;
        let run = self.remember(Run {
            lesson: self.lesson.number,
            name: self.lesson.name,
            program: format!("{}-exercise", self.lesson.name),
            verdict: Verdict::Fail,
            seed: 0,
            checks: self.lines(),
            failure: Some(Failure::to_build(self.again(None, None))),
            notes: Vec::new(),
            hints: 0,
            tries: 0,
        })?;
        self.tell(&run)?;
        Ok(Verdict::Fail)
    }

    fn heading(&self, work: &Work, seed: u64) -> String {
        let title = format!("lesson {}: {}", self.lesson.number, self.lesson.title());
        format!("{title}\n{}, seed {seed}\n\n", work.name)
    }

    /// A run counts as a try; only a run of all checks can pass the lesson.
    fn remember(&self, mut run: Run) -> Result<Run> {
        let counts = run.verdict != Verdict::CouldNotTell;
        let passed = run.verdict == Verdict::Pass && self.args.only.is_none();
        let noted = Progress::note(self.lesson.number, |record| {
            record.tries += u32::from(counts);
            record.passed |= passed;
        });
        match noted {
            Ok(record) => (run.hints, run.tries) = (record.hints, record.tries),
            // Whoever has no home, or a full disk, still gets a verdict.
            Err(error) => self.say(&format!("note: {error}\n"))?,
        }
        Ok(run)
    }

    /// What is said at the end.
    fn tell(&self, run: &Run) -> Result<()> {
        if self.args.json {
            let json = serde_json::to_string(run).unwrap_or_default();
            return output::payload(format!("{json}\n").as_bytes());
        }
        let mut page = String::new();
        for note in &run.notes {
            page.push_str(&format!("\nnote: {note}\n"));
        }
        if let Some(failure) = &run.failure {
            page.push('\n');
            page.push_str(&failure.page(run.verdict, run.lesson));
        }
        let passed = run.checks.iter().filter(|line| line.verdict == Some(Verdict::Pass));
        let passed = passed.count();
        page.push('\n');
        page.push_str(&match run.verdict {
            Verdict::Pass if self.args.only.is_some() => {
                "PASS: this check; without --only, all of them are run\n".to_owned()
            }
            Verdict::Pass => format!("PASS: {}\n", several(passed, "check")),
            Verdict::Fail => {
                format!(
                    "FAIL: {passed} of {} passed\n",
                    several(run.checks.len(), "check")
                )
            }
            Verdict::CouldNotTell => {
                "COULD NOT TELL: this says nothing about the exercise\n".to_owned()
            }
        });
        self.say(&page)
    }

    /// To a person; with --json nobody reads along.
    fn say(&self, text: &str) -> Result<()> {
        if self.args.json { Ok(()) } else { output::payload(text.as_bytes()) }
    }

    /// The command that does this again.
    fn again(&self, only: Option<&str>, seed: Option<u64>) -> String {
        let mut again = format!("sockdemo check {:02}", self.lesson.number);
        if let Some(id) = only {
            again.push_str(&format!(" --only {id}"));
        }
        if let Some(seed) = seed {
            again.push_str(&format!(" --seed {seed}"));
        }
        if !self.args.command.is_empty() {
            let typed = |word: &OsString| quoted(&OsStr::to_string_lossy(word));
            let command: Vec<_> = self.args.command.iter().map(typed).collect();
            again.push_str(&format!(" -- {}", command.join(" ")));
        }
        again
    }
}

fn verdict_of(finding: Option<&Finding>, stop: &Stop) -> Verdict {
    match finding {
        _ if stop.requested() => Verdict::CouldNotTell,
        None => Verdict::Pass,
        Some(finding) if finding.cannot_tell => Verdict::CouldNotTell,
        Some(_) => Verdict::Fail,
    }
}
