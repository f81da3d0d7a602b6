//! Lesson 7: a client that ends its half and then reads, and the server it needs.

use std::net::{SocketAddr, TcpListener};

use crate::course::trial::{
    Check, Ended, Exercise, Finding, Io, Outcome, PATIENCE, Trial,
};

/// How often the client is stopped while it sends, and how much it sends meanwhile.
const FREEZES: usize = 20;
const PIECE: usize = 1_000_000;

pub(super) const EXERCISE: Exercise = Exercise {
    lesson: 7,
    checks: &[
        Check {
            id: "reply",
            says: "count sends its input and prints the reply",
            talk: reply,
            causes: &[
                "the connection is dropped, or both halves are ended, before the reply is read",
                "the reply is read before the sending half is ended: both sides wait",
                "the reply is printed with something around it, or not to its end",
            ],
            by_hand: &[
                "{work} serve 127.0.0.1:7878",
                "printf hello | {work} count 127.0.0.1:7878",
            ],
        },
        Check {
            id: "empty-input",
            says: "count: no input is an input, too",
            talk: empty_input,
            causes: &["without anything to send, the end of the stream is forgotten"],
            by_hand: &[
                "{work} serve 127.0.0.1:7878",
                "printf '' | {work} count 127.0.0.1:7878",
            ],
        },
        Check {
            id: "only-after-end",
            says: "count ends its half, and goes on reading",
            talk: only_after_end,
            causes: &[
                "one read is taken for the whole reply, or for the whole input",
                "the input is taken for text or for lines: it can be any bytes",
                "it counts on write to take everything: write_all does, write may not",
                "what is printed is its own number, not the reply as it came",
            ],
            by_hand: &[
                "{work} serve 127.0.0.1:7878",
                "printf hello | {work} count 127.0.0.1:7878",
            ],
        },
        Check {
            id: "reset",
            says: "count: a broken connection is a message, and 1",
            talk: reset,
            causes: &[
                "the error of a read or a write is thrown away",
                "an empty reply was taken for a reply",
                "the error ends the program with a panic or a trace",
            ],
            by_hand: &["printf hello | {work} count 127.0.0.1:1"],
        },
        Check {
            id: "ten-megabytes",
            says: "serve counts ten megabytes",
            talk: ten_megabytes,
            causes: &[
                "it reads once, or until a read does not fill the buffer",
                "it answers before the end of the stream",
                "it counts reads, lines or characters instead of bytes",
                "the number goes on from client to client",
                "the line is not bytes=, the number and LF",
            ],
            by_hand: &[
                "{work} serve 127.0.0.1:7878",
                "head -c 10000000 /dev/zero | sockdemo tcp-client -q",
            ],
        },
        Check {
            id: "half-close",
            says: "serve answers who has ended its half",
            talk: half_close,
            causes: &[
                "it takes the end of the stream for the end of the connection",
                "it serves one client and ends, or an early leaver ends it",
                "it never ends its own half",
            ],
            by_hand: &[
                "{work} serve 127.0.0.1:7878",
                "printf hello | sockdemo tcp-client -q",
            ],
        },
    ],
};

fn reply(trial: &mut Trial) -> Outcome {
    let input = trial.random.word(1000).into_bytes();
    let listener = counts(trial, &input)?;
    let mut caller = trial.accepts(&listener)?;
    caller.hears_and_end(&input)?;
    caller.sends(b"bytes=1000\n")?;
    drop(caller);
    printed(&trial.ends_within(PATIENCE)?, b"bytes=1000\n")
}

fn empty_input(trial: &mut Trial) -> Outcome {
    let listener = counts(trial, b"")?;
    let mut caller = trial.accepts(&listener)?;
    caller.hears_end()?;
    caller.sends(b"bytes=0\n")?;
    drop(caller);
    printed(&trial.ends_within(PATIENCE)?, b"bytes=0\n")
}

/// A server that is in no hurry, and replies in pieces. A client that is stopped while it
/// writes and goes on again has to send the rest.
fn only_after_end(trial: &mut Trial) -> Outcome {
    let mut input = trial.random.bytes(FREEZES * PIECE - 2);
    input.extend(b"\r\n");
    let listener = counts(trial, &input)?;
    let mut caller = trial.accepts(&listener)?;
    for piece in input.chunks(PIECE) {
        caller.pauses();
        trial.freezes_and_thaws();
        caller.hears(piece)?;
    }
    caller.hears_end()?;
    let _ = caller.sends_each_byte(b"bytes=020000000\n"); // Who leaves prints less.
    drop(caller);
    printed(&trial.ends_within(PATIENCE)?, b"bytes=020000000\n")
}

/// Servers that give up in the middle of the input, in the middle of the reply, or without
/// a word; and none at all.
fn reset(trial: &mut Trial) -> Outcome {
    let input = trial.random.bytes(20_000_000);
    let listener = counts(trial, &input)?;
    let mut caller = trial.accepts(&listener)?;
    caller.hears(input.get(..1000).unwrap_or_default())?;
    caller.resets();
    failed(&trial.ends_within(PATIENCE)?, "the connection was reset")?;

    let listener = counts(trial, b"hello")?;
    let mut caller = trial.accepts(&listener)?;
    caller.hears_and_end(b"hello")?;
    caller.sends_pieces([b"bytes=".as_slice()])?;
    caller.resets();
    failed(&trial.ends_within(PATIENCE)?, "the reply was cut off by a reset")?;

    let listener = counts(trial, b"hello")?;
    let mut caller = trial.accepts(&listener)?;
    caller.hears_and_end(b"hello")?;
    drop(caller);
    failed(&trial.ends_within(PATIENCE)?, "the stream ended without a reply")?;

    let nobody = listener.local_addr();
    drop(listener);
    let nobody = nobody.map_err(|e| Finding::cannot_tell(e.to_string()))?;
    starts_count(trial, nobody, b"hello")?;
    // Nobody knows when it has started: that takes its time, too.
    failed(&trial.ends_within(PATIENCE * 3)?, "nobody listened")
}

fn ten_megabytes(trial: &mut Trial) -> Outcome {
    const TEN: usize = 10_000_000;
    trial.serves_at("127.0.0.1", &["serve"])?;
    let sent = trial.random.bytes(TEN);
    trial.caller()?.sends_all_while_hearing(&sent, b"bytes=10000000\n")?;
    // And in pieces, with a pause between them.
    let mut caller = trial.caller()?;
    let pieces = [sent.get(..700), sent.get(700..701), sent.get(701..1000)];
    caller.sends_pieces(pieces.into_iter().flatten())?;
    caller.ends()?;
    caller.hears_and_end(b"bytes=1000\n")
}

fn half_close(trial: &mut Trial) -> Outcome {
    trial.serves_at("127.0.0.1", &["serve"])?;
    for length in [5, 0, 70_000] {
        let sent = trial.random.bytes(length);
        let mut caller = trial.caller()?;
        caller.sends(&sent)?;
        caller.ends()?;
        caller.hears_and_end(format!("bytes={length}\n").as_bytes())?;
        trial.caller()?.resets();
    }
    Ok(())
}

/// Starts the client; it finds somebody to connect to.
fn counts(trial: &mut Trial, input: &[u8]) -> Outcome<TcpListener> {
    let listener = trial.listens()?;
    let addr = listener.local_addr().map_err(|e| Finding::cannot_tell(e.to_string()))?;
    starts_count(trial, addr, input)?;
    Ok(listener)
}

fn starts_count(trial: &mut Trial, addr: SocketAddr, input: &[u8]) -> Outcome {
    let words = ["count".to_owned(), addr.to_string()];
    trial.starts(&words, Io { input: input.to_vec(), ..Io::default() })
}

fn printed(ended: &Ended, expected: &[u8]) -> Outcome {
    if ended.out != expected {
        let words = "standard output is not the reply of the server";
        return Err(Finding::differs(words, expected, &ended.out));
    }
    match ended.code {
        Some(0) => Ok(()),
        Some(code) => Err(Finding::new(format!("the exit code is {code} instead of 0"))),
        None => Err(Finding::new("it was ended by a signal")),
    }
}

fn failed(ended: &Ended, when: &str) -> Outcome {
    if ended.code != Some(1) {
        let code =
            ended.code.map_or("that of a signal".to_owned(), |code| code.to_string());
        return Err(Finding::new(format!(
            "{when}, and the exit code is {code} instead of 1"
        )));
    }
    if ended.err.trim_ascii().is_empty() {
        return Err(Finding::new(format!(
            "{when}, and there is no message on standard error"
        )));
    }
    Ok(())
}
