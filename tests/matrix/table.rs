//! The course's own programs, and the page that lists all attempts.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};
use sockdemo::course::exercises;
use sockdemo::course::lessons::{LESSONS, Lesson};

use crate::attempt::{Attempt, Fate, check};
use crate::harness;

const PAGE: &str = "docs/kill-matrix.md";

/// The solution passes; the start state fails, as long as nobody has worked on it.
pub fn own_programs(lesson: &'static Lesson) -> [Trial; 2] {
    let number = lesson.number;
    let solution = Trial::test(format!("{number:02} solution.rs passes"), move || {
        expect(number, &example(&format!("{}-solution", lesson.name)), |fate| {
            *fate == Fate::Passes
        })
    });
    let start = move || {
        if !is_start_state(lesson) {
            return Err(
                "exercise.rs is not the start state in docs/kill-matrix.md".into()
            );
        }
        expect(number, &example(&format!("{}-exercise", lesson.name)), |fate| {
            matches!(fate, Fate::Fails(_))
        })
    };
    let worked_on = !is_start_state(lesson) && !harness::peers_are_required();
    let note = if worked_on { " (it has been worked on)" } else { "" };
    let start = Trial::test(format!("{number:02} exercise.rs fails{note}"), start);
    [solution, start.with_ignored_flag(worked_on)]
}

fn expect(lesson: u8, program: &Path, right: fn(&Fate) -> bool) -> Result<(), Failed> {
    let report = check(lesson, &[program.to_str().unwrap().to_owned()], &[])?;
    let fate = Fate::of(&report);
    if right(&fate) { Ok(()) } else { Err(format!("{fate}\n{report:#}").into()) }
}

/// Cargo builds the examples before it runs the tests.
fn example(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_BIN_EXE_sockdemo")).parent().unwrap();
    folder.join("examples").join(name)
}

/// The page says which text is the start state.
fn is_start_state(lesson: &Lesson) -> bool {
    let page = fs::read_to_string(root().join(PAGE)).unwrap_or_default();
    std::env::var_os("SOCKDEMO_BLESS").is_some() || page.contains(&fingerprint(lesson))
}

/// FNV-1a: the same number in every version of Rust.
fn fingerprint(lesson: &Lesson) -> String {
    let mix = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    format!("{:016x}", lesson.exercise.bytes().fold(0xcbf2_9ce4_8422_2325, mix))
}

/// Says so, or writes it.
pub fn is_current(attempts: &[Attempt]) -> Result<(), Failed> {
    let file = root().join(PAGE);
    let old = fs::read_to_string(&file).unwrap_or_default();
    let mut page = page(attempts);
    if std::env::var_os("SOCKDEMO_BLESS").is_some() {
        fs::write(&file, page).unwrap();
        return Ok(());
    }
    if !harness::peers_are_required() {
        // Whoever has worked on an exercise need not write the page again.
        for lesson in LESSONS.iter().filter(|lesson| !is_start_state(lesson)) {
            let start = format!("### Lesson {}:", lesson.number);
            let mark = |text: &str| {
                let section = text.split(&start).nth(1).unwrap_or_default();
                let mark = section.split("start state `").nth(1).unwrap_or_default();
                mark.split('`').next().unwrap_or_default().to_owned()
            };
            page = page.replace(&mark(&page), &mark(&old));
        }
    }
    let shows = "differs; SOCKDEMO_BLESS=1 cargo test --test matrix writes it again";
    if page == old { Ok(()) } else { Err(format!("{PAGE} {shows}").into()) }
}

fn page(attempts: &[Attempt]) -> String {
    let wrong = attempts.iter().filter(|attempt| attempt.fate != Fate::Passes).count();
    let right = attempts.len() - wrong + LESSONS.len();
    let mut page = format!(
        "# The kill matrix\n\n\
         Which wrong programs the checks catch, and which right ones they let pass.\n\
         This page is made from the first lines of the programs in \
         [tests/attempts](../tests/attempts), and `cargo test --test matrix` runs them all: \
         each fails exactly the check that stands here.\n\n\
         {wrong} wrong programs, {right} right ones, and {} start states, which fail too.\n\n\
         A wrong program fails at the first check that it does not pass; the checks behind \
         it are not run.\n",
        LESSONS.len()
    );
    for lesson in LESSONS {
        let _ = write!(
            page,
            "\n### Lesson {}: {}\n\n\
             Checks: {}.\n\
             `solution.rs` passes; the start state `{}` of `exercise.rs` fails.\n\n\
             | program | language | verdict | what it does |\n|---|---|---|---|\n",
            lesson.number,
            lesson.title(),
            checks(lesson.number),
            fingerprint(lesson),
        );
        for attempt in attempts.iter().filter(|a| a.lesson == lesson.number) {
            let (file, language) = (attempt.file(), attempt.language());
            let link = format!("[{file}](../tests/attempts/{:02}/{file})", lesson.number);
            let _ = writeln!(
                page,
                "| {link} | {language} | {} | {} |",
                attempt.fate, attempt.why
            );
        }
    }
    page
}

fn checks(lesson: u8) -> String {
    let exercise = exercises::of(lesson);
    let checks = exercise.map_or(&[][..], |exercise| exercise.checks);
    checks.iter().map(|check| format!("`{}`", check.id)).collect::<Vec<_>>().join(", ")
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
