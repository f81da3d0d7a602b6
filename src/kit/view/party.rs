//! The ladder of a chat: one server and three people, in four columns.
//!
//! All of them speak into one log. An arrow is drawn when what it carries has arrived, that
//! is when the call at its head has returned; so every arrow is something that was seen.

use std::collections::{HashMap, HashSet};

use crate::kit::event::{Call, Event, Phase};
use crate::kit::text::{WIDTH, pad, split_at_width, still_safe, width, wrap};
use crate::kit::view::{Ink, View, words};

/// Who has which column. People at the edges reach the server without crossing anybody.
const NAMES: [&str; 4] = ["ann", "server", "bob", "cho"];

const SERVER: usize = 1;

/// Where a column's line stands.
const fn at(column: usize) -> usize {
    3 + column * STEP
}

/// From one line to the next.
const STEP: usize = 24;

/// What fits between two lines, beside the shaft of an arrow.
const LABEL: usize = STEP - 7;

/// Draws what a server and three people say.
#[derive(Debug)]
pub struct Party {
    ink: Ink,
    sentences: bool,
    begun: bool,
    /// Who has a socket.
    present: [bool; 4],
    /// Which person has which port.
    ports: HashMap<u16, usize>,
    /// Ports that the server has accepted.
    accepted: HashSet<u16>,
}

/// Is this said by one of the people?
pub fn is_of_a_party(event: &Event) -> bool {
    NAMES.iter().enumerate().any(|(i, name)| i != SERVER && event.who == *name)
}

impl Party {
    /// A picture, or the same in words.
    pub fn new(ink: Ink, sentences: bool) -> Party {
        Party {
            ink,
            sentences,
            begun: false,
            present: [false; 4],
            ports: HashMap::new(),
            accepted: HashSet::new(),
        }
    }

    fn end(&mut self, column: usize, event: &Event, page: &mut String) {
        let local = event.socket.and_then(|socket| socket.local).map(|addr| addr.port());
        let peer = event.socket.and_then(|socket| socket.peer).map(|addr| addr.port());
        match (event.call, &event.error) {
            _ if event.thread == "stopper" => {} // The notes tell it.
            (Some(Call::Accept | Call::Shutdown), Some(_)) => {}
            (Some(call), Some(error)) => {
                let words = format!("{} failed: {}", call.name(), error.text);
                self.beside(column, &words, page);
            }
            (Some(Call::Bind), None) => {
                self.present[column] = true;
                let at = event.socket.and_then(|socket| socket.local);
                let at = at.map_or(String::new(), |addr| addr.to_string());
                self.beside(column, &format!("bind {at}"), page);
            }
            (Some(Call::Listen), None) => self.beside(column, "listen", page),
            (Some(Call::Connect), None) => {
                self.ports.extend(local.map(|port| (port, column)));
                self.meet(local, page);
            }
            (Some(Call::Accept), None) => {
                let port = event.addr.map(|addr| addr.port());
                self.accepted.extend(port);
                self.meet(port, page);
            }
            (Some(Call::Recv), None) => {
                let from = match column {
                    SERVER => peer.and_then(|port| self.ports.get(&port).copied()),
                    _ => Some(SERVER),
                };
                let Some(from) = from else { return };
                let label = match event.bytes {
                    Some(0) => "end of stream".to_owned(),
                    _ => event.preview.clone().unwrap_or_else(|| words::bytes(event)),
                };
                self.arrow(from, column, &label, page);
            }
            (Some(Call::Close), None) if column != SERVER => {
                self.beside(column, "close", page);
                self.present[column] = false;
            }
            _ => {}
        }
    }

    /// connect has returned and accept has returned: now both have a connection.
    fn meet(&mut self, port: Option<u16>, page: &mut String) {
        let Some(port) = port.filter(|port| self.accepted.contains(port)) else { return };
        if let Some(person) = self.ports.get(&port).copied() {
            self.present[person] = true;
            self.arrow(person, SERVER, "connect", page);
        }
    }

    fn arrow(&mut self, from: usize, to: usize, label: &str, page: &mut String) {
        let label = still_safe(label);
        if self.sentences {
            let (from, to) = (NAMES[from], NAMES[to]);
            return self.words(&format!("{from} to {to}: {label}"), page);
        }
        let label = match width(&label) > LABEL {
            true => format!("{}…", split_at_width(&label, LABEL - 1).0),
            false => label,
        };
        let dashes = LABEL - width(&label);
        let (before, after) =
            ("─".repeat(1 + dashes / 2), "─".repeat(1 + dashes.div_ceil(2)));
        // The label stands beside the line of whoever receives it.
        let (head, shaft) = match from < to {
            true => (to - 1, format!("{before} {label} {after}► ")),
            false => (to, format!(" ◄{before} {label} {after}")),
        };
        let through = "─".repeat(STEP - 1);
        let gap = |gap: usize| match gap {
            gap if gap == head => shaft.clone(),
            gap if (from.min(to)..from.max(to)).contains(&gap) => through.clone(),
            _ => String::new(),
        };
        self.row(gap, |column| (from.min(to) + 1..from.max(to)).contains(&column), page);
    }

    /// A call that reaches nobody else, written beside its line.
    fn beside(&mut self, column: usize, what: &str, page: &mut String) {
        let what = still_safe(what);
        if self.sentences {
            return self.words(&format!("{}: {what}", NAMES[column]), page);
        }
        for part in wrap(&what, STEP - 3) {
            let is_last = column + 1 == NAMES.len();
            let text = match is_last {
                true => format!("{part:>width$} ", width = STEP - 2),
                false => format!(" {part}"),
            };
            let there = if is_last { column - 1 } else { column };
            self.row(
                |gap| if gap == there { text.clone() } else { String::new() },
                |_| false,
                page,
            );
        }
    }

    /// The four lines, what stands between them, and which of them an arrow crosses.
    fn row(
        &mut self,
        gap: impl Fn(usize) -> String,
        crossed: impl Fn(usize) -> bool,
        page: &mut String,
    ) {
        if !self.begun {
            self.begun = true;
            let mut heading = String::new();
            for (column, name) in NAMES.iter().enumerate() {
                heading = pad(&heading, at(column) - name.len() / 2) + name;
            }
            page.push_str(&format!("{heading}\n"));
        }
        let mut row = " ".repeat(at(0));
        for (column, present) in self.present.iter().enumerate() {
            row.push_str(match (present, crossed(column)) {
                (true, true) => "┼",
                (true, false) => "│",
                (false, true) => "─",
                (false, false) => " ",
            });
            row.push_str(&pad(&gap(column), STEP - 1));
        }
        page.push_str(&format!("{}\n", row.trim_end()));
    }

    fn words(&self, words: &str, page: &mut String) {
        for (i, line) in wrap(words, WIDTH - 2).iter().enumerate() {
            page.push_str(&format!("{}{line}\n", if i == 0 { "" } else { "  " }));
        }
    }

    /// The tour speaks above the picture, the others beside it.
    fn note(&self, event: &Event, page: &mut String) {
        let words = still_safe(event.text.as_deref().unwrap_or_default());
        if event.who == "tour" || self.sentences {
            page.push_str(if self.begun && !self.sentences { "\n" } else { "" });
            self.words(&words, page);
            page.push_str(if self.sentences { "" } else { "\n" });
            return;
        }
        for (i, line) in
            wrap(&format!("{}: {words}", event.who), WIDTH - 8).iter().enumerate()
        {
            let mark = if i == 0 { '*' } else { ' ' };
            page.push_str(&self.ink.dim(&format!("      {mark} {line}")));
            page.push('\n');
        }
    }
}

impl View for Party {
    fn show(&mut self, event: &Event, page: &mut String) {
        let column = NAMES.iter().position(|name| event.who == *name);
        match (event.phase, column) {
            (Phase::Note, _) if event.turn.is_some() => {} // See `--view events`.
            (Phase::Note, _) => self.note(event, page),
            (Phase::End, Some(column)) => self.end(column, event, page),
            (Phase::End, None) | (Phase::Begin, _) => {}
        }
    }
}
