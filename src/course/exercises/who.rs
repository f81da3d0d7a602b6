//! Lesson 1: a server that tells each client which two addresses its connection has.

use std::net::TcpListener;

use crate::course::trial::{Caller, Check, Exercise, Finding, Outcome, Trial};

pub(super) const EXERCISE: Exercise = Exercise {
    lesson: 1,
    checks: &[
        Check {
            id: "own-address",
            says: "a client is told its own address as peer",
            talk: own_address,
            causes: &[
                "local and peer are in each other's place",
                "the listener's address was taken for the peer's: ask the accepted stream",
                "the line does not look as the page says, or does not end with LF",
            ],
            by_hand: &["{work} 127.0.0.1:7878", "sockdemo tcp-client"],
        },
        Check {
            id: "two-clients",
            says: "two clients: the same local, different peers",
            talk: two_clients,
            causes: &[
                "only one client is accepted",
                "the addresses are asked once, not for each accepted stream",
                "the first client has to leave, or to say something, before the second is served",
            ],
            by_hand: &[
                "{work} 127.0.0.1:7878",
                "sockdemo tcp-client",
                "sockdemo tcp-client",
            ],
        },
        Check {
            id: "counts",
            says: "N counts the connections from 1",
            talk: counts,
            causes: &["N starts at 0, is always the same, or is counted elsewhere"],
            by_hand: &[
                "{work} 127.0.0.1:7878",
                "sockdemo tcp-client",
                "sockdemo tcp-client",
            ],
        },
        Check {
            id: "early-leaver",
            says: "a client that leaves at once harms nobody",
            talk: early_leaver,
            causes: &[
                "an error of one connection ends the whole server: unwrap, or ? in main",
                "the address of a connection that is gone cannot be asked; that is an error, too",
            ],
            by_hand: &[
                "{work} 127.0.0.1:7878",
                "sockdemo tcp-client -q < /dev/null",
                "sockdemo tcp-client",
            ],
        },
        Check {
            id: "any-address",
            says: "it listens on whatever address it is given",
            talk: any_address,
            causes: &[
                "an address is written in the program, instead of its last argument",
            ],
            by_hand: &["{work} 127.0.0.2:7878", "sockdemo tcp-client 127.0.0.2:7878"],
        },
    ],
};

fn own_address(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let mut caller = trial.caller()?;
    hears_about_itself(&mut caller).map(|_| ())
}

fn two_clients(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let mut first = trial.caller()?;
    let mut second = trial.caller()?;
    hears_about_itself(&mut first)?;
    hears_about_itself(&mut second).map(|_| ())
}

fn counts(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    for n in 1..=12 {
        let mut caller = trial.caller()?;
        if hears_about_itself(&mut caller)? != n {
            let line = line(n, &caller);
            return Err(Finding::new(format!(
                "connection {n} should have been told: {line}"
            )));
        }
    }
    Ok(())
}

fn early_leaver(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    for _ in 0..5 {
        drop(trial.caller()?);
        trial.caller()?.resets();
    }
    let mut caller = trial.caller()?;
    hears_about_itself(&mut caller).map(|_| ())
}

fn any_address(trial: &mut Trial) -> Outcome {
    for host in ["127.0.0.2", "[::1]"] {
        // Not every system has them.
        if TcpListener::bind(format!("{host}:0")).is_ok() {
            trial.serves_at(host, &[])?;
            let mut caller = trial.caller()?;
            hears_about_itself(&mut caller)?;
        }
    }
    Ok(())
}

/// Hears the line, compares its addresses, and gives its number.
fn hears_about_itself(caller: &mut Caller) -> Outcome<usize> {
    let seen = caller.hears_line()?;
    let number = seen.strip_prefix("conn ").and_then(|rest| rest.split(' ').next());
    let number = number.and_then(|number| number.parse().ok()).unwrap_or(1);
    let expected = line(number, caller);
    if seen == expected {
        return Ok(number);
    }
    let words = "the line is not the one that belongs to this connection";
    Err(Finding::differs(words, expected.as_bytes(), seen.as_bytes()))
}

/// What the program's end of this connection looks like from its side.
fn line(number: usize, caller: &Caller) -> String {
    format!("conn {number} local {} peer {}", caller.peer_addr(), caller.local_addr())
}
