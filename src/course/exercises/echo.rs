//! Lesson 5: an echo server. Every byte comes back, then the end of the stream.

use std::time::Duration;

use crate::course::trial::{Check, Exercise, Outcome, Trial};

/// So much comes in many reads.
const MIB: usize = 1 << 20;

/// What is no end of a conversation lasts longer than this.
const A_MOMENT: Duration = Duration::from_millis(50);

/// How often a program is stopped while it writes: about half of them meet it in the
/// middle of a write.
const FREEZES: usize = 24;

pub(super) const EXERCISE: Exercise = Exercise {
    lesson: 5,
    checks: &[
        Check {
            id: "hello",
            says: "what is sent comes back",
            talk: hello,
            causes: &[
                "it does not send back what it has received",
                "it sends back the whole buffer, not the part that read has filled",
                "it waits for more: for a newline, or for a full buffer",
                "it adds something: a greeting, a prefix, a newline",
                "its buffer is empty: Vec::with_capacity makes room, but no length",
            ],
            by_hand: &["{work} 127.0.0.1:7878", "sockdemo tcp-client --message hello"],
        },
        Check {
            id: "one-mib",
            says: "1 MiB comes back, byte for byte",
            talk: one_mib,
            causes: &[
                "it reads once per connection instead of until read gives 0",
                "it stops at a read that does not fill its buffer",
                "it sends back more than the part of the buffer that read has filled",
            ],
            by_hand: &[
                "{work} 127.0.0.1:7878",
                "head -c 1048576 /dev/zero | sockdemo tcp-client -q | wc -c",
            ],
        },
        Check {
            id: "byte-by-byte",
            says: "bytes that come one at a time come back",
            talk: byte_by_byte,
            causes: &[
                "it reads once per connection instead of until read gives 0",
                "it waits for a full buffer, or for a newline, before it answers",
            ],
            by_hand: &["{work} 127.0.0.1:7878", "sockdemo tcp-client -m a -m b -m c"],
        },
        Check {
            id: "half-close",
            says: "the end of the stream is answered with one",
            talk: half_close,
            causes: &[
                "it does not take read's 0 for the end of the stream",
                "it closes at once at the end, and the rest of the answer is lost",
                "its stream, or a clone of it, is never dropped",
                "it serves one client only, or an error of one client ends it",
                "what one client sends comes back to others, too",
            ],
            by_hand: &["{work} 127.0.0.1:7878", "sockdemo tcp-client -m 'and then'"],
        },
        Check {
            id: "binary",
            says: "zeros, half characters, any byte comes back",
            talk: binary,
            causes: &[
                "it takes the bytes for text and drops or replaces what is not UTF-8",
                "it takes a zero byte, a newline, or the word quit for the end",
            ],
            by_hand: &[
                "{work} 127.0.0.1:7878",
                r"printf '\000\303\377\n' | sockdemo tcp-client -q | od -c",
            ],
        },
        Check {
            id: "slow-reader",
            says: "who reads late gets everything",
            talk: slow_reader,
            causes: &[
                "it counts on write to take everything: write_all does, write may not",
                "it gives up, or skips, when the client does not read at once",
                "an error of a write ends the whole program",
            ],
            by_hand: &[
                "{work} 127.0.0.1:7878",
                "head -c 8000000 /dev/zero | sockdemo tcp-client -q | (sleep 9; wc -c)",
            ],
        },
    ],
};

fn hello(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let word = trial.random.word(5);
    let mut caller = trial.caller()?;
    caller.sends(word.as_bytes())?;
    caller.hears_only(word.as_bytes())
}

/// A first piece that fills no buffer, and all the rest at once.
fn one_mib(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let sent = trial.random.word(MIB);
    let (first, rest) = sent.as_bytes().split_at(997);
    let mut caller = trial.caller()?;
    caller.sends_pieces([first])?;
    caller.sends_while_hearing(rest, sent.as_bytes())?;
    caller.hears_only(b"")?;
    caller.hears_nothing(A_MOMENT) // Not even an end: this side has not ended, either.
}

fn byte_by_byte(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let word = trial.random.word(64);
    let (first, rest) = word.as_bytes().split_at(32);
    let mut caller = trial.caller()?;
    for byte in first {
        caller.sends(&[*byte])?;
        caller.hears(&[*byte])?;
    }
    caller.sends_each_byte(rest)?;
    caller.hears(rest)
}

/// One client after the other ends its half; between them, some break off.
fn half_close(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    for length in [0, 1, 10_000, 5] {
        let sent = trial.random.word(length);
        let mut caller = trial.caller()?;
        caller.sends(sent.as_bytes())?;
        caller.ends()?;
        caller.hears_and_end(sent.as_bytes())?;
        trial.caller()?.resets();
    }
    // Two at the same time, who may also be served one after the other.
    let mut first = trial.caller()?;
    let mut second = trial.caller()?;
    second.sends(b"second")?;
    first.sends(b"first")?;
    first.hears_only(b"first")?;
    first.ends()?;
    first.hears_end()?;
    second.ends()?;
    second.hears_and_end(b"second")
}

fn binary(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let all: Vec<u8> = (0..=255).collect();
    let half = "h\u{e9}".as_bytes().split_at(2).0;
    let mut caller = trial.caller()?;
    for piece in [b"\0", half, b"quit\r\n", b"\n", b"exit", &all, b"\xff"] {
        caller.sends(piece)?;
        caller.hears(piece)?;
    }
    caller.ends()?;
    caller.hears_end()
}

/// Sends until both directions are full, and only then begins to read. A program that is
/// stopped while it writes and goes on again is told by write how much was taken, and has
/// to send the rest.
fn slow_reader(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let sent = trial.random.bytes(16 * MIB);
    let mut caller = trial.caller()?;
    let taken = caller.sends_until_full(&sent)?;
    let (first, rest) = sent.split_at(taken);
    let mut heard = 0;
    for _ in 0..FREEZES {
        trial.freezes_and_thaws();
        let some = trial.random.between(1, (taken / FREEZES).max(1));
        caller.hears(first.get(heard..heard + some).unwrap_or_default())?;
        heard += some;
        caller.pauses();
    }
    let expected = sent.get(heard..).unwrap_or_default();
    caller.sends_all_while_hearing(rest, expected)?;
    // The next one never reads, and breaks off. That harms nobody.
    let mut rude = trial.caller()?;
    rude.sends_until_it_sleeps(&sent)?;
    rude.resets();
    let mut next = trial.caller()?;
    next.sends(b"next")?;
    next.hears(b"next")
}
