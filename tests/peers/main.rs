//! Tests that need programs we did not write: tracers, netcats, interpreters, terminals.
//!
//! A test whose program is missing is counted as ignored and says which one it wants; with
//! `SOCKDEMO_REQUIRE_PEERS=1` it fails instead.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![allow(missing_docs, unreachable_pub, clippy::disallowed_methods, reason = "tests")]

#[path = "../harness/mod.rs"]
#[allow(dead_code, reason = "shared by two test programs")]
mod harness;

mod browser;
mod chat_client;
mod chatting;
mod forwarding;
mod http;
mod http_client;
mod limits;
mod namespaces;
mod netcats;
mod stopping;
mod terminal;
mod truth;
mod websocket;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use harness::{is_installed, peers_are_required, sockdemo};
use libtest_mimic::{Arguments, Trial};

/// A test, and the programs that it cannot do without.
pub struct Test {
    pub name: &'static str,
    pub needs: &'static [&'static str],
    pub run: fn(),
}

fn main() {
    let tests = [
        netcats::TESTS,
        terminal::TESTS,
        chat_client::TESTS,
        stopping::TESTS,
        limits::TESTS,
        forwarding::TESTS,
        chatting::TESTS,
        http_client::TESTS,
        truth::TESTS,
        namespaces::TESTS,
        browser::TESTS,
        websocket::TESTS,
        http::TESTS,
    ];
    let trials = tests.into_iter().flatten().map(trial).collect();
    let outcome = libtest_mimic::run(&Arguments::from_args(), trials);
    outcome.exit();
}

fn trial(test: &'static Test) -> Trial {
    let missing = test.needs.iter().find(|need| !is_there(need));
    let required = peers_are_required();
    match missing {
        Some(program) if required => Trial::test(test.name, move || {
            let hint = if program.contains('/') { ": run .ci/peers" } else { "" };
            let wanted = "and SOCKDEMO_REQUIRE_PEERS=1";
            Err(format!("{program} is not there, {wanted}{hint}").into())
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

/// A program, what `.ci` installs, or the right of root to make networks of its own.
pub fn is_there(need: &str) -> bool {
    match need {
        peer if peer.starts_with("target/peers/") => {
            installed(&peer["target/peers/".len()..]).is_dir()
        }
        "root" => fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0),
        program => is_installed(program),
    }
}

/// Where `.ci/peers` puts what it installs.
pub fn installed(peer: &str) -> PathBuf {
    // The program under test stands in TARGET/PROFILE.
    let target = PathBuf::from(sockdemo());
    target.ancestors().nth(2).unwrap().join("peers").join(peer)
}
