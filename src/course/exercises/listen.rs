//! Lesson 2: a server that says where it listens.

use std::net::{SocketAddr, TcpListener};

use crate::course::trial::{
    Check, Exercise, Finding, Io, Outcome, PATIENCE, Trial, addresses, answers,
};

const GIVEN: &str =
    "it prints the address that it was given, not the one that it has: local_addr";
const FIRST: &str = "the first line on standard output has to be `listening on IP:PORT`, \
                     and ends with LF";
const ACCEPTS: &str = "it prints and ends, or does not listen, or accepts only once";
const EVERYWHERE: &str =
    "it binds 0.0.0.0 or [::], which is every address of this machine";
const OWN_HOST: &str = "it has a host of its own, instead of the one in its argument";
const TRACE: &str = "the error of bind ends the program with a panic or a trace";
const MESSAGE: &str =
    "the message lacks the address as it was given, or is on standard output";
const CODE: &str = "the exit code is not 1";
const ANOTHER: &str = "it tries again, or takes another port or address instead";
const TOO_EARLY: &str = "it says that it listens before it does";
const ONE_KIND: &str = "one kind of error is dealt with, and others are not";
const BRACKETS: &str = "the brackets are missing in what it prints";

pub(super) const EXERCISE: Exercise = Exercise {
    lesson: 2,
    checks: &[
        Check {
            id: "port-zero",
            says: "port 0: prints the port that it really has",
            talk: port_zero,
            causes: &[GIVEN, FIRST, ACCEPTS],
            by_hand: &["{work} 127.0.0.1:0"],
        },
        Check {
            id: "only-there",
            says: "listens on that address, and on no other",
            talk: only_there,
            causes: &[EVERYWHERE, OWN_HOST],
            by_hand: &["{work} 127.0.0.1:7878", "sockdemo tcp-client 127.0.0.2:7878"],
        },
        Check {
            id: "name",
            says: "a name works as well as an address",
            talk: name,
            causes: &[
                "the host is parsed as an IP address instead of being looked up",
                "only the first address of the name is tried",
                GIVEN,
            ],
            by_hand: &["{work} localhost:7878", "sockdemo tcp-client localhost:7878"],
        },
        Check {
            id: "busy",
            says: "if it cannot listen: a message, exit code 1",
            talk: busy,
            causes: &[TRACE, MESSAGE, CODE, ANOTHER],
            by_hand: &[
                "sockdemo tcp-server",
                "{work} 127.0.0.1:7878",
                "{work} 192.0.2.1:7878",
            ],
        },
        Check {
            id: "ipv6",
            says: "an IPv6 address in brackets works",
            talk: ipv6,
            causes: &[
                "host and port are split at the first colon instead of the last",
                "it makes sockets for IPv4 only",
                BRACKETS,
            ],
            by_hand: &["{work} [::1]:0"],
        },
    ],
};

fn port_zero(trial: &mut Trial) -> Outcome {
    says_where_it_listens(trial, "127.0.0.1:0")?;
    for _ in 0..5 {
        trial.caller()?;
        trial.caller()?.resets();
        // To connect, nobody has to accept: the kernel lets clients into the queue.
        trial.accepts_everybody().map_err(|finding| finding.because(ACCEPTS))?;
    }
    trial.caller().map(|_| ()).map_err(|finding| finding.because(ACCEPTS))
}

fn only_there(trial: &mut Trial) -> Outcome {
    let addr = says_where_it_listens(trial, "127.0.0.1:0")?;
    listens_nowhere_else(addr, [127, 0, 0, 2])?;
    if TcpListener::bind("127.0.0.2:0").is_err() {
        return Ok(()); // This system has one loopback address only.
    }
    let addr = says_where_it_listens(trial, "127.0.0.2:0")?;
    listens_nowhere_else(addr, [127, 0, 0, 3])
}

fn name(trial: &mut Trial) -> Outcome {
    let addr = prints_where_it_listens(trial, "localhost:0")?;
    if addresses("localhost:0").iter().any(|known| known.ip() == addr.ip()) {
        return Ok(());
    }
    Err(Finding::new(format!("{addr} is not an address of localhost")))
}

fn busy(trial: &mut Trial) -> Outcome {
    let taken = trial.listens()?;
    let addr = taken.local_addr().map_err(|e| Finding::cannot_tell(e.to_string()))?;
    cannot_listen(trial, &addr.to_string(), MESSAGE)?;
    // This address belongs to no machine: it is for examples.
    match TcpListener::bind("192.0.2.1:0") {
        Ok(_) => Ok(()), // Some systems let programs have what is not theirs.
        Err(_) => cannot_listen(trial, "192.0.2.1:0", ONE_KIND),
    }
}

fn cannot_listen(trial: &mut Trial, typed: &str, silent: &'static str) -> Outcome {
    starts_at(trial, typed, Io::default())?;
    let ended = trial.ends_within(PATIENCE * 2);
    let ended = ended.map_err(|finding| finding.because(ANOTHER))?;
    let err = String::from_utf8_lossy(&ended.err);
    let words = if String::from_utf8_lossy(&ended.out).contains("listening on") {
        (format!("it cannot listen on {typed}, and says that it does"), TOO_EARLY)
    } else if err.contains("panicked at") || err.contains("Traceback (most") {
        (format!("it cannot listen on {typed}, and ends with a panic or a trace"), TRACE)
    } else if !err.contains(typed) {
        (format!("no message on standard error names {typed}"), silent)
    } else {
        match ended.code {
            Some(1) => return Ok(()),
            Some(code) => (format!("the exit code is {code} instead of 1"), CODE),
            None => ("it was ended by a signal".to_owned(), TRACE),
        }
    };
    let (seen, cause) = words;
    Err(Finding::new(seen).because(cause))
}

fn ipv6(trial: &mut Trial) -> Outcome {
    if TcpListener::bind("[::1]:0").is_err() {
        return Ok(()); // This machine has no IPv6.
    }
    let addr = says_where_it_listens(trial, "[::1]:0")?;
    listens_nowhere_else(addr, [127, 0, 0, 2])
}

fn starts_at(trial: &mut Trial, typed: &str, io: Io) -> Outcome {
    trial.starts(&[typed.to_owned()], io)
}

/// The same for an address that is no name: it has to be the one that was asked for.
fn says_where_it_listens(trial: &mut Trial, typed: &str) -> Outcome<SocketAddr> {
    let addr = prints_where_it_listens(trial, typed)?;
    let asked = typed.parse::<SocketAddr>().map(|asked| asked.ip());
    if asked.is_ok_and(|asked| asked != addr.ip()) {
        let words = format!("asked for {typed}, it says that it has {addr}");
        let cause = if addr.ip().is_unspecified() { EVERYWHERE } else { OWN_HOST };
        return Err(Finding::new(words).because(cause));
    }
    Ok(addr)
}

/// Nobody else uses the neighbour: who answers there listens everywhere.
fn listens_nowhere_else(addr: SocketAddr, neighbour: [u8; 4]) -> Outcome {
    let neighbour = SocketAddr::from((neighbour, addr.port()));
    if answers(neighbour) {
        return Err(Finding::new(format!(
            "it was told to listen on {} only, and it also answers on {neighbour}",
            addr.ip()
        ))
        .because(EVERYWHERE));
    }
    Ok(())
}

/// Starts the program, reads its first line, and connects where it says that it listens.
fn prints_where_it_listens(trial: &mut Trial, typed: &str) -> Outcome<SocketAddr> {
    // To a terminal, most languages print each line at once.
    starts_at(trial, typed, Io { terminal: true, ..Io::default() })?;
    let line = trial.prints_line()?;
    let addr = line.strip_prefix("listening on ").and_then(|addr| addr.parse().ok());
    let Some(addr) = addr else { return Err(not_an_address(&line, typed)) };
    if SocketAddr::port(&addr) == 0 {
        let words = "it says that it listens on port 0: nobody can connect there";
        return Err(Finding::new(words).because(GIVEN));
    }
    trial.calls(addr);
    trial.caller().map_err(|finding| finding.because(ACCEPTS))?;
    Ok(addr)
}

/// The first line, beside what it should be.
fn not_an_address(line: &str, typed: &str) -> Box<Finding> {
    let host = typed.trim_end_matches(":0").replace("localhost", "127.0.0.1");
    let port: String = line.trim_end().rsplit(':').next().unwrap_or_default().into();
    let is_port = port.parse::<u16>().is_ok();
    let expected =
        format!("listening on {host}:{}\n", if is_port { &port } else { "PORT" });
    let cause = match line {
        line if line.contains("localhost") => GIVEN,
        line if host.starts_with('[') && !line.contains('[') => BRACKETS,
        _ => FIRST,
    };
    let words = "the first line does not say where it listens";
    let seen = format!("{line}\n");
    Finding::differs(words, expected.as_bytes(), seen.as_bytes()).because(cause)
}
