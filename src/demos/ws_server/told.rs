//! Frames in words, beside the recv and the send that moved their bytes.

use std::fmt;
use std::iter;

use crate::kit::text;
use crate::proto::websocket::frame::{Form, Head, Opcode, mask};
use crate::proto::websocket::meaning;

/// Enough of a payload to show its beginning, and all of a control frame's.
const LOOKED_AT: usize = 256;

/// A frame that has come: its head, and what was in it without the mask.
pub(crate) struct FrameIn<'a>(pub(crate) Head, pub(crate) &'a [u8]);

/// A frame that goes out: its head, and what is in it, behind the mask if there is one.
pub(super) struct FrameOut<'a>(Head, &'a [u8]);

/// The frames in `bytes`, one behind the other. They are taken from what is about to be sent,
/// so that no frame is told that does not go out.
pub(super) fn frames_out(mut bytes: &[u8]) -> impl Iterator<Item = FrameOut<'_>> {
    iter::from_fn(move || {
        let (head, used) = Head::parse(bytes).ok()??;
        let length = usize::try_from(head.length).ok()?;
        let (payload, rest) = bytes[used..].split_at_checked(length)?;
        bytes = rest;
        Some(FrameOut(head, payload))
    })
}

impl fmt::Display for FrameIn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "frame in: ")?;
        tell(f, &self.0, self.1)
    }
}

impl fmt::Display for FrameOut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FrameOut(head, payload) = *self;
        let mut shown = payload[..payload.len().min(LOOKED_AT)].to_vec();
        if let Some(key) = head.key {
            mask(&mut shown, key, 0);
        }
        write!(f, "frame out: ")?;
        tell(f, &head, &shown)
    }
}

fn tell(f: &mut fmt::Formatter<'_>, head: &Head, payload: &[u8]) -> fmt::Result {
    let more = if head.fin { "" } else { ", more follows" };
    write!(f, "{}{more}, {} B", head.opcode.name(), text::count(head.length))?;
    match (head.opcode, payload) {
        (_, []) => {}
        (Opcode::Close, [high, low, reason @ ..]) => {
            let code = u16::from_be_bytes([*high, *low]);
            write!(f, ": {code}, {}", meaning(code))?;
            if !reason.is_empty() {
                write!(f, ", {}", text::preview(reason, reason.len()))?;
            }
        }
        _ => {
            let total = usize::try_from(head.length).unwrap_or(usize::MAX);
            write!(f, " {}", text::preview(payload, total))?;
        }
    }
    write!(f, ", length in {} bits", Form::of(head.length).bits())?;
    match head.key {
        Some([a, b, c, d]) => write!(f, ", mask {a:02x} {b:02x} {c:02x} {d:02x}"),
        None => write!(f, ", no mask"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::websocket::frame;

    #[test]
    fn what_goes_out_is_told_frame_by_frame_and_without_its_mask() {
        let mut bytes = Vec::new();
        let key = Some([0x37, 0xfa, 0x21, 0x3d]);
        frame::write(Opcode::Text, key, b"Hello", &mut bytes);
        frame::write(Opcode::Close, None, b"\x03\xe8bye", &mut bytes);
        frame::write(Opcode::Text, key, "日本".repeat(1000).as_bytes(), &mut bytes);
        let told: Vec<_> = frames_out(&bytes).map(|frame| frame.to_string()).collect();
        assert_eq!(
            told[0],
            "frame out: text, 5 B \"Hello\", length in 7 bits, mask 37 fa 21 3d"
        );
        assert!(told[1].starts_with("frame out: close, 5 B: 1000, "), "{}", told[1]);
        assert!(told[1].ends_with(", \"bye\", length in 7 bits, no mask"), "{}", told[1]);
        assert!(
            told[2].starts_with("frame out: text, 6,000 B \"日本日本"),
            "{}",
            told[2]
        );
        assert_eq!(told.len(), 3);
    }
}
