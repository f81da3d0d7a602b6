//! Lines out of a stream of bytes, however the stream is cut.

use std::mem;

/// Collects lines of at most `limit` bytes. A longer one is thrown away up to its end, so
/// that nobody can make us keep more than that.
#[derive(Debug)]
pub struct Lines {
    limit: usize,
    begun: Vec<u8>,
    /// The line that has begun is too long already: its rest is of no interest.
    skipping: bool,
}

/// What a piece of the stream has completed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A line, without its end.
    Whole(Vec<u8>),
    /// The line that begins here has more bytes than are allowed.
    TooLong,
}

impl Lines {
    /// Lines of at most `limit` bytes, the end not counted.
    pub fn up_to(limit: usize) -> Lines {
        Lines { limit, begun: Vec::new(), skipping: false }
    }

    /// Takes the next bytes of the stream, whole; gives the lines that they complete.
    pub fn take(&mut self, bytes: &[u8]) -> Vec<Line> {
        let mut lines = Vec::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            match piece.strip_suffix(b"\n") {
                Some(end) => lines.extend(self.end_with(end)),
                None => lines.extend(self.go_on_with(piece)),
            }
        }
        lines
    }

    /// The stream is over: what has begun is a line, too.
    pub fn finish(&mut self) -> Option<Line> {
        let skipped = mem::take(&mut self.skipping);
        let rest = without_return(mem::take(&mut self.begun));
        match rest.len() {
            0 => None,
            _ if skipped => None,
            length if length > self.limit => Some(Line::TooLong),
            _ => Some(Line::Whole(rest)),
        }
    }

    fn end_with(&mut self, end: &[u8]) -> Option<Line> {
        let too_long = self.go_on_with(end);
        let skipped = mem::take(&mut self.skipping);
        let line = without_return(mem::take(&mut self.begun));
        match skipped {
            true => too_long, // Told once, when it became too long.
            false if line.len() > self.limit => Some(Line::TooLong),
            false => Some(Line::Whole(line)),
        }
    }

    /// A line may have one byte more than the limit until we know that it is no CR.
    fn go_on_with(&mut self, piece: &[u8]) -> Option<Line> {
        if self.skipping {
            return None;
        }
        if self.begun.len() + piece.len() > self.limit + 1 {
            self.begun = Vec::new();
            self.skipping = true;
            return Some(Line::TooLong);
        }
        self.begun.extend(piece);
        None
    }
}

/// A CR directly before the LF belongs to the end of the line.
fn without_return(mut line: Vec<u8>) -> Vec<u8> {
    line.pop_if(|last| *last == b'\r');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str) -> Line {
        Line::Whole(text.as_bytes().to_vec())
    }

    #[test]
    fn however_the_stream_is_cut_the_lines_are_the_same() {
        let stream = b"one\r\n\ntoolong\r\n123456\r\nab\rc\nend";
        let expected =
            [whole("one"), whole(""), Line::TooLong, whole("123456"), whole("ab\rc")];
        for size in 1..=stream.len() {
            let mut lines = Lines::up_to(6);
            let got: Vec<_> = stream.chunks(size).flat_map(|c| lines.take(c)).collect();
            assert_eq!(got, expected, "in pieces of {size}");
            assert_eq!(lines.finish(), Some(whole("end")));
            assert_eq!(lines.finish(), None);
        }
    }

    #[test]
    fn the_limit_is_exact() {
        for (stream, expected) in [
            ("123456\n", whole("123456")),
            ("123456\r\n", whole("123456")),
            ("1234567\n", Line::TooLong),
            ("1234567\r\n", Line::TooLong),
        ] {
            assert_eq!(Lines::up_to(6).take(stream.as_bytes()), [expected], "{stream:?}");
        }
        let mut lines = Lines::up_to(6);
        assert_eq!(
            (lines.take(b"1234567"), lines.finish()),
            (vec![], Some(Line::TooLong))
        );
    }

    #[test]
    fn a_line_without_an_end_takes_no_room() {
        let mut lines = Lines::up_to(6);
        let told: usize = (0..100).map(|_| lines.take(&[b'x'; 5]).len()).sum();
        assert_eq!((told, lines.begun.capacity()), (1, 0));
        assert_eq!(lines.take(b"\nok\n"), [whole("ok")]);
        lines.take(b"too long to keep");
        assert_eq!(lines.finish(), None);
    }
}
