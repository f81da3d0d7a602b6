//! A line that is being typed: bytes of a keyboard in, changes of the line out.
//!
//! It never sees a terminal, so every key can be tried byte by byte.

use std::collections::VecDeque;
use std::mem;

use unicode_width::UnicodeWidthChar;

/// How many lines Up finds again: more than anybody steps through.
const REMEMBERED: usize = 100;

/// What one byte has changed.
#[derive(Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing that could be seen.
    Nothing,
    /// The line, or the place in it.
    Edited,
    /// The line was ended; a new one has begun.
    Entered(String),
    /// The line takes no more.
    Full,
    /// The screen is to be cleared (Ctrl-L).
    Cleared,
    /// The program is to pause (Ctrl-Z).
    Paused,
    /// Nothing more will be typed (Ctrl-D on an empty line).
    Ended,
}

/// The line, the place in it, and the lines before it.
#[derive(Debug)]
pub struct LineEditor {
    line: String,
    /// How many bytes it may have.
    room: usize,
    /// Where the next character goes, in bytes.
    cursor: usize,
    /// The first bytes of a character whose last ones have not come.
    begun: Vec<u8>,
    sequence: Sequence,
    history: History,
}

/// How far an escape sequence has come. Keys such as Left send one.
#[derive(Debug, Default, PartialEq, Eq)]
enum Sequence {
    #[default]
    None,
    Escape,
    /// `ESC [`, then numbers: the first one counts.
    Numbered {
        first: Option<u8>,
        more: bool,
    },
    /// `ESC O` and one byte; on a Linux console `ESC [ [` and one byte.
    OneMore {
        is_key: bool,
    },
    /// Text for a terminal, up to BEL or `ESC \`. The end of a line ends it as well, so that
    /// nobody who has pressed Alt-] types into nothing for ever.
    Text,
}

impl LineEditor {
    /// For a line of so many bytes.
    pub fn with_room(room: usize) -> LineEditor {
        LineEditor {
            line: String::new(),
            room,
            cursor: 0,
            begun: Vec::new(),
            sequence: Sequence::None,
            history: History::default(),
        }
    }

    /// What has been typed.
    pub fn line(&self) -> &str {
        &self.line
    }

    /// The part of it that stands before the cursor.
    pub fn before_cursor(&self) -> &str {
        &self.line[..self.cursor]
    }

    /// Takes one byte of the keyboard.
    pub fn push(&mut self, byte: u8) -> Change {
        match mem::take(&mut self.sequence) {
            Sequence::None => self.key(byte),
            Sequence::Escape => self.after_escape(byte),
            Sequence::Numbered { first, more } => self.numbered(first, more, byte),
            Sequence::OneMore { is_key: true } => self.function(byte),
            Sequence::OneMore { is_key: false } => Change::Nothing,
            Sequence::Text => self.text(byte),
        }
    }

    fn key(&mut self, byte: u8) -> Change {
        if byte >= 0x80 {
            return self.part_of_a_character(byte);
        }
        self.begun.clear(); // What was begun will not be finished.
        match byte {
            b'\n' | b'\r' => self.enter(),
            b'\t' => self.insert(' '), // A tab would be as wide as its place.
            b' '..=b'~' => self.insert(char::from(byte)),
            0x1b => {
                self.sequence = Sequence::Escape;
                Change::Nothing
            }
            0x08 | 0x7f => self.erase(self.left()),
            _ => self.control(byte | 0x40),
        }
    }

    /// Ctrl and a letter.
    fn control(&mut self, letter: u8) -> Change {
        match letter {
            b'A' => self.go(0),
            b'B' => self.go(self.left()),
            b'D' if self.line.is_empty() => Change::Ended,
            b'D' => self.erase(self.right()),
            b'E' => self.go(self.line.len()),
            b'F' => self.go(self.right()),
            b'K' => self.erase(self.line.len()),
            b'L' => Change::Cleared,
            b'N' => self.recall(History::later),
            b'P' => self.recall(History::earlier),
            b'U' => self.erase(0),
            b'W' => self.erase(self.start_of_word()),
            b'Z' => Change::Paused,
            _ => Change::Nothing,
        }
    }

    fn part_of_a_character(&mut self, byte: u8) -> Change {
        if byte >= 0xc0 {
            self.begun.clear(); // A first byte: what was begun will not be finished.
        }
        self.begun.push(byte);
        match str::from_utf8(&self.begun) {
            Ok(text) => {
                let whole = text.chars().next();
                self.begun.clear();
                whole.map_or(Change::Nothing, |c| self.insert(c))
            }
            Err(error) => {
                if error.error_len().is_some() {
                    self.begun.clear(); // Not UTF-8: there is nothing to show.
                }
                Change::Nothing
            }
        }
    }

    fn after_escape(&mut self, byte: u8) -> Change {
        match byte {
            0x1b => self.sequence = Sequence::Escape,
            b'[' => self.sequence = Sequence::Numbered { first: None, more: false },
            b'O' => self.sequence = Sequence::OneMore { is_key: true },
            b']' | b'P' | b'X' | b'^' | b'_' => self.sequence = Sequence::Text,
            b'\n' | b'\r' => return self.key(byte),
            _ => {} // Alt and a key.
        }
        Change::Nothing
    }

    fn numbered(&mut self, first: Option<u8>, more: bool, byte: u8) -> Change {
        match byte {
            b'[' if first.is_none() && !more => {
                self.sequence = Sequence::OneMore { is_key: false };
                Change::Nothing
            }
            b'0'..=b'9' if !more => {
                let number = first.unwrap_or(0).saturating_mul(10);
                let first = Some(number.saturating_add(byte - b'0'));
                self.sequence = Sequence::Numbered { first, more };
                Change::Nothing
            }
            b' '..=b'?' => {
                self.sequence = Sequence::Numbered { first, more: true };
                Change::Nothing
            }
            b'~' => match first {
                Some(1 | 7) => self.go(0),
                Some(3) => self.erase(self.right()),
                Some(4 | 8) => self.go(self.line.len()),
                _ => Change::Nothing,
            },
            b'@'..=b'~' => self.function(byte),
            _ => self.key(byte), // Not a sequence after all.
        }
    }

    /// A key that moves: the last byte of its sequence says which.
    fn function(&mut self, last: u8) -> Change {
        match last {
            b'A' => self.recall(History::earlier),
            b'B' => self.recall(History::later),
            b'C' => self.go(self.right()),
            b'D' => self.go(self.left()),
            b'F' => self.go(self.line.len()),
            b'H' => self.go(0),
            _ => Change::Nothing,
        }
    }

    fn text(&mut self, byte: u8) -> Change {
        match byte {
            0x07 => {}
            0x1b => self.sequence = Sequence::Escape, // And a backslash.
            b'\n' | b'\r' => return self.key(byte),
            _ => self.sequence = Sequence::Text,
        }
        Change::Nothing
    }

    fn insert(&mut self, c: char) -> Change {
        if c.is_control() || turns_text_around(c) {
            return Change::Nothing;
        }
        if self.line.len() + c.len_utf8() > self.room {
            return Change::Full;
        }
        self.line.insert(self.cursor, c);
        self.cursor += c.len_utf8();
        Change::Edited
    }

    fn enter(&mut self) -> Change {
        self.cursor = 0;
        let line = mem::take(&mut self.line);
        self.history.remember(&line);
        Change::Entered(line)
    }

    /// Takes away what stands between the cursor and `there`.
    fn erase(&mut self, there: usize) -> Change {
        let (from, to) = (self.cursor.min(there), self.cursor.max(there));
        self.line.replace_range(from..to, "");
        self.go(from)
    }

    fn go(&mut self, there: usize) -> Change {
        self.cursor = there;
        Change::Edited
    }

    fn recall(&mut self, step: fn(&mut History, &str) -> Option<String>) -> Change {
        match step(&mut self.history, &self.line) {
            Some(line) => {
                self.line = line;
                self.go(self.line.len())
            }
            None => Change::Nothing,
        }
    }

    /// One character to the left, with the marks that stand on it.
    fn left(&self) -> usize {
        let is_base = |(_, c): &(usize, char)| c.width() != Some(0);
        self.before_cursor().char_indices().rev().find(is_base).map_or(0, |(at, _)| at)
    }

    fn right(&self) -> usize {
        let behind = &self.line[self.cursor..];
        let mut bases = behind.char_indices().skip(1);
        let next = bases.find(|(_, c)| c.width() != Some(0));
        next.map_or(self.line.len(), |(at, _)| self.cursor + at)
    }

    fn start_of_word(&self) -> usize {
        let word = self.before_cursor().trim_end_matches(' ');
        word.rfind(' ').map_or(0, |space| space + 1)
    }
}

/// Invisible characters that make text run the other way.
fn turns_text_around(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The lines that were entered, and which of them is shown.
#[derive(Debug, Default)]
struct History {
    lines: VecDeque<String>,
    /// How many lines ago; 0 is the one being typed.
    ago: usize,
    /// What was typed before Up was pressed.
    draft: String,
}

impl History {
    fn remember(&mut self, line: &str) {
        self.ago = 0;
        if line.is_empty() || self.lines.back().is_some_and(|last| last == line) {
            return;
        }
        if self.lines.len() == REMEMBERED {
            self.lines.pop_front();
        }
        self.lines.push_back(line.to_owned());
    }

    fn earlier(&mut self, typed: &str) -> Option<String> {
        if self.ago == self.lines.len() {
            return None;
        }
        if self.ago == 0 {
            typed.clone_into(&mut self.draft);
        }
        self.ago += 1;
        self.lines.get(self.lines.len() - self.ago).cloned()
    }

    fn later(&mut self, _typed: &str) -> Option<String> {
        self.ago = self.ago.checked_sub(1)?;
        match self.ago {
            0 => Some(mem::take(&mut self.draft)),
            ago => self.lines.get(self.lines.len() - ago).cloned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::chat::LONGEST_LINE;

    fn typed(bytes: impl AsRef<[u8]>) -> LineEditor {
        let mut editor = LineEditor::with_room(LONGEST_LINE);
        bytes.as_ref().iter().for_each(|byte| drop(editor.push(*byte)));
        editor
    }

    /// The line, with `|` where the cursor is.
    fn after(bytes: impl AsRef<[u8]>) -> String {
        let editor = typed(bytes);
        let mut line = editor.line().to_owned();
        line.insert(editor.before_cursor().len(), '|');
        line
    }

    #[test]
    fn a_character_is_taken_when_its_last_byte_has_come() {
        let mut editor = LineEditor::with_room(LONGEST_LINE);
        let changes: Vec<_> =
            "a日😀".bytes().map(|byte| editor.push(byte) == Change::Edited).collect();
        let whole = [true, false, false, true, false, false, false, true];
        assert_eq!((editor.line(), changes.as_slice()), ("a日😀", &whole[..]));
    }

    #[test]
    fn what_is_not_utf_8_leaves_nothing_behind() {
        assert_eq!(after(b"a\xffb\xe6\x97c\x80d\xf0\x9f\xc3\xa9"), "abcdé|");
        assert_eq!(after(b"\xed\xa0\x80x"), "x|");
    }

    #[test]
    fn erasing_takes_whole_characters_with_their_marks() {
        assert_eq!(after("ab\x7f"), "a|");
        assert_eq!(after("日本\x08"), "日|");
        assert_eq!(after("xe\u{301}\u{323}\x7f"), "x|");
        assert_eq!(after("e\u{301}x\x1b[D\x1b[D\x04"), "|x");
        assert_eq!(after("one  two  \x17"), "one  |");
        assert_eq!(after("one two\x17\x17\x17"), "|");
        assert_eq!(after("one two\x1b[D\x1b[D\x15"), "|wo");
        assert_eq!(after("one two\x1b[D\x1b[D\x0b"), "one t|");
        assert_eq!(after("\x7f\x7fa\x1b[3~"), "a|");
    }

    #[test]
    fn the_cursor_moves_over_whole_characters() {
        assert_eq!(after("a日b\x1b[D\x1b[Dx"), "ax|日b");
        assert_eq!(after("ab\x1b[Hx\x1b[Fy"), "xaby|");
        assert_eq!(after("ab\x1bOHx\x1bOFy"), "xaby|");
        assert_eq!(after("ab\x1b[1~x\x1b[4~y\x01\x02z\x05\x06"), "zxaby|");
        assert_eq!(after("日\x1b[D\x1b[Da\x1b[C\x1b[Cb"), "a日b|");
    }

    #[test]
    fn what_is_no_key_of_ours_is_swallowed_whole() {
        for sequence in [
            "\x1b[15~",
            "\x1b[1;5P",
            "\x1b[[A",
            "\x1bx",
            "\x1b[<35;1;2M",
            "\x1bOP",
            "\x1b]11;rgb:ff/ff/ff\x07",
            "\x1b]0;x\x1b\\",
            "\x1bP1$r0m\x1b\\",
            "\x00\x07",
            "\x1b[999999999999999~",
            "\u{9b}",
            "\u{202e}",
            "\x1b\x1b[15~",
            "\x1b[200~",
        ] {
            assert_eq!(after(format!("a{sequence}b")), "ab|", "{sequence:?}");
        }
        assert_eq!(after("\x1b]0;never ended\nhello"), "hello|");
    }

    #[test]
    fn up_and_down_walk_through_what_was_entered() {
        assert_eq!(after("one\ntwo\n\ntwo\ndraft\x1b[A"), "two|");
        assert_eq!(after("one\ntwo\ndraft\x1b[A\x1b[A\x1b[A"), "one|");
        assert_eq!(after("one\ntwo\ndraft\x1b[A\x1b[A\x1b[B"), "two|");
        assert_eq!(after("one\ndraft\x1b[A\x1b[B\x1b[B"), "draft|");
        assert_eq!(after("\x1b[A\x1b[B"), "|");
        let many: String = (0..200).map(|n| format!("{n}\n")).collect();
        assert_eq!(after(many + &"\x1b[A".repeat(300)), "100|");
    }

    #[test]
    fn a_line_is_entered_and_the_next_one_is_empty() {
        let mut editor = typed("one\x1b[D");
        assert_eq!(editor.push(b'\r'), Change::Entered("one".to_owned()));
        assert_eq!((editor.line(), editor.before_cursor()), ("", ""));
        assert_eq!(editor.push(b'\n'), Change::Entered(String::new()));
    }

    #[test]
    fn a_line_takes_a_thousand_bytes_and_not_one_more() {
        let mut editor = typed("x".repeat(LONGEST_LINE - 2));
        let mut last = Change::Nothing;
        "日".bytes().for_each(|byte| last = editor.push(byte));
        assert_eq!((last, editor.line().len()), (Change::Full, LONGEST_LINE - 2));
        assert_eq!(
            (editor.push(b'y'), editor.push(b'y')),
            (Change::Edited, Change::Edited)
        );
        assert_eq!(
            (editor.push(b'y'), editor.line().len()),
            (Change::Full, LONGEST_LINE)
        );
    }

    #[test]
    fn control_d_ends_an_empty_line_only() {
        assert_eq!(typed("").push(0x04), Change::Ended);
        assert_eq!(typed("a").push(0x04), Change::Edited);
        assert_eq!(typed("a").push(0x0c), Change::Cleared);
        assert_eq!(typed("a").push(0x1a), Change::Paused);
    }
}
