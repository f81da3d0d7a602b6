//! Lesson 10: an echo server that ends when it is asked to, and cuts nobody off.

use crate::course::trial::{Caller, Check, Exercise, Finding, Outcome, Trial};

/// More than both kernels keep for a program that does not read.
const MUCH: usize = 16 << 20;

/// So much of the answer is read at a time.
const SIP: usize = 128 * 1024;

/// So often a program may take a little more, and so often nothing has to change if it goes
/// round and never sleeps.
const ROUNDS: usize = 40;
const SAME: usize = 4;

/// So much lies unread when the signal comes: a signal wakes a write, which may then find
/// room for all that a program reads at once, and it shall have more to do even so. Not
/// every kernel has room for it; the last fits into the smallest window in which a
/// connection begins. Each is for a client of its own: one may leave a rest on this side.
const UNREAD: [u32; 5] = [256 << 10, 128 << 10, 40 << 10, 40 << 10, 40 << 10];

pub(super) const EXERCISE: Exercise = Exercise {
    lesson: 10,
    checks: &[
        Check {
            id: "no-client",
            says: "Ctrl-C ends it, with exit code 0",
            talk: no_client,
            causes: &[
                "the signal is not handled: its default action ends the program",
                "accept sleeps on: neither a signal nor a flag makes it return",
                "the handler prints something and returns",
                "the exit code is not that of a program that has done its work",
            ],
            by_hand: &["{work} 127.0.0.1:7878", "# in the first terminal: Ctrl-C"],
        },
        Check {
            id: "idle-client",
            says: "idle clients see the end of the stream",
            talk: idle_client,
            causes: &[
                "the threads are joined, and nobody wakes them out of read",
                "only the latest client is told, or only the first",
                "the connections are reset instead of ended",
            ],
            by_hand: &[
                "{work} 127.0.0.1:7878",
                "sockdemo tcp-client",
                "# in the first terminal: Ctrl-C",
            ],
        },
        Check {
            id: "port-free",
            says: "it can be started again at once",
            talk: port_free,
            causes: &[
                "SO_REUSEADDR is not set: std does it, in C and Python you have to",
                "a child process still has the listener",
            ],
            by_hand: &[
                "{work} 127.0.0.1:7878",
                "sockdemo tcp-client",
                "# in the first terminal: Ctrl-C, and the same command again",
            ],
        },
        Check {
            id: "in-progress",
            says: "what has arrived is answered, then the end",
            talk: in_progress,
            causes: &[
                "both halves are shut down, or the writing one, with answers to come",
                "the threads are not joined: the end of main ends them",
                "a thread looks at the flag and leaves, with bytes unread",
                "the thread is not waited for as long as its client needs",
            ],
            by_hand: &[
                "{work} 127.0.0.1:7878",
                "head -c 8000000 /dev/zero | sockdemo tcp-client -q | (sleep 9; wc -c)",
                "# in the first terminal: Ctrl-C",
            ],
        },
        Check {
            id: "no-new",
            says: "nobody is let in after the signal",
            talk: no_new,
            causes: &[
                "the listener stays open until the last client has left: drop it first",
                "accept goes on as long as there are clients",
                "a child process, or a clone, still has the listener",
                "the connect that wakes accept was refused, and that ended the thread: \
                 somebody else had woken it before",
            ],
            by_hand: &[
                "{work} 127.0.0.1:7878",
                "head -c 8000000 /dev/zero | sockdemo tcp-client -q | (sleep 9; wc -c)",
                "# in the first terminal: Ctrl-C; in a third one:",
                "sockdemo tcp-client",
            ],
        },
        Check {
            id: "second",
            says: "a second Ctrl-C ends it at once",
            talk: second,
            causes: &[
                "the handler sets the flag a second time, and that is all",
                "the second signal is ignored, or only the first is waited for",
                "the handler waits for the threads, and cannot be called meanwhile",
            ],
            by_hand: &[
                "{work} 127.0.0.1:7878",
                "head -c 8000000 /dev/zero | sockdemo tcp-client -q | (sleep 9; wc -c)",
                "# in the first terminal: Ctrl-C, and Ctrl-C again",
            ],
        },
        Check {
            id: "sigterm",
            says: "SIGTERM ends it as Ctrl-C does",
            talk: sigterm,
            causes: &[
                "only SIGINT is handled: ctrlc needs its feature \"termination\"",
                "SIGTERM is ignored, or it ends the program at once",
            ],
            by_hand: &[
                "{work} 127.0.0.1:7878",
                "head -c 8000000 /dev/zero | sockdemo tcp-client -q | (sleep 9; wc -c)",
                "# in a third terminal: kill and the number of the process",
            ],
        },
    ],
};

/// Somebody has been there, and has left.
fn no_client(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let mut caller = greeted(trial)?;
    caller.ends()?;
    caller.hears_end()?;
    drop(caller);
    trial.interrupts()?;
    trial.stops()
}

fn idle_client(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let mut callers = [greeted(trial)?, greeted(trial)?, greeted(trial)?];
    greeted(trial)?.resets();
    trial.interrupts()?;
    for caller in &mut callers {
        caller.hears_goodbye()?;
    }
    trial.stops()
}

/// The one that closes first is the server, so its kernel remembers the connection.
fn port_free(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let mut caller = greeted(trial)?;
    trial.interrupts()?;
    caller.hears_goodbye()?;
    trial.stops()?;
    drop(caller);
    trial.serves_again()?;
    greeted(trial).map(drop)
}

/// When the signal comes, the program is in the middle of its answer, and more lies ready.
fn in_progress(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let sent = trial.random.bytes(MUCH);
    let (mut caller, n) = stuck(trial, &sent)?;
    let mut idle = greeted(trial)?;
    trial.interrupts()?;
    trial.stays_longer()?; // Or its kernel has taken the whole answer, and delivers it.
    idle.hears_goodbye()?;
    for piece in sent.get(..n).unwrap_or_default().chunks(SIP) {
        caller.hears_all_the_same(piece)?;
        caller.pauses();
    }
    caller.hears_goodbye()?;
    trial.stops()
}

fn no_new(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let sent = trial.random.bytes(MUCH);
    let (mut caller, n) = stuck(trial, &sent)?;
    trial.interrupts()?;
    trial.refuses()?;
    caller.hears_all_the_same(sent.get(..n).unwrap_or_default())?;
    caller.hears_goodbye()?;
    trial.stops()
}

/// A program that had nothing left to do has ended rightly if its answer comes all the same:
/// then the next client sends more, until nothing moves.
fn second(trial: &mut Trial) -> Outcome {
    let sent = trial.random.bytes(MUCH);
    for flood in [false, true] {
        trial.serves()?;
        let (mut caller, n) = stuck(trial, &sent)?;
        if flood {
            caller.sends_until_stuck(&sent)?;
        }
        trial.interrupts()?;
        if trial.stays()? {
            trial.interrupts()?;
            return trial.ends_soon().map(drop);
        }
        if !flood {
            caller.hears_all_the_same(sent.get(..n).unwrap_or_default())?;
            caller.hears_goodbye()?;
        }
    }
    Err(Finding::cannot_tell("it has always ended before a second signal could come"))
}

/// With a client who is idle, and one who has not got all of its answer yet.
fn sigterm(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let sent = trial.random.bytes(MUCH);
    let (mut caller, n) = stuck(trial, &sent)?;
    let mut idle = greeted(trial)?;
    trial.terminates()?;
    idle.hears_goodbye()?;
    caller.hears_all_the_same(sent.get(..n).unwrap_or_default())?;
    caller.hears_goodbye()?;
    trial.stops()
}

/// A client that sends until the program is stuck in its answer, and does not read: it, and
/// how much it has sent. All of that has arrived; if a rest is left on this side, because
/// the other kernel had no room, the next client does better.
fn stuck(trial: &mut Trial, bytes: &[u8]) -> Outcome<(Caller, usize)> {
    for unread in UNREAD {
        let mut caller = trial.caller()?;
        let sent = fills(trial, &mut caller, (bytes, unread))?;
        if caller.unread().is_some() || !cfg!(target_os = "linux") {
            return Ok((caller, sent));
        }
        caller.resets();
    }
    Err(Finding::cannot_tell("this machine is too busy to fill a connection in peace"))
}

/// A signal wakes a write, and it may find a little room: that is tried before, without a
/// signal that means something, until it changes nothing any more.
fn fills(
    trial: &Trial,
    caller: &mut Caller,
    (bytes, unread): (&[u8], u32),
) -> Outcome<usize> {
    let (mut sent, mut before, mut same) = (0, None, 0);
    for _ in 0..ROUNDS {
        let rest = bytes.get(sent..).unwrap_or_default();
        let more = caller.sends_until_it_waits(rest, unread)?;
        sent += more;
        let now = caller.unread();
        same = if more == 0 && now == before { same + 1 } else { 0 };
        if same > 0 && (trial.sleeps() || same == SAME) {
            break;
        }
        before = now;
        trial.nudges();
    }
    Ok(sent)
}

/// A client that has been served, and whom the program therefore knows.
fn greeted(trial: &mut Trial) -> Outcome<Caller> {
    let word = trial.random.word(5);
    let mut caller = trial.caller()?;
    caller.sends(word.as_bytes())?;
    caller.hears_only(word.as_bytes())?;
    Ok(caller)
}
