//! Text that goes to a person: strangers' bytes made safe, numbers made readable, lines
//! kept inside the screen.

use std::time::Duration;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How wide every page is. A projector shows it, and half a laptop screen.
pub const WIDTH: usize = 80;

/// The most columns of a preview: enough to recognise a message, short enough for a
/// line.
pub const PREVIEW: usize = 24;

/// Makes a stranger's bytes safe to print: no control characters, no invisible ones, no
/// change of direction. Readable text in any script stays as it is.
pub fn safe(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            push_safe(&mut out, c);
        }
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    out
}

/// The same for text in lines: they still end where they ended, and tabs are still tabs.
pub fn safe_lines(bytes: &[u8]) -> String {
    let parts = bytes.split_inclusive(|byte| matches!(byte, b'\n' | b'\t'));
    let safe = parts.map(|part| match part.split_last() {
        Some((b'\n', line)) => safe(line.strip_suffix(b"\r").unwrap_or(line)) + "\n",
        Some((b'\t', column)) => safe(column) + "\t",
        _ => safe(part),
    });
    // Nothing else is told by a backslash here, so one that was sent may stand for itself.
    safe.collect::<String>().replace(r"\\", r"\")
}

/// The same for text that has been made safe once and then stored, where somebody may
/// have changed it: what is escaped stays as it is.
pub fn still_safe(text: &str) -> String {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.to_owned();
    }
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\\' => out.push(c),
            c => push_safe(&mut out, c),
        }
    }
    out
}

fn push_safe(out: &mut String, c: char) {
    match c {
        '"' | '\'' => out.push(c),
        c if is_invisible(c) => out.extend(c.escape_unicode()),
        c if is_mark(c) && !out.is_empty() => out.push(c),
        c => out.extend(c.escape_debug()),
    }
}

/// An accent, or a vowel's sign: with a letter before it, it is part of readable text.
fn is_mark(c: char) -> bool {
    let is_shown = |text: &str| text.escape_debug().count() == text.chars().count();
    !is_shown(c.encode_utf8(&mut [0; 4])) && is_shown(&format!("x{c}"))
}

/// Letters and marks, by their category, that show nothing: fillers, joiners, selectors.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{34f}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{ffa0}'
            | '\u{e0100}'..='\u{e01ef}'
    )
}

/// The beginning of `bytes` in quotes, with `…` behind it if there is more. What is no text
/// is shown byte by byte: two bytes of a mask may look like a letter.
pub fn preview(bytes: &[u8], total: usize) -> String {
    let mut shown = String::new();
    let mut whole = bytes.len() == total;
    let mut left = PREVIEW;
    let looked_at =
        bytes.len() - if bytes.len() < total { cut_character(bytes) } else { 0 };
    let bytes = &bytes[..looked_at];
    let pieces: Box<dyn Iterator<Item = String>> = match std::str::from_utf8(bytes) {
        Ok(text) => {
            Box::new(text.chars().map(|c| safe(c.encode_utf8(&mut [0; 4]).as_bytes())))
        }
        Err(_) => Box::new(bytes.iter().map(|byte| shown_alone(*byte))),
    };
    for piece in pieces {
        let length = width(&piece);
        if length > left {
            whole = false;
            break;
        }
        left -= length;
        shown.push_str(&piece);
    }
    format!("\"{shown}\"{}", if whole { "" } else { "…" })
}

/// A byte that is no part of a character.
fn shown_alone(byte: u8) -> String {
    match byte {
        b'"' | b'\'' => char::from(byte).to_string(),
        _ => byte.escape_ascii().to_string(),
    }
}

/// How many bytes at the end are the beginning of a character whose end is not there.
pub fn cut_character(bytes: &[u8]) -> usize {
    let last = bytes.utf8_chunks().last().map_or(&[][..], |chunk| chunk.invalid());
    let goes_on = |cut| std::str::from_utf8(cut).is_err_and(|e| e.error_len().is_none());
    if bytes.ends_with(last) && goes_on(last) { last.len() } else { 0 }
}

/// 1234567 as `1,234,567`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 client`, `2 clients`.
pub fn several(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

/// A length of time as a person says it: `40 µs`, `2.1 ms`, `2.1 s`.
pub fn duration(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1000.0;
    match ms {
        ..0.9995 => format!("{:.0} µs", ms * 1000.0),
        ..9.95 => format!("{ms:.1} ms"),
        ..999.5 => format!("{ms:.0} ms"),
        _ => format!("{:.1} s", ms / 1000.0),
    }
}

/// Reads a number of seconds from the command line: `2`, `0.5`.
pub fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(s) if (0.001..=1e6).contains(&s) => Ok(Duration::from_secs_f64(s)),
        _ => {
            Err("give seconds as a number from 0.001 to 1000000, such as 2 or 0.5"
                .to_owned())
        }
    }
}

/// Reads a number of bytes from the command line: `125`, `64K`, `16M`.
pub fn size(text: &str) -> Result<usize, String> {
    let (digits, unit) = match text.as_bytes().last() {
        Some(b'k' | b'K') => (&text[..text.len() - 1], 1024),
        Some(b'm' | b'M') => (&text[..text.len() - 1], 1024 * 1024),
        _ => (text, 1),
    };
    match digits.parse::<usize>().ok().and_then(|n| n.checked_mul(unit)) {
        Some(bytes @ 1..=0x7fff_ffff) => Ok(bytes),
        _ => Err("give bytes from 1 to 2047M, such as 1000, 64K or 16M".to_owned()),
    }
}

/// How many columns of a terminal the text takes: some characters take two, some none.
pub fn width(text: &str) -> usize {
    text.width()
}

/// The text, filled with spaces up to `columns`.
pub fn pad(text: &str, columns: usize) -> String {
    format!("{text}{:gap$}", "", gap = columns.saturating_sub(width(text)))
}

/// As much of the text as fits into `columns`, and the rest.
pub fn split_at_width(text: &str, columns: usize) -> (&str, &str) {
    let mut used = 0;
    let fits = |c: &char| {
        used += c.width().unwrap_or(0);
        used <= columns
    };
    text.split_at(text.chars().take_while(fits).map(char::len_utf8).sum())
}

/// Breaks `text` at its spaces into lines of at most `columns`. A word that is longer than
/// a line is cut.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for mut word in text.split(' ') {
        loop {
            let Some(line) = lines.last_mut() else { return lines };
            let gap = if line.is_empty() { "" } else { " " };
            if width(line) + gap.len() + width(word) <= columns {
                line.push_str(gap);
                line.push_str(word);
                break;
            }
            if line.is_empty() {
                let (head, rest) = split_at_width(word, columns);
                line.push_str(head);
                word = rest;
            }
            lines.push(String::new());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_text_cannot_move_the_cursor() {
        assert_eq!(safe(b"a\x1b[2Jb\r\n\x07\xff"), r"a\u{1b}[2Jb\r\n\u{7}\xff");
        assert_eq!(still_safe("\x1b[2J\\n"), r"\u{1b}[2J\n");
        assert_eq!(safe(b"\\n"), r"\\n");
        assert_eq!(safe_lines(b"a\tb\r\n\x1b[2J\rc\\"), "a\tb\n\\u{1b}[2J\\rc\\");
        assert_eq!(safe("ok \u{202e}txt\u{200b}".as_bytes()), r"ok \u{202e}txt\u{200b}");
        let marks = "cafe\u{301} नमस्ते กีฬา";
        assert_eq!(safe(marks.as_bytes()), marks, "an accent belongs to its letter");
        assert_eq!(
            safe("\u{301}x\u{fe0f}\u{3164}".as_bytes()),
            r"\u{301}x\u{fe0f}\u{3164}"
        );
        assert_eq!(safe("é 日本 \"it's\"".as_bytes()), "é 日本 \"it's\"");
    }

    #[test]
    fn preview_says_when_there_is_more() {
        assert_eq!(preview(b"hello\n", 6), r#""hello\n""#);
        assert_eq!(preview(b"hello", 6), r#""hello"…"#);
        assert_eq!(preview(&[b'a'; 40], 40), format!("\"{}\"…", "a".repeat(24)));
        assert_eq!(preview("ab\u{e9}".as_bytes().split_at(3).0, 9), r#""ab"…"#);
        assert_eq!(preview(b"\xff\xfe", 2), r#""\xff\xfe""#);
        assert_eq!(preview(b"\x81\x85\xc4\xa4\"n", 6), r#""\x81\x85\xc4\xa4"n""#);
        assert_eq!(preview(&[0xff; 96], 200), format!("\"{}\"…", "\\xff".repeat(6)));
        assert_eq!(
            preview(b"\x1b\x1b\x1b\x1b\x1b\x1b", 6),
            r#""\u{1b}\u{1b}\u{1b}\u{1b}"…"#
        );
    }

    #[test]
    fn wrapped_lines_lose_nothing_and_fit() {
        let lines = wrap("one  two three abcdefghijklmnop", 8);
        assert_eq!(
            lines,
            ["one  two", "three", "abcdefgh", "ijklmnop"].map(str::to_owned)
        );
        assert!(lines.iter().all(|line| line.chars().count() <= 8));
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(
            [1, 999, 1000, 1234567].map(count),
            ["1", "999", "1,000", "1,234,567"]
        );
        let times = [0.00004, 0.0021, 0.0153, 2.08].map(Duration::from_secs_f64);
        assert_eq!(times.map(duration), ["40 µs", "2.1 ms", "15 ms", "2.1 s"]);
        assert!(
            seconds("0").is_err() && seconds("nan").is_err() && seconds("-1").is_err()
        );
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        let sizes = ["1", "64K", "16m", "2047M"].map(|text| size(text).unwrap());
        assert_eq!(sizes, [1, 65_536, 16_777_216, 2_146_435_072]);
        for wrong in ["", "0", "K", "-1", "1G", "2048M", "1.5M", "99999999999999999999"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}
