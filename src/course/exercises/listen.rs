//! Lesson 2: a server that says where it listens.

use std::net::{SocketAddr, TcpListener};

use crate::course::trial::{
    Check, Exercise, Finding, Io, Outcome, PATIENCE, Trial, addresses, answers,
};

pub(super) const EXERCISE: Exercise = Exercise {
    lesson: 2,
    checks: &[
        Check {
            id: "port-zero",
            says: "port 0: prints the port that it really has",
            talk: port_zero,
            causes: &[
                "it prints the address that it was given, not the one that it has: local_addr",
                "it prints the address before it is bound",
                "it prints and ends, or accepts only once, or never",
                "through a pipe, output is collected until there is much of it: flush it",
            ],
            by_hand: &["{work} 127.0.0.1:0 | cat"],
        },
        Check {
            id: "only-there",
            says: "listens on that address, and on no other",
            talk: only_there,
            causes: &["it binds 0.0.0.0, which is every address of this machine"],
            by_hand: &["{work} 127.0.0.1:7878", "sockdemo tcp-client 127.0.0.2:7878"],
        },
        Check {
            id: "name",
            says: "a name works as well as an address",
            talk: name,
            causes: &[
                "the host is parsed as an IP address instead of being looked up",
                "only the first address of the name is tried",
            ],
            by_hand: &["{work} localhost:7878", "sockdemo tcp-client localhost:7878"],
        },
        Check {
            id: "busy",
            says: "if it cannot listen: a message, exit code 1",
            talk: busy,
            causes: &[
                "the error of bind ends the program with a panic or a trace",
                "the message lacks the address as it was given, or is on standard output",
                "the exit code is not 1",
                "it takes another port or address instead",
                "one kind of error is met, and others are not",
            ],
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
                "the brackets are missing in what it prints",
            ],
            by_hand: &["{work} '[::1]:0'"],
        },
    ],
};

fn port_zero(trial: &mut Trial) -> Outcome {
    says_where_it_listens(trial, "127.0.0.1:0")?;
    for _ in 0..3 {
        trial.caller()?;
    }
    // To connect, nobody has to accept: the kernel lets clients into the queue.
    trial.accepts_everybody()?;
    trial.caller()?;
    // Another program reads the line through a pipe.
    starts_at(trial, "127.0.0.1:0", Io::default())?;
    trial.prints_line().map(|_| ())
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
    cannot_listen(trial, &addr.to_string())?;
    // This address belongs to no machine: it is for examples.
    match TcpListener::bind("192.0.2.1:0") {
        Ok(_) => Ok(()), // Some systems let programs have what is not theirs.
        Err(_) => cannot_listen(trial, "192.0.2.1:0"),
    }
}

fn cannot_listen(trial: &mut Trial, typed: &str) -> Outcome {
    starts_at(trial, typed, Io::default())?;
    let ended = trial.ends_within(PATIENCE * 2)?;
    if String::from_utf8_lossy(&ended.out).contains("listening on") {
        let words = format!("it cannot listen on {typed}, and says that it does");
        return Err(Finding::new(words));
    }
    if !String::from_utf8_lossy(&ended.err).contains(typed) {
        let words = format!("no message on standard error names {typed}");
        return Err(Finding::new(words));
    }
    match ended.code {
        Some(1) => Ok(()),
        Some(code) => Err(Finding::new(format!("the exit code is {code} instead of 1"))),
        None => Err(Finding::new("it was ended by a signal")),
    }
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
        return Err(Finding::new(words));
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
        )));
    }
    Ok(())
}

/// Starts the program, reads its first line, and connects where it says that it listens.
fn prints_where_it_listens(trial: &mut Trial, typed: &str) -> Outcome<SocketAddr> {
    // To a terminal, most languages print each line at once.
    starts_at(trial, typed, Io { terminal: true, ..Io::default() })?;
    let line = trial.prints_line()?;
    let addr = line.strip_prefix("listening on ").and_then(|addr| addr.parse().ok());
    let Some(addr) = addr else {
        let words = "the first line does not say where it listens";
        let expected = format!("listening on {}", typed.replace(":0", ":PORT"));
        return Err(Finding::differs(words, expected.as_bytes(), line.as_bytes()));
    };
    if SocketAddr::port(&addr) == 0 {
        return Err(Finding::new(
            "it says that it listens on port 0: nobody can connect there",
        ));
    }
    trial.calls(addr);
    trial.caller()?;
    Ok(addr)
}
