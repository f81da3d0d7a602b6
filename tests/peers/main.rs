//! Tests that need programs we did not write: tracers, netcats, interpreters, terminals.
//!
//! A test whose program is missing is counted as ignored and says which one it wants; with
//! `SOCKDEMO_REQUIRE_PEERS=1` it fails instead.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![allow(missing_docs, unreachable_pub, clippy::disallowed_methods, reason = "tests")]

#[path = "../harness/mod.rs"]
#[allow(dead_code, reason = "shared by two test programs")]
mod harness;

mod limits;
mod netcats;
mod stopping;
mod terminal;
mod truth;

use harness::{is_installed, peers_are_required};
use libtest_mimic::{Arguments, Trial};

/// A test, and the programs that it cannot do without.
pub struct Test {
    pub name: &'static str,
    pub needs: &'static [&'static str],
    pub run: fn(),
}

fn main() {
    let tests =
        [netcats::TESTS, terminal::TESTS, stopping::TESTS, limits::TESTS, truth::TESTS];
    let trials = tests.into_iter().flatten().map(trial).collect();
    let outcome = libtest_mimic::run(&Arguments::from_args(), trials);
    outcome.exit();
}

fn trial(test: &'static Test) -> Trial {
    let missing = test.needs.iter().find(|program| !is_installed(program));
    let required = peers_are_required();
    match missing {
        Some(program) if required => Trial::test(test.name, move || {
            Err(format!("{program} is not installed, and SOCKDEMO_REQUIRE_PEERS=1")
                .into())
        }),
        Some(program) => {
            Trial::test(format!("{} (needs {program})", test.name), || Ok(()))
                .with_ignored_flag(true)
        }
        None => Trial::test(test.name, || {
            (test.run)();
            Ok(())
        }),
    }
}
