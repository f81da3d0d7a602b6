//! Cause before effect, when two threads share a socket.
//!
//! An answer can be back before the thread that sent the question gets to say so: both calls
//! return, and the threads speak in any order. What has been received on a socket is told
//! after what was being sent on it, unless that takes long; then the send is still waiting.

use std::time::Instant;

use crate::kit::event::{Call, Event, Phase};
use crate::kit::explain::same_speaker;
use crate::kit::view::HELD;

/// Holds an effect back until its cause is told.
#[derive(Debug, Default)]
pub struct Untangle {
    /// Sends that have begun and have not returned.
    sending: Vec<Event>,
    /// What is told after them, and when at the latest.
    waiting: Vec<(Instant, Event)>,
}

impl Untangle {
    /// Takes one event and hands on what is to be told now.
    pub fn push(&mut self, event: Event, now: Instant, tell: &mut impl FnMut(Event)) {
        let sends = event.call.is_some_and(|call| call.sends() || call == Call::Shutdown);
        let about =
            |other: &Event| other.socket.is_some() && other.socket == event.socket;
        match event.phase {
            Phase::Begin if sends => {
                self.sending.push(event.clone());
                tell(event);
            }
            Phase::End if sends => {
                self.sending.retain(|begun| !same_speaker(begun, &event));
                tell(event.clone());
                self.release(tell, |waiting| waiting.socket == event.socket);
            }
            _ => {
                let answers = event.phase == Phase::End
                    && event.call.is_some_and(Call::receives)
                    && self
                        .sending
                        .iter()
                        .any(|sent| about(sent) && !same_speaker(sent, &event));
                if answers || self.waiting.iter().any(|(_, other)| about(other)) {
                    self.waiting.push((now + HELD, event));
                } else {
                    tell(event);
                }
            }
        }
    }

    /// When to look again, even if nothing is said.
    pub fn due(&self) -> Option<Instant> {
        self.waiting.iter().map(|(due, _)| *due).min()
    }

    /// Tells what has waited long enough: its send is stuck, and no longer its cause.
    pub fn tick(&mut self, now: Instant, tell: &mut impl FnMut(Event)) {
        if self.due().is_some_and(|due| due <= now) {
            self.sending.clear();
            self.release(tell, |_| true);
        }
    }

    /// Tells everything that was kept.
    pub fn finish(&mut self, tell: &mut impl FnMut(Event)) {
        self.release(tell, |_| true);
    }

    fn release(
        &mut self,
        tell: &mut impl FnMut(Event),
        is_free: impl Fn(&Event) -> bool,
    ) {
        for (due, event) in std::mem::take(&mut self.waiting) {
            match is_free(&event) {
                true => tell(event),
                false => self.waiting.push((due, event)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::event::{Protocol, Socket};

    fn event(thread: &'static str, phase: Phase, call: Call) -> Event {
        let socket = Socket { fd: 3, protocol: Protocol::Tcp, local: None, peer: None };
        Event {
            thread: thread.into(),
            phase,
            call: Some(call),
            socket: Some(socket),
            ..Event::default()
        }
    }

    fn told(untangle: &mut Untangle, events: Vec<Event>, now: Instant) -> Vec<Call> {
        let mut told = Vec::new();
        for event in events {
            untangle.push(event, now, &mut |event| told.push(event.call.unwrap()));
        }
        told
    }

    #[test]
    fn an_answer_is_told_after_its_question() {
        let events = vec![
            event("sender", Phase::Begin, Call::Send),
            event("receiver", Phase::End, Call::Recv),
            event("receiver", Phase::Begin, Call::Recv),
            event("main", Phase::Begin, Call::Close),
            event("sender", Phase::End, Call::Send),
        ];
        let told = told(&mut Untangle::default(), events, Instant::now());
        assert_eq!(told, [Call::Send, Call::Send, Call::Recv, Call::Recv, Call::Close]);
    }

    #[test]
    fn a_send_that_is_stuck_holds_nothing_back_for_long() {
        let (mut untangle, now) = (Untangle::default(), Instant::now());
        let events = vec![
            event("sender", Phase::Begin, Call::Send),
            event("receiver", Phase::End, Call::Recv),
        ];
        assert_eq!(told(&mut untangle, events, now), [Call::Send]);

        let mut late = Vec::new();
        untangle.tick(now + HELD, &mut |event| late.push(event.call.unwrap()));
        assert_eq!(late, [Call::Recv]);

        let next = vec![event("receiver", Phase::End, Call::Recv)];
        assert_eq!(told(&mut untangle, next, now), [Call::Recv]);
        assert_eq!(untangle.due(), None, "an idle program sleeps");
    }

    #[test]
    fn a_thread_that_answers_itself_waits_for_nobody() {
        let events = vec![
            event("connection", Phase::Begin, Call::Send),
            event("connection", Phase::End, Call::Send),
            event("connection", Phase::End, Call::Recv),
        ];
        let told = told(&mut Untangle::default(), events, Instant::now());
        assert_eq!(told, [Call::Send, Call::Send, Call::Recv]);
    }
}
