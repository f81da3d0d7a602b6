//! Where a thread says what it does: one end of the queue to the log.
//!
//! Speaking never blocks. If the writer cannot keep up (a terminal that stands still, a
//! full pipe), what is too much is counted, and the writer tells the count.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::kit::event::{Event, Phase};
use crate::kit::stop::Stop;

/// Events that may wait to be written: the coming and going of a thousand clients.
const WAITING: usize = 16 * 1024;

/// Takes down what it hears.
#[derive(Clone, Debug)]
pub struct Ear {
    entries: Sender<Entry>,
    missed: Arc<AtomicU64>,
    started: Instant,
    /// While somebody steps: what ends the stepping.
    steps: Option<Stop>,
}

/// What goes through the queue.
#[derive(Debug)]
pub enum Entry {
    /// Something happened, and so many events before it found no room.
    Event(Box<Event>, u64),
    /// Something that was recorded once and is told again.
    Past(Box<Event>),
    /// Somebody waits for Enter before this call.
    Ask(Asking),
    /// Nothing more will come.
    Finish,
}

/// A call to come, and the line that holds its thread: dropping it lets the thread go on.
pub type Asking = (Box<Event>, Sender<Infallible>);

/// The other end of the queue.
#[derive(Debug)]
pub struct Inbox {
    /// What was heard, in order.
    pub entries: Receiver<Entry>,
    missed: Arc<AtomicU64>,
}

impl Inbox {
    /// How many events found no room after the last one that did.
    pub fn missed(&self) -> u64 {
        self.missed.swap(0, Ordering::Relaxed)
    }
}

impl Ear {
    /// An ear, and where to read what it hears. With `steps`, calls wait for Enter until
    /// then.
    pub fn new(steps: Option<Stop>) -> (Ear, Inbox) {
        let (entries, heard) = bounded(WAITING);
        let missed = Arc::new(AtomicU64::new(0));
        let inbox = Inbox { entries: heard, missed: Arc::clone(&missed) };
        (Ear { entries, missed, started: Instant::now(), steps }, inbox)
    }

    /// Takes an event down. Never waits, except while somebody steps.
    pub fn hear(&self, event: Event) {
        let missed = self.missed.swap(0, Ordering::Relaxed);
        let entry = Entry::Event(Box::new(self.timed(event)), missed);
        if self.steps.is_some() {
            let _ = self.entries.send(entry); // The writer outlives every speaker.
        } else if self.entries.try_send(entry).is_err() {
            self.missed.fetch_add(missed + 1, Ordering::Relaxed);
        }
    }

    /// Takes an event down before its call; while somebody steps, waits for their Enter.
    pub fn hear_before(&self, event: Event) {
        match &self.steps {
            Some(stop) => self.ask(self.timed(event), stop),
            None => self.hear(event),
        }
    }

    /// Takes down an event of an earlier time. Waits for the writer: nothing is missed.
    pub fn hear_again(&self, event: Event) {
        match &self.steps {
            Some(stop) if event.phase == Phase::Begin => self.ask(event, stop),
            _ => drop(self.entries.send(Entry::Past(Box::new(event)))),
        }
    }

    /// Says that nothing more will come. False if the writer stands still until `deadline`.
    pub fn finish(&self, deadline: Instant) -> bool {
        self.entries.send_deadline(Entry::Finish, deadline).is_ok()
    }

    fn ask(&self, event: Event, stop: &Stop) {
        let (gate, opened) = bounded(0);
        let _ = self.entries.send(Entry::Ask((Box::new(event), gate)));
        stop.wait_unless(&opened);
    }

    fn timed(&self, mut event: Event) -> Event {
        let time = self.started.elapsed().as_micros();
        event.time_us = u64::try_from(time).unwrap_or(u64::MAX);
        event
    }
}
