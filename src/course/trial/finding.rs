//! What a check has found wrong, with the evidence.

use std::time::Duration;

use crate::course::trial::witness::{Doing, Kind};
use crate::kit::text::{count, duration, several, width};

/// The outcome of a conversation, or of a part of it.
pub type Outcome<T = ()> = Result<T, Box<Finding>>;

/// Why a check did not pass.
#[derive(Debug, Default)]
pub struct Finding {
    /// What was seen, in a sentence.
    pub(crate) seen: String,
    /// The rule that was broken, if it is one that stands above all checks.
    pub(crate) rule: Option<Rule>,
    /// Nobody's fault: the verdict is "could not tell".
    pub(crate) cannot_tell: bool,
    /// The bytes in question.
    pub(crate) bytes: Option<Bytes>,
    /// What the check waited for, and what it had done before.
    pub(crate) check_waits: Option<String>,
    /// What the program did meanwhile.
    pub(crate) program_does: Vec<Doing>,
    /// The connection broke: perhaps the program has just ended.
    pub(crate) broken: bool,
    /// What the check itself takes for the likeliest cause.
    pub(crate) because: Option<&'static str>,
}

/// What every program has to keep to, in every check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// The exercise builds.
    Builds,
    /// It listens in time, where it is told to.
    Starts,
    /// It prints no panic and no trace, and does not crash.
    NoPanic,
    /// It leaves no process behind.
    NoChildren,
}

impl Rule {
    /// As it is called in reports.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Rule::Builds => "builds",
            Rule::Starts => "starts",
            Rule::NoPanic => "no-panic",
            Rule::NoChildren => "no-children",
        }
    }

    /// What must hold.
    pub(crate) fn says(self) -> &'static str {
        match self {
            Rule::Builds => "the exercise builds",
            Rule::Starts => "the program listens where it is told to, within 10 seconds",
            Rule::NoPanic => "the program neither crashes nor prints a panic or a trace",
            Rule::NoChildren => "the program leaves no process behind",
        }
    }
}

/// What should have come, and what came.
#[derive(Debug)]
pub(crate) struct Bytes {
    pub(crate) expected: Vec<u8>,
    pub(crate) seen: Vec<u8>,
    pub(crate) then: Then,
}

/// What came after the last byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// Nothing, until the patience was over.
    Silence(Duration),
    /// The end of the stream.
    End,
    /// A reset.
    Reset,
    /// More, which was not looked at.
    More,
}

impl Finding {
    /// Something that can be said in a sentence.
    pub fn new(seen: impl Into<String>) -> Box<Finding> {
        Box::new(Finding { seen: seen.into(), ..Finding::default() })
    }

    /// This is the likeliest cause, as far as the check can see.
    pub fn because(mut self: Box<Self>, cause: &'static str) -> Box<Finding> {
        self.because = Some(cause);
        self
    }

    /// The bytes that came instead of the right ones.
    pub fn seen_bytes(&self) -> Option<&[u8]> {
        self.bytes.as_ref().map(|bytes| bytes.seen.as_slice())
    }

    /// Did something not come, that was waited for?
    pub fn has_waited(&self) -> bool {
        self.check_waits.is_some()
    }

    /// The same, if nothing more certain is known.
    pub fn or_because(self: Box<Self>, cause: &'static str) -> Box<Finding> {
        match self.because {
            Some(_) => self,
            None => self.because(cause),
        }
    }

    /// Did these bytes come where others should have?
    pub fn saw(&self, bytes: &[u8]) -> bool {
        self.bytes.as_ref().is_some_and(|seen| seen.seen == bytes)
    }

    /// Did nothing come at all, not even an end?
    pub fn is_silence(&self) -> bool {
        let silent = |bytes: &Bytes| {
            bytes.seen.is_empty() && matches!(bytes.then, Then::Silence(_))
        };
        self.bytes.as_ref().is_some_and(silent)
    }

    /// Not to listen is what this check is about: no rule above all checks.
    pub fn of_this_check(mut self: Box<Self>) -> Box<Finding> {
        self.rule = None;
        self
    }

    /// The machine does not allow to find out.
    pub fn cannot_tell(why: impl Into<String>) -> Box<Finding> {
        Box::new(Finding { seen: why.into(), cannot_tell: true, ..Finding::default() })
    }

    /// The connection, or the program, is gone.
    pub(crate) fn broken(seen: impl Into<String>) -> Box<Finding> {
        Box::new(Finding { seen: seen.into(), broken: true, ..Finding::default() })
    }

    /// Something was waited for, and did not come.
    pub(crate) fn waited(
        seen: impl Into<String>,
        time: Duration,
        what: &str,
        does: Vec<Doing>,
    ) -> Box<Finding> {
        let waited = Some(format!("waited {} for {what}", duration(time)));
        let seen = seen.into();
        Box::new(Finding {
            seen,
            check_waits: waited,
            program_does: does,
            ..Finding::default()
        })
    }

    /// A rule that stands above all checks was broken.
    pub(crate) fn of(rule: Rule, seen: impl Into<String>) -> Box<Finding> {
        Box::new(Finding { seen: seen.into(), rule: Some(rule), ..Finding::default() })
    }

    /// Other bytes came than should have come.
    pub fn differs(what: &str, expected: &[u8], seen: &[u8]) -> Box<Finding> {
        Finding::new(what).with(expected, seen, Then::More)
    }

    pub(crate) fn with(
        mut self: Box<Self>,
        expected: &[u8],
        seen: &[u8],
        then: Then,
    ) -> Box<Self> {
        let (expected, seen) = (expected.to_vec(), seen.to_vec());
        self.bytes = Some(Bytes { expected, seen, then });
        self.broken = then != Then::More && !matches!(then, Then::Silence(_));
        self
    }
}

impl Finding {
    /// What the evidence itself says about the cause, if it does.
    pub(crate) fn inferred(&self) -> Option<&'static str> {
        if self.because.is_some() {
            return self.because;
        }
        let waits_for_end = self.bytes.as_ref().is_some_and(|bytes| {
            bytes.expected.is_empty() && matches!(bytes.then, Then::Silence(_))
        });
        let sees = |kind| self.program_does.iter().any(|doing| doing.kind == kind);
        if sees(Kind::Ended) && self.rule.is_none() {
            return Some(
                "the whole program has ended: the end of one connection, or an error of one, \
                 must not end a server",
            );
        }
        self.check_waits.as_ref()?;
        if sees(Kind::Runs) {
            Some(
                "a loop goes round without waiting: at the end of a stream, read gives 0 at \
                 once, again and again",
            )
        } else if waits_for_end && sees(Kind::ReceivesHere) {
            Some(
                "both sides wait: the program for more bytes, this check for the end of the \
                 stream, which the program has not sent",
            )
        } else if waits_for_end {
            Some(
                "nobody has closed the connection: a stream ends when its last owner is \
                 dropped, or with shutdown",
            )
        } else if sees(Kind::ReceivesHere) {
            Some(
                "both sides wait for bytes: the program for more, this check for an answer",
            )
        } else if sees(Kind::SendsHere) {
            Some("the program sends and nobody takes it: it does not read meanwhile")
        } else if sees(Kind::ElsewhereBusy) {
            Some(
                "the program serves one client, and all others wait until that one leaves",
            )
        } else {
            None
        }
    }
}

/// How many columns of bytes are shown.
const SHOWN: usize = 44;

/// As much as comes before the first difference.
const BEFORE: usize = 12;

impl Bytes {
    /// The evidence, one fact a line: the bytes with the invisible ones named.
    pub(crate) fn lines(&self) -> Vec<String> {
        let (expected, seen) = (&self.expected, &self.seen);
        let same = expected.iter().zip(seen).take_while(|(a, b)| a == b).count();
        let from = if expected.len().max(seen.len()) <= SHOWN {
            0
        } else {
            same.saturating_sub(BEFORE)
        };
        let mut lines = vec![
            match expected.as_slice() {
                [] if self.then == Then::More => "expected  nothing more".to_owned(),
                [] => "expected  the end of the stream".to_owned(),
                _ => format!("expected  {}", excerpt(expected, from, Then::More)),
            },
            format!("seen      {}", excerpt(seen, from, self.then)),
        ];
        lines.extend(self.difference(same));
        lines
    }

    /// What the difference is called.
    fn difference(&self, same: usize) -> Option<String> {
        let (expected, seen) = (self.expected.as_slice(), self.seen.as_slice());
        let missing = expected.get(same..).unwrap_or_default();
        let surplus = seen.get(same..).unwrap_or_default();
        Some(match (missing, surplus) {
            ([], []) => return None,
            _ if expected.is_empty() => return None,
            (b"\n", []) => "the newline (LF) at the end is missing".to_owned(),
            (b"\n", b"\r\n") => "the line ends with CR LF instead of LF".to_owned(),
            ([], b"\n") => "a newline (LF) more than expected".to_owned(),
            (_, []) if same > 0 => {
                format!("right up to byte {}, the rest is missing", count(same as u64))
            }
            (_, []) => return None,
            ([], _) if surplus.iter().all(|byte| *byte == 0) => format!(
                "{} of zeros more than expected: the rest of a buffer?",
                bytes(surplus.len())
            ),
            ([], _) => format!("{} more than expected", bytes(surplus.len())),
            _ => {
                let at = count(same as u64 + 1);
                match skipped(missing, surplus) {
                    Some(n) => {
                        format!("at byte {at} in the middle, {} are missing", bytes(n))
                    }
                    None => format!("the first difference is at byte {at}"),
                }
            }
        })
    }
}

/// How many bytes were left out, if what came is what should have come later.
fn skipped(expected: &[u8], seen: &[u8]) -> Option<usize> {
    let found = seen.get(..CERTAIN)?;
    expected.windows(CERTAIN).position(|window| window == found)
}

/// So many equal bytes in a row are no accident.
const CERTAIN: usize = 16;

/// `1 byte`, `1,024 bytes`.
pub(crate) fn bytes(n: usize) -> String {
    let number = count(n as u64);
    several(n, "byte").replacen(&n.to_string(), &number, 1)
}

/// The length, and the bytes from an offset on, with what came behind them.
fn excerpt(all: &[u8], from: usize, then: Then) -> String {
    let before = if from > 0 { "…" } else { "" };
    let rest = all.get(from..).unwrap_or_default();
    let length = count(all.len() as u64);
    let text = match rest {
        [] if from == 0 => return then.alone(),
        [] => format!("{length} B"),
        _ => format!("{length} B: {before}{}", named_up_to(SHOWN, rest)),
    };
    match then {
        Then::More => text,
        then => format!("{text}, then {}", then.alone()),
    }
}

impl Then {
    fn alone(self) -> String {
        match self {
            Then::Silence(time) => format!("nothing for {}", duration(time)),
            Then::End => "the end of the stream".to_owned(),
            Then::Reset => "a reset".to_owned(),
            Then::More => "nothing".to_owned(),
        }
    }
}

/// As many of the bytes as fit into so many columns.
fn named_up_to(columns: usize, bytes: &[u8]) -> String {
    let bytes = bytes.get(..columns).unwrap_or(bytes);
    let mut kept = bytes.len();
    while width(&named(bytes.get(..kept).unwrap_or_default())) > columns {
        kept -= 1;
    }
    let more = if kept < bytes.len() || bytes.len() == columns { "…" } else { "" };
    format!("{}{more}", named(bytes.get(..kept).unwrap_or_default()))
}

/// Bytes as a person can tell them apart: text as it is, and a name in angle brackets for
/// everything that cannot be seen.
fn named(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\n' => out.push_str("<LF>"),
                '\r' => out.push_str("<CR>"),
                '\0' => out.push_str("<NUL>"),
                '\t' => out.push_str("<TAB>"),
                '\x1b' => out.push_str("<ESC>"),
                '\'' | '"' | '\\' => out.push(c),
                c if c.is_ascii_control() => {
                    out.push_str(&format!("<{:02x}>", u32::from(c)));
                }
                c if c.escape_debug().count() == 1 => out.push(c),
                c => out.push_str(&format!("<U+{:04X}>", u32::from(c))),
            }
        }
        for byte in chunk.invalid() {
            out.push_str(&format!("<{byte:02x}>"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(expected: &[u8], seen: &[u8], then: Then) -> Vec<String> {
        Bytes { expected: expected.to_vec(), seen: seen.to_vec(), then }.lines()
    }

    #[test]
    fn what_cannot_be_seen_is_named() {
        assert_eq!(
            named(b"a\r\n\0\t\x1b\x05\xff\xc3"),
            "a<CR><LF><NUL><TAB><ESC><05><ff><c3>"
        );
        assert_eq!(named("é\u{202e}'\"".as_bytes()), "é<U+202E>'\"");
    }

    #[test]
    fn a_difference_has_a_name() {
        let last = |e: &[u8], s: &[u8]| lines(e, s, Then::End).pop().unwrap();
        assert_eq!(last(b"ab\n", b"ab"), "the newline (LF) at the end is missing");
        assert_eq!(last(b"ab\n", b"ab\r\n"), "the line ends with CR LF instead of LF");
        assert_eq!(last(b"abc", b"a"), "right up to byte 1, the rest is missing");
        assert_eq!(
            last(b"ab", b"ab\0\0"),
            "2 bytes of zeros more than expected: the rest of a buffer?"
        );
        assert_eq!(last(b"abc", b"axc"), "the first difference is at byte 2");
        let silence = lines(b"ab", b"", Then::Silence(Duration::from_secs(5)));
        assert_eq!(silence, ["expected  2 B: ab", "seen      nothing for 5.0 s"]);
    }

    #[test]
    fn a_long_difference_is_shown_where_it_is() {
        let mut seen = vec![b'a'; 100_000];
        seen[70_000] = b'x';
        let lines = lines(&vec![b'a'; 100_000], &seen, Then::More);
        assert_eq!(
            lines[1],
            format!("seen      100,000 B: …{}x{}…", "a".repeat(12), "a".repeat(31))
        );
        assert_eq!(lines[2], "the first difference is at byte 70,001");
    }
}
