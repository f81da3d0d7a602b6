//! A body on its way to us, whichever way it ends.

use crate::proto::http::body::{Chunks, Framing, Piece};
use crate::proto::http::status::Bad;

/// Knows how much of a body has come, and whether that is all of it.
#[derive(Debug)]
pub struct Incoming {
    framing: Framing,
    chunks: Chunks,
    /// Bytes of the body so far.
    so_far: u64,
    is_whole: bool,
}

impl Incoming {
    /// Nothing of it has come yet. A body of no bytes is whole already.
    pub fn new(framing: Framing) -> Incoming {
        let is_whole = framing == Framing::Length(0);
        Incoming { framing, chunks: Chunks::default(), so_far: 0, is_whole }
    }

    /// Adds to `out` what stands at the front of `input` and belongs to the body. Says how
    /// many bytes it used; those behind the end are not touched.
    pub fn take(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<usize, Bad> {
        let before = out.len();
        let used = match self.framing {
            _ if self.is_whole => 0,
            Framing::Length(length) => {
                let missing = length - self.so_far;
                let n = input.len().min(usize::try_from(missing).unwrap_or(usize::MAX));
                out.extend(&input[..n]);
                self.is_whole = n as u64 == missing;
                n
            }
            Framing::UntilEnd => {
                out.extend(input);
                input.len()
            }
            Framing::Chunked => self.take_chunks(input, out)?,
        };
        self.so_far += (out.len() - before) as u64;
        Ok(used)
    }

    fn take_chunks(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<usize, Bad> {
        let mut used = 0;
        while let Some((piece, n)) = self.chunks.next(&input[used..])? {
            used += n;
            match piece {
                Piece::Data(data) => out.extend(data),
                Piece::End => {
                    self.is_whole = true;
                    break;
                }
            }
        }
        Ok(used)
    }

    /// Has the end been seen?
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// The stream has ended: what is missing, in words, if anything is.
    pub fn missing(&self) -> Option<String> {
        let so_far = self.so_far;
        match self.framing {
            _ if self.is_whole => None,
            Framing::UntilEnd => None,
            Framing::Length(length) => {
                let missing = length - so_far;
                Some(format!("{so_far} of {length} B have come, {missing} B are missing"))
            }
            Framing::Chunked => match self.chunks.missing() {
                0 => Some(format!("{so_far} B have come, the last chunk is missing")),
                missing => Some(format!(
                    "{so_far} B have come, {missing} B of a chunk are missing"
                )),
            },
        }
    }

    /// The fields that came behind the body, as they came.
    pub fn trailers(&self) -> &[u8] {
        self.chunks.trailers()
    }

    /// At least so long the body is going to be, by what has been said about it.
    pub fn promised(&self) -> u64 {
        match self.framing {
            Framing::Length(length) => length,
            _ => self.so_far.saturating_add(self.chunks.missing()),
        }
    }

    /// Bytes of the body so far, without the lengths of chunks.
    pub fn so_far(&self) -> u64 {
        self.so_far
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives `stream` in pieces of `size`; what was left of it, and whether it was whole.
    fn read(
        framing: Framing,
        stream: &[u8],
        size: usize,
    ) -> Result<(Incoming, Vec<u8>, Vec<u8>), Bad> {
        let (mut incoming, mut out) = (Incoming::new(framing), Vec::new());
        let mut rest = Vec::new();
        for piece in stream.chunks(size) {
            rest.extend(piece);
            let used = incoming.take(&rest, &mut out)?;
            rest.drain(..used);
        }
        assert_eq!(incoming.so_far(), out.len() as u64);
        Ok((incoming, out, rest))
    }

    #[test]
    fn a_body_is_the_same_however_it_is_cut() {
        for (framing, stream, body, rest) in [
            (Framing::Length(5), &b"helloHTTP"[..], &b"hello"[..], &b"HTTP"[..]),
            (Framing::Length(0), b"HTTP", b"", b"HTTP"),
            (Framing::UntilEnd, b"hello", b"hello", b""),
            (Framing::UntilEnd, b"", b"", b""),
            (
                Framing::Chunked,
                b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\nHTTP",
                b"hello",
                b"HTTP",
            ),
            (Framing::Chunked, b"0\r\nX: y\r\n\r\n", b"", b""),
        ] {
            for size in 1..=stream.len().max(1) {
                let (incoming, out, left) = read(framing, stream, size).unwrap();
                assert_eq!((&out[..], &left[..]), (body, rest), "{framing:?} by {size}");
                assert_eq!(incoming.is_whole(), framing != Framing::UntilEnd);
                assert_eq!(incoming.missing(), None);
                let trailer = if stream.starts_with(b"0\r\nX") { "X: y\r\n" } else { "" };
                assert_eq!(incoming.trailers(), trailer.as_bytes(), "by {size}");
            }
        }
    }

    #[test]
    fn a_body_that_is_cut_says_what_is_missing() {
        let missing = |framing, stream: &[u8]| {
            let one = read(framing, stream, 1).unwrap().0.missing();
            let whole = read(framing, stream, stream.len().max(1)).unwrap().0.missing();
            assert_eq!(one, whole);
            one.unwrap()
        };
        let three = missing(Framing::Length(5), b"he");
        assert_eq!(three, "2 of 5 B have come, 3 B are missing");
        let whole = b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n";
        for cut in 0..whole.len() {
            let words = missing(Framing::Chunked, &whole[..cut]);
            let in_a_chunk = [(3, 2), (4, 1), (10, 3), (11, 2), (12, 1)];
            let in_a_chunk = in_a_chunk.iter().find(|(at, _)| *at == cut);
            let expected = match in_a_chunk {
                Some((_, left)) => format!("{left} B of a chunk are missing"),
                None => "the last chunk is missing".to_owned(),
            };
            assert!(words.ends_with(&expected), "after {cut}: {words}");
        }
    }

    #[test]
    fn chunks_against_the_grammar_are_refused() {
        assert!(read(Framing::Chunked, b"5\r\nhello!\r\n", 20).is_err());
        assert!(read(Framing::Chunked, b"x\r\n", 1).is_err());
    }
}
