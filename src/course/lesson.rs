//! `sockdemo lesson`: the pages, their examples, exercises and solutions.

mod page;

use std::io::{self, IsTerminal, Read};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use crate::course::lessons::{self, LESSONS, Lesson};
use crate::course::predict;
use crate::course::progress::{Progress, Record};
use crate::course::repository::{self, Built};
use crate::course::trial::group::{Group, apart};
use crate::kit::error::{Doing, Error, Result};
use crate::kit::output;
use crate::kit::stop::Stop;
use crate::kit::text::{WIDTH, pad, several};
use crate::kit::view::Ink;

/// How many hints there are, and how many one has to see before the solution.
const HINTS: usize = 4;

/// Read a lesson, run its example, see its solution
///
/// Without a number: the list of lessons, and what you have done.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The lesson: 5, 05 or 05-bytes-not-messages
    pub lesson: Option<String>,

    /// Run its example; in a terminal you predict first
    #[arg(long, requires = "lesson", group = "what")]
    pub run: bool,

    /// Show the answer to the prediction
    #[arg(long, requires = "lesson", group = "what")]
    pub answer: bool,

    /// Print the exercise as it is at the beginning
    #[arg(long, requires = "lesson", group = "what")]
    pub exercise: bool,

    /// Print the solution, once the exercise has passed or all hints were seen
    #[arg(long, requires = "lesson", group = "what")]
    pub solution: bool,

    /// Print the solution all the same
    #[arg(long, requires = "solution")]
    pub anyway: bool,
}

/// Shows what was asked for.
pub fn run(args: &Args, ink: Ink, stop: &Stop) -> Result<()> {
    let Some(called) = &args.lesson else { return list() };
    let lesson = lessons::find(called)?;
    if args.run {
        run_example(lesson, ink, stop)
    } else if args.answer {
        output::payload(answer(lesson, ink).as_bytes())
    } else if args.exercise {
        output::payload(lesson.exercise.as_bytes())
    } else if args.solution {
        solution(lesson, args.anyway)
    } else {
        let (number, name) = (lesson.number, lesson.name);
        let folded = format!("(The answer: `sockdemo lesson {number:02} --answer`)");
        let mut shown = page::show(lesson.page, WIDTH - 2, ink, &folded);
        shown.push_str(&format!(
            "\n{:─<40}\nrun it       sockdemo lesson {number:02} --run\n\
             the exercise lessons/{name}/exercise.rs\n\
             check it     sockdemo check {number:02}\n",
            ""
        ));
        output::payload(shown.as_bytes())
    }
}

/// All lessons, with the progress.
fn list() -> Result<()> {
    let progress = Progress::load()?;
    let mut list = "Lessons, and what you have done\n\n".to_owned();
    for lesson in LESSONS {
        let (number, minutes) = (lesson.number, lesson.minutes());
        let done = done(progress.of(number));
        let title = pad(lesson.title(), 30);
        let line = format!("{number:>3}  {title} {minutes:>3} minutes  {done}");
        list.push_str(line.trim_end());
        list.push_str(&format!("\n     {}\n", lesson.question()));
    }
    let passed =
        LESSONS.iter().filter(|lesson| progress.of(lesson.number).passed).count();
    let next = LESSONS.iter().find(|lesson| !progress.of(lesson.number).passed);
    list.push_str(&format!("\n{passed} of {} passed.", several(LESSONS.len(), "lesson")));
    if let Some(next) = next {
        list.push_str(&format!(" Next: sockdemo lesson {:02}", next.number));
    }
    output::payload(format!("{list}\n").as_bytes())
}

/// `passed, 2 hints`, or nothing.
fn done(record: Record) -> String {
    let state = match record {
        Record { passed: true, .. } => Some("passed".to_owned()),
        Record { tries: 1.., .. } => Some("begun".to_owned()),
        _ => None,
    };
    let hints = (record.hints > 0).then(|| several(record.hints, "hint"));
    let solution = record.solution.then(|| "solution seen".to_owned());
    [state, hints, solution].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The answer to the prediction, as it stands folded on the page.
fn answer(lesson: &Lesson, ink: Ink) -> String {
    page::show(lesson.answer(), WIDTH - 2, ink, "")
}

fn solution(lesson: &Lesson, anyway: bool) -> Result<()> {
    let record = Progress::load()?.of(lesson.number);
    if !record.passed && record.hints < HINTS && !anyway {
        let hint = format!(
            "`sockdemo check {n:02} --hint` helps, and \
             `sockdemo lesson {n:02} --solution --anyway` shows it all the same",
            n = lesson.number
        );
        let doing = format!("show the solution of lesson {}", lesson.number);
        let refusal = Error::because(doing, "your exercise has not passed yet");
        return Err(refusal.with_hint(hint));
    }
    Progress::note(lesson.number, |record| record.solution = true)?;
    output::payload(lesson.solution.as_bytes())
}

/// Predict, run, compare. Without a terminal only the example speaks.
fn run_example(lesson: &Lesson, ink: Ink, stop: &Stop) -> Result<()> {
    let root =
        repository::root(lesson.name).doing("find the example").map_err(|error| {
            error.with_hint(
                "go to your copy of the repository: its lessons are built there",
            )
        })?;
    let asks = io::stdin().is_terminal() && io::stdout().is_terminal();
    let guess = if asks { guess(lesson, ink, stop)? } else { None };
    if stop.requested() {
        return Ok(());
    }
    let Some(program) = build(&root, lesson, stop)? else { return Ok(()) };
    let Some(said) = tell(&program, stop)? else { return Ok(()) };
    if !asks {
        return Ok(());
    }
    let verdict = guess.map(|guess| match lesson.is_shown_by(&said) {
        true => format!("\n{}", predict::compared(guess, lesson.right_answer())),
        false => {
            "\nthis run printed something else than the page: no verdict\n".to_owned()
        }
    });
    let verdict = verdict.unwrap_or_default();
    output::payload(format!("{verdict}\n{}", answer(lesson, ink)).as_bytes())
}

fn guess(lesson: &Lesson, ink: Ink, stop: &Stop) -> Result<Option<char>> {
    let question = page::show(lesson.prediction(), WIDTH - 2, ink, "");
    let answers = lesson.prediction().lines().filter(|line| line.starts_with("- **"));
    predict::ask(&format!("{question}\n"), answers.count(), stop)
}

/// Nothing if it was stopped meanwhile.
fn build(
    root: &Path,
    lesson: &Lesson,
    stop: &Stop,
) -> Result<Option<std::path::PathBuf>> {
    eprintln_if_heard(&format!("building {} …", lesson.name));
    let (root, name) = (root.to_owned(), lesson.name);
    let building = move || repository::build(&root, name);
    let built = stop.unless_first("build", building).doing("start a thread")?;
    match built.transpose().doing("start cargo")? {
        None => Ok(None),
        // Ctrl-C reaches the compiler as well. That it was cut short is no news.
        Some(_) if stop.requested() => Ok(None),
        Some(Built::Program(program)) => Ok(Some(program)),
        Some(Built::Refused(errors)) => {
            eprintln_if_heard(&errors);
            Err(Error::because("build the example", "the compiler says why"))
        }
    }
}

/// Runs it, passes on what it prints, and gives all of it. Ctrl-C ends it.
fn tell(program: &Path, stop: &Stop) -> Result<Option<String>> {
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    apart(&mut command);
    let mut child = command.spawn().doing("start the example")?;
    let group = Group::of(child.id());
    let stdout = child.stdout.take();
    let listen = move || -> Result<(String, ExitStatus)> {
        let mut said = Vec::new();
        if let Some(mut stdout) = stdout {
            let mut buffer = [0; 4096];
            loop {
                let n = stdout.read(&mut buffer).doing("hear the example")?;
                let piece = buffer.get(..n).unwrap_or_default();
                if n == 0 {
                    break;
                }
                said.extend_from_slice(piece);
                output::payload(piece)?;
            }
        }
        let status = child.wait().doing("wait for the example")?;
        Ok((String::from_utf8_lossy(&said).into_owned(), status))
    };
    let heard = stop.unless_first("example", listen).doing("start a thread");
    group.kill(); // Nothing of it stays, whatever has ended our waiting.
    match heard?.transpose()? {
        None => Ok(None),
        Some((said, status)) if status.success() => Ok(Some(said)),
        Some((_, status)) => Err(Error::because("run the example to its end", status)),
    }
}

/// To a person, beside what was asked for.
fn eprintln_if_heard(words: &str) {
    use io::Write;
    let _ = writeln!(io::stderr(), "{words}"); // Perhaps nobody listens.
}
