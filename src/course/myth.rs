//! `sockdemo myth`: common beliefs about sockets, each against an experiment.
//!
//! Every experiment is a short function over plain `std::net`, in a file for its subject.
//! It runs in a thread of its own and tells its steps; the main thread prints them, and
//! waits for the end of the experiment, for Ctrl-C and for the time limit, whichever
//! comes first. The verdict is what the experiment saw.

mod addresses;
mod claim;
mod closing;
mod connecting;
mod datagrams;
mod lab;
mod programs;
mod road;
mod sockets;
mod streams;
mod waiting;

use std::io::{self, ErrorKind, IsTerminal};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, after, select, unbounded};

use self::claim::Myth;
use self::lab::{Lab, News, Programs};
use crate::course::predict;
use crate::kit::error::{Doing, Error, Result};
use crate::kit::output;
use crate::kit::stop::Stop;
use crate::kit::text::{WIDTH, several, wrap};

/// What one experiment may take: they take less than two seconds on an idle machine.
const LIMIT: Duration = Duration::from_secs(20);

/// The groups of the list, in teaching order.
const SUBJECTS: &[(&str, &[Myth])] = &[
    ("Sockets and connections", sockets::MYTHS),
    ("Addresses and ports", addresses::MYTHS),
    ("Connecting and accepting", connecting::MYTHS),
    ("The bytes of a stream", streams::MYTHS),
    ("Closing", closing::MYTHS),
    ("The road", road::MYTHS),
    ("Datagrams", datagrams::MYTHS),
    ("Waiting", waiting::MYTHS),
    ("Programs and threads", programs::MYTHS),
];

/// Put a common belief about sockets to the test
///
/// Without an ID: the list of them. In a terminal the experiment asks what you expect
/// before it runs. Exit code 0: it showed what is wrong with the claim; 1: it did not show
/// that on this system; 3: could not tell.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Which one, such as F6; `all` runs them all, without questions
    #[arg(value_name = "ID")]
    pub id: Option<String>,
}

/// What an experiment came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It contradicted the claim, or showed what the claim leaves out.
    Shown,
    /// It ran, and did not.
    NotShown,
    /// It could not run, or was stopped.
    CouldNotTell,
}

impl Outcome {
    /// For scripts.
    pub fn exit_code(self) -> u8 {
        match self {
            Outcome::Shown => 0,
            Outcome::NotShown => 1,
            Outcome::CouldNotTell => Error::COULD_NOT_TELL,
        }
    }
}

/// Shows the list, runs one experiment, or all of them.
pub fn run(args: &Args, stop: &Stop) -> Result<Outcome> {
    match args.id.as_deref().map(str::trim) {
        None => output::payload(list().as_bytes()).map(|()| Outcome::Shown),
        Some(id) if id.eq_ignore_ascii_case("all") => all(stop),
        Some(id) => one(find(id)?, stop),
    }
}

fn list() -> String {
    let mut list =
        "What many believe about sockets, each against an experiment.\n".to_owned();
    for (subject, myths) in SUBJECTS {
        list.push_str(&format!("\n{subject}\n"));
        for myth in *myths {
            list.push_str(&format!("  {:<8} {}\n", myth.ids.join(" "), myth.claim));
        }
    }
    list.push_str("\n`sockdemo myth F6` runs one of them, `sockdemo myth all` all.\n");
    list
}

fn find(id: &str) -> Result<&'static Myth> {
    let is_it =
        |myth: &&Myth| myth.ids.iter().any(|known| known.eq_ignore_ascii_case(id));
    every().find(is_it).ok_or_else(|| {
        let doing = format!("find a myth called {id}");
        Error::not_found(doing, "`sockdemo myth` lists them").could_not_tell()
    })
}

fn every() -> impl Iterator<Item = &'static Myth> {
    SUBJECTS.iter().flat_map(|(_, myths)| myths.iter())
}

/// Predict, run, compare.
fn one(myth: &'static Myth, stop: &Stop) -> Result<Outcome> {
    output::payload(heading(myth).as_bytes())?;
    let guess = match io::stdin().is_terminal() && io::stdout().is_terminal() {
        true => predict(myth, stop)?,
        false => None,
    };
    let outcome = perform(myth, stop)?;
    if let (Some(guess), Outcome::Shown) = (guess, outcome) {
        output::payload(predict::compared(guess, myth.right).as_bytes())?;
    }
    Ok(outcome)
}

/// All of them in the order of the list, and at the end how many.
fn all(stop: &Stop) -> Result<Outcome> {
    let mut outcomes = Vec::new();
    for myth in every() {
        output::payload(heading(myth).as_bytes())?;
        outcomes.push(perform(myth, stop)?);
        if stop.requested() {
            return Ok(Outcome::CouldNotTell);
        }
        output::payload(b"\n")?;
    }
    let count = |kind| outcomes.iter().filter(|outcome| **outcome == kind).count();
    let (failed, unknown) = (count(Outcome::NotShown), count(Outcome::CouldNotTell));
    let sum = format!(
        "{}: {} shown, {failed} not shown here, {unknown} could not tell\n",
        several(outcomes.len(), "experiment"),
        count(Outcome::Shown),
    );
    output::payload(sum.as_bytes())?;
    Ok(match (failed, unknown) {
        (0, 0) => Outcome::Shown,
        (0, _) => Outcome::CouldNotTell,
        _ => Outcome::NotShown,
    })
}

fn heading(myth: &Myth) -> String {
    paragraph(&format!("{}: \"{}\"", myth.ids.join(", "), myth.claim)) + "\n"
}

/// Asks what will happen.
fn predict(myth: &Myth, stop: &Stop) -> Result<Option<char>> {
    let mut question = paragraph(myth.question);
    for (letter, answer) in ('a'..).zip(myth.answers) {
        question.push_str(&format!("  {letter}  {answer}\n"));
    }
    predict::ask(&question, myth.answers.len(), stop)
}

/// Runs the experiment, prints its steps as they come, and then what they say.
fn perform(myth: &'static Myth, stop: &Stop) -> Result<Outcome> {
    if stop.requested() {
        return Ok(Outcome::CouldNotTell);
    }
    let programs = Programs::default();
    let watched = watch(myth, &programs, stop);
    programs.end();
    let Some(seen) = watched? else { return Ok(Outcome::CouldNotTell) };
    let (outcome, words) = match seen {
        Ok(true) => {
            (Outcome::Shown, format!("verdict: {}. {}", myth.flaw.name(), myth.truth))
        }
        Ok(false) => (Outcome::NotShown, NOT_SHOWN.to_owned()),
        Err(error) => {
            (Outcome::CouldNotTell, format!("verdict: could not tell: {error}."))
        }
    };
    output::payload(format!("\n{}", paragraph(&words)).as_bytes())?;
    Ok(outcome)
}

const NOT_SHOWN: &str = "verdict: not shown here: at least one step had another outcome \
     than on the Linux where this experiment was made, so it says nothing about the claim.";

/// The experiment's result; `None` when somebody pulls `stop` before that.
fn watch(
    myth: &'static Myth,
    programs: &Programs,
    stop: &Stop,
) -> Result<Option<io::Result<bool>>> {
    // A few dozen lines; and an experiment must not wait for the screen.
    let (page, news) = unbounded();
    let lab = Lab { page, programs: programs.clone() };
    // Detached: if it hangs, nothing can wake it, and the end of the process takes it
    // along.
    let experiment =
        thread::Builder::new().name(myth.ids[0].to_owned()).spawn(move || {
            let seen = (myth.run)(&lab);
            let _ = lab.page.send(News::Over(seen)); // We may be stopping.
        });
    experiment.doing("start a thread")?;
    listen(&news, stop)
}

fn listen(news: &Receiver<News>, stop: &Stop) -> Result<Option<io::Result<bool>>> {
    let over = after(LIMIT);
    loop {
        let heard = select! {
            recv(news) -> heard => heard,
            recv(stop.channel()) -> _ => return Ok(None),
            recv(over) -> _ => return Ok(Some(Err(ErrorKind::TimedOut.into()))),
        };
        match heard {
            Ok(News::Step(line)) => output::payload(line.as_bytes())?,
            Ok(News::Over(seen)) => return Ok(Some(seen)),
            Err(_) => return Ok(Some(Err(io::Error::other("the experiment panicked")))),
        }
    }
}

fn paragraph(text: &str) -> String {
    wrap(text, WIDTH).join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_question_has_its_right_answer_among_two_to_four() {
        for myth in every() {
            let letters: Vec<char> = ('a'..).take(myth.answers.len()).collect();
            assert!((2..=4).contains(&letters.len()), "{:?}", myth.ids);
            assert!(letters.contains(&myth.right), "{:?}", myth.ids);
            assert!(myth.question.ends_with('?'), "{:?}", myth.ids);
            let answers = myth.answers.iter();
            let longest = answers.map(|answer| answer.len()).max();
            assert!(longest <= Some(WIDTH - 5), "{:?}", myth.ids);
        }
    }
}
