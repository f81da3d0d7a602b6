//! Clients that do not do as they should: no request, half of one, one without an end.

use super::answer;
use super::site::{Site, get};
use crate::course::trial::{Caller, Check, Finding, Outcome, PATIENCE, Trial};

/// More than the kernels on the way keep for a client that does not read.
const MUCH: usize = 16 * PIECE;

/// What is sent in plenty is one piece, again and again.
const PIECE: usize = 1_000_003;

/// So many clients say nothing at all.
const SILENT: usize = 20;

/// Of those who left early, nearly all have to be forgotten.
const SLACK: usize = 5;

/// So often the program is stopped in the middle of a write.
const FREEZES: usize = 5;

/// A head that is longer than any.
const ENDLESS: usize = 1024 * 1024;

const UNCHECKED: &str =
    "the first line is taken apart without a look: it may have one word, or no text";
const ANY_METHOD: &str = "the method is not looked at: only GET is served";
const KEPT: &str =
    "the connection is kept, although nobody knows where a next one begins";
const UNREAD: &str =
    "the rest of the request is left unread: then closing sends a reset, not an end";
const ONE_AT_A_TIME: &str =
    "one client is served after the other, or a pool has fewer threads than clients";
const SOME_WRITTEN: &str =
    "it counts on write to take everything: write_all does, write may not";
const LEFT: &str = "what a client needed stays when it has left: a thread, a stream in a \
     list, a loop that reads 0 bytes again and again";
const NO_LIMIT: &str = "the head is kept, however long it becomes: there is no limit";

pub(super) const BAD_REQUEST: Check = Check {
    id: "bad-request",
    says: "no GET: 400 or more, and the stream ends",
    talk: bad_request,
    causes: &[UNCHECKED, ANY_METHOD, KEPT, UNREAD],
    by_hand: &[
        "{work} . 127.0.0.1:7878",
        r"printf 'hello\r\n\r\n' | sockdemo tcp-client -q",
    ],
};

pub(super) const OTHERS: Check = Check {
    id: "others",
    says: "silent, slow and rude clients hold up nobody",
    talk: others,
    causes: &[
        ONE_AT_A_TIME,
        "an error of one connection ends the whole program",
        SOME_WRITTEN,
        LEFT,
    ],
    by_hand: &[
        "{work} . 127.0.0.1:8080",
        "sockdemo tcp-client 127.0.0.1:8080",
        "curl -si http://127.0.0.1:8080/LICENSE",
    ],
};

pub(super) const ENDLESS_HEAD: Check = Check {
    id: "endless-head",
    says: "a head of 1 MiB and more is given up",
    talk: endless_head,
    causes: &[
        NO_LIMIT,
        "the limit is for one line, and there may be any number of lines",
        "the number of lines is limited, and not their length",
    ],
    by_hand: &[
        "{work} . 127.0.0.1:7878",
        "(head -c 2000000 /dev/zero; sleep 9) | sockdemo tcp-client -q",
    ],
};

fn bad_request(trial: &mut Trial) -> Outcome {
    let site = Site::serves(trial)?;
    for (line, cause) in [
        (&b"hello"[..], UNCHECKED),
        (b"GET", UNCHECKED),
        (b"POST /hello.txt HTTP/1.1", ANY_METHOD),
        (b"FORGET /hello.txt HTTP/1.1", ANY_METHOD),
        (b"GETS /hello.txt HTTP/1.1", ANY_METHOD),
        (b"get /hello.txt HTTP/1.1", ANY_METHOD),
        (b"\xff\xfe\x80 /hello.txt HTTP/1.1", UNCHECKED),
    ] {
        let mut caller = trial.caller()?;
        caller.sends(&[line, b"\r\nHost: a\r\n\r\n"].concat())?;
        let told = is_refused(&mut caller).map_err(|finding| finding.or_because(cause));
        told.map_err(|finding| after(line, finding))?;
    }
    site.asks(&mut trial.caller()?, "hello.txt")
}

/// Hears an error, and after its body the end. That is one more way to end a body, so it
/// needs no length.
fn is_refused(caller: &mut Caller) -> Outcome {
    let head = answer::hears_head(caller)?;
    if !(400..=599).contains(&head.status) {
        let words = format!("the status is {}, not 400 to 599", head.status);
        return Err(Finding::new(words));
    }
    match caller.hears_to_end() {
        Ok(_) => Ok(()),
        Err(finding) if finding.has_waited() => Err(finding.because(KEPT)),
        Err(finding) => Err(finding.because(UNREAD)),
    }
}

fn others(trial: &mut Trial) -> Outcome {
    let site = Site::serves(trial)?;
    let much = trial.random.bytes(PIECE).repeat(MUCH / PIECE);
    site.changes("much.bin", &much)?;
    let mut silent = Vec::new();
    for _ in 0..SILENT {
        silent.push(trial.caller()?);
    }
    let (first, rest) = ("GET /hel", "lo.txt HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut half = trial.caller()?;
    half.sends(first.as_bytes())?;
    let mut deaf = trial.caller()?;
    deaf.sends(get("much.bin", "").as_bytes())?;
    deaf.waits_for_a_byte().map_err(if_waited(ONE_AT_A_TIME))?;
    go_early(trial, &site)?;
    trial.comes_to_rest();
    let before = trial.size()?;
    for _ in 0..3 {
        go_early(trial, &site)?;
    }

    let served = site.asks(&mut trial.caller()?, "hello.txt");
    served.map_err(if_waited(ONE_AT_A_TIME))?;
    half.sends(rest.as_bytes())?;
    site.answers(&mut half, "hello.txt")?;
    for caller in &mut silent {
        site.asks(caller, "umlauts.txt")?;
    }
    let read = reads_late(trial, &mut deaf, &much);
    read.map_err(|finding| finding.because(SOME_WRITTEN))?;
    let shrunk = before.map_or(Ok(()), |before| trial.shrinks_to(before, SLACK));
    shrunk.map_err(|finding| finding.because(LEFT))
}

/// They leave in all the ways there are, one after the other.
fn go_early(trial: &mut Trial, site: &Site) -> Outcome {
    for request in ["", "GET /hel", &get("hello.txt", ""), &get("much.bin", "")] {
        let mut caller = trial.caller()?;
        caller.sends(request.as_bytes())?;
        caller.resets();
        let mut caller = trial.caller()?;
        caller.sends(request.as_bytes())?;
        drop(caller);
    }
    let mut caller = trial.caller()?;
    caller.sends(get("much.bin", "").as_bytes())?;
    caller.waits_for_a_byte()?;
    caller.resets();
    let mut caller = trial.caller()?;
    site.asks(&mut caller, "hello.txt")?;
    caller.ends()?;
    Ok(())
}

/// The whole of a long answer, with a program that is stopped while it writes.
fn reads_late(trial: &mut Trial, caller: &mut Caller, body: &[u8]) -> Outcome {
    let head = answer::hears_head(caller)?;
    let length = head.length()?;
    if length != body.len() {
        let words = format!("Content-Length says {length}, not {MUCH}");
        return Err(Finding::new(words));
    }
    let mut heard = 0;
    for _ in 0..FREEZES {
        trial.while_frozen(|_| Ok(()))?;
        let some = trial.random.between(1, MUCH / FREEZES / 4);
        caller.hears(body.get(heard..heard + some).unwrap_or_default())?;
        heard += some;
        caller.pauses();
    }
    caller.hears(body.get(heard..).unwrap_or_default())
}

fn endless_head(trial: &mut Trial) -> Outcome {
    let site = Site::serves(trial)?;
    let start = "GET /hello.txt HTTP/1.1\r\n";
    let line = format!("{start}X: {}", "x".repeat(ENDLESS));
    let field = format!("X-Field: {}\r\n", "y".repeat(500));
    let lines = format!("{start}{}", field.repeat(ENDLESS / field.len() + 1));
    let empty = "x".repeat(ENDLESS);
    for head in [line, lines, empty] {
        let mut caller = trial.caller()?;
        let _ = caller.sends(head.as_bytes()); // It may be refused before that.
        is_over(&mut caller).map_err(|finding| finding.or_because(NO_LIMIT))?;
        site.asks(&mut trial.caller()?, "hello.txt")?;
    }
    Ok(())
}

/// An error and then the end, or the end at once.
fn is_over(caller: &mut Caller) -> Outcome {
    let mut heard = Vec::new();
    while heard.len() < b"HTTP/1.1 4".len() {
        match caller.catches(PATIENCE)? {
            None => return Ok(()),
            Some(more) if more.is_empty() => {
                let words = "nothing comes back after 1 MiB of a head, not even an end";
                return Err(Finding::new(words));
            }
            Some(more) => heard.extend(more),
        }
    }
    if !heard.starts_with(b"HTTP/1.1 4") && !heard.starts_with(b"HTTP/1.1 5") {
        let words = "a head that has not ended was answered as if it had";
        return Err(Finding::differs(words, b"HTTP/1.1 431 ", &heard));
    }
    let _ = caller.ends(); // It may wait for our end, or be gone.
    caller.hears_that_it_is_over()
}

/// While it waits, the program does what every server does. What it forgot says more.
fn if_waited(cause: &'static str) -> impl Fn(Box<Finding>) -> Box<Finding> {
    move |finding| match finding.has_waited() {
        true => finding.or_because(cause),
        false => finding,
    }
}

fn after(line: &[u8], mut finding: Box<Finding>) -> Box<Finding> {
    finding.seen = format!("after \"{}\": {}", line.escape_ascii(), finding.seen);
    finding
}
