//! Lesson 4: a client that finds out who listens where.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use crate::course::trial::{Check, Ended, Exercise, Finding, Io, Outcome, Trial};

/// The exercise says so: at most so long for each connect.
const LIMIT: Duration = Duration::from_secs(1);

/// What starting an interpreter and looking up a name may take on top.
const SLACK: Duration = Duration::from_secs(10);

/// Between a second for each of three silent targets, and two.
const THREE: Duration = Duration::from_millis(4500);

/// The address that means everybody: no TCP connection can be made to it.
const EVERYBODY: &str = "255.255.255.255:80";

/// A name that cannot exist, by agreement.
const NOWHERE: &str = "no-such-host.invalid:80";

const FORM: &str = "the line is not the target as given, a space, and the word";
const CODE: &str = "the exit code is 0 if all targets are open, and 1 if not";
const SAME_WORD: &str = "different errors get the same word: look at the ErrorKind";
const TOO_SHORT: &str = "the limit is shorter than the second that the exercise asks for";
const TWICE: &str = "a target that is given twice gets a line each time";

pub(super) const EXERCISE: Exercise = Exercise {
    lesson: 4,
    checks: &[
        Check {
            id: "open",
            says: "a port where somebody listens is `open`",
            talk: open,
            causes: &[FORM, CODE, "it waits for something after the connection was made"],
            by_hand: &["sockdemo tcp-server", "{work} 127.0.0.1:7878"],
        },
        Check {
            id: "refused",
            says: "a port where nobody listens is `refused`",
            talk: refused,
            causes: &[SAME_WORD, CODE],
            by_hand: &["{work} 127.0.0.1:1"],
        },
        Check {
            id: "full-queue",
            says: "a listener that keeps silent is a `timeout`",
            talk: full_queue,
            causes: &[
                "connect without a limit waits for minutes: connect_timeout",
                SAME_WORD,
                TOO_SHORT,
            ],
            by_hand: &["{work} 192.0.2.1:80"],
        },
        Check {
            id: "order",
            says: "several targets: a line each, in their order",
            talk: order,
            causes: &[
                "only one target is looked at, or one second has to do for all of them",
                "the lines come in the order of the answers, not of the targets",
                "the target is printed as its address, not as it was given",
                "only the first address of a name is tried, or names are not looked up",
                CODE,
            ],
            by_hand: &["sockdemo tcp-server", "{work} 127.0.0.1:1 127.0.0.1:7878"],
        },
        Check {
            id: "goes-on",
            says: "a bad target does not stop the rest",
            talk: goes_on,
            causes: &[
                "the first error ends the program: unwrap, or ? in main",
                "a name that cannot be looked up is an error of another kind, and must be met",
                CODE,
                "an error that is none of the others is `failed`",
            ],
            by_hand: &["sockdemo tcp-server", "{work} a.invalid:80 127.0.0.1:7878"],
        },
        Check {
            id: "in-time",
            says: "three silent targets take no more than 3 s",
            talk: in_time,
            causes: &[
                "the limit is longer than a second",
                "it tries again after a timeout",
                TWICE,
            ],
            by_hand: &["{work} 192.0.2.1:80 192.0.2.2:80"],
        },
    ],
};

fn open(trial: &mut Trial) -> Outcome {
    let listener = trial.listens()?;
    let target = addr(&listener)?.to_string();
    let ended = probes(trial, std::slice::from_ref(&target), 0)?;
    prints(&ended, &[(&target, "open")], 0)
}

fn refused(trial: &mut Trial) -> Outcome {
    let (nobody, _kept) = trial.listens_nowhere()?;
    let nobody = nobody.to_string();
    let ended = probes(trial, std::slice::from_ref(&nobody), 0)?;
    prints(&ended, &[(&nobody, "refused")], 1)
}

fn full_queue(trial: &mut Trial) -> Outcome {
    let (listener, _callers) = full(trial)?;
    let target = addr(&listener)?.to_string();
    let begun = Instant::now();
    let ended = probes(trial, std::slice::from_ref(&target), 1)?;
    let time = begun.elapsed();
    prints(&ended, &[(&target, "timeout")], 1)
        .map_err(|finding| finding.or_because(SAME_WORD))?;
    if time < LIMIT.mul_f64(0.9) {
        let words = "it said `timeout` before a second was over, after";
        let words = format!("{words} {:.1} s", time.as_secs_f64());
        return Err(Finding::new(words).because(TOO_SHORT));
    }
    Ok(())
}

fn order(trial: &mut Trial) -> Outcome {
    let (first, second) = (trial.listens()?, trial.listens()?);
    let (nobody, _kept) = trial.listens_nowhere()?;
    let nobody = nobody.to_string();
    let port = addr(&second)?.port();
    let named = format!("localhost:{port}");
    let known = crate::course::trial::addresses(&named);
    // Where localhost is something else, its number must do.
    let named = match known.iter().any(SocketAddr::is_ipv4) {
        true => named,
        false => format!("127.0.0.1:{port}"),
    };
    let (silent, _callers) = full(trial)?;
    let open = addr(&first)?.to_string();
    let silent = addr(&silent)?.to_string();
    let targets = [silent, nobody, open, named];
    let ended = probes(trial, &targets, 1)?;
    let [silent, nobody, open, named] = &targets;
    let lines =
        [(silent, "timeout"), (nobody, "refused"), (open, "open"), (named, "open")];
    prints(&ended, &lines.map(|(target, word)| (target.as_str(), word)), 1)
}

fn goes_on(trial: &mut Trial) -> Outcome {
    let listener = trial.listens()?;
    let open = addr(&listener)?.to_string();
    for (bad, word) in
        [(NOWHERE, "unresolved"), (EVERYBODY, what_this_system_says(EVERYBODY))]
    {
        let ended = probes(trial, &[bad, &open].map(str::to_owned), 1)?;
        prints(&ended, &[(bad, word), (&open, "open")], 1)?;
    }
    Ok(())
}

/// `failed`, if the system has no better word for it.
fn what_this_system_says(target: &str) -> &'static str {
    let connected = target.parse().map(|addr| TcpStream::connect_timeout(&addr, LIMIT));
    match connected.map(|connected| connected.map_err(|error| error.kind())) {
        Ok(Ok(_)) => "open",
        Ok(Err(ErrorKind::ConnectionRefused)) => "refused",
        Ok(Err(ErrorKind::TimedOut)) => "timeout",
        _ => "failed",
    }
}

/// The time is taken from the moment in which the first target, which is open, is met.
/// So it does not matter how long the program takes to start.
fn in_time(trial: &mut Trial) -> Outcome {
    let (listener, _callers) = full(trial)?;
    let (silent, first) = (addr(&listener)?.to_string(), trial.listens()?);
    let open = addr(&first)?.to_string();
    trial
        .starts(&[&*open, &silent, &silent, &silent].map(str::to_owned), Io::default())?;
    let _open = trial.accepts(&first)?;
    let begun = Instant::now();
    let ended = trial.ends_within(LIMIT * 3 + SLACK)?;
    let time = begun.elapsed();
    let silent = (&*silent, "timeout");
    prints(&ended, &[(&open, "open"), silent, silent, silent], 1)
        .map_err(|finding| finding.or_because(TWICE))?;
    if time > THREE {
        let time = time.as_secs_f64();
        return Err(Finding::new(format!("three silent targets took it {time:.1} s")));
    }
    Ok(())
}

/// Runs the program to its end. So many of the targets may use up their whole second.
fn probes(trial: &mut Trial, targets: &[String], silent: u32) -> Outcome<Ended> {
    trial.starts(targets, Io::default())?;
    trial.ends_within(LIMIT * silent + SLACK)
}

fn prints(ended: &Ended, lines: &[(&str, &str)], code: i32) -> Outcome {
    let line = |(target, word): &(&str, &str)| format!("{target} {word}\n");
    let expected: String = lines.iter().map(line).collect();
    if ended.out != expected.as_bytes() {
        let words = "standard output is not what it should be";
        return Err(Finding::differs(words, expected.as_bytes(), &ended.out));
    }
    match ended.code {
        Some(seen) if seen == code => Ok(()),
        Some(seen) => {
            let words = format!("the exit code is {seen} instead of {code}");
            Err(Finding::new(words).because(CODE))
        }
        None => Err(Finding::new("it was ended by a signal")),
    }
}

fn addr(listener: &TcpListener) -> Outcome<SocketAddr> {
    listener.local_addr().map_err(|error| Finding::cannot_tell(error.to_string()))
}

/// A listener whose queue is full: nobody accepts, and the kernel lets no more in.
fn full(trial: &mut Trial) -> Outcome<(TcpListener, Vec<TcpStream>)> {
    const A_MOMENT: Duration = Duration::from_millis(200);
    const LONGEST_QUEUE: usize = 5000;
    let listener = trial.listens()?;
    let addr = addr(&listener)?;
    let mut callers = Vec::new();
    while callers.len() < LONGEST_QUEUE {
        match TcpStream::connect_timeout(&addr, A_MOMENT) {
            Ok(caller) => callers.push(caller),
            Err(_) => return Ok((listener, callers)),
        }
    }
    Err(Finding::cannot_tell("the queue of a listener does not get full on this system"))
}
