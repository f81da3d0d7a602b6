//! The voice of an event loop: one remark for each turn.

use std::borrow::Cow;
use std::fmt;
use std::time::Instant;

use crate::kit::event::{Call, Event, Phase, Turn};
use crate::kit::say::{Say, count, micros};

impl Say {
    /// The loop has taken this event off the queue, and `queue` others wait behind it.
    pub fn taking_off(&self, event: &'static str, what: impl fmt::Display, queue: usize) {
        if self.ear.is_none() {
            return;
        }
        let turn =
            Turn { event: Cow::Borrowed(event), queue: count(queue), ..Turn::default() };
        let text = Some(what.to_string());
        let event =
            Event { turn: Some(turn), text, ..self.event(Phase::Note, Call::Close) };
        self.turn.replace(Some((Instant::now(), Event { call: None, ..event })));
    }

    /// The handler has returned. So many observers were told.
    pub fn handled(&self, handler: &'static str, observers: usize) {
        let (Some(ear), Some((begun, mut event))) = (&self.ear, self.turn.take()) else {
            return;
        };
        if let Some(turn) = &mut event.turn {
            turn.handler = Cow::Borrowed(handler);
            turn.observers = count(observers);
        }
        event.waited_us = Some(micros(begun.elapsed()));
        ear.hear(event);
    }
}
