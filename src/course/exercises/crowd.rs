//! Lesson 8: an echo server for many clients at once, and for no more than it has room for.

use std::time::{Duration, Instant};

use crate::course::trial::{Caller, Check, Exercise, Finding, Outcome, PATIENCE, Trial};

/// Each of several clients too many has waited for so long: not at once.
const AT_ONCE: Duration = Duration::from_millis(500);

/// A program may keep some threads and descriptors for later, but not one for each client.
const SLACK: usize = 20;

const BUSY: &[u8] = b"busy\n";

const FEWER: &str = "it serves fewer clients than it was told to";
const MORE: &str = "it serves more clients than it was told to";
const LATE: &str =
    "clients are counted after they were let in, or by their threads: too late";
const SLOW: &str = "it waits before it lets them go, or for the ones before them";
const LINE: &str = "the line is not busy and LF, or nothing is said at all";
const UNREAD: &str =
    "the client spoke first, and its stream was closed with that unread: a reset";
const LAZY: &str = "it notices that a place is free when it has refused somebody";
const NO_ROOM: &str = "a client has left, and its place is not free";

pub(super) const EXERCISE: Exercise = Exercise {
    lesson: 8,
    checks: &[
        Check {
            id: "idle-first",
            says: "an idle first client does not block the last",
            talk: idle_first,
            causes: &[
                "the thread that accepts also serves, or waits (join) for the one that does",
                "one lock, or one buffer, for all: whoever waits for its client keeps it",
                "all threads use one variable: each needs a stream of its own",
            ],
            by_hand: &[
                "{work} 8 127.0.0.1:7878",
                "sockdemo tcp-client",
                "sockdemo tcp-client --message hello",
            ],
        },
        Check {
            id: "twenty",
            says: "twenty clients talk, each gets its own bytes",
            talk: twenty,
            causes: &[
                "threads share a buffer, or a stream: one sends what another has read",
                FEWER,
                "it does not send back all that comes: one read, or a write that takes less",
            ],
            by_hand: &["{work} 20 127.0.0.1:7878", "sockdemo tcp-client --message hello"],
        },
        Check {
            id: "reset",
            says: "a client that resets harms nobody else",
            talk: reset,
            causes: &[
                "an error of one client's read or write ends the whole program",
                "what one client has left behind goes to another one",
            ],
            by_hand: &[
                "{work} 8 127.0.0.1:7878",
                "timeout -s KILL 1 sockdemo tcp-client -q < /dev/zero > /dev/null",
                "sockdemo tcp-client --message hello",
            ],
        },
        Check {
            id: "busy",
            says: "one too many hears busy and the end, at once",
            talk: busy,
            causes: &[
                LATE,
                "the refused client is not let go: its stream is kept, or read to its end",
                UNREAD,
                LINE,
            ],
            by_hand: &[
                "{work} 1 127.0.0.1:7878",
                "sockdemo tcp-client",
                "sockdemo tcp-client",
            ],
        },
        Check {
            id: "slot-free",
            says: "who leaves makes room for one, and only one",
            talk: slot_free,
            causes: &[
                "the count goes down only at the end of the stream, not after an error",
                "a refused client is counted, or counted off, too",
                "the count goes down twice, or never",
            ],
            by_hand: &[
                "{work} 1 127.0.0.1:7878",
                "sockdemo tcp-client --message hello",
                "sockdemo tcp-client --message again",
            ],
        },
        Check {
            id: "two-hundred",
            says: "two hundred come, and nothing of them is left",
            talk: two_hundred,
            causes: &[
                "what a client had is kept when it has left: a stream, a clone, a thread",
                "threads wait for something that never comes",
                "processes have ended, and nobody has waited for them",
            ],
            by_hand: &[
                "{work} 20 127.0.0.1:7878",
                "sockdemo tcp-client --message hello",
                "ls /proc/PID/task /proc/PID/fd",
            ],
        },
    ],
};

/// Others come first and say nothing. Then they speak, the last one first.
fn idle_first(trial: &mut Trial) -> Outcome {
    serves(trial, 8)?;
    let mut idle = callers(trial, 4)?;
    let mut last = trial.caller()?;
    talks(trial, &mut last)?;
    last.ends()?;
    last.hears_end()?;
    for caller in idle.iter_mut().rev() {
        caller.hears_nothing(Duration::from_millis(30))?; // And is still a client.
        talks(trial, caller)?;
    }
    Ok(())
}

/// All of them speak before the first one listens. Then one sends and does not listen, so
/// that the program has to keep what is its own while the others talk.
fn twenty(trial: &mut Trial) -> Outcome {
    serves(trial, 20)?;
    let mut callers = callers(trial, 20)?;
    for length in [1, 7, 100, 3000, 50_000] {
        let mut sent = Vec::new();
        for caller in &mut callers {
            let word = trial.random.word(length);
            caller.sends(word.as_bytes())?;
            sent.push(word);
        }
        for (caller, word) in callers.iter_mut().zip(&sent).rev() {
            caller.hears(word.as_bytes()).map_err(|finding| {
                let is_refused = finding.saw(BUSY);
                if is_refused { finding.because(FEWER) } else { finding }
            })?;
        }
    }
    let Some((slow, others)) = callers.split_first_mut() else { return Ok(()) };
    let much = trial.random.bytes(16 << 20);
    let taken = slow.sends_until_full(&much)?;
    for caller in others {
        let word = trial.random.word(70_000);
        caller.sends_while_hearing(word.as_bytes(), word.as_bytes())?;
    }
    slow.hears(much.get(..taken).unwrap_or_default())?;
    for caller in &mut callers {
        caller.ends()?;
        caller.hears_end()?;
    }
    Ok(())
}

/// Some break off while they are idle, some when they have spoken, some while they are
/// sent to. There is room for all of them.
fn reset(trial: &mut Trial) -> Outcome {
    serves(trial, 64)?;
    let mut first = trial.caller()?;
    talks(trial, &mut first)?;
    for way in [Way::Resets, Way::Ignores, Way::Chokes, Way::Resets] {
        let rude = served(trial)?;
        leaves(trial, rude, way)?;
        trial.caller()?.resets();
        talks(trial, &mut first)?;
    }
    first.ends()?;
    first.hears_end()?;
    served(trial).map(drop)
}

fn busy(trial: &mut Trial) -> Outcome {
    one_too_many(trial)?;
    for room in [1, 2, 3] {
        rush(trial, room)?;
    }
    Ok(())
}

/// Those who are refused do not leave, and keep nobody waiting.
fn one_too_many(trial: &mut Trial) -> Outcome {
    const ROOM: usize = 3;
    serves(trial, ROOM)?;
    let mut inside = Vec::new();
    for _ in 0..ROOM {
        inside.push(served(trial)?);
    }
    let mut outside = vec![trial.caller()?];
    outside.iter_mut().try_for_each(is_refused)?;
    let mut fastest = PATIENCE;
    for _ in 0..5 {
        let begun = Instant::now();
        let mut caller = trial.caller()?;
        is_refused(&mut caller)?;
        fastest = fastest.min(begun.elapsed());
        outside.push(caller);
    }
    if fastest > AT_ONCE {
        let words =
            format!("each of five waited {:.1} s, or longer", fastest.as_secs_f64());
        return Err(Finding::new(words).because(SLOW));
    }
    for caller in &mut inside {
        talks(trial, caller)?;
    }
    who_speaks_first(trial)
}

/// They have spoken before they are refused, and are not to lose the line. A reset comes
/// right behind the end, if it comes.
fn who_speaks_first(trial: &mut Trial) -> Outcome {
    let words = trial.random.bytes(5000);
    let mut queue = trial.queue_of(&[b"hello", &words, b"hello"])?;
    for caller in &mut queue {
        is_refused(caller).map_err(|finding| match finding.is_silence() {
            true => finding,
            false => finding.because(UNREAD),
        })?;
    }
    for caller in &queue {
        caller.pauses();
        caller.was_not_reset().map_err(|finding| finding.because(UNREAD))?;
    }
    Ok(())
}

/// Many come at the same moment: as many as there is room for are served.
fn rush(trial: &mut Trial, room: usize) -> Outcome {
    const MANY: usize = 16;
    serves(trial, room + 1)?;
    let first = served(trial)?; // It came alone, while this check waited for the server.
    let mut inside = trial.queue_of(&[b"".as_slice(); MANY])?;
    let mut refused = Vec::new();
    let deadline = Instant::now() + PATIENCE;
    while refused.len() < MANY - room && Instant::now() < deadline {
        let mut silent = Vec::new();
        for caller in inside {
            let side = if caller.is_spoken_to()? { &mut refused } else { &mut silent };
            side.push(caller);
        }
        inside = silent;
        first.pauses();
    }
    if inside.len() > room {
        let waiting = inside.len();
        let served = inside.iter_mut().map(is_served).take_while(|is| *is).count();
        let (what, cause) = match served > room {
            true => (format!("{served} were served"), LATE),
            false => (format!("{waiting} were not told to go"), SLOW),
        };
        let words = format!("{MANY} more came at once, there was room for {room}");
        return Err(Finding::new(format!("{words}, and {what}")).because(cause));
    }
    for mut caller in refused {
        is_refused(&mut caller)?;
    }
    for caller in &mut inside {
        talks(trial, caller)?;
    }
    Ok(())
}

/// However a client leaves, one more can come, and not two. Those who were refused need not
/// have left.
fn slot_free(trial: &mut Trial) -> Outcome {
    const ROOM: usize = 2;
    serves(trial, ROOM)?;
    let mut stays = served(trial)?;
    let mut other = served(trial)?;
    for way in WAYS.iter().chain(WAYS).chain(&[Way::Chokes]) {
        let mut outside = callers(trial, 3)?;
        outside.iter_mut().try_for_each(is_refused)?;
        leaves(trial, other, *way)?;
        other = served(trial)?;
        talks(trial, &mut stays)?;
    }
    is_refused(&mut trial.caller()?)?;
    is_served_at_once(trial, &stays, other)
}

/// Gives the program time to see that a client has left: then the next one need not come
/// twice. On a busy machine it may once be too late.
fn is_served_at_once(trial: &mut Trial, stays: &Caller, mut other: Caller) -> Outcome {
    for _ in 0..3 {
        leaves(trial, other, Way::Ends)?;
        (0..30).for_each(|_| stays.pauses());
        if is_served(&mut trial.caller()?) {
            return Ok(());
        }
        other = served(trial)?;
    }
    let words = "a client had left, and the next one was refused all the same, each time";
    Err(Finding::new(words).because(LAZY))
}

/// Four of five are served, and leave in four ways. The fifth is refused, and stays.
fn two_hundred(trial: &mut Trial) -> Outcome {
    serves(trial, 1 + WAYS.len())?;
    let mut stays = served(trial)?;
    let first = served(trial)?;
    leaves(trial, first, Way::Ends)?;
    let before = trial.size()?;
    let mut outside = Vec::new();
    for _ in 0..40 {
        let mut inside = Vec::new();
        for way in WAYS {
            inside.push((served(trial)?, *way));
        }
        let mut refused = trial.caller()?;
        is_refused(&mut refused)?;
        outside.push(refused);
        for (caller, way) in inside {
            leaves(trial, caller, way)?;
        }
    }
    let Some(before) = before else { return Ok(()) };
    trial.shrinks_to(before, SLACK)?;
    talks(trial, &mut stays)
}

/// How a client leaves.
#[derive(Clone, Copy)]
enum Way {
    /// Ends its half, and waits for the end of the other.
    Ends,
    /// Closes, without waiting.
    Closes,
    /// Closes with bytes unread.
    Ignores,
    /// Resets.
    Resets,
    /// Never reads, and resets while it is sent to.
    Chokes,
}

const WAYS: &[Way] = &[Way::Resets, Way::Ends, Way::Ignores, Way::Closes];

fn leaves(trial: &mut Trial, mut caller: Caller, way: Way) -> Outcome {
    match way {
        Way::Ends => {
            caller.ends()?;
            caller.hears_end()?;
        }
        Way::Closes => drop(caller),
        Way::Ignores => {
            caller.sends(b"unread")?;
            caller.waits_for_a_byte()?;
        }
        Way::Resets => caller.resets(),
        Way::Chokes => {
            caller.sends_until_full(&trial.random.bytes(16 << 20))?;
            caller.resets();
        }
    }
    Ok(())
}

fn serves(trial: &mut Trial, limit: usize) -> Outcome {
    trial.serves_at("127.0.0.1", &[&limit.to_string()])
}

fn callers(trial: &mut Trial, many: usize) -> Outcome<Vec<Caller>> {
    (0..many).map(|_| trial.caller()).collect()
}

/// The program serves this client.
fn talks(trial: &mut Trial, caller: &mut Caller) -> Outcome {
    let word = trial.random.word(8);
    caller.sends(word.as_bytes())?;
    caller.hears(word.as_bytes())
}

/// A new client, who is served: at once, or as soon as the program has noticed that another
/// one has left. A client that is refused may be gone before it has spoken.
fn served(trial: &mut Trial) -> Outcome<Caller> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut caller = trial.caller()?;
        match caller.sends(b"hello").and_then(|()| caller.hears(b"hello")) {
            Ok(()) => return Ok(caller),
            Err(finding) if finding.is_silence() => return Err(finding),
            Err(finding) if Instant::now() < deadline => {
                drop(finding);
                caller.pauses();
            }
            Err(finding) if finding.saw(BUSY) => return Err(finding.because(NO_ROOM)),
            Err(finding) => return Err(finding),
        }
    }
}

/// The program has no room for this client, and says so.
fn is_refused(caller: &mut Caller) -> Outcome {
    caller.hears(BUSY).map_err(|finding| {
        let cause = match finding.is_silence() {
            true if is_served(caller) => MORE,
            true => SLOW,
            false => LINE,
        };
        finding.because(cause)
    })?;
    caller.hears_end()
}

/// Does it get back what it sends?
fn is_served(caller: &mut Caller) -> bool {
    caller.sends(b"hello").and_then(|()| caller.hears(b"hello")).is_ok()
}
