//! The turns of an event loop: what was on the queue, who handled it, how long it took.

use std::collections::HashSet;
use std::time::Duration;

use crate::kit::event::{Event, Phase, Turn};
use crate::kit::text::{
    WIDTH, count, duration, pad, split_at_width, still_safe, width, wrap,
};
use crate::kit::view::{Ink, View};

/// What fits between the queue and the handler.
const EVENT: usize = 38;

/// The names of handlers.
const HANDLER: usize = 12;

/// One line a turn, each word where it is first seen.
#[derive(Debug)]
pub struct Turns {
    ink: Ink,
    explain: bool,
    explained: HashSet<&'static str>,
    begun: bool,
}

impl Turns {
    /// With or without explanations.
    pub fn new(ink: Ink, explain: bool) -> Turns {
        Turns { ink, explain, explained: HashSet::new(), begun: false }
    }

    fn turn(&mut self, event: &Event, turn: &Turn, page: &mut String) {
        if !self.begun {
            self.begun = true;
            self.remark(
                "a reader thread, one for each member, puts an event on the queue; the loop \
                 takes the first one off, calls its handler (also named a listener), and \
                 again",
                page,
            );
            let head = format!(
                "{:>5}  {:<EVENT$}{:<HANDLER$}{:>9}{:>9}",
                "queue", "event", "handler", "observers", "took"
            );
            page.push_str(&format!("{}\n", self.ink.bold(&head)));
        }
        let what = still_safe(event.text.as_deref().unwrap_or_default());
        let what = format!("{:<7}{what}", turn.event);
        let what = match width(&what) < EVENT {
            true => what,
            false => format!("{}…", split_at_width(&what, EVENT - 2).0),
        };
        let took = event
            .waited_us
            .map_or(String::new(), |us| duration(Duration::from_micros(us)));
        page.push_str(&format!(
            "{:>5}  {}{:<HANDLER$}{:>9}{took:>9}\n",
            count(turn.queue),
            pad(&what, EVENT),
            turn.handler,
            count(turn.observers),
        ));
        self.explain(turn, page);
    }

    fn explain(&mut self, turn: &Turn, page: &mut String) {
        match &*turn.event {
            "joined" => self.remark(
                "the newcomer subscribes to a room: from here on it is an observer, and is \
                 told what happens there",
                page,
            ),
            "said" => self.remark(
                "the call stack of this turn: the loop called the handler, the handler told \
                 each observer; then all of them have returned",
                page,
            ),
            "left" if turn.observers > 0 => self.remark(
                "it is no observer any more; the others are told",
                page,
            ),
            _ => {}
        }
        if turn.queue > 0 {
            self.remark(
                "events wait in the queue while a handler runs: so a handler is to be quick",
                page,
            );
        }
    }

    fn remark(&mut self, words: &'static str, page: &mut String) {
        if self.explain && self.explained.insert(words) {
            for (i, line) in wrap(words, WIDTH - 9).iter().enumerate() {
                let dot = if i == 0 { '·' } else { ' ' };
                page.push_str(&self.ink.dim(&format!("       {dot} {line}")));
                page.push('\n');
            }
        }
    }
}

impl View for Turns {
    fn show(&mut self, event: &Event, page: &mut String) {
        match &event.turn {
            Some(turn) => self.turn(event, turn, page),
            None if event.phase == Phase::Note => {
                let words = still_safe(event.text.as_deref().unwrap_or_default());
                for (i, line) in wrap(&words, WIDTH - 9).iter().enumerate() {
                    let mark = if i == 0 { '*' } else { ' ' };
                    page.push_str(&format!("       {mark} {line}\n"));
                }
            }
            None => {}
        }
    }
}
