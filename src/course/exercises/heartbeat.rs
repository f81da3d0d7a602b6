//! Lesson 9: a server with a limit of silence, and clients that are slow in every way.

use std::time::{Duration, Instant};

use crate::course::trial::{Caller, Check, Exercise, Finding, Outcome, Trial};
use crate::kit::text::duration;

/// A machine that has much to do may be late, but not early.
const LATE: Duration = Duration::from_millis(3500);
const EARLY: Duration = Duration::from_millis(50);

/// What one client's slowness may cost another.
const HELD_UP: Duration = Duration::from_secs(4);

/// What only resembles PING is answered as if it were.
const RESEMBLES: &str =
    "not the whole line is compared, or without its spaces, or in any case";

const NO_TEXT: &str =
    "a line that is no text ends the conversation, or is turned into text";

pub(super) const EXERCISE: Exercise = Exercise {
    lesson: 9,
    checks: &[
        Check {
            id: "pong",
            says: "PING is answered with PONG, others with ERROR",
            talk: pong,
            causes: &[
                "the answer has no newline, or another word",
                "lines other than PING get no answer, or PONG",
                RESEMBLES,
                NO_TEXT,
                "the first word on the command line is the limit, the second the address",
                "the limit is in milliseconds: taken for seconds, 5000 is very long",
            ],
            by_hand: &["{work} 5000 127.0.0.1:7878", "sockdemo tcp-client"],
        },
        Check {
            id: "pieces",
            says: "a line may come in pieces, or with others",
            talk: pieces,
            causes: &[
                "one read is taken for one line",
                "what came behind the first newline is thrown away",
            ],
            by_hand: &[
                "{work} 5000 127.0.0.1:7878",
                "sockdemo forward :8080 :7878 --up split=1,rate=10",
                "printf 'PING\\nPING\\n' | sockdemo tcp-client :8080",
            ],
        },
        Check {
            id: "silent",
            says: "a silent client is let go in time",
            talk: silent,
            causes: &[
                "there is no time limit, or it is not the one that was asked for",
                "the limit is set on the listener, or on another stream",
                "only PING begins the time anew, or each line adds to it",
                "the thread ends, and the stream is kept somewhere else",
            ],
            by_hand: &["{work} 1000 127.0.0.1:7878", "sockdemo tcp-client"],
        },
        Check {
            id: "pinging",
            says: "a client that goes on pinging is kept",
            talk: pinging,
            causes: &[
                "there is one limit for the whole conversation",
                "the deadline is not moved when a line has come",
            ],
            by_hand: &[
                "{work} 1000 127.0.0.1:7878",
                "(for i in 1 2 3 4 5; do echo PING; sleep 0.5; done) | sockdemo tcp-client",
            ],
        },
        Check {
            id: "half-ping",
            says: "half a line and silence is silence",
            talk: half_ping,
            causes: &[
                "the time that was over is taken for the end of a good line",
                "the error of a read that has no time left is ignored",
            ],
            by_hand: &[
                "{work} 1000 127.0.0.1:7878",
                "(printf PI; sleep 3) | sockdemo tcp-client",
            ],
        },
        Check {
            id: "drip",
            says: "bytes without a line are silence, too",
            talk: drip,
            causes: &[
                "each byte begins the time anew: only a whole line should",
                "the limit is that of a single read, and each read gets a byte",
            ],
            by_hand: &[
                "{work} 1000 127.0.0.1:7878",
                "(while printf x; do sleep 0.2; done) | sockdemo tcp-client",
            ],
        },
        Check {
            id: "slow-reader",
            says: "who does not read holds up nobody else",
            talk: slow_reader,
            causes: &[
                "one thread writes to all clients, and waits for the slowest",
                "a lock is held while writing",
                "a limit for writing that all have to wait for",
            ],
            by_hand: &[
                "{work} 60000 127.0.0.1:7878",
                "yes PING | sockdemo tcp-client -q | sleep 60",
                "echo PING | sockdemo tcp-client",
            ],
        },
    ],
};

fn pong(trial: &mut Trial) -> Outcome {
    trial.serves_at("127.0.0.1", &["20000"])?;
    let mut caller = trial.caller()?;
    for (line, answer) in [("PING", "PONG"), ("HELLO", "ERROR"), ("PING", "PONG")] {
        caller.sends(format!("{line}\n").as_bytes())?;
        caller.hears_only(format!("{answer}\n").as_bytes())?;
    }
    let lines: [&[u8]; 12] = [
        b"PINGX",
        b"PING PING",
        b"PIN",
        b"ping",
        b" PING",
        b"PING ",
        b"PING\t",
        b"PING\0x",
        b"PI\rNG",
        b"PING\xff",
        b"\xff\xfe",
        b"",
    ];
    for line in lines {
        caller.sends(&[line, b"\n"].concat())?;
        caller.hears(b"ERROR\n").map_err(|finding| {
            let pong = finding.saw(b"PONG\n");
            let is_text = str::from_utf8(line).is_ok();
            match (pong, is_text) {
                (true, _) => taken_for_ping(line),
                (false, false) => finding.or_because(NO_TEXT),
                (false, true) => finding,
            }
        })?;
    }
    let mut another = trial.caller()?;
    another.sends(b"PING\n")?;
    another.hears(b"PONG\n")
}

fn taken_for_ping(line: &[u8]) -> Box<Finding> {
    let line = line.escape_ascii();
    let words = format!("the line \"{line}\" is not PING, and was answered with PONG");
    Finding::differs(&words, b"ERROR\n", b"PONG\n").because(RESEMBLES)
}

fn pieces(trial: &mut Trial) -> Outcome {
    trial.serves_at("127.0.0.1", &["20000"])?;
    let mut caller = trial.caller()?;
    caller.sends_each_byte(b"PING\n")?;
    caller.hears(b"PONG\n")?;
    caller.sends(b"PING\nWHAT\nPING\nPI")?;
    caller.hears_only(b"PONG\nERROR\nPONG\n")?;
    caller.sends(b"NG\n")?;
    caller.hears(b"PONG\n")
}

fn silent(trial: &mut Trial) -> Outcome {
    for limit in [300, 900] {
        let (mut caller, begun) = with_limit(trial, limit)?;
        caller.hears_end()?;
        in_time(begun, limit)?;
    }
    // The time begins anew with each line, whatever it says, and is not saved up.
    let (mut caller, _) = with_limit(trial, 600)?;
    caller.hears_nothing(Duration::from_millis(200))?;
    let begun = Instant::now();
    caller.sends(&b"HELLO\n".repeat(20))?;
    caller.hears_and_end(&b"ERROR\n".repeat(20))?;
    in_time(begun, 600)
}

fn pinging(trial: &mut Trial) -> Outcome {
    let (mut caller, _) = with_limit(trial, 1000)?;
    for _ in 0..5 {
        caller.hears_nothing(Duration::from_millis(400))?;
        caller.sends(b"PING\n")?;
        caller.hears(b"PONG\n")?;
    }
    Ok(())
}

fn half_ping(trial: &mut Trial) -> Outcome {
    for half in [&b"PING"[..], b"PING\nPI"] {
        let (mut caller, begun) = with_limit(trial, 400)?;
        caller.sends(half)?;
        if half.contains(&b'\n') {
            caller.hears(b"PONG\n")?;
        }
        caller.hears_end()?;
        in_time(begun, 400)?;
    }
    Ok(())
}

fn drip(trial: &mut Trial) -> Outcome {
    let limit = Duration::from_millis(600);
    let (mut caller, begun) = with_limit(trial, 600)?;
    while begun.elapsed() < limit + LATE {
        let is_over = caller.sends(b"P").is_err() // A close on unread bytes is a reset.
            || caller.hears_nothing(Duration::from_millis(100)).is_err();
        if is_over {
            return in_time(begun, 600);
        }
    }
    let time = duration(begun.elapsed());
    Err(Finding::new(format!("the client is still there after {time}, limit 600 ms")))
}

fn slow_reader(trial: &mut Trial) -> Outcome {
    trial.serves_at("127.0.0.1", &["60000"])?;
    let mut slow = trial.caller()?;
    let mut waiting = trial.caller()?;
    slow.sends_until_stuck(&b"PING\n".repeat(100_000))?;
    let begun = Instant::now();
    for caller in [&mut waiting, &mut trial.caller()?] {
        caller.sends(b"PING\n")?;
        caller.hears(b"PONG\n")?;
    }
    if begun.elapsed() > HELD_UP {
        let time = duration(begun.elapsed());
        let words = format!("others were held up for {time} by one who does not read");
        return Err(Finding::new(words));
    }
    Ok(())
}

/// A client of a server with this limit, which has just connected, and when it began to:
/// the server's clock may run before this check looks at its own.
fn with_limit(trial: &mut Trial, limit: u64) -> Outcome<(Caller, Instant)> {
    trial.serves_at("127.0.0.1", &[&limit.to_string()])?;
    drop(trial.caller()?); // It has been connected for longer.
    let begun = Instant::now();
    trial.caller().map(|caller| (caller, begun))
}

/// Was it neither too early nor far too late?
fn in_time(begun: Instant, limit: u64) -> Outcome {
    let (time, limit) = (begun.elapsed(), Duration::from_millis(limit));
    let limits = format!("after {}, limit {}", duration(time), duration(limit));
    if time + EARLY < limit {
        return Err(Finding::new(format!("the client was let go early: {limits}")));
    }
    if time > limit + LATE {
        return Err(Finding::new(format!("the client was let go late: {limits}")));
    }
    Ok(())
}
