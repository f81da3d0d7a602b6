//! WebSocket (RFC 6455): frames, the handshake, and messages out of a stream of bytes.
//!
//! A connection begins as HTTP: a request and an answer, [`handshake`]. From then on both
//! sides send frames, [`frame`]: a head of 2 to 14 bytes, and the payload. One frame or
//! several make a message, and between them there may be control frames: [`message`].

pub mod frame;
pub mod handshake;
pub mod message;
pub mod origin;

use std::fmt;

/// The close codes of RFC 6455, section 7.4.1, that this program sends or explains.
pub mod code {
    /// The conversation is over, and all was said.
    pub const NORMAL: u16 = 1000;
    /// A server that stops, or a page that the browser leaves.
    pub const GOING_AWAY: u16 = 1001;
    /// The other side broke a rule of the protocol.
    pub const PROTOCOL: u16 = 1002;
    /// Never sent: the close frame had no code in it.
    pub const NONE: u16 = 1005;
    /// Never sent: the stream ended without a close frame.
    pub const ABNORMAL: u16 = 1006;
    /// A text that is not UTF-8.
    pub const NOT_UTF8: u16 = 1007;
    /// Whatever fits no other code: a peer that is let go.
    pub const POLICY: u16 = 1008;
    /// A message larger than this side wants to keep.
    pub const TOO_BIG: u16 = 1009;
}

/// May this code stand in a close frame? 1005, 1006 and 1015 stand for ends that had none.
pub fn is_sendable(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// What a close code says, in a few words.
pub fn meaning(code: u16) -> &'static str {
    match code {
        code::NORMAL => "normal",
        code::GOING_AWAY => "going away",
        code::PROTOCOL => "a rule of the protocol was broken",
        1003 => "a kind of message that is not taken",
        code::NONE => "no code was sent",
        code::ABNORMAL => "no close frame was sent",
        code::NOT_UTF8 => "not what the message's kind promises",
        code::POLICY => "against a rule of the one who closes",
        code::TOO_BIG => "a message too big",
        1010 => "an extension was expected",
        1011 => "the server met an error",
        1012 => "the service restarts",
        1013 => "try again later",
        1014 => "a gateway got a bad answer",
        3000..=3999 => "registered for an application",
        4000..=4999 => "the application's own",
        _ => "not a code that may be sent",
    }
}

/// A rule of RFC 6455 that the other side has broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each one says itself what it means")]
pub enum Bad {
    ReservedBits,
    ReservedOpcode(u8),
    ControlTooLong,
    ControlInPieces,
    LengthNotShortest,
    LengthTopBit,
    NotMasked,
    Masked,
    NothingToContinue,
    NotFinished,
    CloseOfOneByte,
    CloseCode(u16),
    NotUtf8,
    TooBig { limit: usize },
}

impl Bad {
    /// The close code to send for it.
    pub fn code(self) -> u16 {
        match self {
            Bad::NotUtf8 => code::NOT_UTF8,
            Bad::TooBig { .. } => code::TOO_BIG,
            _ => code::PROTOCOL,
        }
    }
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bad::ReservedBits => {
                write!(f, "a reserved bit is set, and no extension was agreed on")
            }
            Bad::ReservedOpcode(code) => write!(f, "opcode {code} has no meaning yet"),
            Bad::ControlTooLong => write!(f, "a control frame has at most 125 bytes"),
            Bad::ControlInPieces => write!(f, "a control frame comes in one piece"),
            Bad::LengthNotShortest => write!(f, "the length has a shorter form"),
            Bad::LengthTopBit => write!(f, "the top bit of a length is 0"),
            Bad::NotMasked => write!(f, "what a client sends is masked"),
            Bad::Masked => write!(f, "what a server sends is not masked"),
            Bad::NothingToContinue => write!(f, "no message was begun to go on with"),
            Bad::NotFinished => write!(f, "the message before it was not finished"),
            Bad::CloseOfOneByte => write!(f, "a close code has two bytes, not one"),
            Bad::CloseCode(code) => write!(f, "{code} may not stand in a close frame"),
            Bad::NotUtf8 => write!(f, "text that is not UTF-8"),
            Bad::TooBig { limit } => {
                write!(f, "a message may have at most {limit} bytes here")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_codes_that_mean_something_may_be_sent() {
        let sendable: Vec<u16> =
            (0..=u16::MAX).filter(|code| is_sendable(*code)).collect();
        let named =
            [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014];
        assert_eq!(sendable, [&named[..], &Vec::from_iter(3000..=4999)].concat());
        for code in sendable {
            assert!(!meaning(code).contains("not a code"), "{code}");
        }
    }
}
