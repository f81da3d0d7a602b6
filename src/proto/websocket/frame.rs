//! A frame (RFC 6455, section 5.2): its head, and the mask over what is in it.
//!
//! ```text
//!   0 1 2 3 4 5 6 7   8 9 ...                    bits
//!  +-+-----+-------+ +-+-------------+ +---------+ +------+ +-----------+
//!  |F|0 0 0|opcode | |M| length, or  | | length, | | mask | | payload,  |
//!  |I|     |       | |A| 126 or 127  | | 2 or 8  | | key, | | masked by |
//!  |N|     |       | |S|             | | bytes   | | 4 B  | | the key   |
//!  +-+-----+-------+ +-+-------------+ +---------+ +------+ +-----------+
//! ```

use crate::proto::websocket::Bad;

/// What a frame is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of the RFC")]
pub enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Opcode {
    fn from_bits(bits: u8) -> Result<Opcode, Bad> {
        Ok(match bits {
            0x0 => Opcode::Continuation,
            0x1 => Opcode::Text,
            0x2 => Opcode::Binary,
            0x8 => Opcode::Close,
            0x9 => Opcode::Ping,
            0xa => Opcode::Pong,
            reserved => return Err(Bad::ReservedOpcode(reserved)),
        })
    }

    fn bits(self) -> u8 {
        match self {
            Opcode::Continuation => 0x0,
            Opcode::Text => 0x1,
            Opcode::Binary => 0x2,
            Opcode::Close => 0x8,
            Opcode::Ping => 0x9,
            Opcode::Pong => 0xa,
        }
    }

    /// Close, ping and pong: about the conversation, and no part of a message.
    pub fn is_control(self) -> bool {
        matches!(self, Opcode::Close | Opcode::Ping | Opcode::Pong)
    }

    /// The RFC's name for it.
    pub fn name(self) -> &'static str {
        match self {
            Opcode::Continuation => "continuation",
            Opcode::Text => "text",
            Opcode::Binary => "binary",
            Opcode::Close => "close",
            Opcode::Ping => "ping",
            Opcode::Pong => "pong",
        }
    }
}

/// The four bytes that a payload is masked with.
pub type Key = [u8; 4];

/// The most that a control frame may carry.
pub const LONGEST_CONTROL: usize = 125;

/// The most bytes that a head has.
pub const LONGEST_HEAD: usize = 14;

/// What stands in front of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Is this the last frame of its message?
    pub fin: bool,
    /// What the frame is for.
    pub opcode: Opcode,
    /// Present in every frame that a client sends, absent in every other.
    pub key: Option<Key>,
    /// Bytes of payload.
    pub length: u64,
}

/// Where in a head the length stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// In the second byte itself: up to 125.
    Seven,
    /// In two bytes of its own, behind a 126.
    Sixteen,
    /// In eight bytes of its own, behind a 127.
    SixtyFour,
}

impl Form {
    /// The shortest form that holds this length, and the only one that is allowed.
    pub fn of(length: u64) -> Form {
        match length {
            ..=125 => Form::Seven,
            126..=0xffff => Form::Sixteen,
            _ => Form::SixtyFour,
        }
    }

    /// How many bits the length has.
    pub fn bits(self) -> u32 {
        match self {
            Form::Seven => 7,
            Form::Sixteen => 16,
            Form::SixtyFour => 64,
        }
    }
}

impl Head {
    /// Reads a head from the front of `input`: the head and how many bytes it took, or `None`
    /// if more bytes are needed. What is wrong is told at its first byte.
    pub fn parse(input: &[u8]) -> Result<Option<(Head, usize)>, Bad> {
        let Some((first, rest)) = input.split_first() else { return Ok(None) };
        if first & 0x70 != 0 {
            return Err(Bad::ReservedBits);
        }
        let (fin, opcode) = (first & 0x80 != 0, Opcode::from_bits(first & 0x0f)?);
        if opcode.is_control() && !fin {
            return Err(Bad::ControlInPieces);
        }
        let Some((second, rest)) = rest.split_first() else { return Ok(None) };
        let (masked, short) = (second & 0x80 != 0, second & 0x7f);
        let (form, length, rest) = match short {
            126.. if opcode.is_control() => return Err(Bad::ControlTooLong),
            126 => match rest.split_first_chunk() {
                Some((bytes, rest)) => {
                    (Form::Sixteen, u16::from_be_bytes(*bytes).into(), rest)
                }
                None => return Ok(None),
            },
            127 if rest.first().is_some_and(|byte| byte & 0x80 != 0) => {
                return Err(Bad::LengthTopBit);
            }
            127 => match rest.split_first_chunk() {
                Some((bytes, rest)) => {
                    (Form::SixtyFour, u64::from_be_bytes(*bytes), rest)
                }
                None => return Ok(None),
            },
            _ => (Form::Seven, short.into(), rest),
        };
        if form != Form::of(length) {
            return Err(Bad::LengthNotShortest);
        }
        let (key, rest) = match rest.split_first_chunk() {
            Some((key, rest)) if masked => (Some(*key), rest),
            None if masked => return Ok(None),
            _ => (None, rest),
        };
        let head = Head { fin, opcode, key, length };
        Ok(Some((head, input.len() - rest.len())))
    }

    /// Writes the head behind `out`, with the length in its shortest form.
    pub fn write(&self, out: &mut Vec<u8>) {
        let mask = if self.key.is_some() { 0x80 } else { 0 };
        let first = if self.fin { 0x80 } else { 0 } | self.opcode.bits();
        let [.., seventh, eighth] = self.length.to_be_bytes();
        match Form::of(self.length) {
            Form::Seven => out.extend([first, mask | eighth]),
            Form::Sixteen => out.extend([first, mask | 126, seventh, eighth]),
            Form::SixtyFour => {
                out.extend([first, mask | 127]);
                out.extend(self.length.to_be_bytes());
            }
        }
        if let Some(key) = self.key {
            out.extend(key);
        }
    }
}

/// A whole frame behind `out`: the head, and the payload, masked if there is a key.
pub fn write(opcode: Opcode, key: Option<Key>, payload: &[u8], out: &mut Vec<u8>) {
    let length = u64::try_from(payload.len()).unwrap_or(u64::MAX);
    Head { fin: true, opcode, key, length }.write(out);
    let begin = out.len();
    out.extend(payload);
    if let Some(key) = key {
        mask(&mut out[begin..], key, 0);
    }
}

/// Masks a part of a payload, or takes the mask away: it is the same. `place` is where in the
/// payload the part begins.
///
/// Eight bytes at a time: a processor has instructions for that and more, and the compiler
/// finds them in this loop. Byte by byte takes four times as long.
pub fn mask(part: &mut [u8], key: Key, place: usize) {
    let mut turned = key;
    turned.rotate_left(place % 4);
    let [a, b, c, d] = turned;
    let twice = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (eights, rest) = part.as_chunks_mut();
    for eight in eights {
        *eight = (u64::from_ne_bytes(*eight) ^ twice).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(turned.iter().cycle()) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::random::Random;

    const KEY: Key = [0x37, 0xfa, 0x21, 0x3d];

    fn parsed(input: &[u8]) -> Option<(Head, usize)> {
        Head::parse(input).unwrap()
    }

    fn head(opcode: Opcode, key: Option<Key>, length: u64) -> Head {
        Head { fin: true, opcode, key, length }
    }

    /// Section 5.7.
    #[test]
    fn the_examples_of_the_rfc() {
        for (bytes, expected, payload) in [
            (&b"\x81\x05Hello"[..], head(Opcode::Text, None, 5), &b"Hello"[..]),
            (
                b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
                head(Opcode::Text, Some(KEY), 5),
                b"Hello",
            ),
            (b"\x89\x05Hello", head(Opcode::Ping, None, 5), b"Hello"),
            (
                b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
                head(Opcode::Pong, Some(KEY), 5),
                b"Hello",
            ),
        ] {
            let (head, used) = parsed(bytes).unwrap();
            assert_eq!(head, expected);
            let mut rest = bytes[used..].to_vec();
            mask(&mut rest, head.key.unwrap_or_default(), 0);
            assert_eq!(rest, payload);

            let mut written = Vec::new();
            write(head.opcode, head.key, payload, &mut written);
            assert_eq!(written, bytes);
        }
        let parts =
            [b"\x01\x03Hel", &b"\x80\x02lo"[..]].map(|part| parsed(part).unwrap().0);
        assert_eq!(parts.map(|head| head.fin), [false, true]);
        assert_eq!(parts.map(|head| head.opcode), [Opcode::Text, Opcode::Continuation]);
        let binary = |length| head(Opcode::Binary, None, length);
        assert_eq!(parsed(b"\x82\x7e\x01\x00").unwrap(), (binary(256), 4));
        let long = b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00";
        assert_eq!(parsed(long).unwrap(), (binary(65536), 10));
    }

    #[test]
    fn every_head_is_read_as_it_was_written_and_not_a_byte_too_early() {
        let opcodes = [Opcode::Continuation, Opcode::Text, Opcode::Binary];
        let lengths = [0, 1, 125, 126, 127, 0xffff, 0x1_0000, u64::MAX >> 1];
        for (opcode, length) in opcodes.iter().flat_map(|o| lengths.map(|l| (*o, l))) {
            for (fin, key) in [(true, None), (false, None), (true, Some(KEY))] {
                let head = Head { fin, opcode, key, length };
                let mut written = Vec::new();
                head.write(&mut written);
                for cut in 0..written.len() {
                    assert_eq!(parsed(&written[..cut]), None, "{written:x?} to {cut}");
                }
                let used = written.len();
                assert!(used <= LONGEST_HEAD);
                written.extend(b"payload");
                assert_eq!(parsed(&written), Some((head, used)));
            }
        }
    }

    #[test]
    fn what_is_wrong_is_told_at_its_first_byte() {
        for (bytes, wrong) in [
            (&b"\xc1"[..], Bad::ReservedBits),
            (b"\xa1", Bad::ReservedBits),
            (b"\x91", Bad::ReservedBits),
            (b"\x83", Bad::ReservedOpcode(3)),
            (b"\x07", Bad::ReservedOpcode(7)),
            (b"\x8b", Bad::ReservedOpcode(11)),
            (b"\x8f", Bad::ReservedOpcode(15)),
            (b"\x09", Bad::ControlInPieces),
            (b"\x08", Bad::ControlInPieces),
            (b"\x89\x7e", Bad::ControlTooLong),
            (b"\x88\xff", Bad::ControlTooLong),
            (b"\x82\x7e\x00\x7d", Bad::LengthNotShortest),
            (b"\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff", Bad::LengthNotShortest),
            (b"\x82\x7f\x80", Bad::LengthTopBit),
        ] {
            assert_eq!(Head::parse(bytes), Err(wrong), "{bytes:x?}");
            assert_eq!(parsed(&bytes[..bytes.len() - 1]), None, "{bytes:x?}");
        }
    }

    #[test]
    fn masking_in_pieces_is_masking_byte_by_byte() {
        let payload = Random::of(1, "mask").bytes(100);
        let masked: Vec<u8> =
            payload.iter().zip(KEY.iter().cycle()).map(|(b, k)| b ^ k).collect();
        for from in 0..40 {
            for to in from..100 {
                let mut part = payload[from..to].to_vec();
                mask(&mut part, KEY, from);
                assert_eq!(part, masked[from..to], "{from} to {to}");
            }
        }
    }
}
