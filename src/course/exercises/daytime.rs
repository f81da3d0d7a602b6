//! Lesson 3: a server that tells the time and hangs up, without being asked anything.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::course::trial::{Caller, Check, Exercise, Finding, Outcome, Trial};

/// How long a client may wait behind five silent ones: half a second for each is bearable,
/// a whole one is not.
const BEARABLE: Duration = Duration::from_millis(3500);

pub(super) const EXERCISE: Exercise = Exercise {
    lesson: 3,
    checks: &[
        Check {
            id: "line",
            says: "each client gets the time of its connection",
            talk: line,
            causes: &[
                "it waits until the client says something",
                "the line is not `time`, a space, milliseconds since 1970, and LF",
                "the time is taken when the program starts, or before the client is there",
            ],
            by_hand: &["{work} 127.0.0.1:7878", "sockdemo tcp-client"],
        },
        Check {
            id: "end",
            says: "after the line comes the end of the stream",
            talk: end,
            causes: &[
                "the stream is kept open: it ends when its last owner is dropped",
                "it sends more than the one line",
            ],
            by_hand: &["{work} 127.0.0.1:7878", "sockdemo tcp-client"],
        },
        Check {
            id: "fifty",
            says: "fifty clients in a row are served",
            talk: fifty,
            causes: &[
                "it ends after some clients",
                "an error of one client ends the whole server: unwrap, or ? in main. Every \
                 second client here breaks its connection with a reset",
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
    for _ in 0..3 {
        let before = now();
        let mut caller = trial.caller()?;
        hears_the_time(&mut caller, before)?;
        caller.pauses(); // So that a time that stands still can be told from one that goes on.
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

/// Sends before it reads, a little or much, and leaves the rest to the server.
fn junk(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    for length in [1, 5_000, 100_000] {
        for _ in 0..5 {
            let junk = trial.random.bytes(length);
            let mut caller = trial.caller()?;
            caller.sends(&junk)?;
            caller.ends()?;
            caller.pauses(); // A reset would arrive now, and take the line away.
            caller.hears_line()?;
            caller.hears_end()?;
        }
    }
    Ok(())
}

fn silent(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let mut silent = Vec::new();
    for _ in 0..5 {
        silent.push(trial.caller()?);
    }
    let (before, begun) = (now(), Instant::now());
    let mut caller = trial.caller()?;
    hears_the_time(&mut caller, before)?;
    match begun.elapsed() {
        time if time > BEARABLE => {
            let words = "behind five silent clients, the next one waited";
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
        return Err(Finding::differs(words, expected.as_bytes(), line.as_bytes()));
    };
    // Some round down, and some to the nearest.
    if (before..=after + 1).contains(&time) {
        return Ok(());
    }
    Err(Finding::new(format!(
        "the time is {time}; this client connected at {before} and read at {after}"
    )))
}

/// Milliseconds since 1970.
fn now() -> u128 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map(|time| time.as_millis())
        .unwrap_or_default()
}
