//! Lesson 2: a server that says where it listens.

use std::net::{SocketAddr, TcpListener, TcpStream};

use crate::course::trial::{
    Check, Exercise, Finding, Io, Outcome, PATIENCE, Trial, addresses,
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
                "it prints and ends, or never accepts",
            ],
            by_hand: &["{work} 127.0.0.1:0"],
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
            says: "a busy port: a message, and exit code 1",
            talk: busy,
            causes: &[
                "the error of bind ends the program with a panic or a trace",
                "the message does not name the address, or goes to standard output",
                "the exit code is not 1",
                "it takes another port instead",
            ],
            by_hand: &["sockdemo tcp-server", "{work} 127.0.0.1:7878"],
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
    let addr = prints_where_it_listens(trial, "127.0.0.1:0")?;
    if addr.ip().to_string() != "127.0.0.1" {
        return Err(Finding::new(format!(
            "asked for 127.0.0.1, it says that it has {addr}"
        )));
    }
    // A program that accepts once and ends has not listened.
    for _ in 0..3 {
        trial.caller()?;
    }
    Ok(())
}

fn only_there(trial: &mut Trial) -> Outcome {
    let addr = prints_where_it_listens(trial, "127.0.0.1:0")?;
    let neighbour = SocketAddr::from(([127, 0, 0, 2], addr.port()));
    if TcpListener::bind("127.0.0.2:0").is_err() {
        return Ok(()); // This system has one loopback address only.
    }
    match TcpStream::connect_timeout(&neighbour, PATIENCE) {
        Ok(_) => Err(Finding::new(format!(
            "it was told to listen on 127.0.0.1 only, and it also answers on {neighbour}"
        ))),
        Err(_) => Ok(()),
    }
}

fn name(trial: &mut Trial) -> Outcome {
    let addr = prints_where_it_listens(trial, "localhost:0")?;
    if addresses("localhost:0").iter().any(|known| known.ip() == addr.ip()) {
        return trial.caller().map(|_| ());
    }
    Err(Finding::new(format!("{addr} is not an address of localhost")))
}

fn busy(trial: &mut Trial) -> Outcome {
    let (taken, typed) = {
        let listener = trial.listens()?;
        let addr =
            listener.local_addr().map_err(|e| Finding::cannot_tell(e.to_string()))?;
        (listener, addr.to_string())
    };
    trial.starts(std::slice::from_ref(&typed), Io::default())?;
    let ended = trial.ends_within(PATIENCE * 2)?;
    drop(taken);
    let err = String::from_utf8_lossy(&ended.err).into_owned();
    if !err.contains(&typed) {
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
    let addr = prints_where_it_listens(trial, "[::1]:0")?;
    if addr.ip().to_string() != "::1" {
        return Err(Finding::new(format!("asked for [::1], it says that it has {addr}")));
    }
    trial.caller().map(|_| ())
}

/// Starts the program, reads its first line, and connects where it says that it listens.
fn prints_where_it_listens(trial: &mut Trial, typed: &str) -> Outcome<SocketAddr> {
    trial.starts(&[typed.to_owned()], Io { terminal: true, ..Io::default() })?;
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
