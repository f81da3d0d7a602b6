//! Lesson 3: a server that tells the time and hangs up, without being asked anything.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::course::trial::{Caller, Check, Exercise, Finding, Outcome, Trial};

const WAITS: &str = "it waits until the client says something";
const FORM: &str = "the line is not `time`, a space, milliseconds since 1970, and LF";
const STALE: &str =
    "the time is taken when the program starts, or before the client is there";
const MORE: &str = "it sends more than the one line";

/// Longer than any program needs that waits for nothing, at least once in three times.
const AT_ONCE: Duration = Duration::from_millis(400);

/// A check that is slow itself, on a busy machine, cannot blame a program that has closed.
const PROMPT: Duration = Duration::from_millis(50);

/// How long a client may wait behind three silent ones: a second for each is bearable, two
/// are not.
const BEARABLE: Duration = Duration::from_secs(4);

pub(super) const EXERCISE: Exercise = Exercise {
    lesson: 3,
    checks: &[
        Check {
            id: "line",
            says: "each client gets the time of its connection",
            talk: line,
            causes: &[WAITS, FORM, STALE],
            by_hand: &["{work} 127.0.0.1:7878", "sockdemo tcp-client"],
        },
        Check {
            id: "end",
            says: "after the line comes the end of the stream",
            talk: end,
            causes: &[
                "the stream is kept open: it ends when its last owner is dropped",
                MORE,
            ],
            by_hand: &["{work} 127.0.0.1:7878", "sockdemo tcp-client"],
        },
        Check {
            id: "fifty",
            says: "fifty clients in a row are served",
            talk: fifty,
            causes: &[
                "an error of one client ends the whole server: unwrap, or ? in main. Every \
                 second client here breaks its connection with a reset",
                "it ends after some clients",
            ],
            by_hand: &[
                "{work} 127.0.0.1:7878",
                "for i in $(seq 50); do sockdemo tcp-client -q < /dev/null; done",
            ],
        },
        Check {
            id: "junk",
            says: "who has sent junk still gets the whole line",
            talk: junk,
            causes: &[
                "it closes with bytes unread: the kernel then sends a reset, and the reset can \
                 destroy the line. Read what has come before the stream is dropped",
                "it closes before the bytes have come: read until the end, or for a moment",
                "it ends only its half and never closes",
            ],
            by_hand: &["{work} 127.0.0.1:7878", "sockdemo tcp-client --message junk"],
        },
        Check {
            id: "silent",
            says: "a client that says nothing delays nobody",
            talk: silent,
            causes: &[
                "it waits for the silent client to send or to leave, while others wait in the \
                 queue: give the waiting a limit, or a thread of its own",
            ],
            by_hand: &[
                "{work} 127.0.0.1:7878",
                "sockdemo tcp-client",
                "sockdemo tcp-client",
            ],
        },
    ],
};

fn line(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    // The first connection showed that the server listens; it may be old.
    trial.caller()?.hears_line()?;
    let mut fastest = Duration::MAX;
    for _ in 0..3 {
        let (before, begun) = (now(), Instant::now());
        let mut caller = trial.caller()?;
        hears_the_time(&mut caller, before)?;
        fastest = fastest.min(begun.elapsed());
        caller.pauses(); // So that a time that stands still can be told from one that goes on.
    }
    if fastest > AT_ONCE {
        let words = "the line did not come at once, but after";
        let words = format!("{words} {:.1} s, each time", fastest.as_secs_f64());
        return Err(Finding::new(words).because(WAITS));
    }
    Ok(())
}

fn end(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    for _ in 0..3 {
        let mut caller = trial.caller()?;
        caller.hears_line()?;
        caller.ends()?;
        caller.hears_end()?;
    }
    let mut caller = trial.caller()?;
    caller.hears_line()?;
    caller.hears_end()
}

fn fifty(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    for turn in 0..25 {
        let mut rude = trial.caller()?;
        if turn % 2 == 0 {
            rude.hears_line()?;
        }
        rude.resets();
        let mut caller = trial.caller()?;
        caller.hears_line()?;
        caller.ends()?;
        caller.hears_end()?;
    }
    Ok(())
}

/// Sends before it reads, a little or much. Some clients send a moment late, some end their
/// half, and some do not.
fn junk(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    trial.caller()?.hears_line()?; // The first connection may be old.
    for length in [1, 5_000, 100_000] {
        for (turn, ends) in [false, true].repeat(3).into_iter().enumerate() {
            let junk = trial.random.bytes(length);
            let begun = Instant::now();
            let mut caller = trial.caller()?;
            if turn % 3 == 0 {
                caller.pauses(); // The program may find nothing at its first look.
            }
            let sent = caller.sends(&junk);
            if begun.elapsed() > PROMPT {
                continue;
            }
            sent?;
            if ends {
                caller.ends()?;
            }
            caller.pauses(); // A reset would arrive now, and take the line away.
            caller.hears_line()?;
            caller.hears_end()?;
            caller.pauses();
            caller.was_not_reset()?;
        }
    }
    Ok(())
}

fn silent(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let mut silent = Vec::new();
    for _ in 0..3 {
        silent.push(trial.caller()?);
    }
    let (before, begun) = (now(), Instant::now());
    let mut caller = trial.caller()?;
    hears_the_time(&mut caller, before)?;
    match begun.elapsed() {
        time if time > BEARABLE => {
            let words = "behind three silent clients, the next one waited";
            Err(Finding::new(format!("{words} {:.1} s", time.as_secs_f64())))
        }
        _ => Ok(()),
    }
}

/// The line is a time between the connecting and now.
fn hears_the_time(caller: &mut Caller, before: u128) -> Outcome {
    let line = caller.hears_line()?;
    let after = now();
    let Some(time) =
        line.strip_prefix("time ").and_then(|time| time.parse::<u128>().ok())
    else {
        let expected = format!("time {after}");
        let words = "the line is not `time` and milliseconds";
        let finding = Finding::differs(words, expected.as_bytes(), line.as_bytes());
        return Err(finding.because(FORM));
    };
    // Some round down, and some to the nearest.
    if (before..=after + 1).contains(&time) {
        return Ok(());
    }
    let seen = format!(
        "the time is {time}; this client connected at {before} and read at {after}"
    );
    let is_near = time.abs_diff(after) < Duration::from_secs(3600).as_millis();
    Err(Finding::new(seen).because(if is_near { STALE } else { FORM }))
}

/// Milliseconds since 1970.
fn now() -> u128 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map(|time| time.as_millis())
        .unwrap_or_default()
}
