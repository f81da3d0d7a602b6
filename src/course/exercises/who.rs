//! Lesson 1: a server that tells each client which two addresses its connection has.

use std::net::{SocketAddr, TcpListener};

use crate::course::trial::{
    Caller, Check, Exercise, Finding, Io, Outcome, Trial, answers,
};

const SWAPPED: &str = "local and peer are in each other's place";
const LISTENER: &str =
    "the listener's address was taken for the peer's: ask the accepted stream";
const FORM: &str = "the line does not look as the page says";
const NOT_PRINTED: &str = "the line is sent, but not printed on standard output";
const BRACKETS: &str = "an IPv6 address has brackets, in the argument and in the line";
const OWN_HOST: &str =
    "it makes sockets for IPv4 only, or has a host of its own: look at the argument";

pub(super) const EXERCISE: Exercise = Exercise {
    lesson: 1,
    checks: &[
        Check {
            id: "own-address",
            says: "a client is told its own address as peer",
            talk: own_address,
            causes: &[
                SWAPPED,
                LISTENER,
                FORM,
                "the connection is not closed behind the line",
                NOT_PRINTED,
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
            causes: &[
                "N starts at 0, or is always the same",
                "N is counted for each address, in each thread, or where threads race for it",
                "it ends after so many connections",
            ],
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
                "it listens on every address of this machine instead of the one it is given",
                BRACKETS,
                OWN_HOST,
            ],
            by_hand: &["{work} [::1]:7878", "sockdemo tcp-client [::1]:7878"],
        },
    ],
};

fn own_address(trial: &mut Trial) -> Outcome {
    // To a terminal, most languages print each line at once.
    trial.serves_with(Io { terminal: true, ..Io::default() })?;
    let mut caller = trial.caller()?;
    let number = hears_about_itself(&mut caller)?;
    trial.prints(&line(number, &caller)).map_err(|finding| finding.because(NOT_PRINTED))
}

fn two_clients(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let mut first = trial.caller()?;
    let mut second = trial.caller()?;
    hears_about_itself(&mut first)?;
    hears_about_itself(&mut second).map(|_| ())
}

/// Some come one after another, and some at once: their order is that of the connecting.
fn counts(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    for n in 1..=6 {
        hears_number(n, &mut trial.caller()?)?;
    }
    let mut crowd = Vec::new();
    for n in 7..=12 {
        crowd.push((n, trial.caller()?));
    }
    crowd.iter_mut().try_for_each(|(n, caller)| hears_number(*n, caller))
}

fn hears_number(n: usize, caller: &mut Caller) -> Outcome {
    let seen = hears_about_itself(caller)?;
    if seen == n {
        return Ok(());
    }
    let words = format!("connection {n} was told that it is number {seen}");
    let (expected, seen) = (line(n, caller), line(seen, caller));
    Err(Finding::differs(&words, expected.as_bytes(), seen.as_bytes()))
}

fn early_leaver(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    for _ in 0..10 {
        // It is stopped, so that both have left before it looks.
        trial.while_frozen(|trial| {
            drop(trial.caller()?);
            trial.caller()?.resets();
            Ok(())
        })?;
        trial.accepts_everybody()?; // Or a short queue would be full.
    }
    let mut caller = trial.caller()?;
    hears_about_itself(&mut caller).map(|_| ())
}

fn any_address(trial: &mut Trial) -> Outcome {
    for host in ["127.0.0.3", "[::1]"] {
        // Not every system has them.
        if TcpListener::bind(format!("{host}:0")).is_ok() {
            let serves = trial.serves_at(host, &[]);
            serves.map_err(|finding| finding.of_this_check().because(OWN_HOST))?;
            hears_about_itself(&mut trial.caller()?)?;
            // Nobody else uses this one: who answers there listens everywhere.
            let elsewhere = SocketAddr::from(([127, 0, 0, 4], trial.addr()?.port()));
            if answers(elsewhere) {
                return Err(Finding::new(format!(
                    "it was told to listen on {host} only, and also answers on {elsewhere}"
                )));
            }
        }
    }
    Ok(())
}

/// Hears the line and the end, compares the addresses, and gives the number.
fn hears_about_itself(caller: &mut Caller) -> Outcome<usize> {
    let seen = caller.hears_line()?;
    let number = seen.strip_prefix("conn ").and_then(|rest| rest.split(' ').next());
    let number = number.and_then(|number| number.parse().ok()).unwrap_or(1);
    let expected = line(number, caller);
    if seen == expected {
        return caller.hears_end().map(|()| number);
    }
    let words = "the line is not the one that belongs to this connection";
    let finding = Finding::differs(words, expected.as_bytes(), seen.as_bytes());
    Err(match cause(number, &seen, caller) {
        Some(cause) => finding.because(cause),
        None => finding,
    })
}

fn cause(number: usize, seen: &str, caller: &Caller) -> Option<&'static str> {
    let (local, peer) = (caller.peer_addr(), caller.local_addr());
    let told = |one, other| seen == format!("conn {number} local {one} peer {other}");
    if told(peer, local) {
        Some(SWAPPED)
    } else if told(local, local) {
        Some(LISTENER)
    } else if local.is_ipv6() && !seen.contains('[') {
        Some(BRACKETS)
    } else {
        let words: Vec<_> = seen.split(' ').collect();
        let [_, _, "local", one, "peer", other] = words.as_slice() else {
            return Some(FORM);
        };
        let is_addr = |word: &str| word.parse::<SocketAddr>().is_ok();
        (!is_addr(one) || !is_addr(other)).then_some(FORM)
    }
}

/// What the program's end of this connection looks like from its side.
fn line(number: usize, caller: &Caller) -> String {
    format!("conn {number} local {} peer {}", caller.peer_addr(), caller.local_addr())
}
