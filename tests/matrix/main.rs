//! The kill matrix: every attempt in `tests/attempts` gets the verdict that it should.
//!
//! An attempt is a small real program whose first line says what must become of it:
//! `fails one-mib: reads once per connection`, or `passes: one thread per client`.
//! `docs/kill-matrix.md` is made from these lines: SOCKDEMO_BLESS=1 writes it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![allow(missing_docs, unreachable_pub, clippy::disallowed_methods, reason = "tests")]

#[path = "../harness/mod.rs"]
#[allow(dead_code, reason = "shared by several test programs")]
mod harness;

mod attempt;
mod command;
mod table;
mod trouble;

use libtest_mimic::{Arguments, Trial};

use attempt::{Attempt, Fate};

/// An attempt mostly waits: more of them at once than there are processors.
const AT_ONCE: usize = 12;

fn main() {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = arguments.test_threads.or(Some(AT_ONCE));
    let attempts = Attempt::all();
    let mut trials: Vec<_> = attempts.iter().cloned().map(trial).collect();
    trials
        .extend(sockdemo::course::lessons::LESSONS.iter().flat_map(table::own_programs));
    trials.extend(trouble::trials());
    trials.extend(command::trials());
    trials.push(Trial::test("docs/kill-matrix.md is current", move || {
        table::is_current(&attempts)
    }));
    libtest_mimic::run(&arguments, dealt(trials)).exit();
}

/// Neighbours wait for the same: some lessons compute, others only have patience. Dealt like
/// cards, they come in turns, and the processors have work all the time.
fn dealt(trials: Vec<Trial>) -> Vec<Trial> {
    const HANDS: usize = 37; // A prime number: no kind of trouble gets a hand of its own.
    let mut hands: Vec<Vec<Trial>> = (0..HANDS).map(|_| Vec::new()).collect();
    for (i, trial) in trials.into_iter().enumerate() {
        hands[i % HANDS].push(trial);
    }
    hands.into_iter().flatten().collect()
}

/// One row of the matrix.
fn trial(attempt: Attempt) -> Trial {
    let name = attempt.name();
    match attempt.missing() {
        Some(program) if harness::peers_are_required() => Trial::test(name, move || {
            Err(format!("{program} is not installed, and SOCKDEMO_REQUIRE_PEERS=1")
                .into())
        }),
        Some(program) => Trial::test(format!("{name} (needs {program})"), || Ok(()))
            .with_ignored_flag(true),
        None => Trial::test(name, move || {
            let report = attempt.check()?;
            let fate = Fate::of(&report);
            if fate == attempt.fate {
                Ok(())
            } else {
                let wanted = &attempt.fate;
                Err(format!("should have been: {wanted}; was: {fate}\n{report:#}").into())
            }
        }),
    }
}
