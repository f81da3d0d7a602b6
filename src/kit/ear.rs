//! Where a thread says what it does: one end of the queue to the log.
//!
//! Speaking never blocks. If the writer cannot keep up (a terminal that stands still, a
//! full pipe), what is too much is counted, and the writer tells the count.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender, bounded, select};

use crate::kit::event::{Event, Phase};
use crate::kit::output;
use crate::kit::stop::Stop;
use crate::kit::view::HELD;

/// Events that may wait to be written: the coming and going of a thousand clients.
const WAITING: usize = 16 * 1024;

/// Takes down what it hears.
#[derive(Clone, Debug)]
pub struct Ear {
    entries: Sender<Entry>,
    missed: Arc<AtomicU64>,
    started: Instant,
    stop: Stop,
    /// Somebody steps: calls wait for Enter, and nothing is lost.
    stepping: bool,
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
    /// Somebody waits until all this is on the screen: dropping the line says that it is.
    Caught(Sender<Infallible>),
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
    /// An ear, and where to read what it hears. While `stepping`, calls wait for Enter.
    pub fn new(stop: &Stop, stepping: bool) -> (Ear, Inbox) {
        let (entries, heard) = bounded(WAITING);
        let missed = Arc::new(AtomicU64::new(0));
        let inbox = Inbox { entries: heard, missed: Arc::clone(&missed) };
        (
            Ear {
                entries,
                missed,
                started: Instant::now(),
                stop: stop.clone(),
                stepping,
            },
            inbox,
        )
    }

    /// Takes an event down. Never waits, except while somebody steps.
    pub fn hear(&self, event: Event) {
        let missed = self.missed.swap(0, Ordering::Relaxed);
        let entry = Entry::Event(Box::new(self.timed(event)), missed);
        if self.stepping {
            let _ = self.entries.send(entry); // The writer outlives every speaker.
        } else if self.entries.try_send(entry).is_err() {
            self.missed.fetch_add(missed + 1, Ordering::Relaxed);
        }
    }

    /// Takes an event down before its call; while somebody steps, waits for their Enter.
    pub fn hear_before(&self, event: Event) {
        match self.stepping {
            true => self.ask(self.timed(event)),
            false => self.hear(event),
        }
    }

    /// Takes down an event of an earlier time. Waits for the writer, so nothing is missed,
    /// unless it is time to stop.
    pub fn hear_again(&self, event: Event) {
        if self.stepping && event.phase == Phase::Begin {
            return self.ask(event);
        }
        select! {
            send(self.entries, Entry::Past(Box::new(event))) -> _ => {}
            recv(self.stop.channel()) -> _ => {}
        }
    }

    /// Where one terminal shows the payload as well: waits a moment for the writer, so that
    /// an answer does not stand above the call that brought it.
    pub fn catch_up(&self) {
        if output::on_one_terminal() {
            let (line, caught_up) = bounded::<Infallible>(0);
            let _ = self.entries.try_send(Entry::Caught(line));
            let _ = caught_up.recv_timeout(2 * HELD);
        }
    }

    /// The way to the writer, for who has to say that nothing more will come.
    pub fn entries(&self) -> &Sender<Entry> {
        &self.entries
    }

    fn ask(&self, event: Event) {
        let (gate, opened) = bounded(0);
        let _ = self.entries.send(Entry::Ask((Box::new(event), gate)));
        self.stop.wait_unless(&opened);
    }

    fn timed(&self, mut event: Event) -> Event {
        let time = self.started.elapsed().as_micros();
        event.time_us = u64::try_from(time).unwrap_or(u64::MAX);
        event
    }
}
