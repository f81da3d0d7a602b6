//! The student's own work: `cargo test --test exercises -- --ignored 05` says of
//! `lessons/05-…/exercise.rs` what `sockdemo check 05` says.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::Command;

use libtest_mimic::{Arguments, Trial};
use sockdemo::course::lessons::LESSONS;

fn main() {
    let trial = |lesson: &'static str| {
        Trial::test(lesson, move || check(lesson)).with_ignored_flag(true)
    };
    let trials = LESSONS.iter().map(|lesson| trial(lesson.name)).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// The same checks, the same words.
fn check(lesson: &str) -> Result<(), libtest_mimic::Failed> {
    let check = Command::new(env!("CARGO_BIN_EXE_sockdemo"))
        .args(["check", lesson])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    if check.status.success() {
        return Ok(());
    }
    let said = [check.stdout, check.stderr].concat();
    Err(String::from_utf8_lossy(&said).into_owned().into())
}
