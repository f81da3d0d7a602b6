//! `--dump`: every byte that passes, as a number and as a character.

use crate::demos::forward::direction::Direction;
use crate::kit::output;
use crate::kit::text::count;

/// As many bytes in a row as fit on a line of 80 columns, with room for CR and LF.
const IN_A_ROW: usize = 12;

/// Shows what passes in one direction of one connection, on standard output.
#[derive(Clone, Debug)]
pub(super) struct Dump {
    /// `1 up`; nothing if nothing is to be shown.
    name: Option<String>,
}

impl Dump {
    /// For one direction, if it is wanted.
    pub(super) fn of(wanted: bool, number: u32, direction: Direction) -> Dump {
        Dump { name: wanted.then(|| format!("{number} {}", direction.name())) }
    }

    /// Shows these bytes. Nobody may be reading: that is no reason to stop forwarding.
    pub(super) fn show(&self, bytes: &[u8]) {
        if let Some(name) = self.name.as_ref().filter(|_| !bytes.is_empty()) {
            let _ = output::payload(page(name, bytes).as_bytes());
        }
    }
}

/// A heading, and rows that end with each line of the text.
fn page(name: &str, bytes: &[u8]) -> String {
    let mut page = format!("{name}: {} B\n", count(bytes.len() as u64));
    let mut at = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        // A CR and LF are never put into a row of their own.
        let text = line.len()
            - line.ends_with(b"\n") as usize
            - line.ends_with(b"\r\n") as usize;
        let mut rest = line;
        while !rest.is_empty() {
            let left = text.saturating_sub(line.len() - rest.len());
            let length =
                if left > IN_A_ROW { IN_A_ROW } else { rest.len().min(IN_A_ROW + 2) };
            let (row, behind) = rest.split_at(length);
            page.push_str(&self::row(at, row));
            at += row.len();
            rest = behind;
        }
    }
    page
}

/// `   12  65 6c 6c 6f 0d 0a   ello CR LF`
fn row(at: usize, bytes: &[u8]) -> String {
    let hex: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let text = bytes.iter().fold(String::new(), |text, byte| match byte {
        b'\r' => text + " CR",
        b'\n' => text + " LF",
        b' '..=b'~' => text + &char::from(*byte).to_string(),
        _ => text + "·",
    });
    let width = 3 * (IN_A_ROW + 2);
    format!("{at:>8}  {:<width$} {text}\n", hex.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_text_are_lines_of_the_dump() {
        let shown = page("1 up", b"GET / HTTP/1.1\r\nA: b\n\r\n\xff\0");
        let expected = "\
1 up: 25 B
       0  47 45 54 20 2f 20 48 54 54 50 2f 31        GET / HTTP/1
      12  2e 31 0d 0a                                .1 CR LF
      16  41 3a 20 62 0a                             A: b LF
      21  0d 0a                                       CR LF
      23  ff 00                                      ··
";
        assert_eq!(shown, expected);
        assert!(shown.lines().all(|line| line.chars().count() <= 80));
    }

    #[test]
    fn every_byte_is_shown_once_in_80_columns() {
        for length in 0..60 {
            for end in [&b""[..], b"\n", b"\r\n", b"\r"] {
                let bytes = [&vec![b'a'; length][..], end].concat();
                let shown = page("1 up", &bytes);
                assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
                let numbers: usize = shown
                    .lines()
                    .skip(1)
                    .map(|line| line.get(10..51).unwrap().split_whitespace().count())
                    .sum();
                assert_eq!(numbers, bytes.len(), "{shown}");
            }
        }
    }
}
