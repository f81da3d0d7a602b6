//! How a run of the checks is told: line by line for a person, in one object for a program.

use std::fmt::Write;
use std::time::Duration;

use serde::Serialize;

use crate::course::check::Verdict;
use crate::course::trial::Check;
use crate::course::trial::finding::{Finding, Rule};
use crate::course::trial::program::Work;
use crate::kit::text::{WIDTH, pad, still_safe, wrap};

/// Where the answer stands in the line of a check.
const ANSWER: usize = 66;

/// The column in which names are told.
const NAME: usize = 14;

/// One check, as it went.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    pub(super) id: &'static str,
    pub(super) says: &'static str,
    pub(super) verdict: Option<Verdict>,
    pub(super) seconds: f64,
}

impl Line {
    /// What stands on the screen while the check runs.
    pub(super) fn announcement(&self) -> String {
        pad(&format!("  {:<16} {}", self.id, self.says), ANSWER)
    }

    /// What stands behind it afterwards.
    pub(super) fn answer(&self) -> String {
        let time = Duration::from_secs_f64(self.seconds);
        match self.verdict {
            Some(Verdict::Pass) => format!("pass {:>7.2} s\n", time.as_secs_f64()),
            Some(Verdict::Fail) => format!("FAIL {:>7.2} s\n", time.as_secs_f64()),
            Some(Verdict::CouldNotTell) => "could not tell\n".to_owned(),
            None => "not run\n".to_owned(),
        }
    }
}

/// Everything about one run.
#[derive(Debug, Serialize)]
pub(super) struct Run {
    pub(super) lesson: u8,
    pub(super) name: &'static str,
    pub(super) program: String,
    pub(super) verdict: Verdict,
    pub(super) seed: u64,
    pub(super) checks: Vec<Line>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) failure: Option<Failure>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) notes: Vec<&'static str>,
    pub(super) hints: usize,
    pub(super) tries: u32,
}

/// What is said about the check that did not pass.
#[derive(Debug, Serialize)]
pub(super) struct Failure {
    /// The check, or the rule above all checks, that was broken.
    pub(super) id: &'static str,
    says: &'static str,
    seen: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    evidence: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    check_waits: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    program_does: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    printed: Vec<String>,
    causes: Vec<&'static str>,
    by_hand: Vec<String>,
    again: String,
}

impl Failure {
    /// The build of the exercise failed: the compiler has said why.
    pub(super) fn to_build(again: String) -> Failure {
        let finding = Finding::of(Rule::Builds, "the compiler refused it");
        Failure::of(None, *finding, Vec::new(), Told { by_hand: Vec::new(), again })
    }

    /// Of a check that has found something.
    pub(super) fn of(
        check: Option<&Check>,
        finding: Finding,
        printed: Vec<String>,
        told: Told,
    ) -> Failure {
        let (id, says, causes) = match (finding.rule, check) {
            (Some(rule), _) => (rule.id(), rule.says(), rule.causes()),
            (None, Some(check)) => (check.id, check.says, check.causes),
            (None, None) => ("check", "", &[][..]),
        };
        let first = finding.inferred();
        let others = causes.iter().copied().filter(|cause| Some(*cause) != first);
        let causes = first.into_iter().chain(others);
        let causes = causes.filter(|_| !finding.cannot_tell).collect();
        let does = finding.program_does.into_iter().map(|doing| doing.words);
        Failure {
            id,
            says,
            seen: finding.seen,
            evidence: finding.bytes.map(|bytes| bytes.lines()).unwrap_or_default(),
            check_waits: finding.check_waits,
            program_does: does.collect(),
            printed: printed.iter().map(|line| still_safe(line)).collect(),
            causes,
            by_hand: told.by_hand,
            again: told.again,
        }
    }

    /// The page about it.
    pub(super) fn page(&self, verdict: Verdict, lesson: u8) -> String {
        let mut page = String::new();
        let word = match verdict {
            Verdict::CouldNotTell => "COULD NOT TELL",
            _ => "FAIL",
        };
        hanging(&mut page, "", &format!("{word} {}: {}", self.id, self.says));
        page.push('\n');
        hanging(&mut page, "  ", &self.seen);
        for line in &self.evidence {
            hanging(&mut page, "  ", line);
        }
        if self.check_waits.is_some() || !self.program_does.is_empty() {
            page.push_str("\nwho waited for what\n");
            if let Some(words) = &self.check_waits {
                entry(&mut page, "this check", words);
            }
            for words in &self.program_does {
                entry(&mut page, "your program", words);
            }
        }
        if !self.printed.is_empty() {
            page.push_str("\nwhat your program printed\n");
            for line in &self.printed {
                let indent = line.len() - line.trim_start().len() + 2;
                hanging(&mut page, &" ".repeat(indent.min(WIDTH / 2)), line.trim_start());
            }
        }
        if !self.causes.is_empty() {
            page.push_str("\nlikely causes\n");
            for (i, cause) in self.causes.iter().enumerate() {
                hanging(&mut page, &format!("  {}. ", i + 1), cause);
            }
        }
        if !self.by_hand.is_empty() && verdict == Verdict::Fail {
            page.push_str(match self.by_hand.len() {
                1 => "\nby hand\n",
                _ => "\nby hand, each in a terminal of its own\n",
            });
            for line in &self.by_hand {
                let _ = writeln!(page, "  {line}");
            }
        }
        if verdict == Verdict::Fail {
            let _ = writeln!(page, "\n  {} {}", pad("again", NAME - 1), self.again);
            let hint = format!("sockdemo check {lesson:02} --hint");
            let _ = writeln!(page, "  {} {hint}", pad("a hint", NAME - 1));
        }
        page
    }
}

/// What a person can type.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) by_hand: Vec<String>,
    pub(super) again: String,
}

/// The commands of a check, with the student's program in its place.
pub(super) fn by_hand(check: &Check, work: &Work) -> Vec<String> {
    let typed = |line: &&str| match line.split_once("{work} ") {
        Some((before, words)) => {
            let words: Vec<_> = words.split(' ').map(str::to_owned).collect();
            format!("{before}{}", work.typed(&words))
        }
        None => (*line).to_owned(),
    };
    check.by_hand.iter().map(typed).collect()
}

impl Rule {
    fn causes(self) -> &'static [&'static str] {
        match self {
            Rule::Builds => &[],
            Rule::Starts => &[
                "it listens on a fixed port, not on the address that is its last argument",
                "it listens on IPv6 only, or on another address of this machine",
                "it waits for something else before it listens",
                "it needs longer to start: build it first, and check the finished program",
            ],
            Rule::NoPanic => &[
                "an error of one connection (reset, closed early) was not dealt with, and \
                 ended the program or its thread",
            ],
            Rule::NoChildren => &[
                "it starts another process and does not end it, or does not wait for it",
            ],
        }
    }
}

fn entry(page: &mut String, name: &str, words: &str) {
    hanging(page, &pad(&format!("  {name}"), NAME + 2), words);
}

/// The words behind `head`, and what does not fit under them.
fn hanging(page: &mut String, head: &str, words: &str) {
    let words = still_safe(words);
    for (i, line) in wrap(&words, WIDTH - head.len()).iter().enumerate() {
        let head = if i == 0 { head.to_owned() } else { " ".repeat(head.len()) };
        let _ = writeln!(page, "{head}{line}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::exercises::EXERCISES;
    use crate::course::lessons::LESSONS;
    use crate::kit::text::width;

    #[test]
    fn every_check_fits_the_screen() {
        for (exercise, lesson) in EXERCISES.iter().zip(LESSONS) {
            assert_eq!(exercise.lesson, lesson.number);
            let program = format!("target/debug/examples/{}-exercise", lesson.name);
            for check in exercise.checks {
                assert!(
                    check.id.len() <= 16 && width(check.says) <= 46,
                    "{}",
                    check.says
                );
                assert!(!check.causes.is_empty() && !check.by_hand.is_empty());
                for line in
                    by_hand(check, &Work::typed_as_it_is(&[program.clone().into()]))
                {
                    assert!(width(&line) <= WIDTH - 2, "{}: {line}", check.id);
                }
            }
        }
    }
}
