//! Lesson 16: a WebSocket server that sends every message back.

mod asking;
mod broken;
mod peer;
mod switching;

use self::asking::{SPACES, handshake, ordinary};
use self::broken::{HEAD, SUM, UNMASKED, limit, others, refused, unmasked};
use self::peer::{BINARY, CLOSE, CONTINUATION, FIN, NO_CODE, PING, PONG, Peer, TEXT};
use self::switching::{
    A_LIST, CONSTANT, NAMES, TRANSFORM, hears_switching, key, request,
};
use crate::course::trial::{Check, Exercise, Outcome, Trial};

const CHANGED: &str =
    "text is made of bytes, and ef bb bf is lost, or ef bf bd taken for a mistake";
const EACH_PIECE: &str =
    "each fragment is sent back alone: the message is whole with FIN";
const PING_BETWEEN: &str =
    "a ping or a pong between two fragments is put into the message, or ends it";
const NOT_READY: &str = "what is kept of one message is not emptied before the next one";
const FIRST_OPCODE: &str =
    "the last fragment's opcode is 0: what the message is, the first one has said";
const LOST: &str =
    "the bytes behind the head were read along with it, and are lost: one reader for all";
const ONE_READ: &str = "one read is taken for one frame";
const BEHIND_126: &str = "126 and 127 are no lengths: the length is in the next two or \
                          eight bytes, big-endian";
const PONG_ANSWERED: &str = "a pong is answered: nobody has to answer it";
const PONG_EMPTY: &str = "the pong is empty: it carries the bytes of the ping";

const CLIENT: &str = "sockdemo ws-client ws://127.0.0.1:7878";
const START: &str = "{work} 127.0.0.1:7878";

pub(super) const EXERCISE: Exercise = Exercise {
    lesson: 16,
    checks: &[
        Check {
            id: "handshake",
            says: "101, with the value that belongs to the key",
            talk: handshake,
            causes: &[TRANSFORM, CONSTANT, NAMES, A_LIST, SPACES],
            by_hand: &[START, CLIENT],
        },
        Check {
            id: "ordinary",
            says: "an ordinary request gets an ordinary answer",
            talk: ordinary,
            causes: &[
                "101 is the answer to everybody",
                "it is not looked at what Upgrade asks for: HTTP/2 is another protocol",
                "a longer word is taken for the one that is in it",
                "a missing field ends the thread or the program, before an answer",
            ],
            by_hand: &[START, "curl -i http://127.0.0.1:7878/"],
        },
        Check {
            id: "echo",
            says: "text comes back as text, binary as binary",
            talk: echo,
            causes: &[
                "the length is that of the text in characters: it counts bytes",
                "bytes are made text and back: binary messages are no text",
                CHANGED,
                "the answer is always text",
                "an empty message is a message",
            ],
            by_hand: &[START, CLIENT],
        },
        Check {
            id: "lengths",
            says: "0 to 65,536 bytes, in the shortest form",
            talk: lengths,
            causes: &[
                BEHIND_126,
                "a limit or a buffer is smaller than the message",
                "one read is taken for the whole payload",
                "a length of 65,535 fits into two bytes, 65,536 does not",
            ],
            by_hand: &[
                START,
                "head -c 65536 /dev/zero | tr '\\0' x | sockdemo ws-client",
            ],
        },
        Check {
            id: "ping",
            says: "a ping is answered with a pong like it",
            talk: ping,
            causes: &[PONG_EMPTY, PONG_ANSWERED, "a ping is sent back as a message"],
            by_hand: &[START, "sockdemo ws-client ws://127.0.0.1:7878 --ping hello"],
        },
        Check {
            id: "close",
            says: "a close comes back, then the stream ends",
            talk: close,
            causes: &[
                "a close frame is sent back, and the connection is kept",
                "the stream ends without a close frame",
                "the code of the answer is always the same",
                "a close without a code is taken for one with a code",
            ],
            by_hand: &[START, "echo hello | sockdemo ws-client ws://127.0.0.1:7878"],
        },
        Check {
            id: "fragments",
            says: "a message in pieces comes back whole",
            talk: fragments,
            causes: &[EACH_PIECE, FIRST_OPCODE, PING_BETWEEN, NOT_READY],
            by_hand: &[START, CLIENT],
        },
        Check {
            id: "pieces",
            says: "frames cut anywhere, or many in one piece",
            talk: pieces,
            causes: &[
                ONE_READ,
                LOST,
                "the mask begins anew with each read: it begins with each frame",
            ],
            by_hand: &[START, CLIENT],
        },
        Check {
            id: "unmasked",
            says: "a client's frame without a mask: close 1002",
            talk: unmasked,
            causes: &[UNMASKED],
            by_hand: &[START, CLIENT],
        },
        Check {
            id: "refused",
            says: "what no frame may be: close 1002 or 1007",
            talk: refused,
            causes: &[
                HEAD,
                "pieces of a text are made text one by one: a letter may be cut in two",
            ],
            by_hand: &[START, CLIENT],
        },
        Check {
            id: "limit",
            says: "more than 1 MiB: close 1009, before it comes",
            talk: limit,
            causes: &[
                "it waits for the payload, for which it has no room",
                SUM,
                "the limit is another one: exactly 1,048,576 bytes are still echoed",
            ],
            by_hand: &[START, CLIENT],
        },
        Check {
            id: "others",
            says: "who is silent or gone harms nobody",
            talk: others,
            causes: &[
                "the program serves one client, and all others wait until that one leaves",
                "clients share a buffer, or hear each other's messages",
                "an error of one connection ends the whole program",
                "the connection is kept when the client's stream has ended",
            ],
            by_hand: &[START, CLIENT, CLIENT],
        },
    ],
};

fn echo(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let mut peer = Peer::of(trial)?;
    peer.is_echoed(TEXT, b"Hello")?;
    peer.is_echoed(TEXT, trial.random.word(20).as_bytes())?;
    peer.is_echoed(TEXT, "caf\u{e9} \u{2713} \r\n\0 \u{1f600}".as_bytes())?;
    for text in ["\u{feff}mark", "\u{fffd}"] {
        let echoed = peer.is_echoed(TEXT, text.as_bytes());
        echoed.map_err(|finding| finding.because(CHANGED))?;
    }
    peer.is_echoed(BINARY, &trial.random.bytes(50))?;
    peer.is_echoed(BINARY, &[0xff, 0, 0xfe, 0x80])?;
    peer.is_echoed(TEXT, b"")?;
    peer.is_echoed(BINARY, b"")?;
    peer.is_echoed(TEXT, b"again")
}

fn lengths(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let mut peer = Peer::of(trial)?;
    for length in [0, 1, 125, 126, 127, 128, 255, 256, 300, 65_535, 65_536, 70_000, 5] {
        let text = trial.random.word(length);
        let echoed = peer.is_echoed(TEXT, text.as_bytes()).and_then(|()| {
            let bytes = trial.random.bytes(length);
            peer.is_echoed(BINARY, &bytes)
        });
        echoed.map_err(|mut finding| {
            finding.seen = format!("with {length} bytes: {}", finding.seen);
            if finding.has_waited() { finding.or_because(BEHIND_126) } else { finding }
        })?;
    }
    Ok(())
}

fn ping(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let mut peer = Peer::of(trial)?;
    for length in [4, 0, 1, 125] {
        let payload = trial.random.bytes(length);
        peer.asks(FIN | PING, &payload)?;
        let heard = peer.hears(FIN | PONG, &payload);
        heard.map_err(|finding| match finding.seen_bytes() {
            Some([0x8a, 0, ..]) => finding.because(PONG_EMPTY),
            _ => finding,
        })?;
    }
    // What nobody has asked for is not answered.
    peer.sends(FIN | PONG, b"here")?;
    let heard = peer.is_echoed(TEXT, b"Hello");
    heard.map_err(|finding| match finding.seen_bytes() {
        Some([0x89 | 0x8a, ..]) => finding.because(PONG_ANSWERED),
        _ => finding,
    })
}

fn close(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let reason = [&1001u16.to_be_bytes()[..], b"going away"].concat();
    for payload in [&1000u16.to_be_bytes()[..], &reason, &4321u16.to_be_bytes(), b""] {
        let mut peer = Peer::of(trial)?;
        peer.is_echoed(TEXT, b"Hello")?;
        peer.asks(FIN | CLOSE, payload)?;
        match payload {
            [high, low, ..] => peer.hears_close(&[u16::from_be_bytes([*high, *low])])?,
            _ => peer.hears_close(&[1000, NO_CODE])?,
        }
    }
    Ok(())
}

fn fragments(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let mut peer = Peer::of(trial)?;
    let long = trial.random.bytes(100);
    let in_two = "caf\u{e9}!".as_bytes().split_at(4);
    let messages: [(u8, &[&[u8]]); 5] = [
        (TEXT, &[b"Hel", b"lo"]),
        (BINARY, &[&long, &long, b"x", &long]),
        (TEXT, &[b"", b"Hello", b"", b"!", b""]),
        (TEXT, &[in_two.0, in_two.1]),
        (BINARY, &[b"", b""]),
    ];
    for (opcode, pieces) in messages {
        goes_in(&mut peer, opcode, pieces, false)?;
    }
    peer.is_echoed(BINARY, b"whole").map_err(|finding| finding.or_because(NOT_READY))?;
    for (opcode, pieces) in &messages[..3] {
        let heard = goes_in(&mut peer, *opcode, pieces, true);
        heard.map_err(|finding| finding.or_because(PING_BETWEEN))?;
    }
    peer.is_echoed(TEXT, b"whole").map_err(|finding| finding.or_because(NOT_READY))?;
    peer.sends(TEXT, b"half of")?;
    peer.asks(FIN | CLOSE, &1000u16.to_be_bytes())?;
    peer.hears_close(&[1000])
}

/// A message in fragments, perhaps with a ping and a pong behind each but the last.
fn goes_in(peer: &mut Peer, opcode: u8, pieces: &[&[u8]], pings: bool) -> Outcome {
    for (at, piece) in pieces.iter().enumerate() {
        let first = if at == 0 { opcode } else { CONTINUATION };
        let is_last = at + 1 == pieces.len();
        if is_last {
            peer.asks(FIN | first, piece)?;
        } else {
            peer.sends(first, piece)?;
        }
        if pings && !is_last {
            peer.asks(FIN | PING, b"ping")?;
            peer.hears(FIN | PONG, b"ping")?;
            peer.sends(FIN | PONG, b"pong")?;
        }
    }
    let heard = peer.hears(FIN | opcode, &pieces.concat());
    heard.map_err(|mut finding| {
        let cause = match (finding.seen_bytes(), pieces) {
            (Some([first, _, ..]), _) if first & 0x0f == CONTINUATION => FIRST_OPCODE,
            (Some([_, length, ..]), [one, ..]) if usize::from(*length) == one.len() => {
                EACH_PIECE
            }
            _ => return finding,
        };
        finding.because = None;
        finding.because(cause)
    })
}

fn pieces(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    // Many frames in one piece, and the last one cut.
    let mut peer = Peer::of(trial)?;
    let frames = [
        peer.frame(FIN | TEXT, b"one"),
        peer.frame(FIN | PING, b"two"),
        peer.frame(BINARY, b"thr"),
        peer.frame(FIN | CONTINUATION, b"ee"),
        peer.frame(FIN | TEXT, b"four"),
    ];
    let frames = frames.concat();
    let (most, rest) = frames.split_at(frames.len() - 3);
    peer.caller.sends_pieces([most, rest])?;
    let answers: [(u8, &[u8]); 4] =
        [(TEXT, b"one"), (PONG, b"two"), (BINARY, b"three"), (TEXT, b"four")];
    for (opcode, payload) in answers {
        let heard = peer.hears(FIN | opcode, payload);
        heard.map_err(|finding| finding.or_because(ONE_READ))?;
    }
    // One frame, cut in its head, its length, its mask and its payload.
    for (length, cuts) in [(5, &[1, 2, 3, 6, 8][..]), (130, &[1, 2, 3, 4, 6, 8, 9, 71])] {
        let text = trial.random.word(length);
        for cut in cuts {
            let frame = peer.frame(FIN | TEXT, text.as_bytes());
            let (one, two) = frame.split_at(*cut);
            peer.caller.sends_pieces([one, two])?;
            peer.hears(FIN | TEXT, text.as_bytes())
                .map_err(|finding| finding.or_because(ONE_READ))?;
        }
    }
    let frame = peer.frame(FIN | BINARY, b"\0\xff\x81");
    peer.caller.sends_each_byte(&frame)?;
    peer.hears(FIN | BINARY, b"\0\xff\x81")?;
    let bytes = trial.random.bytes(66_001);
    let frame = peer.frame(FIN | BINARY, &bytes);
    let (head, rest) = frame.split_at(5);
    let (some, rest) = rest.split_at(1_001);
    peer.caller.sends_pieces([head, some, rest])?;
    peer.hears(FIN | BINARY, &bytes)?;
    drop(peer); // Who serves one after the other may do so until the last check.
    behind_the_head(trial)
}

/// The first frames come with the request; and a request comes cut in its last lines.
fn behind_the_head(trial: &mut Trial) -> Outcome {
    let early = |peer: &mut Peer| {
        [peer.frame(FIN | TEXT, b"early"), peer.frame(FIN | BINARY, b"bird")].concat()
    };
    let (mut peer, _) = Peer::asking_with(trial, early)?;
    for (opcode, payload) in [(TEXT, &b"early"[..]), (BINARY, b"bird")] {
        let heard = peer.hears(FIN | opcode, payload);
        heard.map_err(|finding| finding.or_because(LOST))?;
    }
    peer.is_echoed(TEXT, b"later")?;
    drop(peer);

    let mut caller = trial.caller()?;
    let key = key(&mut trial.random);
    let request = request(caller.peer_addr(), &key);
    let (most, rest) = request.as_bytes().split_at(request.len() - 40);
    caller.sends_pieces([most])?;
    caller.sends_each_byte(rest)?;
    hears_switching(&mut caller, &key)
}
