//! What must not be sent, what is too much, and who leaves without a word.

use crate::course::exercises::frames::peer::{
    BINARY, CLOSE, CONTINUATION, FIN, MASKED, PING, PONG, Peer, TEXT, head, long_head,
};
use crate::course::trial::{Finding, Outcome, Trial};

/// The longest message of this exercise.
const LONGEST: usize = 1024 * 1024;

pub(super) const UNMASKED: &str =
    "the bit that says that a mask follows is not looked at";
const NO_TEXT: &str = "a text that is not UTF-8 is closed with 1007; surrogates, longer \
                       forms than needed and what is above U+10FFFF are none";
pub(super) const HEAD: &str = "not all rules for the two bytes of the head are looked at";
const WITHIN: &str =
    "it is not kept that a message has begun: before its end no other may";
const BEGUN: &str = "it is not forgotten that a message had begun when it is whole";
pub(super) const SUM: &str = "each fragment is compared with the limit, and not their \
                              sum; or the sum is, but behind the payload";
const CONTROL: &str = "a ping between fragments counts: it is no part of the message";
const WRAPS: &str = "the sum of the fragments is too large for its type";

/// A close frame's code: a normal end.
const NORMAL: [u8; 2] = 1000u16.to_be_bytes();

const BROKEN: &[u16] = &[1002];
const NO_UTF8: &[u16] = &[1007];

/// A frame whose second byte says that it has no mask.
pub(super) fn unmasked(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    for (what, first, payload) in [
        ("a text", FIN | TEXT, &b"Hello"[..]),
        ("a ping", FIN | PING, b""),
        ("a binary", FIN | BINARY, &[b'x'; 200]),
        ("a pong", FIN | PONG, b""),
        ("a close", FIN | CLOSE, &NORMAL),
    ] {
        let mut peer = Peer::of(trial)?;
        peer.is_echoed(TEXT, b"Hello")?;
        peer.caller.sends(&[&head(first, payload.len(), 0), payload].concat())?;
        let refused = peer.is_refused(BROKEN);
        refused.map_err(|finding| after(what, finding.or_because(UNMASKED)))?;
    }
    Peer::of(trial)?.is_echoed(TEXT, b"Hello")
}

/// Frames: the first byte of each, and its payload.
type Frames<'a> = &'a [(u8, &'a [u8])];

/// What, as which frames, and the code that it is closed with.
type Wrong = (&'static str, Frames<'static>, &'static [u16]);

const WRONG: &[Wrong] = &[
    ("a frame with the bit 0x40", &[(FIN | 0x40 | TEXT, b"x")], BROKEN),
    ("a frame with the bit 0x20", &[(FIN | 0x20 | TEXT, b"x")], BROKEN),
    ("a frame with the bit 0x10", &[(FIN | 0x10 | BINARY, b"x")], BROKEN),
    ("a ping with the bit 0x20", &[(FIN | 0x20 | PING, b"x")], BROKEN),
    ("a continuation of nothing", &[(FIN | CONTINUATION, b"x")], BROKEN),
    ("a text within a text", &[(TEXT, b"He"), (FIN | TEXT, b"llo")], BROKEN),
    ("a text within one that began empty", &[(TEXT, b""), (FIN | TEXT, b"x")], BROKEN),
    ("a binary within a text", &[(TEXT, b"He"), (FIN | BINARY, b"llo")], BROKEN),
    ("a text within a binary", &[(BINARY, b"He"), (FIN | TEXT, b"llo")], BROKEN),
    ("a binary within a binary", &[(BINARY, b"He"), (BINARY, b"llo")], BROKEN),
    ("a ping of 126 bytes", &[(FIN | PING, &[b'x'; 126])], BROKEN),
    ("a pong of 126 bytes", &[(FIN | PONG, &[b'x'; 126])], BROKEN),
    ("a close of 126 bytes", &[(FIN | CLOSE, &[3; 126])], BROKEN),
    ("a ping without FIN", &[(PING, b"x")], BROKEN),
    ("a pong without FIN", &[(PONG, b"x")], BROKEN),
    ("a close without FIN", &[(CLOSE, &NORMAL)], BROKEN),
    ("a close with one byte", &[(FIN | CLOSE, b"\x03")], BROKEN),
    ("a text that is not UTF-8", &[(FIN | TEXT, b"caf\xe9")], NO_UTF8),
    ("a text that ends within a letter", &[(TEXT, b"a"), (FIN, b"\xc3")], NO_UTF8),
    ("the surrogate ed a0 80 as text", &[(FIN | TEXT, b"\xed\xa0\x80")], NO_UTF8),
    ("the long form c0 af as text", &[(FIN | TEXT, b"\xc0\xaf")], NO_UTF8),
    ("the long form e0 80 af as text", &[(FIN | TEXT, b"\xe0\x80\xaf")], NO_UTF8),
    ("f4 90 80 80 as text", &[(FIN | TEXT, b"\xf4\x90\x80\x80")], NO_UTF8),
];

pub(super) fn refused(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    for opcode in (0x3..=0x7).chain(0xb..=0xf) {
        let what = format!("a frame with the opcode {opcode}");
        is_wrong(trial, &what, &[(FIN | opcode, b"x")], BROKEN)?;
    }
    for (what, frames, codes) in WRONG {
        is_wrong(trial, what, frames, codes)?;
    }
    let mut peer = Peer::of(trial)?;
    peer.sends(TEXT, b"He")?;
    peer.caller.sends(&[&head(FIN | CONTINUATION, 3, 0), &b"llo"[..]].concat())?;
    peer.is_refused(BROKEN).map_err(|finding| {
        after("a continuation without a mask", finding.or_because(UNMASKED))
    })?;
    goes_on_behind_the_end(trial)?;
    long_ping(trial)?;
    Peer::of(trial)?.is_echoed(TEXT, b"Hello")
}

/// A message in fragments is whole, and one more comes.
fn goes_on_behind_the_end(trial: &mut Trial) -> Outcome {
    let mut peer = Peer::of(trial)?;
    peer.sends(TEXT, b"Hel")?;
    peer.asks(FIN | CONTINUATION, b"lo")?;
    peer.hears(FIN | TEXT, b"Hello")?;
    peer.sends(FIN | CONTINUATION, b"x")?;
    let refused = peer.is_refused(BROKEN);
    refused.map_err(|finding| {
        after("a continuation behind a whole message", finding.or_because(BEGUN))
    })
}

/// Its length has the longest form, so whoever looks for 126 alone does not see it.
fn long_ping(trial: &mut Trial) -> Outcome {
    let mut peer = Peer::of(trial)?;
    peer.is_echoed(TEXT, b"Hello")?;
    let head = long_head(FIN | PING, 200, MASKED);
    peer.caller.sends(&[&head[..], b"mask", &[b'x'; 200]].concat())?;
    let refused = peer.is_refused(BROKEN);
    refused.map_err(|finding| {
        after("a ping with a length in eight bytes", finding.or_because(HEAD))
    })
}

/// Each breaks its rule on a connection of its own.
fn is_wrong(trial: &mut Trial, what: &str, frames: Frames, codes: &[u16]) -> Outcome {
    let mut peer = Peer::of(trial)?;
    peer.is_echoed(TEXT, b"Hello")?;
    for (first, payload) in frames {
        peer.sends(*first, payload)?;
    }
    peer.is_refused(codes).map_err(|finding| {
        let cause = match frames {
            _ if codes == NO_UTF8 => NO_TEXT,
            [_, _, ..] => WITHIN,
            _ => HEAD,
        };
        after(what, finding.or_because(cause))
    })
}

/// The head alone says enough. The payload never comes.
pub(super) fn limit(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let all = trial.random.bytes(LONGEST);
    let mut peer = Peer::of(trial)?;
    peer.is_echoed(BINARY, &all)?;
    peer.sends(BINARY, all.get(..600_000).unwrap_or_default())?;
    peer.asks(FIN | PING, b"ping")?;
    peer.hears(FIN | PONG, b"ping")?;
    peer.sends(FIN | CONTINUATION, all.get(600_000..).unwrap_or_default())?;
    let whole = peer.hears(FIN | BINARY, &all);
    whole.map_err(|finding| finding.or_because(CONTROL))?;
    peer.is_echoed(TEXT, b"Hello")?;
    drop(peer);

    for length in [LONGEST as u64 + 1, 1 << 40, u64::MAX >> 1, u64::MAX] {
        let mut peer = Peer::of(trial)?;
        peer.is_echoed(TEXT, b"Hello")?;
        let head = long_head(FIN | BINARY, length, MASKED);
        peer.caller.sends(&[&head[..], b"mask", b"the first bytes"].concat())?;
        // The highest bit has to be 0, so the last length breaks another rule as well.
        let codes: &[u16] = if length > u64::MAX >> 1 { &[1009, 1002] } else { &[1009] };
        let what = format!("a head that says {length} bytes");
        peer.is_refused(codes).map_err(|finding| after(&what, finding))?;
    }
    let sums: [(usize, u64, &[u16], _); 3] = [
        (LONGEST, 1, &[1009], SUM),
        (LONGEST / 2, LONGEST as u64, &[1009], SUM),
        (5, u64::MAX, &[1009, 1002], WRAPS),
    ];
    for (length, more, codes, cause) in sums {
        let mut peer = Peer::of(trial)?;
        peer.sends(BINARY, all.get(..length).unwrap_or_default())?;
        let head = match more {
            1 => head(FIN | CONTINUATION, 1, MASKED),
            _ => long_head(FIN | CONTINUATION, more, MASKED),
        };
        peer.caller.sends(&[&head[..], b"mask"].concat())?;
        let what =
            format!("a fragment of {length} bytes, and a head that says {more} more");
        let refused = peer.is_refused(codes);
        refused.map_err(|finding| after(&what, finding.or_because(cause)))?;
    }
    Peer::of(trial)?.is_echoed(TEXT, b"Hello")
}

/// One says nothing, one is in the middle of a message and of a frame, and others leave in
/// all the ways there are.
pub(super) fn others(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let silent = trial.caller()?; // It has not even asked.
    let mut idle = Peer::of(trial)?;
    let mut half = Peer::of(trial)?;
    half.sends(BINARY, b"one ")?;
    let frame = half.frame(FIN | CONTINUATION, b"half");
    let (begun, rest) = frame.split_at(8);
    half.caller.sends(begun)?;
    for cut in [0, 1, 2, 6, 8] {
        let mut leaver = Peer::of(trial)?;
        leaver.is_echoed(TEXT, b"Hello")?;
        let frame = leaver.frame(FIN | TEXT, b"Hello");
        leaver.caller.sends(frame.get(..cut).unwrap_or_default())?;
        leaver.caller.ends()?;
        leaver.caller.hears_that_it_is_over()?;
        let mut leaver = Peer::of(trial)?;
        leaver.sends(FIN | TEXT, b"Hello")?;
        leaver.caller.resets();
    }
    let mut asker = trial.caller()?;
    asker.sends(b"GET / HTTP/1.1\r\nHos")?;
    asker.ends()?;
    asker.hears_that_it_is_over()?;
    Peer::of(trial)?.is_echoed(TEXT, b"Hello")?;
    half.caller.sends(rest)?;
    half.hears(FIN | BINARY, b"one half")?;
    idle.is_echoed(TEXT, b"still here")?;
    drop(silent);
    Ok(())
}

/// When it was seen: after what.
fn after(what: &str, mut finding: Box<Finding>) -> Box<Finding> {
    finding.seen = format!("after {what}: {}", finding.seen);
    finding
}
