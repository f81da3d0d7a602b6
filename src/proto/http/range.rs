//! A part of a file: `Range: bytes=0-99`.

use std::ops::Range;

/// What a field Range asks of a file of so many bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Everything: no range, several of them, or something that is none.
    All,
    /// These bytes.
    Part(Range<u64>),
    /// Bytes that the file does not have.
    Nothing,
}

/// Reads a field Range. A server may always answer with everything, and does so whenever it
/// does not understand the question.
pub fn wanted(field: Option<&str>, size: u64) -> Wanted {
    let Some((unit, range)) = field.and_then(|field| field.split_once('=')) else {
        return Wanted::All;
    };
    let Some((first, last)) = range.trim().split_once('-') else { return Wanted::All };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Wanted::All;
    }
    let part = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => {
            first..last.saturating_add(1).min(size)
        }
        (Some(first), None) if last.is_empty() => first..size,
        // The end of an empty file can be had: it is the file.
        (None, Some(1..)) if first.is_empty() && size == 0 => return Wanted::All,
        (None, Some(last)) if first.is_empty() => size.saturating_sub(last)..size,
        _ => return Wanted::All,
    };
    if part.is_empty() { Wanted::Nothing } else { Wanted::Part(part) }
}

fn number(digits: &str) -> Option<u64> {
    let is_number =
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u64::MAX)) // Behind every end.
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_cut_to_what_is_there() {
        for (field, part) in [
            ("bytes=0-0", 0..1),
            ("bytes=2-4", 2..5),
            ("Bytes=8-99999999999999999999", 8..10),
            ("bytes=9-", 9..10),
            ("bytes=-3", 7..10),
            ("bytes=-99", 0..10),
        ] {
            assert_eq!(wanted(Some(field), 10), Wanted::Part(part), "{field}");
        }
        for field in ["bytes=10-", "bytes=10-20", "bytes=-0"] {
            assert_eq!(wanted(Some(field), 10), Wanted::Nothing, "{field}");
        }
        for field in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=4-2",
            "bytes=a-b",
            "bytes=1-b",
            "lines=1-2",
            "bytes=0-1,3-4",
            "bytes=+1-2",
            "bytes=1--2",
        ] {
            assert_eq!(wanted(Some(field), 10), Wanted::All, "{field}");
        }
        assert_eq!(wanted(None, 10), Wanted::All);
        assert_eq!(wanted(Some("bytes=0-"), 0), Wanted::Nothing);
        assert_eq!(wanted(Some("bytes=-5"), 0), Wanted::All);
        assert_eq!(wanted(Some("bytes=-0"), 0), Wanted::Nothing);
    }
}
