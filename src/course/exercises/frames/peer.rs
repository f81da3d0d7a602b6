//! The check's side of a WebSocket: a client that knows which bytes have to come back.

use crate::course::exercises::frames::switching::{self, hears_switching};
use crate::course::trial::finding::Then;
use crate::course::trial::{Caller, Finding, Outcome, Trial};
use crate::proto::random::Random;

pub(super) const FIN: u8 = 0x80;
pub(super) const CONTINUATION: u8 = 0x0;
pub(super) const TEXT: u8 = 0x1;
pub(super) const BINARY: u8 = 0x2;
pub(super) const CLOSE: u8 = 0x8;
pub(super) const PING: u8 = 0x9;
pub(super) const PONG: u8 = 0xa;

/// Stands for a close frame without a code. No frame has it.
pub(super) const NO_CODE: u16 = 1005;

/// In the second byte of a frame.
pub(super) const MASKED: u8 = 0x80;

const NO_FRAME: &str = "the payload was sent without the head of a frame";
const MASKS: &str = "the answer is masked: only a client masks";
const STILL_MASKED: &str =
    "the payload was not unmasked: its byte i belongs to byte i % 4 of the mask";
const OTHER_KIND: &str = "the answer has the opcode of another kind of message";
const LITTLE_ENDIAN: &str = "the length is little-endian: to_be_bytes, from_be_bytes";
const NO_CLOSE: &str = "the connection is closed without a close frame before";
const UNREAD: &str = "it is closed with bytes unread, and the reset takes the close \
                      frame away; or there was none";
const WITHOUT_CODE: &str =
    "the close frame has no code, or not this one, in two bytes, the high one first";
const STAYS_OPEN: &str = "nobody has closed the connection behind the close frame: a \
                          stream ends when its last owner is dropped, or with shutdown";

/// A client, after the handshake.
pub(super) struct Peer {
    pub(super) caller: Caller,
    masks: Random,
}

impl Peer {
    /// A client that has asked to speak WebSocket, and may.
    pub(super) fn of(trial: &mut Trial) -> Outcome<Peer> {
        Peer::asking_with(trial, |_| Vec::new()).map(|(peer, _)| peer)
    }

    /// The same, with frames in the same piece as the request: says what they were.
    pub(super) fn asking_with(
        trial: &mut Trial,
        frames: impl FnOnce(&mut Peer) -> Vec<u8>,
    ) -> Outcome<(Peer, Vec<u8>)> {
        let seed = trial.random.between(0, 1 << 30);
        let masks = Random::of(seed as u64, "masks");
        let mut peer = Peer { caller: trial.caller()?, masks };
        let key = switching::key(&mut trial.random);
        let frames = frames(&mut peer);
        let request = switching::request(peer.caller.peer_addr(), &key);
        peer.caller.sends(&[request.as_bytes(), &frames].concat())?;
        hears_switching(&mut peer.caller, &key)?;
        Ok((peer, frames))
    }

    /// A frame as a client sends it, with a mask of its own.
    pub(super) fn frame(&mut self, first: u8, payload: &[u8]) -> Vec<u8> {
        let mask = self.masks.bytes(4);
        let masked = payload.iter().zip(mask.iter().cycle()).map(|(one, two)| one ^ two);
        let masked: Vec<_> = masked.collect();
        [head(first, payload.len(), MASKED), mask, masked].concat()
    }

    /// Sends one frame, which is answered.
    pub(super) fn asks(&mut self, first: u8, payload: &[u8]) -> Outcome {
        let frame = self.frame(first, payload);
        self.caller.sends(&frame)
    }

    /// Sends one frame, which is not answered, and gives the program time to take it: two
    /// frames in one read are for a check of their own.
    pub(super) fn sends(&mut self, first: u8, payload: &[u8]) -> Outcome {
        self.asks(first, payload)?;
        self.caller.waits_until_taken();
        Ok(())
    }

    /// Hears one frame, as a server has to send it.
    pub(super) fn hears(&mut self, first: u8, payload: &[u8]) -> Outcome {
        let head = head(first, payload.len(), 0);
        let heard = self.caller.hears(&[&head, payload].concat());
        heard.map_err(|finding| explained(finding, &head, payload))
    }

    /// Sends a message in one frame, and hears it again.
    pub(super) fn is_echoed(&mut self, opcode: u8, payload: &[u8]) -> Outcome {
        self.asks(FIN | opcode, payload)?;
        self.hears(FIN | opcode, payload)
    }

    /// Hears a close frame with one of these codes, and the end of the stream.
    pub(super) fn hears_close(&mut self, codes: &[u16]) -> Outcome {
        self.hears_close_and(codes, false)
    }

    /// The same, where something was wrong: the end may be a reset, since this check may
    /// have sent more than was read.
    pub(super) fn is_refused(&mut self, codes: &[u16]) -> Outcome {
        self.hears_close_and(codes, true)
    }

    fn hears_close_and(&mut self, codes: &[u16], or_reset: bool) -> Outcome {
        let (seen, end) = match self.caller.hears_to_end() {
            Ok(all) => (all, Ok(())),
            Err(finding) => {
                (finding.seen_bytes().unwrap_or_default().to_vec(), Err(finding))
            }
        };
        let expected: Vec<_> = codes.iter().map(|code| close_frame(*code)).collect();
        let whole = is_one_close(&seen, codes);
        // A reset may take the rest of it away: that is the subject of another lesson.
        let begun = expected.iter().any(|frame| frame.starts_with(&seen));
        let begun = begun && !seen.is_empty();
        let expected = expected.into_iter().next().unwrap_or_default();
        match end {
            Ok(()) if whole => Ok(()),
            Err(finding) if (whole || begun) && or_reset && !finding.has_waited() => {
                Ok(())
            }
            Err(mut finding) if whole && finding.has_waited() => {
                "the close frame came, and the stream did not end"
                    .clone_into(&mut finding.seen);
                finding.bytes = None;
                Err(finding.because(STAYS_OPEN))
            }
            Ok(()) if seen.is_empty() => {
                let words = "the stream ended where a close frame should have come";
                let finding = Finding::new(words).with(&expected, &seen, Then::End);
                Err(finding.because(NO_CLOSE))
            }
            Err(mut finding) if seen.is_empty() => {
                if let Some(bytes) = &mut finding.bytes {
                    bytes.expected = expected;
                }
                if finding.has_waited() {
                    let words = "waited for a close frame, and nothing came";
                    words.clone_into(&mut finding.seen);
                    return Err(finding);
                }
                let words =
                    "the connection was reset where a close frame should have come";
                words.clone_into(&mut finding.seen);
                Err(finding.because(UNREAD))
            }
            _ => {
                let is_close = seen.first() == Some(&(FIN | CLOSE));
                let words = if is_close {
                    "the close frame is another one than expected"
                } else {
                    "something else came where a close frame should have come"
                };
                let finding = Finding::differs(words, &expected, &seen);
                // A code for something else: here it is the rule that is not known.
                let other_code = or_reset && seen.len() > 3;
                let without_code = is_close && !other_code;
                Err(if without_code { finding.because(WITHOUT_CODE) } else { finding })
            }
        }
    }
}

/// The first bytes of a frame, the length in its shortest form.
pub(super) fn head(first: u8, length: usize, masked: u8) -> Vec<u8> {
    let short = u8::try_from(length).ok().filter(|length| *length < 126);
    match (short, u16::try_from(length)) {
        (Some(length), _) => vec![first, masked | length],
        (None, Ok(n)) => [&[first, masked | 126], &n.to_be_bytes()[..]].concat(),
        (None, Err(_)) => long_head(first, length as u64, masked),
    }
}

/// The same, with a length of eight bytes.
pub(super) fn long_head(first: u8, length: u64, masked: u8) -> Vec<u8> {
    [&[first, masked | 127], &length.to_be_bytes()[..]].concat()
}

fn close_frame(code: u16) -> Vec<u8> {
    [&[FIN | CLOSE, 2], &code.to_be_bytes()[..]].concat()
}

/// Is this a close frame with one of these codes, and nothing behind it?
fn is_one_close(seen: &[u8], codes: &[u16]) -> bool {
    match seen {
        [0x88, 0] => codes.contains(&NO_CODE),
        [0x88, length @ 2..=125, high, low, reason @ ..] => {
            let code = u16::from_be_bytes([*high, *low]);
            code != NO_CODE
                && codes.contains(&code)
                && reason.len() + 2 == usize::from(*length)
        }
        _ => false,
    }
}

/// What the difference is, said in the words of the protocol.
fn explained(mut finding: Box<Finding>, head: &[u8], payload: &[u8]) -> Box<Finding> {
    let seen = finding.seen_bytes().unwrap_or_default().to_vec();
    let (Some([first, second]), [right, length, ..]) = (seen.get(..2), head) else {
        return finding;
    };
    if let ([0x88, 2..=125, high, low, ..], false) = (seen.as_slice(), *right == 0x88) {
        let code = u16::from_be_bytes([*high, *low]);
        finding.seen = format!("a close frame with the code {code} came instead");
        return finding;
    }
    let seen_head = seen.get(..head.len()).unwrap_or(&seen);
    let cause = if seen.starts_with(payload) && payload.len() > 1 {
        NO_FRAME
    } else if first & 0x0f != right & 0x0f {
        OTHER_KIND
    } else if second & MASKED != 0 {
        MASKS
    } else if second == length && seen_head != head && is_turned(seen_head, head) {
        LITTLE_ENDIAN
    } else if seen_head == head && seen.len() == head.len() + payload.len() {
        STILL_MASKED
    } else {
        ""
    };
    if seen_head != head && !finding.has_waited() {
        let (seen, right) = (hex(seen_head), hex(head));
        finding.seen = format!("the answer begins with {seen}, and not with {right}");
    }
    if cause.is_empty() { finding } else { finding.or_because(cause) }
}

/// Is the length the right one, with its last byte first?
fn is_turned(seen: &[u8], right: &[u8]) -> bool {
    let (seen, right) = (seen.iter().skip(2), right.iter().skip(2));
    seen.eq(right.rev())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}
