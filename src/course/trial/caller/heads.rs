//! Hearing a head: lines up to the first empty one. What is behind it stays where it is.

use std::io::{ErrorKind, Read};

use super::hearing::then;
use super::{Caller, LONGEST};
use crate::course::trial::finding::{Finding, Outcome, Then};

/// No head of an exercise is longer.
const LONG_HEAD: usize = 64 * 1024;

impl Caller {
    /// Hears lines up to an empty one, with that. They may end with CR LF or with LF
    /// alone: which of them, the one who looks at the lines has to say.
    pub fn hears_head(&mut self) -> Outcome<Vec<u8>> {
        let mut head = Vec::new();
        let mut ahead = vec![0; LONG_HEAD];
        loop {
            let then = match self.stream.peek(&mut ahead) {
                Ok(0) => Then::End,
                Ok(n) if head.len() < LONG_HEAD => {
                    let before = head.len();
                    head.extend_from_slice(ahead.get(..n).unwrap_or_default());
                    let end = end_of_head(&head);
                    head.truncate(end.unwrap_or(head.len()));
                    let taken = ahead.get_mut(..head.len() - before);
                    let taken = (&self.stream).read_exact(taken.unwrap_or_default());
                    if end.is_some() && taken.is_ok() {
                        self.heard += head.len();
                        return Ok(head);
                    }
                    continue;
                }
                Ok(_) => Then::More,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => then(&error),
            };
            return Err(self.no_head(&head, then));
        }
    }

    /// Hears so many bytes, whichever they are.
    pub fn hears_so_many(&mut self, many: usize) -> Outcome<Vec<u8>> {
        let mut bytes = vec![0; many.min(LONGEST)];
        let mut n = 0;
        while n < many {
            let then = match self.read(bytes.get_mut(n..).unwrap_or_default()) {
                Ok(more @ 1..) => {
                    n += more;
                    continue;
                }
                Ok(0) if n == LONGEST => Then::More,
                Ok(_) => Then::End,
                Err(error) => then(&error),
            };
            bytes.truncate(n);
            let what = format!("the rest of a body of {many} bytes, after {n}");
            let mut finding = self.heard_wrong(&what, b"", &bytes, then);
            finding.bytes = None; // Nobody knows what should have come.
            return Err(finding);
        }
        self.heard += n;
        Ok(bytes)
    }

    fn no_head(&self, head: &[u8], then: Then) -> Box<Finding> {
        if head.is_empty() {
            let mut finding = self.heard_wrong("an answer", b"", b"", then);
            finding.bytes = None; // There is nothing to compare.
            return finding;
        }
        let missing = if head.ends_with(b"\n") { "\r\n" } else { "\r\n\r\n" };
        let expected = [head, missing.as_bytes()].concat();
        self.heard_wrong("the empty line behind the head", &expected, head, then)
    }
}

/// How long the head is, if its empty line has come.
fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let mut length = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        length += line.len();
        if matches!(line, b"\n" | b"\r\n") {
            return Some(length);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_ends_with_its_empty_line() {
        assert_eq!(end_of_head(b"a: b\r\n\r\nbody\r\n\r\n"), Some(8));
        assert_eq!(end_of_head(b"a: b\n\nbody"), Some(6));
        assert_eq!(end_of_head(b"\r\nbody"), Some(2));
        for half in [&b""[..], b"a: b", b"a: b\r\n", b"a: b\r\n\r", b"\r\r"] {
            assert_eq!(end_of_head(half), None);
        }
    }
}
