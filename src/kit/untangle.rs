//! Cause before effect, when two threads share a socket.
//!
//! An answer can be back before the thread that sent the question gets to say so: both calls
//! return, and the threads speak in any order. What has been received on a socket is told
//! after what was being sent on it, unless that takes long; then the send is still waiting.
//! What is said after that waits behind it: it may be an effect of what was received.

use std::collections::VecDeque;
use std::time::Instant;

use crate::kit::event::{Call, Event, Phase};
use crate::kit::explain::{same_speaker, same_thread};
use crate::kit::view::HELD;

/// Holds an effect back until its cause is told.
#[derive(Debug, Default)]
pub struct Untangle {
    /// Sends that have begun and have not returned.
    sending: Vec<Event>,
    /// What is told after them, in this order.
    waiting: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    event: Event,
    /// When it is told at the latest.
    due: Instant,
    /// It answers what is being sent on its socket; otherwise it only keeps its place.
    answers: bool,
}

impl Untangle {
    /// Takes one event and hands on what is to be told now.
    pub fn push(&mut self, event: Event, now: Instant, tell: &mut impl FnMut(Event)) {
        let sends = event.call.is_some_and(|call| call.sends() || call == Call::Shutdown);
        let receives = event.call.is_some_and(Call::receives);
        let ended = event.phase == Phase::End;
        let answers = ended
            && receives
            && self.sending.iter().any(|sent| {
                is_about_the_same(sent, &event) && !same_thread(sent, &event)
            });
        if event.phase == Phase::Begin && sends {
            self.sending.push(event.clone());
        }
        if ended && sends {
            self.sending.retain(|begun| !same_speaker(begun, &event));
        }
        let awaited = ended
            && sends
            && self.waiting.iter().any(|other| is_about_the_same(&other.event, &event));
        if awaited {
            self.go_before_its_answers(event, now);
        } else {
            self.waiting.push_back(Waiting { event, due: now + HELD, answers });
        }
        self.release(tell);
    }

    /// The end of a send goes before whatever answers it, and behind its own thread.
    fn go_before_its_answers(&mut self, event: Event, now: Instant) {
        for other in &mut self.waiting {
            other.answers &= !is_about_the_same(&other.event, &event);
        }
        let own =
            self.waiting.iter().rposition(|other| same_thread(&other.event, &event));
        let place = own.map_or(0, |own| own + 1);
        self.waiting.insert(place, Waiting { event, due: now + HELD, answers: false });
    }

    /// When to look again, even if nothing is said.
    pub fn due(&self) -> Option<Instant> {
        self.waiting.iter().map(|waiting| waiting.due).min()
    }

    /// Tells what has waited long enough: its send is stuck, and no longer its cause.
    pub fn tick(&mut self, now: Instant, tell: &mut impl FnMut(Event)) {
        if self.due().is_some_and(|due| due <= now) {
            self.sending.clear();
            self.finish(tell);
        }
    }

    /// Tells everything that was kept.
    pub fn finish(&mut self, tell: &mut impl FnMut(Event)) {
        self.waiting.drain(..).for_each(|waiting| tell(waiting.event));
    }

    fn release(&mut self, tell: &mut impl FnMut(Event)) {
        while self.waiting.front().is_some_and(|first| !first.answers)
            && let Some(first) = self.waiting.pop_front()
        {
            tell(first.event);
        }
    }
}

fn is_about_the_same(one: &Event, other: &Event) -> bool {
    one.socket.is_some() && one.socket == other.socket
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
    fn a_thread_with_two_sockets_keeps_its_order() {
        let front = |thread, phase, call| Event {
            who: "front".into(),
            socket: Some(Socket { fd: 9, ..event(thread, phase, call).socket.unwrap() }),
            ..event(thread, phase, call)
        };
        let back = |thread, phase, call| Event {
            who: "back".into(),
            ..event(thread, phase, call)
        };
        let events = vec![
            back("up", Phase::Begin, Call::Shutdown),
            back("down", Phase::End, Call::Recv),
            front("down", Phase::Begin, Call::Send),
            front("down", Phase::End, Call::Send),
            back("up", Phase::End, Call::Shutdown),
        ];
        let told = told(&mut Untangle::default(), events, Instant::now());
        assert_eq!(
            told,
            [Call::Shutdown, Call::Shutdown, Call::Recv, Call::Send, Call::Send]
        );
    }

    #[test]
    fn what_came_of_an_answer_is_told_behind_it() {
        let other = |thread, phase, call| Event {
            socket: Some(Socket { fd: 4, ..event(thread, phase, call).socket.unwrap() }),
            ..event(thread, phase, call)
        };
        let events = vec![
            event("writer 3", Phase::Begin, Call::Send),
            other("writer 4", Phase::Begin, Call::Shutdown),
            event("reader 3", Phase::End, Call::Recv),
            other("reader 4", Phase::End, Call::Recvfrom),
            other("main", Phase::End, Call::Accept), // Because of both, perhaps.
            other("writer 4", Phase::End, Call::Shutdown),
            event("writer 3", Phase::End, Call::Send),
        ];
        let told = told(&mut Untangle::default(), events, Instant::now());
        let effects = [Call::Recv, Call::Recvfrom, Call::Accept];
        let sends = [Call::Send, Call::Shutdown, Call::Send, Call::Shutdown];
        assert_eq!(told[..2], sends[..2]);
        assert!(told[2..4].contains(&Call::Send) && told[2..4].contains(&Call::Shutdown));
        assert_eq!(told[4..], effects);
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
