//! Puts a row of the ladder on the page: as a picture in 80 columns, or as a sentence.

use crate::kit::event::Event;
use crate::kit::text::{WIDTH, pad, split_at_width, still_safe, width, wrap};
use crate::kit::view::{Ink, NOT_KNOWN};

/// Where the left line stands, and the right one.
const LEFT: usize = 2;
const RIGHT: usize = 43;

/// What fits between the lines, and beside the right one.
const BETWEEN: usize = RIGHT - LEFT - 3;
const BESIDE: usize = WIDTH - RIGHT - 2;

/// What stands before a note.
const NOTE: usize = 6;

/// Where a detail begins behind the name of its call.
const NAME: usize = 11;

/// The client stands on the left, the server on the right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Side {
    Left,
    Right,
}

impl Side {
    /// Whose event is this?
    pub fn of(event: &Event) -> Side {
        if event.who == "client" { Side::Left } else { Side::Right }
    }

    /// The other one.
    pub fn other(self) -> Side {
        match self {
            Side::Left => Side::Right,
            Side::Right => Side::Left,
        }
    }
}

/// What happened at the same time, or as cause and effect.
#[derive(Debug, Default)]
pub struct Row {
    left: Option<Cell>,
    right: Option<Cell>,
    empty: Cell,
    note: Option<String>,
    /// What went from one side to the other.
    pub arrow: Option<Arrow>,
    /// Nobody knows whether this came before or after what the other side did last.
    pub unordered: bool,
}

/// One side's call.
#[derive(Debug, Default)]
pub struct Cell {
    call: &'static str,
    connection: Option<u32>,
    /// What was observed.
    pub detail: String,
}

/// A transfer.
#[derive(Debug)]
pub struct Arrow {
    /// Where it starts.
    pub from: Side,
    /// What goes over.
    pub label: String,
}

impl Cell {
    /// The call of this event, with this to say.
    pub fn new(event: &Event, detail: String) -> Cell {
        let connection = event.connection.filter(|number| *number > 1);
        Cell { call: event.call.map_or("", |call| call.name()), connection, detail }
    }

    /// The detail, and which client it is about if there are several.
    fn words(&self) -> String {
        let detail = still_safe(&self.detail);
        self.connection.map_or(detail.clone(), |number| format!("#{number} {detail}"))
    }
}

impl Row {
    /// Words of the program about itself.
    pub fn note(words: &str, event: &Event) -> Row {
        let who = if event.who.is_empty() { "log" } else { &event.who };
        Row {
            note: Some(format!("{who}: {words}")),
            unordered: event.unordered,
            ..Row::default()
        }
    }

    /// One side of the row.
    pub fn cell_mut(&mut self, side: Side) -> &mut Cell {
        match side {
            Side::Left => self.left.get_or_insert_default(),
            Side::Right => self.right.get_or_insert_default(),
        }
    }

    /// Has this side anything in this row?
    pub fn has(&self, side: Side) -> bool {
        match side {
            Side::Left => self.left.is_some(),
            Side::Right => self.right.is_some(),
        }
    }

    fn cell(&self, side: Side) -> &Cell {
        let cell = match side {
            Side::Left => &self.left,
            Side::Right => &self.right,
        };
        cell.as_ref().unwrap_or(&self.empty)
    }
}

/// How rows look.
#[derive(Debug)]
pub struct Drawing {
    ink: Ink,
    sentences: bool,
    begun: bool,
    /// Has the client, has the server done anything yet?
    seen: [bool; 2],
    /// Which sides the last row had.
    last: [bool; 2],
    marked: bool,
}

impl Drawing {
    /// A picture.
    pub fn picture(ink: Ink) -> Drawing {
        Drawing {
            ink,
            sentences: false,
            begun: false,
            seen: [false; 2],
            last: [false; 2],
            marked: false,
        }
    }

    /// The same rows as sentences, for a screen reader.
    pub fn sentences(ink: Ink) -> Drawing {
        Drawing { sentences: true, ..Drawing::picture(ink) }
    }

    /// Appends a row to the page.
    pub fn draw(&mut self, row: &Row, page: &mut String) {
        // A side that stands in both rows orders them.
        let now = [row.has(Side::Left), row.has(Side::Right)];
        let together = (now[0] && self.last[0]) || (now[1] && self.last[1]);
        let marked = row.unordered && !together && self.last != [false; 2];
        let mark = if marked { "~" } else { " " };
        self.marked |= marked;
        self.last = now;
        if self.sentences {
            self.begun = true;
            return push_wrapped(page, &format!("{mark} {}", sentence(row)));
        }
        if !self.begun {
            self.begun = true;
            push_line(
                page,
                &format!(" client{:width$}server", "", width = RIGHT - LEFT - 6),
            );
        }
        if let Some(note) = &row.note {
            for (i, line) in wrap(&still_safe(note), WIDTH - NOTE).iter().enumerate() {
                let star = if i == 0 { "*" } else { " " };
                push_line(page, &self.ink.dim(&format!("{mark}   {star} {line}")));
            }
            return;
        }
        self.seen = [self.seen[0] || now[0], self.seen[1] || now[1]];
        let (left, right) = (between(row), beside(row.cell(Side::Right)));
        for i in 0..left.len().max(right.len()) {
            let [client, server] = self.seen.map(|seen| if seen { '│' } else { '·' });
            let left = left.get(i).map_or("", |line| line.as_str());
            let right = right.get(i).map_or("", |line| line.as_str());
            let mark = if i == 0 { mark } else { " " };
            push_line(
                page,
                &format!("{mark} {client} {}{server} {right}", pad(left, BETWEEN)),
            );
        }
    }

    /// A new picture begins.
    pub fn heading(&mut self, words: &str, page: &mut String) {
        if self.begun {
            page.push('\n');
        }
        (self.begun, self.seen, self.last) = (false, [false; 2], [false; 2]);
        push_wrapped(page, &still_safe(words));
        page.push('\n');
    }

    /// Appends what a reader must know about the marks.
    pub fn finish(&mut self, page: &mut String) {
        if self.marked {
            page.push_str(NOT_KNOWN);
        }
    }
}

/// The left cell and the arrow: first the name and the arrow, then the details.
fn between(row: &Row) -> Vec<String> {
    let cell = row.cell(Side::Left);
    let Some(arrow) = &row.arrow else { return cell_lines(cell, BETWEEN - 1) };
    let name =
        if cell.call.is_empty() { String::new() } else { format!("{} ", cell.call) };
    let room = BETWEEN - 2 - width(&name);
    let mut label = still_safe(&arrow.label);
    if width(&label) + 8 > room {
        label = format!("{}…", split_at_width(&label, room - 9).0);
    }
    let label = if label.is_empty() { label } else { format!(" {label} ") };
    let dashes = room - 1 - width(&label);
    let (before, after) = ("─".repeat(dashes / 2), "─".repeat(dashes - dashes / 2));
    let shaft = match arrow.from {
        Side::Left => format!("{name}{before}{label}{after}►"),
        Side::Right => format!("{name}◄{before}{label}{after}"),
    };
    // The arrow has said it, unless something came in between.
    let said = arrow.label.starts_with(&cell.detail) || is_ordinary(row, arrow);
    let details =
        if said { vec![] } else { wrap(&still_safe(&cell.detail), BETWEEN - 3) };
    let details = details.into_iter().filter(|line| !line.is_empty());
    std::iter::once(shaft).chain(details.map(|line| format!("  {line}"))).collect()
}

/// A transfer, or the end of a stream: the arrow says all there is to say.
fn is_ordinary(row: &Row, arrow: &Arrow) -> bool {
    let detail = row.cell(Side::Left).detail.as_str();
    let sizes = |text: &str| text.split(',').next().map(str::to_owned);
    sizes(detail) == sizes(&arrow.label)
        || detail == "writing"
        || detail.starts_with("0 B: end of stream")
        || detail.starts_with("descriptor")
}

fn beside(cell: &Cell) -> Vec<String> {
    cell_lines(cell, BESIDE)
}

/// `name       detail`, and the rest of a long detail below, indented.
fn cell_lines(cell: &Cell, width: usize) -> Vec<String> {
    if cell.call.is_empty() {
        return vec![String::new()];
    }
    let lines = wrap(&cell.words(), width - NAME);
    let first = format!("{:<NAME$}", cell.call);
    let heads = std::iter::once(first).chain(std::iter::repeat(" ".repeat(NAME)));
    heads.zip(lines).map(|(head, line)| format!("{head}{line}")).collect()
}

/// The cause first, then the effect.
fn sentence(row: &Row) -> String {
    if let Some(note) = &row.note {
        return still_safe(note);
    }
    let first = row.arrow.as_ref().map_or(Side::Left, |arrow| arrow.from);
    let sides = [first, first.other()].into_iter().filter(|side| row.has(*side));
    let mut told: Vec<String> = Vec::new();
    for side in sides {
        let cell = row.cell(side);
        let who = if side == Side::Left { "client" } else { "server" };
        // The text that went over is said once.
        let text = row.arrow.as_ref().filter(|arrow| arrow.label.contains('"'));
        let text = text
            .filter(|_| told.is_empty())
            .and_then(|arrow| arrow.label.split_once(' '));
        let words = match text
            .and_then(|(size, text)| Some((size, text.strip_prefix("B ")?)))
        {
            Some((size, text)) => {
                let size = format!("{size} B");
                cell.words().replacen(&size, &format!("{size} {}", still_safe(text)), 1)
            }
            None => cell.words(),
        };
        told.push(format!("{who}: {} {words}", cell.call));
    }
    told.join("; ")
}

fn push_line(page: &mut String, line: &str) {
    page.push_str(line.trim_end());
    page.push('\n');
}

fn push_wrapped(page: &mut String, text: &str) {
    for (i, line) in wrap(text, WIDTH - 2).iter().enumerate() {
        push_line(page, &format!("{}{line}", if i == 0 { "" } else { "  " }));
    }
}
