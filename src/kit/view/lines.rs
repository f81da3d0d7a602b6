//! The line view: one line for each call, as it happens.

use std::collections::HashSet;
use std::time::Instant;

use crate::kit::event::{Call, Event, Phase};
use crate::kit::explain;
use crate::kit::text::{WIDTH, pad, still_safe, width, wrap};
use crate::kit::view::{Held, Ink, NOT_KNOWN, View, words};

/// `server 12` fits, and a space.
const LABEL: usize = 10;

/// `setsockopt(3)` fits, and a space.
const CALL: usize = 14;

/// One line a call, explanations the first time they help.
#[derive(Debug)]
pub struct Lines {
    ink: Ink,
    explain: bool,
    explained: HashSet<&'static str>,
    held: Held,
    /// A line was marked: its place is not known.
    unordered: bool,
    /// A datagram was seen in the queue: the receive to come will not wait for it.
    peeked: bool,
}

impl Lines {
    /// With or without explanations.
    pub fn new(ink: Ink, explain: bool) -> Lines {
        Lines {
            ink,
            explain,
            explained: HashSet::new(),
            held: Held::default(),
            unordered: false,
            peeked: false,
        }
    }

    fn line(&self, event: &Event, detail: &str) -> String {
        let call = match (event.call, event.socket) {
            (None, _) => "*".to_owned(),
            (Some(call @ (Call::Socket | Call::Close)), _) => call.name().to_owned(),
            (Some(call), Some(socket)) => format!("{}({})", call.name(), socket.fd),
            (Some(call), None) => call.name().to_owned(),
        };
        let mark = if event.unordered { '~' } else { ' ' };
        let head =
            format!("{}{mark}{call:<CALL$}", pad(&explain::label(event), LABEL - 1));
        let head = if head.ends_with(' ') { head } else { head + " " };
        let mut out = String::new();
        let room = WIDTH - (LABEL + CALL).max(width(&head));
        for (i, line) in wrap(&still_safe(detail), room).iter().enumerate() {
            let head = if i == 0 { head.clone() } else { " ".repeat(LABEL + CALL) };
            out.push_str(format!("{head}{line}").trim_end());
            out.push('\n');
        }
        out
    }

    fn explain(&mut self, event: &Event, page: &mut String) {
        let Some(remark) = explain::remark(event) else { return };
        if self.explain && self.explained.insert(remark) {
            for (i, line) in wrap(remark, WIDTH - LABEL - 2).iter().enumerate() {
                let dot = if i == 0 { '·' } else { ' ' };
                page.push_str(&self.ink.dim(&format!("{:LABEL$}{dot} {line}", "")));
                page.push('\n');
            }
        }
    }
}

impl View for Lines {
    fn show(&mut self, event: &Event, page: &mut String) {
        self.held.drop_for(event);
        self.explain &= event.thread != "stopper"; // From here on, calls have other reasons.
        self.unordered |= event.unordered;
        match (event.phase, event.call) {
            // It sends nothing, so it waits for nothing.
            (Phase::Begin, Some(Call::Connect)) if event.is_udp() => {}
            (Phase::Begin, Some(Call::Recv | Call::Recvfrom)) if self.peeked => {
                self.held.keep(event, Instant::now());
            }
            (
                Phase::Begin,
                Some(Call::Accept | Call::Recv | Call::Recvfrom | Call::Connect),
            ) => {
                let line = self.line(event, &words::announcement(event));
                page.push_str(&self.ink.dim(&line));
            }
            (Phase::Begin, Some(Call::Send | Call::Sendto | Call::Peek)) => {
                self.held.keep(event, Instant::now());
            }
            (Phase::Begin, _) => {}
            (Phase::End, call) => {
                self.peeked = call == Some(Call::Peek) && event.error.is_none();
                let line = self.line(event, &words::outcome(event));
                let failed = event.error.is_some();
                page.push_str(&if failed { self.ink.red(&line) } else { line });
                self.explain(event, page);
            }
            (Phase::Note, _) if event.turn.is_some() => {} // See `--view events`.
            (Phase::Note, _) => {
                page.push_str(
                    &self.line(event, event.text.as_deref().unwrap_or_default()),
                );
            }
        }
    }

    fn due(&self) -> Option<Instant> {
        self.held.due()
    }

    fn finish(&mut self, page: &mut String) {
        if self.unordered {
            page.push_str(NOT_KNOWN);
        }
    }

    fn tick(&mut self, now: Instant, page: &mut String) {
        for event in self.held.take(now) {
            let line = self.line(&event, &words::announcement(&event));
            page.push_str(&self.ink.dim(&line));
        }
    }
}
