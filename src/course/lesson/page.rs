//! A page of a lesson on a screen: Markdown in, lines out.
//!
//! Only what the pages use is understood: headings, paragraphs, lists, tables, blocks of
//! code, one folded answer; and within a line code, bold, italics and links.

use crate::kit::text::{pad, width};
use crate::kit::view::Ink;

/// What stands between two empty lines, more or less.
#[derive(Debug, PartialEq, Eq)]
enum Block<'a> {
    Heading(&'a str),
    Paragraph(String),
    Item(String),
    Code(Vec<&'a str>),
    Table(Vec<Vec<&'a str>>),
    /// The answer to the prediction. It stays folded.
    Answer,
}

/// A character, and how it looks.
type Styled = Vec<(char, Style)>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Plain,
    Bold,
    Italic,
    Code,
}

/// How far a list item and a block of code stand from the edge.
const INDENT: usize = 2;

/// The page in lines of at most `columns`. Lines of code are as long as they are.
/// `answer` stands in place of the folded answer.
pub(super) fn show(page: &str, columns: usize, ink: Ink, answer: &str) -> String {
    let mut shown = String::new();
    let mut before = None;
    for block in blocks(page) {
        let is_item = matches!(block, Block::Item(_));
        if before.is_some_and(|was_item| !(was_item && is_item)) {
            shown.push('\n');
        }
        before = Some(is_item);
        match &block {
            Block::Heading(text) => {
                shown.push_str(&ink.bold(text));
                shown.push('\n');
            }
            Block::Paragraph(text) => push(&mut shown, text, ["", ""], columns, ink),
            Block::Item(text) => push(&mut shown, text, ["- ", "  "], columns, ink),
            Block::Code(lines) => {
                for line in lines {
                    let line = format!("{:INDENT$}{line}", "");
                    shown.push_str(&ink.code(line.trim_end()));
                    shown.push('\n');
                }
            }
            Block::Table(rows) => push_table(&mut shown, rows, columns, ink),
            Block::Answer => push(&mut shown, answer, ["", ""], columns, ink),
        }
    }
    shown
}

fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut lines = page.lines().peekable();
    // Does the text go on, or does a new paragraph begin?
    let mut open = false;
    while let Some(line) = lines.next() {
        let goes_on = std::mem::take(&mut open);
        if line.starts_with("```") {
            blocks
                .push(Block::Code(lines.by_ref().take_while(|l| *l != "```").collect()));
        } else if line.starts_with("<details>") {
            lines.by_ref().take_while(|line| *line != "</details>").for_each(drop);
            blocks.push(Block::Answer);
        } else if line.starts_with('#') {
            blocks.push(Block::Heading(line.trim_start_matches(['#', ' '])));
        } else if line.starts_with('|') {
            let mut rows = vec![cells(line)];
            while let Some(row) = lines.next_if(|line| line.starts_with('|')) {
                rows.push(cells(row));
            }
            rows.retain(|row| !row.iter().all(|cell| cell.trim_matches('-').is_empty()));
            blocks.push(Block::Table(rows));
        } else if let Some(item) = line.strip_prefix("- ") {
            blocks.push(Block::Item(item.to_owned()));
            open = true;
        } else if !line.is_empty() {
            match blocks.last_mut().filter(|_| goes_on) {
                Some(Block::Paragraph(text) | Block::Item(text)) => {
                    text.push(' ');
                    text.push_str(line.trim_start());
                }
                _ => blocks.push(Block::Paragraph(line.to_owned())),
            }
            open = true;
        }
    }
    blocks
}

fn cells(row: &str) -> Vec<&str> {
    row.trim_matches('|').split('|').map(str::trim).collect()
}

/// Text in lines: the first behind `heads[0]`, the others behind `heads[1]`.
fn push(shown: &mut String, text: &str, heads: [&str; 2], columns: usize, ink: Ink) {
    let lines = wrap(styled(text, ink), columns - heads[0].len());
    for (i, line) in lines.iter().enumerate() {
        shown.push_str(heads[i.min(1)]);
        shown.push_str(&painted(line, ink));
        shown.push('\n');
    }
}

/// Columns as wide as their widest cell; what is left is the last one's, which is broken
/// into lines.
fn push_table(shown: &mut String, rows: &[Vec<&str>], columns: usize, ink: Ink) {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let cell = |row: &Vec<&str>, at: usize| styled(row.get(at).unwrap_or(&""), ink);
    let widths: Vec<usize> = (0..count)
        .map(|at| rows.iter().map(|row| length(&cell(row, at))).max().unwrap_or(0))
        .collect();
    let (_, firsts) = widths.split_last().unwrap_or((&0, &[]));
    let before = INDENT + firsts.iter().map(|width| width + 2).sum::<usize>();
    for row in rows {
        let mut line = " ".repeat(INDENT);
        for (at, width) in firsts.iter().enumerate() {
            let cell = cell(row, at);
            line.push_str(&painted(&cell, ink));
            line.push_str(&" ".repeat(width - length(&cell) + 2));
        }
        let last = wrap(cell(row, firsts.len()), columns.saturating_sub(before).max(10));
        for (i, part) in last.iter().enumerate() {
            let head = if i == 0 { line.clone() } else { pad("", before) };
            shown.push_str(format!("{head}{}", painted(part, ink)).trim_end());
            shown.push('\n');
        }
    }
}

/// Marks become looks. Without colours the marks of code stay, so that it can be told
/// from the words around it.
fn styled(text: &str, ink: Ink) -> Styled {
    let mut out = Styled::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (style, mark) = match first {
            '`' => (Style::Code, "`"),
            '*' if rest.starts_with("**") => (Style::Bold, "**"),
            '*' => (Style::Italic, "*"),
            _ => (Style::Plain, ""),
        };
        let inside = rest.get(mark.len()..).and_then(|rest| rest.split_once(mark));
        // A star before a space marks nothing.
        let marks = |inside: &str| style == Style::Code || !inside.starts_with(' ');
        let inside = inside.filter(|(inside, _)| style != Style::Plain && marks(inside));
        if let Some((inside, behind)) = inside {
            let marked = style == Style::Code && !ink.0;
            let mark = if marked { "`" } else { "" };
            out.extend(format!("{mark}{inside}{mark}").chars().map(|c| (c, style)));
            rest = behind;
        } else if let Some((text, target, behind)) = link(rest) {
            let bracket = matches!(out.last(), Some(('(', _)));
            let place = where_to(text, target).map_or(String::new(), |place| {
                if bracket { format!(", {place}") } else { format!(" ({place})") }
            });
            out.extend(styled(&format!("{text}{place}"), ink));
            rest = behind;
        } else {
            out.push((first, Style::Plain));
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    out
}

/// `[text](target)` at the beginning, and what is behind it.
fn link(text: &str) -> Option<(&str, &str, &str)> {
    let (text, rest) = text.strip_prefix('[')?.split_once("](")?;
    let (target, behind) = rest.split_once(')')?;
    Some((text, target, behind))
}

/// What a link says that its text does not.
fn where_to(text: &str, target: &str) -> Option<String> {
    let target = target.trim_start_matches("../");
    let number = target.get(..2).filter(|number| number.parse::<u8>().is_ok());
    match number {
        Some(number) => Some(format!("`sockdemo lesson {number}`")),
        None if target.contains(text) => None,
        None => Some(target.to_owned()),
    }
}

/// Breaks text at its spaces into lines of at most `columns`. Code is not broken.
fn wrap(text: Styled, columns: usize) -> Vec<Styled> {
    let mut lines = vec![Styled::new()];
    for word in text.split(|(c, style)| *c == ' ' && *style != Style::Code) {
        let Some(line) = lines.last_mut() else { return lines };
        let gap = usize::from(!line.is_empty());
        if !line.is_empty() && length(line) + gap + length(word) > columns {
            lines.push(word.to_vec());
        } else {
            // A gap inside of bold words looks like the words around it.
            let style = match (line.last(), word.first()) {
                (Some((_, before)), Some((_, behind))) if before == behind => *before,
                _ => Style::Plain,
            };
            line.extend(vec![(' ', style); gap]);
            line.extend(word);
        }
    }
    lines
}

fn length(text: &[(char, Style)]) -> usize {
    width(&text.iter().map(|(c, _)| c).collect::<String>())
}

fn painted(text: &[(char, Style)], ink: Ink) -> String {
    let mut out = String::new();
    for run in text.chunk_by(|(_, one), (_, other)| one == other) {
        let words: String = run.iter().map(|(c, _)| c).collect();
        out.push_str(&match run.first().map(|(_, style)| *style) {
            Some(Style::Bold) => ink.bold(&words),
            Some(Style::Italic) => ink.italic(&words),
            Some(Style::Code) => ink.code(&words),
            Some(Style::Plain) | None => words,
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(page: &str) -> String {
        show(page, 30, Ink(false), "(folded)")
    }

    #[test]
    fn a_page_becomes_lines() {
        let page = "# 5. Bytes\n\n**Why?**\n\n\
            A *stream* of bytes.\nIt has no `edges`, none at all.\n";
        let shown = "5. Bytes\n\nWhy?\n\n\
            A stream of bytes. It has no\n`edges`, none at all.\n";
        assert_eq!(plain(page), shown);
        let coloured = show("A *stream* of `bytes`.", 80, Ink(true), "");
        assert_eq!(coloured, "A \x1b[3mstream\x1b[0m of \x1b[36mbytes\x1b[0m.\n");
    }

    #[test]
    fn lists_hang_and_code_stays_as_it_is() {
        let page = "- **a.** one and two and three and four\n- **b.** short\n\n\
            ```rust\nlet x = \"a long line that is not broken\";\n\nend\n```\n";
        let shown = "- a. one and two and three and\n  four\n- b. short\n\n  \
            let x = \"a long line that is not broken\";\n\n  end\n";
        assert_eq!(plain(page), shown);
    }

    #[test]
    fn a_command_is_not_broken() {
        let page = "To see all of it again: `sockdemo myth F6`.\n";
        assert_eq!(plain(page), "To see all of it again:\n`sockdemo myth F6`.\n");
    }

    #[test]
    fn an_answer_stays_folded() {
        let page = "before\n\n<details><summary>Answer</summary>\n\n\
            **c.** secret\n\n</details>\n\n## Next\n";
        assert_eq!(plain(page), "before\n\n(folded)\n\nNext\n");
    }

    #[test]
    fn tables_stand_in_columns() {
        let page =
            "| word | meaning |\n|---|---|\n| `a` | one and two and three and four |\n";
        let shown = "  word  meaning\n  `a`   one and two and three\n        and four\n";
        assert_eq!(plain(page), shown);
    }

    #[test]
    fn links_say_where_they_lead() {
        let page = "[src/a.rs](../../src/a.rs)";
        assert_eq!(plain(page), "src/a.rs\n");
        assert_eq!(
            plain("[framing](../06-framing/README.md)."),
            "framing\n(`sockdemo lesson 06`).\n"
        );
        assert_eq!(plain("[words](../a.md)"), "words (a.md)\n");
        assert_eq!(
            plain("ends ([7](../07-closing/README.md))"),
            "ends (7, `sockdemo lesson 07`)\n"
        );
        assert_eq!(plain("5 * 3 [x] `a*b`"), "5 * 3 [x] `a*b`\n");
    }
}
