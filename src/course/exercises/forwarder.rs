//! Lesson 13: a forwarder, with the caller in front of it and the target behind it.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use crate::course::trial::{Caller, Check, Exercise, Finding, Outcome, Trial};

/// More than the kernels on the way keep: whoever takes all of this has no limit.
const TOO_MUCH: usize = 64 * 1024 * 1024;

/// What is sent in plenty is one piece, again and again.
const PIECE: usize = 1_000_003;

/// How many callers come at once, and how often.
const CROWD: usize = 25;
const ROUNDS: usize = 2;

/// What may be left after all of them: less than one piece for each.
const SLACK: usize = 10;

/// Whoever ends a direction that is silent for a while has done it by then.
const SILENCE: Duration = Duration::from_millis(1100);

/// For a check that does not look at that.
const MOMENT: Duration = Duration::from_millis(10);

const NOT_CARRIED: &str = "the end of the stream is not carried to the other side";
const TAKEN_FOR_BOTH: &str = "the end of one direction is taken for the end of both";
const IN_A_HURRY: &str =
    "when one direction has ended, the other one is given up after a while";
const LEFT_OPEN: &str = "the thread of this direction ends, and leaves both streams open";
const ONE_THREAD: &str =
    "one thread carries both directions, and waits in a write of one of them";
const ONE_WAY: &str =
    "this direction is not carried, or only when the other one has spoken";

const BY_HAND: &[&str] = &[
    "sockdemo tcp-server 127.0.0.1:7878",
    "{work} 127.0.0.1:7878 127.0.0.1:8080",
    "printf hello | sockdemo tcp-client 127.0.0.1:8080 -q",
];

pub(super) const EXERCISE: Exercise = Exercise {
    lesson: 13,
    checks: &[
        Check {
            id: "both-ways",
            says: "bytes go both ways, whoever speaks first",
            talk: both_ways,
            causes: &[
                ONE_WAY,
                "one thread waits for the caller and for the target in turn",
                "it connects to the target once, and not for each caller",
                "it reads once each way, or expects text or lines",
            ],
            by_hand: BY_HAND,
        },
        Check {
            id: "half-close",
            says: "each direction ends by itself",
            talk: half_close,
            causes: &[NOT_CARRIED, TAKEN_FOR_BOTH, IN_A_HURRY],
            by_hand: BY_HAND,
        },
        Check {
            id: "refused-behind",
            says: "a target that refuses ends the caller only",
            talk: refused_behind,
            causes: &[
                "the error of connect ends the whole program",
                "the caller's stream is kept when connect has failed",
                "it connects to the target once, when it starts",
            ],
            by_hand: &[
                "{work} 127.0.0.1:1 127.0.0.1:8080",
                "sockdemo tcp-client 127.0.0.1:8080 --message hello",
            ],
        },
        Check {
            id: "reset-behind",
            says: "a reset on one side ends the other",
            talk: reset_behind,
            causes: &[LEFT_OPEN, "an error of one caller ends the whole program"],
            by_hand: BY_HAND,
        },
        Check {
            id: "two-callers",
            says: "a caller who says nothing holds up nobody",
            talk: two_callers,
            causes: &[
                "the next caller is accepted when this one has left",
                "callers share one connection to the target",
            ],
            by_hand: BY_HAND,
        },
        Check {
            id: "ten-mb",
            says: "one way is full, and the other goes on",
            talk: ten_mb,
            causes: &[
                ONE_THREAD,
                "a write takes less than everything, and the rest is forgotten",
            ],
            by_hand: BY_HAND,
        },
        Check {
            id: "one-stalls",
            says: "who does not read costs others nothing",
            talk: one_stalls,
            causes: &[
                "one thread carries the bytes of all callers, and waits in a write",
                "a lock is held during a write",
            ],
            by_hand: BY_HAND,
        },
        Check {
            id: "leaves-nothing",
            says: "callers who have left leave nothing behind",
            talk: leaves_nothing,
            causes: &[
                "a thread waits for ever for the other direction",
                "streams, clones or threads are kept in a list",
                "the caller's stream is closed, and the target's is not",
            ],
            by_hand: BY_HAND,
        },
    ],
};

fn both_ways(trial: &mut Trial) -> Outcome {
    let listener = forwards(trial)?;
    for _ in 0..2 {
        let (mut caller, mut target) = pair(trial, &listener)?;
        let spoken = exchange(trial, &mut target, &mut caller);
        let answered = spoken.and_then(|()| exchange(trial, &mut caller, &mut target));
        answered.map_err(if_waited(ONE_WAY))?;
        // Twice in the same direction, and twice back.
        for n in [1, 300, 70_000] {
            let piece = trial.random.bytes(n);
            caller.sends(&piece)?;
            target.hears(&piece)?;
        }
        for n in [70_000, 300, 1] {
            let piece = trial.random.bytes(n);
            target.sends(&piece)?;
            caller.hears(&piece)?;
        }
    }
    Ok(())
}

fn half_close(trial: &mut Trial) -> Outcome {
    let listener = forwards(trial)?;
    let (mut caller, mut target) = pair(trial, &listener)?;
    end_in_turn(trial, &mut caller, &mut target, SILENCE)?;
    let (mut caller, mut target) = pair(trial, &listener)?;
    end_in_turn(trial, &mut target, &mut caller, MOMENT)
}

/// A question and its end, then the answer, in pieces, later some more, and the end of that.
fn end_in_turn(
    trial: &mut Trial,
    one: &mut Caller,
    other: &mut Caller,
    later: Duration,
) -> Outcome {
    let question = trial.random.bytes(1000);
    one.sends(&question)?;
    one.ends()?;
    other.hears_and_end(&question).map_err(if_waited(NOT_CARRIED))?;
    let answer = trial.random.bytes(100_000);
    let sent = other.sends_pieces(answer.chunks(40_000));
    let heard = sent.and_then(|()| one.hears(&answer));
    heard.map_err(|finding| finding.or_because(TAKEN_FOR_BOTH))?;
    one.hears_nothing(later)
        .and_then(|()| other.sends(&question))
        .and_then(|()| one.hears(&question))
        .map_err(|finding| finding.or_because(IN_A_HURRY))?;
    other.ends()?;
    one.hears_end().map_err(if_waited(NOT_CARRIED))
}

fn refused_behind(trial: &mut Trial) -> Outcome {
    let listener = trial.listens()?;
    let target = addr_of(&listener)?;
    // A connection keeps the port from going to somebody else.
    let here = TcpStream::connect(target);
    let _kept = here.and_then(|here| Ok((here, listener.accept()?.0)));
    drop(listener);
    trial.serves_at("127.0.0.1", &[&target.to_string()])?;
    for _ in 0..2 {
        trial.caller()?.hears_end()?;
    }
    let mut caller = trial.caller()?;
    let _ = caller.sends(b"is anybody there?"); // It may have ended before.
    caller.hears_that_it_is_over()?;
    // Later there is somebody.
    let listener = TcpListener::bind(target);
    let listener = listener.map_err(|error| Finding::cannot_tell(error.to_string()))?;
    let (mut caller, mut target) = pair(trial, &listener)?;
    exchange(trial, &mut caller, &mut target)
}

fn reset_behind(trial: &mut Trial) -> Outcome {
    let listener = forwards(trial)?;
    let (mut caller, mut target) = pair(trial, &listener)?;
    exchange(trial, &mut caller, &mut target)?;
    target.resets();
    caller.hears_that_it_is_over().map_err(if_waited(LEFT_OPEN))?;

    let (mut caller, mut target) = pair(trial, &listener)?;
    exchange(trial, &mut caller, &mut target)?;
    caller.resets();
    target.hears_that_it_is_over().map_err(if_waited(LEFT_OPEN))?;

    let (mut caller, mut target) = pair(trial, &listener)?;
    exchange(trial, &mut caller, &mut target)
}

fn two_callers(trial: &mut Trial) -> Outcome {
    let listener = forwards(trial)?;
    let (mut idle, mut idle_target) = pair(trial, &listener)?;
    let (mut second, mut second_target) = pair(trial, &listener)?;
    let (mut third, mut third_target) = pair(trial, &listener)?;
    exchange(trial, &mut third, &mut third_target)?;
    exchange(trial, &mut second, &mut second_target)?;
    drop(second);
    second_target.hears_end()?;
    exchange(trial, &mut third, &mut third_target)?;
    exchange(trial, &mut idle, &mut idle_target)
}

fn ten_mb(trial: &mut Trial) -> Outcome {
    let listener = forwards(trial)?;
    let (mut caller, mut target) = pair(trial, &listener)?;
    cross(trial, &mut caller, &mut target)?;
    let (mut caller, mut target) = pair(trial, &listener)?;
    cross(trial, &mut target, &mut caller)
}

/// `first` sends until nobody takes more, for `second` does not read: it is still sending.
fn cross(trial: &mut Trial, first: &mut Caller, second: &mut Caller) -> Outcome {
    let there = trial.random.bytes(PIECE).repeat(TOO_MUCH / PIECE);
    let back = trial.random.bytes(PIECE).repeat(10);
    let taken = first.sends_until_full(&there)?;
    at_once(|| second.sends(&back), || first.hears(&back))
        .map_err(if_waited(ONE_THREAD))?;
    // Now it is read, and there is room for a piece more.
    let rest = there.get(taken..).unwrap_or_default();
    let more = rest.get(..PIECE).unwrap_or(rest);
    let all = there.get(..taken + more.len()).unwrap_or_default();
    at_once(|| first.sends(more), || second.hears(all))?;
    first.ends()?;
    second.hears_end()?;
    second.ends()?;
    first.hears_end()
}

fn one_stalls(trial: &mut Trial) -> Outcome {
    let listener = forwards(trial)?;
    let flood = trial.random.bytes(PIECE).repeat(TOO_MUCH / PIECE);
    let (mut deaf, mut behind) = pair(trial, &listener)?;
    let lying_there = floods(&mut behind, &flood)?;
    let (mut in_front, mut deaf_target) = pair(trial, &listener)?;
    let taken = floods(&mut in_front, &flood)?;
    for _ in 0..3 {
        let (mut caller, mut target) = pair(trial, &listener)?;
        exchange(trial, &mut caller, &mut target)?;
        caller.ends()?;
        target.hears_end()?;
    }
    // They read after all.
    deaf_target.hears(flood.get(..taken).unwrap_or_default())?;
    deaf.hears(flood.get(..lying_there).unwrap_or_default())
}

/// Sends what nobody reads, as long as it is taken.
fn floods(caller: &mut Caller, flood: &[u8]) -> Outcome<usize> {
    let taken = caller.sends_until_full(flood)?;
    if taken < flood.len() {
        return Ok(taken);
    }
    let words = format!("it took {} MB that nobody reads on the other side", taken >> 20);
    Err(Finding::new(words)
        .because("it goes on reading what it cannot pass on: what it keeps has no limit"))
}

fn leaves_nothing(trial: &mut Trial) -> Outcome {
    let listener = forwards(trial)?;
    crowd(trial, &listener)?;
    trial.comes_to_rest();
    let before = trial.size()?;
    for _ in 0..ROUNDS {
        crowd(trial, &listener)?;
    }
    before.map_or(Ok(()), |before| trial.shrinks_to(before, SLACK))
}

/// Callers at once, who end in all the ways there are.
fn crowd(trial: &mut Trial, listener: &TcpListener) -> Outcome {
    let mut pairs = Vec::new();
    for _ in 0..CROWD {
        pairs.push(pair(trial, listener)?);
    }
    for (i, (mut caller, mut target)) in pairs.into_iter().enumerate() {
        caller.sends(b"x")?;
        target.hears(b"x")?;
        match i % 4 {
            0 => {
                caller.resets();
                target.hears_that_it_is_over()?;
            }
            1 => {
                target.resets();
                caller.hears_that_it_is_over()?;
            }
            2 => {
                drop(target);
                caller.hears_that_it_is_over()?;
            }
            _ => {
                caller.ends()?;
                target.hears_end()?;
                drop(target);
                caller.hears_end()?;
            }
        }
    }
    Ok(())
}

/// Starts the program, with a target that this check plays.
fn forwards(trial: &mut Trial) -> Outcome<TcpListener> {
    let listener = trial.listens()?;
    let target = addr_of(&listener)?.to_string();
    trial.serves_at("127.0.0.1", &[&target])?;
    Ok(listener)
}

fn addr_of(listener: &TcpListener) -> Outcome<SocketAddr> {
    listener.local_addr().map_err(|error| Finding::cannot_tell(error.to_string()))
}

/// A caller, and the connection that the program makes for it.
fn pair(trial: &mut Trial, listener: &TcpListener) -> Outcome<(Caller, Caller)> {
    let caller = trial.caller()?.plays("the caller");
    let target = trial.accepts_soon(listener)?.plays("the target");
    Ok((caller, target))
}

/// One says something, and the other answers.
fn exchange(trial: &mut Trial, one: &mut Caller, other: &mut Caller) -> Outcome {
    let question = trial.random.bytes(500);
    one.sends(&question)?;
    other.hears(&question)?;
    let answer = trial.random.bytes(700);
    other.sends(&answer)?;
    one.hears(&answer)
}

/// While it waits, the program does what every server does. What it forgot says more.
fn if_waited(cause: &'static str) -> impl Fn(Box<Finding>) -> Box<Finding> {
    move |finding| match finding.has_waited() {
        true => finding.or_because(cause),
        false => finding,
    }
}

/// Both at the same time. Of two failures, what was heard says more.
fn at_once(
    send: impl FnOnce() -> Outcome + Send,
    hear: impl FnOnce() -> Outcome,
) -> Outcome {
    thread::scope(|scope| {
        let sending = thread::Builder::new().spawn_scoped(scope, send);
        let sending = sending.map_err(|error| Finding::cannot_tell(error.to_string()))?;
        hear()?;
        sending.join().map_err(|_| Finding::cannot_tell("the sending thread failed"))?
    })
}
