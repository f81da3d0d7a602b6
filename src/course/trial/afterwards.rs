//! After the conversation: the rules that stand above all checks, and what was printed.

use std::process::ExitStatus;

use crate::course::trial::finding::{Finding, Rule, bytes};
use crate::course::trial::program::{Ending, Program};

/// How much of what the program printed is shown.
const TAIL: usize = 8;

/// The rules that stand above all checks.
pub(super) fn broken_rule(program: &Program, ending: &Ending) -> Option<Box<Finding>> {
    if let Some(left) = ending.left.first() {
        let others = match ending.left.len() {
            1 => String::new(),
            n => format!(" and {} more", n - 1),
        };
        let words = format!(
            "the program had ended, and this was still running: process {} ({}){others}; \
             it has been killed",
            left.pid, left.name
        );
        return Some(Finding::of(Rule::NoChildren, words));
    }
    if let Some(crash) = ending.status.and_then(crash) {
        return Some(Finding::of(Rule::NoPanic, crash));
    }
    let err = program.err.bytes();
    let printed = [TRACES, &[][..]].concat();
    let trace = printed.iter().find(|trace| {
        err.windows(trace.len()).any(|window| window == trace.as_bytes())
    })?;
    let words = format!("the program printed \"{trace}\" on standard error");
    Some(Finding::of(Rule::NoPanic, words))
}

/// What a program prints that has met an error and not dealt with it.
const TRACES: &[&str] = &[
    "panicked at",
    "Traceback (most recent call last)",
    "Exception in thread",
    "Unhandled exception",
    "Unhandled 'error' event",
    "UnhandledPromiseRejection",
    "[running]:",
    "Node.js v",
    "AddressSanitizer",
    "Segmentation fault",
];

/// A signal that nobody sends: the program's own fault.
#[cfg(unix)]
fn crash(status: ExitStatus) -> Option<String> {
    use nix::sys::signal::Signal;
    use std::os::unix::process::ExitStatusExt;

    let signal = Signal::try_from(status.signal()?).ok()?;
    let ours = [Signal::SIGTERM, Signal::SIGKILL, Signal::SIGINT, Signal::SIGHUP];
    (!ours.contains(&signal)).then(|| format!("the program crashed: {signal}"))
}

#[cfg(not(unix))]
fn crash(_: ExitStatus) -> Option<String> {
    None
}

/// `exit code 1`, or the signal.
pub(super) fn said(status: ExitStatus) -> String {
    status.code().map_or_else(|| status.to_string(), |code| format!("exit code {code}"))
}

/// The last lines that the program printed on standard error, or else on standard output.
pub(super) fn printed(program: &Program) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, heard) in
        [("standard error", &program.err), ("standard output", &program.out)]
    {
        let said = heard.bytes();
        let total = bytes(usize::try_from(heard.total()).unwrap_or(usize::MAX));
        if is_no_text(&said) {
            lines.push(format!("on {name} ({total} that are no text)"));
            continue;
        }
        let text = String::from_utf8_lossy(&said);
        let all: Vec<_> = text.lines().collect();
        let from = all.len().saturating_sub(TAIL);
        if let Some(last) = all.get(from..).filter(|last| !last.is_empty()) {
            let which = if from > 0 { format!("the end of {total}") } else { total };
            lines.push(format!("on {name} ({which})"));
            lines.extend(last.iter().map(|line| format!("  {line}")));
        }
    }
    lines
}

/// A file that was printed, for example: most of it would be rubbish on a screen.
fn is_no_text(said: &[u8]) -> bool {
    let text = String::from_utf8_lossy(said);
    let strange =
        |c: &char| *c == '\u{fffd}' || (c.is_control() && !"\n\r\t".contains(*c));
    text.chars().filter(strange).count() > text.chars().count() / 10
}
