//! The line that is being typed stays whole while other things are written above it.
//!
//! Three threads write on one screen: the one that types, the one that receives, and the
//! log. Each takes the line away, writes its own and draws the line again, in one write.
//! That is what the lock is for: there is one screen, and one cursor on it.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::kit::terminal;
use crate::kit::text::{split_at_width, width};

const MARK: &str = "> ";

/// From the first column, nothing to the right of it.
const ERASE: &str = "\r\x1b[K";

/// The line at the bottom of the screen.
static TYPED: Mutex<Typed> = Mutex::new(Typed { line: String::new(), cursor: 0 });

/// Is there one? Looked at before the lock, so that a program without a prompt never makes
/// its two outputs wait for each other.
static OPEN: AtomicBool = AtomicBool::new(false);

/// What is being typed, and how many bytes of it stand before the cursor.
#[derive(Default)]
struct Typed {
    line: String,
    cursor: usize,
}

/// Is a line being typed?
pub fn is_open() -> bool {
    OPEN.load(Ordering::Relaxed)
}

/// Writes `bytes` on lines of their own above the line being typed.
pub fn write_above(bytes: &[u8], to: &mut impl Write) -> io::Result<()> {
    // A colour may end behind its line.
    let text = bytes.strip_suffix(b"\x1b[0m").unwrap_or(bytes);
    let end: &[u8] = if text.ends_with(b"\n") { b"" } else { b"\n" };
    let typed = typed();
    if !is_open() {
        return put(to, &[bytes]); // It was closed while we waited for the lock.
    }
    put(to, &[ERASE.as_bytes(), bytes, end, typed.picture().as_bytes()])
}

/// A line for typing. Dropping it gives the terminal back.
#[derive(Debug)]
pub struct Prompt(());

impl Prompt {
    /// Takes the keyboard, if both it and the screen are terminals that can do this.
    pub fn open() -> Option<Prompt> {
        let dumb = std::env::var_os("TERM").is_none_or(|name| name == "dumb");
        let is_terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
        if dumb || !is_terminal || terminal::keys_one_by_one().is_err() {
            return None;
        }
        OPEN.store(true, Ordering::Relaxed);
        let prompt = Prompt(());
        prompt.draw("", 0);
        Some(prompt)
    }

    /// Shows `line`, with the cursor behind so many bytes of it.
    pub fn draw(&self, line: &str, cursor: usize) {
        let mut typed = typed();
        *typed = Typed { line: line.to_owned(), cursor };
        show(&[typed.picture()]);
    }

    /// The line stays where it is, as it was typed, and a new one begins below it.
    pub fn leave(&self, line: &str, remark: &str) {
        let mut typed = typed();
        *typed = Typed::default();
        show(&[format!("{ERASE}{MARK}{line}{remark}\n"), typed.picture()]);
    }

    /// Ctrl-L: an empty screen with nothing but this line.
    pub fn clear_screen(&self) {
        show(&["\x1b[H\x1b[2J".to_owned(), typed().picture()]);
    }

    /// A key was not taken.
    pub fn ring(&self) {
        let _typed = typed();
        show(&["\x07".to_owned()]);
    }

    /// Ctrl-Z: the shell has the terminal until somebody types `fg`. Only the main thread
    /// may ask for it. Others wait with what they write, or it would be the shell's screen.
    pub fn pause(&self) {
        let typed = typed();
        show(&[ERASE.to_owned()]);
        terminal::restore();
        terminal::pause();
        let _ = terminal::keys_one_by_one(); // Then keys come line by line, and still come.
        show(&[typed.picture()]);
    }
}

impl Drop for Prompt {
    fn drop(&mut self) {
        let typed = typed();
        // What was typed and not sent stays to be read.
        let end = if typed.line.is_empty() { ERASE } else { "\n" };
        show(&[end.to_owned()]);
        OPEN.store(false, Ordering::Relaxed);
        terminal::restore();
    }
}

impl Typed {
    fn picture(&self) -> String {
        picture(&self.line, self.cursor, terminal::columns())
    }
}

fn typed() -> MutexGuard<'static, Typed> {
    TYPED.lock().unwrap_or_else(PoisonError::into_inner)
}

fn show(parts: &[String]) {
    let parts: Vec<_> = parts.iter().map(String::as_bytes).collect();
    let _ = put(&mut io::stdout(), &parts); // Without a screen nobody misses the line.
}

/// In one write, so that nobody sees the screen without the line.
fn put(to: &mut impl Write, parts: &[&[u8]]) -> io::Result<()> {
    to.write_all(&parts.concat())?;
    to.flush()
}

/// The line in one row. What does not fit is left out, on the left first; the last column
/// stays free, because a terminal goes to the next row when it is filled.
fn picture(line: &str, cursor: usize, columns: usize) -> String {
    let room = columns.saturating_sub(MARK.len() + 1);
    let (before, behind) = line.split_at(cursor);
    let mut shown = before;
    while width(shown) > room {
        // A mark that stands on the character goes with it.
        let has_width = |(_, c): &(usize, char)| width(c.encode_utf8(&mut [0; 4])) > 0;
        let next = shown.char_indices().skip(1).find(has_width);
        shown = next.map_or("", |(at, _)| &shown[at..]);
    }
    let column = MARK.len() + width(shown);
    let (behind, _) = split_at_width(behind, room - width(shown));
    format!("\r{MARK}{shown}{behind}\x1b[K\r\x1b[{column}C")
}

#[cfg(test)]
mod tests {
    use super::picture;

    /// What is in the row, and the column of the cursor.
    fn drawn(line: &str, cursor: usize, columns: usize) -> (String, usize) {
        let picture = picture(line, cursor, columns);
        let (row, rest) = picture.split_once("\x1b[K\r\x1b[").unwrap();
        (
            row.trim_start_matches('\r').to_owned(),
            rest.trim_end_matches('C').parse().unwrap(),
        )
    }

    #[test]
    fn a_line_that_fits_is_shown_whole() {
        assert_eq!(drawn("", 0, 80), ("> ".to_owned(), 2));
        assert_eq!(drawn("hello", 2, 80), ("> hello".to_owned(), 4));
        assert_eq!(drawn("日本", 3, 80), ("> 日本".to_owned(), 4));
        assert_eq!(drawn("e\u{301}x", 3, 80), ("> e\u{301}x".to_owned(), 3));
    }

    #[test]
    fn a_longer_line_is_pushed_sideways_and_never_fills_the_row() {
        assert_eq!(drawn("0123456789", 10, 10), ("> 3456789".to_owned(), 9));
        assert_eq!(drawn("0123456789", 8, 10), ("> 1234567".to_owned(), 9));
        assert_eq!(drawn("0123456789", 0, 10), ("> 0123456".to_owned(), 2));
        assert_eq!(drawn("日本語文字", 15, 10), ("> 語文字".to_owned(), 8));
        assert_eq!(drawn("日本語文字", 0, 10), ("> 日本語".to_owned(), 2));
        assert_eq!(drawn("ae\u{301}bcdefgh", 11, 10), ("> bcdefgh".to_owned(), 9));
    }

    #[test]
    fn a_screen_without_room_shows_the_mark_only() {
        for columns in 1..4 {
            assert_eq!(drawn("hello", 5, columns).1, 2, "{columns}");
        }
    }
}
